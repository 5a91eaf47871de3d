"""ServiceTitan's OpenAPI documents, as far as the catalog's claims can be held against them.

The documents are not part of this project: `ST_OPENAPI_DIR` names their folder, else a folder `*/servicetitan/openapi`
beside the checkout is used if there is one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from st_platform.servicetitan.catalog import Feed, List, Resource

ROOT = Path(__file__).resolve().parents[3]
Schema = Mapping[str, Any]

_COLUMNS: dict[tuple[str, str], frozenset[str]] = {
    ("boolean", ""): frozenset({"boolean"}),
    ("integer", "int32"): frozenset({"integer", "bigint"}),
    ("integer", "int64"): frozenset({"bigint"}),
    ("integer", ""): frozenset({"bigint"}),
    ("number", "decimal"): frozenset({"numeric"}),
    ("number", "double"): frozenset({"numeric", "double precision"}),
    ("number", "float"): frozenset({"numeric", "double precision"}),
    ("number", ""): frozenset({"numeric"}),
    ("string", "date-time"): frozenset({"timestamptz"}),
    ("string", "date"): frozenset({"date"}),
}
_MONEY_AS_TEXT = frozenset({"accounting"})
"""Modules that send amounts as strings without saying so in a format (platform.md §8)."""


@dataclass(frozen=True)
class Operation:
    """One GET of one document."""

    content: Schema
    document: Schema

    @property
    def parameters(self) -> dict[str, Schema]:
        """Query parameters by name."""
        return {each["name"]: each for each in self.content["parameters"] if each["in"] == "query"}

    @property
    def scopes(self) -> set[str]:
        return {scope for each in self.content["security"] for scope in each.get("oauth", ())}

    @property
    def row(self) -> Mapping[str, Schema]:
        """The fields of a row: of what `data` holds in a 200 answer."""
        envelope = self.resolved(self.content["responses"]["200"]["content"]["application/json"]["schema"])
        return self.resolved(envelope["properties"]["data"]["items"])["properties"]

    @property
    def sort_fields(self) -> set[str]:
        """Fields that the description of `sort` lists; it is the only place where they are written down."""
        text = self.parameters.get("sort", {}).get("description", "")
        listed = re.search(r"Available fields are:([\w\s,]+)", text)
        return set(re.findall(r"\w+", listed[1])) if listed else set()

    def values(self, parameter: str) -> set[str]:
        """What a parameter may be, from its enum or the words `Values: [A, B]`."""
        content = self.parameters[parameter]
        kind, allowed = self.kind(content["schema"])
        listed = re.search(r"Values: \[([^\]]*)\]", content.get("description", ""))
        return allowed or ({value.strip() for value in listed[1].split(",")} if listed else {kind})

    def resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def kind(self, schema: Schema) -> tuple[str, set[str]]:
        """The JSON type of a schema, without null, and its enum's values; `any` when it says nothing."""
        for name in ("oneOf", "anyOf", "allOf"):
            options = [self.resolved(option) for option in schema.get(name, ()) if option.get("type") != "null"]
            if options:
                return self.kind(options[0])
        schema = self.resolved(schema)
        types = schema.get("type", "any")
        names = [types] if isinstance(types, str) else [each for each in types if each != "null"]
        return (names[0] if len(names) == 1 else "any"), {str(value) for value in schema.get("enum", ())}

    def columns_for(self, schema: Schema, module: str) -> frozenset[str]:
        """The column types that can hold a field."""
        kind, enum = self.kind(schema)
        if kind in {"object", "array", "any"}:
            return frozenset({"jsonb"})
        known = _COLUMNS.get((kind, schema.get("format", "")))
        if known:
            return known
        if kind == "string" and not enum and "format" not in schema and module in _MONEY_AS_TEXT:
            return frozenset({"text", "numeric"})
        return frozenset({"text"})


def folder() -> Path | None:
    """Where the documents are; None if nobody said and none are in sight."""
    if named := os.environ.get("ST_OPENAPI_DIR"):
        return Path(named)
    return next(iter(sorted(ROOT.parent.glob("*/servicetitan/openapi"))), None)


