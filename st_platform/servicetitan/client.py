"""The HTTP client of one tenant: bytes of JSON in, errors with a reason out.

The only place that retries, and the only one that holds a token. It knows the API's manners (platform.md §1–4) and
nothing of rows, windows or tables.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote_plus

import httpx
import stamina

from st_platform.servicetitan import answers, auth
from st_platform.servicetitan.answers import Answer, Place
from st_platform.servicetitan.auth import SHARED_TOKENS, Token, TokenCache
from st_platform.servicetitan.clock import ServerClock
from st_platform.servicetitan.errors import (
    AuthenticationFailed,
    InvalidResponse,
    RateLimited,
    RedirectRefused,
    ServerFailed,
    ServiceTitanError,
    Unreachable,
    UntrustedServer,
    scrubbed,
)
from st_platform.servicetitan.rate_limit import RateLimiter
from st_platform.servicetitan.tenant import Tenant
from st_platform.servicetitan.transport import DeadlineTransport, proxy_for, total_deadline

T = TypeVar("T")

_MOST_REDIRECTS = 3


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long we try. Times in seconds.

    `tries` counts the first one; `invalid_tries` is its share for answers that are not JSON, which seldom get
    better. Waits are drawn from 0 to `backoff` · 2ⁿ (full jitter), capped at `longest_backoff`; a wait that the API
    asks for is kept to the letter, up to `longest_wait`, beyond which the error is raised at once.
    """

    tries: int = 6
    invalid_tries: int = 3
    backoff: float = 1.0
    longest_backoff: float = 30.0
    longest_wait: float = 900.0
    empty_page_wait: float = 1.0


class ServiceTitanClient:
    """Reads the API of one tenant. Safe to share between threads.

    `deadline` (seconds) bounds each request from connecting to its last byte; `max_body` (bytes) its decompressed
    body. `calls` counts against the API's limit.
    """

    def __init__(
        self,
        tenant: Tenant,
        limiter: RateLimiter,
        *,
        transport: httpx.BaseTransport | None = None,
        deadline: float = 120.0,
        max_body: int = 64 * 2**20,
        policy: RetryPolicy | None = None,
        tokens: TokenCache = SHARED_TOKENS,
    ) -> None:
        if not auth.fits_a_header(tenant.credentials.app_key):
            raise AuthenticationFailed(
                "app_key is empty or has characters that no header can carry",
                where=f"tenant {tenant.name}",
                fix="Copy the application key from the developer portal again.",
            )
        self.tenant = tenant
        self.policy = policy or RetryPolicy()
        self._limiter = limiter
        self._deadline = deadline
        self._max_body = max_body
        self._tokens = tokens
        self._token_key = auth.cache_key(tenant)
        self._clock = ServerClock()
        self._calls = 0
        self._lock = threading.Lock()
        self._token_url = httpx.URL(tenant.endpoints.token_url)
        self._api = _http(httpx.URL(tenant.endpoints.api_url), deadline, transport)
        self._auth = _http(self._token_url, deadline, transport)

    def __repr__(self) -> str:
        return f"ServiceTitanClient({self.tenant.name!r}, {self.tenant.endpoints.api_url!r})"

    @property
    def calls(self) -> int:
        """HTTP requests sent to the API so far, retries included, token requests not."""
        return self._calls

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """The body of a 2xx JSON answer. `path` starts with a slash and may contain `{tenant}`.

        Raises:
            ServiceTitanError: after the tries that its kind deserves; see `errors.py`.
        """
        return self.read(path, params, answers.json_body)

    def read(self, path: str, params: Mapping[str, str | int] | None, parse: Callable[[bytes], T]) -> T:
        """What `parse` makes of the body; a body that it refuses with UnreadableBody is asked for again.

        Raises:
            ServiceTitanError: as `get`.
        """
        address = path.replace("{tenant}", str(self.tenant.tenant_id))
        url = httpx.URL(self.tenant.endpoints.api_url + address)
        if params:
            url = url.copy_merge_params({name: str(value) for name, value in params.items()})
        return self._with_retries(lambda: self._read_once(url, parse))

    def server_now(self) -> datetime:
        """The API's own time, UTC: the last `Date` header this client saw, carried on. Asks for a token if none was.

        Raises:
            ServiceTitanError: no token can be had, or the answers carry no time.
        """
        if self._clock.now() is None:
            self._clock.adopt(self._with_retries(lambda: self._token(asked_after=time.monotonic())).clock)
        now = self._clock.now()
        if now is None:
            raise InvalidResponse(
                "the token service tells no time",
                where=str(self._place("POST", self._token_url)),
                fix="Something between us and ServiceTitan drops the `Date` header; windows cannot be closed safely.",
            )
        return now

    def scopes(self) -> frozenset[str]:
        """What the app may do on this tenant, from the token, such as `tn.crm.customers:r`.

        Raises:
            ServiceTitanError: no token can be had.
        """
        return self._with_retries(self._token).scopes

    def close(self) -> None:
        """Close the connections; the token stays in its cache."""
        self._api.close()
        self._auth.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _with_retries(self, attempt: Callable[[], T]) -> T:
        tries = _Tries(self.policy, self._limiter)
        try:
            for chance in stamina.retry_context(on=tries.wait_after, attempts=self.policy.tries, timeout=None):
                with chance:
                    return attempt()
        except ServiceTitanError as error:
            error.tries = tries.made
            raise
        raise AssertionError("the retry loop neither returned nor raised")

    def _read_once(self, url: httpx.URL, parse: Callable[[bytes], T]) -> T:
        token = self._token()
        answer = self._send(url, token)
        if answer.status == 401:
            token = self._token(asked_after=token.requested_at)
            answer = self._send(url, token)
        place = self._place("GET", url, token)
        if answer.status == 401:
            raise auth.api_refusal(place)
        if not answer.is_success:
            raise answers.failure(answer, place)
        return answers.parsed(answer, parse, place)

    def _send(self, url: httpx.URL, token: Token) -> Answer:
        """One request and the redirects it leads to within the same host; each acquires the limiter."""
        place = self._place("GET", url, token)
        for _ in range(_MOST_REDIRECTS + 1):
            self._limiter.acquire()
            with self._lock:
                self._calls += 1
            answer = self._exchange(self._api, self._request(url, token), place)
            if answer.status not in answers.REDIRECTS:
                return answer
            url = answers.redirect_target(answer, url, place)
        raise RedirectRefused(
            f"more than {_MOST_REDIRECTS} redirects", where=str(place), fix="Check api_url of the tenant."
        )

    def _request(self, url: httpx.URL, token: Token) -> httpx.Request:
        """Built in a frame of its own: no traceback that shows variables can show these."""
        headers = {"Authorization": f"Bearer {token.value}", "ST-App-Key": self.tenant.credentials.app_key}
        return self._api.build_request("GET", url, headers=headers)

    def _token(self, *, asked_after: float = 0.0) -> Token:
        return self._tokens.token(self._token_key, self._request_token, asked_after=asked_after)

    def _request_token(self) -> Token:
        place = self._place("POST", self._token_url)
        requested_at = time.monotonic()
        request = self._auth.build_request("POST", self._token_url, data=auth.token_form(self.tenant))
        answer = self._exchange(self._auth, request, place)
        if answer.status in answers.REDIRECTS:
            raise answers.redirect_refused(answer, self._token_url, place)
        if not answer.is_success:
            raise auth.token_failure(answer, place)
        clock = ServerClock()
        clock.observe(answer.headers)
        return answers.parsed(answer, lambda body: auth.token_from(body, requested_at, clock), place)

    def _exchange(self, http: httpx.Client, request: httpx.Request, place: Place) -> Answer:
        try:
            with total_deadline(self._deadline):
                response = http.send(request, stream=True)
                try:
                    answer = answers.receive(response, place, max_body=self._max_body)
                finally:
                    response.close()
        except httpx.HTTPError as error:
            raise _unreachable(error, place, self._deadline) from None
        self._clock.observe(answer.headers)
        return answer

    def _place(self, method: str, url: httpx.URL, token: Token | None = None) -> Place:
        credentials = self.tenant.credentials
        known = (credentials.client_secret, credentials.app_key, *((token.value,) if token else ()))
        secrets = (*known, *(quote_plus(secret) for secret in known))
        return Place(f"{method} {scrubbed(str(url), secrets)}", self.tenant.name, secrets)


