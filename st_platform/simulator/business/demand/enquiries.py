"""Calls, leads and bookings as arrays, the touches that led to each job, and which campaign really caused it.

Values only. References are row numbers, `NONE` where there is none; instants are ticks, `NEVER` where it never
happens. `caller` stands for a telephone: a customer's row, or a negative number for someone who is no customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from st_platform.simulator.business.chance import Flags, Ints
from st_platform.simulator.instants import Ticks


class CallType(IntEnum):
    ABANDONED = 0
    UNBOOKED = 1
    EXCUSED = 2
    BOOKED = 3
    NOT_LEAD = 4


class Channel(IntEnum):
    """How a job came in."""

    CALL = 0
    BOOKING = 1
    LEAD = 2
    ESTIMATE = 3
    MEMBERSHIP = 4
    CALL_BACK = 5
    OFFICE = 6


class TouchKind(IntEnum):
    """What a touch left behind; an exposure (a truck seen, an advertisement heard) leaves nothing."""

    CALL = 0
    LEAD = 1
    BOOKING = 2
    EXPOSURE = 3


@dataclass(frozen=True)
class Calls:
    """In order of creation. `type` is where the call ends up, `NONE` for one that nobody classified; until `excused` an
    excused call counts as unbooked. `known` is when the customer is linked, `linked` when the job is."""

    created: Ticks
    ended: Ticks
    outbound: Ints
    type: Ints
    excused: Ticks
    campaign: Ints
    customer: Ints
    known: Ticks
    job: Ints
    linked: Ticks
    lead: Ints
    agent: Ints
    reason: Ints
    caller: Ints
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Leads:
    """In order of creation. `call` and `booking` are what the lead was made from; with neither it is a web form.
    `known` is when the customer is linked. `chased` is when its follow-up date moves on."""

    created: Ticks
    campaign: Ints
    customer: Ints
    known: Ticks
    call: Ints
    booking: Ints
    job: Ints
    converted: Ticks
    dismissed: Ticks
    chased: Ticks
    reason: Ints
    trade: Ints
    caller: Ints
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Bookings:
    """In order of creation: requests from the web until they are accepted and become a job, or are dismissed."""

    created: Ticks
    campaign: Ints
    customer: Ints
    job: Ints
    accepted: Ticks
    converted: Ticks
    dismissed: Ticks
    reason: Ints
    trade: Ints
    caller: Ints
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Touches:
    """What moved the customer of a job, job by job in order of time: those of job j are entries `starts[j]` up to
    `starts[j + 1]`. One entry per chain of artefacts, the earliest; `row` is `NONE` for an exposure."""

    starts: Ints
    job: Ints
    time: Ticks
    kind: Ints
    row: Ints
    campaign: Ints


@dataclass(frozen=True)
class Enquiries:
    """Everything that asked for work. One entry per job: `channel`, `cause` (the campaign without which the job would
    not be) and `cause_job` (the job it goes back to, itself if none), `call`, `booking` and `lead` that became it."""

    calls: Calls
    leads: Leads
    bookings: Bookings
    touches: Touches
    channel: Ints
    cause: Ints
    cause_job: Ints
    call: Ints
    booking: Ints
    lead: Ints
    first: Flags
