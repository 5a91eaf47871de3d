"""Every answer of the simulator is valid against ServiceTitan's own OpenAPI documents, and leaves no field out.

The documents are not part of this project; `official_documents.folder` says where they are looked for. Without them
these tests are skipped, with them a missing document is a failure.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from st_platform.simulator.endpoints import ENDPOINTS, Endpoint
from tests.integration.simulator.conftest import Caller
from tests.simulated import Simulator
from tests.unit.servicetitan.official_documents import folder

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
def document(module: str) -> dict[str, Any]:
    assert FOLDER is not None
    file = FOLDER / f"{module}-v2.json"
    assert file.exists(), f"{file} is missing"
    return json.loads(file.read_text())


def validator(module: str, path: str, status: str) -> Draft202012Validator:
    """A validator of the answers of one endpoint. OpenAPI 3.1 schemas are JSON Schema 2020-12."""
    content = document(module)["paths"][f"/tenant/{{tenant}}/{path}"]["get"]["responses"][status]["content"]
    registry = Registry().with_resource("api", Resource(document(module), DRAFT202012))
    schema = _absolute(content["application/json"]["schema"])
    return Draft202012Validator(schema, registry=registry, format_checker=FORMATS)


def row_fields(module: str, path: str) -> set[str]:
    """The fields that the document gives a row of this endpoint."""
    components = document(module)["components"]["schemas"]
    content = document(module)["paths"][f"/tenant/{{tenant}}/{path}"]["get"]["responses"]["200"]["content"]
    envelope = components[content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]]
    return set(components[envelope["properties"]["data"]["items"]["$ref"].rsplit("/", 1)[1]]["properties"])


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
    for name, tenant_id in (("northwind", 1001), ("sunbelt", 2002)):
        caller = Caller(simulator.url, name, tenant_id)
        everything = {"active": "Any", "activeState": "All", "pageSize": 5000, "includeTotal": "true"}
        body = caller.page(f"{endpoint.module}/{path}", **everything)
        caller.http.close()
        assert body["data"]
        assert problems(endpoint.module, path, body) == []
        official = row_fields(endpoint.module, path)
        assert {frozenset(row) ^ official for row in body["data"]} == {frozenset()}


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


@pytest.mark.parametrize("module", sorted({endpoint.module for endpoint in ENDPOINTS}))
def test_every_document_is_there(module: str) -> None:
    assert document(module)["openapi"].startswith("3.1")
