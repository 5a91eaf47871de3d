"""A mistake in what a business decides is told before anything is built, all of them in one error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from st_platform.seed_files import VARIABLE
from tests.integration.dbt.conftest import Dbt

WRONG: dict[str, tuple[Any, str]] = {
    "as_of_date": ("2026-02-30", "as_of_date is 2026-02-30, a day that does not exist"),
    "income_gl_types": ([], "income_gl_types is empty"),
    "default_sold_threshold": (-1, "default_sold_threshold is -1, which is too little"),
    "half_life_days": (0, "Write a number above 0, at most 3650."),
    "position_weights": ([0.5, 0.5, 0.5], "position_weights adds up to 1.5, not to 1"),
    "downstream_windows": ([30, 90, 30], "in which a window stands twice"),
    "burden_method": ("guess", "Choose one of pct, technician_rate."),
    "labor_burden_pct": (25, "labor_burden_pct is 25, which is too much"),
    "overhead_method": ("headcount", "overhead_method is headcount, which is not known"),
    "split_basis": (None, "split_basis is null, which is not known"),
    "recall_window_days": (2.5, "recall_window_days is 2.5, which is no whole number"),
    "abandoned_counts_as_lead": ("yes", "abandoned_counts_as_lead is yes, neither true nor false"),
    "lead_call_excluded_types": ("Excused", "lead_call_excluded_types is Excused, which is no list"),
    "ltv_tail_months": ("six", "ltv_tail_months is six, which is no number"),
    "risk_weights": ([-0.1, 0.6, 0.3, 0.2], "in which a weight is negative"),
    "attribution_lookback": (30, "there is no var attribution_lookback"),
}


def test_all_mistakes_are_told_in_one_error_and_nothing_is_built(
    dbt: Dbt, query: Callable[..., list[tuple[Any, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = "zip5 02134, valid_from (blank) stands there twice (seeds/service_areas.csv, line 3). Keep one of it."
    monkeypatch.setenv(VARIABLE, json.dumps([seed]))

    outcome = dbt("build", "--vars", json.dumps({name: value for name, (value, _) in WRONG.items()}))

    assert outcome.code != 0
    assert outcome.statuses == {}
    assert f"The settings of the marts have {len(WRONG) + 1} mistakes; nothing was built." in outcome.output
    for said in (seed, *(said for _, said in WRONG.values())):
        assert said in outcome.output
    assert query("SELECT 1 FROM pg_class WHERE relnamespace::regnamespace::text ~ '^(staging|seeds|marts|inter)'") == []
