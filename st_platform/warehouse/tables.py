"""Resource tables, made from the records: created when missing, widened when a record gains a field.

Additive only: nothing is dropped or retyped here, a changed type is a migration. Knows columns and DDL; knows
nothing of how rows get in (merge.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.glossary import NoDescription, describe, describe_system
from st_platform.servicetitan.records import Column
from st_platform.warehouse.database import Database, connect
from st_platform.warehouse.errors import TableMismatch

SCHEMA = "servicetitan"

_SYSTEM_COLUMNS: Mapping[str, LiteralString] = {
    "_fetched_at": "timestamptz NOT NULL",
    "_fetch_seq": "bigint NOT NULL",
    "_changed_at": "timestamptz NOT NULL DEFAULT statement_timestamp()",
    "_deleted_at": "timestamptz",
    "_extra": "jsonb",
}
_KNOWN = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), d.description
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
    WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r', 'p') AND c.relname = ANY (%s)
"""
_LONG_NAMES = {"timestamptz": "timestamp with time zone"}


def table_name(resource: Resource) -> sql.Identifier:
    return sql.Identifier(SCHEMA, resource.name)


def type_of(column: Column) -> sql.SQL:
    """The column's type as SQL; the words come from the records module, never from outside."""
    return sql.SQL(cast(LiteralString, column.sql_type))


def ensure_table(connection: psycopg.Connection, resource: Resource) -> list[str]:
    """Create the table of `resource` or add the columns it lacks; returns the names of added columns.

    Raises:
        TableMismatch: a column exists with another type.
    """
    return ensure_tables(connection, [resource]).get(resource.name, [])


def ensure_tables(connection: psycopg.Connection, resources: Iterable[Resource]) -> dict[str, list[str]]:
    """`ensure_table` for many, with one look at the catalog and all that is to do in one go; only resources that
    changed are in the answer."""
    wanted = list(resources)
    known = _known_columns(connection, [resource.name for resource in wanted])
    changed: dict[str, list[str]] = {}
    statements: list[sql.Composed] = []
    for resource in wanted:
        found = known.get(resource.name)
        if found is None:
            plan = plan_table(resource, None)
        else:
            plan = plan_table(resource, {name: kind for name, (kind, _) in found.items()})
            plan.statements.extend(_rephrase(resource, {name: text for name, (_, text) in found.items()}))
        if plan.statements:
            changed[resource.name] = plan.added
            statements += plan.statements
    if statements:
        connection.execute(sql.SQL(";\n").join(statements))
    return changed


@dataclass(frozen=True)
class TablePlan:
    """The DDL that brings one table to its record's shape; empty when it fits."""

    statements: list[sql.Composed] = field(default_factory=list[sql.Composed])
    added: list[str] = field(default_factory=list[str])


def plan_table(resource: Resource, known: Mapping[str, str] | None) -> TablePlan:
    """Compare a record with the columns its table has (name → type; None when there is no table)."""
    if known is None:
        return TablePlan(_create(resource), [column.name for column in resource.columns])
    plan = TablePlan()
    for column in resource.columns:
        found = known.get(column.name)
        expected = _LONG_NAMES.get(column.sql_type, column.sql_type)
        if found is None:
            plan.added.append(column.name)
            plan.statements.append(
                sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                    table_name(resource), sql.Identifier(column.name), type_of(column)
                )
            )
            plan.statements.append(_comment_on_column(resource, column.name, _column_comments(resource)[column.name]))
        elif found != expected:
            raise TableMismatch(
                f"column {column.name} is {found}, the record {resource.record.__name__} says {expected}",
                f"{SCHEMA}.{resource.name}",
                "Change the type in a migration; only new columns are added by themselves.",
            )
    return plan


