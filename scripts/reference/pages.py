"""The data dictionary as pages: an index of the resources and a page per API module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import groupby

from scripts.reference.sources import SYSTEM_COLUMNS, expected_columns
from st_platform.servicetitan.catalog import IdsFilter, LoadMode, Resource
from st_platform.servicetitan.glossary import describe, describe_system

INDEX = "README.md"

_MODULES: Mapping[str, str] = {
    "crm": "CRM",
    "telecom": "Telecom",
    "job_booking": "Job Booking",
    "jpm": "Job Planning and Management",
    "dispatch": "Dispatch",
    "customer_interactions": "Customer Interactions",
    "equipment_systems": "Equipment Systems",
    "settings": "Settings",
    "accounting": "Accounting",
    "sales": "Sales",
    "memberships": "Memberships",
    "marketing": "Marketing",
    "marketing_ads": "Marketing Ads",
    "payroll": "Payroll",
    "pricebook": "Pricebook",
    "inventory": "Inventory",
}
"""What ServiceTitan calls its API modules, in reading order."""

_READ: Mapping[LoadMode, str] = {
    LoadMode.DATED: "by day of modification, UTC: one partition a day, read again at will",
    LoadMode.TAIL: "what is new since the last read; a refresh reads from the start",
    LoadMode.SNAPSHOT: "always whole",
    LoadMode.WINDOW: "by the day that rows are about, UTC: one partition a day, always read whole",
}

_WRITTEN = "<!-- Written by scripts/write_reference.py; `make reference` writes it again. -->"


def render(catalog: Mapping[str, Resource]) -> dict[str, str]:
    """Pages by file name.

    Raises:
        KeyError: a resource is of a module that has no title here.
    """
    ordered = sorted(catalog.values(), key=lambda resource: list(_MODULES).index(resource.module))
    modules = {module: list(rows) for module, rows in groupby(ordered, key=lambda resource: resource.module)}
    pages = {f"{module}.md": _page(module, resources) for module, resources in modules.items()}
    return {INDEX: _index(modules)} | pages


def _page(module: str, resources: list[Resource]) -> str:
    return "\n".join((_WRITTEN, f"# {_MODULES[module]}", "", *(line for each in resources for line in _section(each))))


def _index(modules: Mapping[str, list[Resource]]) -> str:
    count = sum(map(len, modules.values()))
    lines = [
        _WRITTEN,
        "# Data dictionary",
        "",
        f"The {count} resources that are extracted, each one table in schema `servicetitan`. A row is the newest state",
        "of one thing of one tenant; columns carry the API's own names in snake_case. A row that left the source is",
        "marked by `_deleted_at` and stays. How many calls a read costs is in [calls.md](calls.md). Custom fields and",
        "what other programs stored are tables of their own: `marts_platform.fct_custom_fields`, `fct_external_data`.",
        "",
        "| resource | a row is | read | owner |",
        "|---|---|---|---|",
    ]
    for module, resources in modules.items():
        lines.append(f"| **[{_MODULES[module]}]({module}.md)** | | | |")
        lines += [
            f"| [{each.name}]({module}.md#{each.name}) | {each.description} | {each.cadence} | {each.owner} |"
            for each in resources
        ]
    lines += ["", "## Columns that every table has", "", "| column | type | meaning |", "|---|---|---|"]
    columns = {"tenant_id": "bigint", **SYSTEM_COLUMNS}
    lines += [f"| `{name}` | {sql_type} | {describe_system(name)} |" for name, sql_type in columns.items()]
    return "\n".join((*lines, ""))


def _section(resource: Resource) -> Iterator[str]:
    yield from (f"## {resource.name}", "", resource.description, "", "| | |", "|---|---|")
    yield from (f"| {what} | {text} |" for what, text in facts(resource).items())
    yield from ("", "| column | type | meaning |", "|---|---|---|")
    words = {column.name: describe(resource, column) for column in resource.columns}
    yield from (
        f"| `{name}` | {sql_type} | {words[name]} |"
        for name, sql_type in expected_columns(resource).items()
        if name in words
    )
    yield ""


def facts(resource: Resource) -> dict[str, str]:
    """What there is to say about a resource as a whole, by heading."""
    cadence = resource.cadence
    return {
        "table": f"`servicetitan.{resource.name}`",
        "key": ", ".join(f"`{name}`" for name in ("tenant_id", *resource.key)),
        "endpoint": "<br>".join(f"`GET {path}`" for path in _paths(resource)),
        "read": _READ[resource.load_mode] + _details(resource),
        "cadence": f"{cadence}; a warning after {_words(cadence.warn_after)}, a failure after"
        f" {_words(cadence.fail_after)}",
        "order of versions": f"`{resource.version}`" if resource.version else "the later read",
        "deletions": deletions(resource),
        "owner": resource.owner,
        "scope": f"`{resource.scope}`",
    }


def deletions(resource: Resource) -> str:
    """How a row shows that it is gone, and how that is found where it does not."""
    if resource.load_mode is LoadMode.WINDOW:
        return "a row that its day no longer shows when read again is gone"
    if resource.load_mode is LoadMode.SNAPSHOT:
        return "a row that a complete read no longer shows is gone"
    if resource.deleted_when is not None:
        column, value = resource.deleted_when
        return f"`{column}` is `{str(value).lower() if isinstance(value, bool) else value}`"
    state = "; `active` is a state, not a deletion" if _has(resource, "active") else ""
    if resource.list is None or resource.list.ids is IdsFilter.REQUIRED:
        return f"rows show nothing; a reconciliation that reads the feed from its start finds them{state}"
    return f"rows show nothing; a reconciliation of the keys finds them{state}"


def _has(resource: Resource, name: str) -> bool:
    return any(column.name == name for column in resource.columns)


def _paths(resource: Resource) -> Iterator[str]:
    for endpoint in (resource.feed, resource.list, resource.window):
        if endpoint is not None:
            yield endpoint.path


def _details(resource: Resource) -> str:
    window = resource.window
    text = ""
    if window is not None:
        text += f"; the last {_words(window.look_back)} are read again"
        if window.segments:
            text += f"; one request for each of {', '.join(window.segments[1])}"
        if window.history:
            text += f"; reaches {_words(window.history)} back"
    if resource.unnest is not None:
        text += f"; the records in `{resource.unnest.field}` are the rows"
    if resource.filled:
        text += f"; the reader fills {', '.join(f'`{name}`' for name in resource.filled)}"
    return text


def _words(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes % size == 0 and minutes > size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minutes"
