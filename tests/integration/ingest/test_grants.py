"""A scope that is not granted is neither a failure nor an empty resource, and costs no request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from st_platform.ingest import sync as door
from st_platform.ingest.report import Certificate
from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.grants import Grant, grants, not_granted
from tests.syncing import EVERYTHING, Bench

COSTS = "campaign_costs"


def withdraw(bench: Bench, *kept: str) -> None:
    """From now on only `kept` is granted, also for tokens that are out."""
    bench.simulator.scopes([CATALOG[name].scope for name in kept])
    bench.simulator.revoke_tokens()


def known(bench: Bench) -> list[Grant]:
    with bench.database.connection() as connection:
        return grants(connection, bench.simulator.tenant.tenant_id)


def deleted(bench: Bench, name: str) -> int:
    return sum(row["_deleted_at"] is not None for row in bench.rows(name).values())


def after_a_call(bench: Bench) -> None:
    """Any request lets a client notice that its token is not what it was."""
    bench.sync("customers", EVERYTHING)


def test_a_scope_that_is_missing_is_told_without_a_request(bench: Bench) -> None:
    before = bench.sync(COSTS)
    (grant,) = known(bench)
    assert (grant.resource, grant.scope, grant.granted) == (COSTS, CATALOG[COSTS].scope, True)
    withdraw(bench, "customers")
    after_a_call(bench)
    bench.simulator.clear_requests()
    report = bench.sync(COSTS)
    assert report.certificate is Certificate.NOT_GRANTED
    assert (report.calls, report.received, report.deleted) == (0, 0, 0)
    assert report.data_version == before.data_version
    assert any(CATALOG[COSTS].scope in note for note in report.notes)
    assert bench.requests(COSTS) == []
    with bench.database.connection() as connection:
        assert not_granted(connection) == {(1001, COSTS)}


def test_a_resource_without_scope_does_not_look_fresh(bench: Bench) -> None:
    withdraw(bench, "customers")
    after_a_call(bench)
    bench.sync(COSTS)
    assert bench.query("SELECT * FROM platform.resource_state WHERE resource = %s", COSTS) == []
    assert bench.query("SELECT * FROM platform.sync_lanes WHERE resource = %s", COSTS) == []


def test_a_scope_that_comes_back_is_read_again(bench: Bench) -> None:
    withdraw(bench, "customers")
    after_a_call(bench)
    assert bench.sync(COSTS).certificate is Certificate.NOT_GRANTED
    withdraw(bench, "customers", COSTS)
    after_a_call(bench)
    assert bench.sync(COSTS).certificate is Certificate.CERTIFIED
    assert {grant.resource: grant.granted for grant in known(bench)} == {"customers": True, COSTS: True}


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_refusal_at_any_page_deletes_nothing_and_keeps_nothing_of_the_refused_page(bench: Bench, page: int) -> None:
    listing = CATALOG[COSTS].list
    assert listing is not None
    entry = replace(CATALOG[COSTS], list=replace(listing, page_size=10))
    for _ in range(25 - len(bench.simulator.truth(COSTS))):
        bench.insert(COSTS)
    bench.sync(entry)
    bench.simulator.edit(COSTS, "remove", id=min(bench.simulator.truth(COSTS)))
    bench.simulator.clear_requests()
    bench.simulator.fault(resource=COSTS, nth=page, status=403, body="{}")
    report = bench.sync(entry)
    assert report.certificate is Certificate.NOT_GRANTED
    assert report.pages == page - 1
    assert deleted(bench, COSTS) == 0
    assert len(bench.requests(COSTS)) == page, "a refusal is not asked for twice"
    with bench.database.connection() as connection:
        assert (1001, COSTS) in not_granted(connection)


def test_a_sync_that_does_not_look_at_its_token_would_ask(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant of the tests above: they can tell."""
    withdraw(bench, "customers")
    after_a_call(bench)
    monkeypatch.setattr(door, "is_granted", lambda *_: True)
    report = bench.sync(COSTS)
    assert report.certificate is Certificate.NOT_GRANTED
    assert report.calls == len(bench.requests(COSTS)) == 1
