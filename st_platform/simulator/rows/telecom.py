"""Calls as the export feed of the Telecom module writes them, call reasons, and the telephone numbers of everybody."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.company import FIRST_EMPLOYEE
from st_platform.simulator.business.demand.enquiries import CallType
from st_platform.simulator.business.demand.switchboard import AGENTS, CALL_REASONS
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, SECOND, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, quoted, where
from st_platform.simulator.rows.view import First, View, employee_name
from st_platform.simulator.rows.vocabulary import named

_TYPES = ['"Abandoned"', '"Unbooked"', '"Excused"', '"Booked"', '"NotLead"', "null"]
_REASONS = [
    f'{{"id":{number + First.CALL_REASON},"name":{json.dumps(name)}}}' for number, (name, _) in enumerate(CALL_REASONS)
]
_OFFICE = 9000
"""The number behind which the office sits, besides the tracking numbers of the campaigns."""


def telephone(view: View, callers: Ints) -> Texts:
    """Ten digits for each caller: a customer's row, or a negative number for anyone else. A few share one."""
    b = view.business
    shared = (callers > 0) & (b.chance.fraction(callers, "shares a telephone") < 0.02)
    line = np.where(shared, callers - 1, callers)
    areas = b.chance.among(line, "caller area", len(b.profile.area_codes)).tolist()
    digits = (b.chance.among(line, "caller number", 6_000_000) + 2_000_000).tolist()
    return [f"{b.profile.area_codes[area]}{number:07d}" for area, number in zip(areas, digits, strict=True)]


def tracking_number(view: View, campaigns: Ints) -> Texts:
    """The number that calls of each campaign come in on, as ten digits; the office's own for `NONE`."""
    numbers = view.names.phones(np.where(campaigns == NONE, _OFFICE, campaigns) + 7000)
    return [number.strip('"').replace("-", "") for number in numbers]


def durations(view: View, rows: Ints, at: int) -> Texts:
    """How long each call took, as `hh:mm:ss`; nothing while it goes on."""
    calls = view.demand.calls
    seconds = np.where(calls.ended[rows] <= at, calls.ended[rows] - calls.created[rows], 0) // SECOND
    return [f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}" for n in seconds.tolist()]


def call_types(view: View, rows: Ints, at: int) -> Ints:
    """The type of each call at an instant, `NONE` while it goes on and for those that nobody classified."""
    calls = view.demand.calls
    kind = np.where(
        (calls.type[rows] == CallType.EXCUSED) & (calls.excused[rows] > at), int(CallType.UNBOOKED), calls.type[rows]
    )
    return np.where(calls.ended[rows] <= at, kind, NONE)


def calls(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.demand.calls
    outbound = these.outbound[rows] == 1
    over = these.ended[rows] <= at
    kind = call_types(view, rows, at)
    customer = np.where(these.known[rows] <= at, these.customer[rows], NONE)
    location = np.where(customer == NONE, NONE, b.locations.first(np.maximum(customer, 0)))
    job = np.where(these.linked[rows] <= at, these.job[rows], NONE)
    location = np.where(job == NONE, location, b.jobs.location[np.maximum(job, 0)])
    lead = np.where(these.lead[rows] == NONE, NEVER, view.demand.leads.created[np.maximum(these.lead[rows], 0)])
    caller, line = telephone(view, these.caller[rows]), tracking_number(view, these.campaign[rows])
    reason = np.where(over & (kind != CallType.BOOKED), these.reason[rows], NONE)
    excused = kind == CallType.EXCUSED
    agent = these.agent[rows]
    agents = [f'{{"id":{n + FIRST_EMPLOYEE},"name":{employee_name(n + FIRST_EMPLOYEE)}}}' for n in range(AGENTS)]
    agents.append("null")
    numbers = (rows + First.CALL).tolist()
    answered = over & (agent != NONE)
    campaigns = [
        f'{{"id":{number + First.CAMPAIGN},"name":{json.dumps(one.name, ensure_ascii=False)}}}'
        for number, one in enumerate(b.company.campaigns)
    ]
    jobs = where(job != NONE, [f'{{"id":{number},"number":"{number}"}}' for number in (job + First.JOB).tolist()])
    return objects(
        len(rows),
        id=numbers,
        duration=[f'"{text}"' for text in durations(view, rows, at)],
        from_=_quoted(line, caller, outbound),
        to=_quoted(caller, line, outbound),
        direction=where(outbound, '"Outbound"', '"Inbound"'),
        status=where(over, '"Completed"', where(agent == NONE, '"Ringing"', '"Answered"')),
        type=chosen(_TYPES, kind),
        recordingUrl=where(answered, [f'"https://recordings.{b.profile.name}.example/{n}.mp3"' for n in numbers]),
        voiceMailPath=where(
            over & (agent == NONE) & (b.chance.fraction(rows, "voicemail") < 0.2), [f'"voicemail/{n}"' for n in numbers]
        ),
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        reason=chosen([*_REASONS, "null"], reason),
        customer=where(
            customer != NONE,
            named((customer + First.CUSTOMER).tolist(), view.names.customers(np.maximum(customer, 0))),
        ),
        location=where(
            location != NONE,
            named((location + First.LOCATION).tolist(), view.names.locations(np.maximum(location, 0))),
        ),
        campaign=chosen([*campaigns, "null"], these.campaign[rows]),
        job=jobs,
        agent=chosen(agents, agent),
        createdBy=chosen(agents, np.where(outbound, agent, NONE)),
        excuseMemo=where(excused, '"Excused after listening to the recording"', '""'),
        tag=where(b.chance.fraction(rows, "call tag") < 0.05, '"Training"', '""'),
        active=booleans(these.inactive[rows] > at),
        lead=where(lead <= at, [f'{{"id":{n}}}' for n in (these.lead[rows] + First.LEAD).tolist()]),
    )


def call_reasons(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    return objects(
        len(rows),
        id=ids(rows, First.CALL_REASON),
        name=quoted(CALL_REASONS[row][0] for row in rows.tolist()),
        isLead=["true" if CALL_REASONS[row][1] else "false" for row in rows.tolist()],
        active=booleans(reason_ends(view)[rows] > at),
        createdOn=instants(reasons_made(view)[rows]),
        modifiedOn=instants(modified),
    )


def reasons_made(view: View) -> Ticks:
    return view.business.company.opened - 30 * DAY + np.arange(len(CALL_REASONS)) * 41_234_567


def reason_ends(view: View) -> Ticks:
    """The last reason was given up after a while."""
    ends = np.full(len(CALL_REASONS), NEVER, dtype=np.int64)
    ends[-1] = view.business.company.opened + 60 * DAY
    return ends


def _quoted(yes: Texts, no: Texts, flags: np.ndarray) -> Texts:
    return [f'"{a if flag else b}"' for a, b, flag in zip(yes, no, flags.tolist(), strict=True)]
