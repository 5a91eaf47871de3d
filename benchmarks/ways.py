"""What is measured, as data: each way of getting the feed into Postgres, and the steps that it takes.

Knows no way's code: `contestants/` has it, and each step runs in a process of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.feed_of_jobs import CHANGED, ROWS, Edition, pages_of


@dataclass(frozen=True)
class Step:
    """One measured run. `expects_changed`: how many rows of each page say that they changed, when it is done."""

    name: str
    edition: Edition
    expects_changed: int = 0
    fresh: bool = False
    """Begins in a database of its own."""
    stray: bool = False
    """The target holds a row that the feed does not tell of, so that nobody can take it for empty."""

    def rows(self, pages: int, rows_a_page: int = ROWS) -> int:
        """How many rows are read."""
        return pages * (CHANGED if self.edition is Edition.INCREMENT else rows_a_page)


@dataclass(frozen=True)
class Way:
    """One contestant. `table` is where its rows are afterwards, with the columns of id, summary and total; None for
    one that keeps nothing. `peer`: another's tool, measured less often where it takes long; `most_rows` is as far as
    anybody would wait for it, unless it is asked for by name."""

    name: str
    module: str
    steps: tuple[Step, ...]
    table: tuple[str, str] | None = None
    peer: bool = False
    most_rows: int | None = None


INITIAL = Step("initial", Edition.FULL, fresh=True)
INCREMENT = Step("increment", Edition.INCREMENT, CHANGED)

_OURS = (
    Step("empty target", Edition.FULL, fresh=True),
    Step("identical", Edition.FULL),
    Step("five in a hundred changed", Edition.CHANGED, CHANGED),
    Step("all changed", Edition.NEWER, ROWS),
    Step("merge", Edition.FULL, fresh=True, stray=True),
    INCREMENT,
)

WAYS: tuple[Way, ...] = (
    Way("http alone", "http_alone", (Step("read", Edition.FULL),)),
    Way("raw COPY", "raw_copy", (INITIAL,), ("bench", "jobs")),
    Way("ours", "ours", _OURS, ("servicetitan", "jobs")),
    Way("dlt default", "dlt_default", (INITIAL, INCREMENT), ("feed", "jobs"), peer=True, most_rows=50_000),
    Way("dlt tuned", "dlt_tuned", (INITIAL, INCREMENT), ("feed", "jobs"), peer=True),
    Way("dlt arrow", "dlt_arrow", (INITIAL, INCREMENT), ("feed", "jobs"), peer=True),
    Way("requests + pandas", "naive", (INITIAL, INCREMENT), ("public", "jobs"), peer=True),
)

FAR_AWAY: tuple[Way, ...] = (
    Way("http alone", "http_alone", (Step("read", Edition.FULL),)),
    Way("ours", "ours", (_OURS[0],), ("servicetitan", "jobs")),
)
"""What is measured again with short pages that take their time: a cursor can only wait for one after the other."""


@dataclass(frozen=True)
class Task:
    """What a contestant's process is told, as JSON on its command line. `folder` is its own to keep things in;
    `prepared` holds what was made beforehand."""

    module: str
    step: str
    edition: Edition
    feed: str
    pages: int
    database_url: str
    folder: str
    prepared: str
    stray: bool = False
    rows_a_page: int = ROWS

    @property
    def last_page(self) -> int:
        return pages_of(self.edition, self.pages)

    @property
    def keep(self) -> Path:
        return Path(self.folder)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        fields = json.loads(text)
        return cls(**fields | {"edition": Edition(fields["edition"])})
