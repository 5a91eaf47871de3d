"""`simulate`: a simulated ServiceTitan with two tenants on a socket of this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
    from st_platform import simulator

    simulator.serve(port=port, seed=seed, size=size.value, state_dir=state_dir)
