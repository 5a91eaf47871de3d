"""The data dictionary, dbt's sources and the seed of times are what the catalog and the glossary say, and stay so."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import write_reference
from scripts.reference import pages, sources
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.glossary import describe, glossary
from st_platform.warehouse.tables import plan_table

PROJECT = Path(__file__).parents[3] / "dbt_project"
STAGING = PROJECT / "models/staging/servicetitan"
TABLES: dict[str, dict[str, Any]] = {
    table["name"]: table
    for source in yaml.safe_load((STAGING / "_servicetitan__sources.yml").read_text())["sources"]
    for table in source["tables"]
}
PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


def date_semantics() -> Iterator[tuple[str, str, str]]:
    with (PROJECT / "seeds/date_semantics.csv").open(newline="") as seed:
        for row in csv.DictReader(seed):
            yield row["resource"], row["field"], row["semantics"]


def test_every_resource_of_the_catalog_is_a_source_with_its_owner() -> None:
    assert {name: table["config"]["meta"]["owner"] for name, table in TABLES.items()} == {
        name: resource.owner for name, resource in CATALOG.items()
    }


@pytest.mark.parametrize("name", CATALOG)
def test_a_source_has_the_columns_of_its_record_in_order_typed_and_described(name: str) -> None:
    resource = CATALOG[name]
    expected = {column.name: (column.sql_type, describe(resource, column)) for column in resource.columns}
    declared = {column["name"]: (column["data_type"], column["description"]) for column in TABLES[name]["columns"]}
    words = glossary().system
    system = {column: (sql_type, words[column]) for column, sql_type in sources.SYSTEM_COLUMNS.items()}
    tenant = ("tenant_id", ("bigint", words["tenant_id"]))
    assert list(declared.items()) == [tenant, *expected.items(), *system.items()]


@pytest.mark.parametrize("name", CATALOG)
def test_a_source_is_late_when_its_cadence_says_so_and_asks_when_it_was_read(name: str) -> None:
    config = TABLES[name]["config"]
    limits = {key: each["count"] * PERIODS[each["period"]] for key, each in config["freshness"].items()}
    cadence = CATALOG[name].cadence
    assert limits == {"warn_after": cadence.warn_after, "error_after": cadence.fail_after}
    assert "platform.resource_state" in config["loaded_at_query"]
    assert f"resource = '{name}'" in config["loaded_at_query"]


def test_the_system_columns_are_those_the_loader_makes() -> None:
    create = str(plan_table(CATALOG["campaign_costs"], None).statements[0])
    assert set(re.findall(r"Identifier\('(_\w+)'\)", create)) == set(sources.SYSTEM_COLUMNS)


@pytest.mark.parametrize("name", CATALOG)
def test_every_resource_has_a_staging_model(name: str) -> None:
    assert f"source('servicetitan', '{name}')" in (STAGING / f"stg_servicetitan__{name}.sql").read_text()


def test_every_time_of_every_resource_is_in_the_seed() -> None:
    known = {(resource, field) for resource, field, _ in date_semantics() if "." not in field}
    assert known == {
        (name, column.name)
        for name, resource in CATALOG.items()
        for column in resource.columns
        if column.sql_type in {"timestamptz", "date"}
    }


def test_every_time_that_is_staged_is_read_as_the_seed_says() -> None:
    """Calendar dates unshifted, instants as they are."""
    known = {(resource, field): semantics for resource, field, semantics in date_semantics()}
    staged: dict[tuple[str, str], str] = {}
    for name, resource in CATALOG.items():
        code = (STAGING / f"stg_servicetitan__{name}.sql").read_text()
        for column in resource.columns:
            if column.sql_type not in {"timestamptz", "date"}:
                continue
            word = re.escape(column.name)
            if re.search(rf"""calendar_date\('"?{word}"?'\)|^\s+{word}( as \w+_date)?,$""", code, flags=re.M):
                staged[(name, column.name)] = "calendar"
            elif re.search(rf"""^\s+"?{word}"? as \w+_at,$""", code, flags=re.M):
                staged[(name, column.name)] = "instant"
    assert {pair: known[pair] for pair in staged} == staged
    assert len(staged) > 190


def test_the_glossary_calls_a_day_what_the_seed_calls_one() -> None:
    semantics = {(resource, field): meaning for resource, field, meaning in date_semantics()}
    for name, resource in CATALOG.items():
        for column in resource.columns:
            if column.sql_type == "timestamptz":
                is_day = "midnight stamp of a date" in describe(resource, column)
                assert semantics[(name, column.name)] == ("calendar" if is_day else "instant"), (name, column.name)


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
        if semantics == "calendar" and "." not in field and _type(resource, field) == "timestamptz"
    }
    assert tested == stamps


def _type(resource: str, field: str) -> str:
    return next(column.sql_type for column in CATALOG[resource].columns if column.name == field)


def test_a_page_tells_every_column_and_every_fact_of_its_resources() -> None:
    written = pages.render(CATALOG)
    for resource in CATALOG.values():
        page = written[f"{resource.module}.md"]
        section = page.partition(f"\n## {resource.name}\n")[2].partition("\n## ")[0]
        assert resource.description in section
        for column in resource.columns:
            assert f"| `{column.name}` | {column.sql_type} | {describe(resource, column)} |" in section
        for fact in (f"`servicetitan.{resource.name}`", resource.owner, resource.scope, resource.cadence):
            assert fact in section
        assert f"[{resource.name}]({resource.module}.md#{resource.name})" in written[pages.INDEX]


def test_a_page_says_how_a_deletion_shows() -> None:
    told = {name: pages.deletions(resource) for name, resource in CATALOG.items()}
    assert told["jobs"] == "`active` is `false`"
    assert told["memberships"] == "`status` is `Deleted`"
    assert (
        told["customers"]
        == "rows show nothing; a reconciliation of the keys finds them; `active` is a state, not a deletion"
    )
    assert "no longer shows" in told["campaign_costs"]
    assert "its day" in told["attributed_leads"]
    assert "reads the feed from its start" in told["job_history"]


def test_what_is_checked_in_is_what_is_written() -> None:
    assert write_reference.main(["--check"]) == 0


@pytest.mark.parametrize("part", ["REFERENCE", "SOURCES", "DATE_SEMANTICS"])
def test_a_file_that_is_not_in_step_fails_the_check_and_is_mended(
    part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original: Path = getattr(write_reference, part)
    stale = tmp_path / original.name
    if original.is_dir():
        stale.mkdir()
        for page in original.glob("*.md"):
            (stale / page.name).write_text(page.read_text().replace("merged_to_id", "merged_into_id"))
        (stale / "forms.md").write_text("A module that is gone.")
    else:
        stale.write_text("".join(line for line in original.open() if "invoice_date" not in line))
    monkeypatch.setattr(write_reference, part, stale)
    assert write_reference.main(["--check"]) == 1
    assert "make reference" in capsys.readouterr().err
    assert write_reference.main([]) == 0
    assert write_reference.main(["--check"]) == 0
    assert not (stale / "forms.md").exists()
    if original.is_dir():
        assert (stale / "calls.md").exists()


def test_a_field_without_words_stops_the_writing() -> None:
    jobs = dataclasses.replace(CATALOG["jobs"], record=CATALOG["appointments"].record, created=None)
    catalog = {**CATALOG, "jobs": dataclasses.replace(jobs, deleted_when=("active", False))}
    with pytest.raises(LookupError, match=r"jobs\.\w+ has no description"):
        write_reference.render(catalog)


def test_what_a_person_decided_about_a_time_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seed = tmp_path / "date_semantics.csv"
    seed.write_text("resource,field,semantics\njobs,completed_on,calendar\njobs,notes.madeOn,calendar\n")
    monkeypatch.setattr(write_reference, "DATE_SEMANTICS", seed)
    semantics = write_reference.date_semantics({"jobs": CATALOG["jobs"]})
    assert list(semantics.items()) == [
        (("jobs", "completed_on"), "calendar"),
        (("jobs", "created_on"), "instant"),
        (("jobs", "modified_on"), "instant"),
        (("jobs", "notes.madeOn"), "calendar"),
    ]
