"""Tests of the dbt project that dbt attaches to no model still become checks of one."""

from __future__ import annotations

from typing import Any

from st_platform.orchestration.assets.manifest import ancestors, host_tests

INVOICES, STAGED, EMBEDDED, MART = (
    "source.p.servicetitan.invoices",
    "model.p.stg_servicetitan__invoices",
    "model.p.stg_servicetitan__invoice_embedded_items",
    "model.p.fct_revenue",
)


def manifest(**tests: dict[str, Any]) -> dict[str, Any]:
    """A source, two models that stage it, a mart on both, and the tests."""
    models = {
        name: {"resource_type": "model", "name": name.split(".")[-1], "package_name": "p", "config": {}}
        for name in (STAGED, EMBEDDED, MART)
    }
    for test in tests.values():
        test |= {"resource_type": "test", "config": test.get("config", {})}
    return {
        "nodes": models | {f"test.p.{name}": test for name, test in tests.items()},
        "sources": {INVOICES: {}},
        "parent_map": {STAGED: [INVOICES], EMBEDDED: [INVOICES], MART: [STAGED, EMBEDDED], INVOICES: []},
        "child_map": {INVOICES: [EMBEDDED, STAGED], STAGED: [MART], EMBEDDED: [MART], MART: []},
    }


def host_of(loaded: dict[str, Any], test: str) -> str | None:
    meta = loaded["nodes"][f"test.p.{test}"]["config"].get("meta", {})
    return meta.get("dagster", {}).get("ref", {}).get("name")


def test_a_test_of_several_models_belongs_to_the_one_furthest_downstream() -> None:
    loaded = manifest(sums={"attached_node": None, "depends_on": {"nodes": [MART, STAGED]}})

    host_tests(loaded)

    assert host_of(loaded, "sums") == "fct_revenue"
    assert loaded["child_map"][MART] == ["test.p.sums"]


def test_a_test_of_a_source_belongs_to_the_model_that_stages_it() -> None:
    loaded = manifest(stamps={"attached_node": None, "depends_on": {"nodes": [INVOICES]}})

    host_tests(loaded)

    assert host_of(loaded, "stamps") == "stg_servicetitan__invoices"


def test_what_dbt_or_the_author_has_decided_is_kept() -> None:
    chosen = {"meta": {"dagster": {"ref": {"name": "fct_revenue"}}}}
    loaded = manifest(
        unique={"attached_node": STAGED, "depends_on": {"nodes": [STAGED]}},
        sums={"attached_node": None, "depends_on": {"nodes": [STAGED, EMBEDDED]}, "config": chosen},
    )

    host_tests(loaded)

    assert host_of(loaded, "unique") is None
    assert host_of(loaded, "sums") == "fct_revenue"


def test_a_test_of_nothing_is_left_alone() -> None:
    loaded = manifest(arithmetic={"attached_node": None, "depends_on": {"nodes": []}})

    host_tests(loaded)

    assert host_of(loaded, "arithmetic") is None


def test_hosting_twice_changes_nothing() -> None:
    loaded = manifest(sums={"attached_node": None, "depends_on": {"nodes": [MART, STAGED]}})

    host_tests(loaded)
    host_tests(loaded)

    assert loaded["child_map"][MART] == ["test.p.sums"]


def test_what_a_mart_is_made_of_leaves_out_sources_and_itself() -> None:
    assert ancestors(manifest(), [MART]) == [EMBEDDED, STAGED]
    assert ancestors(manifest(), [MART, STAGED]) == [EMBEDDED]
    assert ancestors(manifest(), [STAGED]) == []
