"""Every claim of the catalog that ServiceTitan's own documents can confirm or contradict."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from st_platform.servicetitan.catalog import (
    CATALOG,
    Cadence,
    DateWindow,
    Feed,
    IdsFilter,
    List,
    LoadMode,
    Resource,
    Unnest,
)
from st_platform.servicetitan.records.base import Instant, Int64, Json, Record
from tests.unit.servicetitan.deliberate_differences import DELIBERATE, meant_for
from tests.unit.servicetitan.official_documents import ROOT, Operation, folder, operations, problems_with


@pytest.fixture(scope="module")
def official() -> Mapping[str, Operation]:
    documents = folder()
    if documents is None:
        pytest.skip("ServiceTitan's OpenAPI documents are not here; ST_OPENAPI_DIR names their folder")
    return operations(documents)


def test_a_named_folder_holds_documents(official: Mapping[str, Operation]) -> None:
    assert official, f"no OpenAPI document in {os.environ.get('ST_OPENAPI_DIR') or folder()}"


@pytest.mark.parametrize("name", CATALOG)
def test_the_official_documents_agree_but_for_what_is_meant(official: Mapping[str, Operation], name: str) -> None:
    """Field by field, both ways: a difference is in the table, and what the table names is still a difference."""
    assert set(problems_with(CATALOG[name], official)) == meant_for(name)


def test_every_deliberate_difference_has_its_reason_and_is_named_once() -> None:
    named = [difference for differences in DELIBERATE.values() for difference in differences]
    assert len(named) == len(set(named))
    assert {difference.partition(":")[0] for difference in named} <= set(CATALOG)
    assert all(len(reason) > 30 and reason.endswith(".") for reason in DELIBERATE)


def test_a_missing_document_fails_where_the_folder_was_named(tmp_path: Path) -> None:
    """The comparison itself, run as CI runs it, on a folder that lacks every document: nothing is skipped."""
    compared = f"{__file__}::test_the_official_documents_agree_but_for_what_is_meant"
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{compared}[jobs]", f"{compared}[customers]"],
        env={**os.environ, "ST_OPENAPI_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 failed" in finished.stdout
    assert "skipped" not in finished.stdout


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
BASE = "/things/v2/tenant/{tenant}"
FEED = Feed(path=f"{BASE}/export/gadgets")
LIST = List(
    path=f"{BASE}/gadgets",
    modified_filter=True,
    all_rows=("active", "Any"),
    sort={"sort": "+ModifiedOn"},
    id_sort={"sort": "+Id"},
    ids=IdsFilter.OPTIONAL,
    each=("kind", ("Small", "Large")),
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


class GadgetView(Record):
    """What a window of the small document answers."""

    kind: str = ""
    views: Int64 | None = None


class GadgetEvent(Record):
    """A record in a list that a row of the small document holds."""

    gadget_id: Int64
    id: Int64


def _like_gadgets(**changes: Any) -> Resource:
    nothing: dict[str, Any] = {"version": None, "deleted_when": None, "feed": None, "list": None}
    return dataclasses.replace(GADGETS, **(nothing | changes))


WINDOW = DateWindow(path=f"{BASE}/views", segments=("kind", ("Web", "Shop")))
GADGET_VIEWS = _like_gadgets(
    name="gadget_views", record=GadgetView, key=("kind",), load_mode=LoadMode.WINDOW, window=WINDOW
)
GADGET_EVENTS = _like_gadgets(
    name="gadget_events",
    record=GadgetEvent,
    key=("gadget_id", "id"),
    feed=Feed(path=f"{BASE}/export/gadget-events"),
    unnest=Unnest(field="events", carry=("gadgetId",)),
)
GADGET_PARTS = _like_gadgets(
    name="gadget_parts",
    feed=FEED,
    list=List(path=f"{BASE}/gadget-parts", ids=IdsFilter.REQUIRED),
    deleted_when=("active", False),
)


def _operation(parameters: dict[str, str], row: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": {"properties": row}}}}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "description": text,
                "schema": {"type": "string"},
                "required": name in required,
            }
            for name, text in parameters.items()
        ],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
        "security": [{"apiKeyHeader": [], "oauth": ["tn.thi.gadgets:r"]}],
    }


@pytest.fixture
def known(tmp_path: Path) -> Mapping[str, Operation]:
    """A document in the manner of the official ones."""
    paging = {"page": "", "pageSize": "", "includeTotal": ""}
    parameters = paging | {
        "ids": "",
        "modifiedOnOrAfter": "",
        "modifiedBefore": "",
        "active": "Only active ones by default.\\\nValues: [True, Any, False]",
        "kind": "Filter by kind (defaults to Small)\\\nValues: [Small, Large]",
        "sort": "Applies sorting.\\\n\\\nAvailable fields are: Id, ModifiedOn, CreatedOn.",
    }
    window = paging | {"fromUtc": "", "toUtc": "", "kind": "Values: [Web, Shop]"}
    feed = {"from": "", "includeRecentChanges": ""}
    number = {"type": "integer", "format": "int64"}
    events = {"gadgetId": number, "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}}
    views = {"kind": {"type": "string"}, "views": number}
    document = {
        "servers": [{"url": "https://api.servicetitan.io/things/v2"}],
        "paths": {
            "/tenant/{tenant}/export/gadgets": {"get": _operation(feed, ROW)},
            "/tenant/{tenant}/gadgets": {"get": _operation(parameters, ROW), "post": {}},
            "/tenant/{tenant}/views": {"get": _operation(window, views, ("fromUtc", "toUtc", "kind"))},
            "/tenant/{tenant}/export/gadget-events": {"get": _operation(feed, events)},
            "/tenant/{tenant}/gadget-parts": {"get": _operation({"ids": ""}, ROW, ("ids",))},
        },
        "components": {
            "schemas": {
                "Status": {"type": "string", "enum": ["Active", "Deleted"]},
                "Event": {"type": "object", "properties": {"id": number}},
            }
        },
    }
    (tmp_path / "things-v2.json").write_text(json.dumps(document))
    return operations(tmp_path)


def test_an_entry_that_says_what_its_document_says_has_no_problems(known: Mapping[str, Operation]) -> None:
    for entry in (GADGETS, GADGET_VIEWS, GADGET_EVENTS, GADGET_PARTS):
        assert problems_with(entry, known) == []


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


class Blurred(Record):
    kind: str = ""


class Eventful(GadgetEvent):
    note: str | None = None


def _list(**changes: Any) -> Resource:
    return dataclasses.replace(GADGETS, list=dataclasses.replace(LIST, **changes))


def _window(**changes: Any) -> Resource:
    return dataclasses.replace(GADGET_VIEWS, window=dataclasses.replace(WINDOW, **changes))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (dataclasses.replace(GADGETS, record=Lacking), "lacks name"),
        (dataclasses.replace(GADGETS, record=Mistyped), "name is bigint"),
        (dataclasses.replace(GADGETS, record=Inventive), "the feed does not send colour"),
        (dataclasses.replace(GADGETS, record=Inventive), "the list does not send colour"),
        (dataclasses.replace(GADGETS, scope="tn.thi.others:r"), "not tn.thi.others:r"),
        (dataclasses.replace(GADGETS, feed=Feed(path="/things/v2/tenant/{tenant}/export/gizmos")), "no document knows"),
        (dataclasses.replace(GADGETS, feed=Feed(path=LIST.path)), "has no from"),
        (dataclasses.replace(GADGETS, deleted_when=("status", "Gone")), "never Gone"),
        (dataclasses.replace(GADGETS, deleted_when=("name", False)), "never False"),
        (_list(path=FEED.path, each=None), "has no pageSize"),
        (_list(ids=None), "has an ids filter"),
        (_list(path=f"{BASE}/gadget-parts", each=None), "requires ['ids']"),
        (
            dataclasses.replace(GADGET_PARTS, list=List(path=f"{BASE}/gadget-parts", ids=IdsFilter.OPTIONAL)),
            "has no page",
        ),
        (_window(start="since"), "has no since"),
        (_window(segments=None), "requires ['fromUtc', 'kind', 'toUtc']"),
        (_window(segments=("kind", ("Web",))), "kind is ['Web']"),
        (_window(segments=("kind", ("Web", "Shop")), path=LIST.path), "has no fromUtc"),
        (dataclasses.replace(GADGET_VIEWS, record=Blurred), "the record lacks views, which the window sends"),
        (dataclasses.replace(GADGET_EVENTS, record=Eventful), "the feed does not send note"),
        (_list(modified_filter=False), "can filter by modification"),
        (_list(all_rows=None), "hides inactive rows"),
        (_list(each=None), "hides rows unless kind is sent"),
        (_list(each=("kind", ("Small", "Huge"))), "is not among"),
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
