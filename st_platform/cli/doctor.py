"""`doctor`: is everything in place? One line per question, each with its fix.

Asks, never repairs; a server that it had to start to ask is stopped again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer
from rich.text import Text

from st_platform.cli.output import Json, print_json, stdout

if TYPE_CHECKING:
    from st_platform.servicetitan.catalog import Resource
    from st_platform.servicetitan.client import ServiceTitanClient
    from st_platform.servicetitan.tenant import Tenant
    from st_platform.settings import Settings

OLDEST_POSTGRES = 150_000
SKEW_SECONDS = 60.0


@dataclass(frozen=True)
class Finding:
    """The answer to one question. `fix` is empty when there is nothing to do."""

    subject: str
    state: str
    detail: str
    fix: str = ""

    @property
    def wrong(self) -> bool:
        return self.state == "wrong"


def ok(subject: str, detail: str) -> Finding:
    return Finding(subject, "ok", detail)


def warning(subject: str, detail: str, fix: str) -> Finding:
    return Finding(subject, "warning", detail, fix)


def wrong(subject: str, detail: str, fix: str) -> Finding:
    return Finding(subject, "wrong", detail, fix)


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Check settings, database, API credentials and scopes, dbt, ports and alerts; exit 1 if anything is wrong."""
    findings: list[Finding] = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            _show(finding)
    bad = sum(finding.wrong for finding in findings)
    if as_json:
        print_json({"healthy": not bad, "findings": findings})
    else:
        stdout().print(f"{bad} of {len(findings)} to repair" if bad else "everything is in place", style="bold")
    if bad:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    style = {"ok": "green", "warning": "yellow", "wrong": "bold red"}[finding.state]
    line = Text.assemble((f"{finding.state:<8}", style), f"{finding.subject:<24} {finding.detail}")
    if finding.fix:
        line.append(f"  → {finding.fix}", style="bold")
    stdout().print(line, soft_wrap=True)


def examine() -> Iterator[Finding]:
    """Every finding, as soon as it is known."""
    from st_platform.settings import load_settings
    from st_platform.tenants_file import SettingsError

    try:
        settings = load_settings()
    except SettingsError as error:
        yield from (wrong("settings", f"{problem.what} ({problem.where})", problem.fix) for problem in error.problems)
        return
    yield ok("settings", f"state in {settings.state_dir.absolute()}")
    yield from unknown_variables(os.environ)
    yield from check_database(settings)
    yield from check_tenants(settings)
    yield from check_dbt(settings)
    yield check_port(settings.dagster_url)
    yield check_alert_url(settings)


# Read by other parts of the platform or by its tests.
_OTHER_VARIABLES = (
    *("ST_DB_HOST", "ST_DB_PORT", "ST_DB_USER", "ST_DB_PASSWORD", "ST_DB_NAME", "ST_DB_ROLE"),
    *(
        "ST_DBT_TARGET",
        "ST_DBT_THREADS",
        "ST_DBT_DEV_NAME",
        "ST_COMPUTE_LOG_DIR",
        "ST_OPENAPI_DIR",
        "ST_FAILPOINT",
        "ST_DEBUG",
        "ST_TEST_DATABASE_URL",
    ),
)


def unknown_variables(names: Iterable[str]) -> Iterator[Finding]:
    """A variable that looks like a setting but is none is a typing error that nobody would notice."""
    from st_platform.settings import Settings

    known = [f"ST_{field.upper()}" for field in Settings.model_fields] + list(_OTHER_VARIABLES)
    for name in sorted(names):
        near = get_close_matches(name, known, n=1, cutoff=0.8)
        if name.startswith("ST_") and name not in known and near:
            yield warning("settings", f"{name} is not a setting", f"Did you mean {near[0]}?")


def check_database(settings: Settings) -> Iterator[Finding]:
    """The server answers, is new enough and has been migrated."""
    from st_platform.cli.database import database_facts

    if settings.database_url:
        yield from judge_database(database_facts(settings.database_url), "DATABASE_URL")
        return
    from st_platform.warehouse.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(settings.embedded_dir)
    was_running = server.status().running
    try:
        yield from judge_database(database_facts(server.start()), "embedded")
    except Exception as error:
        if not hasattr(error, "fix"):
            raise
        yield wrong("database", str(error), "")
    finally:
        if not was_running:
            server.stop()


def judge_database(facts: Mapping[str, object], source: str) -> Iterator[Finding]:
    if not facts["answers"]:
        reason = " ".join(str(facts["reason"]).split())
        yield wrong("database", f"{source} does not answer: {reason}", "Check DATABASE_URL and that the server runs.")
        return
    version = facts["version_number"]
    if isinstance(version, int) and version < OLDEST_POSTGRES:
        yield wrong("database", f"PostgreSQL {facts['version']} is too old", "Use PostgreSQL 15 or newer.")
        return
    state = "migrated" if facts["migrated"] else "empty; the first command migrates it"
    yield ok("database", f"{source}, PostgreSQL {facts['version']}, {facts['size']}, {state}")


