"""Bring the dbt sources file in step with the catalog.

Run it after adding a resource or a field: tables and columns are written in catalog order with their types, what a
person has written as a description stays, and what is new gets a first description to improve. Descriptions of
resources and owners come from the catalog. It reads no database and no network.

    python scripts/write_dbt_sources.py [--check]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from st_platform.servicetitan.catalog import CATALOG, Resource

_PROJECT = Path(__file__).parents[1] / "dbt_project"
SOURCES = _PROJECT / "models/staging/servicetitan/_servicetitan__sources.yml"
DATE_SEMANTICS = _PROJECT / "seeds/date_semantics.csv"

_HEADER = """\
# Written by scripts/write_dbt_sources.py from the catalog; improve the descriptions here, they are kept.
version: 2

sources:
  - name: servicetitan
    description: >
      ServiceTitan as the loader keeps it: one table per resource, one current row per (tenant_id, key), columns
      named and typed as the API does, in snake_case. Nested objects and arrays are jsonb, as they came.
    schema: servicetitan
    tables:
"""


@dataclass(frozen=True)
class SystemColumn:
    """A column that the loader adds to every resource's table."""

    name: str
    sql_type: str
    description: str


SYSTEM_COLUMNS = (
    SystemColumn("_fetched_at", "timestamptz", "When this version of the row was read from the API, UTC."),
    SystemColumn("_fetch_seq", "bigint", "Number of the request that read it; breaks ties between equal versions."),
    SystemColumn("_changed_at", "timestamptz", "When the contents of the row last changed here, UTC."),
    SystemColumn(
        "_deleted_at", "timestamptz", "When the row was found to be gone from the source, UTC; null while present."
    ),
    SystemColumn("_extra", "jsonb", "Fields that the API sends and the record does not know yet."),
)
_RESERVED_WORDS = frozenset({"from", "to", "order"})
TENANT_COLUMN = SystemColumn("tenant_id", "bigint", "The ServiceTitan tenant that the row belongs to; leads every key.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or with `--check` only say whether it is in step (exit 1 when it is not)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file would change")
    options = parser.parse_args(arguments)
    current = SOURCES.read_text() if SOURCES.exists() else ""
    wanted = render(CATALOG, descriptions_in(current), calendar_fields())
    if wanted == current:
        return 0
    if options.check:
        sys.stderr.write(f"{SOURCES} is not in step with the catalog. Run scripts/write_dbt_sources.py\n")
        return 1
    SOURCES.write_text(wanted)
    return 0


def descriptions_in(text: str) -> dict[tuple[str, str], str]:
    """What the file says about each (table, column) so far."""
    document: dict[str, Any] = yaml.safe_load(text) or {}
    return {
        (table["name"], column["name"]): column["description"]
        for source in document.get("sources", ())
        for table in source.get("tables", ())
        for column in table.get("columns", ())
        if column.get("description")
    }


def calendar_fields() -> frozenset[tuple[str, str]]:
    """(resource, field) of what the seed calls a calendar date: the field is tested to hold midnights."""
    with DATE_SEMANTICS.open(newline="") as seed:
        return frozenset(
            (row["resource"], row["field"]) for row in csv.DictReader(seed) if row["semantics"] == "calendar"
        )


def render(
    catalog: Mapping[str, Resource], known: Mapping[tuple[str, str], str], calendar: frozenset[tuple[str, str]]
) -> str:
    """The whole file: every resource of the catalog, descriptions taken from `known` where it has one."""
    return _HEADER + "\n".join(line for resource in catalog.values() for line in _table(resource, known, calendar))


def expected_columns(resource: Resource) -> dict[str, str]:
    """Name and SQL type of every column of the resource's table, in order."""
    system = {column.name: column.sql_type for column in SYSTEM_COLUMNS}
    return {
        TENANT_COLUMN.name: TENANT_COLUMN.sql_type,
        **{column.name: column.sql_type for column in resource.columns},
        **system,
    }


def _table(
    resource: Resource, known: Mapping[tuple[str, str], str], calendar: frozenset[tuple[str, str]]
) -> Iterator[str]:
    yield f"      - name: {resource.name}"
    yield f"        description: {_quoted(resource.description)}"
    yield "        loaded_at_field: _fetched_at"
    yield "        config:"
    yield f"          meta: {{owner: {_quoted(resource.owner)}, grain: [tenant_id, {', '.join(resource.key)}]}}"
    yield "        columns:"
    first_words = {column.name: f"The API's `{column.api_name}`." for column in resource.columns}
    system = {column.name: column.description for column in (TENANT_COLUMN, *SYSTEM_COLUMNS)}
    for name, sql_type in expected_columns(resource).items():
        description = system.get(name) or known.get((resource.name, name)) or first_words[name]
        extras = ", quote: true" if name in _RESERVED_WORDS else ""
        if sql_type == "timestamptz" and (resource.name, name) in calendar:
            extras += ", data_tests: [calendar_stamps_are_midnight]"
        yield f"          - {{name: {name}, data_type: {sql_type}, description: {_quoted(description)}{extras}}}"
    yield ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.exit(main())
