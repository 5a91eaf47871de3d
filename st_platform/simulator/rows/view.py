"""What all renderers look at: the business, its balances, and the id that each kind of row counts from.

Ids are the same numbers for every tenant, so that tenants overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from st_platform.simulator.business.board.dispatching import Dispatching, dispatch
from st_platform.simulator.business.books.balances import Balances
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.company import EMPLOYEES, FIRST_EMPLOYEE
from st_platform.simulator.business.demand.ads import Ads, advertise
from st_platform.simulator.business.demand.contacts import Contacts, reach
from st_platform.simulator.business.demand.demand import enquire
from st_platform.simulator.business.demand.enquiries import Enquiries
from st_platform.simulator.business.demand.offers import Offers, offer
from st_platform.simulator.business.demand.recurring import Recurring, plan_visits
from st_platform.simulator.business.goods.supply import Supply, supply
from st_platform.simulator.business.pay.payroll import Payroll, pay
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, units_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts
from st_platform.simulator.rows.vocabulary import FIRST, LAST, Names


class First:
    """The id of the first row of each kind."""

    CAMPAIGN_CATEGORY = 521
    BUSINESS_UNIT = 101
    JOB_TYPE = 201
    CAMPAIGN = 501
    EMPLOYEE = 301
    TAG_TYPE = 451
    CANCEL_REASON = 601
    CALL_REASON = 651
    ZONE = 701
    TIMESHEET_CODE = 751
    TECHNICIAN = 1001
    VENDOR = 2001
    MEMBERSHIP_TYPE = 801
    RECURRING_SERVICE_TYPE = 2601
    INVOICE_TEMPLATE = 6801
    PRICEBOOK_CATEGORY = 3001
    PRICEBOOK_SERVICE = 4001
    PRICEBOOK_MATERIAL = 6001
    PRICEBOOK_EQUIPMENT = 8001
    GL_ACCOUNT = 9001
    CAMPAIGN_COST = 20_001
    CUSTOMER = 1_000_001
    LOCATION = 4_000_001
    JOB = 10_000_001
    INVOICE = 20_000_001
    PAYMENT = 30_000_001
    APPLICATION = 40_000_001
    MEMO_APPLICATION = 49_000_001
    CREDIT_MEMO = 50_000_001
    MEMBERSHIP = 55_000_001
    STATUS_CHANGE = 57_000_001
    CANCELED_LOG = 58_000_001
    RATING = 59_000_001
    PROJECT = 60_000_001
    SHIFT = 62_000_001
    NON_JOB_APPOINTMENT = 63_000_001
    RECURRING_SERVICE = 64_000_001
    RECURRING_SERVICE_EVENT = 65_000_001
    PAYROLL_SETTING = 66_000_001
    PAYROLL = 67_000_001
    PAYROLL_ADJUSTMENT = 68_000_001
    ESTIMATE = 70_000_001
    APPOINTMENT = 80_000_001
    ATTRIBUTED_LEAD = 120_000_001
    LEAD = 130_000_001
    BOOKING = 140_000_001
    CALL = 150_000_001
    EQUIPMENT = 170_000_001
    INVOICE_ITEM = 200_000_001
    PURCHASE_ORDER = 300_000_001
    INVENTORY_RECEIPT = 310_000_001
    INVENTORY_RETURN = 320_000_001
    INVENTORY_ADJUSTMENT = 325_000_001
    INVENTORY_BILL = 330_000_001
    AP_BILL = 340_000_001
    ESTIMATE_ITEM = 400_000_001
    ASSIGNMENT = 500_000_001
    JOB_EVENT = 550_000_001
    TIMESHEET = 600_000_001
    NON_JOB_TIMESHEET = 640_000_001
    JOB_SPLIT = 650_000_001
    GROSS_PAY_ITEM = 700_000_001
    PURCHASE_ORDER_ITEM = 750_000_001
    RECEIPT_ITEM = 760_000_001
    RETURN_ITEM = 770_000_001
    ADJUSTMENT_ITEM = 775_000_001
    BILL_ITEM = 780_000_001
    EXPENSE_ITEM = 790_000_001
    CUSTOMER_CONTACT = 800_000_001
    LOCATION_CONTACT = 850_000_001


@dataclass(frozen=True)
class View:
    """One tenant's business, ready to be written."""

    business: Business
    balances: Balances

    @cached_property
    def names(self) -> Names:
        b = self.business
        return Names(b.chance, b.profile, b.customers, b.locations)

    @cached_property
    def dispatching(self) -> Dispatching:
        return dispatch(self.business)

    @cached_property
    def payroll(self) -> Payroll:
        return pay(self.business, self.dispatching)

    @cached_property
    def supply(self) -> Supply:
        return supply(self.business, self.technicians(np.arange(len(self.business.jobs))))

    @cached_property
    def demand(self) -> Enquiries:
        return enquire(self.business)

    @cached_property
    def offers(self) -> Offers:
        return offer(self.business)

    @cached_property
    def recurring(self) -> Recurring:
        return plan_visits(self.business)

    @cached_property
    def ads(self) -> Ads:
        return advertise(self.business, self.demand)

    @cached_property
    def customer_contacts(self) -> Contacts:
        b = self.business
        return reach(b.chance, "customer", b.customers.created, b.customers.commercial, (0.96, 0.3, 0.7))

    @cached_property
    def location_contacts(self) -> Contacts:
        b = self.business
        firms = b.customers.commercial[b.locations.customer]
        return reach(b.chance, "location", b.locations.created, firms, (0.55, 0.08, 0.2))

    @cached_property
    def job_units(self) -> Ints:
        b = self.business
        return units_of(b.company, b.jobs, b.customers.commercial)

    @cached_property
    def project_jobs(self) -> Ints:
        """The job that began each project, in order of creation."""
        projects = self.business.invoices.project
        return np.unique(projects[projects != NONE]).astype(np.int64)

    @cached_property
    def project_of_job(self) -> Ints:
        """The project of each job, `NONE` for most: of the job that began it and of warranty work on what it built."""
        jobs = self.business.jobs
        projects = np.full(len(jobs) + 1, NONE, dtype=np.int64)
        projects[self.project_jobs] = np.arange(len(self.project_jobs))
        return np.where(jobs.covered == NONE, projects[:-1], projects[jobs.covered])

    @cached_property
    def posted(self) -> Ticks:
        """When each invoice is posted: in the small hours of one of the next days."""
        billed = self.business.invoices.billed
        return np.where(billed == NEVER, NEVER, self._night_after(billed, "posted"))

    @cached_property
    def reviewed(self) -> Ticks:
        """When someone has looked at the invoice and sent it, before it is posted."""
        rows = np.arange(len(self.business.invoices))
        billed = self.business.invoices.billed
        when = billed + (self.business.chance.fraction(rows, "reviewed") * 9 * HOUR).astype(np.int64) + MINUTE
        return np.where(billed == NEVER, NEVER, np.minimum(when, self.posted - MINUTE))

    @cached_property
    def deposited(self) -> Ticks:
        return self._night_after(self.business.payments.created, "deposited")

    def creators(self, rows: Ints, name: str) -> list[int]:
        """The ids of the employees who made the rows."""
        return (self.business.chance.among(rows, f"creator {name}", EMPLOYEES) + FIRST_EMPLOYEE).tolist()

    def creator_names(self, rows: Ints, name: str) -> Texts:
        return [employee_name(one) for one in self.creators(rows, name)]

    def technicians(self, jobs: Ints) -> Ints:
        """The technician who leads each job, as rows."""
        return self.business.jobs.technician[jobs]

    def _night_after(self, when: Ticks, name: str) -> Ticks:
        calendar, chance = self.business.calendar, self.business.chance
        rows = np.arange(len(when))
        safe = np.where(when == NEVER, 0, when)
        night = calendar.local_midnight(safe) + (1 + chance.among(rows, name, 3)) * DAY + 150 * MINUTE
        return calendar.to_utc(night) + chance.among(rows, f"{name} moment", 4 * MINUTE)


def employee_name(employee: int) -> str:
    """The name of an office employee or technician, as a JSON string."""
    return f'"{FIRST[employee * 7 % len(FIRST)]} {LAST[employee * 13 % len(LAST)]}"'
