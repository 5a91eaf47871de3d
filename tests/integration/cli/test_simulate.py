"""`simulate` as a process of its own: it says where it is, serves, and ends when asked."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from st_platform.settings import load_tenants
from tests.integration.cli.conftest import Cli


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_when_asked(folder: Path, number: signal.Signals) -> None:
    script = "from st_platform.cli import main; main()"
    command = subprocess.Popen(
        [sys.executable, "-c", script, "simulate", "--port", "0", "--state-dir", str(folder / "world")],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stderr is not None
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", command.stderr.readline())
        assert found
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(base_url=found.group(), transport=transport, trust_env=False, timeout=60) as http:
            (folder / "tenants.toml").write_text(http.get("/_sim/tenants.toml").raise_for_status().text, "utf-8")
        assert list(load_tenants()) == ["northwind", "sunbelt"]
    finally:
        command.send_signal(number)
        code = command.wait(30)
    assert code == 0, command.stderr.read()


def test_a_taken_port_is_said_in_one_line(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = cli("simulate", "--port", str(listener.getsockname()[1]))
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 1
    assert "Give another port" in answer.err
