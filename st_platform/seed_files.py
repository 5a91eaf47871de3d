"""The seeds of the dbt project as people write them, turned into a list of everything that is wrong with them.

Reads the CSV files and the names of the metrics, opens no connection and knows no dbt: what dbt does with a seed that
is right is the project's business. Line numbers are those an editor shows.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from st_platform.tenants_file import Problem

VARIABLE = "ST_SEED_PROBLEMS"
"""Where dbt looks for what was found, so that it tells of seeds and vars in one error (macro `validate_settings`)."""

Row = Mapping[str, str]
"""One line of a seed; a blank cell is an empty text, as is one that is missing."""


def seed_problems(project: Path) -> list[Problem]:
    """Everything that is wrong in the seeds of the dbt project in `project`, file by file."""
    rules = [*_SEEDS, _outcome_metrics(metric_names(project))]
    return [problem for seed in rules for problem in seed.problems(project / "seeds" / f"{seed.name}.csv")]


def as_variable(problems: Iterable[Problem]) -> dict[str, str]:
    """The environment variable that hands them to dbt; always set, so that none is left of an earlier time."""
    return {VARIABLE: json.dumps([str(problem) for problem in problems])}


def metric_names(project: Path) -> frozenset[str]:
    """The metrics of the semantic layer, by name."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: set[str] = set()
    for file in (project / "models").rglob("*_semantics.yml"):
        document = yaml.load(file.read_text("utf-8"), loader) or {}  # noqa: S506 - a safe loader, the quick one
        found |= {metric["name"] for metric in document.get("metrics") or ()}
    return frozenset(found)


# ---------------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True)
class Kind:
    """What a cell may hold: whether a text is one, and how to write it."""

    accepts: Callable[[str], bool]
    fix: str


