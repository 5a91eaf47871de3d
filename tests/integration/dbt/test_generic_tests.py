"""The project's own generic tests, each on data that keeps the promise and on data that breaks it."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import yaml

from tests.integration.dbt.conftest import PROJECT, Dbt

# name: (model, generic test, arguments, rows that hold, rows that do not)
CASES: dict[str, tuple[dict[str, object], list[str], list[str]]] = {
    "unique_key": (
        {"columns": ["tenant_id", "id"]},
        ["1 as tenant_id, 1 as id", "2, 1", "1, 2"],
        ["1 as tenant_id, 1 as id", "1, 1"],
    ),
    "unique_key__null": (
        {"columns": ["tenant_id", "id"]},
        ["1 as tenant_id, 1 as id"],
        ["1 as tenant_id, cast(null as integer) as id"],
    ),
    "expression_true": ({"expression": "low <= high"}, ["1 as low, 1 as high"], ["2 as low, 1 as high"]),
    "expression_true__null": (
        {"expression": "low <= high"},
        ["1 as low, 2 as high"],
        ["1 as low, cast(null as integer) as high"],
    ),
    "foreign_key": (
        {"columns": ["tenant_id", "parent_id"], "to": "ref('parents')", "to_columns": ["tenant_id", "id"]},
        ["1 as tenant_id, 10 as parent_id", "2, 20", "2, null"],
        ["1 as tenant_id, 20 as parent_id"],  # another tenant's parent
    ),
    "sums_match": (
        {"column": "amount", "to": "ref('parents')", "to_column": "amount", "by": ["tenant_id"], "tolerance": 0.01},
        ["1 as tenant_id, 10.01 as amount", "2, 15.00", "2, 5.00"],
        ["1 as tenant_id, 10.02 as amount", "2, 20.00"],
    ),
    "sums_match__missing": (
        {"column": "amount", "to": "ref('parents')", "to_column": "amount", "by": ["tenant_id"]},
        ["1 as tenant_id, 10.00 as amount", "2, 20.00", "3, 0.00"],
        ["1 as tenant_id, 10.00 as amount"],
    ),
    "sums_match__condition": (
        {"column": "amount", "to": "ref('parents')", "to_column": "amount", "by": ["tenant_id"], "condition": "counts"},
        ["1 as tenant_id, 10.00 as amount, true as counts", "2, 20.00, true", "2, 9.00, false"],
        ["1 as tenant_id, 10.00 as amount, true as counts", "2, 20.00, false"],
    ),
    "no_gaps_or_overlaps": (
        {"partition": ["id"], "from": "since", "to": "until"},
        ["1 as id, 1 as since, 3 as until", "1, 3, 4", "1, 4, null", "2, 7, 9"],
        ["1 as id, 1 as since, 3 as until", "1, 4, null"],
    ),
    "no_gaps_or_overlaps__overlap": (
        {"partition": ["id"], "from": "since", "to": "until"},
        ["1 as id, 1 as since, 3 as until", "2, 2, 4"],
        ["1 as id, 1 as since, 3 as until", "1, 2, 4"],
    ),
    "no_gaps_or_overlaps__open_middle": (
        {"partition": ["id"], "from": "since", "to": "until"},
        ["1 as id, 1 as since, cast(null as integer) as until"],
        ["1 as id, 1 as since, cast(null as integer) as until", "1, 2, null"],
    ),
    "no_gaps_or_overlaps__empty": (
        {"partition": ["id"], "from": "since", "to": "until"},
        ["1 as id, 1 as since, 2 as until"],
        ["1 as id, 1 as since, 1 as until"],
    ),
    "monotone_nonincreasing": (
        {"value": "rate", "order": "k", "partition": ["cohort"]},
        ["1 as cohort, 0 as k, 1.0 as rate", "1, 1, 0.5", "1, 2, 0.5", "2, 0, 0.9"],
        ["1 as cohort, 0 as k, 0.5 as rate", "1, 1, 0.6"],
    ),
}
CALENDAR = "timestamptz '2026-01-01 00:00:00+00' as stamp"
HOUR = "timestamptz '2026-01-01 05:00:00+00'"
PARENTS = ["1 as tenant_id, 10 as id, 10.00 as amount", "2, 20, 20.00"]


def test_every_generic_test_passes_what_holds_and_catches_what_does_not(dbt: Dbt, tmp_path: Path) -> None:
    outcome = Dbt(dbt.url, dbt.folder, _project(tmp_path))("build")
    names = {*CASES, "calendar_stamps_are_midnight"}
    verdicts = {name: status for name, status in outcome.statuses.items() if name.startswith(("good_", "bad_"))}
    tested = {name: status for name, status in verdicts.items() if name.endswith("__check")}
    caught = {f"bad_{name}__check": "fail" for name in CASES} | {"bad_calendar_stamps_are_midnight__check": "warn"}
    assert verdicts, outcome.output
    assert tested == {f"good_{name}__check": "pass" for name in names} | caught


def test_every_generic_test_of_the_project_is_tried_here() -> None:
    generic = {path.stem for path in (PROJECT / "tests/generic").glob("*.sql")}
    assert generic == {name.partition("__")[0] for name in CASES} | {"calendar_stamps_are_midnight"}


def _project(folder: Path) -> Path:
    """A dbt project of good and bad tables that borrows the macros and generic tests of the real one."""
    (folder / "models").mkdir()
    copytree(PROJECT / "tests/generic", folder / "tests/generic")
    models: list[dict[str, object]] = []
    for name, (arguments, good, bad) in CASES.items():
        for kind, rows in (("good", good), ("bad", bad)):
            _write_model(folder, f"{kind}_{name}", rows)
            test = {name.partition("__")[0]: {"name": f"{kind}_{name}__check", "arguments": arguments}}
            models.append({"name": f"{kind}_{name}", "data_tests": [test]})
    for kind, rows in (("good", [CALENDAR] * 99 + [HOUR]), ("bad", [CALENDAR] * 98 + [HOUR] * 2)):
        name = f"{kind}_calendar_stamps_are_midnight"
        _write_model(folder, name, rows)
        test = {"calendar_stamps_are_midnight": {"name": f"{name}__check"}}
        models.append({"name": name, "columns": [{"name": "stamp", "data_tests": [test]}]})
    _write_model(folder, "parents", PARENTS)
    (folder / "models/properties.yml").write_text(yaml.safe_dump({"version": 2, "models": models}))
    settings = {
        "name": "generic_tests",
        "profile": "st_platform",
        "macro-paths": [str(PROJECT / "macros")],
        "models": {"generic_tests": {"+schema": "generic_tests"}},
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    return folder


def _write_model(folder: Path, name: str, rows: list[str]) -> None:
    (folder / f"models/{name}.sql").write_text("\nunion all\n".join(f"select {row}" for row in rows))
