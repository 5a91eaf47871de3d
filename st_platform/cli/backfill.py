"""`backfill`: a real Dagster backfill, launched through GraphQL, with its progress."""

from __future__ import annotations

from typing import Annotated

import typer

from st_platform.cli.output import Json, TenantName
from st_platform.cli.windows import From, To


def register(app: typer.Typer) -> None:
    app.command()(backfill)


def backfill(
    resources: Annotated[list[str], typer.Argument(metavar="RESOURCE…", help="Dated resources of one tenant.")],
    tenant: TenantName,
    start: From = None,
    end: To = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress and exit 1 unless it succeeds.")] = False,
    as_json: Json = False,
) -> None:
    """Read the days from --from to --to (not included) again, as a backfill that the Dagster UI shows."""
    raise NotImplementedError
