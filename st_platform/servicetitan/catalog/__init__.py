"""The catalog: every resource we extract, as data.

Adding a resource is an entry in one of these files and a record class in `records/`; tables, sync, assets, schedules
and checks follow from the two. What an entry can say is in `resource.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from st_platform.servicetitan.catalog import customers, goods, marketing, money, pay, sales, work
from st_platform.servicetitan.resource import (
    MOST_IDS,
    Cadence,
    DateWindow,
    Feed,
    Fill,
    IdsFilter,
    Joined,
    List,
    LoadMode,
    Resource,
    Segment,
    SliceDay,
    Unnest,
)

__all__ = [
    "CATALOG",
    "MOST_IDS",
    "Cadence",
    "DateWindow",
    "Feed",
    "Fill",
    "IdsFilter",
    "Joined",
    "List",
    "LoadMode",
    "Resource",
    "Segment",
    "SliceDay",
    "UnknownResource",
    "Unnest",
    "resource",
]

CATALOG: Mapping[str, Resource] = MappingProxyType(
    {
        entry.name: entry
        for module in (customers, work, money, sales, marketing, pay, goods)
        for entry in module.RESOURCES
    }
)
"""Every resource by name, in reading order."""


class UnknownResource(LookupError):
    """A resource name that is not in the catalog."""


def resource(name: str) -> Resource:
    """The catalog entry called `name`.

    Raises:
        UnknownResource: with the closest names and where the list is.
    """
    try:
        return CATALOG[name]
    except KeyError:
        from difflib import get_close_matches

        near = get_close_matches(name, CATALOG, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`st-platform resources` lists them."
        raise UnknownResource(f"no resource is called {name!r}; {hint}") from None
