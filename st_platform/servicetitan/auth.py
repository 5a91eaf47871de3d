"""OAuth client credentials: one token per client id and process, asked for by one thread at a time.

Knows the token service (platform.md §2) and how long to trust what it said. It never retries: a failure counts as
one try of the request that needed the token, so that there is one retry loop in all.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import msgspec

from st_platform.servicetitan.answers import Answer, Place, failure
from st_platform.servicetitan.clock import ServerClock
from st_platform.servicetitan.errors import AuthenticationFailed, ServiceTitanError, UnreadableBody, scrubbed
from st_platform.servicetitan.tenant import Tenant

_RENEW_EARLY = 60.0
_SHORTEST_LIFE = 30.0

Key = tuple[str, str, bytes]


@dataclass(frozen=True)
class Token:
    """An access token. Times are seconds of the monotonic clock; `requested_at` is before the request was sent.

    `clock` is the time that the token service told with it.
    """

    value: str = field(repr=False)
    scopes: frozenset[str]
    requested_at: float
    renew_at: float
    clock: ServerClock = field(repr=False)


class TokenCache:
    """Tokens by token service and client. Threads that want the same token wait for one request, also if it fails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[Key, Token] = {}
        self._flights: dict[Key, Future[Token]] = {}

    def token(self, key: Key, request: Callable[[], Token], *, asked_after: float = 0.0) -> Token:
        """The current token, or a new one from `request`.

        `asked_after` (monotonic) turns down a token that was requested at or before that time: after a 401 it is
        the rejected token's `requested_at`, so that threads holding the same rejected token cause one request.

        Raises:
            ServiceTitanError: what `request` raised, in every thread that waited for it.
        """
        with self._lock:
            known = self._tokens.get(key)
            if known and time.monotonic() < known.renew_at and known.requested_at > asked_after:
                return known
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if leads:
            self._fly(key, request, flight)
        return flight.result()

    def _fly(self, key: Key, request: Callable[[], Token], flight: Future[Token]) -> None:
        try:
            token = request()
        except BaseException as error:
            with self._lock:
                del self._flights[key]
            flight.set_exception(error)
            if not isinstance(error, ServiceTitanError):
                raise
        else:
            with self._lock:
                self._tokens[key] = token
                del self._flights[key]
            flight.set_result(token)


SHARED_TOKENS = TokenCache()
"""The tokens of this process. ServiceTitan throttles token requests, so clients of one tenant share them."""


def cache_key(tenant: Tenant) -> Key:
    """Whose token it is. The secret takes part as a digest, so that a wrong one cannot ride on a right one's token."""
    digest = hashlib.sha256(tenant.credentials.client_secret.encode()).digest()
    return tenant.endpoints.token_url, tenant.credentials.client_id, digest


def fits_a_header(text: str) -> bool:
    """True if `text` can be sent as a header value; a library's complaint about one that cannot would quote it."""
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


def token_form(tenant: Tenant) -> dict[str, str]:
    """The form of a token request."""
    return {
        "grant_type": "client_credentials",
        "client_id": tenant.credentials.client_id,
        "client_secret": tenant.credentials.client_secret,
    }


def token_from(body: bytes, requested_at: float, clock: ServerClock) -> Token:
    """The token in an answer. It is renewed 60 s before its stated end, but lives 30 s whatever was stated.

    Raises:
        UnreadableBody: there is no token in it.
    """
    try:
        granted = msgspec.json.decode(body, type=_Granted)
    except (msgspec.MsgspecError, RecursionError):
        raise UnreadableBody("a token answer without `access_token`") from None
    if not fits_a_header(granted.access_token):
        raise UnreadableBody("an `access_token` that cannot be sent in a header")
    claims = _claims(granted.access_token)
    life = _seconds(granted.expires_in)
    if life is None and claims.exp is not None and claims.iat is not None:
        life = claims.exp - claims.iat
    return Token(
        value=granted.access_token,
        scopes=_scopes(claims.scope) or _scopes(granted.scope),
        requested_at=requested_at,
        renew_at=requested_at + max(_SHORTEST_LIFE, (life or 0.0) - _RENEW_EARLY),
        clock=clock,
    )


def token_failure(answer: Answer, place: Place) -> ServiceTitanError:
    """The error that an answer of the token service other than 2xx stands for; 429 and 5xx as everywhere."""
    if answer.status in {408, 425, 429} or answer.status >= 500:
        return failure(answer, place)
    said = scrubbed(_refusal(answer.body), place.secrets)
    return AuthenticationFailed(
        f"the token service refuses the credentials ({answer.status}{f': {said}' if said else ''})",
        where=str(place),
        fix=f"Check client_id, client_secret and environment of tenant {place.tenant}; a regenerated secret takes "
        "effect at once.",
    )


def api_refusal(place: Place) -> AuthenticationFailed:
    """The error for a token that the API refuses although it was issued a moment ago."""
    return AuthenticationFailed(
        "the API refuses a token that was issued a moment ago (401)",
        where=str(place),
        fix=f"Check app_key and tenant_id of tenant {place.tenant}: the app must be connected to this tenant, and "
        "api_url and auth_url must belong to the same environment.",
    )


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | str | None = None
    scope: str | list[str] | None = None


class _Claims(msgspec.Struct):
    exp: float | None = None
    iat: float | None = None
    scope: str | list[str] | None = None


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


def _claims(token: str) -> _Claims:
    """What the token says about itself, unverified: we are not the audience. Empty for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return _Claims()
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=_Claims)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return _Claims()


def _refusal(body: bytes) -> str:
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return " ".join(part for part in (refusal.error, refusal.error_description) if part)


def _scopes(scope: str | list[str] | None) -> frozenset[str]:
    return frozenset(scope.split() if isinstance(scope, str) else scope or ())


def _seconds(stated: float | str | None) -> float | None:
    try:
        return None if stated is None else float(stated)
    except ValueError:
        return None
