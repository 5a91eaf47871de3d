"""How customers and locations are reached: telephones, e-mail addresses, a fax here and there; some change, some go."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Chance, Flags, Ints
from st_platform.simulator.instants import DAY, HOUR, NEVER, SECOND, Ticks


class Way(IntEnum):
    MOBILE = 0
    PHONE = 1
    EMAIL = 2
    FAX = 3


@dataclass(frozen=True)
class Contacts:
    """In order of creation. From `changed` on the contact has another value. `primary` is the telephone that the owner
    calls from."""

    owner: Ints
    way: Ints
    primary: Flags
    created: Ticks
    changed: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)


def reach(chance: Chance, name: str, owners: Ticks, firms: Flags, shares: tuple[float, float, float]) -> Contacts:
    """Contacts of owners that are made at `owners`: one telephone on a share of them, a second one, an e-mail address;
    firms have a fax at times."""
    rows = np.arange(len(owners))
    luck = [chance.fraction(rows, f"{name} contact {number}") for number in range(4)]
    have = [luck[0] < shares[0], luck[1] < shares[1], luck[2] < shares[2], firms & (luck[3] < 0.2)]
    first = np.where(firms | (luck[1] > 0.85), int(Way.PHONE), int(Way.MOBILE))
    ways = [
        first,
        np.full(len(rows), int(Way.PHONE)),
        np.full(len(rows), int(Way.EMAIL)),
        np.full(len(rows), int(Way.FAX)),
    ]
    owner = np.concatenate([rows[has] for has in have])
    way = np.concatenate([one[has] for one, has in zip(ways, have, strict=True)])
    slot = np.concatenate([np.full(int(has.sum()), number) for number, has in enumerate(have)])
    created = owners[owner] + 12 * SECOND + slot * 4 * SECOND + chance.among(owner * 4 + slot, f"{name} typed", SECOND)
    late = (slot == 2) & (chance.fraction(owner, f"{name} late") < 0.3)
    created = np.where(late, created + HOUR + chance.among(owner, f"{name} how late", 60 * DAY), created)
    order = np.argsort(created, kind="stable")
    owner, way, slot, created = owner[order], way[order], slot[order], created[order]
    numbers = np.arange(len(order))
    changes = chance.fraction(numbers, f"{name} changes") < 0.08
    changed = created + DAY + chance.among(numbers, f"{name} change", 900 * DAY)
    goes = (chance.fraction(numbers, f"{name} goes") < 0.03) & (slot > 0)
    gone = created + DAY + chance.among(numbers, f"{name} gone", 700 * DAY)
    return Contacts(
        owner=owner,
        way=way,
        primary=slot == 0,
        created=created,
        changed=np.where(changes, changed, NEVER),
        inactive=np.where(goes, gone, NEVER),
    )
