"""What the filters of a list ask of a row: reads a parameter's text and decides by the row's own JSON.

Pure, and the same for generated rows and for rows edited by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from st_platform.simulator.endpoints import Compare, Filter
from st_platform.simulator.instants import NotAnInstant, parse

_TIMES = frozenset({Compare.SINCE, Compare.AFTER, Compare.BEFORE, Compare.UNTIL})
_AMOUNTS = frozenset({Compare.AT_LEAST, Compare.AT_MOST})


class NotAValue(ValueError):
    """A text that the API could not bind to the parameter's type."""


@dataclass(frozen=True)
class Condition:
    """One parameter as it was sent. `wanted` are the values to look for, in small letters; `bound` the instant
    (ticks) or amount to compare with."""

    filter: Filter
    wanted: frozenset[str] = frozenset()
    bound: int | Decimal = 0

    def holds(self, row: Mapping[str, str | bytes]) -> bool:
        """Whether a row, given as the JSON texts of its fields, fulfils the condition."""
        return any(self._fits(value) for value in values_at(row, self.filter.field))

    def _fits(self, value: Any) -> bool:
        compare = self.filter.compare
        if compare is Compare.IS:
            return _plain(value) in self.wanted
        if compare is Compare.CONTAINS:
            return any(part in _plain(value) for part in self.wanted)
        if compare in _TIMES:
            return _ordered(compare, _ticks(value), self.bound)
        return _ordered(compare, _amount(value), self.bound)


def condition(filter_: Filter, text: str) -> Condition:
    """The condition that a parameter's text stands for.

    Raises:
        NotAValue: the text is no instant, number or list of numbers where one is wanted.
    """
    if filter_.compare in _TIMES:
        try:
            return Condition(filter_, bound=parse(text))
        except NotAnInstant as why:
            raise NotAValue(text) from why
    if filter_.compare in _AMOUNTS:
        bound = _amount(text)
        if bound is None:
            raise NotAValue(text)
        return Condition(filter_, bound=bound)
    parts = [part.strip() for part in text.split(",")] if filter_.several else [text]
    if filter_.numeric:
        try:
            parts = [str(int(part)) for part in parts if part]
        except ValueError as why:
            raise NotAValue(text) from why
    return Condition(filter_, wanted=frozenset(part.lower() for part in parts))


def values_at(row: Mapping[str, str | bytes], path: str) -> Iterator[Any]:
    """The values of a field; a dot leads into objects, and a list stands for each of its elements."""
    first, *rest = path.split(".")
    found = [_read(row.get(first, "null"))]
    for name in rest:
        found = [each.get(name) for value in found for each in _elements(value) if isinstance(each, dict)]
    for value in found:
        yield from _elements(value)


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _plain(value: Any) -> str:
    """A value as a parameter would spell it; null as nothing that anybody can ask for."""
    if value is None:
        return "\0"
    return (value if isinstance(value, str) else json.dumps(value)).lower()


def _ticks(value: Any) -> int | None:
    try:
        return parse(value) if isinstance(value, str) else None
    except NotAnInstant:
        return None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _ordered(compare: Compare, value: int | Decimal | None, bound: int | Decimal) -> bool:
    if value is None:
        return False
    if compare in (Compare.SINCE, Compare.AT_LEAST):
        return value >= bound
    if compare in (Compare.UNTIL, Compare.AT_MOST):
        return value <= bound
    return value > bound if compare is Compare.AFTER else value < bound
