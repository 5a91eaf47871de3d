"""Feeds and lists: how they go on, when they stop, and what is never trusted."""

from __future__ import annotations

import itertools
import json
import socket
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_platform.servicetitan.client import RetryPolicy
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.errors import FeedStuck, InvalidResponse
from st_platform.servicetitan.paging import FeedPager, ListPager
from tests.integration.servicetitan.scripted_api import (
    FEED,
    FEED_PATH,
    Request,
    ScriptedApi,
    answer,
    page,
    running,
)

LIST = "/crm/v2/tenant/{tenant}/customers"
LIST_PATH = "/crm/v2/tenant/1001/customers"


def _ids(pages: list[Page]) -> list[Any]:
    return [json.loads(bytes(row))["id"] for each in pages for row in each.rows]


def test_a_feed_is_followed_from_the_beginning_token_by_token(api: ScriptedApi) -> None:
    api.on(
        FEED_PATH,
        page([{"id": 1}, {"id": 2}], more=True, token="a+b/c=="),
        page([], more=True, token="später"),
        page([{"id": 3}], more=False, token="last"),
    )
    with api.client() as client:
        pages = list(FeedPager(client, FEED).pages(start=None))
    assert _ids(pages) == [1, 2, 3]
    assert [each.row_count for each in pages] == [2, 0, 1]
    assert [each.continue_from for each in pages] == ["a+b/c==", "später", "last"]
    assert [each.has_more for each in pages] == [True, True, False]
    first, second, third = api.sent_to_api
    assert first.target == FEED_PATH
    assert second.target == f"{FEED_PATH}?from=a%2Bb%2Fc%3D%3D"
    assert third.params == {"from": "später"}


def test_a_feed_starts_at_an_instant_or_a_token_and_can_show_recent_changes(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        list(FeedPager(client, FEED, include_recent=True).pages(start="2026-07-01T00:00:00Z"))
        list(FeedPager(client, FEED).pages(start="token"))
    assert [request.params for request in api.sent_to_api] == [
        {"from": "2026-07-01T00:00:00Z", "includeRecentChanges": "true"},
        {"from": "token"},
    ]


def test_a_page_is_asked_for_only_when_it_is_wanted(api: ScriptedApi) -> None:
    """The caller numbers each read before it is sent, so nothing may be fetched ahead."""
    api.on(FEED_PATH, *[page([{"id": n}], more=True, token=f"t{n}") for n in range(9)], page([], more=False))
    with api.client() as client:
        pages = FeedPager(client, FEED).pages(start=None)
        assert client.calls == 0
        for wanted in range(1, 4):
            next(pages)
            assert client.calls == wanted


def test_the_end_keeps_its_token_even_when_it_is_the_one_we_came_with(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([], more=False, token="kept"))
    with api.client() as client:
        (only,) = FeedPager(client, FEED).pages(start="kept")
    assert only.continue_from == "kept"


def test_a_feed_that_repeats_its_token_stops_with_an_error(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([{"id": 1}], more=True, token="a"), page([{"id": 2}], more=True, token="a"))
    seen: list[Page] = []
    with api.client() as client, pytest.raises(FeedStuck, match="already used") as caught:
        seen.extend(FeedPager(client, FEED).pages(start=None))
    assert client.calls == 2
    assert FEED in caught.value.where


def test_a_feed_that_answers_with_the_token_it_was_given_stops_before_that_position_is_kept(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([{"id": 1}], more=True, token="a"))
    with api.client() as client:
        pages = FeedPager(client, FEED).pages(start="a")
        with pytest.raises(FeedStuck):
            next(pages)
    assert client.calls == 1


@pytest.mark.parametrize("length", [2, 3, 7])
def test_a_feed_whose_tokens_go_round_in_a_circle_stops_with_an_error(api: ScriptedApi, length: int) -> None:
    tokens = itertools.cycle([f"t{number}" for number in range(length)])

    def turn(connection: socket.socket, _: Request) -> None:
        connection.sendall(page([{"id": 1}], more=True, token=next(tokens)))

    api.on(FEED_PATH, turn)
    yielded: list[str | None] = []
    with api.client() as client, pytest.raises(FeedStuck):
        yielded.extend(each.continue_from for each in FeedPager(client, FEED).pages(start=None))
    assert client.calls == length + 1


def test_ten_empty_pages_in_a_row_are_borne_and_the_eleventh_is_not(api: ScriptedApi) -> None:
    empty = [page([], more=True, token=f"e{number}") for number in range(11)]
    api.on(FEED_PATH, *empty[:10], page([{"id": 1}], more=True, token="x"), page([], more=False))
    with api.client() as client:
        assert _ids(list(FeedPager(client, FEED).pages(start=None))) == [1]
    api.on(FEED_PATH, *empty, page([{"id": 1}], more=False))
    borne: list[Page] = []
    with api.client() as client, pytest.raises(FeedStuck, match="10 empty pages"):
        borne.extend(FeedPager(client, FEED).pages(start=None))
    assert (len(borne), client.calls) == (10, 11)


def test_empty_pages_count_only_in_a_row(api: ScriptedApi) -> None:
    pages = [page([] if number % 7 else [{"id": number}], more=number < 29, token=f"t{number}") for number in range(30)]
    api.on(FEED_PATH, *pages)
    with api.client() as client:
        assert _ids(list(FeedPager(client, FEED).pages(start=None))) == [0, 7, 14, 21, 28]


def test_empty_pages_that_promise_more_are_not_hurried(api: ScriptedApi) -> None:
    api.on(FEED_PATH, *[page([], more=True, token=f"e{n}") for n in range(3)], page([{"id": 1}], more=False))
    begun = time.monotonic()
    with api.client(policy=RetryPolicy(empty_page_wait=0.1)) as client:
        list(FeedPager(client, FEED).pages(start=None))
    assert time.monotonic() - begun >= 0.3


def test_a_full_page_that_promises_nothing_ends(api: ScriptedApi) -> None:
    rows = [{"id": number} for number in range(5000)]
    api.on(FEED_PATH, page(rows, more=False))
    api.on(LIST_PATH, answer({"page": 1, "pageSize": 5000, "hasMore": False, "totalCount": None, "data": rows}))
    with api.client() as client:
        assert [each.row_count for each in FeedPager(client, FEED).pages(start=None)] == [5000]
        assert [each.row_count for each in ListPager(client, LIST).pages({"pageSize": 5000})] == [5000]
    assert client.calls == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"continueFrom": "a", "data": []}, "hasMore"),
        ({"hasMore": None, "continueFrom": "a", "data": []}, "hasMore"),
        ({"hasMore": "false", "continueFrom": "a", "data": []}, "hasMore"),
        ({"hasMore": True, "data": [{"id": 1}]}, "continueFrom"),
        ({"hasMore": True, "continueFrom": "", "data": [{"id": 1}]}, "continueFrom"),
        ({"hasMore": True, "continueFrom": None, "data": [{"id": 1}]}, "continueFrom"),
        ({"hasMore": False, "continueFrom": "a"}, "data"),
        ({"hasMore": False, "continueFrom": "a", "data": None}, "data"),
        ({"hasMore": False, "continueFrom": "a", "data": {"id": 1}}, "data"),
        ([{"id": 1}], "envelope"),
        ({"error": "out of order"}, "hasMore"),
    ],
)
def test_an_envelope_that_leaves_the_next_step_open_is_an_error(api: ScriptedApi, body: Any, told: str) -> None:
    api.on(FEED_PATH, answer(body))
    with api.client() as client, pytest.raises(InvalidResponse, match=told):
        list(FeedPager(client, FEED).pages(start=None))
    assert client.calls == 3


