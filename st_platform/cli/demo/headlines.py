"""The first figures that somebody asks of each domain, one statement each. Knows marts, nothing of how they came to be.

Every statement gives a tenant and a value. A rate is of the whole history; what is "now" is as of the models' day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    import psycopg

    from st_platform.servicetitan.tenant import Tenant

Written = Callable[[Any], str]


def _money(value: Decimal) -> str:
    return f"{value:,.0f}"


def _rate(value: Decimal) -> str:
    return f"{value:.1%}"


def _count(value: int | Decimal) -> str:
    return f"{value:,.0f}"


def _times(value: Decimal) -> str:
    return f"{value:,.2f}"


@dataclass(frozen=True)
class Headline:
    """One figure of a domain, how it is written, and the statement that gives it by tenant."""

    domain: str
    figure: str
    written: Written
    statement: LiteralString


HEADLINES: tuple[Headline, ...] = (
    Headline(
        "finance",
        "revenue, last 12 months",
        _money,
        "SELECT tenant_id, sum(revenue_amount) FROM marts_finance.fct_revenue JOIN intermediate.int_tenants"
        " USING (tenant_id) WHERE revenue_date > as_of_date - 365 GROUP BY tenant_id",
    ),
    Headline(
        "finance",
        "gross margin of jobs",
        _rate,
        "SELECT tenant_id, sum(gross_profit) / nullif(sum(revenue_amount), 0)"
        " FROM marts_finance.fct_job_profitability GROUP BY tenant_id",
    ),
    Headline(
        "finance",
        "open receivables",
        _money,
        "SELECT tenant_id, sum(open_amount) FROM marts_finance.fct_ar_aging GROUP BY tenant_id",
    ),
    Headline(
        "marketing",
        "channel with most revenue, data-driven",
        str,
        "SELECT DISTINCT ON (tenant_id) tenant_id, channel FROM marts_marketing.fct_attribution"
        " WHERE model_name = 'data_driven' AND channel IS NOT NULL GROUP BY tenant_id, channel"
        " ORDER BY tenant_id, sum(attributed_revenue) DESC",
    ),
    Headline(
        "marketing",
        "cost of a new customer",
        _money,
        "SELECT tenant_id, sum(spend_amount) / nullif(sum(new_customers), 0)"
        " FROM marts_marketing.fct_channel_acquisition_monthly WHERE model_name = 'data_driven' GROUP BY tenant_id",
    ),
    Headline(
        "field",
        "utilisation",
        _rate,
        "SELECT tenant_id, sum(onsite_hours) / nullif(sum(worked_hours), 0)"
        " FROM marts_field.fct_technician_monthly GROUP BY tenant_id",
    ),
    Headline(
        "field",
        "recalls within the window",
        _count,
        "SELECT tenant_id, count(*) FILTER (WHERE is_counted) FROM marts_field.fct_recalls GROUP BY tenant_id",
    ),
    Headline(
        "memberships",
        "monthly recurring revenue",
        _money,
        "SELECT tenant_id, sum(closing_mrr) FROM marts_memberships.fct_membership_monthly AS months"
        " WHERE month = (SELECT max(month) FROM marts_memberships.fct_membership_monthly AS others"
        "   WHERE others.tenant_id = months.tenant_id) GROUP BY tenant_id",
    ),
    Headline(
        "memberships",
        "monthly churn",
        _rate,
        "SELECT tenant_id, sum(churn_mrr) / nullif(sum(opening_mrr), 0)"
        " FROM marts_memberships.fct_membership_monthly GROUP BY tenant_id",
    ),
    Headline(
        "customers", "customers", _count, "SELECT tenant_id, count(*) FROM marts_customers.dim_customers GROUP BY 1"
    ),
    Headline(
        "customers",
        "with more than one completed job",
        _rate,
        "SELECT tenant_id, avg((completed_job_count > 1)::int) FROM marts_customers.fct_customer_ltv GROUP BY 1",
    ),
    Headline(
        "sales",
        "close rate",
        _rate,
        "SELECT tenant_id, avg(is_closed::int) FROM marts_sales.fct_sales_opportunities GROUP BY tenant_id",
    ),
    Headline(
        "operations",
        "booking rate",
        _rate,
        "SELECT tenant_id, sum(booked_calls) / nullif(sum(booked_calls + unbooked_calls), 0)"
        " FROM marts_operations.fct_booking_daily GROUP BY tenant_id",
    ),
    Headline(
        "operations",
        "arrivals on time",
        _rate,
        "SELECT tenant_id, sum(on_time_count)::numeric / nullif(sum(arrival_count), 0)"
        " FROM marts_operations.fct_capacity_daily GROUP BY tenant_id",
    ),
    Headline(
        "geography",
        "area with most revenue",
        str,
        "SELECT DISTINCT ON (tenant_id) tenant_id, area_name FROM marts_geography.fct_area_monthly"
        " GROUP BY tenant_id, area_name ORDER BY tenant_id, sum(revenue_amount) DESC",
    ),
    Headline(
        "equipment",
        "pieces with overdue maintenance",
        _count,
        "SELECT tenant_id, count(*) FILTER (WHERE overdue_days > 0)"
        " FROM marts_equipment.fct_equipment_health WHERE NOT is_history GROUP BY tenant_id",
    ),
)


def headlines(connection: psycopg.Connection, tenants: dict[str, Tenant]) -> list[tuple[str, ...]]:
    """Domain and figure, then each tenant's value as it is written; blank where there is none."""
    rows: list[tuple[str, ...]] = []
    for headline in HEADLINES:
        found = dict(connection.execute(headline.statement).fetchall())
        values = (found.get(tenant.tenant_id) for tenant in tenants.values())
        written = ("" if value is None else headline.written(value) for value in values)
        rows.append((headline.domain, headline.figure, *written))
    return rows
