"""Children live as long as the command that started them, and no longer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from st_platform.cli.output import CommandFailed
from st_platform.cli.processes import Child, Children, ReservedPort, is_free, wait_until

FAMILY = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)\n"
)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_leaving_stops_children_and_what_they_started(tmp_path: Path) -> None:
    with Children(tmp_path / "logs") as children:
        child = children.start("family", [sys.executable, "-c", FAMILY], {}, tmp_path)
        assert eventually(lambda: child.log.read_text().strip() != "")
        grandchild = int(child.log.read_text())
        assert alive(grandchild)
    assert not child.running
    assert eventually(lambda: not alive(grandchild))


def test_an_exception_stops_them_too(tmp_path: Path) -> None:
    started: list[Child] = []

    def fail_meanwhile() -> None:
        with Children(tmp_path) as children:
            started.append(
                children.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path)
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()
    assert not started[0].running


def test_a_child_that_will_not_stop_is_killed_after_its_grace_time(tmp_path: Path) -> None:
    children = Children(tmp_path)
    child = children.start("stubborn", [sys.executable, "-c", STUBBORN], {}, tmp_path)
    assert eventually(lambda: "up" in child.log.read_text())
    children.stop(grace=0.5)
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_ends_early_ends_the_wait_with_its_last_words(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start(
            "broken", [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], {}, tmp_path
        )
        with pytest.raises(CommandFailed, match="ended with code 3: no such port"):
            wait_until(lambda: False, "the server", child, seconds=30)


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("mute", [sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path)
        with pytest.raises(CommandFailed, match="did not answer within 0 s"):
            wait_until(lambda: False, "the server", child, seconds=0.1)


def test_a_taken_port_is_replaced_by_the_next_free_one() -> None:
    with ReservedPort(21_000) as wanted, socket.create_server(("127.0.0.1", wanted.number)):
        assert not is_free(wanted.number)
        with ReservedPort(wanted.number) as other:
            assert wanted.number < other.number < wanted.number + 200
            assert is_free(other.number)


def test_two_commands_that_start_at_once_get_different_ports() -> None:
    with ReservedPort(22_000) as first, ReservedPort(first.number) as second:
        assert second.number > first.number
    with ReservedPort(first.number) as third:
        assert third.number == first.number


def test_a_strangers_answer_does_not_pass_for_the_childs(tmp_path: Path) -> None:
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
    with socket.create_server(("127.0.0.1", 0)) as stranger, Children(tmp_path) as children:
        child = children.start("server", [sys.executable, "-c", script + "time.sleep(60)"], {}, tmp_path)
        assert eventually(lambda: child.log.read_text().strip() != "")
        assert child.listens(int(child.log.read_text()))
        assert not child.listens(stranger.getsockname()[1])


def test_children_get_the_environment_laid_over_ours(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        script = "import os; print(os.environ['EXTRA'], 'PATH' in os.environ)"
        child = children.start("printer", [sys.executable, "-c", script], {"EXTRA": "yes"}, tmp_path)
        child.process.wait(20)
    assert child.log.read_text().strip() == "yes True"


def test_the_group_is_the_childs_own(tmp_path: Path) -> None:
    """Ctrl-C in the terminal reaches the command alone, which then stops its children in order."""
    with Children(tmp_path) as children:
        child = children.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path)
        assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)


def test_help_answers_at_once_and_loads_nothing_heavy() -> None:
    script = (
        "import sys, time\n"
        "from st_platform.cli import main\n"
        "sys.argv = ['st-platform', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "heavy = {'dagster', 'dbt', 'pandas', 'numpy', 'psycopg', 'httpx', 'pydantic', 'msgspec', 'apprise'}\n"
        "found = heavy & set(sys.modules)\n"
        "assert not found, found\n"
        "assert time.process_time() < 1.5, time.process_time()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "backfill" in done.stdout
