"""The API client of a tenant, under the rate limit that all processes on one database share."""

from __future__ import annotations

from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from st_platform.warehouse.rate_limit import SharedRateLimiter


def open_client(tenant: Tenant, database: Database) -> ServiceTitanClient:
    """A client that no other process of this warehouse can outrun. Close it, or use it as a context manager.

    The budget is the app's for this tenant (`platform.md` §4), so the bucket is named by both.
    """
    bucket = f"{tenant.endpoints.api_url} {tenant.tenant_id} {tenant.credentials.client_id}"
    return ServiceTitanClient(tenant, SharedRateLimiter(database, bucket, tenant.requests_per_second))
