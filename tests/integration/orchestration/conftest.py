"""Fixtures of the orchestration: two tenants in a file, the definitions Dagster loads for them, and an instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

TENANTS = ("northwind", "sunbelt")
DAYS = 120
FIRST_DAY = datetime.now(UTC).date() - timedelta(days=DAYS - 1)
"""So that there are exactly `DAYS` partitions, today's included."""


ACME = Tenant(
    name="acme",
    tenant_id=1,
    environment=Environment.CUSTOM,
    endpoints=Endpoints("http://127.0.0.1:9", "http://127.0.0.1:9/connect/token"),
    credentials=Credentials("id", "secret", "key"),
    timezone=ZoneInfo("America/New_York"),
    start_date=FIRST_DAY,
)


def tenants_toml(names: Sequence[str] = TENANTS) -> str:
    """A tenants file with these tenants, served where nobody listens."""
    tables = [
        f"""
        [tenants.{name}]
        tenant_id = {1001 * (number + 1)}
        api_url = "http://127.0.0.1:9"
        auth_url = "http://127.0.0.1:9"
        client_id = "sim-{name}"
        client_secret = "sim-{name}-secret"
        app_key = "sim-app-key"
        timezone = "America/New_York"
        start_date = {FIRST_DAY}
        """
        for number, name in enumerate(names)
    ]
    return "\n".join(line.strip() for table in tables for line in table.splitlines())


@pytest.fixture(scope="session")
def tenants_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tenants") / "tenants.toml"
    path.write_text(tenants_toml(), "utf-8")
    return path


@pytest.fixture(scope="session")
def definitions(tenants_file: Path) -> dg.Definitions:
    """What Dagster loads for the two tenants."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ST_TENANTS_FILE", str(tenants_file))
        from st_platform.definitions import build

        return build()


@pytest.fixture(scope="session")
def repository(definitions: dg.Definitions) -> dg.RepositoryDefinition:
    return definitions.get_repository_def()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's own storage, empty and in memory."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral
