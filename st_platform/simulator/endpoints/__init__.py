"""The API's endpoints as data: where each resource is served, under which scope and with which filters.

Written from the official documents, apart from the platform's own catalog on purpose: a mistake in one of the two
then shows as a disagreement instead of hiding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from st_platform.simulator.endpoints import books, demand, field, goods, pay
from st_platform.simulator.endpoints.endpoint import Compare, Endpoint, Filter
from st_platform.simulator.endpoints.filters import FILTERS

__all__ = ["BY_RESOURCE", "ENDPOINTS", "SCOPES", "Compare", "Endpoint", "Filter"]

ENDPOINTS: tuple[Endpoint, ...] = tuple(
    replace(endpoint, filters=FILTERS.get(endpoint.resource, {}))
    for group in (books, field, pay, goods, demand)
    for endpoint in group.ENDPOINTS
)
SCOPES: tuple[str, ...] = tuple(dict.fromkeys(endpoint.scope for endpoint in ENDPOINTS))
BY_RESOURCE: Mapping[str, Endpoint] = {endpoint.resource: endpoint for endpoint in ENDPOINTS}
