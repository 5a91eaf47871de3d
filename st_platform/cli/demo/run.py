"""One demo from beginning to end: set the stage, play the steps, and take everything down whatever happens."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack

from st_platform.cli.demo import steps
from st_platform.cli.demo.stage import PORTS, Stage, demo_settings, only_one, stop_database, stop_leftovers, wipe
from st_platform.cli.output import CommandFailed, UsageProblem, note
from st_platform.cli.processes import Children, ReservedPort
from st_platform.cli.signals import Interrupted, ignore_signals, signals


def run_demo(*, no_ui: bool, fresh: bool) -> None:
    """Play the demo; raises CommandFailed when a step, or in the end a check, is not good."""
    settings = demo_settings(os.environ)
    if fresh and settings.database_url:
        fix = "Unset DATABASE_URL for a demo with a database of its own, or drop that database yourself."
        raise UsageProblem("--fresh does not wipe a database that is not the demo's own", "DATABASE_URL", fix)
    root = settings.state_dir
    root.mkdir(parents=True, exist_ok=True)
    try:
        with signals(), only_one(root), ExitStack() as curtain:
            stop_leftovers(root)
            if fresh:
                wipe(settings)
            if settings.database_url is None:
                curtain.callback(stop_database, settings)
            children = curtain.enter_context(Children(root / "logs"))
            curtain.callback(ignore_signals)
            ports = {name: curtain.enter_context(ReservedPort(port)).number for name, port in PORTS.items()}
            stage = Stage(settings, root, children, ports)
            bad = steps.play(stage, no_ui=no_ui)
            if not no_ui:
                steps.wait_for_the_end(stage)
            if bad:
                fix = "They are listed above with their reason; `st-platform demo` shows them in the UI."
                raise CommandFailed(f"{len(bad)} checks are not good", str(root), fix)
    except Interrupted as interrupt:
        note("The demo was stopped; everything it started is down.")
        sys.exit(interrupt.exit_code)
