"""Business goes on, syncs run, fail and resume in any order: in the end the warehouse holds what the source holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from st_platform.ingest.windows import VISIBILITY, Window, utc_day
from st_platform.servicetitan.errors import ServiceTitanError
from tests.faults.children import VARIANTS
from tests.syncing import EVERYTHING, Bench

FEED, SNAPSHOT, TAIL, LIST = "jobs", "campaign_costs", "membership_status_changes", "credit_memos"
DATED = (FEED, LIST)


def machine_over(bench: Bench) -> type[RuleBasedStateMachine]:
    """A state machine whose steps happen to this source and this warehouse."""

    class Business(RuleBasedStateMachine):
        @initialize(page=st.sampled_from([7, 30, 1000]))
        def begin(self, page: int) -> None:
            bench.simulator.reset()
            with bench.database.connection() as connection:
                tables = [f"servicetitan.{name}" for name in (FEED, SNAPSHOT, TAIL, LIST)]
                for table in (*tables, "platform.sync_lanes", "platform.resource_state", "platform.stale_reads"):
                    connection.execute(f"DELETE FROM {table}".encode())
            bench.simulator.options(feed_page_size=page)
            self.first_day = bench.today
            self.requests = 0
            for name in (FEED, LIST, SNAPSHOT, TAIL):
                self.sync(name, EVERYTHING if name in DATED else None)

        @rule(resource=st.sampled_from([FEED, LIST]), place=st.integers(0, 10**6), op=st.sampled_from(["touch", "set"]))
        def edit(self, resource: str, place: int, op: str) -> None:
            rows = sorted(bench.simulator.truth(resource))
            fields = {"summary" if resource == FEED else "referenceNumber": f"edit {place}"} if op == "set" else {}
            bench.simulator.edit(resource, op, id=rows[place % len(rows)], fields=fields)

        @rule(resource=st.sampled_from([FEED, TAIL, LIST, SNAPSHOT]))
        def insert(self, resource: str) -> None:
            bench.insert(resource)

        @rule(place=st.integers(0, 10**6))
        def remove(self, place: int) -> None:
            rows = sorted(bench.simulator.truth(SNAPSHOT))
            if len(rows) > 5:
                bench.simulator.edit(SNAPSHOT, "remove", id=rows[place % len(rows)])

        @rule(minutes=st.sampled_from([1, 10, 16, 90, 600, 1440]))
        def time_passes(self, minutes: int) -> None:
            bench.simulator.advance(minutes=minutes)

        @rule(resource=st.sampled_from([FEED, LIST]), recent=st.booleans(), back=st.integers(0, 2))
        def read_a_day(self, resource: str, recent: bool, back: int) -> None:
            day = utc_day(bench.now - timedelta(days=back))
            if self.first_day.start and day.start and day.start >= self.first_day.start:
                self.sync(resource, day, include_recent=recent)

        @rule(resource=st.sampled_from([SNAPSHOT, TAIL]), refresh=st.booleans())
        def read_whole(self, resource: str, refresh: bool) -> None:
            self.sync(resource, None, refresh=refresh)

        @rule(resource=st.sampled_from([FEED, LIST, SNAPSHOT, TAIL]), nth=st.integers(1, 4))
        def read_and_fail(self, resource: str, nth: int) -> None:
            window = Window(self.first_day.start, bench.today.end) if resource in DATED else None
            bench.simulator.fault(resource=resource, nth=nth, status=400, body="{}")
            try:
                self.sync(resource, window)
            except ServiceTitanError:
                bench.simulator.clear_faults()
                self.sync(resource, window, again=True)
            bench.simulator.clear_faults()

        def sync(self, resource: str, window: Window | None, *, again: bool = False, **more: Any) -> None:
            self.requests += not again
            bench.sync(resource, window, generation=f"request {self.requests}", **more)

        def teardown(self) -> None:
            bench.simulator.advance(minutes=16)
            day = self.first_day
            while day.start and day.end and day.start <= bench.now:
                for name in DATED:
                    self.sync(name, day)
                day = Window(day.end, day.end + timedelta(days=1))
            self.sync(SNAPSHOT, None)
            self.sync(TAIL, None)
            for name in DATED:
                bench.assert_true(name, visible_until=bench.now - VISIBILITY)
            living = {key for key, row in bench.rows(SNAPSHOT).items() if row["_deleted_at"] is None}
            assert living == set(bench.simulator.truth(SNAPSHOT))
            assert set(bench.rows(TAIL)) == set(bench.simulator.truth(TAIL))

    return Business


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        stateful_step_count=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


def test_whatever_happens_the_warehouse_ends_up_with_what_the_source_holds(bench: Bench) -> None:
    run_state_machine_as_test(machine_over(bench), settings=examples(8))


@pytest.mark.slow
def test_whatever_happens_at_length(bench: Bench) -> None:
    run_state_machine_as_test(machine_over(bench), settings=examples(80))


def test_a_reader_that_takes_every_page_for_the_last_is_found_out(bench: Bench) -> None:
    with VARIANTS["has_more_ignored"](), pytest.raises(AssertionError):
        run_state_machine_as_test(machine_over(bench), settings=examples(3))
