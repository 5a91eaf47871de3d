"""Whom the tenants buy from: distributors, supply houses, landlords, agencies, subcontractors. Values only.

Times are parts of the span from the opening of the books to the end of the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Trading(IntEnum):
    """What a vendor is bought from."""

    EQUIPMENT = 0
    PARTS = 1
    STOCK = 2
    SUBCONTRACT = 3
    ADVERTISING = 4
    OVERHEAD = 5


@dataclass(frozen=True)
class Vendor:
    """`trade` is the line of work it serves, -1 for all. `taxed`: it charges sales tax on what it delivers. `until` is
    when nothing is bought from it any more; `closed`, a little later, when it is deactivated."""

    name: str
    trading: Trading
    trade: int = -1
    taxed: bool = False
    delivery: str = "Manual"
    since: float = -1.0
    until: float = 2.0

    @property
    def closed(self) -> float:
        return self.until + 0.04


VENDORS: tuple[Vendor, ...] = (
    Vendor("Great Lakes HVAC Distributors", Trading.EQUIPMENT, 0, delivery="EmailAsPdf", until=0.45),
    Vendor("Summit Air Wholesale", Trading.EQUIPMENT, 0, delivery="Electronic"),
    Vendor("Tri-County Plumbing & Electric Wholesale", Trading.EQUIPMENT, 1, delivery="EmailAsPdf"),
    Vendor("Depot Supply House", Trading.PARTS, taxed=True),
    Vendor('Parker\'s Parts "Will Call"', Trading.PARTS, taxed=True),
    Vendor("Allied Fasteners & Refrigerants", Trading.STOCK, delivery="VendorPortal"),
    Vendor("Ridgeline Crane & Rigging", Trading.SUBCONTRACT),
    Vendor("Muñoz Electric, LLC", Trading.SUBCONTRACT),
    Vendor("Bright Side Drywall & Patch", Trading.SUBCONTRACT, until=0.6),
    Vendor("Search & Social Media Agency", Trading.ADVERTISING),
    Vendor("Mail House Printing", Trading.ADVERTISING),
    Vendor("WTRY Broadcasting", Trading.ADVERTISING),
    Vendor("Depot Road Properties", Trading.OVERHEAD),
    Vendor("Fleet Fuel Card", Trading.OVERHEAD),
    Vendor("Tradesmen Mutual Insurance", Trading.OVERHEAD),
    Vendor("City Power & Light", Trading.OVERHEAD),
    Vendor("Field Software, Inc.", Trading.OVERHEAD),
    Vendor("Quick Courier (trial)", Trading.OVERHEAD, since=0.3, until=0.36),
)
AGENCY, MAIL_HOUSE, BROADCASTER, LANDLORD, FUEL_CARD, INSURER, UTILITY, SOFTWARE_HOUSE = range(9, 17)


def trading(kind: Trading, trade: int | None = None) -> list[int]:
    """The vendors of a kind, as rows of `VENDORS`; those of one line of work where it is given."""
    return [
        row
        for row, vendor in enumerate(VENDORS)
        if vendor.trading == kind and (trade is None or vendor.trade in (trade, -1))
    ]
