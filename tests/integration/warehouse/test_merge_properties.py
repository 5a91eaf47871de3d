"""Any order and any repetition of pages gives the same table, and the checker that says so catches broken merges.

Each example has a tenant of its own, so that all of them can share one database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.records.memberships import Membership
from st_platform.warehouse import merge
from st_platform.warehouse._merge_sql import Shape, Statements, statements
from st_platform.warehouse.database import Database

MEMBERSHIPS = CATALOG["memberships"]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
_tenants = count(1)

INSTANTS = [
    None,
    "2026-07-01T00:00:00Z",
    "2026-07-01T00:00:00.0000001Z",
    "2026-07-01T00:00:00.0000009Z",
    "2026-07-01T00:00:00.000001Z",
    "2026-07-02T00:00:00Z",
]


@dataclass(frozen=True)
class Page:
    """What one request was answered with."""

    seq: int
    rows: tuple[Membership, ...]


rows = st.builds(
    Membership,
    id=st.integers(1, 3),
    modified_on=st.sampled_from(INSTANTS),
    status=st.sampled_from(["Active", "Deleted", "Canceled"]),
    memo=st.sampled_from([None, "A", "B"]),
)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Page]:
    """Pages of a few requests as they arrive: in any order, some of them several times."""
    contents = draw(st.lists(st.lists(rows, max_size=4), min_size=1, max_size=5))
    pages = [Page(seq, tuple(content)) for seq, content in enumerate(contents, start=1)]
    again = draw(st.lists(st.sampled_from(pages), max_size=3))
    return draw(st.permutations([*pages, *again]))


State = dict[int, tuple[int | None, str | None, str | None, int, bool]]
"""Per key: version in microseconds, status, memo, request, whether it is marked deleted."""


def ticks(instant: str | None) -> int:
    """An instant in steps of its seventh digit, null first."""
    if instant is None:
        return -1
    seconds, _, fraction = instant.rstrip("Z").partition(".")
    whole = int(datetime.fromisoformat(f"{seconds}+00:00").timestamp())
    return whole * 10**7 + int(fraction.ljust(7, "0"))


def expected(pages: Sequence[Page]) -> State:
    """The rule, said once more and slowly: the greatest version cut to microseconds, then the latest request;
    within a request the greatest version with all digits, then the last row."""
    best: dict[int, tuple[tuple[int, int, int, int], Membership]] = {}
    for page in pages:
        for place, row in enumerate(page.rows):
            version = ticks(row.modified_on)
            rank = (version // 10, page.seq, version, place)
            if row.id not in best or rank > best[row.id][0]:
                best[row.id] = (rank, row)
    return {
        key: (rank[0] if row.modified_on else None, row.status, row.memo, rank[1], row.status == "Deleted")
        for key, (rank, row) in best.items()
    }


def actual(database: Database, tenant: int) -> State:
    with database.connection() as connection:
        found = connection.execute(
            "SELECT id, (extract(epoch FROM modified_on) * 1000000)::bigint, status, memo, _fetch_seq,"
            " _deleted_at IS NOT NULL FROM servicetitan.memberships WHERE tenant_id = %s",
            [tenant],
        ).fetchall()
    return {row[0]: (row[1], *row[2:]) for row in found}


def check(database: Database, arriving: Sequence[Page]) -> None:
    """Land the pages as they arrive and compare with the rule."""
    tenant = next(_tenants)
    with database.connection() as connection:
        for page in arriving:
            counts = merge.merge_page(connection, MEMBERSHIPS, tenant, page.rows, fetch_seq=page.seq, fetched_at=NOON)
            assert counts.received == len(page.rows) == counts.inserted + counts.updated + counts.unchanged
    found, wanted = actual(database, tenant), expected(arriving)
    assert _visible(found) == _visible(wanted), "the table differs from the rule"
    assert found == wanted, "only the requests' numbers differ from the rule"


def _visible(state: State) -> dict[int, tuple[object, ...]]:
    return {key: (version, status, memo, deleted) for key, (version, status, memo, _, deleted) in state.items()}


SHARED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@SHARED
@given(arriving=arrivals())
def test_any_order_and_repetition_of_pages_gives_the_same_table(database: Database, arriving: list[Page]) -> None:
    check(database, arriving)


HELD, OFFERED = (f"coalesce({alias}.\"modified_on\", '-infinity')".encode() for alias in ("t", "excluded"))
GUARD = b"(" + OFFERED + b", excluded._fetch_seq) > (" + HELD + b", t._fetch_seq)"

BROKEN = {
    "not guarded": (GUARD, b"true"),
    "guarded by version alone": (GUARD, OFFERED + b" >= " + HELD),
    "advanced only when contents differ": (
        GUARD,
        GUARD + b" AND (t.status, t.memo) IS DISTINCT FROM (excluded.status, excluded.memo)",
    ),
    "keeping every mark": (
        b"_deleted_at = CASE",
        b"_deleted_at = CASE WHEN t._deleted_at IS NOT NULL THEN t._deleted_at",
    ),
}


@pytest.fixture(params=BROKEN)
def broken_merge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same merge with one clause changed."""
    old, new = BROKEN[request.param]

    def tampered(shape: Shape) -> Statements:
        good = statements(shape)
        assert old in good.merge, "the clause to break is not there any more"
        return dataclasses.replace(good, merge=good.merge.replace(old, new))

    monkeypatch.setattr(merge, "statements", tampered)
    return request.param


def test_the_checker_catches_a_merge_that_is(broken_merge: str, database: Database) -> None:
    """Caught by what people see in the table, not only by the bookkeeping."""

    @settings(SHARED, max_examples=400, phases=[Phase.generate])
    @given(arriving=arrivals())
    def attempt(arriving: list[Page]) -> None:
        try:
            check(database, arriving)
        except AssertionError as error:
            if "differs from the rule" in str(error):
                raise

    with pytest.raises(AssertionError, match="the table differs from the rule"):
        attempt()
