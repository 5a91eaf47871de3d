"""Being asked to end: Ctrl-C, SIGTERM or a closed terminal become one exception, and taking down is not interrupted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A request to end: take everything down, then exit as that signal does."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)

    @property
    def exit_code(self) -> int:
        return 128 + self.number


@contextmanager
def signals() -> Iterator[None]:
    """Within the block a request to end raises `Interrupted`, so that everything is taken down on the way out."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Taking down is short and must not be cut shorter by a second Ctrl-C."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)