def _number(least: str, most: str | None, *, above: bool = False) -> Callable[[str], bool]:
    low, high = Decimal(least), Decimal(most) if most else None

    def accepts(text: str) -> bool:
        try:
            value = Decimal(text)
        except InvalidOperation:
            return False
        if not value.is_finite():
            return False
        return (value > low if above else value >= low) and (high is None or value <= high)

    return accepts


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_zone(text: str) -> bool:
    try:
        return bool(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


def _one_of(*words: str) -> Kind:
    return Kind(lambda text: text in words, f"Write one of {', '.join(words)}.")


TEXT = Kind(lambda text: True, "Write some text.")
ID = Kind(_matches(r"[1-9]\d{0,17}"), "Write the number that ServiceTitan shows.")
DATE = Kind(_is_date, "Write a day as YYYY-MM-DD.")
MONTH = Kind(lambda text: _is_date(text) and text.endswith("-01"), "Write the first day of the month, YYYY-MM-01.")
BOOLEAN = Kind(lambda text: text.lower() in {"true", "false"}, "Write true or false.")
SHARE = Kind(_number("0", "1"), "Write a number from 0 to 1: a quarter is 0.25.")
AMOUNT = Kind(_number("0", None), "Write an amount that is not negative, without a currency sign.")
ANY_NUMBER = Kind(_number("-1000000000000", None), "Write a number with a decimal point.")
YEARS = Kind(_number("0", "100", above=True), "Write a number of years above 0.")
COUNT = Kind(_matches(r"[1-9]\d{0,4}"), "Write a whole number above 0.")
SCORE = _one_of("1", "2", "3", "4", "5")


@dataclass(frozen=True)
class Column:
    """One column: what it holds, and whether a blank is a mistake."""

    name: str
    kind: Kind
    required: bool = False


# ------------------------------------------------------------------------------------------------------------ seeds

Rule = Callable[[Sequence[tuple[int, Row]], str], Iterator[Problem]]
"""What spans cells or lines: gets the numbered lines whose cells are right, and the file's name."""


@dataclass(frozen=True)
class Seed:
    """One file: its columns, what identifies a line, rules that span cells, and what asks for the whole file: that is
    asked only of a file without other mistakes."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    whole: tuple[Rule, ...] = ()

    def problems(self, path: Path) -> list[Problem]:
        """All mistakes in the file at `path`."""
        where = f"seeds/{path.name}"
        good: list[tuple[int, Row]] = []
        found = list(self._lines(path, where, good))
        found += self._twice(good, where)
        found += (problem for rule in self.rules for problem in rule(good, where))
        return found or [problem for rule in self.whole for problem in rule(good, where)]

    def _lines(self, path: Path, where: str, good: list[tuple[int, Row]]) -> Iterator[Problem]:
        """What is wrong in single cells; lines that are right are added to `good`."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, restkey="", restval="")
                header = [name.strip() for name in reader.fieldnames or ()]
                reader.fieldnames = header
                rows = [(reader.line_num, row) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            yield Problem(f"the file cannot be read: {error}", where, "Save it as CSV in UTF-8.")
            return
        names = [column.name for column in self.columns]
        if sorted(header) != sorted(names):
            yield Problem(f"its columns are {', '.join(header) or 'missing'}", where, f"Write {','.join(names)}.")
            return
        for line, cells in rows:
            if "" in cells:
                yield Problem("there are more cells than columns", f"{where}, line {line}", "Quote text with commas.")
                continue
            row = {name: (cells[name] or "").strip() for name in names}
            wrong = list(self._cells(row, f"{where}, line {line}"))
            yield from wrong
            if not wrong:
                good.append((line, row))

    def _cells(self, row: Row, where: str) -> Iterator[Problem]:
        for column in self.columns:
            text = row[column.name]
            if not text:
                if column.required:
                    yield Problem(f"{column.name} is blank", where, column.kind.fix)
            elif not column.kind.accepts(text):
                yield Problem(f"{column.name} cannot be {text!r}", where, column.kind.fix)

    def _twice(self, rows: Iterable[tuple[int, Row]], where: str) -> Iterator[Problem]:
        seen: dict[tuple[str, ...], int] = {}
        for line, row in rows:
            key = tuple(row[name].casefold() for name in self.key)
            if key in seen:
                said = ", ".join(f"{name} {row[name] or '(blank)'}" for name in self.key)
                fix = f"Keep one of it and line {seen[key]}."
                yield Problem(f"{said} stands there twice", f"{where}, line {line}", fix)
            seen.setdefault(key, line)


def _ordered(low: str, high: str) -> Rule:
    """`low` is not above `high` in any line; both are days or scores, which sort as text."""

    def rule(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
        for line, row in rows:
            if row[low] and row[high] and row[low] > row[high]:
                yield Problem(f"{low} is after {high}", f"{where}, line {line}", "Exchange them.")

    return rule


def _tenant_with(column: str) -> Rule:
    """An id says nothing without its tenant."""

    def rule(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
        for line, row in rows:
            if row[column] and not row["tenant_id"]:
                fix = "Two tenants may use the same ids: write the tenant too."
                yield Problem(f"{column} stands without a tenant_id", f"{where}, line {line}", fix)

    return rule


def _one_name_per_area(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
    names: dict[tuple[str, str], str] = {}
    for line, row in rows:
        known = names.setdefault((row["tenant_id"], row["area_id"]), row["area_name"])
        if known != row["area_name"]:
            said = f"area {row['area_id']} is called {row['area_name']} here and {known} above"
            yield Problem(said, f"{where}, line {line}", "Give an area one name.")


def _some_default(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
    if not any(row["equipment_type"].casefold() == "default" and not row["tenant_id"] for _, row in rows):
        fix = "Add a line with a blank tenant_id and the type default."
        yield Problem("there is no default for equipment of other types", where, fix)


def _every_score_has_a_segment(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
    def holds(row: Row, scores: Mapping[str, int]) -> bool:
        return all(int(row[f"{name}_min"]) <= score <= int(row[f"{name}_max"]) for name, score in scores.items())

    every: list[Mapping[str, int]] = [
        {"recency": recency, "frequency": frequency, "monetary": monetary}
        for recency, frequency, monetary in product(range(1, 6), repeat=3)
    ]
    without = [scores for scores in every if not any(holds(row, scores) for _, row in rows)]
    if rows and without:
        example = ", ".join(f"{name} {score}" for name, score in without[0].items())
        fix = "Add a last line with ranges from 1 to 5 for all others."
        yield Problem(f"{len(without)} of 125 scores have no segment, e.g. {example}", where, fix)


def _some_baseline(rows: Sequence[tuple[int, Row]], where: str) -> Iterator[Problem]:
    for line, row in rows:
        if not row["baseline_value"] and not (row["baseline_start"] and row["baseline_end"]):
            fix = "Write baseline_value, or baseline_start and baseline_end."
            yield Problem(f"{row['metric']} has no baseline", f"{where}, line {line}", fix)


_TENANT = Column("tenant_id", ID)
_ITS_TENANT = Column("tenant_id", ID, required=True)

_SEEDS: tuple[Seed, ...] = (
    Seed(
        "tenants",
        (
            _ITS_TENANT,
            Column("timezone", Kind(_is_zone, "Write an IANA name, e.g. America/Phoenix.")),
            Column("fiscal_start_month", Kind(_matches(r"[1-9]|1[0-2]"), "Write a month as 1 to 12.")),
            Column("week_start", _one_of("monday", "sunday")),
            Column("currency", Kind(_matches(r"[A-Z]{3}"), "Write three capitals, e.g. USD.")),
        ),
        ("tenant_id",),
    ),
    Seed(
        "gl_overrides",
        (_ITS_TENANT, Column("gl_account_id", ID, required=True), Column("gl_account_type", TEXT, required=True)),
        ("tenant_id", "gl_account_id"),
    ),
    Seed(
        "date_semantics",
        (
            Column("resource", TEXT, required=True),
            Column("field", TEXT, required=True),
            Column("semantics", _one_of("instant", "calendar"), required=True),
        ),
        ("resource", "field"),
    ),
    Seed(
        "labor_burden",
        (
            _TENANT,
            Column("business_unit_id", ID),
            Column("technician_id", ID),
            Column("valid_from", DATE),
            Column("burden_pct", SHARE, required=True),
        ),
        ("tenant_id", "business_unit_id", "technician_id", "valid_from"),
        (_tenant_with("business_unit_id"), _tenant_with("technician_id")),
    ),
    Seed(
        "overhead_monthly",
        (
            _ITS_TENANT,
            Column("business_unit_id", ID),
            Column("month", MONTH, required=True),
            Column("amount", AMOUNT, required=True),
        ),
        ("tenant_id", "business_unit_id", "month"),
    ),
    Seed(
        "channel_map",
        (
            _TENANT,
            Column("campaign_category", TEXT),
            Column("source", TEXT),
            Column("medium", TEXT),
            Column("campaign_name", TEXT),
            Column("campaign_id", ID),
            Column("channel", TEXT, required=True),
            Column("is_paid", BOOLEAN, required=True),
        ),
        ("tenant_id", "campaign_category", "source", "medium", "campaign_name", "campaign_id"),
        (_tenant_with("campaign_id"),),
    ),
    Seed(
        "service_areas",
        (
            _ITS_TENANT,
            Column("zip5", Kind(_matches(r"\d{5}"), "Write five digits, a leading 0 too."), required=True),
            Column("area_id", TEXT, required=True),
            Column("area_name", TEXT, required=True),
            Column("valid_from", DATE),
        ),
        ("tenant_id", "zip5", "valid_from"),
        (_one_name_per_area,),
    ),
    Seed(
        "equipment_life",
        (
            _TENANT,
            Column("equipment_type", TEXT, required=True),
            Column("expected_years", YEARS, required=True),
            Column("interval_days", COUNT),
        ),
        ("tenant_id", "equipment_type"),
        whole=(_some_default,),
    ),
    Seed(
        "rfm_segments",
        (
            Column("segment", TEXT, required=True),
            Column("rank", COUNT, required=True),
            *(
                Column(f"{name}_{end}", SCORE, required=True)
                for name in ("recency", "frequency", "monetary")
                for end in ("min", "max")
            ),
        ),
        ("rank",),
        tuple(_ordered(f"{name}_min", f"{name}_max") for name in ("recency", "frequency", "monetary")),
        whole=(_every_score_has_a_segment,),
    ),
)


def _outcome_metrics(metrics: frozenset[str]) -> Seed:
    """Its metrics are those of the semantic layer, which the project knows and this module does not."""
    known = Kind(lambda text: text in metrics, f"Write one of {', '.join(sorted(metrics))}.")
    return Seed(
        "outcome_metrics",
        (
            _ITS_TENANT,
            Column("metric", known, required=True),
            Column("owner", TEXT, required=True),
            Column("baseline_start", DATE),
            Column("baseline_end", DATE),
            Column("baseline_value", ANY_NUMBER),
            Column("target_value", ANY_NUMBER, required=True),
            Column("target_date", DATE, required=True),
            Column("lower_is_better", BOOLEAN, required=True),
        ),
        ("tenant_id", "metric"),
        (_ordered("baseline_start", "baseline_end"), _ordered("baseline_end", "target_date"), _some_baseline),
    )
