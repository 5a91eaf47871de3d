"""Every column has words of its own, and no word is about a column that is not there."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest

from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.glossary import NoDescription, describe, describe_system, glossary
from st_platform.servicetitan.records import Column
from st_platform.warehouse.tables import plan_table

every_resource = pytest.mark.parametrize("entry", CATALOG.values(), ids=CATALOG)


@every_resource
def test_every_column_is_described_in_a_sentence(entry: Resource) -> None:
    for column in entry.columns:
        text = describe(entry, column)
        assert re.fullmatch(r"[^a-z{].{8,}\.", text), (column.name, text)
        assert "{one}" not in text
        assert len(text) <= 200, (column.name, len(text))


@every_resource
def test_a_description_says_more_than_the_name(entry: Resource) -> None:
    for column in entry.columns:
        words = set(re.findall(r"[a-z]+", describe(entry, column).lower()))
        said = words - {"the", "a", "an", "of", "its", "s", *column.name.split("_")}
        assert said, (column.name, describe(entry, column))


@every_resource
def test_an_id_says_what_it_leads_to(entry: Resource) -> None:
    """A table that is extracted is named as `table.id`; one that is not is not."""
    for column in entry.columns:
        for table, field in re.findall(r"`([a-z_]+)\.([a-z_]+)`", describe(entry, column)):
            assert table in CATALOG, (column.name, table)
            assert field in {each.name for each in CATALOG[table].columns}, (column.name, table, field)


def test_a_quoted_column_of_the_same_table_exists() -> None:
    for entry in CATALOG.values():
        columns = {column.name for column in entry.columns} | {"_deleted_at"}
        for column in entry.columns:
            for name in re.findall(r"`([a-z]+_[a-z_]+)`", describe(entry, column)):
                assert name in columns or name in CATALOG, (entry.name, column.name, name)


def test_no_word_is_left_over() -> None:
    words = glossary()
    used = Counter[str]()
    for name, texts in words.by_resource.items():
        assert set(texts) <= {column.name for column in CATALOG[name].columns}, name
    for entry in CATALOG.values():
        own = words.by_resource.get(entry.name, {})
        used.update(column.name for column in entry.columns if column.name not in own)
    assert set(words.by_name) == set(used)
    assert set(words.one) == set(CATALOG)


def test_a_word_for_one_resource_stands_in_the_file_of_its_module() -> None:
    with pytest.raises(NoDescription, match=r"\[jobs\] in glossary/jpm\.toml"):
        describe(CATALOG["jobs"], Column("colour", "colour", "colour", "text"))


def test_the_sign_of_a_deletion_is_told_from_a_state() -> None:
    contacts, customers = CATALOG["customer_contacts"], CATALOG["job_types"]
    flags = {entry.name: next(c for c in entry.columns if c.name == "active") for entry in (contacts, customers)}
    assert "deleted" in describe(contacts, flags["customer_contacts"])
    assert "not a deletion" in describe(customers, flags["job_types"])
    undone = dataclasses.replace(contacts, deleted_when=None)
    assert "not a deletion" in describe(undone, flags["customer_contacts"])


def test_the_loaders_own_columns_are_described() -> None:
    create = str(plan_table(CATALOG["campaign_costs"], None).statements[0])
    own = {"tenant_id", *re.findall(r"Identifier\('(_\w+)'\)", create)}
    assert own == set(glossary().system)
    assert all(describe_system(column).endswith(".") for column in own)
    with pytest.raises(NoDescription, match="_guessed"):
        describe_system("_guessed")
