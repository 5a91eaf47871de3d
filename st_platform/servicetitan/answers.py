"""What an HTTP answer means. Reads a body within its cap and turns a status into an error type.

It decides nothing: whether to ask again is the client's business. Statuses and bodies as in platform.md §3.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import msgspec

from st_platform.servicetitan.clock import http_date
from st_platform.servicetitan.errors import (
    BadRequest,
    InvalidResponse,
    NotFound,
    NotGranted,
    RateLimited,
    RedirectRefused,
    ResponseTooLarge,
    ServerFailed,
    ServiceTitanError,
    UnreadableBody,
    scrubbed,
)

T = TypeVar("T")

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_ERROR_BODY = 64 * 2**10
_INFLATE_STEP = 2**20
_TRY_AGAIN = re.compile(r"try again in ([0-9]{1,9}) second", re.IGNORECASE)
_CLOSED = re.compile(r"suspended|maintenance", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where an answer came from, for errors. `secrets` are cut out of every word the other side sent."""

    request: str
    tenant: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.request}, tenant {self.tenant}"


@dataclass(frozen=True)
class Answer:
    """A whole answer. `body` is decompressed; of an answer that is not 2xx only the first 64 KiB are kept."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class _Problem(msgspec.Struct, rename="camel"):
    """ApiErrorResponse (RFC 7807), as far as we use it."""

    title: str | None = None
    detail: str | None = None
    trace_id: str | None = None
    errors: dict[str, list[str] | None] | None = None


def receive(response: httpx.Response, place: Place, *, max_body: int) -> Answer:
    """Read a streamed response to its end.

    Raises:
        ResponseTooLarge: more than `max_body` bytes, counted after decompression; the rest is never read.
        InvalidResponse: the compression is damaged or cut short.
        httpx.TransportError: the transfer broke or took too long.
    """
    if not 200 <= response.status_code < 300:
        return Answer(response.status_code, response.headers, _first(_inflated(response), _ERROR_BODY))
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_body:
        raise _too_large(place, max_body)
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in _inflated(response):
            size += len(chunk)
            if size > max_body:
                raise _too_large(place, max_body)
            chunks.append(chunk)
    except UnreadableBody as error:
        raise _invalid(error, Answer(response.status_code, response.headers, b"".join(chunks)), place) from None
    return Answer(response.status_code, response.headers, b"".join(chunks))


def parsed(answer: Answer, parse: Callable[[bytes], T], place: Place) -> T:
    """The body of a 2xx answer as `parse` reads it.

    Raises:
        InvalidResponse: `parse` refused it with UnreadableBody. The body itself is not quoted: it may hold
            personal data.
    """
    try:
        return parse(answer.body)
    except UnreadableBody as error:
        raise _invalid(error, answer, place) from None


def json_body(body: bytes) -> bytes:
    """`body`, once it is known to be one JSON document.

    Raises:
        UnreadableBody: it is not.
    """
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UnreadableBody(not_json(body, error)) from None
    return body


def not_json(body: bytes, error: Exception) -> str:
    """In words, without quoting the body, why `body` is not JSON."""
    start = body[:64].lstrip().lower()
    if not start:
        return "the body is empty"
    if start.startswith(b"<"):
        return "an HTML page in place of JSON"
    return "JSON nested too deeply" if isinstance(error, RecursionError) else f"broken JSON, {error}"


def failure(answer: Answer, place: Place) -> ServiceTitanError:
    """The error that an answer other than 2xx, 401 or a redirect stands for."""
    problem = _problem(answer.body)
    told = scrubbed(problem.title or problem.detail or "", place.secrets)
    trace_id = scrubbed(problem.trace_id, place.secrets) if problem.trace_id else None
    where = str(place)
    status = answer.status
    said = f"{status}: {told}" if told else str(status)
    if status == 429:
        return RateLimited(
            f"the API asks to slow down ({said})",
            where=where,
            fix="Lower requests_per_second of this tenant if other integrations share the app; the read resumes later.",
            trace_id=trace_id,
            retry_after=wait_asked_for(answer.headers, problem.title or ""),
        )
    if status >= 500 or status in {408, 425} or (status == 409 and _CLOSED.search(told)):
        return ServerFailed(
            f"the API failed ({said})",
            where=where,
            fix="Nothing to change here: run it again later; with a trace id ServiceTitan's support can look.",
            trace_id=trace_id,
            retry_after=wait_asked_for(answer.headers, ""),
        )
    if status == 403:
        return NotGranted(
            f"access is not granted ({said})",
            where=where,
            fix="Add the read scope to the app in the developer portal and have the tenant's admin accept the new "
            "version, or check that the module is licensed.",
            trace_id=trace_id,
        )
    if status == 404:
        return NotFound(
            f"there is nothing at this address ({said})",
            where=where,
            fix="Check tenant_id and environment of the tenant, and that the app is connected to it.",
            trace_id=trace_id,
        )
    if status >= 400:
        errors = {
            scrubbed(name, place.secrets): tuple(scrubbed(text, place.secrets) for text in texts or ())
            for name, texts in (problem.errors or {}).items()
        }
        fields = "".join(f"; {name}: {' '.join(texts)}" for name, texts in errors.items())
        return BadRequest(
            f"the API refuses the request ({said}{fields})",
            where=where,
            fix="The same request will be refused again; a continuation token may have expired.",
            trace_id=trace_id,
            errors=errors,
        )
    return InvalidResponse(
        f"an answer that makes no sense here ({said})", where=where, fix="Check api_url of the tenant."
    )


def redirect_target(answer: Answer, sent_to: httpx.URL, place: Place) -> httpx.URL:
    """Where a redirect leads, if that is the same scheme, host and port.

    Raises:
        RedirectRefused: anywhere else; token and app key stay here.
    """
    location = answer.headers.get("location", "")
    try:
        target = sent_to.join(location)
    except httpx.InvalidURL:
        raise redirect_refused(answer, sent_to, place) from None
    if location and _origin(target) == _origin(sent_to) and not target.userinfo:
        return target
    raise redirect_refused(answer, sent_to, place)


def redirect_refused(answer: Answer, sent_to: httpx.URL, place: Place) -> RedirectRefused:
    """The error for a redirect that is not followed. Of its target only scheme and host are named."""
    try:
        target = sent_to.join(answer.headers.get("location", ""))
        named = scrubbed(f"{target.scheme}://{target.host}", place.secrets)
    except httpx.InvalidURL:
        named = "an address that is none"
    return RedirectRefused(
        f"{sent_to.host} redirects ({answer.status}) to {named}",
        where=str(place),
        fix="Token, secret and app key are never sent there. Check api_url and auth_url of the tenant.",
    )


def wait_asked_for(headers: Mapping[str, str], title: str) -> float | None:
    """Seconds that an answer asks us to wait: `Retry-After` in seconds or as a date, else the words of `title`.

    None when nothing sensible is said.
    """
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", said):
        seconds = float(said)
    elif (until := http_date(said)) is not None:
        since = http_date(headers.get("date", "")) or datetime.now(UTC)
        seconds = (until - since).total_seconds()
    elif match := _TRY_AGAIN.search(title):
        seconds = float(match[1])
    else:
        return None
    return seconds if seconds > 0 else None


def _inflated(response: httpx.Response) -> Iterator[bytes]:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return response.iter_raw()
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(response.iter_raw())
    raise UnreadableBody("compressed in a way we did not offer")


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate in steps of at most 1 MiB, so that a small chunk cannot turn into gigabytes before anyone counts."""
    inflate = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        data = chunk
        while True:
            try:
                yield inflate.decompress(data, _INFLATE_STEP)
            except zlib.error:
                raise UnreadableBody("damaged gzip") from None
            data = inflate.unconsumed_tail
            if inflate.eof and inflate.unused_data:
                data, inflate = inflate.unused_data, zlib.decompressobj(wbits=31)
            elif not data:
                break
    if not inflate.eof:
        raise UnreadableBody("gzip that ends too early")


def _first(chunks: Iterable[bytes], size: int) -> bytes:
    kept = b""
    try:
        for chunk in chunks:
            kept += chunk
            if len(kept) >= size:
                break
    except UnreadableBody:
        return b""
    return kept[:size]


def _problem(body: bytes) -> _Problem:
    try:
        return msgspec.json.decode(body, type=_Problem)
    except (msgspec.MsgspecError, RecursionError):
        return _Problem()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _invalid(error: UnreadableBody, answer: Answer, place: Place) -> InvalidResponse:
    kind = scrubbed(answer.headers.get("content-type", "no content type"), place.secrets)
    size = f"{len(answer.body):,} bytes"
    return InvalidResponse(
        f"the answer is not what the API promises: {error} (status {answer.status}, {kind}, {size})",
        where=str(place),
        fix="If it persists, see whether a proxy or a login page answers in place of ServiceTitan.",
    )


def _too_large(place: Place, max_body: int) -> ResponseTooLarge:
    return ResponseTooLarge(
        f"the answer is larger than {max_body:,} bytes",
        where=str(place),
        fix="Ask for smaller pages (page_size in the catalog), or raise max_body of the client.",
    )
