"""Comparing a resource with its source: by count, and where that differs, by keys. Heals what differs.

What a comparison is, what it may conclude and what it leaves to a person; how keys are read is in `key_reading.py`,
how they are compared in `warehouse/comparison.py`. Callable from a test, the command line or an asset; knows neither
Dagster nor settings.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

import psycopg

from st_platform.ingest.crew import Desk
from st_platform.ingest.decode import Decoder
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.key_reading import KeyPass, KeyReader, whole_list
from st_platform.ingest.landing import Site
from st_platform.ingest.lane_task import hold
from st_platform.ingest.lists import MOST_PASSES
from st_platform.ingest.persistence import patiently
from st_platform.ingest.report import Tally
from st_platform.ingest.sync import is_granted
from st_platform.servicetitan.catalog import MOST_IDS, Resource
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.errors import NotGranted
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.comparison import (
    Differences,
    Holdings,
    Reconciliation,
    differences,
    forget_seen,
    gone_keys,
    holdings,
    note_reconciliation,
)
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import WarehouseError
from st_platform.warehouse.grants import note_grant
from st_platform.warehouse.progress import Lease, check_lease
from st_platform.warehouse.removals import is_too_many, mark_named, park_named, unpark

_SCOPE = "reconciliation"


class Method(StrEnum):
    """What was compared."""

    COUNT = "count"
    KEYS = "keys"
    NONE = "none"
    """Nothing: the source cannot be asked cheaply (`note` says why). Leaves no history."""


@dataclass(frozen=True)
class ReconcileReport:
    """What a comparison found and did. Counts are rows.

    `source_count` is None where the source was not counted; `warehouse_count` counts living rows before anything was
    done. `missing` are rows that only the source has, `stale` such that it has in a newer version, `gone` such that
    only we have. Of these `healed` came in now, `deleted` were marked, `parked` wait for a person (as
    `st-platform deletes list` shows). `certified`: both sides are known to agree from `at` on, parked rows aside.
    `granted` is False when the scope is missing: then nothing was compared. `note` is a sentence, or empty.
    """

    tenant: str
    resource: str
    run_id: str | None
    at: datetime
    method: Method
    granted: bool
    source_count: int | None
    warehouse_count: int
    missing: int
    stale: int
    gone: int
    healed: int
    deleted: int
    parked: int
    certified: bool
    calls: int
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class _Found:
    """What a comparison came to, before it is a report."""

    method: Method
    source_count: int | None
    living: int
    missing: int = 0
    stale: int = 0
    gone: int = 0
    healed: int = 0
    deleted: int = 0
    parked: int = 0
    certified: bool = False
    notes: tuple[str, ...] = ()
    granted: bool = True


def reconcile(
    tenant: Tenant,
    resource: Resource,
    *,
    client: ServiceTitanClient,
    database: Database,
    deep: bool = False,
    run_id: str | None = None,
    patience: float = 30.0,
) -> ReconcileReport:
    """Compare, and bring the warehouse to what the source shows.

    `deep` compares keys and versions even where the counts agree, and reads feeds that have no list. Killed at any
    moment it leaves nothing half done: the next comparison begins anew. `patience` is how many seconds to wait for
    another one of the same resource.

    Raises:
        WindowBusy: another living process compares the same resource.
        SyncFailed: the source contradicts itself in a way that makes its answers worthless.
        ServiceTitanError: the API could not be reached for longer than the client is patient. A missing scope is no
            error: the report says so.
        WarehouseError, psycopg.Error: the same for the database.
    """
    began, calls, at = time.perf_counter(), client.calls, client.server_now()
    with Desk() as desk:
        site = Site(tenant, resource, database, run_id, None, Tally(), Decoder(resource), desk)
        found = _compare(site, client, deep=deep, patience=patience)
    report = ReconcileReport(
        tenant=tenant.name,
        resource=resource.name,
        run_id=run_id,
        at=at,
        method=found.method,
        granted=found.granted,
        source_count=found.source_count,
        warehouse_count=found.living,
        missing=found.missing,
        stale=found.stale,
        gone=found.gone,
        healed=found.healed,
        deleted=found.deleted,
        parked=found.parked,
        certified=found.certified,
        calls=client.calls - calls,
        seconds=time.perf_counter() - began,
        note=" ".join(found.notes),
    )
    reach(Failpoint.BEFORE_REPORT)
    with database.connection() as connection:
        if not found.granted or found.method is not Method.NONE:
            note_grant(connection, tenant.tenant_id, resource.name, resource.scope, granted=found.granted, at=at)
        if found.method is not Method.NONE:
            _remember(connection, tenant, report)
    return report


def _compare(site: Site, client: ServiceTitanClient, *, deep: bool, patience: float) -> _Found:
    resource = site.resource
    with site.database.connection() as connection:
        held = holdings(connection, resource, site.tenant.tenant_id)
    nothing = _Found(Method.NONE, None, held.living)
    if not is_granted(resource, client):
        return replace(nothing, granted=False, notes=(_missing_scope(resource),))
    if resource.window is not None:
        return replace(nothing, notes=("Each read of a window is a comparison already.",))
    if not deep and whole_list(site) is None:
        return replace(nothing, notes=("There is no list to count; only a deep comparison reads the feed.",))
    with hold(site, _SCOPE, patience=patience) as lease:
        comparison = _Comparison(site, client, lease, held)
        try:
            return comparison.shallow() if not deep else comparison.by_keys()
        except NotGranted as error:
            notes = (f"ServiceTitan refused to go on: {error.what}.", _missing_scope(resource))
            return replace(comparison.found, granted=False, certified=False, notes=notes)
        finally:
            comparison.clear()


class _Comparison:
    """One comparison under way. `found` is what is known so far."""

    def __init__(self, site: Site, client: ServiceTitanClient, lease: Lease, held: Holdings) -> None:
        self._site = site
        self._client = client
        self._lease = lease
        self._held = held
        self._reader = KeyReader(site, client, lease)
        self.found = _Found(Method.COUNT, None, held.living)

    def shallow(self) -> _Found:
        """By count; by keys where the counts differ."""
        count = self._reader.count()
        self.found = replace(self.found, source_count=count)
        if count is not None and count in _expected(self._site.resource, self._held, self._reader.shows_inactive):
            return replace(self.found, certified=True)
        return self.by_keys()

    def by_keys(self) -> _Found:
        """By keys and versions, with all that follows from it."""
        self.found = replace(self.found, method=Method.KEYS)
        one_by_one = self._reader.can_ask
        seen = self._read(landing=not one_by_one)
        if one_by_one:
            worth_asking = MOST_IDS * seen.pages
            differ = self._differences(seen, most=worth_asking + 1)
            unsettled = len(differ.missing) + len(differ.stale) + differ.gone
            if unsettled <= worth_asking and not self._is_too_many(differ.gone):
                return self._by_asking(seen, differ)
            seen = self._read(landing=True)
        return self._by_pages(seen)

    def clear(self) -> None:
        """Empty the stage; what cannot be emptied now, the next comparison empties."""
        with suppress(psycopg.Error, WarehouseError), self._site.database.connection() as connection:
            forget_seen(connection, self._site.resource, self._site.tenant.tenant_id)

    # -- single rows ------------------------------------------------------------------------------------------------

    def _by_asking(self, seen: KeyPass, differ: Differences) -> _Found:
        """Ask for each row that differs. One pass is enough: a row that slipped through between two pages is still
        there when asked for."""
        wanted, suspects = [*differ.missing, *differ.stale], self._suspects(seen, differ)
        existing, landed = self._reader.ask([*wanted, *suspects])
        gone = [key for key in suspects if key not in existing]
        self.found = replace(
            self.found, missing=len(differ.missing), stale=len(differ.stale), gone=len(gone), healed=landed.changed
        )
        vanished = sum(key not in existing for key in wanted)
        notes = [_quarantined(landed.refused)] if landed.refused else []
        if vanished:
            notes.append(f"{vanished} rows that the list shows do not answer to their id.")
        hidden = len(suspects) - len(gone) if seen.pages == 1 else 0
        if hidden:
            notes.append(f"{hidden} rows answer to their id, but the list does not show them.")
        return self._conclude(seen, gone, proven=seen.is_whole, sound=not vanished and not hidden, notes=notes)

    # -- pages ------------------------------------------------------------------------------------------------------

    def _by_pages(self, seen: KeyPass) -> _Found:
        """Rows that differ came in with the pages. Where rows may slip between pages, two passes have to agree."""
        landed, agreed, passes = seen.landed, seen.pages <= 1 or not self._reader.from_list, 1
        while not agreed and passes < MOST_PASSES:
            before, seen = seen, self._read(landing=True)
            landed, passes = landed + seen.landed, passes + 1
            agreed = seen.is_whole and seen.keys == before.keys
        gone = self._suspects(seen, self._differences(seen))
        self.found = replace(
            self.found, missing=landed.missing, stale=landed.stale, gone=len(gone), healed=landed.changed
        )
        notes = [_quarantined(seen.landed.refused)] if seen.landed.refused else []
        if not agreed:
            notes.append(f"The list did not hold still: {passes} passes of it, no two the same.")
        return self._conclude(seen, gone, proven=seen.is_whole and agreed, sound=True, notes=notes)

    # -- common -----------------------------------------------------------------------------------------------------

    def _read(self, *, landing: bool) -> KeyPass:
        seen = self._reader.read(landing=landing)
        self.found = replace(self.found, source_count=seen.keys.size if seen.total is None else seen.total)
        return seen

    def _differences(self, seen: KeyPass, *, most: int | None = None) -> Differences:
        site = self._site
        with site.database.connection() as connection:
            return differences(
                connection,
                site.resource,
                site.tenant.tenant_id,
                since_seq=seen.first_seq,
                shows_inactive=self._reader.shows_inactive,
                most=most,
            )

    def _suspects(self, seen: KeyPass, differ: Differences) -> list[str]:
        site = self._site
        if not differ.gone:
            return []
        with site.database.connection() as connection:
            return gone_keys(
                connection,
                site.resource,
                site.tenant.tenant_id,
                since_seq=seen.first_seq,
                shows_inactive=self._reader.shows_inactive,
            )

    def _is_too_many(self, gone: int) -> bool:
        return is_too_many(gone, self._held.living)

    def _conclude(self, seen: KeyPass, gone: list[str], *, proven: bool, sound: bool, notes: list[str]) -> _Found:
        """Mark, park or leave alone what is gone; the lease is checked in the same transaction."""
        if not proven:
            if not seen.is_whole:
                notes.append(
                    f"The source counts {seen.total} rows and showed {seen.keys.size}"
                    + (f", {seen.blind} of unreadable key" if seen.blind else "")
                    + "."
                )
            if gone:
                notes.append("What is gone was left alone, because the reading does not prove it.")
            return replace(self.found, notes=tuple(notes))
        nothing_shown = not seen.keys.size
        park = bool(gone) and (nothing_shown or self._is_too_many(len(gone)))
        deleted = patiently(self._site.database, partial(self._settle, seen=seen, gone=gone, park=park))
        reach(Failpoint.AFTER_DELETE_INFERENCE)
        if park:
            why = "the source shows no row at all" if nothing_shown else "too many to believe"
            notes.append(
                f"{len(gone)} of {self._held.living} rows are gone from the source ({why}): none was marked as "
                "deleted. `st-platform deletes list` shows them, `deletes accept` believes them."
            )
        parked = len(gone) if park else 0
        return replace(self.found, deleted=deleted, parked=parked, certified=sound, notes=tuple(notes))

    def _settle(self, connection: psycopg.Connection, *, seen: KeyPass, gone: list[str], park: bool) -> int:
        check_lease(connection, self._lease)
        resource, tenant_id, at = self._site.resource, self._site.tenant.tenant_id, self._client.server_now()
        reach(Failpoint.BEFORE_DELETE_INFERENCE)
        if park:
            living = self._held.living
            park_named(connection, resource, tenant_id, gone, living=living, since_seq=seen.first_seq, at=at)
            return 0
        unpark(connection, resource, tenant_id, at=at)
        return mark_named(connection, resource, tenant_id, gone, since_seq=seen.first_seq, at=at) if gone else 0


def _expected(resource: Resource, held: Holdings, shows_inactive: bool) -> set[int]:
    """The counts that a list may give when nothing differs.

    Rows that are marked by their own contents may or may not be among those it shows; so may rows out of use where
    there is no parameter to ask for them. Broken rows are there, and in quarantine here.
    """
    expected = {held.living}
    if resource.deleted_when is not None:
        expected.add(held.living + held.flagged)
    if not shows_inactive:
        expected.add(held.living - held.inactive)
    return {count + held.broken for count in expected}


def _missing_scope(resource: Resource) -> str:
    return f"Not granted: add the scope {resource.scope} to the app in ServiceTitan's developer portal."


def _quarantined(rows: int) -> str:
    return f"{rows} rows that differ are broken and went to quarantine."


def _remember(connection: psycopg.Connection, tenant: Tenant, report: ReconcileReport) -> None:
    note_reconciliation(
        connection,
        Reconciliation(
            tenant_id=tenant.tenant_id,
            resource=report.resource,
            run_id=report.run_id,
            at=report.at,
            method=report.method.value,
            source_count=report.source_count,
            warehouse_count=report.warehouse_count,
            missing=report.missing,
            stale=report.stale,
            gone=report.gone,
            healed=report.healed,
            deleted=report.deleted,
            parked=report.parked,
            certified=report.certified,
            calls=report.calls,
            note=report.note,
        ),
    )
