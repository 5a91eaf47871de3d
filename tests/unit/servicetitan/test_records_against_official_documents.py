"""Every claim of the catalog that ServiceTitan's own documents can confirm or contradict."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from st_platform.servicetitan.catalog import CATALOG, Cadence, Feed, List, LoadMode, Resource
from st_platform.servicetitan.records.base import Instant, Int64, Json, Record
from tests.unit.servicetitan.official_documents import Operation, folder, operations, problems_with


@pytest.fixture(scope="module")
def official() -> Mapping[str, Operation]:
    documents = folder()
    if documents is None:
        pytest.skip("ServiceTitan's OpenAPI documents are not here; ST_OPENAPI_DIR names their folder")
    return operations(documents)


def test_a_named_folder_holds_documents(official: Mapping[str, Operation]) -> None:
    assert official, f"no OpenAPI document in {os.environ.get('ST_OPENAPI_DIR') or folder()}"


@pytest.mark.parametrize("name", CATALOG)
def test_the_official_documents_agree(official: Mapping[str, Operation], name: str) -> None:
    assert problems_with(CATALOG[name], official) == []


class Gadget(Record):
    """A record of the small document below."""

    id: Int64
    name: str | None = None
    parts: Json = Json()
    status: str | None = None
    active: bool | None = None
    modified_on: Instant | None = None


ROW = {
    "id": {"type": "integer", "format": "int64"},
    "name": {"type": ["string", "null"]},
    "parts": {"type": "array", "items": {"type": "string"}},
    "status": {"oneOf": [{"$ref": "#/components/schemas/Status"}]},
    "active": {"type": "boolean"},
    "modifiedOn": {"type": "string", "format": "date-time"},
}
FEED = Feed(path="/things/v2/tenant/{tenant}/export/gadgets")
LIST = List(
    path="/things/v2/tenant/{tenant}/gadgets",
    modified_filter=True,
    all_rows=("active", "Any"),
    sort={"sort": "+ModifiedOn"},
    id_sort={"sort": "+Id"},
)
GADGETS = Resource(
    name="gadgets",
    module="things",
    record=Gadget,
    load_mode=LoadMode.DATED,
    cadence=Cadence.HOT,
    owner="team:none",
    scope="tn.thi.gadgets:r",
    description="Gadgets.",
    feed=FEED,
    list=LIST,
    created=None,
    deleted_when=("status", "Deleted"),
)


def _operation(parameters: dict[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": {"properties": row}}}}
    return {
        "parameters": [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in parameters.items()
        ],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
        "security": [{"apiKeyHeader": [], "oauth": ["tn.thi.gadgets:r"]}],
    }


@pytest.fixture
def known(tmp_path: Path) -> Mapping[str, Operation]:
    """A document in the manner of the official ones."""
    parameters = {
        "page": "",
        "pageSize": "",
        "includeTotal": "",
        "modifiedOnOrAfter": "",
        "modifiedBefore": "",
        "active": "Only active ones by default.\\\nValues: [True, Any, False]",
        "sort": "Applies sorting.\\\n\\\nAvailable fields are: Id, ModifiedOn, CreatedOn.",
    }
    listed = {name: schema for name, schema in ROW.items() if name != "active"}
    document = {
        "servers": [{"url": "https://api.servicetitan.io/things/v2"}],
        "paths": {
            "/tenant/{tenant}/export/gadgets": {"get": _operation({"from": "", "includeRecentChanges": ""}, ROW)},
            "/tenant/{tenant}/gadgets": {"get": _operation(parameters, listed), "post": {}},
        },
        "components": {"schemas": {"Status": {"type": "string", "enum": ["Active", "Deleted"]}}},
    }
    (tmp_path / "things-v2.json").write_text(json.dumps(document))
    return operations(tmp_path)


def test_an_entry_that_says_what_its_document_says_has_no_problems(known: Mapping[str, Operation]) -> None:
    assert problems_with(GADGETS, known) == []


class Lacking(Record):
    id: Int64
    parts: Json = Json()
    status: str | None = None
    active: bool | None = None
    modified_on: Instant | None = None


class Mistyped(Gadget):
    name: Int64 | None = None  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleUnannotatedOverride]


class Inventive(Gadget):
    colour: str | None = None


def _list(**changes: Any) -> Resource:
    return dataclasses.replace(GADGETS, list=dataclasses.replace(LIST, **changes))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (dataclasses.replace(GADGETS, record=Lacking), "lacks name"),
        (dataclasses.replace(GADGETS, record=Mistyped), "name is bigint"),
        (dataclasses.replace(GADGETS, record=Inventive), "knows the field colour"),
        (dataclasses.replace(GADGETS, scope="tn.thi.others:r"), "not tn.thi.others:r"),
        (dataclasses.replace(GADGETS, feed=Feed(path="/things/v2/tenant/{tenant}/export/gizmos")), "no document knows"),
        (dataclasses.replace(GADGETS, feed=Feed(path=LIST.path)), "has no from"),
        (dataclasses.replace(GADGETS, deleted_when=("status", "Gone")), "never Gone"),
        (_list(path=FEED.path), "has no pageSize"),
        (_list(modified_filter=False), "can filter by modification"),
        (_list(all_rows=None), "hides inactive rows"),
        (_list(all_rows=("activeState", "All")), "has no activeState"),
        (_list(all_rows=("active", "All")), "is none of"),
        (_list(sort=None), "can be sorted by ModifiedOn"),
        (_list(id_sort=None), "can be sorted by Id"),
        (_list(id_sort={"sort": "+Name"}), "cannot be sorted"),
        (_list(sort={"orderBy": "+ModifiedOn"}), "cannot be sorted"),
    ],
)
def test_an_entry_that_contradicts_its_document_is_caught(
    known: Mapping[str, Operation], broken: Resource, told: str
) -> None:
    assert any(told in problem for problem in problems_with(broken, known)), problems_with(broken, known)


def test_a_missing_document_is_a_problem_and_not_a_silence(tmp_path: Path) -> None:
    assert problems_with(GADGETS, operations(tmp_path)) == [
        f"gadgets: no document knows {FEED.path}",
        f"gadgets: no document knows {LIST.path}",
    ]


def test_the_named_folder_wins_even_when_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ST_OPENAPI_DIR", str(tmp_path / "nowhere"))
    assert folder() == tmp_path / "nowhere"
    assert operations(tmp_path / "nowhere") == {}
