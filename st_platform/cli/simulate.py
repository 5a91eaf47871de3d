"""`simulate`: a simulated ServiceTitan with two tenants on a socket of this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from st_platform.cli.output import CommandFailed, note


class Size(StrEnum):
    """About 6k customers over three years, 100k, or ten times that."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def register(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8765,
    seed: Annotated[int, typer.Option(help="The same seed gives the same business.")] = 7,
    size: Annotated[Size, typer.Option(help="How much business.")] = Size.SMALL,
    state_dir: Annotated[Path | None, typer.Option(help="Where to keep the generated world between starts.")] = None,
) -> None:
    """Serve two simulated tenants until Ctrl-C; GET /_sim/tenants.toml gives the file that points at them."""
    from st_platform.cli.signals import Interrupted, signals
    from st_platform.simulator import SimulatorServer

    try:
        server = SimulatorServer(port=port, seed=seed, size=size.value, ticking=True, state_dir=state_dir)
    except OSError as error:
        fix = "Give another port, or 0 for a free one."
        raise CommandFailed(f"the port cannot be used: {error.strerror}", f"127.0.0.1:{port}", fix) from None
    with signals():
        try:
            note(f"Simulated ServiceTitan at {server.url}; Ctrl-C stops it. To point the platform at it:")
            note(f"curl -s {server.url}/_sim/tenants.toml > tenants.toml")
            server.run()
        except Interrupted:
            return
