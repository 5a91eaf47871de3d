"""Records of the Payroll module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class GrossPayItem(Record):
    """One amount of pay: hours of a timesheet, a bonus, commission, salary or reimbursement."""

    id: Int64
    employee_id: Int64 | None = None
    employee_type: str | None = None
    business_unit_name: str | None = None
    payroll_id: Int64 | None = None
    employee_payroll_id: str | None = None
    date: Instant | None = None
    activity: str | None = None
    activity_code_id: Int64 | None = None
    activity_code: str | None = None
    amount: Decimal | None = None
    amount_adjustment: Decimal | None = None
    payout_business_unit_name: str | None = None
    gross_pay_item_type: str | None = None
    started_on: Instant | None = None
    ended_on: Instant | None = None
    paid_duration_hours: Decimal | None = None
    paid_time_type: str | None = None
    source_entity_id: Int64 | None = None
    job_id: Int64 | None = None
    job_number: str | None = None
    job_type_name: str | None = None
    project_number: str | None = None
    project_id: Int64 | None = None
    invoice_id: Int64 | None = None
    invoice_number: str | None = None
    invoice_item_id: Int64 | None = None
    customer_id: Int64 | None = None
    customer_name: str | None = None
    location_id: Int64 | None = None
    location_name: str | None = None
    location_address: str | None = None
    location_zip: str | None = None
    zone_name: str | None = None
    tax_zone_name: str | None = None
    labor_type_id: Int64 | None = None
    labor_type_code: str | None = None
    budget_code_id: Int64 | None = None
    is_prevailing_wage_job: bool | None = None
    memo: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class JobSplit(Record):
    """The share of a technician in what a job pays."""

    id: Int64
    job_id: Int64 | None = None
    technician_id: Int64 | None = None
    split: Decimal | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class JobTimesheet(Record):
    """One technician's times on one appointment: dispatched, arrived, done."""

    id: Int64
    job_id: Int64 | None = None
    appointment_id: Int64 | None = None
    technician_id: Int64 | None = None
    dispatched_on: Instant | None = None
    arrived_on: Instant | None = None
    canceled_on: Instant | None = None
    done_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class NonJobTimesheet(Record):
    """Paid time of a technician that belongs to no job."""

    id: Int64
    employee_id: Int64 | None = None
    employee_type: str | None = None
    timesheet_code_id: Int64 | None = None
    started_on: Instant | None = None
    ended_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class PayrollAdjustment(Record):
    """A correction to an employee's pay, by hand."""

    id: Int64
    employee_type: str | None = None
    employee_id: Int64 | None = None
    posted_on: Instant | None = None
    amount: Decimal | None = None
    memo: str | None = None
    activity_code_id: Int64 | None = None
    invoice_id: Int64 | None = None
    hours: Decimal | None = None
    rate: Decimal | None = None
    quantity: Decimal | None = None
    type: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class Payroll(Record):
    """One pay period of one employee, with its state of approval."""

    id: Int64
    started_on: Instant | None = None
    ended_on: Instant | None = None
    employee_id: Int64 | None = None
    employee_type: str | None = None
    status: str | None = None
    burden_rate: Decimal | None = None
    manager_approved_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class PayrollSetting(Record):
    """How an employee is paid now. Keyed by employee; earlier rates are not kept by the source."""

    employee_id: Int64
    employee_type: str | None = None
    external_payroll_id: str | None = None
    hourly_rate: Decimal | None = None
    manager_id: Int64 | None = None
    payroll_business_unit_id: Int64 | None = None
    is_included_in_payroll: bool | None = None
    hire_date: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None
    custom_fields: Json = Json()


class TimesheetCode(Record):
    """A kind of time that is not spent on a job, and how it is paid."""

    id: Int64
    code: str | None = None
    description: str | None = None
    type: str | None = None
    applicable_employee_type: str | None = None
    rate_info: Json = Json()
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None
