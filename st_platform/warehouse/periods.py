"""Closing a month: its figures are copied out of the marts into tables that no later run of the models touches.

Knows where the marts are and what a closing freezes; how a closed month differs from today's figures is the models'
business. A closing is never undone, only ended: a month that is closed again gets a closing of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.errors import UniqueViolation

from st_platform.warehouse.errors import PeriodRefused
from st_platform.warehouse.merge import one_row

_MARTS = ("intermediate.int_tenants", "marts_finance.fct_revenue", "marts_finance.fct_job_profitability")

_MISSING = b"SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL"

_AS_OF = b"SELECT as_of_date FROM intermediate.int_tenants WHERE tenant_id = %s"

_CLOSE = b"""
    INSERT INTO platform.closed_periods (tenant_id, month, as_of_date, known_until, closed_by, note)
    SELECT %(tenant)s, %(month)s, %(as_of)s, max(created_on), %(who)s, %(note)s
    FROM servicetitan.invoice_items WHERE tenant_id = %(tenant)s
    RETURNING close_id
"""

_FREEZE_REVENUE = b"""
    INSERT INTO platform.closed_revenue_lines (
        close_id, tenant_id, month, invoice_item_id, invoice_id, job_id, business_unit_id, revenue_kind, revenue_date,
        revenue_amount
    )
    SELECT
        %(close)s, tenant_id, %(month)s, invoice_item_id, invoice_id, job_id, business_unit_id, revenue_kind,
        revenue_date, revenue_amount
    FROM marts_finance.fct_revenue
    WHERE tenant_id = %(tenant)s AND revenue_date >= %(month)s AND revenue_date < %(month)s + interval '1 month'
"""

_FREEZE_PROFITS = b"""
    INSERT INTO platform.closed_job_profits (
        close_id, tenant_id, month, job_id, business_unit_id, revenue_amount, labor_cost, incentive_cost, burden_cost,
        material_cost, equipment_cost, other_cost, overhead_allocated
    )
    SELECT
        %(close)s, tenant_id, %(month)s, job_id, business_unit_id, revenue_amount, labor_cost, incentive_cost,
        burden_cost, material_cost, equipment_cost, other_cost, overhead_allocated
    FROM marts_finance.fct_job_profitability
    WHERE tenant_id = %(tenant)s AND completed_month = %(month)s
"""

_FROZEN = b"""
    SELECT count(*), coalesce(sum(revenue_amount), 0)::text FROM platform.closed_revenue_lines WHERE close_id = %s
"""

_REOPEN = b"""
    UPDATE platform.closed_periods SET reopened_at = now(), reopened_by = %(who)s, reopened_note = %(note)s
    WHERE tenant_id = %(tenant)s AND month = %(month)s AND reopened_at IS NULL
    RETURNING close_id
"""

_LIST = b"""
    SELECT coalesce(tenants.name, periods.tenant_id::text), periods.month, periods.as_of_date, periods.closed_at,
        periods.closed_by, periods.note, periods.reopened_at, periods.reopened_by
    FROM platform.closed_periods AS periods
    LEFT JOIN platform.tenants AS tenants USING (tenant_id)
    WHERE %(tenant)s::bigint IS NULL OR periods.tenant_id = %(tenant)s
    ORDER BY 1, periods.month, periods.closed_at
"""


@dataclass(frozen=True)
class Closing:
    """What was frozen: revenue lines, their sum in the tenant's currency, and jobs."""

    close_id: int
    lines: int
    revenue: str
    jobs: int


@dataclass(frozen=True)
class Period:
    """One closing of a month; in force while `reopened_at` is None."""

    tenant: str
    month: date
    as_of_date: date
    closed_at: datetime
    closed_by: str
    note: str
    reopened_at: datetime | None
    reopened_by: str | None


def close(connection: psycopg.Connection, tenant_id: int, month: date, *, who: str, note: str = "") -> Closing:
    """Freeze the figures that the marts have for a month. `month` is its first day.

    Raises:
        PeriodRefused: the marts are not built, the month is not over in them, or it is closed already.
    """
    where = f"tenant {tenant_id}, month {month:%Y-%m}"
    missing = [name for (name,) in connection.execute(_MISSING, [list(_MARTS)])]
    if missing:
        raise PeriodRefused(f"{', '.join(missing)} is not built", where, "Run `st-platform dbt build` first.")
    known = connection.execute(_AS_OF, [tenant_id]).fetchone()
    if known is None:
        raise PeriodRefused("the marts do not know this tenant", where, "Run `st-platform dbt build` first.")
    as_of: date = known[0]
    if as_of < _next(month):
        fix = f"Close it when the marts have been built as of {_next(month)} or later."
        raise PeriodRefused(f"the month is not over in the marts, which are as of {as_of}", where, fix)
    values = {"tenant": tenant_id, "month": month, "as_of": as_of, "who": who, "note": note}
    try:
        with connection.transaction():
            (close_id,) = one_row(connection.execute(_CLOSE, values))
            connection.execute(_FREEZE_REVENUE, {**values, "close": close_id})
            jobs = connection.execute(_FREEZE_PROFITS, {**values, "close": close_id}).rowcount
    except UniqueViolation:
        fix = "`st-platform periods list` shows when; `periods reopen` ends that closing."
        raise PeriodRefused("the month is closed already", where, fix) from None
    lines, revenue = one_row(connection.execute(_FROZEN, [close_id]))
    return Closing(close_id, lines, revenue, jobs)


def reopen(connection: psycopg.Connection, tenant_id: int, month: date, *, who: str, note: str = "") -> None:
    """End the closing of a month; what it froze stays on record.

    Raises:
        PeriodRefused: the month is not closed.
    """
    ended = connection.execute(_REOPEN, {"tenant": tenant_id, "month": month, "who": who, "note": note}).fetchone()
    if ended is None:
        where = f"tenant {tenant_id}, month {month:%Y-%m}"
        raise PeriodRefused("the month is not closed", where, "`st-platform periods list` shows those that are.")


def periods(connection: psycopg.Connection, tenant_id: int | None = None) -> list[Period]:
    """Every closing, ended ones too, by tenant and month."""
    return [Period(*row) for row in connection.execute(_LIST, {"tenant": tenant_id})]


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
