"""The rules of the dbt project: a good manifest passes, and each rule catches the manifest that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from scripts import check_manifest as rules

PRIMARY_KEY = {"type": "primary_key", "columns": ["tenant_id", "order_id"]}


def column(description: str = "Some column.", data_type: str | None = None) -> dict[str, Any]:
    return {"description": description, "data_type": data_type}


def model(name: str, folder: str, reads: list[str], **config: Any) -> dict[str, Any]:
    layer, domain = folder.split("/")
    return {
        "unique_id": f"model.shop.{name}",
        "name": name,
        "resource_type": "model",
        "package_name": "shop",
        "fqn": ["shop", layer, domain, name],
        "description": f"{name}, described.",
        "columns": {"order_id": column(data_type="bigint")},
        "constraints": [PRIMARY_KEY] if layer == "marts" else [],
        "depends_on": {"nodes": reads},
        "raw_code": f"select order_id from {{{{ ref('{name}_input') }}}}",
        "config": {
            "materialized": {"staging": "view"}.get(layer, "table"),
            "schema": f"marts_{domain}" if layer == "marts" else layer,
            "group": "sales",
            "access": "public" if layer == "marts" else "protected",
            "contract": {"enforced": layer == "marts"},
            "meta": {"grain": ["order_id"], "owner": "team:sales"},
            **config,
        },
    }


def key_test(of: str) -> dict[str, Any]:
    return {
        "unique_id": f"test.shop.unique_key_{of}",
        "name": f"unique_key_{of}",
        "resource_type": "test",
        "package_name": "shop",
        "attached_node": f"model.shop.{of}",
        "column_name": None,
        "test_metadata": {"name": "unique_key"},
    }


def good() -> dict[str, Any]:
    """The smallest project that breaks no rule: a source, staged, prepared and published."""
    nodes = [
        model("stg_crm__orders", "staging/crm", ["source.shop.crm.orders"]),
        model("int_orders", "intermediate/sales", ["model.shop.stg_crm__orders"]),
        model("fct_orders", "marts/sales", ["model.shop.int_orders"]),
        *(key_test(name) for name in ("stg_crm__orders", "int_orders", "fct_orders")),
    ]
    source = {
        "unique_id": "source.shop.crm.orders",
        "name": "orders",
        "source_name": "crm",
        "resource_type": "source",
        "package_name": "shop",
        "description": "Orders.",
        "columns": {"id": column()},
        "loaded_at_field": "_fetched_at",
        "config": {"meta": {"grain": ["id"], "owner": "team:sales"}},
    }
    return {
        "metadata": {"project_name": "shop"},
        "nodes": {node["unique_id"]: node for node in nodes},
        "sources": {source["unique_id"]: source},
        "groups": {"group.shop.sales": {"name": "sales", "owner": {"name": "team:sales"}}},
    }


def broken_rules(content: dict[str, Any]) -> set[str]:
    return {violation.rule for violation in rules.check(rules.Manifest(content))}


def test_a_project_that_keeps_the_rules_passes() -> None:
    assert rules.check(rules.Manifest(good())) == []


Break = Callable[[dict[str, Any]], None]


def put(name: str, path: str, value: Any) -> Break:
    """Set what `path` (dotted) leads to in the model, source or group called `name`."""

    def change(content: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place = _find(content, name)
        for step in way:
            place = place[step]
        place[last] = value

    return change


def _find(content: dict[str, Any], name: str) -> dict[str, Any]:
    everything = [node for kind in ("nodes", "sources", "groups") for node in content[kind].values()]
    return next(node for node in everything if node["name"] == name)


def add(*more: dict[str, Any]) -> Break:
    return lambda content: content["nodes"].update({node["unique_id"]: node for node in more})


def drop(kind: str, unique_id: str) -> Break:
    return lambda content: content[kind].pop(unique_id)


def _leaves(count: int) -> list[dict[str, Any]]:
    names = [f"fct_orders_{number}" for number in range(count)]
    return [part for name in names for part in (model(name, "marts/sales", ["model.shop.int_orders"]), key_test(name))]


def _tower(views: int) -> list[dict[str, Any]]:
    """Intermediate views, each on the one before."""
    tower, below = [], "model.shop.stg_crm__orders"
    for number in range(views):
        name = f"int_orders_{number}"
        tower += [model(name, "intermediate/sales", [below], materialized="view"), key_test(name)]
        below = f"model.shop.{name}"
    return tower


SOURCE = "source.shop.crm.orders"
BROKEN: list[tuple[str, str, Break]] = [
    ("names_say_the_layer", "a mart without a prefix", put("fct_orders", "name", "orders")),
    (
        "names_say_the_layer",
        "a folder that is no layer",
        put("int_orders", "fqn", ["shop", "etc", "sales", "int_orders"]),
    ),
    ("folders_say_the_domain", "no domain", put("int_orders", "fqn", ["shop", "intermediate", "int_orders"])),
    ("folders_say_the_domain", "a mart in another schema", put("fct_orders", "config.schema", "marts")),
    ("folders_say_the_domain", "a foreign source", put("stg_crm__orders", "fqn", ["shop", "staging", "erp", "x"])),
    ("layers_are_stored_as_agreed", "a stored staging", put("stg_crm__orders", "config.materialized", "table")),
    ("layers_are_not_skipped", "a mart on a source", put("fct_orders", "depends_on.nodes", [SOURCE])),
    ("layers_are_not_skipped", "a staging join", put("stg_crm__orders", "depends_on.nodes", [SOURCE, SOURCE])),
    ("layers_are_not_skipped", "int on a mart", put("int_orders", "depends_on.nodes", ["model.shop.fct_orders"])),
    ("layers_are_not_skipped", "a model from nothing", put("int_orders", "depends_on.nodes", [])),
    ("no_table_is_named_by_hand", "a table", put("int_orders", "raw_code", "select 1 from staging.orders")),
    ("keys_are_tested", "a missing key test", drop("nodes", "test.shop.unique_key_int_orders")),
    ("the_grain_is_written_down", "no grain", put("int_orders", "config.meta.grain", None)),
    ("everything_is_described", "a model without words", put("int_orders", "description", " ")),
    ("everything_is_described", "a column without words", put("int_orders", "columns.order_id.description", "")),
    ("everything_is_described", "no columns at all", put("int_orders", "columns", {})),
    ("somebody_answers_for_it", "a group without an owner", put("sales", "owner", {})),
    ("somebody_answers_for_it", "two owners", put("int_orders", "config.meta.owner", "team:ops")),
    ("somebody_answers_for_it", "an orphaned source", put("orders", "config.meta.owner", None)),
    ("sources_say_how_fresh_they_are", "no load time", put("orders", "loaded_at_field", None)),
    ("sources_are_staged", "an unread source", drop("nodes", "model.shop.stg_crm__orders")),
    ("what_is_public_has_a_contract", "a public intermediate", put("int_orders", "config.access", "public")),
    ("what_is_public_has_a_contract", "no contract", put("fct_orders", "config.contract.enforced", False)),
    ("what_is_public_has_a_contract", "no types", put("fct_orders", "columns.order_id.data_type", None)),
    ("what_is_public_has_a_contract", "no primary key", put("fct_orders", "constraints", [])),
    ("fan_out_is_bounded", "four last models on one", add(*_leaves(3))),
    ("joins_are_bounded", "nine relations", put("int_orders", "depends_on.nodes", [f"model.x.{n}" for n in range(9)])),
    ("views_are_not_piled_up", "five views", add(*_tower(4))),
]


@pytest.mark.parametrize(("rule", "change"), [pytest.param(r, c, id=f"{r}: {why}") for r, why, c in BROKEN])
def test_a_broken_project_is_caught(rule: str, change: Break) -> None:
    content = good()
    change(content)
    assert rule in broken_rules(content)


def test_every_rule_has_been_seen_to_catch_something() -> None:
    assert {rule for rule, _, _ in BROKEN} == {rule.__name__ for rule in rules.RULES}


def test_a_hub_may_raise_its_own_fan_out() -> None:
    content = good()
    add(*_leaves(3))(content)
    content["nodes"]["model.shop.int_orders"]["config"]["meta"]["fan_out"] = 4
    assert broken_rules(content) == set()


def test_a_union_of_many_is_no_join() -> None:
    content = good()
    content["nodes"]["model.shop.int_orders"]["depends_on"]["nodes"] = [f"model.x.{n}" for n in range(9)]
    content["nodes"]["model.shop.int_orders"]["config"]["meta"]["union"] = True
    assert "joins_are_bounded" not in broken_rules(content)


@pytest.mark.parametrize(
    "code", ["extract(year from days.day)", "a is distinct from b.c", "-- from old.table", "{# join a.b #}"]
)
def test_from_is_not_always_a_table(code: str) -> None:
    content = good()
    content["nodes"]["model.shop.int_orders"]["raw_code"] = f"select {code}\nfrom final"
    assert broken_rules(content) == set()


def test_the_command_fails_on_a_bad_manifest_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = deepcopy(good())
    content["nodes"]["model.shop.int_orders"]["description"] = ""
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert rules.main(["--manifest", str(tmp_path / "manifest.json")]) == 1
    assert "int_orders: has no description [everything_is_described]" in capsys.readouterr().err


def test_the_dbt_project_keeps_its_own_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules.main([]) == 0, capsys.readouterr().err
