"""The equipment at customers' locations: what stood there before and what installs put in, how old it is, and when it
was replaced.

The older a unit, the more often it breaks: the age of what stood there before follows from how often the customer
called for service. Knows locations, jobs and invoice lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.billing import removed_at
from st_platform.simulator.business.chance import Ints, some
from st_platform.simulator.business.columns import stacked, taken
from st_platform.simulator.business.pricebook import SKUS, Kind
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, kinds_of, trades_of
from st_platform.simulator.instants import DAY, HOUR, NEVER, SECOND, Ticks

_YEAR = round(365.25 * DAY)


@dataclass(frozen=True)
class Model:
    """A kind of unit. `slot` is the place in the house that it takes: a new unit replaces what is in the same one.
    `code` is its item in the pricebook, None for what is in none; `warranty` in months, the manufacturer's."""

    code: str | None
    name: str
    type: str
    slot: int
    life: int
    manufacturer: str
    warranty: int


COOLING, HEATING, WATER, CHARGING = range(4)
_PRIMARY = np.array([COOLING, WATER])
"""The slot of each trade that its maintenance is about."""

MODELS: tuple[Model, ...] = (
    Model("EQ-AC3", "Air conditioner 3 t, 16 SEER2", "Air Conditioner", COOLING, 15, "Polarwind", 120),
    Model("EQ-AC5", "Air conditioner 5 t, 18 SEER2", "Air Conditioner", COOLING, 15, "Polarwind", 120),
    Model("EQ-FURN", "Gas furnace 80k BTU", "Furnace", HEATING, 20, "Hearthline", 120),
    Model("EQ-HP", "Heat pump 4 t", "Heat Pump", COOLING, 14, "Polarwind", 120),
    Model("EQ-WH", "Water heater 50 gal", "Water Heater", WATER, 11, "Tankwell", 72),
    Model("EQ-TWH", "Tankless heater", "Water Heater", WATER, 18, "Instaflow", 144),
    Model("EQ-EVC", "Charger or pump, level 2", "Charger", CHARGING, 10, "Voltspring", 36),
    Model("EQ-AC13", "Air conditioner 3 t, 13 SEER", "Air Conditioner", COOLING, 15, "Polarwind", 60),
    Model("EQ-F80", "Gas furnace 80 %, standing pilot", "Furnace", HEATING, 20, "Hearthline", 60),
    Model("EQ-WH40", "Water heater 40 gal", "Water Heater", WATER, 11, "Tankwell", 72),
    Model(None, "Central air, make unknown", "Air Conditioner", COOLING, 15, "", 0),
    Model(None, "Boiler (customer's)", "Furnace", HEATING, 25, "", 0),
    Model(None, "Electric water heater, rusty", "Water Heater", WATER, 12, "", 0),
)
_BY_CODE = {model.code: number for number, model in enumerate(MODELS)}
_SLOT = np.array([model.slot for model in MODELS])
_OF_SKU = np.array([_BY_CODE.get(sku.code, NONE) for sku in SKUS])
_FOUND = {COOLING: (7, 7, 0, 10), HEATING: (8, 8, 2, 11), WATER: (9, 9, 4, 12)}
"""The models that are found in a slot on the first visit."""


@dataclass(frozen=True)
class Units:
    """One entry per unit, in order of being written down. `line` is the invoice line that sold it, `NONE` for what was
    there before. `installed` and `made` are local days, `NEVER` where nobody knows. `replaced` is when a new unit
    took its place, `taken_out` when it went without one. `edited` is when somebody added to its memo."""

    location: Ints
    model: Ints
    line: Ints
    created: Ticks
    installed: Ticks
    made: Ticks
    replaced: Ticks
    taken_out: Ticks
    edited: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Installed:
    """The units, and two ways to find them: by the invoice line that sold them (`lines`, ascending, and their units),
    and by place, which is location and slot (`places`, ascending, with units and times of one place in order)."""

    units: Units
    lines: Ints
    unit_of_line: Ints
    places: Ints
    unit_at_place: Ints
    since: Ticks

    def of_lines(self, lines: Ints) -> Ints:
        """The unit that each invoice line sold, `NONE` for most."""
        if not len(self.lines):
            return np.full(len(lines), NONE, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.lines, lines), len(self.lines) - 1)
        return np.where(self.lines[found] == lines, self.unit_of_line[found], NONE)

    def at(self, location: Ints, slot: Ints, when: Ticks) -> Ints:
        """The newest unit in a slot of each location at a time, `NONE` where there is none."""
        place = location.astype(np.int64) * 4 + slot
        low = np.searchsorted(self.places, place)
        found = np.searchsorted(self.places, place, side="right") - 1
        while (late := (found >= low) & (self.since[np.maximum(found, 0)] > when)).any():
            found = np.where(late, found - 1, found)
        return np.where(found >= low, self.unit_at_place[np.maximum(found, 0)], NONE)


def look_around(business: Business) -> Installed:
    """Everything that stands or stood at a location."""
    units = stacked([_found(business), _put_in(business)])
    units = taken(units, np.argsort(units.created, kind="stable"))
    place = units.location * 4 + _SLOT[units.model]
    by_place = np.lexsort((np.arange(len(units)), units.created, place))
    units = _replaced(business, units, place, by_place)
    sold = np.flatnonzero(units.line != NONE)
    sold = sold[np.argsort(units.line[sold], kind="stable")]
    return Installed(units, units.line[sold], sold, place[by_place], by_place, units.created[by_place])


