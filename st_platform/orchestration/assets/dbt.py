"""The dbt project as assets: every model, seed and snapshot, with its tests as asset checks.

Knows how dbt's manifest becomes keys, dependencies, owners and a cadence, and how one build is run. What the models
say is the dbt project's business.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets
from psycopg.conninfo import conninfo_to_dict

from st_platform.orchestration.assets.changes import ExtractChanged
from st_platform.orchestration.assets.manifest import Manifest, ancestors, point_at, selector
from st_platform.orchestration.naming import ON_CADENCE_TAG, SOURCE, extract_key
from st_platform.orchestration.resources import WarehouseResource
from st_platform.seed_files import as_variable, seed_problems
from st_platform.settings import dagster_environment, load_settings
from st_platform.warehouse.database import Database

MARTS_CRON = "7 * * * *"
"""When models may be built again, UTC. Off the quarter hours, at which the extracts start."""

BUILD_NAME = "dbt_models"
STAGING_GROUP = "staging"

_KEEP_ARTIFACTS_SECONDS = 3 * 24 * 3600
_BUILD_LOCK = 0x5741_6462
_LOOK_AGAIN_SECONDS = 2.0


def on_cadence(extracts: Iterable[dg.AssetKey]) -> dg.AutomationCondition:
    """Hourly, and only if an extract above has other data than when the model was last asked for.

    "Asked for" and not "built": what changes while a build runs is not in it and must count for the next one. Models
    below a model that is asked for come along in the same run.
    """
    changed = ExtractChanged(extracts)
    # A request becomes visible one look later, and in a tie the reset wins. What changed in that look counts again in
    # the look after it, or it would be forgotten.
    just_before = (~changed).newly_true()
    pending = (changed | just_before).since(
        dg.AutomationCondition.newly_requested() | dg.AutomationCondition.initial_evaluation()
    )
    due = dg.AutomationCondition.cron_tick_passed(MARTS_CRON) & pending & ~dg.AutomationCondition.in_progress()
    follows = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.will_be_requested())
    return (due | follows).with_label(f"an extract changed, at {MARTS_CRON}")


class Translator(DagsterDbtTranslator):
    """Dagster's view of a dbt node: a source is the extracts of all tenants, the owner is the one in `meta`."""

    def __init__(self, tenants: Sequence[str], condition: dg.AutomationCondition) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_metadata=False))
        self._tenants = tuple(tenants)
        self._condition = condition
        self._specs: dict[str, dg.AssetSpec] = {}

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        if unique_id not in self._specs:
            spec = super().get_asset_spec(manifest, unique_id, project)
            self._specs[unique_id] = spec.replace_attributes(deps=list(self._mapped(spec.deps)))
        return self._specs[unique_id]

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        test = self.get_resource_props(manifest, unique_id)
        others = [dep for dep in spec.additional_deps if dep.asset_key.path[0] != SOURCE]
        return spec._replace(description=test.get("description") or spec.description, additional_deps=others)

    def get_automation_condition(self, dbt_resource_props: Mapping[str, Any]) -> dg.AutomationCondition | None:
        return self._condition if dbt_resource_props["resource_type"] != "source" else None

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Staging is a group of its own, whoever owns it: one view per resource hides what is made of them."""
        if "staging" in dbt_resource_props["fqn"][1:2]:
            return STAGING_GROUP
        return super().get_group_name(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        meta = {**dbt_resource_props.get("meta", {}), **dbt_resource_props.get("config", {}).get("meta", {})}
        owner = meta.get("owner")
        return [owner] if owner else super().get_owners(dbt_resource_props)

    def extract_keys(self, key: dg.AssetKey) -> list[dg.AssetKey]:
        """The extracts that a source table's key stands for, one per tenant; nothing for any other key."""
        if len(key.path) != 2 or key.path[0] != SOURCE:
            return []
        return [dg.AssetKey(extract_key(tenant, key.path[1])) for tenant in self._tenants]

    def _mapped(self, deps: Iterable[dg.AssetDep]) -> Iterator[dg.AssetDep]:
        for dep in deps:
            if dep.asset_key.path[0] == SOURCE:
                yield from (dg.AssetDep(key) for key in self.extract_keys(dep.asset_key))
            else:
                yield dep


def dbt_models(project: DbtProject, manifest: Manifest, translator: Translator) -> dg.AssetsDefinition:
    """All models of the project as one operation, of which a run may select any part."""

    @dbt_assets(manifest=manifest, project=project, dagster_dbt_translator=translator, name=BUILD_NAME)
    def build(context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: WarehouseResource) -> Iterator[Any]:
        artifacts = _artifacts(project, load_settings().state_dir.absolute() / "dbt", context.run.run_id)
        _set_connection_variables(warehouse.url)
        os.environ.update(as_variable(seed_problems(project.project_dir)))
        point_at(manifest, str(conninfo_to_dict(warehouse.url)["dbname"]))
        arguments = [*_BUILD, *_selected_tests(context, manifest)]
        with _one_build_at_a_time(warehouse.database, context.log), _working_directory_kept():
            if needed := _needed(context, manifest, warehouse.database):
                context.log.info(f"what the selection is made of comes first: {len(needed)} nodes")
                arguments_first = [*_BUILD, "--indirect-selection", "cautious", *_select(manifest, needed)]
                first = dbt.cli(
                    arguments_first,
                    manifest=manifest,
                    dagster_dbt_translator=translator,
                    target_path=_artifacts(project, artifacts, "needed"),
                )
                for event in first.stream().fetch_row_counts().fetch_column_metadata():
                    context.log_event(_with_lineage_to_extracts(event, translator))
            invocation = dbt.cli(arguments, context=context, target_path=artifacts)
            events = invocation.stream().fetch_row_counts().fetch_column_metadata()
            yield from (_explained(_with_lineage_to_extracts(event, translator)) for event in events)

    return build


