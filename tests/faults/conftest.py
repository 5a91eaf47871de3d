"""Fixtures of the fault tests: those of the ingest's integration tests."""

from tests.integration.ingest.conftest import bench

__all__ = ["bench"]
