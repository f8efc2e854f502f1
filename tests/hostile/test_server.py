"""The real server: requests that are no HTTP, that mean two things, that are too large, or that never end."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.databases import SQLiteDatabases

from .serving import Server, serve

END = b"\r\n\r\n"
HOST = b"Host: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def server(sqlite_databases: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    with sqlite_databases.fresh() as database, serve(database.settings, folder) as running:
        yield running


def send(server: Server, request: bytes, *, wait: float = 10) -> bytes:
    """Sends bytes as they are, and gives everything that comes back until the server has done with it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as line:
        answer = b""
        try:
            line.sendall(request)
            while piece := line.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionError):
            pass
    return answer


def codes(answer: bytes) -> list[int]:
    """The status of each answer that came back on one connection."""
    return [int(code) for code in re.findall(rb"^HTTP/1\.[01] (\d{3})", answer, re.MULTILINE)]


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1",
        b"GET /health/live?" + b"a" * 100_000 + b" HTTP/1.1",
        b"GET /health/live HTTP/9.9",
        b"GET /health/live",
        b"GET  /health/live HTTP/1.1",
        b"GET /health/live\x00 HTTP/1.1",
        b"G\x00T /health/live HTTP/1.1",
        b"get /health/live HTTP/1.1",
        b"GET health/live HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0",
        b"",
    ],
    ids=lambda line: ascii(line[:40]),
)
def test_what_is_no_request_line_is_refused(server: Server, request_line: bytes) -> None:
    answer = send(server, request_line + b"\r\n" + HOST + b"Connection: close" + END, wait=3)
    assert all(400 <= code < 500 or code == 505 for code in codes(answer)), answer[:200]


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"X-%d: 1\r\n" % number for number in range(200)),
        b"X: " + b"a" * 20_000 + b"\r\n",
        b"X : 1\r\n",
        b" folded: 1\r\n",
        b"X: a\r\n b\r\n",
        b"X: a\x00b\r\n",
        b"X\xff: 1\r\n",
        b"no colon\r\n",
        b": 1\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x10\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ],
    ids=lambda headers: ascii(headers[:40]),
)
def test_headers_that_are_none_or_mean_two_things_are_refused(server: Server, headers: bytes) -> None:
    """A second request that is hidden behind the first is never answered as one of its own."""
    hidden = b"0\r\n\r\nGET /sign-in/?hidden HTTP/1.1\r\n" + HOST + b"Connection: close" + END
    answer = send(server, b"POST /sign-in/demo HTTP/1.1\r\n" + HOST + headers + b"\r\n" + hidden, wait=3)
    # 501: a transfer coding that the server does not know.
    assert codes(answer) != [] and all(400 <= code < 500 or code == 501 for code in codes(answer)), answer[:300]
    assert b"Choose an account" not in answer and b"nhsuk" not in answer.partition(b"HTTP/1.1 200")[2]


def test_lines_that_end_in_a_bare_line_feed_hide_no_request(server: Server) -> None:
    answer = send(server, b"GET /health/live HTTP/1.1\nHost: a\n\nGET /sign-in/ HTTP/1.1\nHost: a\n\n", wait=3)
    assert all(400 <= code < 500 for code in codes(answer)), answer[:200]


@pytest.mark.parametrize(
    "chunks",
    [b"5;" + b"x" * 100_000, b"-5\r\nhello", b"0x5\r\nhello", b"fffffffffffffffff\r\nhello", b"5\nhello\n0\n\n",
     b"5\r\nhelloworld\r\n0\r\n\r\n", b"zz\r\n"],
    ids=lambda chunks: ascii(chunks[:20]),
)  # fmt: skip
def test_chunks_that_are_none_are_refused(server: Server, chunks: bytes) -> None:
    head = b"POST /sign-in/demo HTTP/1.1\r\n" + HOST
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nTransfer-Encoding: chunked" + END
    answer = send(server, head + kind + chunks, wait=3)
    assert all(400 <= code < 500 for code in codes(answer)), answer[:200]


def test_many_hosts_and_bytes_beyond_ascii_are_no_error_of_the_service(server: Server) -> None:
    close = b"Connection: close" + END
    for request in (
        b"GET /sign-in/?\xff=\xff&search=\xc3 HTTP/1.1\r\n" + HOST + close,
        b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + close,
        b"GET /sign-in/ HTTP/1.1\r\nHost: " + b"a" * 70 + b"\r\n" + close,
        b"GET /sign-in/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + close,
        b"GET /sign-in/ HTTP/1.1\r\nHost: \r\n" + close,
        b"GET /sign-in/ HTTP/1.1\r\n" + close,
        b"GET http://example.org/sign-in/ HTTP/1.1\r\n" + HOST + close,
    ):
        answer = send(server, request)
        assert codes(answer) and max(codes(answer)) < 500, answer[:200]
        assert b"example.org" not in answer


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /sign-in/ HTTP/1.1\r\nX-Slow: ",
        b"POST /sign-in/demo HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 900\r\n\r\n",
    ],
    ids=["headers", "body"],
)
def test_those_who_send_slowly_shut_nobody_out_for_long(
    sqlite_databases: SQLiteDatabases, tmp_path: Path, beginning: bytes
) -> None:
    """More of them than the one process here has threads, each with a byte now and then."""
    with sqlite_databases.fresh() as database, serve(database.settings, tmp_path, processes=1) as server:
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
        for line in lines:
            line.sendall(beginning)
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=1) as mine:
            mine.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST + b"Connection: close" + END)
            answered = b""
            while not answered and time.monotonic() - begun < 60:
                for line in lines:
                    with suppress(OSError):
                        line.sendall(b"a")
                with suppress(TimeoutError):
                    answered = mine.recv(100)
        for line in lines:
            line.close()
        assert codes(answered) == [200]


def test_a_large_file_that_comes_slowly_enough_is_still_read(server: Server) -> None:
    """Refused for want of a token, when all of it is there."""
    body = b"a" * 200_000
    head = b"POST /sign-in/demo HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
    head += b"Connection: close\r\nContent-Length: %d" % len(body) + END
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(head)
        for place in range(0, len(body), 50_000):
            time.sleep(0.3)
            line.sendall(body[place : place + 50_000])
        assert codes(line.recv(65536)) == [400]
