"""What the tenants sell and which lines an invoice of each kind is made of. Values only, in cents and hundredths.

A `Slot` is a group of lines of an invoice: how many there are of it and which items they are drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """What a job, or an invoice without a job, is about."""

    SERVICE = 0
    MAINTENANCE = 1
    INSTALL = 2
    ESTIMATE = 3
    RECALL = 4
    WARRANTY = 5
    COUNTER = 6
    MEMBERSHIP = 7
    INTEREST = 8
    AR_IMPORT = 9
    ADJUSTMENT = 10


@dataclass(frozen=True)
class Account:
    """A general ledger account. `type` None is an account that nobody has mapped; `role` is what the books use it for
    by default."""

    id: int
    name: str
    number: str
    type: str | None
    detail: str | None
    role: str | None = None


def _accounts(*rows: tuple[str, str, str | None, str | None, str | None]) -> tuple[Account, ...]:
    return tuple(
        Account(_FIRST_ACCOUNT + position, name, number, kind, detail, role)
        for position, (number, name, kind, detail, role) in enumerate(rows)
    )


_FIRST_ACCOUNT = 9001
_COGS, _COGS_DETAIL = "Cost of Goods Sold", "CostOfGoodsSold"
_CURRENT = "OtherCurrentLiability"

ACCOUNTS: tuple[Account, ...] = _accounts(
    ("4000", "Service Revenue", "Income", "Income", "Revenue"),
    ("4100", "Installation Revenue", "Income", "Income", None),
    ("4200", "Maintenance Revenue", "Income", "Income", None),
    ("4300", "Membership Revenue", "Income", "Income", "MembershipRevenue"),
    ("4900", "Discounts", "Income", "Income", None),
    ("2400", "Deferred Membership Revenue", "Liability", _CURRENT, "MembershipAgreements"),
    ("7000", "Interest", "Other Income", "OtherIncome", None),
    ("9999", "Imported Tasks", None, None, None),
    ("5100", "Materials", _COGS, _COGS_DETAIL, "CostOfGoodsSoldMaterials"),
    ("5200", "Equipment", _COGS, _COGS_DETAIL, "CostOfGoodsSoldEquipment"),
    ("1300", "Inventory", "Asset", "OtherCurrentAsset", "Inventory"),
    ("1499", "Undeposited Funds", "Asset", "OtherCurrentAsset", "UndepositedFunds"),
    ("5300", "Subcontractors", _COGS, _COGS_DETAIL, None),
    ("6100", "Rent", "Expense", "Expense", None),
    ("6200", "Vehicle Fuel", "Expense", "Expense", None),
    ("6300", "Advertising", "Expense", "Expense", None),
    ("6400", "Insurance", "Expense", "Expense", None),
    ("6500", "Utilities & Telephone", "Expense", "Expense", None),
    ("6600", "Software & Office", "Expense", "Expense", None),
    ("1010", "Checking", "Asset", "Bank", "CheckingAccount"),
    ("1200", "Accounts Receivable", "Asset", "AccountsReceivable", "AccountsReceivable"),
    ("1310", "Goods Received, Not Invoiced", "Liability", _CURRENT, "GoodsReceivedNotInvoiced"),
    ("2000", "Accounts Payable", "Liability", "AccountsPayable", "AccountsPayable"),
    ("2100", "Payroll Liabilities", "Liability", _CURRENT, "PayrollLiability"),
    ("2200", "Sales Tax Payable", "Liability", _CURRENT, "SalesTaxPayable"),
    ("2300", "Customer Deposits", "Liability", _CURRENT, "CustomerDeposits"),
    ("3000", "Retained Earnings", "Equity", "RetainedEarnings", "RetainedEarnings"),
    ("5000", "Direct Labor", _COGS, _COGS_DETAIL, "CostOfGoodsSoldLabor"),
    ("5400", "Freight & Tax on Purchases", _COGS, _COGS_DETAIL, "CostOfGoodsSoldShipping"),
    ("5900", "Inventory Adjustments", _COGS, _COGS_DETAIL, "InventoryAdjustments"),
    ("6000", "Office Salaries", "Expense", "Expense", "PayrollLabor"),
    ("6700", "Card Processing Fees", "Expense", "Expense", "ProcessingFees"),
    ("9998", "Suspense (do not use)", "Expense", "Expense", None),
)
SERVICE, INSTALLATION, UPKEEP, MEMBERSHIP, DISCOUNT, DEFERRED, INTEREST, IMPORTED, MATERIALS, EQUIPMENT = range(10)
INVENTORY, UNDEPOSITED, SUBCONTRACTORS, RENT, FUEL, ADVERTISING, INSURANCE, UTILITIES, SOFTWARE = range(10, 19)
UNMAPPED = -1


@dataclass(frozen=True)
class Sku:
    """One item. `account` indexes `ACCOUNTS` (`UNMAPPED`: the line has no account at all); `hours` in hundredths."""

    code: str
    name: str
    type: str
    price: int
    cost: int
    hours: int = 0
    account: int = SERVICE
    taxable: bool = False
    chargeable: bool = True
    trade: int = -1


def _task(code: str, name: str, price: int, hours: int, *, account: int = SERVICE, trade: int = -1) -> Sku:
    return Sku(code, name, "Service", price * 100, price * 18, hours, account, trade=trade)


def _part(code: str, name: str, price: int, *, account: int = SERVICE, trade: int = -1) -> Sku:
    return Sku(code, name, "Material", price, price * 41 // 100, 0, account, taxable=True, trade=trade)


def _stock(code: str, name: str, cost: int, *, trade: int = -1) -> Sku:
    """Material used up on a job without being charged for."""
    return Sku(code, name, "Material", 0, cost, 0, SERVICE, taxable=True, chargeable=False, trade=trade)


def _unit(code: str, name: str, price: int, *, trade: int) -> Sku:
    return Sku(code, name, "Equipment", price * 100, price * 46, 0, INSTALLATION, taxable=True, trade=trade)


SKUS: tuple[Sku, ...] = (
    _task("DIAG", "Diagnostic visit", 89, 50),
    _task("DIAG-AH", "Diagnostic visit, after hours", 149, 75),
    _task("HV-CAP", "Replace run capacitor", 289, 75, trade=0),
    _task("HV-CONT", "Replace contactor", 329, 80, trade=0),
    _task("HV-REFR", "Refrigerant leak search & recharge", 685, 225, trade=0),
    _task("HV-BLOW", "Replace blower motor", 934, 300, trade=0),
    _task("HV-IGN", "Replace hot surface igniter", 376, 100, trade=0),
    _task("HV-TSTAT", "Install smart thermostat", 349, 100, trade=0),
    _task("HV-COIL", "Clean evaporator coil", 420, 200, trade=0),
    _task("SP-VALVE", 'Replace 1/2" shut-off valve', 245, 75, trade=1),
    _task("SP-CLOG", "Clear main line", 389, 150, trade=1),
    _task("SP-FIX", "Replace fixture", 412, 125, trade=1),
    _task("SP-PANEL", "Repair panel or manifold", 890, 275, trade=1),
    _task("SP-LEAK", "Locate and repair hidden fault", 560, 200, trade=1),
    _task("SP-OUTLET", "Replace device", 175, 50, trade=1),
    _part("MT-FILTER", "Pleated filter 16x25x1", 2450),
    _part("MT-BELT", "Drive belt", 3895),
    _part("MT-RELAY", "Relay, 24 V", 6120),
    _part("MT-FITTING", "Fitting kit, brass", 1875),
    _part("MT-WIRE", "Wire, per foot", 189),
    _part("MT-SEAL", "Gasket & seal set", 1549),
    _part("MT-FUSE", "Fuse, 30 A", 1099),
    _part("MT-UV", "UV lamp", 18_900),
    _stock("ST-SOLDER", "Solder and flux", 385),
    _stock("ST-TAPE", "Tape, clamps & screws", 240),
    _stock("ST-GAS", "Nitrogen", 1290),
    _stock("ST-PAD", "Condenser pad", 6400),
    _stock("ST-COPPER", "Copper line set", 14_800),
    _unit("EQ-AC3", "Air conditioner 3 t, 16 SEER2", 5290, trade=0),
    _unit("EQ-AC5", "Air conditioner 5 t, 18 SEER2", 8140, trade=0),
    _unit("EQ-FURN", "Gas furnace 80k BTU", 4380, trade=0),
    _unit("EQ-HP", "Heat pump 4 t", 9275, trade=0),
    _unit("EQ-WH", "Water heater 50 gal", 1985, trade=1),
    _unit("EQ-TWH", "Tankless heater", 3890, trade=1),
    _unit("EQ-EVC", "Charger or pump, level 2", 1640, trade=1),
    _task("IN-LABOR", "Installation labour", 1850, 1000, account=INSTALLATION),
    _task("IN-PERMIT", "Permit and inspection", 275, 50, account=INSTALLATION),
    _task("IN-DISP", "Removal and disposal", 340, 150, account=INSTALLATION),
    _task("PM-TUNE", "Seasonal tune-up", 149, 100, account=UPKEEP),
    _task("PM-SAFE", "Safety inspection", 79, 50, account=UPKEEP),
    _task("PM-MEMBER", "Member tune-up", 0, 100, account=UPKEEP),
    Sku("MB-SALE", "Membership", "Service", 19_900, 0, 0, DEFERRED),
    Sku("MB-FEE", "Membership, monthly", "Service", 1995, 0, 0, MEMBERSHIP),
    Sku("MB-EARN", "Membership visit, earned", "Service", 9950, 0, 0, MEMBERSHIP),
    Sku("MB-DRAW", "Membership visit, from deferred", "Service", -9950, 0, 0, DEFERRED),
    Sku("DISC-10", "Online booking discount", "PriceModifier", -2500, 0, 0, DISCOUNT),
    Sku("DISC-MB", "Member savings", "PriceModifier", -4500, 0, 0, DISCOUNT),
    Sku("DISC-IN", "Seasonal rebate", "PriceModifier", -35_000, 0, 0, DISCOUNT),
    Sku("MISC", "Miscellaneous", "Service", 6500, 0, 25, UNMAPPED),
    Sku("OLD-TASK", "Task from the old system", "Service", 12_500, 2200, 100, IMPORTED),
    _task("EST-FREE", "Estimate, free of charge", 0, 75),
    _task("RC-LABOR", "Call-back labour", 0, 100),
    Sku("FIN-CHG", "Finance charge", "Service", 1850, 0, 0, INTEREST),
    Sku("AR-OPEN", "Opening balance", "Unspecified", 31_500, 0, 0, SERVICE),
    Sku("ADJ-CREDIT", "Billing correction", "Service", -9000, 0, 0, SERVICE),
    Sku("ADJ-DEBIT", "Billing correction, additional", "Service", 6400, 0, 0, SERVICE),
)

SKU_BY_CODE = {sku.code: index for index, sku in enumerate(SKUS)}
_FIRST_SKU_IDS = {"Service": 4001, "Material": 6001, "Equipment": 8001}


def _sku_ids(skus: tuple[Sku, ...]) -> tuple[int, ...]:
    seen: dict[str, int] = {}
    numbers: list[int] = []
    for sku in skus:
        kind = sku.type if sku.type in _FIRST_SKU_IDS else "Other"
        numbers.append(_FIRST_SKU_IDS.get(kind, 3901) + seen.get(kind, 0))
        seen[kind] = seen.get(kind, 0) + 1
    return tuple(numbers)


SKU_IDS = _sku_ids(SKUS)
"""The id of each of `SKUS`, as invoice, estimate and order lines name it: its id in the pricebook of its type.
Discounts and open items of the old system are in none."""


@dataclass(frozen=True)
class Slot:
    """`least` to `most` lines on a share of `chance` of the invoices, drawn from `codes`; `quantity` up to this many,
    in hundredths."""

    codes: tuple[str, ...]
    least: int = 1
    most: int = 1
    chance: float = 1.0
    quantity: int = 100
    by_trade: bool = False


_REPAIRS = tuple(sku.code for sku in SKUS if sku.type == "Service" and sku.trade >= 0)
_UNITS = tuple(sku.code for sku in SKUS if sku.type == "Equipment")
_PARTS = tuple(sku.code for sku in SKUS if sku.type == "Material" and sku.chargeable)
_STOCK = tuple(sku.code for sku in SKUS if not sku.chargeable)

SLOTS: dict[Kind, tuple[Slot, ...]] = {
    Kind.SERVICE: (
        Slot(("DIAG", "DIAG", "DIAG-AH")),
        Slot(_REPAIRS, 1, 2, 0.86, by_trade=True),
        Slot(_PARTS, 1, 5, 0.88, quantity=600),
        Slot(_STOCK, 1, 3, 0.7, quantity=300),
        Slot(("MISC", "OLD-TASK"), 1, 1, 0.05),
        Slot(("DISC-10", "DISC-MB"), 1, 1, 0.12),
    ),
    Kind.MAINTENANCE: (
        Slot(("PM-TUNE", "PM-TUNE", "PM-SAFE"), 1, 2),
        Slot(_PARTS, 1, 4, 0.85, quantity=300),
        Slot(_REPAIRS, 1, 1, 0.18, by_trade=True),
        Slot(_STOCK, 1, 2, 0.5, quantity=200),
        Slot(("DISC-MB",), 1, 1, 0.15),
    ),
    Kind.INSTALL: (
        Slot(_UNITS, 1, 2, by_trade=True),
        Slot(("IN-LABOR",), quantity=200),
        Slot(("IN-PERMIT", "IN-DISP"), 1, 2, 0.9),
        Slot(_PARTS, 2, 7, quantity=1200),
        Slot(_STOCK, 3, 6, quantity=800),
        Slot(("DISC-IN",), 1, 1, 0.3),
    ),
    Kind.ESTIMATE: (Slot(("EST-FREE",), 1, 1, 0.4),),
    Kind.RECALL: (Slot(("RC-LABOR",)), Slot(_STOCK, 1, 2, 0.6, quantity=300)),
    Kind.WARRANTY: (Slot(("RC-LABOR",)), Slot(_STOCK, 1, 2, 0.8, quantity=300)),
    Kind.COUNTER: (Slot(_PARTS, 1, 3, quantity=400),),
    Kind.INTEREST: (Slot(("FIN-CHG",)),),
    Kind.AR_IMPORT: (Slot(("AR-OPEN",)),),
}


@dataclass(frozen=True)
class Plan:
    """A membership type. `months` None runs until cancelled; `price` in cents per billing."""

    id: int
    name: str
    months: int | None
    billing: str
    price: int
    weight: float
    commercial: bool = False


PLANS: tuple[Plan, ...] = (
    Plan(801, "Comfort Plan", 12, "Annual", 19_900, 0.46),
    Plan(802, "Comfort Plan Plus", 12, "OneTime", 34_900, 0.2),
    Plan(803, "Comfort Plan Monthly", None, "Monthly", 1995, 0.34),
    Plan(804, "Commercial Care", 12, "Quarterly", 24_500, 1.0, commercial=True),
)

PAYMENT_TYPES: tuple[tuple[str, int], ...] = (
    ("Credit Card", 901),
    ("Check", 902),
    ("Cash", 903),
    ("ACH", 904),
    ("Financing", 905),
    ("Refund (check)", 906),
)
