"""Fixtures of the client's tests on real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servicetitan.scripted_api import ScriptedApi, running


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """An API that issues tokens and otherwise answers what the test wrote."""
    with running() as api:
        yield api
