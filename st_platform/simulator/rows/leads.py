"""Leads and bookings as the CRM module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.company import FIRST_EMPLOYEE, TAG_TYPES
from st_platform.simulator.business.demand.switchboard import AGENTS
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, where
from st_platform.simulator.rows.telecom import telephone
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.rows.vocabulary import FIRMS, FIRST, LAST, STREETS, SUMMARIES

_LEAD_STATUSES = ['"Open"', '"Dismissed"', '"Converted"']
_BOOKING_STATUSES = ['"New"', '"Accepted"', '"Converted"', '"Dismissed"']
_PRIORITIES = ['"Low"', '"Normal"', '"Normal"', '"High"', '"Urgent"']
_SOURCES = ['"Website scheduler"', '"Reserve with Google"', '"Angi"']
_PROVIDERS = ("7101", "7102", "7103")


def leads(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.demand.leads
    status = np.where(these.converted[rows] <= at, 2, np.where(these.dismissed[rows] <= at, 1, 0))
    known = these.known[rows] <= at
    customer = np.where(known, these.customer[rows], NONE)
    location = np.where(customer == NONE, NONE, b.locations.first(np.maximum(customer, 0)))
    form = (these.call[rows] == NONE) & (these.booking[rows] == NONE)
    names, people = _people(view, these.caller[rows]), these.caller[rows]
    town = [b.profile.towns[n] for n in b.chance.among(people, "lead town", len(b.profile.towns)).tolist()]
    chased = these.chased[rows] <= at
    follow_up = b.calendar.local_midnight(these.created[rows]) + np.where(chased, 9, 2) * DAY + 14 * HOUR
    job_type = _first_type(view, these.trade[rows])
    agents = (b.chance.among(rows, "lead maker", AGENTS) + FIRST_EMPLOYEE).tolist()
    return objects(
        len(rows),
        summary=chosen(SUMMARIES, b.chance.among(rows, "lead summary", len(SUMMARIES))),
        callReasonId=ids(
            np.where(these.call[rows] == NONE, NONE, np.maximum(these.reason[rows], 0)), First.CALL_REASON
        ),
        callId=ids(these.call[rows], First.CALL),
        bookingId=ids(these.booking[rows], First.BOOKING),
        manualCallId="null",
        leadUrl=where(form, [f'"https://{b.profile.name}.example/leads/{n}"' for n in (rows + First.LEAD).tolist()]),
        leadCustomerName=[f'"{name}"' for name in names],
        leadPhone=[f'"{number}"' for number in telephone(view, people)],
        leadEmail=where(form, [f'"{_address(name, n)}"' for name, n in zip(names, people.tolist(), strict=True)]),
        leadStreet=where(form, _streets(view, people)),
        leadUnit="null",
        leadCity=where(form, [json.dumps(one.city) for one in town]),
        leadState=where(form, f'"{b.profile.state}"'),
        leadZip=where(form, [f'"{one.zip}"' for one in town]),
        leadCountry=where(form, '"USA"'),
        captureSource=where(form, '"Form"'),
        id=ids(rows, First.LEAD),
        status=chosen(_LEAD_STATUSES, status),
        priority=chosen(_PRIORITIES, b.chance.among(rows, "lead priority", len(_PRIORITIES))),
        customerId=ids(customer, First.CUSTOMER),
        locationId=ids(location, First.LOCATION),
        businessUnitId=ids(_unit_of_type(view, job_type), First.BUSINESS_UNIT),
        jobTypeId=ids(job_type, First.JOB_TYPE),
        campaignId=ids(these.campaign[rows], First.CAMPAIGN),
        followUpDate=instants(np.where(status == 0, follow_up, NEVER)),
        createdById=agents,
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        tagTypeIds=where(b.chance.fraction(rows, "lead tag") < 0.1, f"[{TAG_TYPES[3]}]", "[]"),
        dismissingReasonId=ids(np.where(status == 1, these.reason[rows], NONE), First.CALL_REASON),
        active=booleans(these.inactive[rows] > at),
    )


def booking_status(view: View, rows: Ints, at: int) -> Ints:
    """The status of each booking at an instant, as an index of new, accepted, converted, dismissed."""
    these = view.demand.bookings
    status = np.where(these.accepted[rows] <= at, 1, 0)
    status = np.where(these.converted[rows] <= at, 2, status)
    return np.where(these.dismissed[rows] <= at, 3, status)


def bookings(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.demand.bookings
    status = booking_status(view, rows, at)
    people = these.caller[rows]
    job = np.where(these.converted[rows] <= at, these.job[rows], NONE)
    provider = b.chance.among(rows, "booking provider", 10) // 5 * (1 + b.chance.among(rows, "which provider", 2))
    job_type = _first_type(view, these.trade[rows])
    wanted = b.calendar.local_midnight(these.created[rows]) + DAY * (1 + b.chance.among(rows, "wanted day", 6))
    wanted += HOUR * (13 + b.chance.among(rows, "wanted hour", 8))
    addresses = _addresses(view, people)
    return objects(
        len(rows),
        summary=chosen(SUMMARIES, b.chance.among(rows, "booking summary", len(SUMMARIES))),
        id=ids(rows, First.BOOKING),
        source=chosen(_SOURCES, provider),
        createdOn=instants(these.created[rows]),
        name=[f'"{name}"' for name in _people(view, people)],
        address=where(b.chance.fraction(rows, "address given") < 0.97, addresses),
        customerType=where(_firms(view, people), '"Commercial"', '"Residential"'),
        start=instants(wanted),
        campaignId=ids(these.campaign[rows], First.CAMPAIGN),
        businessUnitId=ids(_unit_of_type(view, job_type), First.BUSINESS_UNIT),
        isFirstTimeClient=_first_time(view, rows),
        uploadedImages="[]",
        isSendConfirmationEmail="true",
        status=chosen(_BOOKING_STATUSES, status),
        dismissingReasonId=ids(np.where(status == 3, these.reason[rows], NONE), First.CALL_REASON),
        jobId=ids(job, First.JOB),
        externalId=[f'"web-{n:x}"' for n in b.chance.among(rows, "external booking", 2**48).tolist()],
        priority=chosen(_PRIORITIES, b.chance.among(rows, "booking priority", len(_PRIORITIES))),
        jobTypeId=ids(job_type, First.JOB_TYPE),
        bookingProviderId=chosen(_PROVIDERS, provider),
        modifiedOn=instants(modified),
        active=booleans(these.inactive[rows] > at),
    )


def _first_time(view: View, rows: Ints) -> Texts:
    """Whether they say that they were never here before: newcomers do, and some who forgot."""
    these = view.demand.bookings
    newcomer = np.where(these.job[rows] == NONE, these.customer[rows] == NONE, view.demand.first[these.job[rows]])
    return booleans(newcomer | (view.business.chance.fraction(rows, "forgot") < 0.03))


def _firms(view: View, people: Ints) -> np.ndarray:
    return (people >= 0) & view.business.customers.commercial[np.maximum(people, 0)]


def _people(view: View, people: Ints) -> Texts:
    """Names of callers without quotes: customers under their own, anyone else under one made up."""
    own = view.names.customers(np.maximum(people, 0))
    chance = view.business.chance
    first = chance.among(people, "caller first name", len(FIRST)).tolist()
    last = chance.among(people, "caller last name", len(LAST)).tolist()
    firm = (chance.fraction(people, "caller is a firm") < 0.06).tolist()
    return [
        name[1:-1] if one >= 0 else f"{LAST[b]} {FIRMS[a % len(FIRMS)]}" if is_firm else f"{FIRST[a]} {LAST[b]}"
        for one, name, a, b, is_firm in zip(people.tolist(), own, first, last, firm, strict=True)
    ]


def _address(name: str, person: int) -> str:
    plain = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
    return f"{plain}{abs(person) % 97}@mail.example"


def _streets(view: View, people: Ints) -> Texts:
    house = (view.business.chance.among(people, "lead house", 9_800) + 100).tolist()
    street = view.business.chance.among(people, "lead street", len(STREETS)).tolist()
    return [f'"{number} {STREETS[n]}"' for number, n in zip(house, street, strict=True)]


def _addresses(view: View, people: Ints) -> Texts:
    """The address that a booking gives: a customer's own, or anyone's."""
    b = view.business
    own = view.names.addresses(b.locations.first(np.maximum(people, 0)), geo=False)
    towns = b.chance.among(people, "lead town", len(b.profile.towns)).tolist()
    tails = [
        f'"unit":null,"city":{json.dumps(t.city)},"state":"{b.profile.state}","zip":"{t.zip}","country":"USA"'
        for t in b.profile.towns
    ]
    made_up = [
        f'{{"street":{street},{tails[town]}}}' for street, town in zip(_streets(view, people), towns, strict=True)
    ]
    return where(people >= 0, own, made_up)


def _first_type(view: View, trade: Ints) -> Ints:
    """The job type that a request of a trade is noted under."""
    kinds = view.business.company.job_kinds
    first = [
        next(i for i, kind in enumerate(kinds) if kind.kind == Kind.SERVICE and kind.trade == number)
        for number in range(len(view.business.profile.trades))
    ]
    return np.array(first)[trade]


def _unit_of_type(view: View, job_type: Ints) -> Ints:
    return np.array([kind.unit for kind in view.business.company.job_kinds])[job_type]
