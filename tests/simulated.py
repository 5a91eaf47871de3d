"""Fixtures over simulated tenants: `simulator`, a handle on one tiny world per test run, reset before each test.

`conftest.py` makes them known to every test. The world's anchor is fixed, so ids, counts and instants are the same in
every run. The simulator is imported when the first test asks for it, which keeps the others quick to start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from st_platform.servicetitan.tenant import Tenant
    from st_platform.simulator import SimulatorServer

NOW = datetime(2026, 6, 15, 14, 0, tzinfo=UTC)
"""Where the simulated clock stands at the beginning of each test (a Monday, mid-morning in New York)."""


class Simulator:
    """What a test may do with the simulated tenants. All through HTTP, as any program would."""

    def __init__(self, server: SimulatorServer) -> None:
        self._server = server
        self._http = httpx.Client(base_url=server.url, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def tenants(self) -> list[Tenant]:
        """northwind (1001) and sunbelt (2002), in this order."""
        return self._server.tenants

    @property
    def tenant(self) -> Tenant:
        """northwind."""
        return self.tenants[0]

    @property
    def now(self) -> str:
        """The simulated instant, seven digits."""
        return self._get("/_sim/clock").json()["now"]

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> str:
        """Let business happen; answers the new now."""
        total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return self._post("/_sim/clock", {"advance_seconds": total})["now"]

    def set_clock(self, now: datetime | str) -> str:
        """Move forward to an instant."""
        text = now if isinstance(now, str) else now.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self._post("/_sim/clock", {"now": text})["now"]

    def tick(self, ticking: bool = True) -> None:
        """Let the clock run at the pace of the real one, or stand still."""
        self._post("/_sim/clock", {"ticking": ticking})

    def edit(self, resource: str, op: str = "touch", *, tenant_id: int = 1001, **more: Any) -> dict[str, Any]:
        """One edit: op touch, set, deactivate, delete, remove, restore, merge (`into`), insert (`like`); `id`,
        `fields`, `raw`, `modified_on`. Answers {"id", "modifiedOn", "row"}, row as JSON text."""
        body = {"tenant_id": tenant_id, "resource": resource, "op": op, **more}
        return self._post("/_sim/edit", body) or {}

    def random_edits(
        self, resource: str | None = None, *, count: int, seed: int, hours: float = 0, tenant_id: int = 1001
    ) -> list[dict[str, Any]]:
        """`count` edits at random of one resource, or of each: touches, changed fields, deactivations or removals,
        merges, un-deletions, insertions. Answers what was done, as edits with the `id` of the row."""
        body = {"tenant_id": tenant_id, "resource": resource, "count": count, "seed": seed, "hours": hours}
        return self._post("/_sim/random_edits", body)

    def fault(self, **rule: Any) -> None:
        """Add a rule to the fault plan; fields as in `st_platform.simulator.faults.Rule`."""
        self._post("/_sim/faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """The rules with how often each matched (`seen`) and struck (`hit`)."""
        return self._get("/_sim/faults").json()

    def clear_faults(self) -> None:
        self._http.delete("/_sim/faults").raise_for_status()

    def options(self, **options: Any) -> dict[str, Any]:
        """Set feed_page_size, requests_per_second, unlimited, feed_token_seconds, gzip, retry_after_header,
        feed_hides_changed_rows, lists_hide_deleted."""
        return self._post("/_sim/options", options)

    def scopes(self, scopes: list[str], *, tenant_id: int = 1001) -> None:
        """Replace what the app is granted; holds for tokens issued from now on."""
        self._post("/_sim/scopes", {"tenant_id": tenant_id, "scopes": scopes})

    def revoke_tokens(self) -> None:
        """Every bearer token issued so far answers 401 from now on."""
        self._post("/_sim/revoke", {})

    def truth(self, resource: str, *, tenant_id: int = 1001) -> dict[int, dict[str, Any]]:
        """The true current rows by id, in order; rows that have none by their number, which edits call `id`."""
        lines = self._get(f"/_sim/truth/{tenant_id}/{resource}?numbered=true").text.splitlines()
        return dict(sorted((line["number"], line["row"]) for line in map(json.loads, lines)))

    def changes(self, resource: str, *, tenant_id: int = 1001) -> list[dict[str, Any]]:
        """Everything that ever happened, in order: {"number", "at", "modifiedOn", "id", "op"}."""
        return [json.loads(line) for line in self._get(f"/_sim/changes/{tenant_id}/{resource}").text.splitlines()]

    def requests(self, resource: str | None = None, *, tenant_id: int | None = None) -> list[dict[str, Any]]:
        """The request log: arrival time, path, params, status, rows, fault."""
        params: dict[str, Any] = {"resource": resource, "tenant_id": tenant_id}
        chosen = {name: value for name, value in params.items() if value is not None}
        return self._http.get("/_sim/requests", params=chosen).raise_for_status().json()

    def clear_requests(self) -> None:
        self._http.delete("/_sim/requests").raise_for_status()

    def tenants_toml(self) -> str:
        return self._get("/_sim/tenants.toml").text

    def reset(self) -> None:
        self._post("/_sim/reset", {})

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str) -> httpx.Response:
        return self._http.get(path).raise_for_status()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._http.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[SimulatorServer]:
    """One server over a tiny world for the whole run. Tests want `simulator`."""
    from st_platform.simulator import SimulatorServer

    with SimulatorServer(size="tiny", seed=7, now=NOW) as server:
        yield server


@pytest.fixture
def simulator(simulator_server: SimulatorServer) -> Iterator[Simulator]:
    """A handle on the simulated tenants, as fresh as after start."""
    handle = Simulator(simulator_server)
    handle.reset()
    yield handle
    handle.close()
