"""Lists of every resource: what they show, hide, filter, sort and refuse, held against the truth in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from st_platform.simulator.conditions import Condition
from st_platform.simulator.endpoints import ENDPOINTS, Compare, Endpoint, Filter
from st_platform.simulator.instants import parse
from tests.integration.simulator.conftest import Caller, Row, as_listed, both, required
from tests.simulated import Simulator

LISTS = [endpoint for endpoint in ENDPOINTS if endpoint.list and not endpoint.window]
SILENT = [endpoint for endpoint in LISTS if endpoint.list_omits_active and endpoint.activity is None]
"""Lists whose rows do not say whether they are active, without a parameter that chooses."""


def path_of(endpoint: Endpoint) -> str:
    return f"{endpoint.module}/{endpoint.list}"


def read(caller: Caller, endpoint: Endpoint, truth: dict[int, Row], **params: Any) -> list[Row]:
    rows = [
        row
        for needed in required(endpoint, truth)
        for part in parts(endpoint, truth, params)
        for row in caller.listed(path_of(endpoint), pageSize=5000, **needed, **part, **params)
    ]
    return sorted(rows, key=lambda row: row["id"]) if len(parts(endpoint, truth, params)) > 1 else rows


def parts(endpoint: Endpoint, truth: dict[int, Row], params: dict[str, Any]) -> list[dict[str, str]]:
    """A parameter that hides rows when it is not sent, with each of the values that rows have."""
    hiding = [(name, each.field) for name, each in endpoint.filters.items() if each.default and name not in params]
    return [{name: value} for name, field in hiding for value in sorted({row[field] for row in truth.values()})] or [{}]


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda e: e.resource)
def test_a_list_shows_what_is_true_now(simulator: Simulator, caller: Caller, endpoint: Endpoint) -> None:
    truth = simulator.truth(endpoint.resource)
    assert truth
    rows = read(caller, endpoint, truth, **both(endpoint))
    known = [row for row in truth.values() if endpoint not in SILENT or row["active"]]
    assert rows == [as_listed(endpoint, row) for row in known]
    if endpoint.activity is None:
        return
    shown = read(caller, endpoint, truth)
    if "active" in next(iter(truth.values())):
        assert shown == [as_listed(endpoint, row) for row in truth.values() if row["active"]]
    assert len(shown) <= len(rows)
    hidden = {"active": {"active": "False"}, "activeState": {"activeState": "InactiveOnly"}}.get(endpoint.activity)
    if hidden is not None:
        assert read(caller, endpoint, truth, **hidden) == [row for row in rows if row not in shown]


@pytest.mark.parametrize("endpoint", SILENT, ids=lambda e: e.resource)
def test_a_list_that_never_says_active_hides_deleted_rows_or_shows_them_as_the_option_says(
    simulator: Simulator, caller: Caller, endpoint: Endpoint
) -> None:
    row_id = next(number for number, row in simulator.truth(endpoint.resource).items() if row["active"])
    before = caller.page(path_of(endpoint), includeTotal="true")["totalCount"]
    simulator.edit(endpoint.resource, "delete", id=row_id)
    assert simulator.truth(endpoint.resource)[row_id]["active"] is False
    assert caller.page(path_of(endpoint), includeTotal="true")["totalCount"] == before - 1
    simulator.options(lists_hide_deleted=False)
    shown = caller.listed(path_of(endpoint), pageSize=5000)
    assert [row["id"] for row in shown] == list(simulator.truth(endpoint.resource))
    assert not any("active" in row for row in shown)


@pytest.mark.parametrize("endpoint", [e for e in LISTS if e.filters], ids=lambda e: e.resource)
def test_every_official_filter_compares_with_the_rows_own_field(
    simulator: Simulator, caller: Caller, endpoint: Endpoint
) -> None:
    """With one row edited by hand among the generated ones, which are answered in another way."""
    simulator.options(unlimited=True)
    edited = list(simulator.truth(endpoint.resource))[len(simulator.truth(endpoint.resource)) // 2]
    simulator.edit(endpoint.resource, id=edited)
    assert disagreements(simulator, caller, endpoint) == []


def test_a_filter_that_does_nothing_is_noticed(
    simulator: Simulator, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = next(each for each in LISTS if each.resource == "invoices")
    monkeypatch.setattr(Condition, "holds", lambda self, row: True)
    assert len(disagreements(simulator, caller, endpoint)) > 5


def disagreements(simulator: Simulator, caller: Caller, endpoint: Endpoint) -> list[str]:
    """The parameters whose answer is not what the truth says."""
    truth = simulator.truth(endpoint.resource)
    wrong: list[str] = []
    for name, filter_ in endpoint.filters.items():
        asked = a_value(filter_, list(truth.values()))
        wanted = [number for number, row in truth.items() if fits(filter_, asked, row)]
        found = read(caller, endpoint, truth, **both(endpoint), **{name: asked})
        expected = [as_listed(endpoint, truth[number]) for number in wanted]
        if endpoint in SILENT:
            expected = [as_listed(endpoint, truth[number]) for number in wanted if truth[number]["active"]]
        if found != expected:
            wrong.append(f"{name}={asked}: {len(found)} rows instead of {len(expected)}")
    return wrong


def a_value(filter_: Filter, rows: list[Row]) -> str:
    """Something to ask for: the value of a row in the middle, of two rows where several may be named."""
    values = [value for row in rows for value in values_of(row, filter_.field) if value not in (None, "")]
    if not values:
        times = (Compare.SINCE, Compare.AFTER, Compare.BEFORE, Compare.UNTIL)
        return "2026-01-01" if filter_.compare in times else "1"
    value = values[len(values) // 2]
    if filter_.compare is Compare.CONTAINS:
        return str(value)[1:5].upper()
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{text},{values[0]}" if filter_.several and "," not in text else text


def fits(filter_: Filter, asked: str, row: Row) -> bool:
    return any(_fits(filter_, asked, value) for value in values_of(row, filter_.field) if value is not None)


def _fits(filter_: Filter, asked: str, value: Any) -> bool:
    match filter_.compare:
        case Compare.IS:
            choices = asked.split(",") if filter_.several else [asked]
            return str(value).lower() in [choice.lower() for choice in choices]
        case Compare.CONTAINS:
            return asked.lower() in str(value).lower()
        case Compare.SINCE:
            return parse(value) >= parse(asked)
        case Compare.AFTER:
            return parse(value) > parse(asked)
        case Compare.BEFORE:
            return parse(value) < parse(asked)
        case Compare.UNTIL:
            return parse(value) <= parse(asked)
        case Compare.AT_LEAST:
            return Decimal(str(value)) >= Decimal(asked)
        case Compare.AT_MOST:
            return Decimal(str(value)) <= Decimal(asked)


def values_of(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from values_of(each, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        first, _, rest = path.partition(".")
        yield from values_of(value.get(first), rest)


@pytest.mark.parametrize("endpoint", [e for e in LISTS if e.sort], ids=lambda e: e.resource)
def test_a_list_sorts_by_each_of_its_fields_and_shows_the_same_rows(
    simulator: Simulator, caller: Caller, endpoint: Endpoint
) -> None:
    simulator.options(unlimited=True)
    simulator.edit(endpoint.resource, "insert")
    truth = simulator.truth(endpoint.resource)
    everything = read(caller, endpoint, truth, **both(endpoint))
    for field in endpoint.sort:
        name = field[0].lower() + field[1:]
        up = read(caller, endpoint, truth, sort=f"+{field}", **both(endpoint))
        down = read(caller, endpoint, truth, sort=f"-{field}", **both(endpoint))
        assert down == up[::-1]
        assert sorted(map(str, up)) == sorted(map(str, everything))
        values = [row[name] for row in up if row.get(name) is not None]
        if field == "ModifiedOn" and endpoint.loose_sort:
            values = [value[:10] for value in values]
        if all(isinstance(value, str) for value in values):
            assert values == sorted(values, key=lambda value: str(value).lower()), field
        elif all(isinstance(value, int | float) for value in values):
            assert values == sorted(values), field


@pytest.mark.parametrize("endpoint", [e for e in LISTS if e.ids_filter], ids=lambda e: e.resource)
def test_ids_ask_for_single_rows_at_most_fifty_at_once(
    simulator: Simulator, caller: Caller, endpoint: Endpoint
) -> None:
    truth = simulator.truth(endpoint.resource)
    chosen = [number for number, row in truth.items() if endpoint not in SILENT or row["active"]][:50:3]
    asked = {"ids": ",".join(map(str, [*chosen, 5])), **both(endpoint)}
    rows = [
        row for part in parts(endpoint, truth, {}) for row in caller.page(path_of(endpoint), **asked, **part)["data"]
    ]
    assert sorted(row["id"] for row in rows) == chosen
    assert caller.call(path_of(endpoint), ids=",".join(map(str, range(1, 51)))).status_code == 200
    for wrong in (",".join(map(str, range(1, 52))), "one"):
        refused = caller.call(path_of(endpoint), ids=wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["ids"])


def test_payable_bills_of_one_type_are_shown_unless_another_is_asked_for(caller: Caller) -> None:
    def types(**params: str) -> set[str]:
        return {row["billType"] for row in caller.listed("accounting/ap-bills", pageSize=5000, **params)}

    assert types() == types(billType="Procurement") == {"Procurement"}
    assert types(billType="ApBill") == {"ApBill"}


def test_a_list_that_requires_ids_refuses_to_answer_without(caller: Caller) -> None:
    for params in ({}, {"ids": ""}):
        refused = caller.call("memberships/invoice-templates", **params)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["ids"])


def test_no_list_answers_more_than_five_thousand_rows_at_once(caller: Caller) -> None:
    for endpoint in LISTS:
        refused = caller.call(path_of(endpoint), pageSize=5001, ids=1)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["pageSize"]), endpoint.resource


def test_a_filter_with_a_value_of_the_wrong_type_is_refused_and_an_unknown_parameter_is_not(caller: Caller) -> None:
    for wrong in ({"customerId": "Smith"}, {"completedOnOrAfter": "soon"}, {"estimateIds": "1,x"}):
        refused = caller.call("jpm/jobs", **wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, list(wrong))
    assert caller.call("accounting/invoices", totalGreater="much").status_code == 400
    everything = caller.page("jpm/jobs")["data"]
    assert caller.page("jpm/jobs", technician="Smith", status="Completed", completedOn="soon")["data"] == everything


def test_an_array_parameter_may_be_repeated(simulator: Simulator, caller: Caller) -> None:
    rows = simulator.truth("invoices").values()
    statuses = sorted({row["syncStatus"] for row in rows})[:2]
    found = caller.page("accounting/invoices", statuses=statuses, activeState="All", pageSize=5000)["data"]
    assert found == [row for row in rows if row["syncStatus"] in statuses]


def test_only_active_may_be_said_in_a_third_way(simulator: Simulator, caller: Caller) -> None:
    path = "dispatch/non-job-appointments"
    row_id = next(number for number, row in simulator.truth("non_job_appointments").items() if row["active"])
    simulator.edit("non_job_appointments", "deactivate", id=row_id)

    def shown(**params: str) -> bool:
        return row_id in {row["id"] for row in caller.listed(path, pageSize=5000, **params)}

    assert shown(activeOnly="false")
    assert not shown(activeOnly="true")
    assert not shown(), "not documented; the worse of the two for a reader"
    assert caller.call(path, activeOnly="perhaps").status_code == 400
