"""What an endpoint of the API is: where a resource is served, under which scope and with which filters.

Data and nothing else: `query.py` reads requests by it, `store.py` answers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Compare(StrEnum):
    """How a query parameter compares with a field of a row."""

    IS = "is"
    """The same, or one of several separated by commas."""
    CONTAINS = "contains"
    """A part of the text, whatever the case of its letters."""
    SINCE = "since"
    AFTER = "after"
    BEFORE = "before"
    UNTIL = "until"
    """Instants; a field without one is never found."""
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    """Amounts, which the API sends as numbers or as texts."""


@dataclass(frozen=True)
class Filter:
    """A query parameter of a list: the field of a row that it compares, and how.

    `field` is the API's own name; a dot leads into an object, and of a list any element will do. `numeric` values are
    refused when they are no whole numbers; `several` may be separated by commas. `default` is what the API compares
    with when the parameter is not sent.
    """

    field: str
    compare: Compare = Compare.IS
    numeric: bool = False
    several: bool = False
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One resource. Paths are relative to `/{module}/v2/tenant/{tenant}/`; None where the API has none.

    `key` are the fields that tell rows apart, none where nothing does. `activity` is the name of the parameter that
    chooses active and inactive rows; its default hides inactive ones. `list_omits_active`: only the rows of the feed
    say whether they are active. `list_adds` are fields that only the rows of the list have, null unless asked for.
    `loose_sort`: sorted by day of modification at best, whatever is asked for. `ids_required`: the list answers only
    for `ids`. `window`: it wants `fromUtc` and `toUtc` and has no times of modification. `dated` is the field that says
    when a row came up. `filters` are the query
    parameters that compare with one of a row's own fields (`filters.py`).
    """

    resource: str
    module: str
    scope: str
    feed: str | None = None
    list: str | None = None
    key: tuple[str, ...] = ("id",)
    activity: str | None = None
    modified_filter: bool = False
    created_filter: bool = False
    ids_filter: bool = False
    sort: tuple[str, ...] = ()
    loose_sort: bool = False
    list_omits_active: bool = False
    list_adds: tuple[str, ...] = ()
    ids_required: bool = False
    window: bool = False
    dated: str = "createdOn"
    filters: Mapping[str, Filter] = field(default_factory=dict)


def usual(resource: str, module: str, scope: str, path: str, **more: object) -> Endpoint:
    settings: dict[str, object] = {
        "list": path,
        "feed": f"export/{path}",
        "activity": "active",
        "modified_filter": True,
        "created_filter": True,
        "ids_filter": True,
    }
    return Endpoint(resource=resource, module=module, scope=scope, **(settings | more))  # type: ignore[arg-type]


BY_TIME = ("Id", "ModifiedOn", "CreatedOn")
