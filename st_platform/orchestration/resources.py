"""What assets and checks are handed at run time: the warehouse and the tenants' API clients.

Secrets never pass through Dagster: the database's address is an `EnvVar`, which Dagster stores by name only, and a
tenant's credentials are read from its settings in the process that uses them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Self

import dagster as dg
from pydantic import PrivateAttr

from st_platform.ingest.connect import open_client
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.tenant import Tenant
from st_platform.settings import load_tenants
from st_platform.tenants_file import Problem, SettingsError
from st_platform.warehouse.database import Database


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse at `url`, opened once per run, its tables brought up to the code's shape first."""

    url: str

    _database: Database | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        with Database.prepare(self.url) as database:
            self._database = database
            yield self

    @property
    def database(self) -> Database:
        """The open warehouse; only inside a run."""
        if self._database is None:
            raise RuntimeError("the warehouse is open only while a run executes")
        return self._database


class TenantsResource(dg.ConfigurableResource):
    """The tenants as they are configured now: a changed secret counts from the next run, without a reload."""

    def tenant(self, name: str) -> Tenant:
        """One tenant, credentials included.

        Raises:
            SettingsError: its settings are incomplete, or it is no longer in the tenants file.
        """
        tenants = load_tenants()
        if name not in tenants:
            what = f"tenant {name} is no longer configured"
            raise SettingsError([Problem(what, "tenants file", "Put it back, or reload the code location.")])
        return tenants[name]

    def connect(self, tenant: Tenant, database: Database) -> AbstractContextManager[ServiceTitanClient]:
        """The tenant's API client under the limiter that all processes share."""
        return open_client(tenant, database)
