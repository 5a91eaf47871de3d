"""The two kinds of token the API hands out: bearer tokens (JWT) and places in a feed.

Both are signed with the simulator's own key, so what was not issued here is refused. Lifetimes are measured on the
simulated clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from st_platform.simulator.instants import SECOND
from st_platform.simulator.store import FeedPosition

BEARER_LIFETIME = 900


class InvalidToken(ValueError):
    """Not a token of ours, or one that no longer counts. The text says which."""


@dataclass(frozen=True)
class Grant:
    """What a bearer token allows."""

    tenant_id: int
    client_id: str
    scopes: frozenset[str]
    generation: int


class TokenMint:
    """Issues and reads tokens. `seed` keys the signatures: two simulators of one seed accept each other's."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.sha256(f"simulated tenants {seed}".encode()).digest()

    def bearer(self, tenant_id: int, client_id: str, scopes: Iterable[str], *, now: int, generation: int) -> str:
        seconds = now // SECOND
        claims = {
            "nbf": seconds,
            "iat": seconds,
            "exp": seconds + BEARER_LIFETIME,
            "iss": "simulated-auth",
            "client_id": client_id,
            "tenant": str(tenant_id),
            "scope": sorted(scopes),
            "generation": generation,
        }
        signed = f"{_pack({'alg': 'HS256', 'typ': 'JWT'})}.{_pack(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def read_bearer(self, token: str, *, now: int) -> Grant:
        """Raises InvalidToken when it was not issued here or has expired."""
        signed, _, signature = token.rpartition(".")
        if not signed or not hmac.compare_digest(signature, self._sign(signed)):
            raise InvalidToken("the token was not issued here")
        claims: dict[str, Any] = _unpack(signed.partition(".")[2])
        if now // SECOND >= claims["exp"]:
            raise InvalidToken("the token has expired")
        return Grant(int(claims["tenant"]), claims["client_id"], frozenset(claims["scope"]), int(claims["generation"]))

    def place(self, shelf: str, position: FeedPosition, *, now: int) -> str:
        """A continuation token for the feed called `shelf` (tenant and resource)."""
        signed = _pack([shelf, position.ticks, position.row, now])
        return f"{signed}.{self._sign(signed)[:16]}"

    def read_place(self, shelf: str, token: str, *, now: int, lifetime: int | None) -> FeedPosition:
        """The position behind a continuation token; `lifetime` in ticks, None for no limit.

        Raises:
            InvalidToken: foreign, of another feed, or too old.
        """
        signed, _, signature = token.rpartition(".")
        if not signed or not hmac.compare_digest(signature, self._sign(signed)[:16]):
            raise InvalidToken("the continuation token is not valid")
        owner, ticks, row, issued = _unpack(signed)
        if owner != shelf:
            raise InvalidToken("the continuation token belongs to another feed")
        if lifetime is not None and now - issued > lifetime:
            raise InvalidToken("the continuation token has expired")
        return FeedPosition(ticks, row)

    def _sign(self, payload: str) -> str:
        return _text(hmac.new(self._key, payload.encode(), hashlib.sha256).digest())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _pack(value: object) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _unpack(packed: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
