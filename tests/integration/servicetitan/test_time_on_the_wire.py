"""The source's clock: which answers tell it, and that ours is never asked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine

from st_platform.servicetitan.auth import TokenCache
from st_platform.servicetitan.errors import InvalidResponse
from tests.integration.servicetitan.scripted_api import FEED, FEED_PATH, ScriptedApi, answer

PAST = datetime(2019, 3, 10, 1, 59, 58, tzinfo=UTC)


def _at(moment: datetime | None) -> dict[str, str]:
    return {"Date": format_datetime(moment, usegmt=True) if moment else "yesterday"}


def test_the_time_comes_from_the_last_answer_and_goes_on_from_there(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer({}, headers=_at(PAST)))
    with api.client() as client:
        client.get(FEED)
        first = client.server_now()
        time.sleep(0.05)
        assert timedelta(seconds=0.05) <= client.server_now() - first < timedelta(seconds=5)
        assert PAST <= first < PAST + timedelta(seconds=5)
        assert first.tzinfo is UTC
        api.on(FEED_PATH, answer({}, headers=_at(PAST - timedelta(days=1))))
        client.get(FEED)
        assert client.server_now() < PAST


def test_a_client_that_has_seen_no_answer_asks_for_a_token_to_learn_the_time(api: ScriptedApi) -> None:
    api.on("/connect/token", lambda connection, _: connection.sendall(answer(api.issue(), headers=_at(PAST))))
    with api.client() as client:
        assert PAST <= client.server_now() < PAST + timedelta(seconds=5)
        assert client.server_now() >= PAST
    assert len(api.requests) == 1
    assert client.calls == 0


def test_a_shared_token_does_not_bring_an_old_time_with_it(api: ScriptedApi) -> None:
    moments = [PAST, PAST + timedelta(days=1)]
    api.on("/connect/token", lambda connection, _: connection.sendall(answer(api.issue(), headers=_at(moments.pop(0)))))
    tokens = TokenCache()
    with api.client(tokens=tokens) as first, api.client(tokens=tokens) as second:
        assert first.server_now() < PAST + timedelta(hours=1)
        assert second.server_now() >= PAST + timedelta(days=1)


@pytest.mark.parametrize("off", [timedelta(minutes=10), timedelta(minutes=-10), timedelta(days=400)])
def test_our_own_clock_being_wrong_changes_nothing(api: ScriptedApi, off: timedelta) -> None:
    api.on(FEED_PATH, answer({}, headers=_at(PAST)))
    with api.client() as client, time_machine.travel(datetime.now(UTC) + off, tick=True):
        client.get(FEED)
        assert PAST <= client.server_now() < PAST + timedelta(seconds=5)


def test_an_answer_without_a_readable_date_is_no_reason_to_trust_our_own_clock(api: ScriptedApi) -> None:
    api.on("/connect/token", lambda connection, _: connection.sendall(answer(api.issue(), headers=_at(None))))
    with api.client() as client, pytest.raises(InvalidResponse, match="tells no time"):
        client.server_now()
