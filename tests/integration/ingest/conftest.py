"""What tests of the ingest share: a sync in one line, and the table as it stands."""

from __future__ import annotations

import pytest

from st_platform.warehouse.database import Database
from tests.simulated import Simulator
from tests.syncing import Bench


@pytest.fixture
def bench(simulator: Simulator, database: Database) -> Bench:
    """The simulated tenants and an empty warehouse, ready to sync one into the other."""
    return Bench(simulator, database)
