"""The demo as a process: where it refuses to play, and that nothing of it survives its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from st_platform.cli.demo.stage import Stage, demo_settings
from st_platform.cli.demo.steps import refuse_other_tenants
from st_platform.cli.demo.summary import COMPARED, comparisons, withheld
from st_platform.cli.output import CommandFailed
from st_platform.cli.processes import Children
from st_platform.warehouse.embedded import EmbeddedPostgres
from tests.simulated import Simulator


def stage_on(database_url: str, folder: Path) -> Stage:
    return Stage(demo_settings({"DATABASE_URL": database_url}), folder, Children(folder))


def add_tenant(database_url: str, tenant_id: int, name: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO platform.tenants (tenant_id, name, timezone, start_date) VALUES (%s, %s, 'UTC', '2026-07-01')",
            [tenant_id, name],
        )


def test_simulated_tenants_never_enter_a_warehouse_that_holds_others(folder: Path, database_url: str) -> None:
    add_tenant(database_url, 1001, "northwind")
    refuse_other_tenants(stage_on(database_url, folder))
    add_tenant(database_url, 7, "acme")
    with pytest.raises(CommandFailed, match="already holds acme"):
        refuse_other_tenants(stage_on(database_url, folder))


def test_an_empty_database_may_be_played_on(folder: Path, empty_database_url: str) -> None:
    refuse_other_tenants(stage_on(empty_database_url, folder))


def test_the_summary_adds_up_the_last_comparisons_and_names_what_is_not_granted(
    database_url: str, simulator: Simulator
) -> None:
    tenants = {tenant.name: tenant for tenant in simulator.tenants}
    with psycopg.connect(database_url) as connection:
        for at, healed in (("2026-06-14", 5), ("2026-06-15", 2)):
            connection.execute(
                "INSERT INTO platform.reconciliations (tenant_id, resource, at, method, source_count, warehouse_count,"
                " healed, certified, calls) VALUES (1001, 'jobs', %s, 'count', 90, 88, %s, true, 3)",
                [at, healed],
            )
        connection.execute(
            "INSERT INTO platform.grants (tenant_id, resource, scope, granted, seen_at)"
            " VALUES (2002, 'leads', 'x', false, now()), (2002, 'jobs', 'x', true, now())"
        )
        found = comparisons(connection, tenants)
        assert withheld(connection, tenants) == {"sunbelt": ["leads"]}
    assert [dict(zip(("tenant", *COMPARED), row, strict=True)) for row in found] == [
        {
            "tenant": "northwind",
            "resources": 1,
            "agree": 1,
            "rows": 88,
            "healed": 2,
            "deleted": 0,
            "parked": 0,
            "calls": 3,
        },
        {"tenant": "sunbelt", **dict.fromkeys(COMPARED, 0)},
    ]


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def group_members(leaders: list[int]) -> list[int]:
    members: list[int] = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) in leaders and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process.pid)
        except (ProcessLookupError, psutil.Error):
            continue
    return members


@pytest.mark.slow
def test_a_demo_that_is_asked_to_end_takes_everything_down_with_it(folder: Path) -> None:
    script = "from st_platform.cli import main; main()"
    environment = {**os.environ, "HOME": str(folder / "nobody")}
    with (folder / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [sys.executable, "-c", script, "demo"], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    root = folder / ".st_platform" / "demo"
    file = root / "processes.json"
    try:
        assert eventually(lambda: file.exists() and len(json.loads(file.read_text())) == 4, 120)
        leaders = [entry["pid"] for entry in json.loads(file.read_text())]
        assert eventually(lambda: len(group_members(leaders)) > len(leaders), 60)
    finally:
        demo.send_signal(signal.SIGTERM)
        code = demo.wait(90)
    assert code == 128 + signal.SIGTERM, (folder / "demo.log").read_text()
    assert group_members(leaders) == []
    status = EmbeddedPostgres(root / "postgres").status()
    assert not status.running
    shutil.rmtree(status.data_dir.parent, ignore_errors=True)  # as root it may lie outside the folder