def operations(documents: Path) -> dict[str, Operation]:
    """Every GET by its full path, such as `/crm/v2/tenant/{tenant}/customers`."""
    found: dict[str, Operation] = {}
    for file in sorted(documents.glob("*.json")):
        document = json.loads(file.read_text())
        prefix = urlsplit(document["servers"][0]["url"]).path
        for path, methods in document["paths"].items():
            if "get" in methods:
                found[prefix + path] = Operation(methods["get"], document)
    return found


def problems_with(resource: Resource, known: Mapping[str, Operation]) -> list[str]:
    """Everything in a catalog entry and its record that the documents contradict, in words."""
    return [f"{resource.name}: {problem}" for problem in _problems(resource, known)]


def _problems(resource: Resource, known: Mapping[str, Operation]) -> Iterator[str]:
    for endpoint in (resource.feed, resource.list):
        if endpoint is None:
            continue
        operation = known.get(endpoint.path)
        if operation is None:
            yield f"no document knows {endpoint.path}"
            continue
        if resource.scope not in operation.scopes:
            yield f"{endpoint.path} needs {operation.scopes}, not {resource.scope}"
        yield from _wrong_parameters(endpoint, operation)
    governing = known.get((resource.feed or resource.list).path)  # type: ignore[union-attr]
    if governing is not None:
        yield from _wrong_fields(resource, governing, known)


def _wrong_parameters(endpoint: Feed | List, operation: Operation) -> Iterator[str]:
    has = operation.parameters
    if isinstance(endpoint, Feed):
        yield from (f"{endpoint.path} has no {name}" for name in ("from", "includeRecentChanges") if name not in has)
        return
    needed = {"page", "pageSize", "includeTotal"}
    filters = {"modifiedOnOrAfter", "modifiedBefore"}
    if endpoint.modified_filter:
        needed |= filters
    elif filters <= set(has):
        yield f"{endpoint.path} can filter by modification, and the catalog does not know"
    yield from (f"{endpoint.path} has no {name}" for name in sorted(needed - set(has)))
    flags = {"active", "activeState", "includeInactive", "activeOnly"} & set(has)
    if endpoint.all_rows is None:
        if flags:
            yield f"{endpoint.path} hides inactive rows unless {flags} is sent"
    elif endpoint.all_rows[0] not in has:
        yield f"{endpoint.path} has no {endpoint.all_rows[0]}"
    elif endpoint.all_rows[1] not in operation.values(endpoint.all_rows[0]):
        yield f"{endpoint.path}: {endpoint.all_rows} is none of {operation.values(endpoint.all_rows[0])}"
    for wanted, name in ((endpoint.sort, "ModifiedOn"), (endpoint.id_sort, "Id")):
        if wanted is None and name in operation.sort_fields:
            yield f"{endpoint.path} can be sorted by {name}, and the catalog does not know"
        if wanted is not None and (name not in operation.sort_fields or dict(wanted) != {"sort": f"+{name}"}):
            yield f"{endpoint.path} cannot be sorted by {dict(wanted)}"


def _wrong_fields(resource: Resource, governing: Operation, known: Mapping[str, Operation]) -> Iterator[str]:
    columns = {column.api_name: column for column in resource.columns}
    for name, schema in governing.row.items():
        if name not in columns:
            yield f"the record lacks {name}"
            continue
        fitting = governing.columns_for(schema, resource.module)
        if columns[name].sql_type not in fitting:
            yield f"{name} is {columns[name].sql_type}, and the document wants {' or '.join(sorted(fitting))}"
    listed = known.get(resource.list.path) if resource.list else None
    official = set(governing.row) | set(listed.row if listed else ())
    yield from (f"no document knows the field {name}" for name in columns if name not in official)
    if resource.deleted_when:
        column, value = resource.deleted_when
        field = next(each.api_name for each in resource.columns if each.name == column)
        _, values = governing.kind(governing.row[field])
        if value not in values:
            yield f"{field} is never {value}: {sorted(values)}"
