"""`periods …`: months that a business has closed; and `tie-out`: ServiceTitan's own revenue beside ours."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from st_platform.cli.output import Json, TenantName, UsageProblem, print_json, print_table, stdout
from st_platform.cli.sync import find_tenant

periods = typer.Typer(help="Months that are closed: their figures are frozen.", no_args_is_help=True)

Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]
Note = Annotated[str, typer.Option("--note", help="Why, for those who read the list later.")]


def register(app: typer.Typer) -> None:
    app.add_typer(periods, name="periods")
    app.command("tie-out")(tie_out)


@periods.command("close")
def close_period(month: Month, tenant: TenantName, note: Note = "", as_json: Json = False) -> None:
    """Freeze the figures of a month as the marts have them now. Exit 1 if it is closed already or not over."""
    account, first = find_tenant(tenant), parse_month(month, "YYYY-MM")

    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.periods import close

    # As the user itself: the loader's role may not read marts.
    with (
        Database.prepare(database_url(load_settings()), role=None) as database,
        database.connection() as connection,
    ):
        closing = close(connection, account.tenant_id, first, who=getpass.getuser(), note=note)
    if as_json:
        print_json(closing)
        return
    stdout().print(
        f"{month} of {account.name} is closed: {closing.lines:,} revenue lines of {closing.revenue} and"
        f" {closing.jobs:,} jobs are frozen. The next `dbt build` compares with them."
    )


@periods.command("list")
def list_periods(
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Only this tenant.")] = None,
    as_json: Json = False,
) -> None:
    """List every closing, those that were ended too."""
    only = find_tenant(tenant).tenant_id if tenant else None

    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.periods import periods as closings

    with Database.prepare(database_url(load_settings())) as database, database.connection() as connection:
        found = closings(connection, only)
    if as_json:
        print_json(found)
    elif not found:
        stdout().print("no month is closed")
    else:
        columns = ("tenant", "month", "as of", "closed", "by", "note", "reopened")
        cells = [
            (
                period.tenant,
                f"{period.month:%Y-%m}",
                str(period.as_of_date),
                f"{period.closed_at:%Y-%m-%d %H:%M}",
                period.closed_by,
                period.note,
                f"{period.reopened_at:%Y-%m-%d %H:%M} by {period.reopened_by}" if period.reopened_at else "",
            )
            for period in found
        ]
        print_table(None, columns, cells)


@periods.command("reopen")
def reopen_period(month: Month, tenant: TenantName, note: Note = "") -> None:
    """End the closing of a month; what it froze stays on record. Exit 1 if the month is not closed."""
    account, first = find_tenant(tenant), parse_month(month, "YYYY-MM")

    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.periods import reopen

    with Database.prepare(database_url(load_settings())) as database, database.connection() as connection:
        reopen(connection, account.tenant_id, first, who=getpass.getuser(), note=note)
    stdout().print(f"{month} of {account.name} is open again")


def tie_out(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The report, as ServiceTitan downloads it.")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month that the report is of.")],
    tenant: TenantName,
) -> None:
    """Land ServiceTitan's report of revenue by business unit; the next `dbt build` compares it with fct_revenue."""
    account, first = find_tenant(tenant), parse_month(month, "--month")

    from st_platform.ingest.revenue_report import read_report
    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.reported_revenue import replace_report

    lines = read_report(file)
    with Database.prepare(database_url(load_settings())) as database, database.connection() as connection:
        replace_report(connection, account.tenant_id, first, lines, file_name=file.name)
    stdout().print(
        f"{len(lines):,} business units of {account.name}, {month}, are landed;"
        " `st-platform dbt build --select +fct_revenue_tie_out` compares them with fct_revenue"
    )


def parse_month(text: str, where: str) -> date:
    """The first day of a month that is written YYYY-MM.

    Raises:
        UsageProblem: it is not written so.
    """
    try:
        if len(text) == len("2026-05"):
            return date.fromisoformat(f"{text}-01")
    except ValueError:
        pass
    raise UsageProblem(f"{text!r} is no month", where, "Example: 2026-05.")
