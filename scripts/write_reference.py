"""Write what follows from the catalog, the records and the glossary: the data dictionary and dbt's sources.

`docs/reference/` gets an index and a page per API module, `_servicetitan__sources.yml` every table with its columns,
and `seeds/date_semantics.csv` a row per time field: what a person decided there stays, what is new is taken from the
glossary. It reads no database and no network.

    python -m scripts.write_reference [--check]
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.reference import pages, sources
from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.glossary import describe

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs/reference"
SOURCES = ROOT / "dbt_project/models/staging/servicetitan/_servicetitan__sources.yml"
DATE_SEMANTICS = ROOT / "dbt_project/seeds/date_semantics.csv"

_BY_HAND = frozenset({"calls.md"})
"""Pages of the folder that people write."""

_CALENDAR = "midnight stamp of a date"
"""How the glossary calls an instant of the API that means a day."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with `--check` only name those that would change (exit 1 if there is one)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file would change")
    options = parser.parse_args(arguments)
    wanted = render(CATALOG)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    left_over = [path for path in REFERENCE.glob("*.md") if path not in wanted and path.name not in _BY_HAND]
    if options.check:
        for path in (*stale, *left_over):
            sys.stderr.write(f"{path} is not what the catalog and the glossary say. Run make reference\n")
        return 1 if stale or left_over else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    for path in left_over:
        path.unlink()
    return 0


def render(catalog: Mapping[str, Resource]) -> dict[Path, str]:
    """Every file and what it should say."""
    semantics = date_semantics(catalog)
    calendar = frozenset(field for field, meaning in semantics.items() if meaning == "calendar")
    files = {REFERENCE / name: text for name, text in pages.render(catalog).items()}
    return files | {SOURCES: sources.render(catalog, calendar), DATE_SEMANTICS: _as_csv(semantics)}


def date_semantics(catalog: Mapping[str, Resource]) -> dict[tuple[str, str], str]:
    """`instant` or `calendar` per (resource, field), in catalog order, the nested fields that people named last."""
    with DATE_SEMANTICS.open(newline="") as seed:
        known = {(row["resource"], row["field"]): row["semantics"] for row in csv.DictReader(seed)}
    semantics: dict[tuple[str, str], str] = {}
    for resource in catalog.values():
        for column in resource.columns:
            if column.sql_type in {"timestamptz", "date"}:
                field = (resource.name, column.name)
                is_day = column.sql_type == "date" or _CALENDAR in describe(resource, column)
                semantics[field] = known.get(field) or ("calendar" if is_day else "instant")
        nested = {field: meaning for field, meaning in known.items() if field[0] == resource.name and "." in field[1]}
        semantics |= nested
    return semantics


def _as_csv(semantics: Mapping[tuple[str, str], str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("resource", "field", "semantics"))
    writer.writerows((resource, field, meaning) for (resource, field), meaning in semantics.items())
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main())
