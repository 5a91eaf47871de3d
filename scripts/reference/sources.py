"""dbt's view of the source tables: `_servicetitan__sources.yml`.

Freshness is asked of the platform's own record of reads, not of the rows: a resource in which nothing happened for a
week is as fresh as its last read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.glossary import describe, describe_system

SYSTEM_COLUMNS: Mapping[str, str] = {
    "_fetched_at": "timestamptz",
    "_fetch_seq": "bigint",
    "_changed_at": "timestamptz",
    "_deleted_at": "timestamptz",
    "_extra": "jsonb",
}
"""Columns that the loader adds after a record's own, with their types."""

_RESERVED_WORDS = frozenset({"from", "to", "order", "end"})

_HEADER = """\
# Written by scripts/write_reference.py: columns come from the records, words from the glossary, the rest from the
# catalog. Change it there, then `make reference`.
version: 2

sources:
  - name: servicetitan
    description: >
      ServiceTitan as the loader keeps it: one table per resource, one current row per (tenant_id, key), columns
      named and typed as the API does, in snake_case. Nested objects and arrays are jsonb, as they came.
    schema: servicetitan
    tables:
"""


def render(catalog: Mapping[str, Resource], calendar: frozenset[tuple[str, str]]) -> str:
    """The whole file. `calendar` are the (resource, field) that hold days: stamps among them are tested."""
    return _HEADER + "\n".join(line for resource in catalog.values() for line in _table(resource, calendar))


def expected_columns(resource: Resource) -> dict[str, str]:
    """Name and SQL type of every column of the resource's table, in order."""
    own = {column.name: column.sql_type for column in resource.columns}
    return {"tenant_id": "bigint", **own, **SYSTEM_COLUMNS}


def _table(resource: Resource, calendar: frozenset[tuple[str, str]]) -> Iterator[str]:
    cadence = resource.cadence
    yield f"      - name: {resource.name}"
    yield f"        description: {_quoted(resource.description)}"
    yield "        config:"
    yield f"          meta: {{owner: {_quoted(resource.owner)}, grain: [tenant_id, {', '.join(resource.key)}]}}"
    yield "          loaded_at_query: >"
    yield "            select min(state.last_read_at) from platform.resource_state as state"
    yield f"            inner join platform.tenants using (tenant_id) where state.resource = '{resource.name}'"
    yield "          freshness:"
    yield f"            warn_after: {_period(cadence.warn_after)}"
    yield f"            error_after: {_period(cadence.fail_after)}"
    yield "        columns:"
    words = {column.name: describe(resource, column) for column in resource.columns}
    for name, sql_type in expected_columns(resource).items():
        text = words.get(name) or describe_system(name)
        extras = ", quote: true" if name in _RESERVED_WORDS else ""
        if sql_type == "timestamptz" and (resource.name, name) in calendar:
            extras += ", data_tests: [calendar_stamps_are_midnight]"
        yield f"          - {{name: {name}, data_type: {sql_type}, description: {_quoted(text)}{extras}}}"
    yield ""


def _period(limit: timedelta) -> str:
    """As dbt writes it, in minutes or whole hours."""
    minutes = int(limit.total_seconds() // 60)
    if minutes % 60 == 0:
        return f"{{count: {minutes // 60}, period: hour}}"
    return f"{{count: {minutes}, period: minute}}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
