"""However a command is asked to end, it ends by the way out, and takes what it started along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from st_platform.cli.signals import Interrupted, ignore_signals, signals

NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_request_to_end_leads_through_the_way_out(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught, signals():
        os.kill(os.getpid(), number)
    assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_a_second_request_does_not_disturb_the_way_out() -> None:
    with signals():
        ignore_signals()
        os.kill(os.getpid(), signal.SIGTERM)


FOREGROUND = """
import sys
from st_platform.cli.processes import run_in_foreground
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {stubborn!r}]); time.sleep(60)"
sys.exit(run_in_foreground([sys.executable, "-c", parent], {}, grace=1.0))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_in_the_foreground_goes_with_everything_it_started(number: signal.Signals, tmp_path: Path) -> None:
    command = subprocess.Popen([sys.executable, "-c", FOREGROUND], cwd=tmp_path, start_new_session=True)
    deadline = time.monotonic() + 30
    family: list[psutil.Process] = []
    while len(family) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        family = psutil.Process(command.pid).children(recursive=True)
    assert len(family) == 2
    time.sleep(0.5)
    command.send_signal(number)
    assert command.wait(20) == 128 + number
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert (len(gone), alive) == (2, [])


def test_a_program_that_ends_by_itself_hands_its_exit_code_on() -> None:
    script = "import sys; from st_platform.cli.processes import run_in_foreground as run; "
    script += "sys.exit(run([sys.executable, '-c', 'raise SystemExit(7)'], {}))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7
