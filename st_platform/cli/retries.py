"""Retries of API requests, told on stderr: a command that waits says for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from st_platform.cli.output import note

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails


def announce_retries() -> None:
    """From now on each retry of this process is a line on stderr, and no log line on stdout."""
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([_tell])


def _tell(details: RetryDetails) -> None:
    note(
        f"try {details.retry_num} failed, next in {details.wait_for:.1f} s: {' '.join(str(details.caused_by).split())}"
    )
