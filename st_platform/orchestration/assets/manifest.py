"""dbt's manifest: kept current, read once, and completed with what Dagster needs to know of tests.

Knows the dbt project's files and the manifest's shape; assets are made of it in `dbt.py`.
"""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource, DbtProject

from st_platform.orchestration.naming import SOURCE

_PRODUCTION = Path("target") / "prod"
"""Where production's manifest is. What people parse for themselves goes to `target` and `target/dev`."""

_SOURCE_FOLDERS = ("models", "macros", "seeds", "snapshots", "tests", "analyses")

Manifest = dict[str, Any]


def dbt_project(folder: Path) -> DbtProject:
    """The project in `folder`, with a manifest that is current: parsed now if there is none or a file is newer.

    Parsing takes seconds and every run loads the definitions, so it is not repeated without need; processes that
    need it at the same time wait for one of them.
    """
    project = DbtProject(project_dir=folder, target="prod", target_path=_PRODUCTION)
    if manifest_is_current(project):
        return project
    target = project.manifest_path.parent
    target.mkdir(parents=True, exist_ok=True)
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest_is_current(project):
            dbt_resource(project).cli(["parse", "--quiet"], target_path=project.target_path).wait()
            project.manifest_path.touch()
    return project


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """The dbt that is installed beside this Python, on the path or not."""
    beside = Path(sys.executable).parent / "dbt"
    return DbtCliResource(project_dir=project, dbt_executable=str(beside if beside.exists() else "dbt"))


def manifest_is_current(project: DbtProject) -> bool:
    """Whether the manifest is there and newer than all it is made of; a folder changes when a file goes."""
    if not project.manifest_path.is_file():
        return False
    written = project.manifest_path.stat().st_mtime
    sources = [project.project_dir / "dbt_project.yml", project.profiles_dir / "profiles.yml"]
    for name in _SOURCE_FOLDERS:
        sources += [project.project_dir / name, *(project.project_dir / name).rglob("*")]
    return all(source.stat().st_mtime <= written for source in sources if source.exists())


def read_manifest(project: DbtProject) -> Manifest:
    """The manifest, with a model for every test to be a check of."""
    manifest: Manifest = json.loads(project.manifest_path.read_text("utf-8"))
    host_tests(manifest)
    return manifest


def source_descriptions(manifest: Manifest) -> dict[str, dict[str, str]]:
    """What the dbt project says about the columns of each source table, by table and column."""
    return {
        source["name"]: {column["name"]: column["description"] for column in source["columns"].values()}
        for source in manifest["sources"].values()
        if source["schema"] == SOURCE
    }


def point_at(manifest: Manifest, database: str) -> None:
    """Make the manifest speak of `database`, whatever database it was parsed for. Changes `manifest`.

    dbt itself looks at the connection; what Dagster asks afterwards (row counts, columns) goes by the manifest.
    """
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        before, node["database"] = node.get("database"), database
        if before and node.get("relation_name"):
            node["relation_name"] = node["relation_name"].replace(f'"{before}".', f'"{database}".', 1)


def ancestors(manifest: Manifest, of: Iterable[str]) -> list[str]:
    """What the nodes `of` are made of, directly or not, without themselves and without sources; sorted."""
    wanted = set(of)
    found: set[str] = set()
    pending = list(wanted)
    while pending:
        for parent in manifest["parent_map"].get(pending.pop(), ()):
            if parent in manifest["nodes"] and parent not in found:
                found.add(parent)
                pending.append(parent)
    return sorted(found - wanted)


def selector(manifest: Manifest, unique_id: str) -> str:
    """How a node is named on dbt's command line, so that it and no other is meant."""
    return ".".join(manifest["nodes"][unique_id]["fqn"])


def host_tests(manifest: Manifest) -> None:
    """Give a model to each test that dbt attaches to none: a test of a source, or of several models at once.

    Without one Dagster would record its outcome as a mere observation, and a failed warning would be seen by nobody.
    A test of several models becomes a check of the one furthest downstream, a test of a source one of the model that
    reads it. Changes `manifest`.
    """
    depths: dict[str, int] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "test" or node.get("attached_node") in manifest["nodes"] or _names_its_host(node):
            continue
        host = _host(manifest, node["depends_on"]["nodes"], depths)
        if host is None:
            continue
        model = manifest["nodes"][host]
        reference = {"name": model["name"], "package": model["package_name"], "version": model.get("version")}
        node["config"]["meta"] = {**node["config"].get("meta", {}), "dagster": {"ref": reference}}
        children = manifest["child_map"].setdefault(host, [])
        if unique_id not in children:
            children.append(unique_id)


def _names_its_host(test: Manifest) -> bool:
    return bool((test["config"].get("meta") or test.get("meta") or {}).get("dagster", {}).get("ref"))


def _host(manifest: Manifest, tested: Iterable[str], depths: dict[str, int]) -> str | None:
    """The model, seed or snapshot among `tested` that lies furthest downstream; of a source the staging model."""
    candidates = [name for name in tested if name in manifest["nodes"]]
    if candidates:
        return max(candidates, key=lambda name: (_depth(manifest, name, depths), name))
    readers = (
        (not child.endswith(source.rpartition(".")[2]), child)
        for source in tested
        for child in manifest["child_map"].get(source, ())
        if child.startswith("model.")
    )
    return min(readers, default=(True, None))[1]


def _depth(manifest: Manifest, unique_id: str, known: dict[str, int]) -> int:
    """Length of the longest way from a source to the node; what is found on the way is added to `known`."""
    if unique_id not in known:
        parents = manifest["parent_map"].get(unique_id, ())
        known[unique_id] = 1 + max((_depth(manifest, parent, known) for parent in parents), default=0)
    return known[unique_id]
