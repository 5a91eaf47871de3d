"""Slow, cut, broken, bloated and reset answers: nothing incomplete is ever handed on."""

from __future__ import annotations

import gzip
import json
import random
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from st_platform.servicetitan.errors import (
    InvalidResponse,
    ResponseTooLarge,
    ServiceTitanError,
    Unreachable,
    UntrustedServer,
)
from st_platform.servicetitan.paging import FeedPager
from tests.integration.servicetitan.scripted_api import (
    FEED,
    FEED_PATH,
    ONCE,
    HangUp,
    Request,
    ScriptedApi,
    answer,
    cuts,
    drips,
    page,
    resets,
)

GOOD = page([{"id": 7, "name": "é ]}"}], more=False, token="t")
GOOD_BODY = GOOD.partition(b"\r\n\r\n")[2]


def _gzipped(content: bytes, **headers: str) -> bytes:
    return answer(content, headers={"Content-Encoding": "gzip", **headers})


def test_a_body_that_trickles_is_cut_at_the_deadline_and_asked_for_again(api: ScriptedApi) -> None:
    api.on(FEED_PATH, drips(GOOD, every=0.05), GOOD)
    with api.client(deadline=0.4) as client:
        begun = time.monotonic()
        assert client.get(FEED) == GOOD_BODY
        assert 0.4 <= time.monotonic() - begun < 2.5
    assert client.calls == 2


@pytest.mark.parametrize("part", ["headers", "body", "nothing"])
def test_no_part_of_an_answer_can_outlast_the_deadline(api: ScriptedApi, part: str) -> None:
    head, _, body = GOOD.partition(b"\r\n\r\n")

    def slow(connection: socket.socket, request: Request) -> None:
        if part == "nothing":
            time.sleep(3)
        elif part == "headers":
            drips(head, every=0.05)(connection, request)
        else:
            connection.sendall(head + b"\r\n\r\n")
            drips(body, every=0.05)(connection, request)

    api.on(FEED_PATH, slow)
    with api.client(deadline=0.4, policy=ONCE) as client:
        client.scopes()
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.4 s"):
            client.get(FEED)
        assert time.monotonic() - begun < 1.5


def test_a_timeout_per_read_alone_would_wait_for_ever(api: ScriptedApi) -> None:
    """Why the transport has a deadline of its own: the same trickle passes httpx's timeout."""
    api.on("/connect/token", drips(answer(b"x" * 20), every=0.01))
    begun = time.monotonic()
    assert httpx.post(f"{api.url}/connect/token", timeout=0.2, trust_env=False).content == b"x" * 20
    assert time.monotonic() - begun > 0.2 * 4


def test_an_answer_cut_anywhere_is_never_handed_on(api: ScriptedApi) -> None:
    with api.client(policy=ONCE) as client:
        client.scopes()
        for at in range(len(GOOD)):
            api.on(FEED_PATH, cuts(GOOD, at))
            with pytest.raises((Unreachable, InvalidResponse)):
                client.get(FEED)
    assert client.calls == len(GOOD)


def test_an_answer_cut_anywhere_that_promised_no_length_is_never_handed_on(api: ScriptedApi) -> None:
    open_ended = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + GOOD_BODY
    with api.client(policy=ONCE) as client:
        client.scopes()
        for at in range(len(open_ended)):
            api.on(FEED_PATH, cuts(open_ended, at))
            with pytest.raises((Unreachable, InvalidResponse)):
                FeedPager(client, FEED).fetch(None)
        api.on(FEED_PATH, cuts(open_ended, len(open_ended)))
        assert FeedPager(client, FEED).fetch(None).row_count == 1


def test_a_chunked_answer_cut_anywhere_is_never_handed_on(api: ScriptedApi) -> None:
    half = len(GOOD_BODY) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD_BODY[:half], GOOD_BODY[half:], b""))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with api.client(policy=ONCE) as client:
        client.scopes()
        for at in range(len(chunked)):
            api.on(FEED_PATH, cuts(chunked, at))
            with pytest.raises((Unreachable, InvalidResponse)):
                client.get(FEED)
        api.on(FEED_PATH, chunked)
        assert client.get(FEED) == GOOD_BODY


