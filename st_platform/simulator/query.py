"""Reads the query string of a list request into a checked question. Unknown parameters are ignored, as the API does.

Pure: no table, no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from st_platform.simulator import instants
from st_platform.simulator.conditions import Condition, NotAValue, condition
from st_platform.simulator.endpoints import Endpoint, Filter
from st_platform.simulator.instants import NEVER, NotAnInstant

MAX_PAGE_SIZE = 5000
MAX_IDS = 50
_ACTIVITY = {
    "active": {"true": True, "false": False, "any": None},
    "activestate": {"activeonly": True, "inactiveonly": False, "all": None},
    "activeonly": {"true": True, "false": None},
}
"""What each spelling means; None is both. Without the parameter only active rows are shown, which for `activeOnly` is
not documented, and the worse of the two for a reader."""


class InvalidQuery(ValueError):
    """A parameter that the API refuses with 400. `errors` is the answer's `errors` object."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """What a list is asked for. Time ranges are half-open ticks; `active` None means both, or that the list has no
    such parameter."""

    page: int = 1
    page_size: int = 50
    include_total: bool = False
    active: bool | None = True
    modified: tuple[int, int] | None = None
    created: tuple[int, int] | None = None
    ids: tuple[int, ...] | None = None
    sort: str | None = None
    descending: bool = False
    conditions: tuple[Condition, ...] = ()


def read_list_query(endpoint: Endpoint, params: Mapping[str, str]) -> ListQuery:
    """The question behind `params`.

    Raises:
        InvalidQuery: naming every parameter that cannot be read.
    """
    reader = _Reader({name.lower(): value for name, value in params.items()})
    sort, descending = reader.sort(endpoint.sort)
    query = ListQuery(
        page=reader.integer("page", 1, low=1),
        page_size=reader.integer("pageSize", 50, low=1, high=MAX_PAGE_SIZE),
        include_total=reader.boolean("includeTotal"),
        active=reader.activity(endpoint.activity),
        modified=reader.between("modifiedOnOrAfter", "modifiedBefore") if endpoint.modified_filter else None,
        created=reader.between("createdOnOrAfter", "createdBefore") if endpoint.created_filter else None,
        ids=reader.ids(required=endpoint.ids_required) if endpoint.ids_filter else None,
        sort=sort,
        descending=descending,
        conditions=reader.conditions(endpoint.filters),
    )
    if reader.errors:
        raise InvalidQuery(reader.errors)
    return query


class _Reader:
    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params
        self.errors: dict[str, list[str]] = {}

    def refuse(self, name: str, why: str) -> None:
        self.errors.setdefault(name, []).append(why)

    def integer(self, name: str, default: int, *, low: int, high: int | None = None) -> int:
        value = self.params.get(name.lower())
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            self.refuse(name, f"The value '{value}' is not valid.")
            return default
        if number < low or (high is not None and number > high):
            self.refuse(name, f"The field {name} must be between {low} and {high or 2**31 - 1}.")
        return number

    def boolean(self, name: str) -> bool:
        value = self.params.get(name.lower(), "false").lower()
        if value not in ("true", "false"):
            self.refuse(name, f"The value '{value}' is not valid.")
        return value == "true"

    def activity(self, name: str | None) -> bool | None:
        if name is None:
            return None
        choices = _ACTIVITY[name.lower()]
        value = self.params.get(name.lower())
        if value is None:
            return True
        if value.lower() not in choices:
            self.refuse(name, f"The value '{value}' is not valid.")
            return True
        return choices[value.lower()]

    def between(self, since: str, before: str) -> tuple[int, int] | None:
        low, high = self.instant(since), self.instant(before)
        if low is None and high is None:
            return None
        return (0 if low is None else low, NEVER if high is None else high)

    def instant(self, name: str) -> int | None:
        value = self.params.get(name.lower())
        if value is None:
            return None
        try:
            return instants.parse(value)
        except NotAnInstant:
            self.refuse(name, f"The value '{value}' is not valid.")
            return None

    def ids(self, *, required: bool) -> tuple[int, ...] | None:
        value = self.params.get("ids")
        if required and not value:
            self.refuse("ids", "The Ids field is required.")
        if value is None:
            return None
        try:
            ids = tuple(int(part) for part in value.split(",") if part.strip())
        except ValueError:
            self.refuse("ids", f"The value '{value}' is not valid.")
            return None
        if len(ids) > MAX_IDS:
            self.refuse("ids", f"Maximum {MAX_IDS} ids are allowed.")
        return ids

    def conditions(self, filters: Mapping[str, Filter]) -> tuple[Condition, ...]:
        """Only of the parameters that the list has; an empty one asks nothing."""
        found: list[Condition] = []
        for name, filter_ in filters.items():
            value = self.params.get(name.lower()) or filter_.default
            if not value:
                continue
            try:
                found.append(condition(filter_, value))
            except NotAValue:
                self.refuse(name, f"The value '{value}' is not valid.")
        return tuple(found)

    def sort(self, fields: tuple[str, ...]) -> tuple[str | None, bool]:
        """An unencoded `+` arrives as a space and an unknown field is no field: both sort nothing, silently."""
        value = self.params.get("sort", "")
        name = value[1:] if value[:1] in "+-" else value
        known = {field.lower(): field for field in fields}
        return known.get(name.lower()), value.startswith("-")
