"""Customers and locations as the CRM module writes them."""

from __future__ import annotations

from st_platform.simulator.business.chance import Flags, Ints
from st_platform.simulator.business.company import TAG_TYPES
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, decimals, ids, instants, objects, where
from st_platform.simulator.rows.view import First, View

ZONED = 0.9
"""The share of locations that have been given their dispatch zone."""
_EXTERNAL = '[{"key":"ERP","value":"C-legacy"}]'
_SOURCE_FIELD = '[{"typeId":471,"name":"How did you hear about us?","value":"Neighbor"}]'
_GATE_FIELD = '[{"typeId":475,"name":"Gate code","value":null}]'


def customers(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, care = view.business, view.business.care
    commercial = b.customers.commercial[rows]
    edited = care.edited[rows] <= at
    merged = care.merged[rows] <= at
    balance = view.balances.customers.at(rows, at)
    return objects(
        len(rows),
        id=ids(rows, First.CUSTOMER),
        active=booleans(care.closed[rows] > at),
        name=view.names.customers(rows),
        type=where(commercial, '"Commercial"', '"Residential"'),
        address=view.names.addresses(b.locations.first(rows), geo=True),
        customFields=where(b.chance.fraction(rows, "heard") < 0.2, _SOURCE_FIELD, "[]"),
        balance=decimals(balance),
        taxExempt=booleans(b.exempt[rows]),
        tagTypeIds=where(edited, f"[{TAG_TYPES[0]},{TAG_TYPES[1]}]", where(commercial, f"[{TAG_TYPES[2]}]", "[]")),
        doNotMail=booleans(edited & (b.chance.fraction(rows, "mail") < 0.4)),
        doNotService=booleans((care.closed[rows] <= at) & (b.chance.fraction(rows, "serve") < 0.2)),
        nationalAccount=booleans(commercial & (b.chance.fraction(rows, "national") < 0.05)),
        createdOn=instants(b.customers.created[rows]),
        createdById=view.creators(rows, "customers"),
        modifiedOn=instants(modified),
        mergedToId=ids(_held(care.merged_into[rows], merged), First.CUSTOMER),
        paymentTermId=where(commercial, "42"),
        creditLimit=where(commercial, "5000.00"),
        creditLimitBalance=where(commercial, decimals(500_000 - balance)),
        externalData=where(b.customers.legacy[rows], _EXTERNAL, "[]"),
    )


def locations(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, care = view.business, view.business.care
    owner = b.locations.customer[rows]
    moved = care.location_moved[rows] <= at
    merged = care.location_merged[rows] <= at
    edited = care.location_edited[rows] <= at
    current = owner.copy()
    current[moved] = care.moved_to[rows][moved]
    zones = b.places.zone(rows).tolist()
    return objects(
        len(rows),
        taxZoneId=(b.chance.among(rows, "tax zone", 2) + 611).tolist(),
        id=ids(rows, First.LOCATION),
        customerId=ids(current, First.CUSTOMER),
        active=booleans(~merged),
        name=view.names.locations(rows),
        address=view.names.addresses(rows, geo=True),
        customFields=where(edited, _GATE_FIELD, "[]"),
        createdOn=instants(b.locations.created[rows]),
        createdById=view.creators(rows, "locations"),
        modifiedOn=instants(modified),
        mergedToId=ids(_held(care.location_into[rows], merged), First.LOCATION),
        zoneId=where(b.chance.fraction(rows, "zone") < ZONED, [str(zone + First.ZONE) for zone in zones]),
        taxExempt=booleans(b.exempt[owner]),
        tagTypeIds=where(edited, f"[{TAG_TYPES[3]}]", "[]"),
        externalData="[]",
    )


def _held(values: Ints, flags: Flags) -> Ints:
    """The values where the flag is set, else none."""
    held = values.copy()
    held[~flags] = NONE
    return held
