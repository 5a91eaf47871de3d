"""Names, streets and phrases, as JSON texts, and what is made of them by hash: nothing of it is stored per row."""

from __future__ import annotations

import json
from collections.abc import Iterable

from st_platform.simulator.business.board.places import Places
from st_platform.simulator.business.chance import Chance, Ints
from st_platform.simulator.business.people import Customers, Locations
from st_platform.simulator.business.profile import Profile
from st_platform.simulator.rows.json_text import Texts, chosen

_FIRST = """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph
    Jessica Thomas Karen Charles Sarah Daniel Nancy Matthew Lisa Anthony Sandra Mark Ashley Steven Kimberly Andrew
    Emily Kenneth Donna Joshua Michelle Kevin Carol Brian Amanda George Melissa Timothy Deborah Ronald Stephanie
    Jason Rebecca José María Zoë André Renée Siobhán Nguyễn Łukasz Björn Chloë Mateo Ximena
"""
_LAST = """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson
    Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell
    Mitchell Carter Roberts O'Brien D'Angelo Muñoz Müller Żak Sørensen Kowalski Van_Dyke St._Clair Begay Tsosie
"""
_FIRMS = """
    Property_Group Dental_Arts Bakery_&_Café Storage Elementary_School Auto_Body Veterinary_Clinic HOA Apartments
    Brewing_Co. Medical_Plaza "Main_St."_Diner Church Logistics_LLC Fitness Hotel_&_Suites
"""
_STREETS = """
    Main_St Oak_Ave Maple_Dr Washington_Ave Cedar_Ln Pine_St Elm_St Lake_Rd Hillside_Ave Park_Blvd Church_St
    Camelback_Rd Indian_School_Rd 2nd_Ave Sunset_Blvd River_Rd Madison_Ave Western_Ave Delaware_Ave O'Malley_Ct
"""


def _escaped(words: str) -> list[str]:
    """Words as the inside of JSON strings; an underscore is a space within a word."""
    return [json.dumps(word.replace("_", " "), ensure_ascii=False)[1:-1] for word in words.split()]


FIRST, LAST, FIRMS, STREETS = _escaped(_FIRST), _escaped(_LAST), _escaped(_FIRMS), _escaped(_STREETS)

SUMMARIES = [
    json.dumps(text)
    for text in (
        "<p>No cooling upstairs, unit runs all day.</p>",
        "<p>Customer asks for an estimate. <b>Call ahead.</b></p>",
        "Leak under the kitchen sink",
        "<p>Seasonal tune-up.<br/>Filter is in the garage.</p>",
        "Breaker trips when the dryer starts",
        "Gate code 4417. Dog in the yard.\nPark on the street.",
        "<p>Second opinion on a quote &amp; rebate paperwork</p>",
        'Tenant says it "smells hot"',
    )
]


class Names:
    """The names and addresses of one tenant's customers and locations."""

    def __init__(self, chance: Chance, profile: Profile, customers: Customers, locations: Locations) -> None:
        self._chance = chance
        self._profile = profile
        self._customers = customers
        self._locations = locations
        self._places = Places(chance, profile)

    def customers(self, rows: Ints) -> Texts:
        """Customer names as JSON strings."""
        first = self._chance.among(rows, "first name", len(FIRST)).tolist()
        last = self._chance.among(rows, "last name", len(LAST)).tolist()
        firm = self._chance.among(rows, "firm", len(FIRMS)).tolist()
        commercial = self._customers.commercial[rows].tolist()
        return [
            f'"{LAST[b]} {FIRMS[c]}"' if is_firm else f'"{FIRST[a]} {LAST[b]}"'
            for a, b, c, is_firm in zip(first, last, firm, commercial, strict=True)
        ]

    def locations(self, rows: Ints) -> Texts:
        """Location names: mostly the customer's, sites of firms by their street."""
        names = self.customers(self._locations.customer[rows])
        firms = self._customers.commercial[self._locations.customer[rows]].tolist()
        streets = chosen(STREETS, self._chance.among(rows, "street", len(STREETS)))
        return [
            f'{name[:-1]} – {street}"' if firm else name
            for name, street, firm in zip(names, streets, firms, strict=True)
        ]

    def addresses(self, rows: Ints, *, geo: bool) -> Texts:
        """The address objects of locations; with coordinates where `geo`."""
        chance, profile = self._chance, self._profile
        numbers = (chance.among(rows, "house", 9_800) + 100).tolist()
        streets = chance.among(rows, "street", len(STREETS)).tolist()
        units = chance.among(rows, "unit", 90).tolist()
        towns = self._places.towns(rows).tolist()
        tails = [f'"city":"{t.city}","state":"{profile.state}","zip":"{t.zip}","country":"USA"' for t in profile.towns]
        heads = [
            f'{{"street":"{number} {STREETS[street]}","unit":{_UNITS[unit]},{tails[town]}'
            for number, street, unit, town in zip(numbers, streets, units, towns, strict=True)
        ]
        if not geo:
            return [f"{head}}}" for head in heads]
        latitudes, longitudes = self._places.coordinates(rows)
        return [
            f'{head},"latitude":{latitude:.5f},"longitude":{longitude:.5f}}}'
            for head, latitude, longitude in zip(heads, latitudes.tolist(), longitudes.tolist(), strict=True)
        ]

    def places(self, rows: Ints) -> tuple[Texts, Texts]:
        """The addresses of locations in one line, and their zips."""
        chance, profile = self._chance, self._profile
        numbers = (chance.among(rows, "house", 9_800) + 100).tolist()
        streets = chance.among(rows, "street", len(STREETS)).tolist()
        towns = self._places.towns(rows).tolist()
        tails = [f'{town.city}, {profile.state} {town.zip}"' for town in profile.towns]
        lines = [
            f'"{number} {STREETS[street]}, {tails[town]}'
            for number, street, town in zip(numbers, streets, towns, strict=True)
        ]
        return lines, [f'"{profile.towns[town].zip}"' for town in towns]

    def phones(self, rows: Ints) -> Texts:
        areas = chosen(self._profile.area_codes, self._chance.among(rows, "area", len(self._profile.area_codes)))
        lines = self._chance.among(rows, "phone", 10_000).tolist()
        return [f'"{area}-555-{line:04d}"' for area, line in zip(areas, lines, strict=True)]


_UNITS = ["null"] * 78 + [f'"Apt {n}"' for n in range(1, 10)] + ['"Suite 200"', '"Unit B"', '"#4"']


def named(ids: Iterable[object], names: Texts) -> Texts:
    """`{id, name}` objects."""
    return [f'{{"id":{one},"name":{name}}}' for one, name in zip(ids, names, strict=True)]


def rate(basis_points: Ints) -> Texts:
    """A tax rate as a JSON number: 8 % is 0.0800."""
    return [f"0.{point:04d}" for point in basis_points.tolist()]
