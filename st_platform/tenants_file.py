"""`tenants.toml` as written by a person, turned into tenants or into a list of everything that is wrong with it.

Pure: takes a decoded document and a way to look names up, opens no file and no connection. A message never holds a
value of the document, because any of them may be a secret in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from st_platform.servicetitan.tenant import ENDPOINTS, Credentials, Endpoints, Environment, Tenant

API_LIMIT_PER_SECOND = 60
"""Requests per second that ServiceTitan grants one app on one tenant."""

OLDEST_START = date(2007, 1, 1)
"""ServiceTitan holds nothing older; an earlier start date is a typing error and thousands of empty partitions."""

TOKEN_PATH = "/connect/token"  # noqa: S105 - a path, not a secret


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where it is read from and what to do. Never holds a value."""

    what: str
    where: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} ({self.where}). {self.fix}"


class SettingsError(Exception):
    """Settings that cannot be used; `problems` lists all of them, not just the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def parse_tenants(document: Mapping[str, Any], where: str, lookup: Callable[[str], str | None]) -> dict[str, Tenant]:
    """The tenants of a decoded tenants file; `where` names the file in messages."""
    problems = [
        Problem(f"unknown table [{name}]", where, "A tenant is a table [tenants.<name>].")
        for name in document
        if name != "tenants"
    ]
    tables = document.get("tenants")
    if not isinstance(tables, Mapping) or not tables:
        problems.append(
            Problem("no tenant is defined", where, "Add a table [tenants.<name>], see tenants.example.toml.")
        )
        raise SettingsError(problems)

    tenants: dict[str, Tenant] = {}
    holders: dict[int, str] = {}
    for name, table in tables.items():
        tenant, found = _parse_tenant(str(name), table, f"{where} [tenants.{name}]", lookup)
        problems += found
        tenant_id = table.get("tenant_id") if isinstance(table, Mapping) else None
        identity = tenant.tenant_id if tenant else tenant_id if type(tenant_id) is int else None
        if identity is not None and identity in holders:
            problems.append(
                Problem(
                    f"tenant_id is the same as that of {holders[identity]}",
                    f"{where} [tenants.{name}]",
                    "Each tenant may appear once: its id leads every key in the warehouse.",
                )
            )
        elif identity is not None:
            holders[identity] = str(name)
        if tenant:
            tenants[tenant.name] = tenant
    if problems:
        raise SettingsError(problems)
    return tenants


_NAME = re.compile(r"[a-z0-9_]{1,63}")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRETS = ("client_secret", "app_key")


def _parse_tenant(
    name: str, table: object, where: str, lookup: Callable[[str], str | None]
) -> tuple[Tenant | None, list[Problem]]:
    if not _NAME.fullmatch(name):
        fix = "Use lower-case letters, digits and underscores: the name becomes part of asset keys."
        return None, [Problem("the tenant's name cannot be used", where, fix)]
    if not isinstance(table, Mapping):
        return None, [Problem("this is not a table", where, "Write [tenants.<name>] and its keys below.")]

    values, problems = _substitute(table, where, lookup)
    if not _is_local(values):
        problems += _secrets_in_clear(name, table, where)
    try:
        entry = _TenantEntry.model_validate(values)
    except ValidationError as error:
        unresolved = table.keys() - values.keys()
        for item in error.errors(include_input=False):
            if not (item["type"] == "missing" and item["loc"][0] in unresolved):
                problems.append(_tenant_problem(item, where))
        return None, problems
    endpoints, wrong = _endpoints(entry, where)
    problems += wrong
    if entry.start_date > datetime.now(UTC).date() and not _is_local(values):
        problems.append(
            Problem("start_date is in the future", where, "Give the first day to see as its own partition.")
        )
    if problems or endpoints is None:
        return None, problems
    environment, addresses = endpoints
    return (
        Tenant(
            name=name,
            tenant_id=entry.tenant_id,
            environment=environment,
            endpoints=addresses,
            credentials=Credentials(
                client_id=entry.client_id,
                client_secret=entry.client_secret.get_secret_value(),
                app_key=entry.app_key.get_secret_value(),
            ),
            timezone=entry.timezone,
            start_date=entry.start_date,
            requests_per_second=entry.requests_per_second,
        ),
        problems,
    )


def _substitute(
    table: Mapping[str, Any], where: str, lookup: Callable[[str], str | None]
) -> tuple[dict[str, Any], list[Problem]]:
    """`table` with every `${NAME}` replaced; a key whose name is found nowhere is left out and reported."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in table.items():
        if not isinstance(value, str):
            values[key] = value
            continue
        found = {name: lookup(name) for name in _REFERENCE.findall(value)}
        missing = [name for name, text in found.items() if not text]
        if missing:
            problems.append(
                Problem(
                    f"{key} needs {' and '.join(missing)}, which is not set",
                    where,
                    "Set it in the environment or .env, or as a file of that name in the secrets folder.",
                )
            )
        else:
            values[key] = _REFERENCE.sub(lambda match, found=found: found[match.group(1)] or "", value)
    return values, problems


def _secrets_in_clear(name: str, table: Mapping[str, Any], where: str) -> list[Problem]:
    return [
        Problem(
            f"{key} is written in clear",
            where,
            f'Write {key} = "${{{name.upper()}_{key.upper()}}}" and keep the value in .env or the secrets folder.',
        )
        for key in _SECRETS
        if key in table and not (isinstance(table[key], str) and _REFERENCE.fullmatch(table[key]))
    ]