def test_a_gzipped_answer_cut_anywhere_is_never_handed_on(api: ScriptedApi) -> None:
    """Each cut comes with a fitting Content-Length, so that only the gzip trailer can tell."""
    packed = gzip.compress(GOOD_BODY, mtime=0)
    with api.client(policy=ONCE) as client:
        client.scopes()
        for at in range(len(packed)):
            api.on(FEED_PATH, _gzipped(packed[:at]))
            with pytest.raises(InvalidResponse, match="gzip"):
                client.get(FEED)
        api.on(FEED_PATH, _gzipped(packed))
        assert client.get(FEED) == GOOD_BODY


def test_a_cut_page_is_asked_for_again(api: ScriptedApi) -> None:
    api.on(FEED_PATH, cuts(GOOD, len(GOOD) - 1), cuts(GOOD, 20), cuts(GOOD, 0), GOOD)
    with api.client() as client:
        assert client.get(FEED) == GOOD_BODY
    assert client.calls == 4


def test_damaged_gzip_is_asked_for_again(api: ScriptedApi) -> None:
    packed = bytearray(gzip.compress(GOOD_BODY))
    packed[-6] ^= 0xFF  # in the checksum
    api.on(FEED_PATH, _gzipped(bytes(packed)), _gzipped(b"no gzip at all"), _gzipped(gzip.compress(GOOD_BODY)))
    with api.client() as client:
        assert client.get(FEED) == GOOD_BODY
    assert client.calls == 3


def test_gzip_of_many_members_and_any_size_comes_out_whole(api: ScriptedApi) -> None:
    drawn = random.Random(4)
    rows = [{"id": number, "text": "ab" * drawn.randrange(3000)} for number in range(2000)]
    body = json.dumps({"hasMore": False, "continueFrom": "t", "data": rows}).encode()
    assert len(body) > 4 * 2**20
    third = len(body) // 3
    packed = b"".join(gzip.compress(body[begin : begin + third]) for begin in range(0, len(body), third))
    api.on(FEED_PATH, _gzipped(packed))
    with api.client() as client:
        assert client.get(FEED) == body


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """100 MB of zeros in 100 kB."""
    return gzip.compress(bytes(100 * 2**20), compresslevel=6)


def _peak(act: object) -> int:
    assert callable(act)
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_stops_at_the_cap_without_filling_memory(api: ScriptedApi, bomb: bytes) -> None:
    api.on(FEED_PATH, _gzipped(bomb))
    with api.client(max_body=4 * 2**20) as client:
        client.scopes()

        def read() -> None:
            with pytest.raises(ResponseTooLarge, match="4,194,304 bytes"):
                client.get(FEED)

        assert _peak(read) < 16 * 2**20
    assert client.calls == 1


def test_the_check_above_notices_a_client_that_inflates_first(api: ScriptedApi, bomb: bytes) -> None:
    api.on("/connect/token", _gzipped(bomb))
    assert _peak(lambda: httpx.post(f"{api.url}/connect/token", trust_env=False)) > 60 * 2**20


def test_a_body_over_the_cap_is_refused_by_its_length_and_also_without_one(api: ScriptedApi) -> None:
    large = json.dumps({"data": "x" * 5000}).encode()
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    for sent in (answer(large), cuts(head + large, len(head) + len(large))):
        api.on(FEED_PATH, sent)
        with api.client(max_body=4000) as client, pytest.raises(ResponseTooLarge):
            client.get(FEED)
        assert client.calls == 1
    api.on(FEED_PATH, answer(large))
    with api.client(max_body=len(large)) as client:
        assert client.get(FEED) == large


def test_a_length_over_the_cap_is_enough_to_refuse_without_reading_on(api: ScriptedApi) -> None:
    api.on(FEED_PATH, lambda connection, _: connection.sendall(answer(headers={"Content-Length": "99999"})))
    begun = time.monotonic()
    with api.client(max_body=4000) as client, pytest.raises(ResponseTooLarge):
        client.get(FEED)
    assert time.monotonic() - begun < 3


