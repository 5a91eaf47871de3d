"""What the alert sensor remembers: nothing is told twice in vain, nothing is passed over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from st_platform.alerts import Severity
from st_platform.orchestration.sensors.incidents import LAG, REMIND_AFTER, Memory, Open

CHECK = "servicetitan/acme/jobs: freshness"


def told(memory: Memory, severity: Severity, at: float) -> bool:
    """Offer a failed evaluation; if it is worth telling, say that it was told."""
    incident = memory.opens(CHECK, severity, at)
    if incident:
        memory.note_failing(CHECK, incident, event_id=int(at), now=at)
    return incident is not None


def test_a_check_that_keeps_failing_is_told_once() -> None:
    memory = Memory()

    assert told(memory, Severity.ERROR, 100)
    assert not told(memory, Severity.ERROR, 1000)


def test_a_failure_that_gets_worse_is_told_again_and_keeps_its_beginning() -> None:
    memory = Memory()
    told(memory, Severity.WARNING, 100)

    assert told(memory, Severity.ERROR, 1000)
    assert memory.open[CHECK] == Open(Severity.ERROR, since=100, told=1000)
    assert not told(memory, Severity.WARNING, 1100)


def test_a_failure_that_lasts_is_told_once_a_day() -> None:
    memory = Memory()
    told(memory, Severity.ERROR, 100)

    assert not told(memory, Severity.ERROR, 100 + REMIND_AFTER - 1)
    assert told(memory, Severity.ERROR, 100 + REMIND_AFTER)


def test_a_failure_after_a_recovery_is_a_new_one() -> None:
    memory = Memory()
    told(memory, Severity.ERROR, 100)
    memory.note_passing(CHECK, event_id=200, now=200)

    assert told(memory, Severity.ERROR, 300)
    assert memory.open[CHECK].since == 300


def test_ids_are_remembered_one_by_one_until_slower_writers_must_have_committed() -> None:
    memory = Memory()
    memory.note_known(7, now=0)
    memory.note_known(9, now=0)

    memory.settle(now=LAG - 1)
    assert memory.after == 0
    assert set(memory.seen) == {7, 9}

    memory.settle(now=LAG)
    assert memory.after == 9
    assert memory.seen == {}


def test_the_memory_never_moves_past_what_could_not_be_told() -> None:
    memory = Memory()
    for event in (1, 2, 4):
        memory.note_known(event, now=0)

    memory.settle(now=10 * LAG, untold=[3])

    assert memory.after == 2
    assert set(memory.seen) == {4}


@given(
    after=st.integers(0, 10**12),
    seen=st.dictionaries(st.integers(1, 10**12), st.floats(0, 2e9)),
    severity=st.sampled_from(Severity),
    runs=st.dictionaries(st.uuids().map(str), st.floats(0, 2e9)),
)
def test_a_memory_survives_being_written_down(
    after: int, seen: dict[int, float], severity: Severity, runs: dict[str, float]
) -> None:
    memory = Memory(after, seen, {CHECK: Open(severity, 1.5, 2.5)}, runs)

    assert Memory.from_text(memory.to_text()) == memory


def test_no_cursor_is_an_empty_memory() -> None:
    assert Memory.from_text(None) == Memory()
