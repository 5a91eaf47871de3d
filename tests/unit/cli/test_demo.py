"""The demo keeps to its own folder, stops what it started, and is good only if everything is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from st_platform.cli.backfill import require_success
from st_platform.cli.demo import stage as staging
from st_platform.cli.demo import steps
from st_platform.cli.demo.progress import Step, Steps
from st_platform.cli.demo.run import run_demo
from st_platform.cli.demo.stage import Stage, demo_settings
from st_platform.cli.output import CommandFailed, UsageProblem, stderr
from st_platform.cli.processes import Children
from st_platform.orchestration.graphql import AssetProgress, AssetState, BackfillState, CheckState, RunState


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DAGSTER_DATABASE_URL", "ST_STATE_DIR", "ST_ALERT_URL", "ST_TENANTS_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".st_platform" / "demo"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def stage(root: Path) -> Iterator[Stage]:
    with Children(root / "logs") as children:
        yield Stage(demo_settings({}), root, children, ports={"ui": 1, "tenants": 2, "code": 3})


# ------------------------------------------------------------------------------------------------ its own, not yours


def test_your_dotenv_does_not_reach_the_demo(root: Path) -> None:
    Path(".env").write_text("DATABASE_URL=postgresql://yours/warehouse\nST_ALERT_URL=json://yours/alerts\n", "utf-8")
    settings = demo_settings({})
    assert settings.database_url is None
    assert settings.alert_url is None
    assert settings.state_dir == root
    assert settings.tenants_file == root / "tenants.toml"


def test_the_environment_does(root: Path) -> None:
    assert demo_settings({"DATABASE_URL": "postgresql://h/d"}).database_url == "postgresql://h/d"


def test_a_database_that_is_not_the_demos_own_is_never_wiped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/d")
    with pytest.raises(UsageProblem, match="--fresh does not wipe"):
        run_demo(no_ui=True, fresh=True)


def test_wiping_leaves_nothing_but_the_lock(root: Path) -> None:
    (root / "logs").mkdir()
    for name in ("lock", "demo.json", "logs/ui.log"):
        (root / name).write_text("x", "utf-8")
    staging.wipe(demo_settings({}))
    assert [path.name for path in root.iterdir()] == ["lock"]


# ------------------------------------------------------------------------------------------------- one, and no traces


def test_a_second_demo_in_the_same_folder_is_refused(root: Path) -> None:
    with staging.only_one(root), pytest.raises(CommandFailed, match="already running"), staging.only_one(root):
        pass
    with staging.only_one(root):
        pass


MORTAL = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_DFL); print('up', flush=True); time.sleep(60)"
"""Ends at SIGTERM, also when the tests run where nobody minds signals, such as the background of a script."""


def test_what_a_killed_demo_left_is_stopped_by_the_next(root: Path) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", MORTAL], start_new_session=True, stdout=subprocess.PIPE)
    assert orphan.stdout
    assert orphan.stdout.readline() == b"up\n"
    since = psutil.Process(orphan.pid).create_time()
    (root / "processes.json").write_text(json.dumps([{"pid": orphan.pid, "since": since}]), "utf-8")
    staging.stop_leftovers(root)
    assert orphan.wait(10) == -signal.SIGTERM
    assert not (root / "processes.json").exists()


def test_a_stranger_with_a_reused_process_id_is_left_alone(root: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    (root / "processes.json").write_text(json.dumps([{"pid": stranger.pid, "since": 1.5}]), "utf-8")
    staging.stop_leftovers(root)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_started_children_are_written_down(stage: Stage) -> None:
    child = stage.start("sleeper", sys.executable, "-c", "import time; time.sleep(60)")
    [entry] = json.loads((stage.root / "processes.json").read_text("utf-8"))
    assert entry["pid"] == child.process.pid
    assert entry["since"] == pytest.approx(psutil.Process(child.process.pid).create_time())


def test_memory_survives_and_a_damaged_one_counts_as_none(stage: Stage) -> None:
    stage.remember(start_date="2026-07-01")
    stage.remember(loaded_through="2026-07-20")
    assert stage.read_memory() == {"start_date": "2026-07-01", "loaded_through": "2026-07-20"}
    (stage.root / "demo.json").write_text("{", "utf-8")
    assert stage.read_memory() == {}


@pytest.mark.parametrize("no_ui", [True, False])
def test_without_the_ui_a_check_that_is_not_good_fails_the_demo(
    root: Path, monkeypatch: pytest.MonkeyPatch, no_ui: bool
) -> None:
    waited: list[Stage] = []
    monkeypatch.setattr(steps, "play", lambda _, **__: [check("fresh", "FAILED")])
    monkeypatch.setattr(steps, "wait_for_the_end", waited.append)
    with pytest.raises(CommandFailed, match="1 checks are not good"):
        run_demo(no_ui=no_ui, fresh=False)
    assert bool(waited) is not no_ui


# ------------------------------------------------------------------------------------------------------------- steps


@dataclass
class FakeDagster:
    """A Dagster that answers as told."""

    check_states: list[CheckState] = field(default_factory=list)
    asset_states: list[AssetState] = field(default_factory=list)
    run_status: str = "SUCCESS"
    launched: list[str] = field(default_factory=list)
    url: str = "http://dagster"

    def launch_job(self, job: str, **_: object) -> str:
        self.launched.append(job)
        return job

    def run(self, run_id: str) -> RunState:
        return RunState(run_id, run_id, self.run_status)

    def failures(self, run_id: str) -> list[Any]:
        return []

    def checks(self) -> list[CheckState]:
        return self.check_states

    def assets(self) -> list[AssetState]:
        return self.asset_states


def check(name: str, status: str | None, severity: str = "ERROR") -> CheckState:
    return CheckState(("servicetitan", "acme", "jobs"), name, status, severity, "rows are missing", None)


Judge = Callable[[FakeDagster], list[CheckState]]


@pytest.fixture
def judge(stage: Stage) -> Judge:
    tenants: Any = {"acme": object()}

    def run(dagster: Any) -> list[CheckState]:
        return steps.judge_checks(stage, dagster, tenants, Step("Checks", stderr(), None))

    return run


def test_checks_that_all_pass_are_good(judge: Judge) -> None:
    assert judge(FakeDagster([check("fresh", "SUCCEEDED")])) == []


@pytest.mark.parametrize(
    "bad",
    [
        check("fresh", "FAILED"),
        check("fresh", "EXECUTION_FAILED"),
        check("fresh", "EXECUTION_FAILED", "WARN"),
        check("fresh", "SKIPPED"),
        check("fresh", None),
    ],
)
def test_a_check_that_is_anything_but_passed_is_not_good_and_named(
    judge: Judge, bad: CheckState, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(FakeDagster([check("certified", "SUCCEEDED"), bad])) == [bad]
    assert "servicetitan/acme/jobs fresh" in capsys.readouterr().err


def test_a_warning_is_told_and_passes(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FakeDagster([check("complete", "FAILED", "WARN")])) == []
    assert "servicetitan/acme/jobs complete warns: rows are missing" in capsys.readouterr().err


def test_a_dagster_without_any_check_is_not_good(judge: Judge) -> None:
    with pytest.raises(CommandFailed):
        judge(FakeDagster([]))


def test_checks_that_no_run_evaluated_are_evaluated_now(judge: Judge) -> None:
    done, open_ = FakeDagster([check("fresh", "SUCCEEDED")]), FakeDagster([check("fresh", None)])
    skipped = FakeDagster([check("fresh", "SKIPPED")])
    for dagster in (done, open_, skipped):
        judge(dagster)
    assert (done.launched, open_.launched, skipped.launched) == ([], ["acme__checks"], ["acme__checks"])


def test_a_failed_run_fails_the_demo(judge: Judge) -> None:
    with pytest.raises(CommandFailed, match="a run failed"):
        judge(FakeDagster([check("fresh", None)], run_status="FAILURE"))


JOBS = ("servicetitan", "acme", "jobs")
ADS = ("servicetitan", "acme", "attributed_leads")


def backfill(*, materialized: int, run: str = "SUCCESS") -> BackfillState:
    """A finished backfill of two assets over three days, of which the second came so far."""
    assets = (AssetProgress(JOBS, 3, 0, 3, 0), AssetProgress(ADS, 3, 0, materialized, 3 - materialized))
    status = "COMPLETED_SUCCESS" if materialized == 3 else "COMPLETED_FAILED"
    return BackfillState("b", status, assets, (RunState("r", "j", run),))


def test_a_backfill_whose_only_absent_partitions_are_not_granted_succeeded() -> None:
    dagster: Any = FakeDagster()
    require_success(dagster, backfill(materialized=3))
    require_success(dagster, backfill(materialized=0), not_granted={ADS})


@pytest.mark.parametrize(
    ("state", "not_granted"),
    [
        (backfill(materialized=0), {JOBS}),
        (backfill(materialized=2), set[Any]()),
        (backfill(materialized=0, run="FAILURE"), {ADS}),
    ],
)
def test_any_other_absent_partition_fails_the_backfill(state: BackfillState, not_granted: set[Any]) -> None:
    dagster: Any = FakeDagster()
    with pytest.raises(CommandFailed, match="did not succeed"):
        require_success(dagster, state, not_granted=not_granted)


@dataclass(frozen=True)
class Account:
    start_date: date = date(2026, 7, 1)


def first_day(stage: Stage, *, materialized: bool) -> date:
    states = [AssetState(JOBS, "acme__jpm", True, 1.0 if materialized else None)]
    tenants: Any = {"acme": Account()}
    dagster: Any = FakeDagster(asset_states=states)
    return steps.first_day(stage, dagster, [JOBS], tenants)


def test_a_first_demo_reads_from_the_start_date(stage: Stage) -> None:
    assert first_day(stage, materialized=False) == date(2026, 7, 1)


def test_a_later_demo_reads_only_the_days_since(stage: Stage) -> None:
    stage.remember(loaded_through="2026-07-20")
    assert first_day(stage, materialized=True) == date(2026, 7, 20)


def test_a_demo_whose_database_is_gone_reads_everything_again(stage: Stage) -> None:
    stage.remember(loaded_through="2026-07-20")
    assert first_day(stage, materialized=False) == date(2026, 7, 1)


def test_steps_are_numbered_timed_and_marked_when_they_fail(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Steps(total=2)
    with counted.step("Database") as step:
        step.detail = "PostgreSQL"
    with pytest.raises(ZeroDivisionError), counted.step("Dagster"):
        raise ZeroDivisionError
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("✓", "✗"))]
    assert lines[0].startswith("✓ [1/2] Database")
    assert lines[0].endswith("PostgreSQL")
    assert lines[1].startswith("✗ [2/2] Dagster")
