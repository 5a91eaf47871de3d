"""How facts are said to people, the same in the UI and on the command line. Plain strings, no Dagster."""

from __future__ import annotations

from st_platform.ingest.reconcile import Method, ReconcileReport
from st_platform.servicetitan.catalog import LoadMode, Resource


def endpoint_kind(resource: Resource) -> str:
    """What a resource is read from: `feed`, `list` or `window`."""
    if resource.feed is not None:
        return "feed"
    return "window" if resource.window is not None else "list"


def deletion_signal(resource: Resource) -> str:
    """How it is noticed that a row left the source."""
    if resource.deleted_when is not None:
        column, value = resource.deleted_when
        return f"{column} = {str(value).lower() if isinstance(value, bool) else value}"
    match resource.load_mode:
        case LoadMode.SNAPSHOT:
            return "absent from a complete read"
        case LoadMode.WINDOW:
            return "absent from its day"
        case LoadMode.DATED | LoadMode.TAIL:
            return "absent from a reconciliation by keys"


def outcome_of(report: ReconcileReport) -> str:
    """What a comparison came to, in a few words."""
    if not report.granted:
        return "not granted"
    if report.method is Method.NONE:
        return f"not compared: {report.note}"
    numbers = {
        "missing": report.missing,
        "stale": report.stale,
        "gone": report.gone,
        "healed": report.healed,
        "marked as deleted": report.deleted,
        "parked": report.parked,
    }
    said = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    expected = "not counted" if report.source_count is None else f"{report.source_count:,} in the source"
    counts = f"{report.warehouse_count:,} here, {expected}"
    return f"{counts}: {said or ('they agree' if report.certified else report.note or 'not settled')}"