def _tenant_id(value: object) -> object:
    """Booleans and fractions are integers to pydantic, but never a tenant."""
    if isinstance(value, bool | float):
        raise ValueError("must be a whole number")
    return value


def _timezone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value) if isinstance(value, str) and value else _refuse_timezone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _refuse_timezone()


def _refuse_timezone() -> ZoneInfo:
    raise ValueError('must be an IANA time zone such as "America/New_York"')


class _TenantEntry(BaseModel):
    """One `[tenants.<name>]` table after substitution."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True, arbitrary_types_allowed=True
    )

    tenant_id: Annotated[int, BeforeValidator(_tenant_id), Field(gt=0, lt=2**63)]
    environment: Environment | None = None
    api_url: str | None = None
    auth_url: str | None = None
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1)]
    app_key: Annotated[SecretStr, Field(min_length=1)]
    timezone: Annotated[ZoneInfo, BeforeValidator(_timezone)]
    start_date: Annotated[date, Field(ge=OLDEST_START)]
    requests_per_second: Annotated[float, Field(gt=0, le=API_LIMIT_PER_SECOND, allow_inf_nan=False)] = 50.0


_EXAMPLES = {
    "tenant_id": "tenant_id = 1001",
    "environment": 'environment = "production"  # or "integration"',
    "client_id": 'client_id = "${ACME_CLIENT_ID}"',
    "client_secret": 'client_secret = "${ACME_CLIENT_SECRET}"',
    "app_key": 'app_key = "${ACME_APP_KEY}"',
    "timezone": 'timezone = "America/New_York"',
    "start_date": "start_date = 2026-07-01",
    "requests_per_second": f"requests_per_second = 50  # at most {API_LIMIT_PER_SECOND}",
}


def _tenant_problem(item: Mapping[str, Any], where: str) -> Problem:
    key = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        near = get_close_matches(key, _TenantEntry.model_fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(_TenantEntry.model_fields)}."
        return Problem(f"unknown key {key}", where, hint)
    what = f"{key} is missing" if item["type"] == "missing" else f"{key} cannot be used: {reason_of(item)}"
    return Problem(what, where, f"Example: {_EXAMPLES.get(key, key)}")


def reason_of(item: Mapping[str, Any]) -> str:
    """Pydantic's message without its prefix. It holds limits and expected values, never the input."""
    return str(item["msg"]).removeprefix("Value error, ").rstrip(".")


# ------------------------------------------------------------------------------------------------- where to call


def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine."""
    host = _hostname(url) or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(values: Mapping[str, Any]) -> bool:
    """A simulator or test: both addresses are on loopback, so the secrets are worth nothing elsewhere."""
    urls = (values.get("api_url"), values.get("auth_url"))
    return all(isinstance(url, str) and is_loopback(url) for url in urls)


def _endpoints(entry: _TenantEntry, where: str) -> tuple[tuple[Environment, Endpoints] | None, list[Problem]]:
    """The environment and addresses of a tenant. Production and integration never mix within one tenant."""
    given = [key for key in ("api_url", "auth_url") if getattr(entry, key)]
    if not given:
        if entry.environment in ENDPOINTS:
            environment = Environment(entry.environment)
            return (environment, ENDPOINTS[environment]), []
        fix = 'Write environment = "production" or "integration", or give both api_url and auth_url.'
        return None, [Problem("environment is missing", where, fix)]
    if entry.environment in ENDPOINTS:
        fix = "Remove the URLs to use ServiceTitan's own addresses, or remove environment to use the URLs."
        return None, [Problem(f"environment is given together with {' and '.join(given)}", where, fix)]
    if not (entry.api_url and entry.auth_url):
        return None, [Problem(f"only {given[0]} is given", where, "Give both api_url and auth_url.")]
    problems = _url_problems({"api_url": entry.api_url, "auth_url": entry.auth_url}, where)
    if problems:
        return None, problems
    token_url = entry.auth_url.rstrip("/").removesuffix(TOKEN_PATH) + TOKEN_PATH
    return (Environment.CUSTOM, Endpoints(entry.api_url.rstrip("/"), token_url)), []


def _url_problems(urls: Mapping[str, str], where: str) -> list[Problem]:
    problems: list[Problem] = []
    for key, url in urls.items():
        parts = _split(url)
        if parts is None or parts.scheme not in {"http", "https"}:
            problems.append(Problem(f"{key} is not an address", where, f'Example: {key} = "https://api.example.com"'))
        elif parts.username or parts.password or parts.query or parts.fragment:
            problems.append(
                Problem(f"{key} carries more than an address", where, "Leave out user, query and fragment.")
            )
        elif parts.scheme == "http" and not is_loopback(url):
            problems.append(Problem(f"{key} is not https", where, "Credentials only travel encrypted; write https://."))
    homes = {key: _home(url) for key, url in urls.items()}
    if not problems and len(set(homes.values())) > 1 and any(homes.values()):
        fix = "Production and integration do not mix; write environment instead of the URLs."
        problems.append(Problem("api_url and auth_url belong to different environments", where, fix))
    return problems


def _home(url: str) -> Environment | None:
    """The ServiceTitan environment that `url` belongs to, if any."""
    for environment, endpoints in ENDPOINTS.items():
        if _hostname(url) in {_hostname(endpoints.api_url), _hostname(endpoints.token_url)}:
            return environment
    return None


def _hostname(url: str) -> str | None:
    parts = _split(url)
    return parts.hostname if parts else None


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute URL with a host, None when it cannot be one."""
    try:
        parts = urlsplit(url)
        usable = parts.hostname is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if usable else None