_BUILD = ("build", "--exclude-resource-type", "unit_test")
"""Unit tests say something about the code, which does not change from one build to the next."""


def _needed(context: dg.AssetExecutionContext, manifest: Manifest, database: Database) -> list[str]:
    """What has to be built before a selection, for its figures to be those of the extracts as they are now.

    For a build that the models' own conditions asked for, only what is not there at all: all else they have seen to.
    """
    if not context.is_subset:
        return []
    selected = (context.assets_def.get_asset_spec(key) for key in context.selected_asset_keys)
    above = ancestors(manifest, [spec.metadata["dagster_dbt/unique_id"] for spec in selected])
    if ON_CADENCE_TAG not in context.run.tags:
        return above
    with database.connection() as connection:
        relations = connection.execute(
            "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
        )
        there = {(str(schema), str(name)) for schema, name in relations}
    nodes = manifest["nodes"]
    return [node for node in above if (nodes[node]["schema"], nodes[node]["alias"]) not in there]


def _select(manifest: Manifest, nodes: Iterable[str]) -> list[str]:
    return [word for node in nodes for word in ("--select", selector(manifest, node))]


def _selected_tests(context: dg.AssetExecutionContext, manifest: Manifest) -> list[str]:
    """The tests of a partial build, by name; none for a build of everything, which includes them all.

    Left alone, dbt also runs the tests of models that were not selected if they look at one that was, and those fail
    where such a model has not been built yet.
    """
    if not context.is_subset:
        return []
    specs = (context.assets_def.get_spec_for_check_key(key) for key in context.selected_asset_check_keys)
    nodes = sorted(spec.metadata["dagster_dbt/unique_id"] for spec in specs)
    return ["--indirect-selection", "empty", *_select(manifest, nodes)]


@contextmanager
def _one_build_at_a_time(database: Database, log: dg.DagsterLogManager) -> Iterator[None]:
    """Wait for a build that runs elsewhere: two would pull the same tables from under each other.

    The lock is the session's and goes with it, should this process be killed.
    """
    with database.autocommit() as connection:
        said = False
        while not (connection.execute("SELECT pg_try_advisory_lock(%s)", [_BUILD_LOCK]).fetchone() or (False,))[0]:
            if not said:
                log.info("another build of the models is running; this one waits for it")
                said = True
            time.sleep(_LOOK_AGAIN_SECONDS)
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_BUILD_LOCK])


@contextmanager
def _working_directory_kept() -> Iterator[None]:
    """dagster-dbt changes into the project from several threads and may stay there."""
    before = Path.cwd()
    try:
        yield
    finally:
        os.chdir(before)


def _explained(event: Any) -> Any:
    """A failed test with its reason: dbt itself only counts."""
    if not isinstance(event, dg.AssetCheckResult) or event.passed or event.description:
        return event
    failed = event.metadata.get("dagster_dbt/failed_row_count")
    if failed is None or not failed.value:
        return event._replace(description="dbt could not run the test; the run's log says why.")
    return event._replace(description=f"{failed.value:,} rows do not satisfy the test.")


def _with_lineage_to_extracts(event: Any, translator: Translator) -> Any:
    """Column lineage names the source's table, which is no asset: say the extracts instead."""
    name = "dagster/column_lineage"
    value = (getattr(event, "metadata", None) or {}).get(name)
    if value is None:
        return event
    lineage = value.column_lineage if isinstance(value, dg.TableColumnLineageMetadataValue) else value
    mapped = {
        column: [
            dg.TableColumnDep(asset_key=key, column_name=dep.column_name)
            for dep in deps
            for key in (translator.extract_keys(dep.asset_key) or [dep.asset_key])
        ]
        for column, deps in lineage.deps_by_column.items()
    }
    return event.with_metadata({**event.metadata, name: dg.TableColumnLineage(deps_by_column=mapped)})


def _set_connection_variables(url: str) -> None:
    """What `profiles.yml` reads, from the warehouse's address, unless it is set already."""
    for name, value in dagster_environment(load_settings(), url).items():
        if name.startswith(("ST_DB_", "PGSSL")):
            os.environ.setdefault(name, value)


def _artifacts(project: DbtProject, parent: Path, run_id: str) -> Path:
    """A folder for what one build leaves behind, with the parsed project in it; those of some days ago are removed."""
    oldest = time.time() - _KEEP_ARTIFACTS_SECONDS
    for folder in parent.iterdir() if parent.is_dir() else ():
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
    mine = parent / run_id
    mine.mkdir(parents=True, exist_ok=True)
    parsed = project.manifest_path.with_name("partial_parse.msgpack")
    if parsed.is_file():
        shutil.copy(parsed, mine)
    return mine
