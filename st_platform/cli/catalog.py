"""`resources` and `tenants`: what can be read, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from st_platform.cli.output import Json, note, print_json, print_table

if TYPE_CHECKING:
    from st_platform.servicetitan.catalog import Resource


def register(app: typer.Typer) -> None:
    app.command()(resources)
    app.command()(tenants)


def resources(as_json: Json = False) -> None:
    """List the resources of the catalog, and for each tenant whether it may be read, as far as that is known."""
    from st_platform.servicetitan.catalog import CATALOG

    granted = _granted_by_tenant()
    entries = [
        _entry(item, {name: grants.get(item.name) for name, grants in granted.items()}) for item in CATALOG.values()
    ]
    if as_json:
        print_json(entries)
        return
    columns = ("name", "module", "kind", "load_mode", "cadence", "late after", "owner", "scope", "key", "removed rows")
    rows = [
        (
            *(entry[column] for column in columns[:5]),
            f"{_short(entry['warn_after_seconds'])} / {_short(entry['fail_after_seconds'])}",
            entry["owner"],
            entry["scope"],
            ", ".join(entry["key"]),
            entry["deletion_signal"],
            _granted_text(entry["granted"]),
        )
        for entry in entries
    ]
    print_table(None, (*columns, "granted"), rows)


def _granted_text(granted: dict[str, bool | None]) -> str:
    """`yes` or `not known` if that holds for all tenants, else what holds for each."""
    words = {name: _GRANTED[may] for name, may in granted.items()} or {"": "not known"}
    if len(set(words.values())) == 1 and "no" not in words.values():
        return next(iter(words.values()))
    return ", ".join(f"{name} {word}" for name, word in words.items())


_GRANTED = {True: "yes", False: "no", None: "not known"}


def _entry(item: Resource, granted: dict[str, bool | None]) -> dict[str, Any]:
    from st_platform.orchestration.wording import deletion_signal, endpoint_kind

    return {
        "name": item.name,
        "module": item.module,
        "kind": endpoint_kind(item),
        "load_mode": item.load_mode.value,
        "cadence": item.cadence.value,
        "warn_after_seconds": int(item.cadence.warn_after.total_seconds()),
        "fail_after_seconds": int(item.cadence.fail_after.total_seconds()),
        "owner": item.owner,
        "scope": item.scope,
        "key": list(item.key),
        "deletion_signal": deletion_signal(item),
        "columns": len(item.columns),
        "granted": granted,
        "description": item.description,
    }


def _short(seconds: int) -> str:
    """A limit in one unit: `30 min`, `4 h`, `8 d`."""
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 3 * 86_400 else f"{seconds // 86_400} d"


def _granted_by_tenant() -> dict[str, dict[str, bool]]:
    """By tenant name, what its app was found to be granted. Starts no server and needs none.

    The catalog is the same whoever the tenants are, so it is listed without them when they cannot be read.
    """
    from st_platform.cli.database import running_url
    from st_platform.orchestration.grants import read_grants
    from st_platform.settings import TenantsFileMissing, load_settings, load_tenants
    from st_platform.tenants_file import SettingsError

    settings = load_settings()
    try:
        tenants = load_tenants(settings)
    except TenantsFileMissing:
        return {}
    except SettingsError:
        note("What is granted is not shown: the tenants file has problems, `st-platform tenants` lists them.")
        return {}
    known = read_grants(running_url(settings))
    return {
        name: {resource: may for (tenant_id, resource), may in known.items() if tenant_id == tenant.tenant_id}
        for name, tenant in tenants.items()
    }


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
