"""Several tenants in one warehouse, and several readers of one tenant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from st_platform.ingest.report import PageDone
from st_platform.ingest.sync import SyncReport, SyncRequest, WindowBusy, sync
from st_platform.ingest.windows import VISIBILITY
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.errors import AuthenticationFailed, ServiceTitanError
from st_platform.servicetitan.tenant import Credentials, Tenant
from tests.syncing import EVERYTHING, Bench


def with_secret(tenant: Tenant, secret: str) -> Tenant:
    known = tenant.credentials
    return replace(tenant, credentials=Credentials(known.client_id, secret, known.app_key))


@pytest.mark.parametrize("name", ["customers", "campaigns"])
def test_two_tenants_with_the_same_ids_never_mix(bench: Bench, name: str) -> None:
    north, sun = bench.simulator.tenants
    shared = set(bench.simulator.truth(name)) & set(bench.simulator.truth(name, tenant_id=sun.tenant_id))
    assert shared, "the simulated tenants have ids in common"
    for tenant in (north, sun, north):
        bench.sync(name, EVERYTHING if CATALOG[name].is_dated else None, tenant=tenant)
    for tenant in (north, sun):
        bench.assert_true(name, tenant_id=tenant.tenant_id, visible_until=bench.now - VISIBILITY)


def test_a_snapshot_of_one_tenant_deletes_nothing_of_another(bench: Bench) -> None:
    north, sun = bench.simulator.tenants
    bench.sync("campaign_costs", tenant=north)
    bench.sync("campaign_costs", tenant=sun)
    for row in sorted(bench.simulator.truth("campaign_costs"))[:2]:
        bench.simulator.edit("campaign_costs", "remove", id=row)
    assert bench.sync("campaign_costs", tenant=north).deleted == 2
    assert not [row for row in bench.rows("campaign_costs", tenant_id=2002).values() if row["_deleted_at"]]


def test_bad_credentials_of_one_tenant_stop_only_that_tenant(bench: Bench) -> None:
    north, sun = bench.simulator.tenants
    with ThreadPoolExecutor(2) as pool:
        bad = pool.submit(bench.sync, "customers", EVERYTHING, tenant=with_secret(north, "wrong"))
        good = pool.submit(bench.sync, "customers", EVERYTHING, tenant=sun)
        assert isinstance(bad.exception(), AuthenticationFailed)
        assert good.result().inserted > 0
    assert "wrong" not in str(bad.exception())
    assert bench.rows("customers", tenant_id=north.tenant_id) == {}
    assert bench.sync("customers", EVERYTHING, tenant=north).inserted > 0


def test_a_tenant_whose_server_fails_leaves_the_other_alone(bench: Bench) -> None:
    bench.simulator.fault(tenant=1001, status=500, body="{}")
    with pytest.raises(ServiceTitanError):
        bench.sync("customers", EVERYTHING)
    assert bench.sync("customers", EVERYTHING, tenant=bench.simulator.tenants[1]).inserted > 0


def test_a_second_reader_of_the_same_window_waits_and_then_gives_up(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=20)
    reading, go_on = Event(), Event()

    def hold(_: PageDone) -> None:
        reading.set()
        go_on.wait(20)

    def first() -> SyncReport:
        request = SyncRequest(bench.simulator.tenant, CATALOG["jobs"], bench.today, "first")
        with bench.client() as client:
            return sync(request, client=client, database=bench.database, on_page=hold)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        reading.wait(20)
        try:
            with pytest.raises(WindowBusy, match="another process is reading"):
                bench.sync("jobs", bench.today, generation="second", patience=0.3)
        finally:
            go_on.set()
        assert running.result().calls == 1
    assert bench.sync("jobs", bench.today, generation="second").calls == 1


def test_a_long_read_of_history_does_not_keep_todays_runs_waiting(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=20)
    in_history, go_on = Event(), Event()

    def hold(page: PageDone) -> None:
        if "-inf" in page.lane:
            in_history.set()
            go_on.wait(20)

    def history() -> SyncReport:
        request = SyncRequest(bench.simulator.tenant, CATALOG["jobs"], EVERYTHING, "history")
        with bench.client() as client:
            return sync(request, client=client, database=bench.database, on_page=hold)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(history)
        in_history.wait(20)
        try:
            assert bench.sync("jobs", bench.today, generation="hot", patience=0.5).calls == 1
        finally:
            go_on.set()
        assert running.result().received > 20
