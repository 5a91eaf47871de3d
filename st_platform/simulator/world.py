"""Puts the simulated tenants together for a seed, a size and an anchor day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from st_platform.simulator.business.profile import PROFILES, Profile, Span, size_named
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import to_ticks
from st_platform.simulator.table import Table
from st_platform.simulator.tables import open_books, tables_in
from st_platform.simulator.universe import Universe


class UnknownTenant(ValueError):
    """A tenant that is not simulated."""


class WorldIsOver(ValueError):
    """A remembered world that has not been generated as far as now."""


def build_universe(
    *,
    seed: int,
    size: str,
    tenants: list[str] | None,
    now: datetime,
    ticking: bool,
    state_dir: Path | None,
) -> Universe:
    """The tenants' tables, generated, and everything else of a simulator around them.

    The state at any instant depends on (seed, size, anchor day, instant) only. The anchor is the day of `now`; a
    `state_dir` remembers it, so that the same world goes on when a simulator is started again on a later day.
    """
    scale = size_named(size)
    anchor = now.astimezone(UTC).date() if state_dir is None else _remembered_anchor(state_dir, seed, size, now)
    span = Span.around(anchor, scale)
    end = to_ticks(datetime.combine(span.last + timedelta(days=1), time(), tzinfo=UTC))
    if to_ticks(now) >= end:
        raise WorldIsOver(f"the world in {state_dir} goes to {span.last}; start one in an empty folder")
    views = {profile: open_books(run_business(seed, profile, scale, anchor)) for profile in _chosen(tenants)}
    tables: dict[tuple[str, int, str], list[Table]] = {
        (profile.name, profile.tenant_id, profile.timezone): tables_in(view) for profile, view in views.items()
    }
    journal = None if state_dir is None else state_dir / f"edits-{size}-{seed}.jsonl"
    by_id = {profile.tenant_id: view for profile, view in views.items()}
    return Universe(
        tables,
        views=by_id,
        seed=seed,
        start=now,
        ticking=ticking,
        end=end,
        anchor=anchor,
        journal=journal,
    )


def _chosen(names: list[str] | None) -> list[Profile]:
    if names is None:
        return list(PROFILES)
    known = {profile.name: profile for profile in PROFILES}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UnknownTenant(f"no tenant is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]


def _remembered_anchor(state_dir: Path, seed: int, size: str, now: datetime) -> date:
    """The anchor of the world in `state_dir`, written there at first. Another seed or size starts another world."""
    state_dir.mkdir(parents=True, exist_ok=True)
    file = state_dir / f"world-{size}-{seed}.json"
    if file.exists():
        return date.fromisoformat(json.loads(file.read_text())["anchor"])
    anchor = now.astimezone(UTC).date()
    file.write_text(json.dumps({"seed": seed, "size": size, "anchor": anchor.isoformat()}))
    return anchor
