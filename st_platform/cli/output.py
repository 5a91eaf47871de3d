"""How the command line speaks: results to stdout, everything else to stderr, errors in one line each.

Knows rich and exit codes; knows nothing of what it prints.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

EXIT_FAILED = 1
EXIT_USAGE = 2

_WIDE = 250
"""Columns when nobody watches: a table in a pipe is not folded to a terminal it does not have."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TenantName = Annotated[str, typer.Option("--tenant", "-t", help="Name of the tenant in tenants.toml.")]


def stdout() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)


def stderr() -> Console:
    return Console(stderr=True, width=None if sys.stderr.isatty() else _WIDE, highlight=False)


class UsageProblem(Exception):
    """The command was asked for something that cannot be; exit 2, nothing started."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(f"{what} ({where}). {fix}")


class CommandFailed(Exception):
    """The command was understood but did not succeed; exit 1."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(f"{what} ({where}). {fix}")


def error_line(text: str) -> None:
    """One line on stderr, whatever `text` contains: no markup, no folding."""
    one_line = " ".join(text.split())
    console = stderr()
    console.print("error: ", style="bold red", end="")
    console.print(one_line, markup=False, soft_wrap=True)


def note(text: str) -> None:
    """A line on stderr that is worth reading but not an error."""
    stderr().print(text, style="dim", markup=False, soft_wrap=True)


def fail(code: int, lines: Iterable[str]) -> NoReturn:
    for line in lines:
        error_line(line)
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """`value` as JSON on stdout, two spaces deep; times in ISO 8601, money as text."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """`value` made of nothing but what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    return value


def print_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout; numbers to the right with thousands separated."""
    rows = [tuple(row) for row in rows]
    if title:
        stdout().print(title, style="bold", markup=False, soft_wrap=True)
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[index]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    stdout().print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: object) -> Any:
    from rich.text import Text

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    return value if isinstance(value, Text) else Text(str(value))


def duration(seconds: float) -> str:
    """Two units at most: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def human_size(size: float) -> str:
    """Bytes with the unit that leaves one to four digits."""
    unit = "kB"
    size /= 1024
    for larger in ("MB", "GB", "TB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:,.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
