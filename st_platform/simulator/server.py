"""Starts a simulator: in a thread of this process (tests) or in the foreground (`st-platform simulate`).

Knows uvicorn, sockets and threads; builds the universe and hands it to `api.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant
from st_platform.simulator.api import SimulatedApi
from st_platform.simulator.editing import replay_edits
from st_platform.simulator.instants import to_ticks
from st_platform.simulator.spoil import ConnectionCut
from st_platform.simulator.universe import APP_KEY, SimulatedTenant, Universe
from st_platform.simulator.world import build_universe

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST


class SimulatorServer:
    """A simulator on 127.0.0.1, as a context manager. `port` 0 takes a free one.

    The clock stands still at `now` unless `ticking`; without `now` it starts at the real time. `tenants` names those
    to simulate, all by default.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        size: str = "tiny",
        tenants: list[str] | None = None,
        now: datetime | None = None,
        ticking: bool = False,
        state_dir: Path | None = None,
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))  # before the work, so that a port in use is noticed at once
        self.universe: Universe = build_universe(
            seed=seed,
            size=size,
            tenants=tenants,
            now=datetime.now(UTC) if now is None else now,
            ticking=ticking,
            state_dir=state_dir,
        )
        if now is None and ticking:
            self.universe.clock.set(to_ticks(datetime.now(UTC)))  # generating took a while
        replay_edits(self.universe)
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._thread: threading.Thread | None = None
        config = uvicorn.Config(
            SimulatedApi(self.universe, self._abort),
            http=_tracking(self._transports),
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def tenants(self) -> list[Tenant]:
        """The tenants ready to use."""
        start = self.universe.first_partition
        return [tenant_of(tenant, self.url, start) for tenant in self.universe.tenants.values()]

    def start(self) -> SimulatorServer:
        """Serve from a thread until `stop`."""
        self._thread = threading.Thread(target=self.run, name="simulator", daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the simulator at {self.url} did not start")
            self._thread.join(0.005)
        return self

    def run(self) -> None:
        """Serve in this thread until stopped or interrupted."""
        _silence_planned_cuts()
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(5)
        self._socket.close()

    def __enter__(self) -> SimulatorServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _abort(self, client: tuple[str, int]) -> None:
        transport = self._transports.get(client)
        if transport is None:
            return
        connection = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()


def serve(
    *,
    port: int,
    seed: int = 1,
    size: str = "small",
    tenants: list[str] | None = None,
    now: datetime | None = None,
    state_dir: Path | None = None,
) -> None:
    """Run a simulator in the foreground until interrupted. Its clock runs, unless it is pinned by `now`."""
    SimulatorServer(
        port=port, seed=seed, size=size, tenants=tenants, now=now, ticking=now is None, state_dir=state_dir
    ).run()


def tenant_of(simulated: SimulatedTenant, url: str, start: date) -> Tenant:
    """A simulated tenant as the API client takes it."""
    return Tenant(
        name=simulated.name,
        tenant_id=simulated.tenant_id,
        environment=Environment.CUSTOM,
        endpoints=Endpoints(api_url=url, token_url=f"{url}/connect/token"),
        credentials=Credentials(simulated.client_id, simulated.client_secret, APP_KEY),
        timezone=ZoneInfo(simulated.timezone),
        start_date=start,
        requests_per_second=50.0,
    )


def _tracking(transports: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    class Tracking(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                transports.pop(self.client, None)
            super().connection_lost(exc)

    return Tracking


class _NoPlannedCuts(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        return kind is None or not issubclass(kind, ConnectionCut)


def _silence_planned_cuts() -> None:
    logging.getLogger("uvicorn.error").addFilter(_NoPlannedCuts())
