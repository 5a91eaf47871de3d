"""Revenue by business unit as ServiceTitan reports it, kept beside our own: `platform.reported_revenue`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg


@dataclass(frozen=True)
class ReportedRevenue:
    """One line of the report, in the tenant's currency; None where the report has no such column."""

    business_unit: str
    completed: Decimal | None
    adjustment: Decimal | None
    non_job: Decimal | None
    total: Decimal | None


def replace_report(
    connection: psycopg.Connection, tenant_id: int, month: date, lines: Iterable[ReportedRevenue], *, file_name: str
) -> None:
    """Put a month's report in the place of the one that was landed before."""
    connection.execute("DELETE FROM platform.reported_revenue WHERE tenant_id = %s AND month = %s", [tenant_id, month])
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO platform.reported_revenue (tenant_id, month, business_unit_name, completed_amount,"
            " adjustment_amount, non_job_amount, total_amount, file_name) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    tenant_id,
                    month,
                    line.business_unit,
                    line.completed,
                    line.adjustment,
                    line.non_job,
                    line.total,
                    file_name,
                )
                for line in lines
            ],
        )