def maintained(business: Business, installed: Installed, jobs: Ints) -> Ints:
    """The unit that each maintenance job is about, `NONE` for other jobs."""
    rows = business.jobs
    upkeep = kinds_of(business.company, rows)[jobs] == Kind.MAINTENANCE
    slot = _PRIMARY[trades_of(business.company, rows)[jobs]]
    return np.where(upkeep, installed.at(rows.location[jobs], slot, rows.created[jobs]), NONE)


def _found(business: Business) -> Units:
    """What the office notes when it takes down an address: one or two units, surely the one that is maintained."""
    chance, jobs, locations = business.chance, business.jobs, business.locations
    kinds, trades = kinds_of(business.company, jobs), trades_of(business.company, jobs)
    count = len(locations)
    rows = np.arange(count)
    luck = chance.fraction(rows, "what stands there")
    there = np.stack([luck < 0.5, (luck > 0.35) & (luck < 0.6), luck > 0.55], axis=1)
    upkeep = np.flatnonzero(kinds == Kind.MAINTENANCE)
    there[jobs.location[upkeep], _PRIMARY[trades[upkeep]]] = True
    location, slot = np.nonzero(there)
    key = location * 4 + slot
    models = np.array([_FOUND[one] for one in range(3)])
    model = models[slot, chance.among(key, "model found", 4)]
    calls = np.bincount(jobs.location[kinds == Kind.SERVICE], minlength=count)[location]
    life = np.array([one.life for one in MODELS])[model]
    worn = np.clip(chance.fraction(key, "age") * 0.75 + 0.11 * np.minimum(calls, 4), 0.03, 1.35)
    seen = business.calendar.local_midnight(locations.created[location])
    installed = (seen - (worn * life * _YEAR).astype(np.int64)) // DAY * DAY
    known = chance.fraction(key, "age known")
    made = installed - (20 + chance.among(key, "stored", 200)) * DAY
    return _units(
        business,
        location,
        model,
        np.full(len(key), NONE, dtype=np.int64),
        locations.created[location] + SECOND + chance.among(key, "noted", 8 * SECOND),
        np.where(known < 0.62, installed, NEVER),
        np.where((known < 0.4) | (known > 0.75), made, NEVER),
    )


def _put_in(business: Business) -> Units:
    """One unit for every equipment line that stays on its invoice."""
    lines, invoices = business.lines, business.invoices
    rows = np.flatnonzero(_OF_SKU[lines.sku] != NONE)
    rows = rows[removed_at(lines, business.bills, rows) == NEVER]
    invoice = lines.invoice[rows]
    day = business.calendar.local_midnight(lines.created[rows])
    made = day - (25 + business.chance.among(rows, "stored", 150)) * DAY
    location = invoices.location[invoice].astype(np.int64)
    return _units(business, location, _OF_SKU[lines.sku[rows]], rows, lines.created[rows], day, made)


def _units(
    business: Business, location: Ints, model: Ints, line: Ints, created: Ticks, installed: Ticks, made: Ticks
) -> Units:
    never = np.full(len(location), NEVER, dtype=np.int64)
    key = np.where(line == NONE, location * 4 + _SLOT[model], -1 - line)
    luck = business.chance.fraction(key, "unit edited")
    edited = np.maximum(created, business.company.opened) + (luck * 4000 * DAY).astype(np.int64) + HOUR
    return Units(
        location=location.astype(np.int64),
        model=model,
        line=line,
        created=created,
        installed=installed,
        made=made,
        replaced=never,
        taken_out=never,
        edited=np.where(luck < 0.2, edited, NEVER),
    )


def _replaced(business: Business, units: Units, place: Ints, by_place: Ints) -> Units:
    """A sold unit replaces what was in its slot before; some old ones are torn out without a successor."""
    replaced = np.full(len(units), NEVER, dtype=np.int64)
    ordered = place[by_place]
    later = np.flatnonzero((ordered[1:] == ordered[:-1]) & (units.line[by_place[1:]] != NONE)) + 1
    line = units.line[by_place]
    same_sale = (line[later - 1] != NONE) & (
        business.lines.invoice[line[later]] == business.lines.invoice[line[later - 1]]
    )
    later = later[~same_sale]
    replaced[by_place[later - 1]] = units.created[by_place[later]]
    stream = business.chance.stream("units taken out")
    old = np.flatnonzero((units.line == NONE) & (replaced == NEVER))
    gone = some(stream, old, 0.015, at_least=2)
    taken_out = np.full(len(units), NEVER, dtype=np.int64)
    company = business.company
    taken_out[gone] = stream.integers(company.opened, company.end, len(gone))
    taken_out[gone] = np.maximum(taken_out[gone], units.created[gone] + HOUR)
    return Units(
        location=units.location,
        model=units.model,
        line=units.line,
        created=units.created,
        installed=units.installed,
        made=units.made,
        replaced=replaced,
        taken_out=taken_out,
        edited=units.edited,
    )