def test_a_list_is_read_page_by_page_with_its_filters(api: ScriptedApi) -> None:
    def turn(connection: socket.socket, request: Request) -> None:
        number = int(request.params["page"])
        body = {"page": number, "pageSize": 2, "hasMore": number < 3, "totalCount": 5, "data": [{"id": number}]}
        connection.sendall(answer(body))

    api.on(LIST_PATH, turn)
    with api.client() as client:
        pages = list(ListPager(client, LIST).pages({"pageSize": 2, "sort": "+Id", "active": "Any"}))
    assert [(each.number, each.total_count, each.continue_from) for each in pages] == [
        (1, 5, None),
        (2, 5, None),
        (3, 5, None),
    ]
    assert [request.params for request in api.sent_to_api] == [
        {"pageSize": "2", "sort": "+Id", "active": "Any", "page": str(number)} for number in (1, 2, 3)
    ]
    assert "sort=%2BId" in api.sent_to_api[0].target


def test_a_list_that_answers_another_page_than_was_asked_for_stops(api: ScriptedApi) -> None:
    api.on(LIST_PATH, answer({"page": 1, "pageSize": 2, "hasMore": True, "data": [{"id": 1}]}))
    with api.client() as client, pytest.raises(FeedStuck, match="page 1 when asked for 2"):
        list(ListPager(client, LIST).pages({"pageSize": 2}))
    assert client.calls == 2


def test_a_list_that_promises_more_for_ever_and_gives_nothing_stops(api: ScriptedApi) -> None:
    api.on(LIST_PATH, answer({"hasMore": True, "data": []}))
    with api.client() as client, pytest.raises(FeedStuck, match="empty pages"):
        list(ListPager(client, LIST).pages({}))
    assert client.calls == 11


def test_a_list_can_be_entered_at_a_later_page(api: ScriptedApi) -> None:
    api.on(LIST_PATH, answer({"page": 4, "hasMore": False, "data": []}))
    with api.client() as client:
        list(ListPager(client, LIST).pages({}, first_page=4))
    assert api.sent_to_api[0].params == {"page": "4"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=10))
def test_whatever_the_pages_hold_every_row_arrives_once_and_in_order(pages: list[list[int]]) -> None:
    with running() as api:
        last = len(pages) - 1
        api.on(
            FEED_PATH,
            *[
                page([{"id": row} for row in rows], more=number < last, token=f"t{number}")
                for number, rows in enumerate(pages)
            ],
        )
        with api.client() as client:
            read = _ids(list(FeedPager(client, FEED).pages(start=None)))
    assert read == [row for rows in pages for row in rows]
    assert client.calls == len(pages)
