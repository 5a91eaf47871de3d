"""What DDL a record asks for, with plain values."""

from __future__ import annotations

import pytest
from psycopg import sql

from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.glossary import describe
from st_platform.warehouse.errors import TableMismatch
from st_platform.warehouse.tables import plan_table

MEMBERSHIPS = CATALOG["memberships"]
LONG = {"timestamptz": "timestamp with time zone"}
FITTING = {column.name: LONG.get(column.sql_type, column.sql_type) for column in MEMBERSHIPS.columns}


def text_of(plan_statements: list[object]) -> str:
    return "\n".join(statement.as_string(None) for statement in plan_statements)  # type: ignore[attr-defined]


def test_a_missing_table_is_created_with_the_tenant_leading_its_key() -> None:
    plan = plan_table(MEMBERSHIPS, None)
    ddl = text_of([*plan.statements])
    assert 'CREATE TABLE IF NOT EXISTS "servicetitan"."memberships" (tenant_id bigint NOT NULL, "id" bigint' in ddl
    assert 'PRIMARY KEY ("tenant_id", "id")' in ddl
    assert plan.added == [column.name for column in MEMBERSHIPS.columns]


def test_names_that_are_words_of_sql_are_quoted() -> None:
    assert '"from" timestamptz, ' in text_of([*plan_table(MEMBERSHIPS, None).statements])


def test_a_table_that_fits_needs_nothing() -> None:
    assert plan_table(MEMBERSHIPS, FITTING).statements == []


def test_a_new_field_is_added_and_explained() -> None:
    plan = plan_table(MEMBERSHIPS, {name: kind for name, kind in FITTING.items() if name != "memo"})
    assert plan.added == ["memo"]
    memo = next(column for column in MEMBERSHIPS.columns if column.name == "memo")
    said = sql.Literal(describe(MEMBERSHIPS, memo)).as_string(None)
    assert text_of([*plan.statements]).splitlines() == [
        'ALTER TABLE "servicetitan"."memberships" ADD COLUMN IF NOT EXISTS "memo" text',
        f'COMMENT ON COLUMN "servicetitan"."memberships"."memo" IS {said}',
    ]


def test_a_changed_type_is_refused_with_both_types() -> None:
    with pytest.raises(
        TableMismatch, match=r"memo is integer, the record Membership says text \(servicetitan.memberships"
    ):
        plan_table(MEMBERSHIPS, {**FITTING, "memo": "integer"})
