"""Messages leave through a real HTTP webhook, and a channel that does not answer is never mistaken for success."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from st_platform.alerts import Channel, DeliveryFailed, InvalidChannel, Message, Problem, Severity, messages
from tests.alert_sink import Sink, sink

__all__ = ["sink"]


def a_message(reason: str = "no rows") -> Message:
    problem = Problem(
        subject="servicetitan/acme/jobs: certificate",
        tenant="acme",
        reason=reason,
        severity=Severity.ERROR,
        since=datetime(2026, 7, 1, tzinfo=UTC),
        owner="team:operations",
        link="http://127.0.0.1:3000/runs/1",
    )
    return messages([problem])[0]


def test_a_message_arrives_with_title_and_body(sink: Sink) -> None:
    Channel(sink.url).send(a_message("a < b & c"))

    [arrived] = sink.received
    assert arrived["title"] == "ERROR: servicetitan/acme/jobs: certificate (acme)"
    assert "Reason: a < b & c" in arrived["message"]
    assert arrived["type"] == "failure"


def test_a_channel_that_stumbles_is_tried_again(sink: Sink) -> None:
    sink.statuses = [500, 503]

    Channel(sink.url, first_wait=0.01).send(a_message())

    assert len(sink.received) == 1


def test_a_channel_that_stays_down_is_an_error_which_does_not_show_the_secret(sink: Sink) -> None:
    sink.statuses = [500] * 10

    with pytest.raises(DeliveryFailed) as failed:
        Channel(sink.url, first_wait=0.01).send(a_message())

    assert sink.received == []
    assert len(sink.statuses) == 10 - 3
    assert "127.0.0.1" in str(failed.value)
    assert "very-secret-token" not in str(failed.value)


@pytest.mark.parametrize("url", ["carrier-pigeon://loft", "nonsense", ""])
def test_a_url_of_no_known_service_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidChannel, match="ST_ALERT_URL"):
        Channel(url)
