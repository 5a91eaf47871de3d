"""What an answer asks for, read from its headers and words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_platform.servicetitan.answers import Answer, Place, failure, wait_asked_for
from st_platform.servicetitan.clock import http_date
from st_platform.servicetitan.errors import (
    BadRequest,
    InvalidResponse,
    NotFound,
    NotGranted,
    RateLimited,
    ServerFailed,
    ServiceTitanError,
    scrubbed,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def _headers(retry_after: str, *, date: datetime | None = NOW) -> httpx.Headers:
    told = {"Retry-After": retry_after}
    return httpx.Headers(told | ({"Date": format_datetime(date, usegmt=True)} if date else {}))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("2.5", 2.5),
        ("86400", 86400.0),
        ("0", None),
        ("-7", None),
        ("", None),
        ("soon", None),
        ("7 seconds", None),
        ("1e9", None),
        ("nan", None),
        ("9" * 40, None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), None),
        ("Tue, 24 Nov 2026 12:01:30", 90.0),
        ("Tue, 99 Nov 2026 12:01:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_nonsense_is_nothing(said: str, seconds: float | None) -> None:
    assert wait_asked_for(_headers(said), "") == seconds


def test_a_date_is_measured_against_the_answers_own_clock_not_ours() -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    said = format_datetime(long_ago + timedelta(seconds=30), usegmt=True)
    assert wait_asked_for(_headers(said, date=long_ago), "") == 30.0
    assert wait_asked_for(_headers(said, date=None), "") is None


@pytest.mark.parametrize(
    ("title", "seconds"),
    [
        ("Rate limit is exceeded. Try again in 23 seconds.", 23.0),
        ("try again in 1 second", 1.0),
        ("Try again in a while.", None),
        ("Try again in 0 seconds.", None),
        ("", None),
    ],
)
def test_the_words_of_the_title_count_when_the_header_says_nothing(title: str, seconds: float | None) -> None:
    assert wait_asked_for(httpx.Headers(), title) == seconds
    assert wait_asked_for(_headers("soon"), title) == seconds
    assert wait_asked_for(_headers("5"), title) == 5.0


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_and_no_title_can_upset_the_reader(header: str, title: str) -> None:
    wait = wait_asked_for({"retry-after": header, "date": title}, title)
    assert wait is None or wait > 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (403, NotGranted),
        (404, NotFound),
        (405, BadRequest),
        (408, ServerFailed),
        (409, BadRequest),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerFailed),
        (599, ServerFailed),
        (304, InvalidResponse),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"title": 7}', b'{"title": "told", "errors": {"a": null}}', b"[]"])
def test_every_status_has_its_error_whatever_the_body(status: int, kind: type[ServiceTitanError], body: bytes) -> None:
    error = failure(Answer(status, httpx.Headers(), body), Place("GET /x", "acme"))
    assert type(error) is kind
    assert str(status) in error.what
    assert "tenant acme" in error.where
    assert error.fix.endswith(".")


def test_an_error_reads_what_where_and_fix() -> None:
    error = ServiceTitanError("it broke", where="GET /x, tenant acme", fix="Mend it.")
    assert str(error) == "it broke (GET /x, tenant acme). Mend it."


@settings(deadline=None)
@given(st.text(max_size=30), st.text(min_size=1, max_size=8), st.text(max_size=30))
def test_scrubbed_text_holds_no_secret_and_one_short_line(before: str, secret: str, after: str) -> None:
    text = scrubbed(before + secret + after, [secret])
    if secret not in "[redacted]" and not (set(secret) & set(" \t\n[]redacted")):
        assert secret not in text
    assert len(scrubbed("x" * 10_000, [])) == 300
    assert "\n" not in text


@pytest.mark.parametrize("text", ["", "x", "Tue, 99 Nov 2026 01:00:00 GMT", "Tue, 24 Nov 2026 25:00:00 GMT", "1 2 3"])
def test_a_date_that_is_none_is_nothing(text: str) -> None:
    assert http_date(text) is None
