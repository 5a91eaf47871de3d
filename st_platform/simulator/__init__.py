"""Simulated ServiceTitan tenants: a coherent trade business behind an HTTP API that behaves like the real one.

For the demo, the tests and the benchmarks. Shares nothing with the platform but what a tenant is.
"""

from st_platform.simulator.server import SimulatorServer, serve

__all__ = ["SimulatorServer", "serve"]
