"""Which resources a tenant's app may read, as the last sync saw it, and how that is said.

Read when the definitions load, hence quick and never in the way: an unknown answer is no answer. Keeping the table
is the ingest floor's business.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TypeAlias

import psycopg

from st_platform.servicetitan.catalog import Resource

Grants: TypeAlias = Mapping[tuple[int, str], bool]
"""Whether a resource is granted, by tenant id and resource name; absent while nobody has asked."""

GRANT = "Grant it to the app in the developer portal, then reconnect the app in the tenant."

_SECONDS = 2
_GRANTS = "SELECT tenant_id, resource, granted FROM platform.grants"

_log = logging.getLogger(__name__)


def read_grants(url: str | None) -> Grants:
    """What is known in the warehouse at `url`; nothing where there is none yet, or none that answers within 2 s."""
    if url is None:
        return {}
    options = f"-c statement_timeout={_SECONDS}s"
    try:
        with psycopg.connect(url, connect_timeout=_SECONDS, options=options, autocommit=True) as connection:
            return grants_in(connection)
    except psycopg.errors.UndefinedTable:
        return {}
    except psycopg.Error as error:
        _log.warning("what is granted is not known: %s", " ".join(str(error).split()))
        return {}


def grants_in(connection: psycopg.Connection) -> Grants:
    """What is known in an open warehouse."""
    return {(tenant, resource): granted for tenant, resource, granted in connection.execute(_GRANTS)}


def not_granted(resource: Resource) -> str:
    """What is the matter with a resource that the app may not read, and who can change it."""
    return f"Not granted: the app has no scope {resource.scope} on this tenant, so nothing is read. {GRANT}"
