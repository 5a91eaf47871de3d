"""The catalog is consistent in itself, and an inconsistent entry cannot be written."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from st_platform.servicetitan import records
from st_platform.servicetitan.catalog import (
    CATALOG,
    Cadence,
    DateWindow,
    LoadMode,
    Resource,
    Segment,
    SliceDay,
    UnknownResource,
    resource,
)
from st_platform.servicetitan.records.base import CalendarDate, Instant, Int32, Int64, Record, columns_of, floor_instant

every_resource = pytest.mark.parametrize("entry", CATALOG.values(), ids=CATALOG)


def _record_classes() -> set[type[Record]]:
    modules = [
        importlib.import_module(f"{records.__name__}.{each.name}") for each in pkgutil.iter_modules(records.__path__)
    ]
    return {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Record) and value is not Record
    }


def test_every_record_belongs_to_one_resource_and_every_resource_to_one_record() -> None:
    used = [entry.record for entry in CATALOG.values()]
    assert len(used) == len(set(used))
    assert set(used) == _record_classes()


def test_one_of_each_kind_is_there() -> None:
    assert {entry.load_mode for entry in CATALOG.values()} == set(LoadMode)
    assert any(entry.feed is None and entry.load_mode is LoadMode.DATED for entry in CATALOG.values())
    assert any(entry.feed is None and entry.load_mode is LoadMode.TAIL for entry in CATALOG.values())


@every_resource
def test_a_name_is_what_tables_and_assets_can_be_called(entry: Resource) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,50}", entry.name)
    assert CATALOG[entry.name] is entry
    assert resource(entry.name) is entry


@every_resource
def test_a_resource_has_an_owner_a_scope_and_a_description(entry: Resource) -> None:
    assert re.fullmatch(r"team:[a-z-]+", entry.owner)
    assert re.fullmatch(r"tn\.[a-z]{2,4}\.[a-z]+:r", entry.scope)
    assert entry.description.endswith(".")
    assert len(entry.description) > 20
    assert (entry.record.__doc__ or "").strip()


PREFIXES = {
    "job_booking": "jbce",
    "marketing_ads": "marketingads",
    "equipment_systems": "equipmentsystems",
    "customer_interactions": "customer-interactions",
}
"""What paths of a module begin with, where that is not its name."""


@every_resource
def test_a_path_belongs_to_its_module_and_to_a_tenant(entry: Resource) -> None:
    base = rf"/{PREFIXES.get(entry.module, entry.module)}/v\d/tenant/{{tenant}}"
    if entry.feed:
        assert re.fullmatch(rf"{base}/export/[a-z/-]+", entry.feed.path)
    for pages in (entry.list, entry.window):
        if pages:
            assert re.fullmatch(rf"{base}/(?!export/)[a-z/-]+", pages.path)
            assert 1 <= pages.page_size <= 5000


def test_every_module_with_a_prefix_of_its_own_is_there() -> None:
    assert set(PREFIXES) <= {entry.module for entry in CATALOG.values()}
    assert all(entry.record.__module__.endswith(f".{entry.module}") for entry in CATALOG.values())


@every_resource
def test_the_key_leads_the_record_and_is_all_that_a_row_must_have(entry: Resource) -> None:
    """But for the parts of a key that the reader fills: no row of the API has them."""
    columns = [column.name for column in entry.columns]
    assert columns[: len(entry.key)] == list(entry.key)
    required = {each.encode_name for each in msgspec.structs.fields(entry.record) if each.required}
    sent = set(entry.key) - set(entry.filled)
    assert required == {column.api_name for column in entry.columns if column.name in sent}
    row = msgspec.json.encode(dict.fromkeys(required, 1))
    assert msgspec.json.decode(row, type=entry.record)


@every_resource
def test_a_column_that_the_reader_fills_belongs_to_a_window(entry: Resource) -> None:
    fills = set(map(type, entry.filled.values()))
    if fills:
        assert entry.window
        assert set(entry.filled) <= set(entry.key)
    if SliceDay in fills:
        assert entry.window
        assert entry.window.slice == timedelta(days=1)
    assert (Segment in fills) == bool(entry.window and entry.window.segments)


@every_resource
def test_a_row_with_a_field_we_do_not_know_is_refused_which_is_how_drift_is_noticed(entry: Resource) -> None:
    required = {each.encode_name for each in msgspec.structs.fields(entry.record) if each.required}
    row = dict.fromkeys(required, 1) | {"brandNewField": 1}
    with pytest.raises(msgspec.ValidationError, match="brandNewField"):
        msgspec.json.decode(msgspec.json.encode(row), type=entry.record)


@every_resource
def test_a_dated_resource_has_a_time_of_modification_and_a_filter_for_it(entry: Resource) -> None:
    types = {column.name: column.sql_type for column in entry.columns}
    if entry.version:
        assert types[entry.version] == "timestamptz"
    if entry.created:
        assert types[entry.created] == "timestamptz"
    if entry.load_mode is LoadMode.WINDOW:
        assert entry.created or any(isinstance(fill, SliceDay) for fill in entry.filled.values()), "no day of a row"
    if entry.load_mode is LoadMode.DATED:
        assert entry.version
        assert entry.feed or (entry.list and entry.list.modified_filter)
    if entry.load_mode is LoadMode.TAIL:
        assert entry.feed or (entry.list and entry.list.modified_filter)
    if entry.load_mode is LoadMode.SNAPSHOT:
        assert entry.list
        assert not entry.list.modified_filter


@every_resource
def test_money_is_never_a_float(entry: Resource) -> None:
    """`double precision` stays for coordinates and the like."""
    floats = {column.name for column in entry.columns if column.sql_type == "double precision"}
    assert not {name for name in floats if re.search(r"total|price|cost|balance|amount|tax|pay|rate|limit", name)}


def test_a_cadence_warns_before_it_fails() -> None:
    for cadence in Cadence:
        assert timedelta(0) < cadence.warn_after < cadence.fail_after
    assert Cadence.HOT.fail_after < Cadence.HOURLY.fail_after < Cadence.DAILY.fail_after < Cadence.WEEKLY.fail_after


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"feed": None, "list": None}, "needs a feed, a list or a date window"),
        ({"load_mode": LoadMode.SNAPSHOT, "list": None}, "read from a list"),
        ({"load_mode": LoadMode.WINDOW}, "date window goes with"),
        ({"window": DateWindow(path="/x")}, "date window goes with"),
        ({"key": ("number",)}, "number"),
        ({"filled": {"guess": SliceDay()}}, "guess"),
        ({"deleted_when": ("gone", True)}, "gone"),
        ({"version": "changed_on"}, "changed_on"),
        ({"created": "made_on"}, "made_on"),
    ],
)
def test_an_entry_that_contradicts_itself_cannot_be_made(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        dataclasses.replace(CATALOG["customers"], **changes)


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(UnknownResource, match="did you mean customers"):
        resource("custommers")
    with pytest.raises(UnknownResource, match="lists them"):
        resource("zzz")


def test_the_catalog_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOG["x"] = CATALOG["jobs"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOG["jobs"].name = "x"  # type: ignore[misc]


class Sample(Record):
    id: Int64
    class_: str | None = None
    order: Int32 | None = None
    seen_on: Instant | None = None
    day: CalendarDate | None = None


def test_columns_are_the_apis_own_names_in_snake_case() -> None:
    assert [(column.api_name, column.name, column.sql_type) for column in columns_of(Sample)] == [
        ("id", "id", "bigint"),
        ("class", "class", "text"),
        ("order", "order", "integer"),
        ("seenOn", "seen_on", "timestamptz"),
        ("day", "day", "date"),
    ]


def test_a_type_without_a_column_is_refused() -> None:
    class Odd(Record):
        id: complex

    with pytest.raises(TypeError, match=r"Odd\.id"):
        columns_of(Odd)


@pytest.mark.parametrize(
    ("text", "floored"),
    [
        ("2024-01-01T23:59:59.9999999Z", "2024-01-01T23:59:59.999999Z"),
        ("2024-01-01T23:59:59.999999Z", "2024-01-01T23:59:59.999999Z"),
        ("2024-01-01T23:59:59.9Z", "2024-01-01T23:59:59.9Z"),
        ("2024-01-01T23:59:59Z", "2024-01-01T23:59:59Z"),
    ],
)
def test_an_instant_is_cut_and_never_rounded_over_an_edge(text: str, floored: str) -> None:
    assert floor_instant(text) == floored
