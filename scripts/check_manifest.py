"""Hold the dbt project to its own rules, read from the manifest that dbt writes.

The rules are those of dbt_project_evaluator that apply here, and a few of this project: names and folders by layer,
a key test and a grain for every model, a description for everything, an owner who answers, contracts on what is
public, and no shortcut past a layer. Without a manifest at hand it has dbt parse the project, which needs no database.

    python scripts/check_manifest.py [--manifest dbt_project/target/manifest.json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1] / "dbt_project"

MAX_JOINS = 7
MAX_LEAF_CHILDREN = 3
MAX_CHAINED_VIEWS = 4

_LAYERS = {"staging": r"stg_[a-z0-9]+__[a-z0-9_]+", "intermediate": r"int_[a-z0-9_]+", "marts": r"(fct|dim)_[a-z0-9_]+"}
_STORED = {"staging": {"view"}, "intermediate": {"table"}, "marts": {"table", "incremental"}}

Node = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Violation:
    """A rule that a node breaks, and what would mend it."""

    rule: str
    node: str
    message: str

    def __str__(self) -> str:
        return f"{self.node}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class Manifest:
    """The parts of `manifest.json` that the rules read."""

    content: Mapping[str, Any]

    @cached_property
    def models(self) -> list[Node]:
        return [node for node in self._ours("nodes") if node["resource_type"] == "model"]

    @cached_property
    def seeds(self) -> list[Node]:
        return [node for node in self._ours("nodes") if node["resource_type"] == "seed"]

    @cached_property
    def sources(self) -> list[Node]:
        return self._ours("sources")

    @cached_property
    def tests_by_node(self) -> Mapping[str, list[Node]]:
        """Generic tests by the node they hang on."""
        tests: dict[str, list[Node]] = {}
        for node in self._ours("nodes"):
            if node["resource_type"] == "test" and node.get("attached_node"):
                tests.setdefault(node["attached_node"], []).append(node)
        return tests

    @cached_property
    def children(self) -> Mapping[str, list[Node]]:
        """Models by the model they read."""
        children: dict[str, list[Node]] = {}
        for model in self.models:
            for parent in self.parents(model):
                children.setdefault(parent, []).append(model)
        return children

    def parents(self, model: Node) -> list[str]:
        return list(model["depends_on"]["nodes"])

    def node(self, unique_id: str) -> Node | None:
        return self.content["nodes"].get(unique_id) or self.content["sources"].get(unique_id)

    def group(self, name: str | None) -> Node | None:
        return next((group for group in self.content["groups"].values() if group["name"] == name), None)

    def _ours(self, kind: str) -> list[Node]:
        project = self.content["metadata"]["project_name"]
        return [node for node in self.content[kind].values() if node["package_name"] == project]


Rule = Callable[[Manifest], Iterator[tuple[Node, str]]]


def check(manifest: Manifest) -> list[Violation]:
    """Every violation of every rule, sorted."""
    return sorted(Violation(rule.__name__, node["name"], message) for rule in RULES for node, message in rule(manifest))


def layer_of(model: Node) -> str:
    """The first folder under `models/`."""
    return str(model["fqn"][1])


# ----------------------------------------------------------------------------------------------------- the rules


def names_say_the_layer(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for model in manifest.models:
        pattern = _LAYERS.get(layer_of(model))
        if pattern is None:
            yield model, f"lies in {layer_of(model)}/; models live in {', '.join(_LAYERS)}"
        elif not re.fullmatch(pattern, model["name"]):
            yield model, f"a model in {layer_of(model)}/ is called {pattern}"


def folders_say_the_domain(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for model in manifest.models:
        if len(model["fqn"]) != 4:
            yield model, "lies directly in its layer or too deep; it belongs in <layer>/<source or domain>/"
            continue
        layer, folder = layer_of(model), str(model["fqn"][2])
        if layer == "staging" and not model["name"].startswith(f"stg_{folder}__"):
            yield model, f"stages another source than its folder {folder}/"
        if layer == "marts" and model["config"].get("schema") != f"marts_{folder}":
            yield model, f"is built in {model['config'].get('schema')}, its folder says marts_{folder}"


def layers_are_stored_as_agreed(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for model in manifest.models:
        allowed = _STORED.get(layer_of(model))
        if allowed and model["config"]["materialized"] not in allowed:
            yield model, f"is a {model['config']['materialized']}; {layer_of(model)} is {' or '.join(sorted(allowed))}"


def layers_are_not_skipped(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """Only staging reads sources, one each and nothing else; nothing reads a mart but a mart; no mart feeds staging."""
    for model in manifest.models:
        parents = [parent for parent in map(manifest.node, manifest.parents(model)) if parent]
        sources = [parent for parent in parents if parent["resource_type"] == "source"]
        if layer_of(model) == "staging":
            if len(sources) != 1 or len(parents) != 1:
                yield model, "reads something other than exactly one source"
            continue
        for source in sources:
            yield model, f"reads the source {source['name']} directly; only staging does"
        if not parents:
            yield model, "has no parent"
        for parent in parents:
            if layer_of(model) == "intermediate" and parent["resource_type"] == "model" and layer_of(parent) == "marts":
                yield model, f"reads the mart {parent['name']}; intermediate models come before marts"


def no_table_is_named_by_hand(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for model in manifest.models:
        code = re.sub(r"extract\s*\([^)]*\)|distinct\s+from\b", "", _without_comments(model["raw_code"]), flags=re.I)
        for found in re.finditer(r"\b(?:from|join)\s+(\"?\w+\"?\.\"?\w+\"?)", code, flags=re.I):
            yield model, f"names {found[1]} by hand; use ref() or source()"


def keys_are_tested(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """`unique_key` (no duplicate, no null), or `unique` and `not_null` on one column."""
    for node in (*manifest.models, *manifest.seeds):
        tests = manifest.tests_by_node.get(node["unique_id"], [])
        names = {test["test_metadata"]["name"] for test in tests if test.get("test_metadata")}
        by_column: dict[str, set[str]] = {}
        for test in tests:
            if test.get("column_name") and test.get("test_metadata"):
                by_column.setdefault(test["column_name"], set()).add(test["test_metadata"]["name"])
        single = any({"unique", "not_null"} <= of_column for of_column in by_column.values())
        if "unique_key" not in names and not single:
            yield node, "has no test of its primary key; add unique_key"


def the_grain_is_written_down(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for node in (*manifest.models, *manifest.seeds, *manifest.sources):
        if not _meta(node).get("grain"):
            yield node, "does not say its grain; set config.meta.grain"


def everything_is_described(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for node in (*manifest.models, *manifest.seeds, *manifest.sources):
        if not node["description"].strip():
            yield node, "has no description"
        if not node["columns"]:
            yield node, "describes no column"
        for name, column in node["columns"].items():
            if not column["description"].strip():
                yield node, f"column {name} has no description"


def somebody_answers_for_it(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """Models and seeds: a group with an owner, and the same team in `meta.owner`; sources: `meta.owner`."""
    for node in (*manifest.models, *manifest.seeds):
        group = manifest.group(node["config"].get("group"))
        owner = ((group or {}).get("owner") or {}).get("name")
        if not owner:
            yield node, "belongs to no group with an owner"
        elif _meta(node).get("owner") != owner:
            yield node, f"meta.owner is {_meta(node).get('owner')}, its group's owner is {owner}"
    for source in manifest.sources:
        if not _meta(source).get("owner"):
            yield source, "has no meta.owner"


def sources_say_how_fresh_they_are(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for source in manifest.sources:
        asked = ("loaded_at_field", "loaded_at_query")
        if not any(source.get(name) or source["config"].get(name) for name in asked):
            yield source, f"has neither {' nor '.join(asked)}, so its freshness cannot be asked"


def sources_are_staged(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    for source in manifest.sources:
        if not manifest.children.get(source["unique_id"]):
            yield source, "is read by no staging model"


def what_is_public_has_a_contract(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """Marts are public with an enforced contract, a typed column each and a primary key; nothing else is public."""
    for model in manifest.models:
        public = model["config"].get("access", model.get("access")) == "public"
        if public != (layer_of(model) == "marts"):
            yield model, "marts are public and only they are"
        if not public:
            continue
        if not model["config"]["contract"]["enforced"]:
            yield model, "is public without an enforced contract"
        for name, column in model["columns"].items():
            if not column.get("data_type"):
                yield model, f"column {name} has no data_type"
        if not any(constraint["type"] == "primary_key" for constraint in model.get("constraints") or []):
            yield model, "has no primary_key constraint"


def fan_out_is_bounded(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """A model read by many last models wants an intermediate one; `meta.fan_out` raises the limit for a hub."""
    for model in manifest.models:
        leaves = [child["name"] for child in manifest.children.get(model["unique_id"], []) if _is_leaf(manifest, child)]
        if len(leaves) > _meta(model).get("fan_out", MAX_LEAF_CHILDREN):
            yield model, f"feeds {len(leaves)} last models ({', '.join(sorted(leaves))})"


def joins_are_bounded(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    """A union of alike relations is no join; `meta.union` says that a model is one."""
    for model in manifest.models:
        if _meta(model).get("union"):
            continue
        joined = set(manifest.parents(model))
        if len(joined) > MAX_JOINS + 1:
            yield model, f"joins {len(joined)} relations; split it"


def views_are_not_piled_up(manifest: Manifest) -> Iterator[tuple[Node, str]]:
    by_id = {model["unique_id"]: model for model in manifest.models}

    def height(model: Node) -> int:
        if model["config"]["materialized"] != "view":
            return 0
        return 1 + max((height(by_id[parent]) for parent in manifest.parents(model) if parent in by_id), default=0)

    for model in manifest.models:
        if height(model) > MAX_CHAINED_VIEWS:
            yield model, f"stands on {height(model)} views"


RULES: tuple[Rule, ...] = (
    names_say_the_layer,
    folders_say_the_domain,
    layers_are_stored_as_agreed,
    layers_are_not_skipped,
    no_table_is_named_by_hand,
    keys_are_tested,
    the_grain_is_written_down,
    everything_is_described,
    somebody_answers_for_it,
    sources_say_how_fresh_they_are,
    sources_are_staged,
    what_is_public_has_a_contract,
    fan_out_is_bounded,
    joins_are_bounded,
    views_are_not_piled_up,
)


def _meta(node: Node) -> Mapping[str, Any]:
    return {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}


def _is_leaf(manifest: Manifest, model: Node) -> bool:
    return not manifest.children.get(model["unique_id"])


def _without_comments(code: str) -> str:
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", code, flags=re.S)


# ---------------------------------------------------------------------------------------------------- the command


def parse_project(target: Path) -> Path:
    """Have dbt write the manifest under `target`; no connection is made.

    Raises:
        SystemExit: dbt refused the project; it has said why.
    """
    dbt = Path(sys.executable).parent / "dbt"
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [str(dbt if dbt.exists() else "dbt"), "parse", "--project-dir", str(PROJECT)]
    command += ["--profiles-dir", str(PROJECT), "--target-path", str(target), "--log-path", str(target), "--quiet"]
    finished = subprocess.run(command, env=environment, check=False)
    if finished.returncode:
        raise SystemExit(finished.returncode)
    return target / "manifest.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every rule holds, 1 and a line per violation otherwise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--manifest", type=Path, help="read this manifest instead of parsing the project")
    given: Path | None = parser.parse_args(arguments).manifest
    with tempfile.TemporaryDirectory() as folder:
        manifest = Manifest(json.loads((given or parse_project(Path(folder))).read_text()))
    violations = check(manifest)
    for violation in violations:
        sys.stderr.write(f"{violation}\n")
    checked = len(manifest.models) + len(manifest.seeds) + len(manifest.sources)
    sys.stdout.write(f"{checked} dbt nodes, {len(RULES)} rules, {len(violations)} violations\n")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
