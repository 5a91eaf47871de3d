"""Several lanes at once: threads, because the wait is the network; the shared limiter owns the pace.

Knows threads and nothing of what a lane is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

WORKERS = 12
"""Lanes that wait for the network at the same time, at most; how many are of use, each sync finds out (`lanes.py`)."""

SEATS = 2
"""Pages that are decoded and merged at the same time."""

T = TypeVar("T")
R = TypeVar("R")


class Stopped(Exception):
    """Somebody wants the work to end; what was being done was left at a clean place."""


class Desk:
    """Two threads at which pages are decoded and merged, whoever fetched them.

    Waiting for the network may be as parallel as it likes; rows held in memory may not, and an allocator keeps what
    each thread once needed.
    """

    def __init__(self) -> None:
        self._seats = ThreadPoolExecutor(SEATS, thread_name_prefix="desk")

    def do(self, work: Callable[[], R]) -> R:
        """Wait for a seat, do the work there, give back what it gives or raises."""
        return self._seats.submit(work).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seats.shutdown(wait=True)


class Crew(Generic[T]):
    """Works through items with a few threads; an item may add further ones while it is worked on.

    The first error ends the whole: `stop` is set, everybody else ends at the next clean place, and the error is
    raised. The same happens when the waiting thread itself is interrupted.
    """

    def __init__(self, do: Callable[[T], None], *, stop: Event, workers: int = WORKERS) -> None:
        self._do = do
        self._stop = stop
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="lane")
        self._running: set[Future[None]] = set()
        self._lock = Lock()
        self.total = 0

    @property
    def busy(self) -> int:
        """How many items are being worked on or wait for a thread."""
        with self._lock:
            return len([each for each in self._running if not each.done()])

    @property
    def idle(self) -> int:
        """How many threads have nothing to do, and no item waiting for them."""
        return max(0, self._workers - self.busy)

    def add(self, items: Iterable[T]) -> None:
        """Queue more items."""
        with self._lock:
            for item in items:
                self._running.add(self._pool.submit(self._do, item))
                self.total += 1

    def work(self, items: Iterable[T]) -> None:
        """Work through `items` and all that they add.

        Raises:
            Exception: the first that an item raised.
        """
        error: BaseException | None = None
        try:
            self.add(items)
            while waiting := self._unfinished():
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for each in finished:
                    found = each.exception()
                    if found is not None and not isinstance(found, Stopped):
                        error = error or found
                        self._stop.set()
                with self._lock:
                    self._running -= finished
        except BaseException:
            self._stop.set()
            raise
        finally:
            self._pool.shutdown(wait=True)
        if error is not None:
            raise error

    def _unfinished(self) -> set[Future[None]]:
        with self._lock:
            return set(self._running)
