"""Child processes of a command: started in a group of their own, and gone when the command is.

Knows ports, process groups and log files; nothing of what the children do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from st_platform.cli.output import CommandFailed
from st_platform.cli.signals import Interrupted, ignore_signals, signals

GRACE_SECONDS = 20.0
"""How long a child may take to stop by itself before it is killed."""

_TRIES = 200


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class ReservedPort:
    """A port for a child that will listen only seconds from now.

    It is `preferred` or the next one that is free, never one of those that the system gives to outgoing connections.
    Until this object is closed no other command that reserves its ports gets the same one: what is held is the UDP
    port of that number, which nobody wants, and which the system gives back however this process ends.
    """

    def __init__(self, preferred: int) -> None:
        for port in range(preferred, preferred + _TRIES):
            self._holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._holder.bind(("127.0.0.1", port))
            except OSError:
                self._holder.close()
                continue
            if is_free(port):
                self.number = port
                return
            self._holder.close()
        raise CommandFailed("no port is free", f"{preferred} and the next {_TRIES}", "Stop what listens there.")

    def close(self) -> None:
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Child:
    """One process and the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def listens(self, port: int) -> bool:
        """Whether it, or what it started, is who listens on `port`; another program's answer must not pass for its."""
        import psutil

        try:
            leader = psutil.Process(self.process.pid)
            family = [leader, *leader.children(recursive=True)]
            return any(
                found.status == psutil.CONN_LISTEN and found.laddr.port == port
                for process in family
                for found in process.net_connections("tcp")
            )
        except psutil.Error:
            return False

    def last_lines(self, count: int = 5) -> str:
        """The end of its log on one line, for an error message."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()[-count:]
        return " | ".join(line.strip() for line in lines)


class Children:
    """Processes that live as long as a `with` block, stopped in the reverse order of their start."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._children: list[Child] = []

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path) -> Child:
        """Start a process in its own group, its output in `<log_dir>/<name>.log`."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        log = self._log_dir / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                arguments,
                env={**os.environ, **environment},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Ask all of them to stop, newest first, and kill what does not within `grace` seconds."""
        for child in reversed(self._children):
            _signal_group(child.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        for child in reversed(self._children):
            stop_group(child.process, max(0.0, deadline - time.monotonic()))
        self._children.clear()

    @property
    def all(self) -> tuple[Child, ...]:
        return tuple(self._children)

    def dead(self) -> Child | None:
        """A child that ended although it should run, if any."""
        return next((child for child in self._children if not child.running), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run_in_foreground(arguments: Sequence[str], environment: Mapping[str, str], *, grace: float = GRACE_SECONDS) -> int:
    """Run a program on this terminal until it ends or we are asked to; returns the exit code.

    It gets a group of its own, and that group's end is seen to here: not every program takes its children with it.
    """
    with signals():
        process = subprocess.Popen(arguments, env={**os.environ, **environment}, start_new_session=True)
        try:
            return process.wait()
        except Interrupted as interrupt:
            ignore_signals()
            stop_group(process, grace)
            return interrupt.exit_code


def stop_group(process: subprocess.Popen[bytes], grace: float = GRACE_SECONDS) -> None:
    """End a process and everything it started in its group."""
    _signal_group(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and (process.poll() is None or _group_lives(process.pid)):
        time.sleep(0.1)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def stop_group_of(leader: int, grace: float = GRACE_SECONDS) -> None:
    """As `stop_group`, for a group whose leader is not our child."""
    _signal_group(leader, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and _group_lives(leader):
        time.sleep(0.1)
    _signal_group(leader, signal.SIGKILL)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _group_lives(group: int) -> bool:
    """Whether anybody in the group still runs; the dead whom nobody has buried do not count."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    import psutil

    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError):
            if process.info["status"] != psutil.STATUS_ZOMBIE and os.getpgid(process.pid) == group:
                return True
    return False


def wait_until(
    ready: Callable[[], bool],
    what: str,
    child: Child,
    *,
    seconds: float,
    on_wait: Callable[[float], None] | None = None,
) -> None:
    """Wait until `ready()`; a child that ends meanwhile ends the wait too.

    Raises:
        CommandFailed: with the end of the child's log.
    """
    started = time.monotonic()
    while not ready():
        waited = time.monotonic() - started
        if not child.running:
            code = child.process.returncode
            raise CommandFailed(f"{what} ended with code {code}: {child.last_lines()}", str(child.log), "See the log.")
        if waited > seconds:
            raise CommandFailed(f"{what} did not answer within {seconds:.0f} s", str(child.log), "See the log.")
        if on_wait:
            on_wait(waited)
        time.sleep(0.2)


def program(name: str) -> str:
    """The path of a program installed beside this Python."""
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else name


def answers(url: str) -> bool:
    """Whether an HTTP server of this machine answers 200 at `url`."""
    import httpx

    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
