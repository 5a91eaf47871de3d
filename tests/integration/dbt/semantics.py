"""The semantic layer asked for SQL, as MetricFlow writes it; running it is the caller's business."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow.sql.render.sql_plan_renderer import SqlPlanRenderer
from metricflow_semantic_interfaces.type_enums.time_granularity import TimeGranularity
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class _Postgres:
    """What MetricFlow has to know of the database to write SQL for it."""

    unsupported_granularities: frozenset[TimeGranularity] = frozenset()
    sql_engine_type = SqlEngine.POSTGRES
    sql_plan_renderer: SqlPlanRenderer = PostgresSQLSqlPlanRenderer()


@dataclass(frozen=True)
class SemanticLayer:
    """The metrics and saved queries of a `semantic_manifest.json`."""

    metrics: tuple[str, ...]
    saved_queries: tuple[str, ...]
    engine: MetricFlowEngine

    @classmethod
    def of(cls, file: Path) -> SemanticLayer:
        manifest = parse_manifest_from_dbt_generated_manifest(file.read_text("utf-8"))
        engine = MetricFlowEngine(SemanticManifestLookup(manifest), _Postgres())  # pyright: ignore[reportArgumentType]
        declared = json.loads(file.read_text("utf-8"))["metrics"]  # MetricFlow adds one for each measure
        metrics = tuple(sorted(metric["name"] for metric in declared))
        return cls(metrics, tuple(query.name for query in manifest.saved_queries), engine)

    def metric(self, name: str, *by: str) -> str:
        """A metric, as one figure or by dimensions such as `metric_time__month`."""
        return self._sql(metric_names=[name], group_by_names=list(by) or None)

    def saved_query(self, name: str) -> str:
        return self._sql(saved_query_name=name)

    def _sql(self, **asked: object) -> str:
        request = MetricFlowQueryRequest.create(**asked)  # pyright: ignore[reportArgumentType]
        return self.engine.explain(request).sql_statement.sql
