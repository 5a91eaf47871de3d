"""`demo`: the whole platform on two simulated tenants, in numbered steps, on this machine and nothing else.

Here are only the options and what ends a demo; the steps are in `steps.py`.
"""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    no_ui: Annotated[
        bool, typer.Option("--no-ui", help="Stop everything at the end; exit 0 only if every step and check is good.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier demo left and begin anew.")] = False,
) -> None:
    """Show the platform at work on two simulated tenants.

    Everything it keeps is under .st_platform/demo, with a database of its own unless DATABASE_URL is set in the
    environment. A second run uses what is there. Ctrl-C stops everything it started.
    """
    from st_platform.cli.demo.run import run_demo

    run_demo(no_ui=no_ui, fresh=fresh)
