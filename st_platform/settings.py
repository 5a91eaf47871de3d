"""What the platform is told from outside: the environment, `.env`, a secrets folder and `tenants.toml`.

Knows how a setting is written, read and checked, and says everything that is wrong in one message without ever
showing a value that may be secret. Reads nothing at import; the catalog, Dagster and HTTP are not its business.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from st_platform.servicetitan.tenant import Tenant
from st_platform.tenants_file import Problem, SettingsError, parse_tenants, reason_of


class TenantsFileMissing(SettingsError):
    """There is no tenants file yet: nothing is wrong with it, but nothing can be extracted."""


class Settings(BaseSettings):
    """Everything but the tenants. Each name is also read from `.env` and from a file in the secrets folder."""

    model_config = SettingsConfigDict(
        env_prefix="ST_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    dagster_database_url: str | None = Field(default=None, validation_alias="DAGSTER_DATABASE_URL", repr=False)
    state_dir: Path = Path(".st_platform")
    tenants_file: Path = Path("tenants.toml")
    secrets_dir: Path = Path("/run/secrets")
    alert_url: SecretStr | None = None
    dagster_url: str = "http://127.0.0.1:3000"
    schedules: Literal["running", "stopped"] = "running"
    project_dir: Path | None = None

    @field_validator("database_url", "dagster_database_url")
    @classmethod
    def _is_postgres(cls, url: str | None) -> str | None:
        if url is not None and not _is_postgres_url(url):
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        return url

    @field_validator("dagster_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not re.match(r"https?://[^/]", url):
            raise ValueError("must look like http://127.0.0.1:3000")
        return url.rstrip("/")

    @property
    def embedded_dir(self) -> Path:
        """Where the embedded server keeps its data."""
        return self.state_dir.absolute() / "postgres"

    @property
    def dagster_home(self) -> Path:
        return self.state_dir.absolute() / "dagster"

    @property
    def project(self) -> Path:
        """The folder that holds `dbt_project/` and `dagster.yaml`."""
        candidates = [self.project_dir] if self.project_dir else [Path.cwd(), Path(__file__).parents[1]]
        return next(
            (path.absolute() for path in candidates if (path / "dbt_project").is_dir()), candidates[0].absolute()
        )


_READ_FROM = {"database_url": "DATABASE_URL", "dagster_database_url": "DAGSTER_DATABASE_URL"}


def load_settings(*, env_file: Path = Path(".env")) -> Settings:
    """The settings of this process; the environment wins over `.env`, `.env` over the secrets folder.

    Raises:
        SettingsError: naming every variable that cannot be used.
    """
    lookup = _Lookup.of(env_file)
    secrets = lookup.secrets_dir if lookup.secrets_dir.is_dir() else None
    try:
        return Settings(_env_file=env_file, _secrets_dir=secrets)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError([_settings_problem(item) for item in error.errors(include_input=False)]) from None


def _settings_problem(item: Mapping[str, Any]) -> Problem:
    field = str(item["loc"][0])
    variable = _READ_FROM.get(field, field if field.isupper() else f"ST_{field.upper()}")
    return Problem(
        f"{variable} cannot be used: {reason_of(item)}",
        "environment, .env or secrets folder",
        "`.env.example` shows an example of each.",
    )


# --------------------------------------------------------------------------------------------------- the database


def database_url(settings: Settings) -> str:
    """`DATABASE_URL`, or the address of the embedded server, started now if it does not run yet."""
    if settings.database_url:
        return settings.database_url
    from st_platform.warehouse.embedded import EmbeddedPostgres

    return EmbeddedPostgres(settings.embedded_dir).start()


def dagster_database_url(settings: Settings, url: str) -> str:
    """Where Dagster keeps its own records: a database beside the warehouse, `<name>_dagster`, unless told otherwise."""
    if settings.dagster_database_url:
        return settings.dagster_database_url
    parts = urlsplit(url)
    name = parts.path.strip("/") or "postgres"
    return urlunsplit(parts._replace(scheme="postgresql", path=f"/{name}_dagster"))


def dagster_environment(settings: Settings, url: str) -> dict[str, str]:
    """What a Dagster or dbt process needs to find the same warehouse, tenants and state; paths are absolute.

    Nothing is started or written here; the caller lays it over its own environment.
    """
    project = settings.project
    environment = {
        "DATABASE_URL": url,
        "DAGSTER_PG_URL": dagster_database_url(settings, url),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "ST_COMPUTE_LOG_DIR": str(settings.dagster_home / "compute_logs"),
        "DAGSTER_EVENT_BATCH_SIZE": os.environ.get("DAGSTER_EVENT_BATCH_SIZE", "1000"),
        "DO_NOT_TRACK": "1",
        "DBT_PROJECT_DIR": str(project / "dbt_project"),
        "DBT_PROFILES_DIR": str(project / "dbt_project"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "ST_STATE_DIR": str(settings.state_dir.absolute()),
        "ST_TENANTS_FILE": str(settings.tenants_file.absolute()),
        "ST_SECRETS_DIR": str(settings.secrets_dir),
        "ST_PROJECT_DIR": str(project),
        "ST_DAGSTER_URL": settings.dagster_url,
        "ST_SCHEDULES": settings.schedules,
        "PATH": _with_our_programs(os.environ.get("PATH", os.defpath)),
        "NO_PROXY": _with_loopback(os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""),
    }
    environment["no_proxy"] = environment["NO_PROXY"]
    if settings.alert_url:
        environment["ST_ALERT_URL"] = settings.alert_url.get_secret_value()
    return environment | _dbt_connection(url)


def _dbt_connection(url: str) -> dict[str, str]:
    """The pieces of the URL that `profiles.yml` reads; libpq itself reads the `PG…` ones."""
    from psycopg.conninfo import conninfo_to_dict

    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    pieces = {
        "ST_DB_HOST": parts.get("host", "127.0.0.1"),
        "ST_DB_PORT": parts.get("port", "5432"),
        "ST_DB_USER": parts.get("user", "postgres"),
        "ST_DB_PASSWORD": parts.get("password", ""),
        "ST_DB_NAME": parts.get("dbname", "postgres"),
    }
    passed_on = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
    return pieces | {variable: parts[name] for name, variable in passed_on.items() if name in parts}


def _is_postgres_url(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"postgresql", "postgres"}
    except ValueError:
        return False


def _with_our_programs(path: str) -> str:
    """`path` beginning with the folder of this Python: Dagster looks for `dbt` there, activated or not."""
    ours = str(Path(sys.executable).parent)
    return path if path.split(os.pathsep)[0] == ours else os.pathsep.join((ours, path))


def _with_loopback(no_proxy: str) -> str:
    """`no_proxy` with the loopback names added: a proxy never sees what stays on this machine."""
    names = [name.strip() for name in no_proxy.split(",") if name.strip()]
    return ",".join([*names, *(name for name in ("127.0.0.1", "localhost", "::1") if name not in names)])


# ---------------------------------------------------------------------------------------------------- the tenants


@dataclass(frozen=True)
class _Lookup:
    """Where `${NAME}` is looked up: environment, then `.env`, then a file called NAME in the secrets folder."""

    environ: Mapping[str, str]
    dotenv: Mapping[str, str | None]
    secrets_dir: Path

    @classmethod
    def of(cls, env_file: Path, secrets_dir: Path | None = None) -> _Lookup:
        dotenv = dotenv_values(env_file) if env_file.is_file() else {}
        named = os.environ.get("ST_SECRETS_DIR") or dotenv.get("ST_SECRETS_DIR") or "/run/secrets"
        return cls(os.environ, dotenv, secrets_dir or Path(named))

    def __call__(self, name: str) -> str | None:
        """The value, or None when it is nowhere or empty: an empty secret is a forgotten one."""
        found = self.environ.get(name) or self.dotenv.get(name)
        if found:
            return found
        file = self.secrets_dir / name
        try:
            return file.read_text("utf-8").strip() or None if file.is_file() else None
        except (OSError, UnicodeDecodeError):
            return None


def load_tenants(settings: Settings | None = None, *, env_file: Path = Path(".env")) -> dict[str, Tenant]:
    """Every tenant of the tenants file by name, in the order of the file.

    Raises:
        TenantsFileMissing: there is no such file.
        SettingsError: with every problem of every tenant.
    """
    settings = settings or load_settings(env_file=env_file)
    path = settings.tenants_file
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TenantsFileMissing(
            [
                Problem(
                    "there is no tenants file",
                    str(path),
                    "Copy tenants.example.toml to it, or point ST_TENANTS_FILE at yours.",
                )
            ]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else _without_values(error)
        raise SettingsError(
            [Problem(f"the tenants file cannot be read: {reason}", str(path), "See tenants.example.toml.")]
        ) from None
    return parse_tenants(document, str(path), _Lookup.of(env_file, settings.secrets_dir))


def _without_values(error: tomllib.TOMLDecodeError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    place = re.search(r"\(at [^)]*\)", str(error))
    return f"not valid TOML {place.group() if place else ''}".strip()
