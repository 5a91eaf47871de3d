"""The downloaded report: columns by name, amounts as such files write them, and what is no report."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from st_platform.ingest.revenue_report import ReportUnreadable, read_report
from st_platform.warehouse.reported_revenue import ReportedRevenue


def written(folder: Path, text: str) -> Path:
    file = folder / "report.csv"
    file.write_text(text, "utf-8-sig")
    return file


def test_columns_are_found_by_name_and_the_total_is_left_out(tmp_path: Path) -> None:
    text = (
        "Business Unit Performance\n\n"
        "Name,Opportunity,Total Revenue,Completed Revenue,Adjustment Revenue\n"
        'HVAC,3,"$1,234.50","$1,300.00",($65.50)\n'
        "Plumbing,1,12,,-3\n"
        'Total,4,"$1,246.50","$1,300.00",($68.50)\n'
    )
    assert read_report(written(tmp_path, text)) == [
        ReportedRevenue("HVAC", Decimal("1300.00"), Decimal("-65.50"), None, Decimal("1234.50")),
        ReportedRevenue("Plumbing", Decimal(0), Decimal(-3), None, Decimal(12)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Technician,Completed Revenue\nAda,1\n", "no column for the business unit"),
        ("Name,Completed Jobs\nHVAC,1\n", "no column for the business unit"),
        ("Name,Completed Revenue\nHVAC,much\n", "'much' is no amount"),
        ("Name,Completed Revenue\nHVAC,NaN\n", "'NaN' is no amount"),
        ("Name,Completed Revenue\nHVAC,1\nHVAC,2\n", "HVAC stands there twice"),
        ("Name,Completed Revenue\nTotal,0\n", "the report has no line"),
    ],
)
def test_what_is_no_report_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ReportUnreadable, match=said):
        read_report(written(tmp_path, text))
