"""Tenants as the warehouse knows them: id, name and time zone, for the models' business days. No credentials."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from st_platform.servicetitan.tenant import Tenant


def register(connection: psycopg.Connection, tenants: Iterable[Tenant]) -> None:
    """Insert or update `platform.tenants`. Tenants that are no longer configured stay, as do their rows."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO platform.tenants (tenant_id, name, timezone, start_date) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, timezone = excluded.timezone,"
            " start_date = excluded.start_date, updated_at = now()"
            " WHERE (tenants.name, tenants.timezone, tenants.start_date)"
            " IS DISTINCT FROM (excluded.name, excluded.timezone, excluded.start_date)",
            [(tenant.tenant_id, tenant.name, tenant.timezone.key, tenant.start_date) for tenant in tenants],
        )
