"""A transaction in spite of a database that is busy or away, done once and only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import pytest

from st_platform.ingest.persistence import patiently
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import DatabaseUnavailable


class Flaky:
    """A database whose connections fail as planned: an error before the work, or one in place of the commit."""

    def __init__(self, *, entering: Sequence[Exception] = (), committing: Sequence[Exception] = ()) -> None:
        self.entering = list(entering)
        self.committing = list(committing)
        self.opened = 0

    @contextmanager
    def connection(self) -> Iterator[Any]:
        self.opened += 1
        if self.entering:
            raise self.entering.pop(0)
        yield None
        if self.committing:
            raise self.committing.pop(0)


def run(
    flaky: Flaky, work: Callable[[Any], int], *, is_done: Callable[[], bool] | None = None, patience: float = 5
) -> int:
    return patiently(cast("Database", flaky), work, is_done=is_done, patience=patience)


def counted() -> tuple[Callable[[Any], int], list[int]]:
    calls: list[int] = []

    def work(_: Any) -> int:
        calls.append(1)
        return len(calls)

    return work, calls


def test_a_deadlock_is_tried_again_three_times_and_then_told() -> None:
    work, calls = counted()
    assert run(Flaky(committing=[psycopg.errors.DeadlockDetected()] * 3), work) == 4
    with pytest.raises(psycopg.errors.LockNotAvailable):
        run(Flaky(committing=[psycopg.errors.LockNotAvailable()] * 4), work)
    assert len(calls) == 8


def test_a_database_that_comes_back_is_waited_for() -> None:
    work, calls = counted()
    away = [psycopg.OperationalError("refused"), DatabaseUnavailable("gone", "here", "wait")]
    assert run(Flaky(entering=away), work) == 1
    assert len(calls) == 1


def test_a_database_that_stays_away_is_told_when_patience_is_out() -> None:
    work, calls = counted()
    with pytest.raises(psycopg.OperationalError):
        run(Flaky(entering=[psycopg.OperationalError("refused")] * 100), work, patience=0.3)
    assert not calls


def test_a_commit_whose_answer_was_lost_is_not_done_twice() -> None:
    work, calls = counted()
    assert run(Flaky(committing=[psycopg.OperationalError("lost")]), work, is_done=lambda: True) == 1
    assert len(calls) == 1


def test_a_commit_that_did_not_happen_is_done_again() -> None:
    work, calls = counted()
    assert run(Flaky(committing=[psycopg.OperationalError("lost")]), work, is_done=lambda: False) == 2
    assert len(calls) == 2


def test_an_error_of_the_work_itself_is_not_tried_again() -> None:
    def work(_: Any) -> int:
        raise ValueError("ours")

    flaky = Flaky()
    with pytest.raises(ValueError, match="ours"):
        run(flaky, work)
    assert flaky.opened == 1
