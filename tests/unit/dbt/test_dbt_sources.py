"""What the dbt project says about the source tables is what the catalog, the loader and the seed say."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import write_dbt_sources
from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.tables import plan_table

PROJECT = Path(__file__).parents[3] / "dbt_project"
STAGING = PROJECT / "models/staging/servicetitan"
SYSTEM = {
    "_fetched_at": "timestamptz",
    "_fetch_seq": "bigint",
    "_changed_at": "timestamptz",
    "_deleted_at": "timestamptz",
    "_extra": "jsonb",
}
TABLES: dict[str, dict[str, Any]] = {
    table["name"]: table
    for source in yaml.safe_load((STAGING / "_servicetitan__sources.yml").read_text())["sources"]
    for table in source["tables"]
}


def date_semantics() -> Iterator[tuple[str, str, str]]:
    with (PROJECT / "seeds/date_semantics.csv").open(newline="") as seed:
        for row in csv.DictReader(seed):
            yield row["resource"], row["field"], row["semantics"]


def test_every_resource_of_the_catalog_is_a_source_with_its_owner() -> None:
    assert {name: table["config"]["meta"]["owner"] for name, table in TABLES.items()} == {
        name: resource.owner for name, resource in CATALOG.items()
    }


@pytest.mark.parametrize("name", CATALOG)
def test_a_source_has_the_columns_of_its_record(name: str) -> None:
    """In order and typed; `python scripts/write_dbt_sources.py` brings them in step."""
    expected = {column.name: column.sql_type for column in CATALOG[name].columns}
    declared = {column["name"]: column["data_type"] for column in TABLES[name]["columns"]}
    assert list(declared.items()) == [("tenant_id", "bigint"), *expected.items(), *SYSTEM.items()]


def test_the_system_columns_are_those_the_loader_makes() -> None:
    create = str(plan_table(CATALOG["campaign_costs"], None).statements[0])
    assert set(re.findall(r"Identifier\('(_\w+)'\)", create)) == set(SYSTEM)


@pytest.mark.parametrize("name", CATALOG)
def test_every_resource_has_a_staging_model(name: str) -> None:
    assert f"source('servicetitan', '{name}')" in (STAGING / f"stg_servicetitan__{name}.sql").read_text()


def test_every_time_that_is_staged_is_in_the_seed() -> None:
    """And read as the seed says: calendar dates unshifted, instants as they are."""
    known = {(resource, field): semantics for resource, field, semantics in date_semantics()}
    staged: dict[tuple[str, str], str] = {}
    for name, resource in CATALOG.items():
        code = (STAGING / f"stg_servicetitan__{name}.sql").read_text()
        for column in resource.columns:
            if column.sql_type not in {"timestamptz", "date"}:
                continue
            word = re.escape(column.name)
            if re.search(rf"""calendar_date\('"?{word}"?'\)|^\s+{word} as \w+_date,$""", code, flags=re.M):
                staged[(name, column.name)] = "calendar"
            elif re.search(rf"^\s+{word} as \w+_at,$", code, flags=re.M):
                staged[(name, column.name)] = "instant"
    assert {pair: kind for pair, kind in known.items() if "." not in pair[1]} == staged


@pytest.mark.parametrize(("resource", "field", "semantics"), [entry for entry in date_semantics() if "." in entry[1]])
def test_a_nested_date_of_the_seed_is_read_as_a_date(resource: str, field: str, semantics: str) -> None:
    key = field.partition(".")[2]
    exploded = STAGING / f"stg_servicetitan__{resource.removesuffix('s')}_applications.sql"
    assert semantics == "calendar"
    assert re.search(rf"json_date\('\w+', '{key}'\)", exploded.read_text())


def test_a_calendar_stamp_is_tested_for_midnight() -> None:
    tested = {
        (name, column["name"])
        for name, table in TABLES.items()
        for column in table["columns"]
        if "calendar_stamps_are_midnight" in column.get("data_tests", [])
    }
    stamps = {
        (resource, field)
        for resource, field, semantics in date_semantics()
        if semantics == "calendar" and "." not in field and TABLES[resource] and _type(resource, field) == "timestamptz"
    }
    assert tested == stamps


def _type(resource: str, field: str) -> str:
    return next(column.sql_type for column in CATALOG[resource].columns if column.name == field)


def test_the_file_is_as_the_script_writes_it_and_keeps_what_people_wrote() -> None:
    text = write_dbt_sources.SOURCES.read_text()
    assert write_dbt_sources.main(["--check"]) == 0
    known = write_dbt_sources.descriptions_in(text)
    known["customers", "name"] = "What people call them."
    assert '"What people call them."' in write_dbt_sources.render(CATALOG, known, write_dbt_sources.calendar_fields())


def test_a_new_field_makes_the_check_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = write_dbt_sources.SOURCES.read_text().splitlines(keepends=True)
    stale = tmp_path / "sources.yml"
    stale.write_text("".join(line for line in lines if "name: merged_to_id" not in line))
    monkeypatch.setattr(write_dbt_sources, "SOURCES", stale)
    assert write_dbt_sources.main(["--check"]) == 1
    assert write_dbt_sources.main([]) == 0
    assert "merged_to_id" in stale.read_text()
