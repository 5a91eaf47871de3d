"""`resources` and `tenants`: what can be read, and for whom."""

from __future__ import annotations

from typing import Any

import typer

from st_platform.cli.output import Json, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command()(resources)
    app.command()(tenants)


def resources(as_json: Json = False) -> None:
    """List the resources of the catalog."""
    from st_platform.servicetitan.catalog import CATALOG, Resource

    def entry(item: Resource) -> dict[str, Any]:
        return {
            "name": item.name,
            "module": item.module,
            "load_mode": item.load_mode.value,
            "cadence": item.cadence.value,
            "owner": item.owner,
            "scope": item.scope,
            "key": list(item.key),
            "columns": len(item.columns),
            "description": item.description,
        }

    entries = [entry(item) for item in CATALOG.values()]
    if as_json:
        print_json(entries)
        return
    columns = ("name", "module", "load_mode", "cadence", "owner", "scope", "description")
    print_table(None, columns, ([item[column] for column in columns] for item in entries))


def tenants(as_json: Json = False) -> None:
    """List the tenants of tenants.toml, without their secrets."""
    from st_platform.settings import load_tenants

    entries = [
        {
            "name": tenant.name,
            "tenant_id": tenant.tenant_id,
            "environment": tenant.environment.value,
            "api_url": tenant.endpoints.api_url,
            "timezone": tenant.timezone.key,
            "start_date": tenant.start_date,
            "requests_per_second": tenant.requests_per_second,
        }
        for tenant in load_tenants().values()
    ]
    if as_json:
        print_json(entries)
        return
    columns = ("name", "tenant_id", "environment", "api_url", "timezone", "start_date", "requests_per_second")
    print_table(None, columns, ([str(item[column]) for column in columns] for item in entries))
