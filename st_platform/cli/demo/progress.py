"""Numbered, timed steps on stderr: a spinner where somebody watches, plain lines where nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from st_platform.cli.output import stderr

_HEARTBEAT_SECONDS = 20.0


@dataclass
class Step:
    """One step while it runs. `detail` is shown when it is done."""

    title: str
    console: Console
    spinner: Status | None
    detail: str = ""
    started: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def update(self, text: str) -> None:
        """Say what is going on; in a log only every few seconds."""
        if self.spinner:
            self.spinner.update(f"{self.title}: {text} ({time.monotonic() - self.started:.0f} s)")
        elif time.monotonic() - self._said > _HEARTBEAT_SECONDS:
            self._said = time.monotonic()
            self.console.print(f"      … {text}", markup=False, soft_wrap=True)


class Steps:
    """Counts steps and their seconds."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._console = stderr()
        self._started = time.monotonic()
        self.seconds: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run the block as the next step; a step that raises is shown as failed."""
        self._number += 1
        label = f"[{self._number}/{self._total}] {title}"
        spinner = self._console.status(label) if self._console.is_terminal else None
        step = Step(label, self._console, spinner)
        if spinner:
            spinner.start()
        else:
            self._console.print(label, markup=False)
        outcome, style = "✗", "red"
        try:
            yield step
            outcome, style = "✓", "green"
        finally:
            if spinner:
                spinner.stop()
            took = time.monotonic() - step.started
            self.seconds[title] = took
            line = Text.assemble((f"{outcome} ", style), f"{label:<44} {took:6.1f} s  ", (step.detail, "dim"))
            self._console.print(line, soft_wrap=True)
