"""A few days of calls, visits and estimates, from saved API rows to their marts: exact figures, checks that bite."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.dbt.conftest import Dbt, Land, Outcome

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))
MARTS = ("fct_calls", "fct_booking_daily", "fct_capacity_daily", "fct_estimates", "fct_sales_opportunities")

ADA, BOB = "(518) 555-0001", "5185550002"
AGENT, CAMPAIGN = {"id": 301, "name": "Linda"}, {"id": 50, "name": "Radio"}
ANA, BEN = 7, 8


def call(id: int, at: str, kind: str | None, duration: str = "00:01:00", **more: Any) -> dict[str, Any]:
    line = {"from": ADA, "to": "5185559999", "direction": "Inbound", "status": "Completed", "type": kind}
    when = {"createdOn": at, "modifiedOn": at, "duration": duration}
    return {"id": id, "active": True, "agent": AGENT, "campaign": CAMPAIGN, **line, **when, **more}


def job(id: int, status: str, created: str, completed: str | None = None, **more: Any) -> dict[str, Any]:
    times = {"createdOn": created, "completedOn": completed, "modifiedOn": completed or created}
    return {"id": id, "jobNumber": str(id), "jobStatus": status, "customerId": 1, "active": True, **times, **more}


def estimate(id: int, job: int, status: str, subtotal: str, sold: str | None = None, **more: Any) -> dict[str, Any]:
    times = {"createdOn": "2026-03-09T14:00:00Z", "modifiedOn": "2026-03-13T14:00:00Z", "soldOn": sold}
    what = {"name": f"Option {id}", "status": {"value": 0, "name": status}, "subtotal": subtotal, "tax": "1.00"}
    return {"id": id, "jobId": job, "customerId": 1, "active": True, "isChangeOrder": False, **what, **times, **more}


def visit(id: int, job: int, start: str, end: str, window_end: str | None, **more: Any) -> dict[str, Any]:
    times = {"start": start, "end": end, "arrivalWindowStart": start, "arrivalWindowEnd": window_end}
    stamps = {"createdOn": "2026-03-05T14:00:00Z", "modifiedOn": "2026-03-05T14:00:00Z"}
    return {"id": id, "jobId": job, "status": "Done", "active": True, "unused": False, **times, **stamps, **more}


def assigned(id: int, visit: int, job: int, technician: int, active: bool = True) -> dict[str, Any]:
    stamp = "2026-03-05T15:00:00Z"
    when = {"assignedOn": stamp, "createdOn": stamp, "modifiedOn": stamp}
    return {"id": id, "appointmentId": visit, "jobId": job, "technicianId": technician, "active": active, **when}


def shift(id: int, kind: str, start: str, end: str) -> dict[str, Any]:
    stamps = {"createdOn": "2026-03-01T00:00:00Z", "modifiedOn": "2026-03-01T00:00:00Z"}
    return {"id": id, "technicianId": ANA, "shiftType": kind, "active": True, "start": start, "end": end, **stamps}


def event(id: int, technician: int, start: str, duration: str, all_day: bool = False) -> dict[str, Any]:
    stamps = {"createdOn": "2026-03-01T00:00:00Z", "modifiedOn": "2026-03-01T00:00:00Z"}
    what = {"name": "Training", "duration": duration, "allDay": all_day}
    return {"id": id, "technicianId": technician, "active": True, "start": start, **what, **stamps}


# Call 1 is booked at 23:30 in New York. The clock goes forward on 8 March, a day of 23 hours, when Ana works around the
# clock but for time off and a training that overlap. Job 12 sells exactly its threshold in two options, job 13 only a
# change order, job 14 one cent too little.
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [{"id": 1, "name": "Ada", "active": True, "modifiedOn": "2026-03-01T00:00:00Z"}],
    "job_types": [
        {"id": 20, "name": "Install", "soldThreshold": 500, "active": True, "modifiedOn": "2026-03-01T00:00:00Z"}
    ],
    "jobs": [
        job(10, "Completed", "2026-03-06T04:31:00Z", "2026-03-08T17:00:00Z", businessUnitId=30),
        job(11, "Completed", "2026-03-06T15:00:00Z", "2026-03-08T18:00:00Z", leadCallId=7),
        job(12, "Scheduled", "2026-03-06T15:00:00Z", jobTypeId=20),
        job(13, "Scheduled", "2026-03-06T15:00:00Z", jobTypeId=20),
        job(14, "Scheduled", "2026-03-06T15:00:00Z", jobTypeId=20),
        job(15, "Canceled", "2026-03-06T15:00:00Z"),
    ],
    "leads": [
        {
            "id": 70,
            "customerId": 1,
            "callId": 2,
            "campaignId": 50,
            "businessUnitId": 31,
            "status": "Open",
            "active": True,
            "createdOn": "2026-03-07T15:01:00Z",
            "modifiedOn": "2026-03-07T15:01:00Z",
        }
    ],
    "calls": [
        call(1, "2026-03-06T04:30:00Z", "Booked", "00:02:05", customer={"id": 1}, job={"id": 10}),
        call(2, "2026-03-07T15:00:00Z", "Unbooked", lead={"id": 70}),
        call(
            3,
            "2026-03-07T15:12:30Z",
            None,
            direction="Outbound",
            campaign=None,
            **{"from": "5185559999", "to": "1-518-555-0001"},
        ),
        call(4, "2026-03-15T15:00:00Z", "Abandoned", "PT1M", agent=None),
        call(5, "2026-03-15T16:00:00Z", None, "1.00:00:01", **{"from": ""}),
        call(6, "2026-03-15T17:00:00Z", "Booked", active=False),
        call(7, "2026-03-06T14:00:00Z", "Booked", **{"from": BOB}),
    ],
    "appointments": [
        visit(80, 10, "2026-03-08T15:00:00Z", "2026-03-08T17:00:00Z", "2026-03-08T16:00:00Z"),
        visit(81, 11, "2026-03-08T16:00:00Z", "2026-03-08T18:00:00Z", "2026-03-08T16:29:00Z"),
        visit(82, 15, "2026-03-08T16:00:00Z", "2026-03-08T18:00:00Z", None, status="Canceled", unused=True),
    ],
    "appointment_assignments": [
        assigned(1, 80, 10, ANA),
        assigned(2, 81, 11, ANA),
        assigned(3, 81, 11, BEN, active=False),
    ],
    "job_timesheets": [
        {
            "id": id,
            "jobId": job,
            "appointmentId": visit,
            "technicianId": ANA,
            "active": True,
            "arrivedOn": arrived,
            "doneOn": done,
            "modifiedOn": done,
        }
        for id, job, visit, arrived, done in (
            (1, 10, 80, "2026-03-08T16:00:00Z", "2026-03-08T16:20:00Z"),
            (2, 11, 81, "2026-03-08T16:30:00Z", "2026-03-08T18:00:00Z"),
        )
    ],
    "technician_shifts": [
        shift(1, "Normal", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        shift(2, "Normal", "2026-03-08T10:00:00Z", "2026-03-08T18:00:00Z"),
        shift(3, "TimeOff", "2026-03-08T12:00:00Z", "2026-03-08T14:00:00Z"),
        shift(4, "Normal", "2026-03-11T02:00:00Z", "2026-03-11T10:00:00Z"),
        shift(5, "OnCall", "2026-03-13T02:00:00Z", "2026-03-13T04:00:00Z"),
    ],
    "non_job_appointments": [
        event(1, ANA, "2026-03-08T13:00:00Z", "02:00:00"),
        event(2, ANA, "2026-03-11T04:00:00Z", "23:59:00", all_day=True),
    ],
    "job_cancel_reasons": [
        {"id": 601, "name": "Weather", "active": True, "modifiedOn": "2026-03-01T00:00:00Z"},
    ],
    "job_canceled_logs": [
        {"id": 1, "jobId": 15, "reasonId": 601, "active": True, "createdOn": "2026-03-07T15:00:00Z"},
        {"id": 2, "jobId": 10, "reasonId": 699, "active": True, "createdOn": "2026-03-07T15:00:00Z"},
    ],
    "job_history": [
        {
            "jobId": 11,
            "history": [{"id": 1, "eventType": "Appointment Rescheduled", "date": "2026-03-07T15:00:00Z"}],
        },
    ],
    "estimates": [
        estimate(1, 12, "Sold", "200.00", "2026-03-10T14:00:00Z"),
        estimate(2, 12, "Sold", "300.00", "2026-03-13T03:59:00Z"),
        estimate(3, 12, "Sold", "50.00", "2026-03-14T14:00:00Z", isChangeOrder=True),
        estimate(4, 12, "Dismissed", "900.00"),
        estimate(5, 13, "Sold", "600.00", "2026-03-10T14:00:00Z", isChangeOrder=True),
        estimate(6, 14, "Sold", "499.99", "2026-03-10T14:00:00Z"),
        estimate(7, 14, "Open", "700.00"),
        estimate(8, 14, "Sold", "9000.00", "2026-03-10T14:00:00Z", active=False),
    ],
    "invoices": [
        {
            "id": 100,
            "active": True,
            "invoiceConfiguration": "JobInvoice",
            "job": {"id": 10},
            "customer": {"id": 1},
            "invoiceDate": "2026-03-08T00:00:00Z",
            "subTotal": "100.01",
            "total": "100.01",
            "modifiedOn": "2026-03-08T18:00:00Z",
        }
    ],
    "invoice_items": [
        {
            "id": 1000,
            "invoiceId": 100,
            "active": True,
            "total": "100.01",
            "quantity": "1",
            "generalLedgerAccount": {"id": 500, "type": "Income"},
            "modifiedOn": "2026-03-08T18:00:00Z",
        }
    ],
}


@pytest.fixture(scope="module")
def built(dbt: Dbt, land: Land) -> Outcome:
    for resource, rows in ROWS.items():
        land(resource, rows)
    select = [f"+{mart}" for mart in MARTS]
    return dbt(
        "build",
        *AS_OF,
        "--select",
        *select,
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "buildable",
    )


def test_it_builds_and_no_error_is_found(built: Outcome) -> None:
    assert built.code == 0, built.output


def test_calls_know_their_job_and_when_they_were_answered(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT call_id, called_on_local, hour_local, duration_seconds, is_lead, is_booked, job_id, job_revenue_amount,"
        " business_unit_id, callback_minutes, is_repeat_caller_7d FROM marts_operations.fct_calls ORDER BY 1"
    )
    revenue, none = Decimal("100.01"), Decimal("0.00")
    assert rows == [
        (1, date(2026, 3, 5), 23, 125, True, True, 10, revenue, 30, Decimal("2082.50"), False),
        (2, date(2026, 3, 7), 10, 60, True, False, None, None, 31, Decimal("12.50"), True),
        (3, date(2026, 3, 7), 10, 60, False, False, None, None, None, None, False),
        (4, date(2026, 3, 15), 11, 60, False, False, None, None, None, None, False),
        (5, date(2026, 3, 15), 12, 86401, False, False, None, None, None, None, False),
        (7, date(2026, 3, 6), 9, 60, True, True, 11, none, None, None, False),
    ]


def test_a_booking_rate_leaves_out_what_nobody_could_book(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT called_on_local, sum(inbound_calls), sum(lead_calls), sum(booked_lead_calls), sum(abandoned_calls),"
        " sum(unclassified_calls), max(booking_rate) FROM marts_operations.fct_booking_daily GROUP BY 1 ORDER BY 1"
    )
    one = Decimal("1.000000")
    assert rows == [
        (date(2026, 3, 5), 1, 1, 1, 0, 0, one),
        (date(2026, 3, 6), 1, 1, 1, 0, 0, one),
        (date(2026, 3, 7), 1, 1, 0, 0, 0, Decimal("0.000000")),
        (date(2026, 3, 15), 2, 0, 0, 1, 1, None),
    ]


def test_capacity_is_the_shift_without_time_off_on_a_day_of_23_hours(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT technician_id, capacity_on_local, shift_hours, available_hours, on_call_hours, booked_hours, fill_rate,"
        " arrival_count, on_time_count, reschedule_count, cancel_count, cancels_by_reason"
        " FROM marts_operations.fct_capacity_daily ORDER BY 1, 2"
    )

    def hours(text: str) -> Decimal:
        return Decimal(text).quantize(Decimal("0.0001"))

    no, two, six = hours("0"), hours("2"), hours("6")
    assert rows == [
        (-1, date(2026, 3, 7), no, no, no, no, None, 0, 0, 0, 1, {"Weather": 1}),
        (ANA, date(2026, 3, 7), no, no, no, no, None, 0, 0, 1, 1, {"Unknown": 1}),
        (ANA, date(2026, 3, 8), hours("23"), hours("20"), no, hours("4"), Decimal("0.200000"), 2, 1, 0, 0, {}),
        (ANA, date(2026, 3, 10), two, two, no, no, Decimal("0.000000"), 0, 0, 0, 0, {}),
        (ANA, date(2026, 3, 11), six, no, no, no, None, 0, 0, 0, 0, {}),
        (ANA, date(2026, 3, 12), no, no, two, no, None, 0, 0, 0, 0, {}),
    ]


def test_options_that_reach_the_threshold_together_close_the_job(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT job_id, opportunity_status, option_count, sold_amount, change_order_amount, closed_on_local,"
        " days_to_close FROM marts_sales.fct_sales_opportunities ORDER BY 1"
    )
    assert rows == [
        (12, "Won", 3, Decimal("550.00"), Decimal("50.00"), date(2026, 3, 12), 3),
        (14, "Open", 2, Decimal("499.99"), Decimal("0.00"), None, None),
    ]
    sales = "SELECT sold_on_local, sum(sold_amount) FROM marts_sales.fct_estimates WHERE is_sold GROUP BY 1 ORDER BY 1"
    assert query(sales) == [
        (date(2026, 3, 10), Decimal("1299.99")),
        (date(2026, 3, 12), Decimal("300.00")),
        (date(2026, 3, 14), Decimal("50.00")),
    ]


CALLS = "SELECT * FROM marts_operations.fct_calls ORDER BY call_id"
WRITTEN = "SELECT call_id, xmin::text FROM marts_operations.fct_calls WHERE call_id = 7"


def test_a_refresh_by_call_comes_to_what_a_full_one_does(built: Outcome, dbt: Dbt, land: Land, query: Query) -> None:
    """Call 3 is taken back, which leaves 1 and 2 without an answer; 8 answers 4; job 10 gets another revenue."""
    before, untouched = query(CALLS), query(WRITTEN)
    later = {"modifiedOn": "2026-03-30T00:00:00Z"}
    (gone,) = (row for row in ROWS["calls"] if row["id"] == 3)
    answer = call(8, "2026-03-15T15:30:00Z", None, direction="Outbound", **{"from": "5185559999", "to": ADA})
    land("calls", [{**gone, "active": False} | later, answer])
    land("invoice_items", [{**ROWS["invoice_items"][0], "total": "90.00"} | later])
    chain = ("int_revenue_lines", "int_jobs__revenue", "int_jobs__enriched", "fct_calls")
    refreshed = dbt("run", *AS_OF, "--select", *chain)
    assert refreshed.code == 0, refreshed.output
    by_call = query(CALLS)
    assert query(WRITTEN) == untouched
    full = dbt("run", *AS_OF, "--select", "fct_calls", "--full-refresh")
    assert full.code == 0, full.output
    assert by_call == query(CALLS) != before
    assert query(WRITTEN) != untouched
    assert query("SELECT call_id, callback_minutes, job_revenue_amount FROM marts_operations.fct_calls ORDER BY 1") == [
        (1, Decimal("13620.00"), Decimal("90.00")),
        (2, Decimal("11550.00"), None),
        (4, Decimal("30.00"), None),
        (5, None, None),
        (7, None, Decimal("0.00")),
        (8, None, None),
    ]


# What is broken in the built tables, and the invariant that must notice.
BROKEN = {
    "UPDATE marts_operations.fct_booking_daily SET unbooked_calls = unbooked_calls + 1 WHERE unbooked_calls = 1": (
        "inbound_calls_are_counted_once"
    ),
    "UPDATE marts_operations.fct_calls SET job_revenue_amount = 90.01 WHERE call_id = 1": (
        "calls_carry_their_jobs_revenue"
    ),
    "UPDATE marts_operations.fct_capacity_daily SET booked_hours = 3.99 WHERE booked_hours = 4": (
        "capacity_holds_every_visit_and_cancellation"
    ),
    "UPDATE marts_sales.fct_sales_opportunities SET sold_amount = sold_amount - 0.01 WHERE job_id = 12": (
        "opportunities_sell_what_their_estimates_sold"
    ),
}


def test_each_invariant_notices_what_is_broken(built: Outcome, dbt: Dbt, query: Query) -> None:
    held = dbt("test", *AS_OF, "--select", *BROKEN.values(), "--exclude", "inbound_calls_are_counted_once")
    assert held.code == 0, held.output
    for statement in BROKEN:
        query(statement)
    outcome = dbt("test", *AS_OF, "--select", *BROKEN.values())
    assert {name: outcome.statuses[name] for name in BROKEN.values()} == dict.fromkeys(BROKEN.values(), "fail")
