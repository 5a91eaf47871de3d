"""Where things are: the town of each location, its coordinates, the dispatch zones and how long a drive takes.

Decided by hash of the row number, so nothing is stored. Knows no jobs and no technicians.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from st_platform.simulator.business.chance import Chance, Floats, Ints
from st_platform.simulator.business.profile import Profile
from st_platform.simulator.instants import MINUTE, Ticks

_KM_A_DEGREE = 111.2
_DETOUR = 1.3
_KM_A_MINUTE = 0.8
"""48 km/h on average, streets and highways taken together."""
_PARKING = 4


@dataclass(frozen=True)
class Zone:
    """A dispatch zone: one city with its postal codes. `towns` are rows of the profile's towns."""

    name: str
    city: str
    zips: tuple[str, ...]
    towns: tuple[int, ...]


@dataclass(frozen=True)
class Places:
    """The geography of one tenant."""

    chance: Chance
    profile: Profile

    @cached_property
    def zones(self) -> tuple[Zone, ...]:
        towns = self.profile.towns
        cities = list(dict.fromkeys(town.city for town in towns))
        grouped = [tuple(i for i, town in enumerate(towns) if town.city == city) for city in cities]
        return tuple(
            Zone(f"Zone {number} – {city}", city, tuple(towns[i].zip for i in rows), rows)
            for number, (city, rows) in enumerate(zip(cities, grouped, strict=True), start=1)
        )

    @cached_property
    def zone_of_town(self) -> Ints:
        zones = np.zeros(len(self.profile.towns), dtype=np.int64)
        for number, zone in enumerate(self.zones):
            zones[list(zone.towns)] = number
        return zones

    def towns(self, locations: Ints) -> Ints:
        """The town of each location, as a row of the profile's towns."""
        return self._by_weight[self.chance.among(locations, "town", len(self._by_weight))]

    def zone(self, locations: Ints) -> Ints:
        return self.zone_of_town[self.towns(locations)]

    def coordinates(self, locations: Ints) -> tuple[Floats, Floats]:
        """Latitude and longitude of each location, degrees."""
        towns = self.towns(locations)
        north = self.chance.fraction(locations, "north") * 0.08 - 0.04
        east = self.chance.fraction(locations, "east") * 0.1 - 0.05
        return self._latitude[towns] + north, self._longitude[towns] + east

    def centre(self, zones: Ints) -> tuple[Floats, Floats]:
        """Latitude and longitude of the first town of each zone, degrees."""
        towns = np.array([zone.towns[0] for zone in self.zones])[zones]
        return self._latitude[towns], self._longitude[towns]

    @cached_property
    def _by_weight(self) -> Ints:
        towns = self.profile.towns
        return np.repeat(np.arange(len(towns)), [town.weight for town in towns])

    @cached_property
    def _latitude(self) -> Floats:
        return np.array([town.latitude for town in self.profile.towns])

    @cached_property
    def _longitude(self) -> Floats:
        return np.array([town.longitude for town in self.profile.towns])


def kilometres(start: tuple[Floats, Floats], end: tuple[Floats, Floats]) -> Floats:
    """The distance as the crow flies; exact enough within one metropolitan area."""
    north = (end[0] - start[0]) * _KM_A_DEGREE
    east = (end[1] - start[1]) * _KM_A_DEGREE * np.cos(np.radians(end[0]))
    return np.hypot(north, east)


def driving_time(distance: Floats) -> Ticks:
    """What a drive of this many kilometres as the crow flies takes, parking included; ticks."""
    return ((distance * _DETOUR / _KM_A_MINUTE + _PARKING) * MINUTE).astype(np.int64)
