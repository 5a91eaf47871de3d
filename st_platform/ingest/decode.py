"""From the bytes of a page to records: strict and fast when the page is as documented, row by row when it is not.

The strict decode is also the drift detector: it refuses what the record does not know, and only then does a page
go through `repair`. Knows records and pages; must not know tenants, windows or the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

import msgspec

from st_platform.ingest.filling import Filling
from st_platform.ingest.repair import Note, Refusal, key_of, repair
from st_platform.ingest.shapes import Shape, is_shallow, shape_of
from st_platform.ingest.unnesting import Element, Unnested, Unnesting
from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.records import Record
from st_platform.warehouse.merge import Row

_MOST_OF_A_PAGE = 0.01
_MOST_ROWS = 100

Rows = Callable[[], Sequence[msgspec.Raw | bytes]]


@dataclass(frozen=True)
class Refused:
    """A row for quarantine: its key where that could be read, why it is refused, and its bytes."""

    key: tuple[object, ...] | None
    refusal: Refusal


@dataclass(frozen=True)
class Decoded:
    """The rows of one page in the order they came.

    `raws` gives the bytes of each of `rows`, in the same order. `unknown` counts, per field, the rows that carried a
    field the record does not have; `notes` counts what had to be repaired. `received` is how many rows the page
    held, refused ones included. Where rows hold their records in a list, all this is about the records, and `empty`
    counts rows that held none.
    """

    received: int
    rows: Sequence[Record | Row]
    raws: Callable[[], Sequence[msgspec.Raw | bytes]] = field(repr=False)
    refused: tuple[Refused, ...] = ()
    unknown: Counter[str] = field(default_factory=Counter[str])
    notes: Counter[Note] = field(default_factory=Counter[Note])
    empty: int = 0

    @property
    def is_beyond_repair(self) -> bool:
        """More than 1 % (but more than one row) or more than 100 rows refused: this is no accident in the data."""
        return len(self.refused) > min(max(1, self.received * _MOST_OF_A_PAGE), _MOST_ROWS)

    def records(self) -> list[Record]:
        return [row.record if isinstance(row, Row) else row for row in self.rows]


class Decoder:
    """Decodes pages of one resource. Stateless; one instance may serve any number of threads."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._shape: Shape = shape_of(resource.record, tuple(resource.filled))
        self._unnesting = Unnesting(resource.record, resource.unnest) if resource.unnest else None
        self._version = attrgetter(self._attribute(resource.version)) if resource.version else None
        self._key = _tuple_getter([self._attribute(column) for column in resource.key])

    def page(self, body: bytes, rows: Rows, filling: Filling | None = None) -> Decoded:
        """The rows of one answer. `rows` gives them one by one, undecoded, and is called only when needed. `filling`
        has the values of columns that the API does not send, where the resource has such."""
        found = self._strictly(body)
        if found is None:
            return self.rows(rows(), filling)
        if self._unnesting is not None:
            unnesting = self._unnesting
            return Decoded(
                len(found.records), found.records, lambda: list(unnesting.elements(rows())), empty=found.empty
            )
        records = found.records if filling is None else filling.complete(found.records)
        return Decoded(len(records), records, rows)

    def rows(self, rows: Iterable[msgspec.Raw | bytes], filling: Filling | None = None) -> Decoded:
        """The rows one by one: what `page` falls back to, and how rows from elsewhere come in."""
        good: list[Record | Row] = []
        raws: list[bytes] = []
        refused: list[Refused] = []
        unknown: Counter[str] = Counter()
        notes: Counter[Note] = Counter()
        received = empty = 0
        for item in rows:
            pieces = self._pieces(bytes(item))
            received += len(pieces)
            empty += not pieces
            for raw in pieces:
                if isinstance(raw, Refusal):
                    refused.append(Refused(None, raw))
                    continue
                if (row := self._sound(raw, unknown)) is None:
                    outcome = repair(self._shape, raw)
                    if isinstance(outcome, Refusal):
                        refused.append(self._refused(raw, outcome))
                        continue
                    row = Row(outcome.record, outcome.extra)
                    unknown.update(outcome.unknown)
                    notes.update(outcome.notes)
                good.append(row)
                raws.append(raw)
        if filling is not None:
            good = _filled(good, filling)
        return Decoded(received, good, lambda: raws, tuple(refused), unknown, notes, empty)

    def refuse(self, decoded: Decoded, index: int, column: str | None, reason: str) -> Decoded:
        """The same page with one of its rows refused after all, because the database does not take it.

        Another look at the row usually knows better why than the database does.
        """
        raws = decoded.raws()
        came = raws[index]
        raw = came if isinstance(came, Element) else bytes(came)
        found = repair(self._shape, raw)
        if not isinstance(found, Refusal):
            name = next((each.api_name for each in self._resource.columns if each.name == column), None)
            found = Refusal(f"/{name}" if name else "", reason, raw)
        rest = [*raws[:index], *raws[index + 1 :]]
        return replace(
            decoded,
            rows=[*decoded.rows[:index], *decoded.rows[index + 1 :]],
            raws=lambda: rest,
            refused=(*decoded.refused, self._refused(raw, found)),
        )

    def keys(self, decoded: Decoded) -> Iterator[tuple[object, ...]]:
        """The keys of the rows that were read, in order."""
        return map(self._key, decoded.records())

    def versions(self, decoded: Decoded) -> list[str | None]:
        """The modification times of the rows, as text, in the order they came; empty where there is none to have."""
        return [] if self._version is None else list(map(self._version, decoded.records()))

    def _strictly(self, body: bytes) -> Unnested | None:
        """The whole page, or None when anything in it needs a closer look."""
        try:
            if self._unnesting is not None:
                found = self._unnesting.page(body)
            else:
                found = Unnested(self._shape.page.decode(body).data, 0)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
        if (b"\\" in body and b"\\u0000" in body) or not self._shape.accepts(found.records):
            return None
        return found

    def _pieces(self, raw: bytes) -> Sequence[bytes | Refusal]:
        """The records in one row, each as it would be sent alone."""
        if self._unnesting is None:
            return (raw,)
        found = self._unnesting.row(raw)
        return (found,) if isinstance(found, Refusal) else found

    def _refused(self, raw: bytes, why: Refusal) -> Refused:
        key = key_of(self._shape, self._resource.key, raw)
        return Refused(key, raw.refused(why) if isinstance(raw, Element) else why)

    def _sound(self, raw: bytes, unknown: Counter[str]) -> Record | Row | None:
        """A row that needs no repair, though it may have fields that are new to us; None when it does need one."""
        if b"\\u0000" in raw:
            return None
        try:
            record = self._shape.tolerant.decode(raw)
            members = self._shape.members.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
        if not self._shape.accepts([record]):
            return None
        news = {name: value for name, value in members.items() if name not in self._shape.fields}
        if not news:
            return record
        if not all(is_shallow(bytes(value)) for value in news.values()):
            return None
        unknown.update(news.keys())
        return Row(record, msgspec.json.encode(news))

    def _attribute(self, column: str) -> str:
        return next(each.attribute for each in self._resource.columns if each.name == column)


def _filled(rows: Sequence[Record | Row], filling: Filling) -> list[Record | Row]:
    records = filling.complete([row.record if isinstance(row, Row) else row for row in rows])
    return [
        Row(record, row.extra) if isinstance(row, Row) else record for row, record in zip(rows, records, strict=True)
    ]


def _tuple_getter(attributes: Sequence[str]) -> Callable[[Record], tuple[object, ...]]:
    if len(attributes) == 1:
        get = attrgetter(attributes[0])
        return lambda record: (get(record),)
    return attrgetter(*attributes)