class _Tries:
    """Says how long to wait after a failed try, if at all; one instance per retry loop."""

    def __init__(self, policy: RetryPolicy, limiter: RateLimiter) -> None:
        self._policy = policy
        self._limiter = limiter
        self.made = 0
        self._invalid = 0

    def wait_after(self, error: Exception) -> bool | float:
        """Seconds until the next try, or False. After a 429 everybody waits."""
        self.made += 1
        if isinstance(error, UntrustedServer):
            return False
        if isinstance(error, InvalidResponse):
            self._invalid += 1
            return self._invalid < self._policy.invalid_tries and self._backoff()
        if isinstance(error, RateLimited | ServerFailed):
            wait = error.retry_after if error.retry_after is not None else self._backoff()
            if wait > self._policy.longest_wait:
                return False
            if isinstance(error, RateLimited):
                self._limiter.pause(wait)
            return wait
        return isinstance(error, Unreachable) and self._backoff()

    def _backoff(self) -> float:
        ceiling = min(self._policy.longest_backoff, self._policy.backoff * 2 ** (self.made - 1))
        return random.uniform(0, ceiling)  # noqa: S311 (spreads retries; guards nothing)


def _http(url: httpx.URL, deadline: float, transport: httpx.BaseTransport | None) -> httpx.Client:
    return httpx.Client(
        transport=transport or DeadlineTransport(tls=url.scheme == "https", proxy=proxy_for(url)),
        timeout=deadline,
        trust_env=False,
        follow_redirects=False,
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "st-platform"},
    )


def _unreachable(error: httpx.HTTPError, place: Place, deadline: float) -> Unreachable:
    where = str(place)
    why = scrubbed(str(error), place.secrets) or type(error).__name__
    if _is_untrusted(error):
        return UntrustedServer(
            f"the server cannot prove its name ({why})",
            where=where,
            fix="Check api_url and auth_url, the clock of this machine, and SSL_CERT_FILE if a proxy inspects traffic.",
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"no complete answer within {deadline:g} s ({why})",
            where=where,
            fix="ServiceTitan itself gives up after 100 s; if it persists, ask for smaller pages.",
        )
    return Unreachable(
        f"the connection failed ({why})",
        where=where,
        fix="Check the network, the proxy settings, and api_url and auth_url of the tenant.",
    )


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
