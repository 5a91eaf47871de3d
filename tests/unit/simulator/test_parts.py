"""Instants, queries, tokens, edits, faults and the limit: the small parts of the simulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.servicetitan.catalog import CATALOG, IdsFilter
from st_platform.simulator import instants
from st_platform.simulator.business.books.plans import add_months
from st_platform.simulator.business.chance import Chance
from st_platform.simulator.business.profile import PROFILES, SIZES, Span
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.clock import Clock
from st_platform.simulator.endpoints import BY_RESOURCE, ENDPOINTS
from st_platform.simulator.faults import FaultPlan, Rule
from st_platform.simulator.journal import ArrivalLimit
from st_platform.simulator.query import InvalidQuery, read_list_query
from st_platform.simulator.rows.json_text import decimals, money, objects
from st_platform.simulator.store import FeedPosition
from st_platform.simulator.tokens import InvalidToken, TokenMint

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.integers(0, 9))
def test_an_instant_survives_being_written_and_read(moment: datetime, tenth: int) -> None:
    ticks = instants.to_ticks(moment) + tenth
    written = instants.text(ticks)
    assert len(written) == len("2024-01-01T00:00:00.0000000Z")
    assert instants.parse(written) == ticks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-15", "2026-06-15T00:00:00.0000000Z"),
        ("2026-06-15T10:30", "2026-06-15T10:30:00.0000000Z"),
        ("2026-06-15T10:30:00.12345678Z", "2026-06-15T10:30:00.1234567Z"),
        ("2026-06-15T10:30:00-04:00", "2026-06-15T14:30:00.0000000Z"),
    ],
)
def test_dates_and_instants_are_read_as_utc(text: str, expected: str) -> None:
    assert instants.text(instants.parse(text)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-06-15T25:00:00Z", "MQ.abc"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(instants.NotAnInstant):
        instants.parse(text)


@given(st.integers(-(10**9), 10**9))
def test_money_has_two_decimals_and_loses_no_cent(cents: int) -> None:
    assert round(float(decimals(np.array([cents]))[0]) * 100) == cents
    assert money(np.array([cents]))[0] == f'"{decimals(np.array([cents]))[0]}"'


def test_rows_are_written_with_percent_signs_and_grouped_members() -> None:
    rows = objects(2, id=[1, 2], rate='"5 %"', members_pair=['"a":1,"b":2', '"a":3,"b":4'], from_='"x"')
    assert [json.loads(row) for row in rows] == [
        {"id": 1, "rate": "5 %", "a": 1, "b": 2, "from": "x"},
        {"id": 2, "rate": "5 %", "a": 3, "b": 4, "from": "x"},
    ]
    assert objects(2, rate='"5 %"') == ['{"rate":"5 %"}'] * 2


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_local_days_follow_the_zone_through_daylight_saving(profile: object) -> None:
    from zoneinfo import ZoneInfo

    own = next(one for one in PROFILES if one is profile)
    span = Span.around(datetime(2026, 6, 15, tzinfo=UTC).date(), SIZES["tiny"])
    calendar = LocalCalendar(own.timezone, span)
    for days in range(0, 400, 7):
        moment = datetime(2025, 6, 20, 18, 30, tzinfo=UTC) + timedelta(days=days)
        ticks = np.array([instants.to_ticks(moment)])
        local = moment.astimezone(ZoneInfo(own.timezone))
        assert instants.text(int(calendar.to_local(ticks)[0]))[:16] == local.strftime("%Y-%m-%dT%H:%M")
        assert calendar.to_utc(calendar.to_local(ticks))[0] == ticks[0]
        assert instants.text(int(calendar.local_midnight(ticks)[0]))[:10] == local.date().isoformat()


def test_months_are_calendar_months() -> None:
    start = np.array([instants.parse("2024-01-31"), instants.parse("2024-11-15")])
    assert [instants.text(int(t))[:10] for t in add_months(start, 1)] == ["2024-02-28", "2024-12-15"]
    assert [instants.text(int(t))[:10] for t in add_months(start, 12)] == ["2025-01-28", "2025-11-15"]


def test_chance_depends_on_seed_tenant_and_name_only() -> None:
    first, again, other = Chance(1, 1001), Chance(1, 1001), Chance(1, 2002)
    rows = np.arange(1000)
    assert (first.hash(rows, "a") == again.hash(rows, "a")).all()
    assert (first.hash(rows, "a") != other.hash(rows, "a")).all()
    assert (first.hash(rows, "a") != first.hash(rows, "b")).all()
    first.stream("x").random(100)
    assert first.stream("y").random() == again.stream("y").random()
    assert 0.45 < first.fraction(rows, "a").mean() < 0.55


def test_the_simulator_and_the_catalog_agree_on_paths_scopes_and_filters() -> None:
    """The two were written apart from the official documents; where they differ, one is wrong."""
    for endpoint in ENDPOINTS:
        resource = CATALOG[endpoint.resource]
        base = f"/{endpoint.module}/v2/tenant/{{tenant}}/"
        assert endpoint.scope == resource.scope
        assert (resource.feed and resource.feed.path) == (endpoint.feed and base + endpoint.feed), resource.name
        if resource.list is not None:
            assert endpoint.list is not None
            assert resource.list.path == base + endpoint.list
            assert resource.list.modified_filter == endpoint.modified_filter
            assert (resource.list.all_rows or (None,))[0] == endpoint.activity, resource.name
            assert (resource.list.ids is not None) == endpoint.ids_filter, resource.name
            assert (resource.list.ids is IdsFilter.REQUIRED) == endpoint.ids_required, resource.name
            assert (resource.list.id_sort is not None) == ("Id" in endpoint.sort), resource.name
        assert (resource.window and resource.window.path) == (base + str(endpoint.list) if endpoint.window else None)
        if resource.unnest is None and resource.window is None:
            names = {column.name: column.api_name for column in resource.columns}
            assert tuple(names[column] for column in resource.key) == endpoint.key


def test_a_list_query_reads_what_the_endpoint_has_and_ignores_the_rest() -> None:
    query = read_list_query(
        BY_RESOURCE["jobs"],
        {"PAGE": "2", "pageSize": "10", "status": "Completed", "jobStatus": "Completed", "sort": "-ModifiedOn"},
    )
    assert (query.page, query.page_size, query.sort, query.descending) == (2, 10, "ModifiedOn", True)
    assert [(each.filter.field, each.wanted) for each in query.conditions] == [("jobStatus", {"completed"})]
    unencoded = read_list_query(BY_RESOURCE["jobs"], {"sort": " ModifiedOn"})
    assert unencoded.sort is None, "an unencoded plus sorts nothing"
    assert read_list_query(BY_RESOURCE["campaign_costs"], {"modifiedOnOrAfter": "2020-01-01"}).modified is None


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"page": "0"}, "page"),
        ({"pageSize": "5001"}, "pageSize"),
        ({"pageSize": "many"}, "pageSize"),
        ({"active": "maybe"}, "active"),
        ({"modifiedOnOrAfter": "soon"}, "modifiedOnOrAfter"),
        ({"ids": ",".join(map(str, range(51)))}, "ids"),
        ({"includeTotal": "yes"}, "includeTotal"),
    ],
)
def test_a_query_that_the_api_refuses_names_the_parameter(params: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        read_list_query(BY_RESOURCE["customers"], params)
    assert list(refused.value.errors) == [field]


def test_tokens_are_accepted_only_where_and_while_they_count() -> None:
    mint, other = TokenMint(1), TokenMint(2)
    token = mint.bearer(1001, "sim-northwind", ["a", "b"], now=0, generation=0)
    grant = mint.read_bearer(token, now=899 * instants.SECOND)
    assert (grant.tenant_id, grant.scopes) == (1001, frozenset({"a", "b"}))
    with pytest.raises(InvalidToken, match="expired"):
        mint.read_bearer(token, now=900 * instants.SECOND)
    for forged in (token[:-2] + "xx", "nonsense", ""):
        with pytest.raises(InvalidToken):
            mint.read_bearer(forged, now=0)
    with pytest.raises(InvalidToken):
        other.read_bearer(token, now=0)
    place = mint.place("1001/jobs", FeedPosition(5, 6), now=0)
    assert mint.read_place("1001/jobs", place, now=10**15, lifetime=None) == FeedPosition(5, 6)
    with pytest.raises(InvalidToken, match="another feed"):
        mint.read_place("2002/jobs", place, now=0, lifetime=None)
    with pytest.raises(InvalidToken, match="expired"):
        mint.read_place("1001/jobs", place, now=11, lifetime=10)


def test_a_rule_strikes_the_requests_it_names() -> None:
    plan = FaultPlan()
    plan.add(Rule(name="third", resource="jobs", nth=3, status=500))
    plan.add(Rule(name="early", tenant=1001, first=2, status=503))
    hits = [rule.name if (rule := plan.choose("/x", 1001, "jobs", {})) else None for _ in range(4)]
    assert hits == ["early", "early", "third", None]
    assert [(entry["seen"], entry["hit"]) for entry in plan.report()] == [(4, 1), (4, 2)]
    assert Rule(query={"page": "2"}).matches("/x", None, None, {"page": "2"})
    assert not Rule(query={"page": None}).matches("/x", None, None, {"page": "2"})


def test_the_limit_counts_each_tenant_by_itself() -> None:
    limit = ArrivalLimit(3)
    assert [limit.wait_for(1) for _ in range(3)] == [0, 0, 0]
    assert 0 < limit.wait_for(1) <= 1
    assert limit.wait_for(2) == 0
    assert ArrivalLimit(None).wait_for(1) == 0


def test_the_clock_stands_still_or_runs() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock = Clock(start, ticking=False)
    assert clock.now() == clock.now() == instants.to_ticks(start)
    assert clock.advance(1.5) == instants.to_ticks(start) + 15_000_000
    clock.ticking = True
    assert clock.now() < clock.now() or clock.now() > instants.to_ticks(start) + 15_000_000
