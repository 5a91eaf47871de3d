"""What can go wrong between us and the ServiceTitan API, as types.

Every error says what happened, where, and what to do; text that came from the other side is scrubbed of secrets
before it gets here. Nothing in this module sends a request or decides on a retry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_REDACTED = "[redacted]"
_LONGEST_QUOTE = 300


class ServiceTitanError(Exception):
    """Base of all. `str()` reads `what (where). fix`.

    `what` is one sentence without a full stop, `where` the request or tenant it concerns, `fix` what a person can
    do. `trace_id` is what ServiceTitan's support asks for; None when the answer had none. `tries` counts the
    requests that ended this way before we gave up.
    """

    def __init__(self, what: str, *, where: str, fix: str, trace_id: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.trace_id = trace_id
        self.tries = 1

    def __str__(self) -> str:
        tries = f" {self.tries} times" if self.tries > 1 else ""
        trace = f", trace id {self.trace_id}" if self.trace_id else ""
        return f"{self.what}{tries} ({self.where}{trace}). {self.fix}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.what, dict(self.__dict__))


class AuthenticationFailed(ServiceTitanError):
    """The token service or the API does not accept who we say we are. Stops this tenant, never another one."""


class NotGranted(ServiceTitanError):
    """403: the app lacks the scope, or the tenant lacks the module. Never retried; nothing may be deleted for it."""


class NotFound(ServiceTitanError):
    """404: wrong id, wrong tenant or wrong path."""


class BadRequest(ServiceTitanError):
    """400 and the like: the request itself is refused, so sending it again is pointless. `errors` names the fields.

    A feed that no longer knows a continuation token answers this way.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str,
        fix: str,
        trace_id: str | None = None,
        errors: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(what, where=where, fix=fix, trace_id=trace_id)
        self.errors = dict(errors or {})


class RateLimited(ServiceTitanError):
    """429 until the tries ran out, or with a longer wait than a run should sit through. `retry_after` in seconds."""

    def __init__(
        self, what: str, *, where: str, fix: str, trace_id: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix, trace_id=trace_id)
        self.retry_after = retry_after


class ServerFailed(ServiceTitanError):
    """5xx, or closed for maintenance. `retry_after` in seconds when the answer said so."""

    def __init__(
        self, what: str, *, where: str, fix: str, trace_id: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix, trace_id=trace_id)
        self.retry_after = retry_after


class Unreachable(ServiceTitanError):
    """No complete answer arrived: name, connection, TLS, time or transfer."""


class UntrustedServer(Unreachable):
    """The server's certificate does not prove its name. Never retried, never overridden."""


class InvalidResponse(ServiceTitanError):
    """A 2xx answer that is not the JSON that was promised."""


class UnreadableBody(ValueError):
    """What a parser of bodies raises; the client turns it into InvalidResponse once it knows where it happened."""


class ResponseTooLarge(ServiceTitanError):
    """The body exceeds the cap, counted after decompression."""


class RedirectRefused(ServiceTitanError):
    """The answer points to another host; following it would hand our token and app key to a stranger."""


class FeedStuck(ServiceTitanError):
    """Paging does not advance: a token came back a second time, or empty pages keep promising more."""


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """`text` on one line, shortened, with every one of `secrets` replaced; fit for an error or a log."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _REDACTED)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


def _rebuild(kind: type[ServiceTitanError], what: str, state: dict[str, Any]) -> ServiceTitanError:
    error = kind.__new__(kind, what)
    error.__dict__.update(state)
    return error
