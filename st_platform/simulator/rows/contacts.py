"""Contacts of customers and locations as the CRM module writes them."""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.demand.contacts import Contacts, Way
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.json_text import Column, Texts, booleans, chosen, ids, instants, objects, where
from st_platform.simulator.rows.telecom import telephone
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.rows.vocabulary import FIRST, LAST

_WAYS = ['"MobilePhone"', '"Phone"', '"Email"', '"Fax"']
_HOSTS = ("mail.example", "post.example", "inbox.example")
_OTHER = 50_000_000
"""Numbers that nobody calls from count from here."""


def customer_contacts(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    these = view.customer_contacts
    parts = _contact(view, these, rows, modified, at, "customer", these.owner[rows])
    return objects(
        len(rows),
        modifiedOn=parts["modifiedOn"],
        phoneSettings=parts["phoneSettings"],
        createdOn=parts["createdOn"],
        preferences=parts["preferences"],
        id=ids(rows, First.CUSTOMER_CONTACT),
        type=parts["type"],
        value=parts["value"],
        memo=parts["memo"],
        customerId=ids(these.owner[rows], First.CUSTOMER),
        active=parts["active"],
    )


def location_contacts(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    these = view.location_contacts
    people = view.business.locations.customer[these.owner[rows]].astype(np.int64)
    parts = _contact(view, these, rows, modified, at, "location", people)
    return objects(
        len(rows),
        id=ids(rows, First.LOCATION_CONTACT),
        **{name: parts[name] for name in ("type", "value", "memo", "phoneSettings", "modifiedOn", "createdOn")},
        preferences=parts["preferences"],
        locationId=ids(these.owner[rows], First.LOCATION),
        active=parts["active"],
    )


def _contact(
    view: View, these: Contacts, rows: Ints, modified: Ticks, at: int, name: str, people: Ints
) -> dict[str, Column]:
    """What both kinds have. `people` are the customers whose telephone the primary contact is."""
    chance = view.business.chance
    changed = these.changed[rows] <= at
    way = these.way[rows]
    spare = _OTHER + rows * 2 + changed + (500_000_000 if name == "location" else 0)
    line = np.where(these.primary[rows] & ~changed, people, spare)
    written = [f"{one[:3]}-{one[3:6]}-{one[6:]}" for one in telephone(view, line)]
    first = chance.among(people, "first name", len(FIRST)).tolist()
    last = chance.among(people, "last name", len(LAST)).tolist()
    host = chance.among(rows + changed, f"{name} mail host", len(_HOSTS)).tolist()
    number = (chance.among(rows, f"{name} mail number", 90) + changed).tolist()
    mails = [
        f"{_plain(FIRST[a])}.{_plain(LAST[b])}{n}@{_HOSTS[h]}"
        for a, b, n, h in zip(first, last, number, host, strict=True)
    ]
    mail = way == Way.EMAIL
    quiet = booleans(chance.fraction(rows, f"{name} no texts") < 0.07)
    reminded = booleans(chance.fraction(rows, f"{name} reminders") < 0.8)
    marketed = booleans((chance.fraction(rows, f"{name} marketing") < 0.6) & ~changed)
    settings = [f'{{"phoneNumber":"{one}","doNotText":{no}}}' for one, no in zip(written, quiet, strict=True)]
    preferences = [
        f'{{"jobRemindersEnabled":{a},"marketingUpdatesEnabled":{b},"invoiceStatementNotification":{a},'
        f'"invoiceNotification":{a},"statementNotification":{b}}}'
        for a, b in zip(reminded, marketed, strict=True)
    ]
    return {
        "type": chosen(_WAYS, way),
        "value": [f'"{a if is_mail else b}"' for a, b, is_mail in zip(mails, written, mail.tolist(), strict=True)],
        "memo": where(chance.fraction(rows, f"{name} memo") < 0.12, '"Call after 5 pm"'),
        "phoneSettings": where(mail, '{"phoneNumber":"","doNotText":false}', settings),
        "modifiedOn": instants(modified),
        "createdOn": instants(these.created[rows]),
        "preferences": where(chance.fraction(rows, f"{name} preferences") < 0.9, preferences),
        "active": booleans(these.inactive[rows] > at),
    }


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
