"""Each line of the fault plan does what it says, to the request it names and to no other."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.integration.simulator.conftest import Caller
from tests.simulated import Simulator

FEED = "crm/export/customers"


def test_an_answer_is_replaced_once(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(
        name="maintenance", path="/customers$", nth=2, status=503, body="<html>later</html>", content_type="text/html"
    )
    assert [caller.call("crm/customers").status_code for _ in range(3)] == [200, 503, 200]
    entry = simulator.requests("customers")[1]
    assert (entry["status"], entry["fault"]) == (503, "maintenance")
    assert simulator.faults()[0]["seen"] == 3
    assert simulator.faults()[0]["hit"] == 1
    simulator.clear_faults()
    assert simulator.faults() == []


def test_a_planned_429_carries_its_headers(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="jobs", status=429, headers={"Retry-After": "7"})
    refused = caller.call("jpm/jobs")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["status"] == 429
    assert caller.call("crm/customers").status_code == 200


def test_the_token_endpoint_can_fail_too(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(path="^/connect/token$", first=1, status=500)
    with pytest.raises(httpx.HTTPStatusError):
        caller.renew()
    caller.renew()


def test_tokens_can_be_revoked_in_the_middle_of_a_feed(simulator: Simulator, caller: Caller) -> None:
    simulator.options(feed_page_size=10)
    simulator.fault(resource="customers", nth=2, revoke_tokens=True)
    first = caller.page(FEED)
    assert caller.call(FEED, **{"from": first["continueFrom"]}).status_code == 401
    caller.renew()
    assert caller.call(FEED, **{"from": first["continueFrom"]}).status_code == 200
    simulator.revoke_tokens()
    assert caller.call(FEED).status_code == 401


def test_a_body_can_be_cut_or_the_connection_reset(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="customers", nth=1, cut_after=500)
    simulator.fault(resource="customers", nth=2, cut_after=0, reset=True)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.call(FEED)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        caller.call(FEED)
    assert caller.call(FEED).status_code == 200


def test_a_body_can_drip_and_an_answer_can_be_late(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="campaigns", nth=1, delay=0.3)
    simulator.fault(resource="campaigns", nth=2, bytes_per_second=2000, encoding="identity")
    started = time.monotonic()
    caller.page("marketing/campaigns")
    late = time.monotonic()
    assert late - started >= 0.3
    rows = caller.page("marketing/campaigns")["data"]
    assert time.monotonic() - late > 0.5
    assert rows == caller.page("marketing/campaigns")["data"]


def test_compression_can_be_corrupt_or_a_bomb(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="customers", nth=1, encoding="corrupt")
    simulator.fault(resource="customers", nth=2, encoding="bomb", bomb_bytes=32 * 2**20)
    with pytest.raises(httpx.DecodingError):
        caller.call(FEED)
    bomb = caller.call(FEED)
    assert int(bomb.headers["content-length"]) < 100_000
    assert len(bomb.content) == 32 * 2**20


def test_a_redirect_points_elsewhere(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="customers", status=302, headers={"Location": "http://127.0.0.2:9/"}, body="")
    answer = caller.call("crm/customers")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.2:9/")


def test_a_feed_can_be_made_to_repeat_its_token_or_send_empty_pages(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(resource="jobs", envelope={"continueFrom": '"again"', "hasMore": "true"})
    assert {caller.page("jpm/export/jobs")["continueFrom"] for _ in range(2)} == {"again"}
    simulator.fault(resource="customers", envelope={"data": "[]", "hasMore": "true"})
    page = caller.page(FEED)
    assert (page["data"], page["hasMore"]) == ([], True)
    simulator.fault(resource="locations", envelope={"hasMore": None})
    assert "hasMore" not in caller.page("crm/export/locations")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"name": '"a\\u0000b"'}, b'"name":"a\\u0000b"'),
        ({"name": '"\\ud800"'}, b'"name":"\\ud800"'),
        ({"balance": "NaN"}, b'"balance":NaN'),
        ({"id": "123456789012345678901234567890"}, b'"id":123456789012345678901234567890'),
        ({"active": '"yes"', "brandNew": "[1,2]"}, b'"brandNew":[1,2]'),
    ],
)
def test_a_row_of_a_page_can_carry_anything(
    simulator: Simulator, caller: Caller, raw: dict[str, str], expected: bytes
) -> None:
    simulator.fault(resource="customers", nth=1, rows=[{"row": 3, "raw": raw, "drop": ["type"]}])
    spoiled = caller.call(FEED).content
    assert spoiled.count(expected) == 1
    assert spoiled.count(b'"type":') == caller.call(FEED).content.count(b'"type":') - 1


def test_a_row_can_come_twice_in_one_page_and_texts_can_be_replaced(simulator: Simulator, caller: Caller) -> None:
    simulator.fault(
        resource="customers",
        nth=1,
        rows=[{"row": 0, "duplicate": True, "raw": {"name": '"newer"'}}],
        replace=[["USA", "CAN"]],
    )
    rows = caller.page(FEED)["data"]
    assert rows[0]["id"] == rows[1]["id"]
    assert (rows[0]["name"] != "newer", rows[1]["name"]) == (True, "newer")
    assert {row["address"]["country"] for row in rows} == {"CAN"}
    assert caller.page(FEED)["data"][0]["address"]["country"] == "USA"


def test_edits_and_time_can_follow_a_request(simulator: Simulator, caller: Caller) -> None:
    before = simulator.now
    edit = {"tenant_id": 1001, "resource": "customers", "op": "set", "fields": {"name": "after the answer"}}
    simulator.fault(resource="customers", nth=1, edits=[edit], advance=60)
    assert all(row["name"] != "after the answer" for row in caller.page("crm/customers")["data"])
    time.sleep(0.05)
    assert simulator.now > before
    assert any(row["name"] == "after the answer" for row in caller.page("crm/customers")["data"])


def test_a_rule_with_a_field_that_does_not_exist_is_refused(simulator: Simulator) -> None:
    answer = httpx.post(f"{simulator.url}/_sim/faults", json={"stauts": 500}, trust_env=False)
    assert answer.status_code == 400
    assert "stauts" in answer.json()["error"]
