"""What the pricebook holds and what it says at any time: prices and costs rise in small steps, items come and go.

Beyond what invoices have lines of, the book keeps items that were never sold in its time: discontinued models, which
still stand in people's basements, and new ones. Knows nothing of who buys.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from st_platform.simulator.business.chance import Chance, Ints
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.pricebook import INSTALLATION, SERVICE, SKU_IDS, SKUS, Sku
from st_platform.simulator.instants import DAY, NEVER, Ticks

YEAR = round(365.25 * DAY)
REVISION = 91 * DAY
"""How long a price stands before the book is gone through again."""
SET_UP = 940 * DAY
"""How long before the books open the pricebook is there: older than the oldest customer."""
PRICE_RISE, COST_RISE = 0.031, 0.027
"""A year, of the first price."""


@dataclass(frozen=True)
class Shelved:
    """An item that no invoice has a line of. `begins` and `ends` are parts of the span of the world."""

    sku: Sku
    begins: float = -1.0
    ends: float = 2.0


SHELVED: tuple[Shelved, ...] = (
    Shelved(Sku("HV-OIL", "Oil burner tune-up", "Service", 19_900, 3582, 150, SERVICE), ends=0.3),
    Shelved(Sku("HV-FREON", "Recharge, R-22", "Service", 42_000, 14_800, 150, SERVICE, trade=0), ends=0.55),
    Shelved(Sku("HV-IAQ", "Air quality test", "Service", 12_900, 1100, 75, SERVICE, trade=0), begins=0.5),
    Shelved(Sku("MT-R22", "Refrigerant R-22, per pound", "Material", 9900, 5200, 0, SERVICE, taxable=True), ends=0.55),
    Shelved(Sku("MT-UVB", "UV lamp, old bracket", "Material", 15_900, 6519, 0, SERVICE, taxable=True), ends=0.2),
    Shelved(Sku("MT-SURGE", "Surge protector", "Material", 12_900, 5289, 0, SERVICE, taxable=True), begins=0.6),
    Shelved(Sku("EQ-AC13", "Air conditioner 3 t, 13 SEER", "Equipment", 369_000, 161_000, 0, INSTALLATION), ends=0.1),
    Shelved(
        Sku("EQ-F80", "Gas furnace 80 %, standing pilot", "Equipment", 289_000, 128_000, 0, INSTALLATION), ends=0.1
    ),
    Shelved(Sku("EQ-WH40", "Water heater 40 gal", "Equipment", 149_000, 61_000, 0, INSTALLATION), ends=0.25),
    Shelved(Sku("EQ-HP5", "Heat pump 5 t, variable", "Equipment", 1_189_000, 534_000, 0, INSTALLATION), begins=0.7),
)
SOLD_TYPES = ("Service", "Material", "Equipment")


@dataclass(frozen=True)
class Category:
    """A branch of the pricebook's tree: `parent` is a row of `CATEGORIES`. It holds the items whose code begins with
    one of `codes`, if no longer beginning fits another branch. `ends` is a part of the span of the world."""

    name: str
    kind: str
    parent: int | None = None
    codes: tuple[str, ...] = ()
    ends: float = 2.0


CATEGORIES: tuple[Category, ...] = (
    Category("Service & Repair", "Services"),
    Category("Diagnostics", "Services", 0, ("DIAG",)),
    Category("Heating & Cooling", "Services", 0, ("HV-",)),
    Category("Specialty Trade", "Services", 0, ("SP-",)),
    Category("Maintenance", "Services", None, ("PM-",)),
    Category("Memberships", "Services", None, ("MB-",)),
    Category("Installation", "Services", None, ("IN-", "EST-")),
    Category("Equipment", "Services", 6, ("EQ-",)),
    Category("Office & Call-backs", "Services", None, ("MISC", "RC-", "FIN-", "ADJ-")),
    Category("Imported from the old system", "Services", 8, ("OLD-",), ends=0.4),
    Category("Materials", "Materials"),
    Category("Parts", "Materials", 10, ("MT-",)),
    Category("Shop Stock", "Materials", 10, ("ST-",)),
)


def category_of(sku: Sku) -> int:
    """The branch that an item hangs on, as a row of `CATEGORIES`."""
    fitting = [
        (len(code), row)
        for row, category in enumerate(CATEGORIES)
        for code in category.codes
        if sku.code.startswith(code)
    ]
    return max(fitting)[1]


@dataclass(frozen=True)
class Book:
    """The pricebook of one type of item, in order of creation: first what is sold, then what is not. `index` is the
    item's number among `SKUS`, -1 for shelved ones. Amounts in cents."""

    items: tuple[Sku, ...]
    index: Ints
    ids: Ints
    created: Ticks
    ends: Ticks

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class Prices:
    """The pricebooks of one tenant."""

    chance: Chance
    company: Company

    @cached_property
    def books(self) -> dict[str, Book]:
        return {kind: self._book(kind) for kind in SOLD_TYPES}

    def _book(self, kind: str) -> Book:
        company = self.company
        sold = [number for number, sku in enumerate(SKUS) if sku.type == kind]
        shelved = sorted((one for one in SHELVED if one.sku.type == kind), key=lambda one: one.begins)
        length = company.end - company.opened
        setup = company.opened - SET_UP
        count = len(sold) + len(shelved)
        first = SKU_IDS[sold[0]]
        begins = [setup] * len(sold) + [
            setup if one.begins < 0 else company.opened + int(one.begins * length) for one in shelved
        ]
        ends = [NEVER] * len(sold) + [
            company.opened + int(one.ends * length) if one.ends < 1 else NEVER for one in shelved
        ]
        return Book(
            items=(*(SKUS[number] for number in sold), *(one.sku for one in shelved)),
            index=np.array(sold + [-1] * len(shelved), dtype=np.int64),
            ids=np.arange(first, first + count, dtype=np.int64),
            created=np.array(begins, dtype=np.int64) + np.arange(count) * 41_234_567,
            ends=np.array(ends, dtype=np.int64),
        )

    def revisions(self, book: Book) -> tuple[Ticks, Ints]:
        """Every instant at which an item of the book gets a new price and cost."""
        rounds = np.arange(1, (self.company.end - self.company.opened) // REVISION + 2)
        rows = np.arange(len(book))
        times = self.company.opened + rounds[:, None] * REVISION + self._offset(book.ids)[None, :]
        fixed = np.array([sku.cost == 0 for sku in book.items]) & fixed_prices(book.items)
        times = np.where(fixed[None, :], NEVER, times)
        return times.ravel(), np.broadcast_to(rows, times.shape).ravel()

    def price(self, book: Book, rows: Ints, at: Ticks | int) -> Ints:
        """The list price, cents; 0 where the price is made up at the sale."""
        first = np.array([_listed(sku) for sku in book.items], dtype=np.int64)[rows]
        fixed = fixed_prices(book.items)[rows]
        risen = np.rint(first * (1 + PRICE_RISE * self._years(book.ids[rows], at))).astype(np.int64)
        return np.where(fixed, first, risen)

    def cost(self, book: Book, rows: Ints, at: Ticks | int) -> Ints:
        """What the book says that the item costs, cents."""
        first = np.array([sku.cost for sku in book.items], dtype=np.int64)[rows]
        return np.rint(first * (1 + COST_RISE * self._years(book.ids[rows], at))).astype(np.int64)

    def _years(self, ids: Ints, at: Ticks | int) -> np.ndarray:
        """Years from the opening of the books to the last revision of each item."""
        since = np.asarray(at, dtype=np.int64) - self.company.opened - self._offset(ids)
        return np.maximum(since // REVISION, 0) * REVISION / YEAR

    def _offset(self, ids: Ints) -> Ints:
        """Not everything is gone through on the same day."""
        return self.chance.among(ids, "price revision", 20 * DAY)


def fixed_prices(items: tuple[Sku, ...]) -> np.ndarray:
    """Which prices never rise: free work, plans, corrections."""
    return np.array([sku.price == 0 or sku.code.startswith(("MB-", "ADJ")) for sku in items])


def _listed(sku: Sku) -> int:
    """The first list price. Corrections and what is drawn from deferred revenue have none."""
    return 0 if sku.code.startswith(("ADJ", "MB-DRAW")) else sku.price


def unit_cost(company: Company, sku: Ints, when: Ticks) -> Ints:
    """What one of each of `SKUS` costs at a time, cents, as invoice lines carry it."""
    first = np.array([one.cost for one in SKUS], dtype=np.int64)[sku]
    return np.rint(first * (1 + COST_RISE * ((when - company.opened) / YEAR))).astype(np.int64)
