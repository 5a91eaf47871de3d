"""The whole dbt project on two hand-written tenants with the same ids: figures to the cent, and checks that bite."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import psycopg
import pytest

from tests.integration.dbt.conftest import PROJECT, Dbt, Outcome
from tests.integration.dbt.rows import insert_row, land

Query = Callable[..., list[tuple[Any, ...]]]

NOT_ADDED_UP = {
    "model.st_platform.fct_custom_fields",
    "model.st_platform.fct_external_data",
}
"""Facts that hold texts: there is nothing to measure."""

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))


@pytest.fixture(scope="module")
def built(dbt: Dbt) -> Outcome:
    land(dbt.url)
    return dbt("build", *AS_OF)


def test_everything_builds_and_every_test_passes(built: Outcome) -> None:
    assert built.code == 0, built.output
    good = {"success", "pass", "no-op"}  # the last for exposures and saved queries, of which nothing is built
    assert {name: status for name, status in built.statuses.items() if status not in good} == {}
    assert "WARN" not in built.output.replace("WARN=0", "")


def test_revenue_is_right_to_the_cent(built: Outcome, query: Query) -> None:
    lines = query(
        "SELECT tenant_id, invoice_item_id, revenue_kind, revenue_date, customer_id, job_id, revenue_amount,"
        " non_income_amount, sold_hours FROM marts_finance.fct_revenue ORDER BY 1, 2"
    )
    february, none = date(2026, 2, 28), Decimal("0.00")
    assert lines == [
        (1001, 1000, "job", february, 1, 10, Decimal("80.10"), none, Decimal("3.0000")),
        (1001, 1001, "job", february, 1, 10, none, Decimal("19.90"), Decimal("0.0000")),
        (1001, 1002, "adjustment", date(2026, 3, 20), 1, 10, Decimal("-20.10"), none, Decimal("0.0000")),
        (1001, 1030, "membership", date(2026, 3, 16), 1, None, Decimal("19.99"), none, Decimal("0.0000")),
        (2002, 1000, "job", february, 2, 10, Decimal("7.01"), none, Decimal("0.0000")),
        (2002, 1002, "non_job", date(2026, 3, 20), 3, None, Decimal("0.03"), none, Decimal("0.0000")),
        (2002, 1003, "job", date(2026, 3, 24), 1, 11, Decimal("500.00"), none, Decimal("0.0000")),
    ]


def test_receivables_are_right_to_the_cent(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT tenant_id, customer_id, root_invoice_id, bucket, days_past_due, open_amount"
        " FROM marts_finance.fct_ar_aging ORDER BY tenant_id, root_invoice_id NULLS LAST"
    )
    assert rows == [
        (1001, 1, 100, "1-30", 16, Decimal("37.89")),
        (1001, 1, 102, "1-30", 6, Decimal("500.00")),
        (1001, 1, 103, "current", -15, Decimal("21.39")),
        (1001, 1, 105, "91+", 120, Decimal("275.00")),
        (1001, 1, None, "current", None, Decimal("-6.00")),
        (2002, 2, 100, "current", 0, Decimal("7.01")),
        (2002, 1, 102, "1-30", 6, Decimal("-1.00")),
    ]


def test_custom_fields_are_a_table_that_is_read_by_resource(built: Outcome, query: Query) -> None:
    fields = "SELECT tenant_id, record_id, field_type_id, field_name, field_value FROM marts_platform.fct_custom_fields"
    assert query(f"{fields} WHERE resource = 'jobs'") == [(1001, 10, 7, "Gate code", "1234")]
    assert query("SELECT resource, record_id, entry_key, entry_value FROM marts_platform.fct_external_data") == [
        ("jobs", 11, "crm_id", "A-1")
    ]
    ((index,),) = query("SELECT indexdef FROM pg_indexes WHERE tablename = 'fct_custom_fields'")
    assert "(resource, tenant_id, record_id, field_number)" in index


def test_freshness_is_when_a_resource_was_read_by_the_tenant_that_waits_longest(
    built: Outcome, dbt: Dbt, query: Query
) -> None:
    query(
        "INSERT INTO platform.resource_state (tenant_id, resource, last_read_at) VALUES (1001, 'jobs', now()),"
        " (2002, 'jobs', now()), (9, 'jobs', '2020-01-01'), (1001, 'invoices', now()),"
        " (2002, 'invoices', '2020-01-01'), (1001, 'calls', now() - interval '45 minutes'), (2002, 'calls', now())"
    )
    read = [f"source:servicetitan.{name}" for name in ("jobs", "invoices", "calls")]
    outcome = dbt("source", "freshness", *AS_OF, "--select", *read, "--output", str(dbt.folder / "freshness.json"))
    results = json.loads((dbt.folder / "freshness.json").read_text())["results"]
    verdicts = {result["unique_id"].rpartition(".")[2]: result["status"] for result in results}
    assert verdicts == {"jobs": "pass", "invoices": "error", "calls": "warn"}, outcome.output


def test_readers_see_marts_and_nothing_else(built: Outcome, query: Query) -> None:
    allowed = query("SELECT nspname FROM pg_namespace WHERE has_schema_privilege('st_reader', nspname, 'USAGE')")
    schemas = {name for (name,) in allowed if not name.startswith(("pg_", "information_schema", "public"))}
    domains = [
        "customers",
        "equipment",
        "field",
        "finance",
        "geography",
        "marketing",
        "memberships",
        "operations",
        "platform",
        "sales",
    ]
    assert schemas == {f"marts_{domain}" for domain in domains}
    assert query("SELECT has_table_privilege('st_reader', 'marts_finance.fct_revenue', 'SELECT')") == [(True,)]


def test_every_column_that_is_built_is_described(built: Outcome, dbt: Dbt, query: Query) -> None:
    """Both ways: what the property files name exists, and what exists is named there."""
    nodes = json.loads((dbt.folder / "prod/manifest.json").read_text())["nodes"].values()
    described = {
        (node["schema"], node["name"], column)
        for node in nodes
        if node["resource_type"] in {"model", "seed"}
        for column in node["columns"]
    }
    schemas = sorted({schema for schema, _, _ in described})
    existing = query(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (%s)",
        [schemas],
    )
    assert set(existing) == described


def test_every_metric_and_every_saved_query_can_be_asked(built: Outcome, dbt: Dbt, query: Query) -> None:
    """In the SQL that MetricFlow writes, on the tables that were built."""
    from tests.integration.dbt.semantics import SemanticLayer  # takes seconds to import, which no other test needs

    layer = SemanticLayer.of(dbt.folder / "prod" / "semantic_manifest.json")

    figures = {name: query(layer.metric(name)) for name in layer.metrics}
    answers = {name: query(layer.saved_query(name)) for name in layer.saved_queries}

    assert figures["completed_revenue"] == [(Decimal("587.11"),)]
    assert figures["ar_open"] == [(Decimal("834.29"),)]
    assert {name for name, rows in figures.items() if len(rows) != 1} == set()
    assert len(answers) >= 6
    assert len(answers["receivables_by_age"]) == 5


def test_every_mart_has_a_semantic_model_and_is_shown_to_somebody(built: Outcome, dbt: Dbt) -> None:
    manifest = json.loads((dbt.folder / "prod" / "manifest.json").read_text())
    facts = {name for name in manifest["nodes"] if name.startswith("model.") and ".fct_" in name}
    read = {parent for model in manifest["semantic_models"].values() for parent in model["depends_on"]["nodes"]}
    shown = {parent for exposure in manifest["exposures"].values() for parent in exposure["depends_on"]["nodes"]}

    assert facts - read - NOT_ADDED_UP == set()
    assert facts - shown == set()


def test_a_developer_builds_one_mart_beside_production(built: Outcome, dbt: Dbt, query: Query) -> None:
    """`--defer`: what is not selected is read from production; production itself is not touched."""
    before = query("SELECT oid, relname FROM pg_class WHERE relnamespace = 'marts_finance'::regnamespace ORDER BY 1")
    state = str(dbt.folder / "prod")
    outcome = dbt("run", "--select", "fct_revenue", "--defer", "--state", state, *AS_OF, target="dev")
    assert outcome.code == 0, outcome.output
    assert query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dev%'") == [("dev_ada_l_marts_finance",)]
    assert query("SELECT sum(revenue_amount) FROM dev_ada_l_marts_finance.fct_revenue") == [(Decimal("587.03"),)]
    assert query("SELECT oid, relname FROM pg_class WHERE relnamespace = 'marts_finance'::regnamespace ORDER BY 1") == (
        before
    )


# (file, what it says, what a broken variant says, the unit test that notices)
MUTANTS = [
    (
        "macros/time.sql",
        "at time zone {{ timezone }}",
        "at time zone 'UTC'",
        "revenue_lands_on_the_tenants_day_of_completion",
    ),
    (
        "macros/resolve_chains.sql",
        "min(members.member_id)",
        "max(members.member_id)",
        "merges_are_followed_and_circles_are_cut",
    ),
    ("macros/values.sql", "then -abs(", "then abs(", "applications_read_strings_numbers_and_refunds"),
    (
        "macros/values.sql",
        "nullif({{ expression }}, 0)",
        "{{ expression }}",
        "deleted_and_merged_customers_stay_blanks_are_null",
    ),
    (
        "models/intermediate/finance/int_invoices__rooted.sql",
        "coalesce(invoices.job_id, roots.job_id)",
        "invoices.job_id",
        "an_adjustment_of_an_adjustment_has_the_first_root",
    ),
    (
        "models/intermediate/finance/int_revenue_lines.sql",
        "        invoices.is_active\n",
        "        true\n",
        "revenue_waits_for_the_job_and_skips_the_unbilled",
    ),
    (
        "models/intermediate/finance/int_revenue_lines.sql",
        "gl_overrides.gl_account_type, items",
        "items",
        "revenue_is_what_income_accounts_say",
    ),
    (
        "models/intermediate/finance/int_revenue_lines.sql",
        "and streamed_items.invoice_id = embedded_items.invoice_id",
        "and false",
        "lines_come_from_the_feed_or_else_the_invoice",
    ),
    (
        "macros/time.sql",
        "* 86400",
        "* 3600",
        "durations_and_numbers_of_calls_are_read_in_every_spelling",
    ),
    ("macros/values.sql", "from '\\d{10}$'", "from '\\d{7}$'", "an_e_mail_address_is_no_telephone"),
    (
        "macros/records.sql",
        "where jsonb_typeof(elements.entry) = 'object'",
        "where true",
        "custom_fields_are_rows_and_what_is_malformed_is_none",
    ),
    ("models/marts/finance/fct_revenue.sql", "where is_recognised", "where true", "only_recognised_lines_are_revenue"),
    (
        "models/marts/finance/fct_ar_aging.sql",
        "invoices.invoice_date <= tenants.as_of_date",
        "true",
        "receivables_are_what_was_open_on_that_day",
    ),
    (
        "models/marts/finance/fct_ar_aging.sql",
        "between 1 and 30",
        "between 1 and 31",
        "a_receivable_changes_bucket_after_its_last_day",
    ),
]


def test_the_unit_tests_catch_broken_models(built: Outcome, dbt: Dbt, tmp_path: Path) -> None:
    project = copytree(PROJECT, tmp_path / "project", ignore=ignore_patterns("target", "logs"))
    for file, says, broken, _ in MUTANTS:
        code = (project / file).read_text()
        assert says in code, (file, says)
        (project / file).write_text(code.replace(says, broken))
    outcome = Dbt(dbt.url, tmp_path, project)("test", "--select", "test_type:unit")
    failed = {name for name, status in outcome.statuses.items() if status == "fail"}
    assert {noticed for *_, noticed in MUTANTS} <= failed, outcome.output


def test_broken_figures_are_caught_and_kept(built: Outcome, dbt: Dbt, query: Query) -> None:
    """A cent too much, a subtotal that is off, a balance that is off and a tenant nobody registered."""
    query("UPDATE marts_finance.fct_revenue SET revenue_amount = revenue_amount + 0.01 WHERE invoice_item_id = 1030")
    query(
        "UPDATE intermediate.int_invoices__rooted SET sub_total_amount = sub_total_amount + 0.02,"
        " balance_amount = balance_amount + 0.02 WHERE tenant_id = 1001 AND invoice_id = 100"
    )
    with psycopg.connect(dbt.url) as connection:
        insert_row(connection, "customers", 3003, {"id": 1, "name": "Nobody's", "active": True})
    expected = {
        "revenue_is_the_income_lines": "fail",
        "fct_revenue_keeps_every_recognised_cent": "fail",
        "invoice_lines_add_up_to_the_subtotal": "fail",
        "every_tenant_is_registered": "fail",
        "open_invoices_match_the_api_balances": "warn",
    }
    outcome = dbt("test", "--select", *expected)
    assert outcome.code == 1
    assert {name: outcome.statuses[name] for name in expected} == expected, outcome.output
    assert query(
        "SELECT tenant_id, actual_amount - expected_amount FROM test_failures.revenue_is_the_income_lines"
    ) == [(1001, Decimal("0.01"))]
    assert query("SELECT tenant_id FROM test_failures.open_invoices_match_the_api_balances") == [(1001,)]
