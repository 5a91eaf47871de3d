"""Where a demo plays: its folder, lock, ports and processes, and how everything is taken down again.

Knows what has to be stopped and wiped; what is played on it is in `steps.py`, from beginning to end in `run.py`.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from st_platform.cli.output import CommandFailed, note
from st_platform.cli.processes import Child, Children, stop_group_of
from st_platform.settings import Settings, load_settings

PORTS: Mapping[str, int] = {"ui": 3000, "tenants": 8765, "code": 4266}
"""Taken when free; otherwise the next free one. The summary prints those in use."""


@dataclass
class Stage:
    """One demo: its settings (own state, own tenants, own database), the running children and the ports."""

    settings: Settings
    root: Path
    children: Children
    ports: dict[str, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """What the UI and the daemon load: the code server of this demo."""
        return self.root / "workspace.yaml"

    @property
    def owns_database(self) -> bool:
        return self.settings.database_url is None

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str, *arguments: str) -> Child:
        """Start a child in the demo's folder, where no `.env` of yours reaches it, and remember it for later."""
        child = self.children.start(name, arguments, self.variables, self.root)
        _remember(self.root, self.children)
        return child

    def read_memory(self) -> dict[str, Any]:
        """What an earlier run of the demo wrote down."""
        try:
            return json.loads((self.root / "demo.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}

    def remember(self, **facts: Any) -> None:
        (self.root / "demo.json").write_text(json.dumps(self.read_memory() | facts, indent=2), "utf-8")


def demo_settings(environ: Mapping[str, str]) -> Settings:
    """Settings of the demo: nothing of yours but what stands in the environment itself.

    `.env` describes your platform, which simulated tenants have no business in.
    """
    yours = load_settings()
    root = yours.state_dir.absolute() / "demo"
    return yours.model_copy(
        update={
            "database_url": environ.get("DATABASE_URL") or None,
            "dagster_database_url": environ.get("DAGSTER_DATABASE_URL") or None,
            "alert_url": yours.alert_url if environ.get("ST_ALERT_URL") else None,
            "state_dir": root,
            "tenants_file": root / "tenants.toml",
            "project_dir": yours.project,
            "schedules": "stopped",
        }
    )


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the demo's lock; it ends with this process, however that ends."""
    with (root / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fix = "Stop it with Ctrl-C in its terminal, or set ST_STATE_DIR to another folder."
            raise CommandFailed("a demo is already running here", str(root), fix) from None
        yield


def _remember(root: Path, children: Children) -> None:
    """Write down who was started, so that the next demo can stop them should this one be killed."""
    started = [{"pid": child.process.pid, "since": _since(child.process.pid)} for child in children.all]
    (root / "processes.json").write_text(json.dumps(started), "utf-8")


def stop_leftovers(root: Path) -> None:
    """Stop the children of a demo that was killed. A process is only taken for one if it started at the same time."""
    file = root / "processes.json"
    with suppress(FileNotFoundError, ValueError):
        for entry in json.loads(file.read_text("utf-8")):
            if entry["since"] is not None and _since(entry["pid"]) == entry["since"]:
                note(f"stopping process {entry['pid']}, left by a demo that was killed")
                stop_group_of(entry["pid"])
    file.unlink(missing_ok=True)


def _since(pid: int) -> float | None:
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def wipe(settings: Settings) -> None:
    """Remove the demo's database and folder, all but the lock that is held."""
    from st_platform.warehouse.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(settings.embedded_dir)
    server.stop()
    data = server.status().data_dir
    shutil.rmtree(data, ignore_errors=True)
    for path in settings.state_dir.iterdir():
        if path.name != "lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def stop_database(settings: Settings) -> None:
    """Stop the demo's own server."""
    from st_platform.warehouse.embedded import EmbeddedPostgres

    EmbeddedPostgres(settings.embedded_dir).stop()
