"""`st-platform …`: the platform from a terminal.

Knows options, tables and exit codes. What a command does lives on the floors below and is imported when it runs,
so that `--help` answers at once.
"""

from __future__ import annotations


def main() -> None:
    """The entry point of the `st-platform` script."""
    from st_platform.cli.app import run

    run()
