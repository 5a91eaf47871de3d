"""Every column has words of its own, and no word is about a column that is not there."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping

import pytest

from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.glossary import NoDescription, describe, describe_system, glossary
from st_platform.servicetitan.records import Column
from st_platform.warehouse.tables import plan_table
from tests.unit.servicetitan.official_documents import Operation, folder, operations

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


def test_the_words_are_our_own() -> None:
    """No description is that of an official document, whole or with words around it."""
    documents = folder()
    if documents is None:
        pytest.skip("ServiceTitan's OpenAPI documents are not here; ST_OPENAPI_DIR names their folder")
    known = operations(documents)
    borrowed = [
        f"{entry.name}.{column.name}: {text}"
        for entry in CATALOG.values()
        for official in (_described(entry, known),)
        for column in entry.columns
        for text in (describe(entry, column),)
        if copied(text, official.get(column.api_name, ""))
    ]
    assert borrowed == []


def copied(text: str, official: str) -> bool:
    """Whether `text` repeats `official`; a handful of words, such as `Name of the technician`, is nobody's own."""
    ours, theirs = (" ".join(re.findall(r"\w+", each.lower())) for each in (text, official))
    return len(theirs.split()) > 5 and theirs in ours


def test_a_copied_description_is_told_from_one_of_our_own() -> None:
    official = "The time the call was created (i.e. when it was received)"
    assert copied("The time the call was created, i.e. when it was received; UTC.", official)
    assert not copied("When the phone rang or was dialled, UTC.", official)
    assert not copied("Name of the technician.", "Name of the technician")


def _described(entry: Resource, known: Mapping[str, Operation]) -> dict[str, str]:
    endpoint = entry.feed or entry.list or entry.window
    assert endpoint
    row = known[endpoint.path].row
    return {name: str(schema.get("description", "")) for name, schema in row.items()}
