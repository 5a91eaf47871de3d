"""Everything that a tenant buys, keeps, owes and has put in, put together in causal order."""

from __future__ import annotations

from dataclasses import dataclass

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.expenses import Expenses, owe
from st_platform.simulator.business.goods.installed import Installed, look_around
from st_platform.simulator.business.goods.orders import Purchases
from st_platform.simulator.business.goods.payables import Payables, receive_bills
from st_platform.simulator.business.goods.pricing import Prices
from st_platform.simulator.business.goods.purchasing import purchase
from st_platform.simulator.business.goods.stockroom import (
    AdjustmentLines,
    Adjustments,
    ReturnLines,
    Returns,
    count_shelves,
    send_back,
)
from st_platform.simulator.business.tenant import Business


@dataclass(frozen=True)
class Supply:
    """One tenant's goods, as columns. Row numbers are positions in them."""

    prices: Prices
    purchases: Purchases
    payables: Payables
    returns: Returns
    return_lines: ReturnLines
    adjustments: Adjustments
    adjustment_lines: AdjustmentLines
    expenses: Expenses
    installed: Installed


def supply(business: Business, technician: Ints) -> Supply:
    """Derived from what the tenant did; `technician` is who led each job."""
    purchases = purchase(business, technician)
    payables = receive_bills(business, purchases)
    returns, return_lines = send_back(business, purchases)
    adjustments, adjustment_lines = count_shelves(business)
    return Supply(
        prices=Prices(business.chance, business.company),
        purchases=purchases,
        payables=payables,
        returns=returns,
        return_lines=return_lines,
        adjustments=adjustments,
        adjustment_lines=adjustment_lines,
        expenses=owe(business, payables),
        installed=look_around(business),
    )
