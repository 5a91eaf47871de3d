"""One PostgreSQL server's processes and files: who is alive on them, how to start and stop it, what its log says.

`home` is the folder that holds `data` and `server.log`. Knows no passwords and makes no connections.
"""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from subprocess import CompletedProcess

import psutil

from st_platform.warehouse._binaries import Runner
from st_platform.warehouse.errors import DatabaseUnavailable

HOST = "127.0.0.1"
START_SECONDS = 120
_LOG_LIMIT = 16 * 2**20


def data_of(home: Path) -> Path:
    return home / "data"


def log_of(home: Path) -> Path:
    return home / "server.log"


def is_initialised(home: Path) -> bool:
    return (data_of(home) / "PG_VERSION").exists()


def owner_of(home: Path) -> int | None:
    """The user id that the data belongs to, None if there is none yet."""
    try:
        return data_of(home).stat().st_uid
    except OSError:
        return None


# -- processes ------------------------------------------------------------------------------------------------------


def server_processes(home: Path) -> list[psutil.Process]:
    """The living processes of a server on these files: postmaster and children, all at work in the data folder."""
    return [process for process in psutil.process_iter() if _works_on(process, home)]


def _works_on(process: psutil.Process, home: Path) -> bool:
    try:
        return "postgres" in process.name() and process.cwd() == str(data_of(home))
    except (psutil.Error, OSError):  # gone, a zombie, or somebody else's
        return False


def pid_file(home: Path) -> tuple[int, int] | None:
    """Process id and port of the server that last started on these files, alive or not."""
    try:
        lines = (data_of(home) / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None


def postmaster(home: Path) -> int | None:
    """The process id of a living server on these files, or None."""
    recorded = pid_file(home)
    try:
        process = psutil.Process(recorded[0]) if recorded else None
    except (psutil.Error, ValueError):
        return None
    return process.pid if process and _works_on(process, home) else None


def clear_away_the_dead(home: Path) -> None:
    """Let the orphans of a killed server finish, then remove its pid file.

    The killed process may still be listed (not yet reaped) or its id may belong to another program by now;
    PostgreSQL would take either for a living server.
    """
    deadline = time.monotonic() + START_SECONDS
    while left := server_processes(home):
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(
                "processes of an earlier server hold the data",
                f"processes {[process.pid for process in left]}, {home}",
                "End those processes.",
            )
        time.sleep(0.1)
    (data_of(home) / "postmaster.pid").unlink(missing_ok=True)


# -- commands -------------------------------------------------------------------------------------------------------


def start(home: Path, bin_dir: Path, runner: Runner) -> tuple[CompletedProcess[str], str]:
    """Run `pg_ctl start` and wait for it; its outcome and what the server wrote to its log meanwhile."""
    log = log_of(home)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
    runner.own(log)
    before = log.stat().st_size
    done = runner.run(
        bin_dir / "pg_ctl",
        *("start", "-D", data_of(home), "-l", log, "-w", "-t", str(START_SECONDS), "-s"),
        timeout=START_SECONDS + 30,
    )
    with log.open("rb") as written:
        written.seek(before)
        return done, written.read().decode(errors="replace").strip()


def stop(home: Path, bin_dir: Path, runner: Runner) -> None:
    """End the server: clients are disconnected, everything committed is kept.

    Raises:
        DatabaseUnavailable: it is still there after two minutes.
    """
    said = ""
    for mode in ("fast", "immediate"):
        done = runner.run(
            bin_dir / "pg_ctl", "stop", "-D", data_of(home), "-m", mode, "-w", "-t", "60", "-s", timeout=90
        )
        if done.returncode == 0 or postmaster(home) is None:
            return
        said = done.stdout.strip()
    raise DatabaseUnavailable("the server does not stop", str(home), f"End its processes. pg_ctl says: {said}")


def may_pass(log: str) -> bool:
    """Whether trying once more can help: another port, or a killed server's memory that is about to be released."""
    return any(hint in log for hint in ("could not bind", "could not create any TCP", "shared memory block"))


def end_of_log(home: Path, size: int = 2000) -> str:
    log = log_of(home)
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - size))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return "(no log)"


# -- surroundings ---------------------------------------------------------------------------------------------------


def is_usable(home: Path, runner: Runner) -> bool:
    """Whether the server's user can own a data folder in `home`; tried with a real folder."""
    probe = home / "probe.new"
    try:
        shutil.rmtree(probe, ignore_errors=True)
        probe.mkdir(mode=0o700)
        runner.own(probe)
        return runner.can_use(probe)
    except OSError:
        return False
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def shared_memory_suffices() -> bool:
    """Containers often have 64 MB of /dev/shm, too little for parallel queries."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 256 * 2**20  # noqa: S108 - measured, never written
    except OSError:
        return True


def is_free(port: int) -> bool:
    """Whether a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
