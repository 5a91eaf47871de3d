"""A tenant as the API client needs to know it: who we are, where to call and how fast.

Values only; reading `tenants.toml` is `settings.py`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo


class Environment(StrEnum):
    PRODUCTION = "production"
    INTEGRATION = "integration"
    CUSTOM = "custom"


@dataclass(frozen=True)
class Endpoints:
    """Where the API and the token service of one environment answer. No trailing slash on `api_url`."""

    api_url: str
    token_url: str


ENDPOINTS: dict[Environment, Endpoints] = {
    Environment.PRODUCTION: Endpoints("https://api.servicetitan.io", "https://auth.servicetitan.io/connect/token"),
    Environment.INTEGRATION: Endpoints(
        "https://api-integration.servicetitan.io", "https://auth-integration.servicetitan.io/connect/token"
    ),
}


@dataclass(frozen=True)
class Credentials:
    """What the portal issues. Secrets stay out of `repr`, so they stay out of logs and tracebacks."""

    client_id: str
    client_secret: str = field(repr=False)
    app_key: str = field(repr=False)


@dataclass(frozen=True)
class Tenant:
    """One ServiceTitan account.

    `name` is used in asset keys, `--tenant` and alerts; `tenant_id` leads every key in the warehouse.
    `start_date` is the first day that is a partition of its own. `requests_per_second` is this platform's share
    of the 60/s that the API grants an app per tenant.
    """

    name: str
    tenant_id: int
    environment: Environment
    endpoints: Endpoints
    credentials: Credentials
    timezone: ZoneInfo
    start_date: date
    requests_per_second: float = 50.0

    @property
    def start(self) -> datetime:
        """Midnight UTC of `start_date`."""
        return datetime.combine(self.start_date, time(), tzinfo=UTC)
