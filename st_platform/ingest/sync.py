"""One sync: one resource of one tenant and, where it has windows, one window. The door to this floor.

Chooses the way of reading from the catalog, and turns what came of it into a report. Callable from a test, the
command line or an asset; knows neither Dagster nor settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from st_platform.ingest.crew import Desk
from st_platform.ingest.date_windows import read_date_window
from st_platform.ingest.dated import read_window
from st_platform.ingest.decode import Decoder
from st_platform.ingest.errors import QuarantineThresholdExceeded, SyncFailed, WindowBusy
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site
from st_platform.ingest.report import Certificate, Outcome, PageDone, SyncReport, Tally, report_of
from st_platform.ingest.request import SyncRequest
from st_platform.ingest.whole import read_snapshot, read_tail
from st_platform.servicetitan.catalog import LoadMode, Resource
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.errors import NotGranted
from st_platform.warehouse.database import Database
from st_platform.warehouse.grants import note_grant
from st_platform.warehouse.progress import note_read, resource_state
from st_platform.warehouse.pruning import prune_lanes
from st_platform.warehouse.tables import refresh_statistics

__all__ = [
    "Certificate",
    "PageDone",
    "QuarantineThresholdExceeded",
    "SyncFailed",
    "SyncReport",
    "SyncRequest",
    "WindowBusy",
    "sync",
]

_PATIENCE = 30.0

_WAYS: dict[LoadMode, Callable[..., Outcome]] = {
    LoadMode.DATED: read_window,
    LoadMode.TAIL: read_tail,
    LoadMode.SNAPSHOT: read_snapshot,
    LoadMode.WINDOW: read_date_window,
}


def sync(
    request: SyncRequest,
    *,
    client: ServiceTitanClient,
    database: Database,
    on_page: Callable[[PageDone], None] | None = None,
    patience: float = _PATIENCE,
) -> SyncReport:
    """Bring the warehouse to where the source is, within the request.

    Whatever is committed stays, also when this raises or the process dies: the same request goes on from there.
    `on_page` is called after each committed page, by one thread at a time. `patience` is how many seconds to wait
    for another process that reads the same. A resource that the tenant does not grant is no error: the certificate
    says so, without a request where the token already does.

    Raises:
        SyncFailed: the read could not be brought to its end, or asks for what does not exist.
        QuarantineThresholdExceeded: too many rows of a page are broken.
        WindowBusy: another living process reads the same.
        ServiceTitanError: the API refused, or could not be reached for longer than the client is patient.
        WarehouseError, psycopg.Error: the same for the database.
    """
    if request.window is not None and not request.resource.is_dated:
        raise SyncFailed(
            f"{request.resource.name} is a {request.resource.load_mode.value}, which has no windows",
            f"tenant {request.tenant.name}, window {request.window}",
            "Ask for it without a window.",
        )
    began, calls = time.perf_counter(), client.calls
    now = client.server_now()
    tally = Tally()
    try:
        if not is_granted(request.resource, client):
            outcome = Outcome(Certificate.NOT_GRANTED, 0, 0, known_until=now)
        else:
            with Desk() as desk:
                site = Site(
                    tenant=request.tenant,
                    resource=request.resource,
                    database=database,
                    run_id=request.run_id,
                    on_page=on_page,
                    tally=tally,
                    decoder=Decoder(request.resource),
                    desk=desk,
                )
                outcome = _WAYS[request.resource.load_mode](site, client, request, now=now, patience=patience)
    except NotGranted as error:
        outcome = Outcome(Certificate.NOT_GRANTED, 0, 0, known_until=now)
        tally.note(f"ServiceTitan refused to go on: {error.what}.")
    reach(Failpoint.BEFORE_REPORT)
    tenant_id, name, scope = request.tenant.tenant_id, request.resource.name, request.resource.scope
    granted = outcome.certificate is not Certificate.NOT_GRANTED
    with database.connection() as connection:
        note_grant(connection, tenant_id, name, scope, granted=granted, at=now)
        if granted:
            certified = outcome.certificate is Certificate.CERTIFIED
            note_read(connection, tenant_id, name, at=outcome.known_until, certified=certified)
            prune_lanes(connection, tenant_id, name)
        version = resource_state(connection, tenant_id, name).last_changed_seq
    if not granted:
        tally.note(f"Not granted: add the scope {scope} to the app in ServiceTitan's developer portal.")
    refresh_statistics(database, request.resource)
    return report_of(
        request.tenant.name,
        request.resource.name,
        request.window,
        tally,
        outcome,
        calls=client.calls - calls,
        data_version=version,
        started_at=now,
        seconds=time.perf_counter() - began,
    )


def is_granted(resource: Resource, client: ServiceTitanClient) -> bool:
    """Whether the token lets us read `resource`; a token that names no scopes at all leaves that to the API."""
    scopes = client.scopes()
    return not scopes or resource.scope in scopes
