"""Threads over lanes: all work is done, items may add items, and the first error ends it for everybody."""

from __future__ import annotations

import time
from threading import Event, Lock

import pytest

from st_platform.ingest.crew import Crew, Desk, Stopped


def test_items_may_add_items() -> None:
    done: list[int] = []

    def do(item: int) -> None:
        if item < 20:
            crew.add([item * 2, item * 2 + 1])
        done.append(item)

    crew: Crew[int] = Crew(do, stop=Event())
    crew.work([1])
    assert sorted(done) == list(range(1, 40))
    assert crew.total == 39


def test_the_first_error_stops_the_others_at_a_clean_place_and_is_raised() -> None:
    stop, finished = Event(), list[str]()

    def do(item: str) -> None:
        if item == "bad":
            raise ValueError("no")
        stop.wait(10)
        finished.append(item)
        raise Stopped

    with pytest.raises(ValueError, match="no"):
        Crew(do, stop=stop).work(["a", "bad", "b"])
    assert sorted(finished) == ["a", "b"]


def test_an_interrupted_wait_lets_everybody_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, ended = Event(), Event()

    def do(_: int) -> None:
        stop.wait(10)
        ended.set()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("st_platform.ingest.crew.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Crew(do, stop=stop).work([1])
    assert ended.is_set()


def test_idle_counts_threads_without_work() -> None:
    go, seen = Event(), list[tuple[int, int]]()

    def do(item: int) -> None:
        if item == 0:
            seen.append((crew.idle, crew.busy))
            go.set()
        go.wait(10)

    crew: Crew[int] = Crew(do, stop=Event(), workers=4)
    crew.work([1, 0])
    assert seen == [(2, 2)]


def test_two_pages_at_most_are_on_the_desk() -> None:
    lock, now, most = Lock(), 0, 0

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    with Desk() as desk:
        Crew(lambda _: desk.do(work), stop=Event(), workers=6).work(range(12))
    assert most == 2


def test_the_desk_gives_back_errors() -> None:
    def work() -> None:
        raise ValueError("broken page")

    with Desk() as desk, pytest.raises(ValueError, match="broken page"):
        desk.do(work)
