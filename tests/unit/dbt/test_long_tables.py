"""Custom fields and external data reach their long tables from every resource that has them; none can be forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from st_platform.servicetitan.catalog import CATALOG

PROJECT = Path(__file__).parents[3] / "dbt_project"
STAGING = PROJECT / "models/staging/servicetitan"


def listed(field: str) -> dict[str, str]:
    """Resource and id column, from the macro that lists who has `field`."""
    macros = (PROJECT / "macros/records.sql").read_text()
    body = macros.partition(f"macro records_with_{field}()")[2].partition("endmacro")[0]
    return dict(re.findall(r"'(\w+)': '(\w+)'", body))


def having(field: str) -> set[str]:
    return {name for name, entry in CATALOG.items() if any(column.name == field for column in entry.columns)}


@pytest.mark.parametrize("field", ["custom_fields", "external_data"])
def test_every_resource_that_has_the_field_is_listed(field: str) -> None:
    assert having(field)
    assert set(listed(field)) == having(field)


@pytest.mark.parametrize("field", ["custom_fields", "external_data"])
def test_a_listed_resource_stages_the_field_under_the_id_of_its_record(field: str) -> None:
    for name, record_id in listed(field).items():
        code = (STAGING / f"stg_servicetitan__{name}.sql").read_text()
        key = CATALOG[name].key
        assert re.search(rf"^\s+{field},$", code, flags=re.M), name
        assert len(key) == 1, "a record of two ids needs a record_key of its own"
        assert re.search(rf"^\s+({key[0]} as )?{record_id},$", code, flags=re.M), name
