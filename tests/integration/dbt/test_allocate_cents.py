"""The macro that divides money: every case is worked out again with exact fractions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import yaml

from tests.integration.dbt.conftest import PROJECT, Dbt

Query = Callable[..., list[tuple[Any, ...]]]
Parts = list[Decimal | None]

# (amount, weights in the order of the tie, parts)
BY_HAND: list[tuple[str, Sequence[str], Sequence[str | None]]] = [
    ("100.00", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
    ("-100.00", ["1", "1", "1"], ["-33.34", "-33.33", "-33.33"]),
    ("0.01", ["0.5", "0.5"], ["0.01", "0.00"]),
    ("-0.01", ["0.25", "0.75"], ["0.00", "-0.01"]),
    ("10.00", ["0", "1"], ["0.00", "10.00"]),
    ("0.00", ["1", "2"], ["0.00", "0.00"]),
    ("5.00", ["0", "0"], [None, None]),
    ("7.77", ["0.333333", "0.333333", "0.333333"], ["2.59", "2.59", "2.59"]),
    # 33⅓, ⅓ and 66⅓ cents: the remainders are equal, though a quotient below one is kept to more digits.
    ("1.00", ["100", "1", "199"], ["0.34", "0.00", "0.66"]),
]


def by_fractions(amount: Decimal, weights: Sequence[Decimal]) -> Parts:
    """Largest remainder, ties to the first."""
    cents, total = abs(int(amount * 100)), sum(map(Fraction, weights))
    if not total:
        return [None] * len(weights)
    shares = [cents * Fraction(weight) / total for weight in weights]
    whole = [floor(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda part: (whole[part] - shares[part], part))
    for part in order[: cents - sum(whole)]:
        whole[part] += 1
    return [Decimal(one if amount >= 0 else -one) / 100 for one in whole]


def test_parts_are_the_largest_remainders_and_add_up(dbt: Dbt, query: Query, tmp_path: Path) -> None:
    cases = [(Decimal(amount), [Decimal(weight) for weight in weights]) for amount, weights, _ in BY_HAND]
    chance = random.Random(25)
    for _ in range(300):
        weights = [
            Decimal(chance.choice([0, 1, 3, 7, chance.randrange(10**7)])) / 10 ** chance.randrange(7)
            for _ in range(chance.randrange(1, 9))
        ]
        cases.append((Decimal(chance.randrange(-(10 ** chance.randrange(1, 10)), 10**9)) / 100, weights))
    outcome = Dbt(dbt.url, dbt.folder, _project(tmp_path, cases))("run")
    assert outcome.code == 0, outcome.output

    divided: dict[int, Parts] = {}
    for case, part in query("SELECT case_id, part_amount FROM division.divided ORDER BY case_id, part_id DESC"):
        divided.setdefault(case, []).insert(0, part)
    for number, (_, _, parts) in enumerate(BY_HAND):
        assert divided[number] == [None if part is None else Decimal(part) for part in parts]
    assert divided == {number: by_fractions(*case) for number, case in enumerate(cases)}


def _project(folder: Path, cases: Sequence[tuple[Decimal, Sequence[Decimal]]]) -> Path:
    """A dbt project of one model that divides all cases with the macro of the real one."""
    rows = ",\n".join(
        f"({number}, {part}, cast({amount} as numeric), cast({weight} as numeric))"
        for number, (amount, weights) in enumerate(cases)
        for part, weight in enumerate(weights)
    )
    call = (
        "allocate_cents(name='parts', source='given', amount='amount', weight='weight',"
        " partition=['case_id'], tie=['part_id'], into='part_amount')"
    )
    given = f"with given (case_id, part_id, amount, weight) as (values\n{rows}\n)"
    (folder / "models").mkdir()
    (folder / "models/divided.sql").write_text(
        f"{given},\n{{{{ {call} }}}}\nselect case_id, part_id, part_amount from parts"
    )
    settings = {
        "name": "division",
        "profile": "st_platform",
        "macro-paths": [str(PROJECT / "macros")],
        "models": {"division": {"+schema": "division", "+materialized": "table"}},
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    return folder
