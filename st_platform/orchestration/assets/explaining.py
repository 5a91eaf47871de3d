"""Errors of the floors below as Dagster failures: what happened, where and what to do, in the first line."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from st_platform.servicetitan.errors import AuthenticationFailed, NotGranted
from st_platform.tenants_file import SettingsError

NOT_WORTH_A_RETRY = (AuthenticationFailed, NotGranted, SettingsError)
"""Refusals that stay until a person changes something."""


@contextmanager
def explained(tenant: str, resource: str | None = None) -> Iterator[None]:
    """Turn an error of the floors below into a failure whose first line is what, where and what to do.

    Errors that do not say these three are defects of ours and pass unchanged, with their traceback.
    """
    try:
        yield
    except Exception as error:
        parts = parts_of(error)
        if parts is None:
            raise
        what, where, fix = parts
        raise dg.Failure(
            description=f"{what} ({where}). {fix}",
            metadata={
                "what": what,
                "where": where,
                "fix": fix,
                "tenant": tenant,
                **({"resource": resource} if resource else {}),
                **({"trace_id": trace} if (trace := getattr(error, "trace_id", None)) else {}),
            },
            allow_retries=not isinstance(error, NOT_WORTH_A_RETRY),
        ) from error


def parts_of(error: Exception) -> tuple[str, str, str] | None:
    """What, where and fix of an error that says them; None for any other."""
    if isinstance(error, SettingsError):
        first, others = error.problems[0], len(error.problems) - 1
        return (first.what, first.where, f"{first.fix} ({others} more problems.)" if others else first.fix)
    found = [getattr(error, part, None) for part in ("what", "where", "fix")]
    return (str(found[0]), str(found[1]), str(found[2])) if all(found) else None
