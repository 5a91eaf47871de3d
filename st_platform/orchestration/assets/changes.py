"""The condition "an extract above has other data", whatever partition its last read belonged to.

An extract's data version is that of the whole table. Dagster's own `data_version_changed` compares partition by
partition, so the first read of a new day would count as a change even if it found nothing.
"""

import json
from collections.abc import Iterable

import dagster as dg
from dagster._core.storage.event_log.base import AssetRecord

_VERSION_TAG = "dagster/data_version"


class ExtractChanged(dg.AutomationCondition[dg.AssetKey]):
    """True for the one look at which an extract that the model reads has another data version than at the last look."""

    def __init__(self, extracts: Iterable[dg.AssetKey]) -> None:
        self._extracts = frozenset(extracts)

    @property
    def name(self) -> str:
        return "extract_changed"

    @property
    def description(self) -> str:
        return "An extract that the model reads has another data version than at the last look"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        above = sorted(context.asset_graph.get(context.key).parent_keys & self._extracts)
        # Read together for all models of a look, and in the order of the keys.
        records = AssetRecord.blocking_get_many(context.asset_graph_view, above)
        now = {key.to_user_string(): _version(record) for key, record in zip(above, records, strict=True)}
        before = json.loads(context.cursor) if context.cursor else None
        changed = before is not None and any(before.get(key) != version for key, version in now.items())
        return dg.AutomationResult(
            context,
            true_subset=context.candidate_subset if changed else context.get_empty_subset(),
            cursor=json.dumps(now),
        )


def _version(record: AssetRecord | None) -> str | None:
    event = record.asset_entry.last_materialization if record else None
    materialization = event.asset_materialization if event else None
    return (materialization.tags or {}).get(_VERSION_TAG) if materialization else None
