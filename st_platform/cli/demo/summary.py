"""What the demo has to show for itself: rows per resource and tenant, the marts, and where to go from here."""

from __future__ import annotations

from os.path import relpath
from typing import TYPE_CHECKING

from st_platform.cli.demo.headlines import headlines
from st_platform.cli.output import print_table, stdout
from st_platform.cli.processes import program

if TYPE_CHECKING:
    import psycopg

    from st_platform.cli.demo.stage import Stage
    from st_platform.servicetitan.tenant import Tenant


COMPARED = ("resources", "agree", "rows", "healed", "deleted", "parked", "calls")


def show_summary(stage: Stage, tenants: dict[str, Tenant], *, no_ui: bool) -> None:
    """Print it all; without the UI there is nothing to click."""
    import psycopg

    with psycopg.connect(stage.variables["DATABASE_URL"], connect_timeout=10) as connection:
        counts = resource_counts(connection, tenants)
        names = list(tenants)
        rows = [(resource, *(by_tenant[name] for name in names)) for resource, by_tenant in counts.items()]
        rows.append(("all", *(sum(by_tenant[name] for by_tenant in counts.values()) for name in names)))
        print_table("Rows per resource", ("resource", *names), rows)
        print_table("Models", ("schema", "model", "rows"), mart_counts(connection))
        print_table("Compared with the source", ("tenant", *COMPARED), comparisons(connection, tenants))
        for name, resources in withheld(connection, tenants).items():
            stdout().print(f"Not granted to {name}: {', '.join(resources)}\n", markup=False, soft_wrap=True)
        print_table("Headlines", ("domain", "figure", *names), headlines(connection, tenants))
    us = relpath(program("st-platform"))
    sql_prompt = f"ST_STATE_DIR={relpath(stage.root)} {us} db psql" if stage.owns_database else f"{us} db psql"
    where = _NOT_RUNNING if no_ui else _WHERE_TO_GO
    text = where.format(ui=stage.url("ui"), tenants=stage.url("tenants"), tenant=names[0], psql=sql_prompt, us=us)
    stdout().print(text, markup=False, soft_wrap=True)


_NOT_RUNNING = """
Everything is about to be stopped. `{us} demo` starts it again with what is there, and stays up with the UI.
"""

_WHERE_TO_GO = """
Where to click
  everything             {ui}/assets
  from source to mart    {ui}/asset-groups
  one extract, by day    {ui}/assets/servicetitan/{tenant}/invoices?view=partitions
  a mart and its checks  {ui}/assets/marts_finance/fct_revenue?view=checks
  the backfills          {ui}/runs?view=backfills
  simulated ServiceTitan {tenants}/_sim/health
  SQL                    {psql}

What to try next
  · In the UI open an extract, choose Materialize and pick some days.
  · Let two hours of business go by in the simulated tenants, then materialize today:
      curl -X POST {tenants}/_sim/clock -d '{{"advance_seconds": 7200}}'
  · Switch on a schedule under Automation.
  · Point it at your own tenant: copy tenants.example.toml to tenants.toml and .env.example to .env, fill them in,
    then `{us} doctor` and `make dev`.
"""


def resource_counts(connection: psycopg.Connection, tenants: dict[str, Tenant]) -> dict[str, dict[str, int]]:
    """Rows of every resource table by tenant name."""
    from psycopg import sql

    from st_platform.servicetitan.catalog import CATALOG

    names = {tenant.tenant_id: name for name, tenant in tenants.items()}
    counts: dict[str, dict[str, int]] = {}
    for resource in CATALOG:
        query = sql.SQL("SELECT tenant_id, count(*) FROM {} GROUP BY tenant_id").format(
            sql.Identifier("servicetitan", resource)
        )
        found = {names.get(tenant_id): count for tenant_id, count in connection.execute(query)}
        counts[resource] = {name: found.get(name, 0) for name in tenants}
    return counts


def comparisons(connection: psycopg.Connection, tenants: dict[str, Tenant]) -> list[tuple[object, ...]]:
    """By tenant, the last comparison of each resource with the source, added up."""
    found = {
        tenant_id: numbers
        for tenant_id, *numbers in connection.execute(
            "SELECT tenant_id, count(*), count(*) FILTER (WHERE certified), sum(warehouse_count)::bigint,"
            " sum(healed)::bigint, sum(deleted)::bigint, sum(parked)::bigint,"
            " sum(calls)::bigint FROM (SELECT DISTINCT ON (tenant_id, resource) * FROM platform.reconciliations"
            "   ORDER BY tenant_id, resource, reconciliation_id DESC) AS latest GROUP BY tenant_id"
        )
    }
    return [(name, *found.get(tenant.tenant_id, (0,) * len(COMPARED))) for name, tenant in tenants.items()]


def withheld(connection: psycopg.Connection, tenants: dict[str, Tenant]) -> dict[str, list[str]]:
    """By tenant, the resources that its app may not read; tenants without such are left out."""
    from st_platform.orchestration.grants import grants_in

    known = grants_in(connection)
    found = {
        name: [resource for (tenant_id, resource), may in known.items() if tenant_id == tenant.tenant_id and not may]
        for name, tenant in tenants.items()
    }
    return {name: sorted(resources) for name, resources in found.items() if resources}


def mart_counts(connection: psycopg.Connection) -> list[tuple[str, str, int]]:
    """Rows of every mart."""
    from psycopg import sql

    tables = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema LIKE 'marts\\_%' ORDER BY table_schema, table_name"
    ).fetchall()
    counts: list[tuple[str, str, int]] = []
    for schema, table in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))).fetchone()
        counts.append((schema, table, row[0] if row else 0))
    return counts
