"""How facts of the catalog are said to people, the same in the UI and on the command line. Plain strings."""

from __future__ import annotations

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
