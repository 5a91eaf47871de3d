"""Who the simulated tenants are and how large their world is. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType


@dataclass(frozen=True)
class Size:
    """`customers` of the larger tenant on the anchor day, after `years` of business, which goes on for `ahead_days`."""

    customers: int
    years: int
    ahead_days: int


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "tiny": Size(60, 1, 150),
        "small": Size(6_000, 3, 366),
        "medium": Size(100_000, 3, 183),
        "large": Size(1_000_000, 3, 61),
    }
)


@dataclass(frozen=True)
class Town:
    """A place where customers live. `weight` is its share of them."""

    city: str
    zip: str
    latitude: float
    longitude: float
    weight: int


@dataclass(frozen=True)
class Trade:
    """A line of work. `share` is its part of demand, `peaks` its season: (day of year, height, width in days)."""

    name: str
    code: str
    share: float
    peaks: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Profile:
    """One tenant. `scale` is its size against the larger one; `tax_rates` are in basis points by tax zone."""

    name: str
    tenant_id: int
    brand: str
    timezone: str
    state: str
    scale: float
    growth: float
    commercial_share: float
    trades: tuple[Trade, ...]
    towns: tuple[Town, ...]
    tax_rates: tuple[int, ...]
    area_codes: tuple[str, ...]


_HVAC_NORTH = Trade("HVAC", "HVAC", 0.58, ((197, 1.1, 32), (20, 0.9, 34)))
_PLUMBING = Trade("Plumbing", "PLMB", 0.42, ((15, 0.5, 25), (330, 0.2, 20)))
_HVAC_DESERT = Trade("HVAC", "HVAC", 0.61, ((190, 1.7, 45),))
_ELECTRICAL = Trade("Electrical", "ELEC", 0.39, ((215, 0.35, 40), (345, 0.25, 15)))

PROFILES: tuple[Profile, ...] = (
    Profile(
        name="northwind",
        tenant_id=1001,
        brand="Northwind Heating & Plumbing",
        timezone="America/New_York",
        state="NY",
        scale=1.0,
        growth=0.12,
        commercial_share=0.11,
        trades=(_HVAC_NORTH, _PLUMBING),
        towns=(
            Town("Albany", "12203", 42.6764, -73.8298, 24),
            Town("Albany", "12208", 42.6555, -73.8047, 15),
            Town("Schenectady", "12303", 42.7602, -73.9393, 17),
            Town("Troy", "12180", 42.7284, -73.6918, 16),
            Town("Colonie", "12205", 42.7179, -73.8334, 12),
            Town("Saratoga Springs", "12866", 43.0831, -73.7846, 9),
            Town("Clifton Park", "12065", 42.8656, -73.7710, 7),
        ),
        tax_rates=(800, 700, 0),
        area_codes=("518", "838"),
    ),
    Profile(
        name="sunbelt",
        tenant_id=2002,
        brand="Sunbelt Electric & Air",
        timezone="America/Phoenix",
        state="AZ",
        scale=0.6,
        growth=0.21,
        commercial_share=0.07,
        trades=(_HVAC_DESERT, _ELECTRICAL),
        towns=(
            Town("Phoenix", "85016", 33.5021, -112.0246, 20),
            Town("Phoenix", "85032", 33.6238, -112.0044, 18),
            Town("Scottsdale", "85254", 33.6165, -111.9554, 17),
            Town("Mesa", "85204", 33.3992, -111.7896, 16),
            Town("Chandler", "85225", 33.3105, -111.8239, 13),
            Town("Tempe", "85281", 33.4227, -111.9261, 9),
            Town("Peoria", "85345", 33.5761, -112.2344, 7),
        ),
        tax_rates=(860, 805, 0),
        area_codes=("480", "602", "623"),
    ),
)


@dataclass(frozen=True)
class Span:
    """The time a world covers, as UTC days: books `open` on `start`, older rows reach back to `oldest`, and business
    has been generated up to the end of `last`."""

    oldest: date
    start: date
    anchor: date
    last: date

    @classmethod
    def around(cls, anchor: date, size: Size) -> Span:
        start = anchor - timedelta(days=365 * size.years)
        return cls(start - timedelta(days=900), start, anchor, anchor + timedelta(days=size.ahead_days))


class UnknownSize(ValueError):
    """A size that is not one of `SIZES`."""


def size_named(name: str) -> Size:
    """The size called `name`; raises UnknownSize with the choices."""
    try:
        return SIZES[name]
    except KeyError:
        raise UnknownSize(f"no size is called {name!r}; choose one of {', '.join(SIZES)}") from None
