"""A plain HTTP caller of the simulated API, with a token, and how each list is asked for all of its rows.

Not the platform's client: the simulator is tested alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from st_platform.simulator.endpoints import Endpoint
from tests.simulated import NOW, Simulator


class Caller:
    """Calls paths like `crm/customers` or `crm/export/customers` for one tenant."""

    def __init__(self, url: str, name: str = "northwind", tenant_id: int = 1001) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self.name = name
        self.tenant_id = tenant_id
        self.headers: dict[str, str] = {}
        self.renew()

    def renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": f"sim-{self.name}",
            "client_secret": f"sim-{self.name}-secret",
        }
        token = self.http.post("/connect/token", data=form).raise_for_status().json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "ST-App-Key": "sim-app-key"}

    def call(self, path: str, *, headers: Any = None, **params: Any) -> httpx.Response:
        module, rest = path.split("/", 1)
        url = f"/{module}/v2/tenant/{self.tenant_id}/{rest}"
        return self.http.get(url, params=params, headers=self.headers | (headers or {}))

    def page(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.call(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def feed(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a feed, following its token."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.page(path, **params)
            rows += page["data"]
            params["from"] = page["continueFrom"]
            if not page["hasMore"]:
                return rows

    def listed(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        number = 1
        while True:
            page = self.page(path, page=number, **params)
            rows += page["data"]
            number += 1
            if not page["hasMore"]:
                return rows


Row = dict[str, Any]
BOTH = {"active": "Any", "activeState": "All", "activeOnly": "false"}
"""How the lists spell that they should show inactive rows too."""


def both(endpoint: Endpoint) -> dict[str, str]:
    return {} if endpoint.activity is None else {endpoint.activity: BOTH[endpoint.activity]}


def required(endpoint: Endpoint, truth: dict[int, Row]) -> list[dict[str, str]]:
    """The parameters without which the list does not answer, request by request, for all of its rows."""
    if endpoint.ids_required:
        ids = list(truth)
        return [{"ids": ",".join(map(str, ids[start : start + 50]))} for start in range(0, len(ids), 50)]
    if endpoint.window:
        days = {"fromUtc": NOW.replace(year=NOW.year - 2).isoformat()[:19] + "Z", "toUtc": NOW.isoformat()[:19] + "Z"}
        if endpoint.resource == "attributed_leads":
            return [days]
        return [days | {"performanceSegmentationType": segment} for segment in ("Campaign", "AdGroup", "Keyword")]
    return [{}]


def as_listed(endpoint: Endpoint, row: Row) -> Row:
    """The shape that a true row has in the list."""
    shown = dict.fromkeys(endpoint.list_adds) | row
    return {name: value for name, value in shown.items() if name != "active" or not endpoint.list_omits_active}


@pytest.fixture
def caller(simulator: Simulator) -> Iterator[Caller]:
    caller = Caller(simulator.url)
    yield caller
    caller.http.close()