def test_a_compression_that_was_not_offered_is_an_error(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer(b"\x1b\x03", headers={"Content-Encoding": "br"}))
    with api.client() as client, pytest.raises(InvalidResponse, match="did not offer"):
        client.get(FEED)
    assert api.sent_to_api[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"<html>Please log in</html>", "text/html", "HTML page"),
        (b"", "application/json", "empty"),
        (b'{"hasMore": fal', "application/json", "broken JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "too deeply"),
    ],
    ids=["html", "empty", "half", "deep"],
)
def test_a_200_that_is_not_json_is_asked_for_three_times_in_all(
    api: ScriptedApi, body: bytes, kind: str, told: str
) -> None:
    api.on(FEED_PATH, answer(body, kind=kind))
    with api.client() as client, pytest.raises(InvalidResponse, match=told) as caught:
        client.get(FEED)
    assert client.calls == 3
    assert "Please log in" not in str(caught.value)


def test_a_login_page_in_between_is_survived(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer(b"<html></html>", kind="text/html"), GOOD)
    with api.client() as client:
        assert client.get(FEED) == GOOD_BODY


def test_a_connection_reset_before_within_and_after_the_headers_is_survived(api: ScriptedApi) -> None:
    api.on(FEED_PATH, resets(), resets(GOOD[:30]), resets(GOOD[:-10]), GOOD)
    with api.client() as client:
        assert client.get(FEED) == GOOD_BODY
    assert client.calls == 4


def test_a_connection_closed_between_pages_is_survived(api: ScriptedApi) -> None:
    """The server keeps the connection open for one answer, says nothing, and closes it."""
    pages = [page([{"id": number}], more=number < 9, token=f"t{number}") for number in range(10)]
    api.on(FEED_PATH, *[cuts(each, len(each)) for each in pages])
    with api.client() as client:
        rows = [bytes(row) for each in FeedPager(client, FEED).pages(start=None) for row in each.rows]
    assert rows == [b'{"id": %d}' % number for number in range(10)]
    assert len({request.connection for request in api.sent_to_api}) >= 10


def test_pages_share_a_connection_when_the_server_allows_it(api: ScriptedApi) -> None:
    api.on(FEED_PATH, *[page([{"id": 1}], more=number < 9, token=f"t{number}") for number in range(10)])
    with api.client() as client:
        assert len(list(FeedPager(client, FEED).pages(start=None))) == 10
    assert len({request.connection for request in api.sent_to_api}) == 1


def test_nobody_listening_is_tried_six_times_and_told_with_the_address(api: ScriptedApi) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with (
        api.client(tenant=api.tenant(api_url=nowhere)) as client,
        pytest.raises(Unreachable, match="6 times") as caught,
    ):
        client.get(FEED)
    assert nowhere in caught.value.where


def test_a_name_that_does_not_resolve_is_told(api: ScriptedApi) -> None:
    tenant = api.tenant(api_url="http://no-such-host.invalid")
    with api.client(tenant=tenant, policy=ONCE) as client, pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        client.get(FEED)


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[int]]]:
    """A TLS server with an expired certificate of its own making: its address, and how often it was called."""
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    _write_certificate(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))
    calls: list[int] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            calls.append(1)
            try:
                context.wrap_socket(connection, server_side=True).recv(1)
            except (OSError, HangUp):
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", calls
    listener.close()


def test_a_certificate_that_proves_nothing_is_refused_at_once(
    api: ScriptedApi, untrusted: tuple[str, list[int]]
) -> None:
    url, calls = untrusted
    with api.client(tenant=api.tenant(api_url=url)) as client, pytest.raises(UntrustedServer) as caught:
        client.get(FEED)
    assert len(calls) == 1
    assert "SSL_CERT_FILE" in caught.value.fix
    assert isinstance(caught.value, ServiceTitanError)


def _write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=20))
        .not_valid_after(now - timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
