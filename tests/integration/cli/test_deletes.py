"""`deletes`: a person looks at a removal that was too large to believe, and believes it."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.merge import next_fetch_seq
from st_platform.warehouse.removals import mark_missing
from tests.integration.cli.conftest import Cli

TENANT = 1001


def test_a_parked_removal_is_listed_and_accepted_once(platform: Cli, database_url: str) -> None:
    assert platform("sync", "campaign_costs", "--tenant", "northwind").code == 0
    assert platform("deletes", "list").out.strip() == "nothing is parked"
    with psycopg.connect(database_url) as connection:
        emptied = next_fetch_seq(connection)
        costs = CATALOG["campaign_costs"]
        gone = mark_missing(connection, costs, TENANT, seen_since_seq=emptied, at=datetime.now(UTC))
    assert gone.parked
    (parked,) = platform("deletes", "list", "--json").json
    assert (parked["tenant"], parked["resource"], parked["missing"]) == ("northwind", "campaign_costs", gone.missing)
    assert "campaign_costs" in platform("deletes", "list").out
    accepted = platform("deletes", "accept", "campaign_costs", "--tenant", "northwind")
    assert (accepted.code, accepted.out.split()[0]) == (0, f"{gone.missing:,}")
    again = platform("deletes", "accept", "campaign_costs", "--tenant", "northwind")
    assert again.code == 1
    assert "no removal of campaign_costs is parked" in again.err
    with psycopg.connect(database_url) as connection:
        living = connection.execute(
            "SELECT count(*) FROM servicetitan.campaign_costs WHERE tenant_id = 1001 AND _deleted_at IS NULL"
        ).fetchone()
    assert living == (0,)
