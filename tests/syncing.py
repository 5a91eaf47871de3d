"""A bench for tests of the ingest: syncs in one line, tables and ledgers read back, truth compared.

Everything goes through the real client, a real socket and a real Postgres.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from st_platform.ingest.sync import SyncReport, SyncRequest, sync
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import Joined, Resource, resource
from st_platform.servicetitan.client import RetryPolicy, ServiceTitanClient
from st_platform.servicetitan.rate_limit import Unlimited
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from tests.simulated import Simulator

QUICK = RetryPolicy(backoff=0.01, longest_backoff=0.05, empty_page_wait=0.0)

EVERYTHING = Window(None, None)

_OWN_COLUMNS = ("_fetched_at", "_fetch_seq", "_changed_at")


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def midnight(of: date) -> datetime:
    return datetime.combine(of, time(), tzinfo=UTC)


class Bench:
    """The simulated tenants on one side, a warehouse on the other."""

    def __init__(self, simulator: Simulator, database: Database) -> None:
        self.simulator = simulator
        self.database = database

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.simulator.now[:26] + "+00:00")

    @property
    def today(self) -> Window:
        start = midnight(self.now.date())
        return Window(start, start + timedelta(days=1))

    @contextmanager
    def client(self, tenant: Tenant | None = None) -> Iterator[ServiceTitanClient]:
        with ServiceTitanClient(tenant or self.simulator.tenant, Unlimited(), policy=QUICK) as client:
            yield client

    def sync(
        self,
        name: str | Resource,
        window: Window | None = None,
        *,
        generation: str | None = None,
        tenant: Tenant | None = None,
        patience: float = 5.0,
        **more: Any,
    ) -> SyncReport:
        """One sync with a client of its own."""
        entry = resource(name) if isinstance(name, str) else name
        who = tenant or self.simulator.tenant
        request = SyncRequest(who, entry, window, generation, **more)
        with self.client(who) as client:
            return sync(request, client=client, database=self.database, patience=patience)

    def insert(self, name: str, *, tenant_id: int = 1001, **more: Any) -> int:
        """A new row at the source, like one that is there; its id."""
        like = min(self.simulator.truth(name, tenant_id=tenant_id))
        return int(self.simulator.edit(name, "insert", tenant_id=tenant_id, like=like, **more)["id"])

    def rows(self, name: str, *, tenant_id: int = 1001) -> dict[Any, dict[str, Any]]:
        """The rows of a tenant by id, or by their keys as tuples where it takes several columns."""
        query = sql.SQL("SELECT * FROM {} WHERE tenant_id = %s").format(sql.Identifier("servicetitan", name))
        with self.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return {_key(row, resource(name).key): row for row in cursor.execute(query, [tenant_id])}

    def truth(self, name: str, *, tenant_id: int = 1001) -> dict[Any, dict[str, Any]]:
        """The records that the source truly has, under the same keys as `rows`."""
        entry = resource(name)
        rows = list(self.simulator.truth(name, tenant_id=tenant_id).values())
        if entry.unnest is not None:
            carry, held = entry.unnest.carry, entry.unnest.field
            rows = [{**each, **{field: row[field] for field in carry}} for row in rows for each in row[held] or ()]
        api_names = {column.name: column.api_name for column in entry.columns}
        for column, fill in entry.filled.items():
            assert isinstance(fill, Joined)
            rows = [{**row, api_names[column]: "/".join(_dotted(row, path) for path in fill.paths)} for row in rows]
        return {_key(row, [api_names[column] for column in entry.key]): row for row in rows}

    def table_hash(self, name: str) -> str:
        """A fingerprint of all rows of all tenants, without when and by which request they came or were marked."""
        query = sql.SQL(
            "SELECT to_jsonb(t) - %s::text[] || jsonb_build_object('_deleted_at', _deleted_at IS NOT NULL) FROM {} AS t"
            " ORDER BY 1"
        ).format(sql.Identifier("servicetitan", name))
        digest = hashlib.sha256()
        with self.database.connection() as connection:
            for (row,) in connection.execute(query, [list(_OWN_COLUMNS)]):
                digest.update(json.dumps(row, sort_keys=True).encode())
        return digest.hexdigest()

    def query(self, text: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text.encode(), list(values)).fetchall()

    def lanes(self, name: str) -> list[dict[str, Any]]:
        return self.query("SELECT * FROM platform.sync_lanes WHERE resource = %s ORDER BY lane_id", name)

    def requests(self, name: str) -> list[dict[str, Any]]:
        return self.simulator.requests(name)

    def assert_true(self, name: str, *, tenant_id: int = 1001, visible_until: datetime | None = None) -> None:
        """The table holds exactly what the source holds: keys, money to the digit, instants to the microsecond.

        With `visible_until`, rows modified later may still be missing or older, as the feed hides them.
        """
        truth = self.truth(name, tenant_id=tenant_id)
        found = self.rows(name, tenant_id=tenant_id)
        columns = resource(name).columns
        time = resource(name).version or resource(name).created
        changed = next((column.api_name for column in columns if column.name == time), "")
        hidden = {
            key
            for key, row in truth.items()
            if visible_until is not None and row.get(changed) and _instant(row[changed]) > visible_until
        }
        assert set(found) - hidden == set(truth) - hidden
        for key in set(truth) - hidden:
            for column in columns:
                expected = _expected(truth[key].get(column.api_name), column.sql_type)
                assert found[key][column.name] == expected, (name, key, column.name)

    def assert_true_of(self, name: str, keys: set[Any], *, unless: set[str] | frozenset[str] = frozenset()) -> None:
        """The rows with these keys are as the source has them, in all columns but `unless`."""
        truth, found = self.truth(name), self.rows(name)
        for key in keys:
            for column in resource(name).columns:
                if column.name not in unless:
                    expected = _expected(truth[key].get(column.api_name), column.sql_type)
                    assert found[key][column.name] == expected, (name, key, column.name)


def _key(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]


def _dotted(row: Mapping[str, Any], path: str) -> str:
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "-" if value is None else str(value)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1][:26] + "+00:00")


def _expected(value: Any, sql_type: str) -> Any:
    if value is None:
        return None
    if sql_type == "timestamptz":
        return _instant(value)
    if sql_type == "date":
        return date.fromisoformat(value[:10])
    if sql_type == "numeric":
        return Decimal(str(value))
    return value
