"""Several lanes at once: threads, because the wait is the network; the shared limiter owns the pace.

Knows threads and nothing of what a lane is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import Generic, TypeVar

WORKERS = 4

T = TypeVar("T")


class Stopped(Exception):
    """Somebody wants the work to end; what was being done was left at a clean place."""


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
    def idle(self) -> int:
        """How many threads have nothing to do, and no item waiting for them."""
        with self._lock:
            return max(0, self._workers - len([each for each in self._running if not each.done()]))

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
