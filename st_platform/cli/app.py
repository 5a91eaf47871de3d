"""The commands put together, and the one place where an error becomes a line and an exit code.

0 the command did what it says, 1 it failed, 2 it was asked for something impossible or the settings are wrong.
"""

from __future__ import annotations

import os

import typer

from st_platform.cli import (
    backfill,
    catalog,
    dagster,
    database,
    deletes,
    demo,
    doctor,
    periods,
    reconcile,
    simulate,
    sync,
)
from st_platform.cli.output import EXIT_FAILED, EXIT_USAGE, CommandFailed, UsageProblem, error_line

app = typer.Typer(
    name="st-platform",
    help="The data platform for trades operators on ServiceTitan.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (sync, backfill, reconcile, catalog, database, deletes, periods, dagster, doctor, simulate, demo):
    module.register(app)


def run() -> None:
    """Run the command line of this process and exit with its code."""
    try:
        app()
    except UsageProblem as problem:
        _exit(EXIT_USAGE, str(problem))
    except CommandFailed as failure:
        _exit(EXIT_FAILED, str(failure))
    except Exception as error:
        code, lines = explain(error)
        if not lines or os.environ.get("ST_DEBUG"):
            raise
        _exit(code, *lines)


def explain(error: Exception) -> tuple[int, list[str]]:
    """Exit code and lines for an error of the floors below; no lines when it is none of ours."""
    from st_platform.tenants_file import SettingsError

    if isinstance(error, SettingsError):
        return EXIT_USAGE, [str(problem) for problem in error.problems]
    if all(hasattr(error, part) for part in ("what", "where", "fix")):
        return EXIT_FAILED, [str(error)]
    from psycopg import OperationalError

    if isinstance(error, OperationalError):
        fix = "`st-platform doctor` shows what is reachable."
        return EXIT_FAILED, [f"the database does not answer: {str(error).strip()} (DATABASE_URL). {fix}"]
    return EXIT_FAILED, []


def _exit(code: int, *lines: str) -> None:
    for line in lines:
        error_line(line)
    raise SystemExit(code)
