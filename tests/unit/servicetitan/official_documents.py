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

from st_platform.servicetitan.catalog import DateWindow, Feed, IdsFilter, List, Resource

ROOT = Path(__file__).resolve().parents[3]
Schema = Mapping[str, Any]

_COLUMNS: dict[tuple[str, str], str] = {
    ("boolean", ""): "boolean",
    ("integer", "int32"): "integer",
    ("integer", "int64"): "bigint",
    ("integer", ""): "bigint",
    ("number", "decimal"): "numeric",
    ("number", "double"): "double precision",
    ("number", "float"): "double precision",
    ("number", ""): "numeric",
    ("string", "date-time"): "timestamptz",
    ("string", "date"): "date",
    ("object", ""): "jsonb",
    ("array", ""): "jsonb",
}
"""The column that holds a JSON type and format; everything else is text, a type that says nothing is jsonb."""


_KINDS = {Feed: "the feed", List: "the list", DateWindow: "the window"}


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
    def required(self) -> set[str]:
        """Query parameters without which there is no answer."""
        return {name for name, each in self.parameters.items() if each.get("required")}

    @property
    def row(self) -> Mapping[str, Schema]:
        """The fields of a row: of what `data` holds in a 200 answer."""
        envelope = self.resolved(self.content["responses"]["200"]["content"]["application/json"]["schema"])
        return self.fields(envelope["properties"]["data"]["items"])

    def fields(self, schema: Schema) -> Mapping[str, Schema]:
        return self.resolved(schema)["properties"]

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
        if kind == "boolean":
            return {"true", "false"}
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

    def column_for(self, schema: Schema) -> str:
        """The column type that holds a field."""
        kind, _ = self.kind(schema)
        return "jsonb" if kind == "any" else _COLUMNS.get((kind, schema.get("format", "")), "text")


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
    """Everything in a catalog entry and its record that is not as the documents say, in words.

    A difference that is meant is found too; `deliberate_differences` names those and why.
    """
    return [f"{resource.name}: {problem}" for problem in _problems(resource, known)]


def _problems(resource: Resource, known: Mapping[str, Operation]) -> Iterator[str]:
    governs = True
    for endpoint in (resource.feed, resource.list, resource.window):
        if endpoint is None:
            continue
        operation = known.get(endpoint.path)
        if operation is None:
            yield f"no document knows {endpoint.path}"
            continue
        if resource.scope not in operation.scopes:
            yield f"{endpoint.path} needs {operation.scopes}, not {resource.scope}"
        yield from _wrong_parameters(endpoint, operation)
        yield from _wrong_fields(resource, _KINDS[type(endpoint)], operation)
        if governs:
            yield from _wrong_deletion(resource, operation)
        governs = False


def _wrong_parameters(endpoint: Feed | List | DateWindow, operation: Operation) -> Iterator[str]:
    match endpoint:
        case Feed():
            sent, needed = {"from", "includeRecentChanges"}, set[str]()
        case List(ids=IdsFilter.REQUIRED):
            sent, needed = {"ids"}, {"ids"}
        case List():
            sent, needed = {"page", "pageSize", "includeTotal"}, set[str]()
            yield from _wrong_filters(endpoint, operation)
        case DateWindow():
            needed = {endpoint.start, endpoint.end, *([endpoint.segments[0]] if endpoint.segments else [])}
            sent = needed | {"page", "pageSize", "includeTotal"}
            yield from _wrong_segments(endpoint, operation)
    yield from (f"{endpoint.path} has no {name}" for name in sorted(sent - set(operation.parameters)))
    if operation.required != needed:
        yield f"{endpoint.path} requires {sorted(operation.required)}, and the catalog sends {sorted(needed)}"


def _wrong_filters(endpoint: List, operation: Operation) -> Iterator[str]:
    has = operation.parameters
    filters = {"modifiedOnOrAfter", "modifiedBefore"}
    if endpoint.modified_filter:
        yield from (f"{endpoint.path} has no {name}" for name in sorted(filters - set(has)))
    elif filters <= set(has):
        yield f"{endpoint.path} can filter by modification, and the catalog does not know"
    if (endpoint.ids is not None) != ("ids" in has):
        has_it = "has an ids filter" if "ids" in has else "has no ids filter"
        yield f"{endpoint.path}: ids is {endpoint.ids}, and the document {has_it}"
    flags = {"active", "activeState", "includeInactive", "activeOnly"} & set(has)
    if endpoint.each is not None and not set(endpoint.each[1]) <= operation.values(endpoint.each[0]):
        yield f"{endpoint.path}: {endpoint.each} is not among {operation.values(endpoint.each[0])}"
    silent = {name for name in has if re.search(r"default\w* to", has[name].get("description", ""))}
    known = {endpoint.each[0] if endpoint.each else None, "page", "pageSize", "includeTotal", "active"}
    yield from (f"{endpoint.path} hides rows unless {name} is sent" for name in sorted(silent - known))
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


def _wrong_segments(endpoint: DateWindow, operation: Operation) -> Iterator[str]:
    if endpoint.segments and endpoint.segments[0] in operation.parameters:
        name, values = endpoint.segments
        if set(values) != operation.values(name):
            yield f"{endpoint.path}: {name} is {sorted(values)}, the document has {sorted(operation.values(name))}"


def _wrong_fields(resource: Resource, it: str, operation: Operation) -> Iterator[str]:
    """Fields of the document that the record lacks, columns that the document lacks, and types that differ."""
    official = _row(resource, operation)
    columns = {column.api_name: column.sql_type for column in resource.columns}
    yield from (f"the record lacks {name}, which {it} sends" for name in official if name not in columns)
    yield from (f"{it} does not send {name}" for name in columns if name not in official)
    for name, schema in official.items():
        wanted = operation.column_for(schema)
        if columns.get(name, wanted) != wanted:
            yield f"{name} is {columns[name]}, and {it} sends {wanted}"


def _row(resource: Resource, operation: Operation) -> Mapping[str, Schema]:
    """The fields that a row of the table is made of: of the answer's row, or of the records in a list of it."""
    if resource.unnest is None:
        return operation.row
    carried = {name: operation.row[name] for name in resource.unnest.carry}
    inner = operation.resolved(operation.row[resource.unnest.field])["items"]
    return {**carried, **operation.fields(inner)}


def _wrong_deletion(resource: Resource, operation: Operation) -> Iterator[str]:
    if resource.deleted_when is None:
        return
    column, value = resource.deleted_when
    field = next(each.api_name for each in resource.columns if each.name == column)
    schema = _row(resource, operation).get(field)
    kind, values = operation.kind(schema) if schema else ("nothing", set[str]())
    if not (kind == "boolean" if isinstance(value, bool) else value in values):
        yield f"{field} is never {value}: it is {kind} {sorted(values)}"
