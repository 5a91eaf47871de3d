"""The simulated payroll holds together: at any instant, for any seed, to the cent and the ten-thousandth of an hour."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from st_platform.simulator.business.books.balances import balance
from st_platform.simulator.business.pay.earnings import HOUR_PARTS, Paid, Source, worth
from st_platform.simulator.business.pay.staff import TIME_CODES
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.profile import PROFILES, SIZES, Profile, Size
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, day_ticks
from st_platform.simulator.rows.view import View
from st_platform.simulator.table import Table
from st_platform.simulator.tables import books as book_tables
from st_platform.simulator.tables import field as field_tables
from st_platform.simulator.tables import pay as pay_tables
from tests.unit.simulator.books import Books, read_books
from tests.unit.simulator.pay_books import PAY, pay_discrepancies

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
MIDDLE = Size(customers=2000, years=2, ahead_days=60)
"""Looked at as arrays; its rows are too many to be read one by one."""
SMALL = Size(customers=300, years=1, ahead_days=10)


def view_of(seed: int, profile: Profile, size: Size) -> View:
    business = run_business(seed, profile, size, ANCHOR)
    return View(business, balance(business))


def tables_of(view: View) -> list[Table]:
    return [*book_tables.tables(view), *field_tables.tables(view), *pay_tables.tables(view)]


@pytest.fixture(scope="module")
def middle() -> View:
    return view_of(5, PROFILES[0], MIDDLE)


@pytest.fixture(scope="module")
def small() -> list[Table]:
    return tables_of(view_of(5, PROFILES[0], SMALL))


@pytest.fixture(scope="module")
def tiny() -> list[Table]:
    return tables_of(view_of(1, PROFILES[0], SIZES["tiny"]))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_pay_holds_at_every_hour_of_a_tiny_business(seed: int, profile: Profile) -> None:
    tables = tables_of(view_of(seed, profile, SIZES["tiny"]))
    for days in (-365, -300.5, -3, 0, 0.4, 140):
        at = NOW + int(days * DAY)
        assert pay_discrepancies(read_books(tables, at), at, profile.timezone) == []


def test_pay_holds_where_weeks_are_full(small: list[Table]) -> None:
    books = read_books(small, NOW)
    assert any(row["paidTimeType"] == "Overtime" for row in books["gross_pay_items"].values())
    assert pay_discrepancies(books, NOW, PROFILES[0].timezone) == []


def _first(books: Books, resource: str, **wanted: object) -> dict[str, object]:
    return next(row for row in books[resource].values() if all(row[field] == v for field, v in wanted.items()))


def _longer(books: Books) -> None:
    _first(books, "gross_pay_items", activity="Working", active=True)["paidDurationHours"] = Decimal("9.0001")


def _unrecorded(books: Books) -> None:
    row = _first(books, "job_timesheets", active=True)
    row["active"] = False


def _wrong_payroll(books: Books) -> None:
    item = _first(books, "gross_pay_items", activity="Working")
    whose = item["employeeId"]
    item["payrollId"] = next(
        key for key, row in books["payrolls"].items() if row["employeeId"] == whose and key != item["payrollId"]
    )


def _stranger(books: Books) -> None:
    books["technicians"].pop(next(iter(books["job_splits"].values()))["technicianId"])


def _split_of_99(books: Books) -> None:
    _first(books, "job_splits", active=True)["split"] = Decimal(99)


def _uncorrected(books: Books) -> None:
    next(row for row in books["gross_pay_items"].values() if row["amountAdjustment"])["amountAdjustment"] = None


def _approved_without_a_day(books: Books) -> None:
    _first(books, "payrolls", status="Locked")["managerApprovedOn"] = None


def _too_much_commission(books: Books) -> None:
    row = _first(books, "gross_pay_items", grossPayItemType="InvoiceRelatedBonus")
    row["amount"] = Decimal(str(row["amount"])) + 1


def _ahead_of_time(books: Books) -> None:
    _first(books, "job_timesheets", active=True)["doneOn"] = "2027-01-01T00:00:00.0000000Z"


def _no_overtime(books: Books) -> None:
    for row in books["gross_pay_items"].values():
        if row["paidTimeType"] == "Overtime":
            row["paidTimeType"] = "Regular"


@pytest.mark.parametrize(
    "breaking",
    [
        _longer,
        _unrecorded,
        _wrong_payroll,
        _stranger,
        _split_of_99,
        _uncorrected,
        _approved_without_a_day,
        _too_much_commission,
        _ahead_of_time,
    ],
)
def test_the_auditor_notices_pay_that_is_wrong(tiny: list[Table], breaking: Callable[[Books], None]) -> None:
    books = read_books(tiny, NOW)
    breaking(books)
    assert pay_discrepancies(books, NOW, PROFILES[0].timezone)


def test_the_auditor_notices_overtime_that_is_called_regular(small: list[Table]) -> None:
    books = read_books(small, NOW)
    _no_overtime(books)
    assert any("regular hours" in line for line in pay_discrepancies(books, NOW, PROFILES[0].timezone))


def test_every_hour_is_paid_at_the_wage_of_its_day(middle: View) -> None:
    pay = middle.payroll
    items = pay.items
    rows = np.flatnonzero(items.paid != Paid.NOT_TIME)
    person = pay.payrolls.person[items.payroll[rows]]
    rate = pay.wages.at(person, items.start[rows])
    other = items.source[rows] == Source.OTHER_TIME
    code = pay.others.code[np.where(other, items.row[rows], 0)]
    custom = np.array([one.custom or 0 for one in TIME_CODES])[code]
    rate = np.where(other & (custom > 0), custom, rate)
    multiplier = np.where(items.paid[rows] == Paid.OVERTIME, 150, 100)
    assert (items.amount[rows] == worth(items.hours[rows].astype(np.int64), rate, multiplier)).all()
    assert (custom[other] > 0).any()
    assert (multiplier == 150).any()


def test_a_raise_begins_with_a_period_and_shows_only_the_new_wage(middle: View) -> None:
    wages = middle.payroll.wages
    raised = wages.raised[wages.raised != NEVER]
    begins = middle.payroll.pay_calendar.begins(np.arange(middle.payroll.pay_calendar.count + 1))
    assert np.isin(raised, begins).all()
    assert (wages.raised[:, 1] > wages.raised[:, 0])[wages.raised[:, 1] != NEVER].all()
    person = int(np.flatnonzero((wages.raised[:, 0] < NOW) & (middle.payroll.left == NEVER))[0])
    when = int(wages.raised[person, 0])
    table = next(table for table in pay_tables.tables(middle) if table.resource == "payroll_settings")
    row = np.flatnonzero(middle.payroll.listed == person)
    before, after = (json.loads(table.render(row, np.array([at]), at)[0]) for at in (when - MINUTE, when))
    assert before["hourlyRate"] < after["hourlyRate"]
    assert when in table.versions.times[table.versions.rows == row[0]]


def test_job_timesheets_are_the_times_of_assignments(middle: View) -> None:
    sheets, sent = middle.payroll.timesheets, middle.dispatching.assignments
    real = np.flatnonzero((sheets.inactive == NEVER) & (sheets.canceled == NEVER))
    assignment = sheets.assignment[real]
    assert sorted(assignment.tolist()) == np.flatnonzero(sent.dispatched != NEVER).tolist()
    for name in ("dispatched", "arrived", "done"):
        assert (getattr(sheets, name)[real] == getattr(sent, name)[assignment]).all()
    assert (sheets.canceled != NEVER).any()
    assert (sheets.inactive != NEVER).any()


def test_nobody_is_paid_before_being_hired_or_after_leaving(middle: View) -> None:
    pay = middle.payroll
    timed = np.flatnonzero(pay.items.paid != Paid.NOT_TIME)
    person = pay.payrolls.person[pay.items.payroll[timed]]
    assert (pay.items.start[timed] >= pay.hired[person]).all()
    assert (pay.items.start[timed] < pay.left[person]).all()
    assert (pay.others.created >= pay.hired[pay.others.person]).all()


def test_days_away_are_those_of_the_rota(middle: View) -> None:
    pay, away = middle.payroll, middle.dispatching.absences
    technicians = len(middle.business.company.technicians)
    codes = [code.type for code in TIME_CODES]
    off = np.flatnonzero((pay.others.person < technicians) & (np.array(codes)[pay.others.code] == "PaidTimeOff"))
    day = middle.business.calendar.local_midnight(pay.others.start[off]) // DAY
    paid = set(zip(pay.others.person[off].tolist(), day.tolist(), strict=True))
    assert paid
    assert paid <= set(zip(away.technician.tolist(), away.day.tolist(), strict=True))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_labor_costs_a_plausible_share_of_revenue(profile: Profile, middle: View) -> None:
    view = middle if profile is PROFILES[0] else view_of(5, profile, MIDDLE)
    b, items = view.business, view.payroll.items
    billed = (b.invoices.billed <= NOW) & (b.invoices.kind != Kind.AR_IMPORT)
    paid = (items.created <= NOW) & (items.inactive > NOW)
    assert 0.18 < int(items.amount[paid].sum()) / int(b.bills.subtotal[billed].sum()) < 0.30
    overtime = items.hours[items.paid == Paid.OVERTIME].sum() / items.hours.sum()
    assert 0.002 < overtime < 0.12
    person = view.payroll.payrolls.person[items.payroll].astype(np.int64)
    timed = (items.paid != Paid.NOT_TIME) & (items.inactive == NEVER)
    days = np.unique(person[timed] * 100_000 + items.day[timed])
    assert 5.5 < items.hours[timed].sum() / HOUR_PARTS / len(days) < 9


def test_whoever_made_a_row_was_employed_by_then(tiny: list[Table]) -> None:
    books = read_books(tiny, NOW)
    employees = books["employees"]
    made = [
        (resource, key, row["createdById"], row["createdOn"])
        for resource, rows in books.items()
        for key, row in rows.items()
        if row.get("createdById")
    ]
    assert made
    wrong = [one for one in made if one[2] not in employees or employees[one[2]]["createdOn"] > one[3]]
    assert wrong == []


def test_office_staff_come_and_go(middle: View) -> None:
    office = middle.payroll.office
    names = read_books([table for table in pay_tables.tables(middle) if table.resource == "employees"], NOW)
    shown = names["employees"].values()
    assert {row["active"] for row in shown} == {True, False}
    assert all((row["terminationDate"] is None) == row["active"] for row in shown)
    assert (office.joined[1:] >= office.joined[:-1]).all()


def test_payrolls_pass_through_their_statuses_in_order(middle: View) -> None:
    payrolls = middle.payroll.payrolls
    used = payrolls.approved != NEVER
    assert (payrolls.created < payrolls.approved)[used].all()
    assert (payrolls.approved < payrolls.paid)[used].all()
    assert (payrolls.paid < payrolls.locked)[used].all()
    assert ((payrolls.expired != NEVER) == ~used).all()
    table = next(table for table in pay_tables.tables(middle) if table.resource == "payrolls")
    rows = table.existing(NOW)
    shown = {json.loads(text)["status"] for text in table.render(rows, table.versions.modified(rows, NOW), NOW)}
    assert {"Pending", "Approved", "Paid", "Locked"} >= shown - {"Expired"}
    assert {"Pending", "Locked"} <= shown


def test_some_rows_of_each_kind_change_later_and_a_few_turn_inactive(middle: View) -> None:
    for table in pay_tables.tables(middle):
        assert len(table.versions.times) > table.count, table.resource
        assert (table.inactive_at != NEVER).any(), table.resource
    pay = middle.payroll
    approved = np.minimum(pay.payrolls.approved, pay.payrolls.expired)[pay.items.payroll]
    changes = np.where(pay.items.inactive == NEVER, 0, pay.items.inactive)
    assert (changes < approved).all()


def test_the_same_seed_pays_the_same_and_another_one_does_not(tiny: list[Table]) -> None:
    def written(tables: list[Table]) -> list[str]:
        texts = []
        for table in tables:
            if table.resource in PAY:
                rows = table.existing(NOW)
                texts += table.render(rows, table.versions.modified(rows, NOW), NOW)
        return texts

    again = written(tables_of(view_of(1, PROFILES[0], SIZES["tiny"])))
    assert again == written(tiny)
    assert again != written(tables_of(view_of(2, PROFILES[0], SIZES["tiny"])))