def _create(resource: Resource) -> list[sql.Composed]:
    lines = [sql.SQL("tenant_id bigint NOT NULL").format()]
    for column in resource.columns:
        needed = sql.SQL(" NOT NULL" if column.name in resource.key else "")
        lines.append(sql.SQL("{} {}{}").format(sql.Identifier(column.name), type_of(column), needed))
    for name, definition in _SYSTEM_COLUMNS.items():
        lines.append(sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(definition)))
    key = sql.SQL(", ").join(sql.Identifier(name) for name in ("tenant_id", *resource.key))
    lines.append(sql.SQL("PRIMARY KEY ({})").format(key))
    # Re-read rows get a new _fetch_seq in place when their page has room.
    create = sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}) WITH (fillfactor = 90)").format(
        table_name(resource), sql.SQL(", ").join(lines)
    )
    about = sql.SQL("COMMENT ON TABLE {} IS {}").format(
        table_name(resource), sql.Literal(f"{resource.description} Owner: {resource.owner}.")
    )
    comments = [_comment_on_column(resource, name, text) for name, text in _column_comments(resource).items()]
    return [create, about, *comments, *_without_statistics(resource)]


def _without_statistics(resource: Resource) -> list[sql.Composed]:
    """No plan depends on what is most common among whole objects and arrays, and looking is the dearest part."""
    return [
        sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0").format(
            table_name(resource), sql.Identifier(column.name)
        )
        for column in resource.columns
        if column.sql_type == "jsonb"
    ]


def _rephrase(resource: Resource, said: Mapping[str, str | None]) -> list[sql.Composed]:
    """Comments of columns that are there and say something else."""
    return [
        _comment_on_column(resource, name, text)
        for name, text in _column_comments(resource).items()
        if name in said and said[name] != text
    ]


def _column_comments(resource: Resource) -> Mapping[str, str]:
    """What each column holds, in the words of the glossary; a record beyond the catalog has none there."""
    comments: dict[str, str] = {}
    for column in resource.columns:
        try:
            comments[column.name] = describe(resource, column)
        except NoDescription:
            comments[column.name] = f"ServiceTitan field {column.api_name} of {resource.module}."
    return {**comments, **{name: describe_system(name) for name in ("tenant_id", *_SYSTEM_COLUMNS)}}


def _comment_on_column(resource: Resource, column: str, text: str) -> sql.Composed:
    return sql.SQL("COMMENT ON COLUMN {} IS {}").format(
        sql.Identifier(SCHEMA, resource.name, column), sql.Literal(text)
    )


def _known_columns(connection: psycopg.Connection, names: list[str]) -> dict[str, dict[str, tuple[str, str | None]]]:
    """Type and comment by table and column."""
    known: dict[str, dict[str, tuple[str, str | None]]] = {}
    for table, column, sql_type, comment in connection.execute(_KNOWN, [SCHEMA, names]):
        known.setdefault(str(table), {})[str(column)] = str(sql_type), comment
    return known


def refresh_statistics(database: Database, resource: Resource) -> bool:
    """Let the planner know a table that has grown by a fifth; whether that was due.

    A first load is often read by the models before the server's own analyze comes round, and plans made for an empty
    table take minutes instead of seconds. Only an owner may; anybody else is ignored by the server.
    """
    with database.connection() as connection:
        found = connection.execute(_OUTGROWN, {"resource": resource.name}).fetchone()
    if found is None:
        return False
    with connect(database.url) as connection:
        connection.execute(sql.SQL("SET default_statistics_target = {}").format(found[0]))
        connection.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(table_name(resource)))
        return True


_OUTGROWN = """
    SELECT least(100, 10 + known.rows / 2000)::int
    FROM pg_class CROSS JOIN (
        SELECT coalesce(sum(rows), 0) AS rows FROM platform.resource_state WHERE resource = %(resource)s
    ) AS known
    WHERE oid = to_regclass('servicetitan.' || quote_ident(%(resource)s))
      AND 1.2 * greatest(reltuples, 0) + 500 < known.rows
"""
"""Whether a table has outgrown its statistics, and with which target they should be made: the server's own looks at
most rows of a table of this size, which takes longer than loading them did."""
