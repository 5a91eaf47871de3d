"""What an endpoint of the API is: where a resource is served, under which scope and with which filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One resource. Paths are relative to `/{module}/v2/tenant/{tenant}/`; None where the API has none.

    `activity` is the name of the parameter that chooses active and inactive rows; its default hides inactive ones.
    `ids_required`: the list answers only for `ids`. `window`: it wants `fromUtc` and `toUtc` and has no times of
    modification. `filters` maps further query parameters to the column and JSON field that they compare.
    """

    resource: str
    module: str
    scope: str
    feed: str | None = None
    list: str | None = None
    activity: str | None = None
    modified_filter: bool = False
    created_filter: bool = False
    ids_filter: bool = False
    sort: tuple[str, ...] = ()
    loose_sort: bool = False
    ids_required: bool = False
    window: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)


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
