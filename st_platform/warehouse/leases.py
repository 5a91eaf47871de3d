"""Leases: at most one process reads a thing at a time, and one that lost its lease cannot commit.

A lease is a row with an epoch that grows with every change of hands. Whoever commits work names its epoch in the
same transaction; a process that was stopped past its lease and woken again finds the epoch gone. A holder on this
machine that is dead is replaced at once, any other when its time has run out. Times are the database's.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg

from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import FencedOut, LeaseHeld, WarehouseError

LEASE_TIME = timedelta(seconds=60)

_ACQUIRE = """
    INSERT INTO platform.leases AS l (tenant_id, resource, scope, holder, host, pid, epoch, expires_at)
    VALUES (%(tenant)s, %(resource)s, %(scope)s, %(holder)s, %(host)s, %(pid)s, 1, clock_timestamp() + %(time)s)
    ON CONFLICT (tenant_id, resource, scope) DO UPDATE
    SET holder = excluded.holder, host = excluded.host, pid = excluded.pid, epoch = l.epoch + 1,
        expires_at = excluded.expires_at, acquired_at = clock_timestamp()
    WHERE l.expires_at <= clock_timestamp() OR l.epoch = %(dead)s
    RETURNING epoch
"""
_HOLDER = """
    SELECT holder, host, pid, epoch, acquired_at FROM platform.leases
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND scope = %(scope)s
"""
_RENEW = """
    UPDATE platform.leases SET expires_at = clock_timestamp() + %(time)s
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND scope = %(scope)s AND epoch = %(epoch)s
"""
# The row stays: its epoch must never be given out twice.
_RELEASE = """
    UPDATE platform.leases SET expires_at = clock_timestamp()
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND scope = %(scope)s AND epoch = %(epoch)s
"""
FENCE = """
    SELECT FROM platform.leases
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND scope = %(scope)s AND epoch = %(epoch)s
    FOR KEY SHARE
"""
"""Locks the lease against a takeover until the transaction ends; renewal goes on beside it."""

_CLOCK_TOLERANCE = 10.0  # seconds by which a process's start may seem to move when the clock is set


@dataclass(frozen=True)
class Lease:
    """A held lease. Work guarded by it names `epoch`; a takeover raises the epoch and fences us out."""

    tenant_id: int
    resource: str
    scope: str
    holder: str
    epoch: int

    @property
    def parameters(self) -> dict[str, int | str]:
        """For statements that contain `FENCE`."""
        return {"tenant": self.tenant_id, "resource": self.resource, "scope": self.scope, "epoch": self.epoch}


def acquire_lease(
    connection: psycopg.Connection, tenant_id: int, resource: str, scope: str, *, lease_time: timedelta = LEASE_TIME
) -> Lease:
    """Take the lease: free, expired, or held by a process of this machine that is dead. Commits by itself or with
    the caller's transaction; other processes see it from then on.

    Raises:
        LeaseHeld: with the process that holds it, and since when.
    """
    holder = f"{_started_at(os.getpid()):.2f}-{uuid4().hex[:8]}"
    values = {
        "tenant": tenant_id,
        "resource": resource,
        "scope": scope,
        "holder": holder,
        "host": this_host(),
        "pid": os.getpid(),
        "time": lease_time,
        "dead": -1,
    }
    while True:
        row = connection.execute(_ACQUIRE, values).fetchone()
        if row is not None:
            return Lease(tenant_id, resource, scope, holder, int(row[0]))
        found = connection.execute(_HOLDER, values).fetchone()
        if found is None:
            continue
        other, host, pid, epoch, acquired_at = found
        if host != values["host"] or _is_alive(int(pid), str(other)) or values["dead"] == epoch:
            raise _held(resource, scope, host=str(host), pid=int(pid), since=acquired_at)
        values["dead"] = int(epoch)


def renew_lease(connection: psycopg.Connection, lease: Lease, *, lease_time: timedelta = LEASE_TIME) -> None:
    """Push the expiry out.

    Raises:
        FencedOut: it is ours no more.
    """
    if not connection.execute(_RENEW, {**lease.parameters, "time": lease_time}).rowcount:
        raise fenced_out(lease)


def release_lease(connection: psycopg.Connection, lease: Lease) -> None:
    """Give it back; no error if it was taken over meanwhile."""
    connection.execute(_RELEASE, lease.parameters)


def check_lease(connection: psycopg.Connection, lease: Lease) -> None:
    """Fence: until the transaction ends no takeover can slip in.

    Raises:
        FencedOut: the lease has another epoch by now.
    """
    if not connection.execute(FENCE, lease.parameters).rowcount:
        raise fenced_out(lease)


@contextmanager
def holding(
    database: Database, tenant_id: int, resource: str, scope: str, *, lease_time: timedelta = LEASE_TIME
) -> Generator[Lease]:
    """Hold a lease for a block: renewed in the background, given back at the end.

    Raises:
        LeaseHeld: somebody else holds it.
    """
    with database.autocommit() as connection:
        lease = acquire_lease(connection, tenant_id, resource, scope, lease_time=lease_time)
    done = threading.Event()
    keeper = threading.Thread(
        target=_keep, args=(database, lease, lease_time, done), name=f"lease {resource} {scope}", daemon=True
    )
    keeper.start()
    try:
        yield lease
    finally:
        done.set()
        keeper.join()
        with suppress(psycopg.Error, WarehouseError), database.autocommit() as connection:
            release_lease(connection, lease)  # if the database is away, the lease runs out by itself


def fenced_out(lease: Lease) -> FencedOut:
    return FencedOut(
        "another process took over this read",
        f"tenant {lease.tenant_id}, {lease.resource}, {lease.scope}, epoch {lease.epoch}",
        "Nothing to do: the other process goes on from the last committed page.",
    )


@cache
def this_host() -> str:
    """This machine, boot and process namespace: where a process id means what it says."""
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(os.readlink(path) if path.endswith("pid") else Path(path).read_text().strip())
        except OSError:
            continue
    return "/".join(parts)


def _keep(database: Database, lease: Lease, lease_time: timedelta, done: threading.Event) -> None:
    while not done.wait(lease_time.total_seconds() / 4):
        try:
            with database.autocommit() as connection:
                renew_lease(connection, lease, lease_time=lease_time)
        except FencedOut:
            return  # the next page's commit says so
        except (psycopg.Error, WarehouseError):
            continue  # the database may come back before the lease runs out


def _held(resource: str, scope: str, *, host: str, pid: int, since: datetime) -> LeaseHeld:
    return LeaseHeld(
        f"{resource} is being read by process {pid} on {host.split('/')[0]} since {since:%Y-%m-%d %H:%M:%S} UTC",
        scope,
        "Wait for it to finish; a lease whose process is gone frees itself.",
    )


def _started_at(pid: int) -> float:
    return psutil.Process(pid).create_time()


def _is_alive(pid: int, holder: str) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - float(holder.split("-")[0])) < _CLOCK_TOLERANCE
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, ValueError):
        return True
