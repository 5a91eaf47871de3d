"""Answers the two endpoints that are asked for a window of time: attributed leads and ads performance.

Both want `fromUtc` and `toUtc`, performance its segmentation too; without them they refuse. A window is half-open and
ends now at the latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from st_platform.simulator import instants
from st_platform.simulator.business.demand.ads import LeadType
from st_platform.simulator.endpoints import Endpoint
from st_platform.simulator.instants import NotAnInstant
from st_platform.simulator.query import InvalidQuery, ListQuery, read_list_query
from st_platform.simulator.rows.ads import Segmentation, performance
from st_platform.simulator.rows.view import View
from st_platform.simulator.store import ListPage, Shelf

_Choice = TypeVar("_Choice")

SEGMENTATIONS: Mapping[str, Segmentation] = {
    "campaign": Segmentation.CAMPAIGN,
    "adgroup": Segmentation.AD_GROUP,
    "keyword": Segmentation.KEYWORD,
}
_LEAD_TYPES: Mapping[str, LeadType] = {
    "call": LeadType.CALL,
    "webbooking": LeadType.WEB_BOOKING,
    "webleadform": LeadType.WEB_LEAD_FORM,
    "manualjob": LeadType.MANUAL_JOB,
}


def read_window(
    endpoint: Endpoint, shelf: Shelf | None, view: View | None, params: Mapping[str, str], now: int
) -> tuple[ListQuery, ListPage]:
    """The question and one page of its answer. Leads come from their shelf, edits included; performance is summed from
    the view.

    Raises:
        InvalidQuery: naming every parameter that is missing or cannot be read.
    """
    given = {name.lower(): value for name, value in params.items()}
    errors: dict[str, list[str]] = {}
    query = ListQuery()
    try:
        query = read_list_query(replace(endpoint, filters={}), params)
    except InvalidQuery as refused:
        errors |= refused.errors
    start, end = (_instant(name, given, errors) for name in ("fromUtc", "toUtc"))
    if shelf is None:
        segmentation = _named("performanceSegmentationType", given, SEGMENTATIONS, errors, required=True)
        if errors or segmentation is None or view is None:
            raise InvalidQuery(errors)
        return query, _page(performance(view, segmentation, start, end, now), query)
    kind = _named("leadType", given, _LEAD_TYPES, errors, required=False)
    if errors:
        raise InvalidQuery(errors)
    wanted = {} if kind is None else {"leadType": str(int(kind))}
    conditions = read_list_query(endpoint, wanted).conditions
    return query, shelf.list(replace(query, created=(start, end), conditions=conditions), now=now)


def _page(rows: list[str], query: ListQuery) -> ListPage:
    start = (query.page - 1) * query.page_size
    chosen = rows[start : start + query.page_size]
    return ListPage(chosen, start + query.page_size < len(rows), len(rows))


def _instant(name: str, given: Mapping[str, str], errors: dict[str, list[str]]) -> int:
    value = given.get(name.lower())
    if not value:
        errors[name] = [f"The {name} field is required."]
        return 0
    try:
        return instants.parse(value)
    except NotAnInstant:
        errors[name] = [f"The value '{value}' is not valid."]
        return 0


def _named(
    name: str, given: Mapping[str, str], choices: Mapping[str, _Choice], errors: dict[str, list[str]], *, required: bool
) -> _Choice | None:
    value = given.get(name.lower())
    if not value:
        if required:
            errors[name] = [f"The {name} field is required."]
        return None
    if value.lower() not in choices:
        errors[name] = [f"The value '{value}' is not valid."]
    return choices.get(value.lower())
