"""What the demo has to show for itself: rows per resource and tenant, the marts, and where to go from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from st_platform.cli.output import print_table, stdout

if TYPE_CHECKING:
    import psycopg

    from st_platform.cli.demo.stage import Stage
    from st_platform.servicetitan.tenant import Tenant


def show_summary(stage: Stage, tenants: dict[str, Tenant]) -> None:
    import psycopg

    with psycopg.connect(stage.variables["DATABASE_URL"], connect_timeout=10) as connection:
        counts = resource_counts(connection, tenants)
        names = list(tenants)
        rows = [(resource, *(by_tenant[name] for name in names)) for resource, by_tenant in counts.items()]
        rows.append(("all", *(sum(by_tenant[name] for by_tenant in counts.values()) for name in names)))
        print_table("Rows per resource", ("resource", *names), rows)
        print_table("Models", ("schema", "model", "rows"), mart_counts(connection))
        money = revenue(connection)
        if money:
            print_table("Completed revenue", ("tenant", "amount"), money)
    out = stdout()
    for line in _WHERE_TO_GO.format(
        ui=stage.url("ui"),
        tenants=stage.url("tenants"),
        tenant=names[0],
        database=stage.settings.embedded_dir,
        state=stage.root.parent,
    ).splitlines():
        out.print(line, markup=False, soft_wrap=True)


_WHERE_TO_GO = """
Dagster                  {ui}
  lineage                {ui}/asset-groups
  one extract            {ui}/assets/servicetitan/{tenant}/invoices
  the backfill           {ui}/runs?view=backfills
  checks and freshness   {ui}/asset-health
Simulated ServiceTitan   {tenants}/_sim/health

Try next
  · In the UI open an extract, choose Materialize and pick some days.
  · Move the simulated clock a day forward and materialize again:
      curl -X POST {tenants}/_sim/clock -d '{{"advance_seconds": 86400}}'
  · Point it at your own tenant: copy tenants.example.toml and .env.example, then `st-platform doctor` and `make dev`.
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


def revenue(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return []
