"""The HTTP client of one tenant (signatures; the body follows)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

import httpx

from st_platform.servicetitan.rate_limit import RateLimiter
from st_platform.servicetitan.tenant import Tenant

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long we try. All times in seconds; tests shrink them."""

    tries: int = 6
    invalid_tries: int = 3
    backoff: float = 1.0
    longest_backoff: float = 30.0
    longest_wait: float = 900.0
    empty_page_wait: float = 1.0


class ServiceTitanClient:
    """Reads the API of one tenant. Safe to share between threads."""

    def __init__(
        self,
        tenant: Tenant,
        limiter: RateLimiter,
        *,
        transport: httpx.BaseTransport | None = None,
        deadline: float = 120.0,
        max_body: int = 64 * 2**20,
        policy: RetryPolicy | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def tenant(self) -> Tenant:
        raise NotImplementedError

    @property
    def policy(self) -> RetryPolicy:
        raise NotImplementedError

    @property
    def calls(self) -> int:
        """HTTP requests sent to the API so far, retries included, token requests not."""
        raise NotImplementedError

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """The body of a 2xx JSON answer; `path` may contain `{tenant}`."""
        raise NotImplementedError

    def read(self, path: str, params: Mapping[str, str | int] | None, parse: Callable[[bytes], T]) -> T:
        """Like `get`, parsed inside the retry: a body that `parse` refuses with InvalidResponse is asked for again."""
        raise NotImplementedError

    def server_now(self) -> datetime:
        """The API's own time, UTC: from the last `Date` header seen."""
        raise NotImplementedError

    def scopes(self) -> frozenset[str]:
        """What the app may do on this tenant, from the token, such as `tn.crm.customers:r`."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
