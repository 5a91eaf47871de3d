"""ServiceTitan's report "revenue by business unit", as people download it: a CSV with a line per business unit.

Pure: text in, lines out. People choose the columns of such a report themselves, so they are found by name; a line of
totals at the end is left out.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from st_platform.warehouse.reported_revenue import ReportedRevenue

_NAMES = {
    "business_unit": ("business unit", "name", "business unit name"),
    "completed": ("completed revenue",),
    "adjustment": ("adjustment revenue",),
    "non_job": ("non-job revenue", "nonjob revenue", "non job revenue"),
    "total": ("total revenue", "revenue"),
}
_TOTALS = {"", "total", "totals", "grand total"}


class ReportUnreadable(Exception):
    """The file is not such a report. `what`, `where` and `fix` are sentences for the person who chose it."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        super().__init__(f"{what} ({where}). {fix}")
        self.what, self.where, self.fix = what, where, fix


def read_report(file: Path) -> list[ReportedRevenue]:
    """The lines of a downloaded report, in its order.

    Raises:
        ReportUnreadable: a column is missing, an amount is no amount, or a business unit stands there twice.
    """
    try:
        rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise ReportUnreadable(
            f"the file cannot be read: {error}", str(file), "Give the CSV that was downloaded."
        ) from None
    header = next((number for number, row in enumerate(rows) if _places(row).keys() >= {"business_unit"}), None)
    places = _places(rows[header]) if header is not None else {}
    if header is None or not places.keys() & {"completed", "total"}:
        raise ReportUnreadable(
            "there is no column for the business unit and its revenue",
            str(file),
            "Download the report with the columns Name and Completed Revenue, or Total Revenue.",
        )
    lines: list[ReportedRevenue] = []
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        name = _cell(row, places["business_unit"])
        if name.lower() in _TOTALS:
            continue
        if any(line.business_unit == name for line in lines):
            fix = "Group the report by business unit only."
            raise ReportUnreadable(f"{name} stands there twice", f"{file}, line {number}", fix)
        amounts = {
            column: _amount(_cell(row, places[column]), f"{file}, line {number}") if column in places else None
            for column in ("completed", "adjustment", "non_job", "total")
        }
        lines.append(ReportedRevenue(business_unit=name, **amounts))
    if not lines:
        raise ReportUnreadable("the report has no line", str(file), "Choose the month again and download it anew.")
    return lines


def _places(row: Sequence[str]) -> dict[str, int]:
    """Which column is where, by the first of its names that a heading has."""
    headings = [heading.strip().lower() for heading in row]
    return {
        column: headings.index(name)
        for column, names in _NAMES.items()
        if (name := next((name for name in names if name in headings), None)) is not None
    }


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _amount(text: str, where: str) -> Decimal:
    """`$1,234.50`, `(1,234.50)` for less than nothing; an empty cell is nothing."""
    plain = text.replace("$", "").replace(",", "").strip()
    negative = plain.startswith("(") and plain.endswith(")")
    try:
        amount = Decimal(plain.strip("()") or "0")
    except InvalidOperation:
        raise ReportUnreadable(f"{text!r} is no amount", where, "Download the report as CSV again.") from None
    if not amount.is_finite():
        raise ReportUnreadable(f"{text!r} is no amount", where, "Download the report as CSV again.")
    return -amount if negative else amount