def check_tenants(settings: Settings) -> Iterator[Finding]:
    """The tenants file is right, and each tenant's credentials open what the catalog reads."""
    from st_platform.cli.retries import announce_retries
    from st_platform.servicetitan.catalog import CATALOG
    from st_platform.settings import load_tenants
    from st_platform.tenants_file import SettingsError

    announce_retries()
    try:
        tenants = load_tenants(settings)
    except SettingsError as error:
        yield from (wrong("tenants", f"{problem.what} ({problem.where})", problem.fix) for problem in error.problems)
        return
    yield ok("tenants", f"{', '.join(tenants)} in {settings.tenants_file}")
    for tenant in tenants.values():
        yield from check_access(tenant, list(CATALOG.values()))


def check_access(tenant: Tenant, resources: list[Resource]) -> Iterator[Finding]:
    """A token can be had, and the app key is accepted; resources whose scope the token lacks are listed.

    Those are no defect of ours and nothing fails for them, so they are told, and nothing more.
    """
    from st_platform.ingest.sync import is_granted
    from st_platform.orchestration.grants import GRANT
    from st_platform.servicetitan.auth import TokenCache
    from st_platform.servicetitan.client import RetryPolicy, ServiceTitanClient
    from st_platform.servicetitan.errors import ServiceTitanError
    from st_platform.servicetitan.rate_limit import Unlimited

    subject = f"API of {tenant.name}"
    quick = RetryPolicy(tries=2, longest_wait=10.0)
    with ServiceTitanClient(tenant, Unlimited(), deadline=30.0, policy=quick, tokens=TokenCache()) as client:
        try:
            readable = [item for item in resources if is_granted(item, client)]
            missing = [item for item in resources if item not in readable]
            yield from (
                warning(subject, f"{item.name} is not granted: scope {item.scope} is missing", GRANT)
                for item in missing
            )
            yield _probe(client, subject, readable)
        except ServiceTitanError as error:
            yield wrong(subject, f"{error.what} ({error.where})", error.fix)
            return
        yield from _judge_clock(client, subject)


def _probe(client: ServiceTitanClient, subject: str, readable: list[Resource]) -> Finding:
    """One small request: a token alone does not show that the app key and the tenant id are right."""
    from st_platform.orchestration.grants import GRANT
    from st_platform.servicetitan.catalog import IdsFilter

    lists = [item.list for item in readable if item.list and item.list.ids is not IdsFilter.REQUIRED]
    if not lists:
        return wrong(subject, "credentials accepted, but no resource can be read", GRANT)
    client.get(lists[0].path, {"page": 1, "pageSize": 1})
    return ok(subject, f"credentials accepted, {len(readable)} resources readable")


def _judge_clock(client: ServiceTitanClient, subject: str) -> Iterator[Finding]:
    from datetime import UTC, datetime

    skew = abs((client.server_now() - datetime.now(UTC)).total_seconds())
    if skew > SKEW_SECONDS:
        yield warning(subject, f"its clock is {skew:,.0f} s from ours", "Synchronize this machine's clock.")


def check_dbt(settings: Settings) -> Iterator[Finding]:
    """The dbt project can be read, and its seeds are as they should be."""
    from st_platform.cli.launch import prepare_manifest
    from st_platform.cli.output import CommandFailed
    from st_platform.seed_files import seed_problems
    from st_platform.settings import dagster_environment

    url = settings.database_url or "postgresql://unused@127.0.0.1:5432/unused"
    try:
        prepare_manifest(settings, dagster_environment(settings, url))
    except CommandFailed as failure:
        yield wrong("dbt", f"{failure.what} ({failure.where})", failure.fix)
        return
    project = settings.project / "dbt_project"
    yield ok("dbt", f"project in {project}")
    for problem in seed_problems(project):
        yield wrong("dbt", f"{problem.what} ({problem.where})", problem.fix)


def check_port(dagster_url: str, *, is_dagster: Callable[[str], bool] | None = None) -> Finding:
    """The port of the UI is free, or Dagster already answers there."""
    from st_platform.cli.processes import answers, is_free

    parts = urlsplit(dagster_url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if (is_dagster or answers)(f"{dagster_url}/server_info"):
        return ok("Dagster", f"answers at {dagster_url}")
    if not local:
        return wrong("Dagster", f"does not answer at {dagster_url}", "Start it, or correct ST_DAGSTER_URL.")
    if is_free(port):
        return ok("Dagster", f"not running; port {port} is free")
    return wrong("Dagster", f"port {port} is taken by another program", "Set ST_DAGSTER_URL to another port.")


def check_alert_url(settings: Settings) -> Finding:
    """Alerts have a channel, and the channel's address can be understood."""
    if settings.alert_url is None:
        fix = "Set ST_ALERT_URL, for example to slack://… or mailto://…"
        return warning("alerts", "no channel: failures show in the UI only", fix)
    from apprise import Apprise

    if not Apprise().add(settings.alert_url.get_secret_value()):
        return wrong(
            "alerts", "ST_ALERT_URL is not an address that Apprise knows", "Example: slack://TokenA/TokenB/TokenC."
        )
    return ok("alerts", "the channel's address is understood")
