"""Doing one transaction in spite of a database that is busy or away for a moment. Knows Postgres's reasons only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import DatabaseUnavailable

T = TypeVar("T")

_PATIENCE = 60.0
_TRIES_FOR_LOCKS = 4
_LOCKS = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable, psycopg.errors.SerializationFailure)


def patiently(
    database: Database,
    work: Callable[[psycopg.Connection], T],
    *,
    is_done: Callable[[], bool] | None = None,
    patience: float = _PATIENCE,
) -> T:
    """The result of `work`, run in one transaction: again at once after a lock conflict (at most three times), and
    for up to `patience` seconds while the database cannot be reached.

    When the connection breaks, nobody knows whether the commit went through; `is_done` finds out, and then the
    result of the attempt that was cut off counts.

    Raises:
        psycopg.OperationalError, DatabaseUnavailable: patience ran out.
    """
    deadline = time.monotonic() + patience
    conflicts = 0
    pause = 0.1
    result: list[T] = []
    while True:
        try:
            if result and is_done is not None and is_done():
                return result[0]
            result.clear()
            with database.connection() as connection:
                result.append(work(connection))
        except _LOCKS:
            result.clear()
            conflicts += 1
            if conflicts >= _TRIES_FOR_LOCKS:
                raise
            time.sleep(random.uniform(0, 0.2 * conflicts))  # noqa: S311 - jitter
        except (psycopg.OperationalError, psycopg.InterfaceError, DatabaseUnavailable):
            if time.monotonic() + pause > deadline:
                raise
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
            pause = min(pause * 2, 5.0)
        else:
            return result[0]
