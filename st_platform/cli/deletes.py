"""`deletes …`: removals that were too large to believe, for a person to look at and decide."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from st_platform.cli.output import CommandFailed, Json, TenantName, print_json, print_table, stdout
from st_platform.cli.sync import ResourceName, find_resource, find_tenant

deletes = typer.Typer(help="Removals that were too large to believe and wait for a person.", no_args_is_help=True)

_PARKED = b"""
    SELECT coalesce(t.name, p.tenant_id::text) AS tenant, p.resource, p.missing, p.living, p.parked_at, p.examples
    FROM platform.parked_deletes AS p
    LEFT JOIN platform.tenants AS t USING (tenant_id)
    WHERE p.resolved_at IS NULL
    ORDER BY p.parked_at
"""


def register(app: typer.Typer) -> None:
    app.add_typer(deletes, name="deletes")


@deletes.command("list")
def list_parked(as_json: Json = False) -> None:
    """List what is parked: how many rows are gone, of how many, since when, and some of their keys."""
    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database

    columns = ("tenant", "resource", "missing", "living", "parked_at", "examples")
    with Database.prepare(database_url(load_settings())) as database, database.connection() as connection:
        found: list[dict[str, Any]] = [dict(zip(columns, row, strict=True)) for row in connection.execute(_PARKED)]
    if as_json:
        print_json(found)
    elif not found:
        stdout().print("nothing is parked")
    else:
        cells = [[*(str(item[name]) for name in columns[:-1]), ", ".join(item["examples"])] for item in found]
        print_table(None, columns, cells)


@deletes.command()
def accept(resource: ResourceName, tenant: TenantName) -> None:
    """Believe the parked removal of a resource: mark the rows that are still missing. Exit 1 if nothing is parked."""
    entry, account = find_resource(resource), find_tenant(tenant)

    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.removals import accept_parked

    with Database.prepare(database_url(load_settings())) as database, database.connection() as connection:
        outcome = accept_parked(connection, entry, account.tenant_id, at=datetime.now(UTC))
    if outcome is None:
        raise CommandFailed(
            f"no removal of {entry.name} is parked", f"tenant {account.name}", "`st-platform deletes list` shows them."
        )
    stdout().print(f"{outcome.deleted:,} of {outcome.living:,} {entry.name} of {account.name} are marked as deleted")
