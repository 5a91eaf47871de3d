"""Every answer of the simulator is valid against ServiceTitan's own OpenAPI documents, and leaves no field out.

The documents are not part of this project; `official_documents.folder` says where they are looked for. Without them
these tests are skipped; with them, or with `ST_OPENAPI_DIR` set, a missing document is a failure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from st_platform.simulator.endpoints import ENDPOINTS, Endpoint
from tests.integration.simulator.conftest import Caller, both, required
from tests.simulated import Simulator
from tests.unit.servicetitan.official_documents import ROOT, Operation, folder, operations

FOLDER = folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="ServiceTitan's OpenAPI documents are not here")

ANSWERS = [(e, path) for e in ENDPOINTS for path in (e.feed, e.list) if path]
FORMATS = FormatChecker(formats=())
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z")


@FORMATS.checks("date-time")
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or _INSTANT.fullmatch(value) is not None


@FORMATS.checks("date")
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None


@FORMATS.checks("int64")
def _is_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


@cache
def known() -> Mapping[str, Operation]:
    assert FOLDER is not None
    return operations(FOLDER)


def operation(module: str, path: str) -> Operation:
    """What a document says about a path; it is an error that there is none."""
    full = f"/{module}/v2/tenant/{{tenant}}/{path}"
    assert full in known(), f"no document in {FOLDER} describes {full}"
    return known()[full]


def validator(module: str, path: str, status: str) -> Draft202012Validator:
    """A validator of the answers of one endpoint. OpenAPI 3.1 schemas are JSON Schema 2020-12."""
    said = operation(module, path)
    registry = Registry().with_resource("api", Resource(said.document, DRAFT202012))
    schema = _absolute(said.content["responses"][status]["content"]["application/json"]["schema"])
    return Draft202012Validator(schema, registry=registry, format_checker=FORMATS)


def as_documented(body: dict[str, Any]) -> dict[str, Any]:
    """The answer without the one deliberate difference: the ads module sends some statuses as numbers."""
    rows = [
        {name: _named(part) if name in ("campaign", "adGroup", "keyword") else part for name, part in row.items()}
        for row in body["data"]
    ]
    return body | {"data": rows}


def _named(part: Any) -> Any:
    if not isinstance(part, dict) or not isinstance(part.get("status"), int):
        return part
    return part | {"status": {1: "Live", 2: "Stopped"}[part["status"]]}


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {k: "api" + v if k == "$ref" else _absolute(v) for k, v in schema.items()}
    return [_absolute(part) for part in schema] if isinstance(schema, list) else schema


def problems(module: str, path: str, body: dict[str, Any], status: str = "200") -> list[str]:
    found = validator(module, path, status).iter_errors(body)
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300]
        for error, _ in zip(found, range(5), strict=False)
    ]


@pytest.mark.parametrize(("endpoint", "path"), ANSWERS, ids=[f"{e.resource}-{p}" for e, p in ANSWERS])
def test_an_answer_is_valid_and_complete(simulator: Simulator, endpoint: Endpoint, path: str) -> None:
    official = set(operation(endpoint.module, path).row)
    for name, tenant_id in (("northwind", 1001), ("sunbelt", 2002)):
        caller = Caller(simulator.url, name, tenant_id)
        truth = simulator.truth(endpoint.resource, tenant_id=tenant_id) if endpoint.ids_required else {}
        seen = 0
        for needed in required(endpoint, truth) if path == endpoint.list else [{}]:
            everything = {"pageSize": "5000", "includeTotal": "true", **both(endpoint), **needed}
            body = caller.page(f"{endpoint.module}/{path}", **everything)
            assert problems(endpoint.module, path, as_documented(body)) == []
            assert {frozenset(row) ^ official for row in body["data"]} <= {frozenset()}
            seen += len(body["data"])
        caller.http.close()
        assert seen


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.list], ids=lambda e: e.resource)
def test_a_list_has_the_parameters_that_the_document_names(endpoint: Endpoint) -> None:
    said = operation(endpoint.module, endpoint.list or "")
    parameters = set(said.parameters)
    assert set(endpoint.filters) <= parameters
    assert endpoint.modified_filter == ({"modifiedOnOrAfter", "modifiedBefore"} <= parameters)
    assert endpoint.created_filter == ({"createdOnOrAfter", "createdBefore"} <= parameters)
    assert endpoint.ids_filter == ("ids" in parameters)
    assert endpoint.ids_required == bool(said.parameters.get("ids", {}).get("required"))
    assert ({endpoint.activity} - {None}) == {"active", "activeState", "activeOnly"} & parameters
    assert set(endpoint.sort) == said.sort_fields
    assert endpoint.window == ({"fromUtc", "toUtc"} <= parameters)
    if endpoint.feed is not None:
        fed, listed = set(operation(endpoint.module, endpoint.feed).row), set(said.row)
        assert fed - listed == ({"active"} if endpoint.list_omits_active else set())
        assert listed - fed == set(endpoint.list_adds)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.resource)
def test_a_filter_compares_a_field_that_rows_have(endpoint: Endpoint) -> None:
    official = set(operation(endpoint.module, endpoint.feed or endpoint.list or "").row)
    assert {filter_.field.partition(".")[0] for filter_ in endpoint.filters.values()} <= official
    assert set(endpoint.key) <= official


@pytest.mark.parametrize(
    ("params", "headers"), [({"pageSize": "9999"}, {}), ({"ids": "x"}, {}), ({"modifiedOnOrAfter": "never"}, {})]
)
def test_a_refusal_has_the_official_form(caller: Caller, params: dict[str, str], headers: dict[str, str]) -> None:
    answer = caller.call("crm/customers", headers=headers, **params)
    assert answer.status_code == 400
    assert problems("crm", "customers", answer.json(), "400") == []


def test_an_answer_with_a_wrong_type_or_an_unknown_field_is_noticed(caller: Caller) -> None:
    body = caller.page("crm/export/customers")
    body["data"][0]["balance"] = "12.00"
    body["data"][1]["favouriteColour"] = "blue"
    body["data"][2]["createdOn"] = "yesterday"
    assert len(problems("crm", "export/customers", body)) == 3


def test_a_folder_without_the_documents_is_a_failure_and_no_reason_to_skip(tmp_path: Path) -> None:
    """Where the variable is set, as on CI, documents that are missing must not go unnoticed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "parameters and customers",
    ]
    environment = {**os.environ, "ST_OPENAPI_DIR": str(tmp_path)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 1, run.stdout
    assert "no document in" in run.stdout
    assert "skipped" not in run.stdout


@pytest.mark.parametrize(
    ("path", "params", "missing"),
    [
        ("marketingads/attributed-leads", {}, {"fromUtc", "toUtc"}),
        ("marketingads/attributed-leads", {"fromUtc": "2026-06-01"}, {"toUtc"}),
        (
            "marketingads/performance",
            {"fromUtc": "2026-06-01", "toUtc": "never"},
            {"toUtc", "performanceSegmentationType"},
        ),
        (
            "marketingads/performance",
            {"performanceSegmentationType": "Planet"},
            {"fromUtc", "toUtc", "performanceSegmentationType"},
        ),
        ("memberships/invoice-templates", {}, {"ids"}),
    ],
)
def test_a_list_refuses_to_answer_without_what_the_document_requires(
    caller: Caller, path: str, params: dict[str, str], missing: set[str]
) -> None:
    module, rest = path.split("/")
    assert missing & operation(module, rest).required
    answer = caller.call(path, **params)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == missing
    assert problems(module, rest, answer.json(), "400") == []
