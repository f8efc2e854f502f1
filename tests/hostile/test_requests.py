"""Requests that no browser makes: odd methods, hosts, headers, cookies, paths and bodies are answered plainly."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.visitor import Visitor

from .corpus import MARKER
from .markup import wrong_with

FORM = "/cases/new/"
MEGABYTE = 1024 * 1024
# In seconds of this process's own time.
MOST_TIME = 2.0


@pytest.fixture(scope="module")
def editor(sqlite_service: Flask) -> Visitor:
    return Visitor(sqlite_service).sign_in("ccg-84H")


@pytest.fixture(scope="module")
def token(editor: Visitor) -> str:
    return editor.form_on(FORM).fields["csrf_token"]


def ask(visitor: Visitor, path: str, method: str = "GET", *, codes: Iterable[int], **more: Any) -> TestResponse:
    """Makes a request, whose answer must have one of some codes, nothing wrong with it, and be soon there."""
    begun = time.process_time()
    answer = visitor.client.open(path, method=method, buffered=True, **more)
    took = time.process_time() - begun
    assert answer.status_code in codes, answer.status
    assert wrong_with(answer) == []
    assert took < MOST_TIME
    return answer


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "GEM", "G" * 1000])
@pytest.mark.parametrize("path", ["/cases/", "/sign-in/demo", "/nowhere/"])
def test_other_methods_are_refused(editor: Visitor, path: str, method: str) -> None:
    ask(editor, path, codes=(404, 405), environ_overrides={"REQUEST_METHOD": method})


@pytest.mark.parametrize("path", ["/", "/cases/", FORM, "/sign-out", "/cases/export/csv/"])
def test_a_method_may_not_be_named_another_way(editor: Visitor, path: str) -> None:
    """Neither by a header nor by a field: GET changes nothing."""
    named = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE"}
    ask(editor, f"{path}?_method=POST", headers=named, codes=(200, 405))


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "example.org:0",
        "example.org:99999999",
        "[::1",
        "[::1]:x",
        "<script>",
        f"{MARKER}.example.org",
        "a\r\nX-Hostile: 1",
        "a,b",
        "\xff\xfe",
        "a" * 70_000,
        "example.org@127.0.0.1",
        "..",
        "127.0.0.1#@x",
    ],
)
def test_whatever_the_host_is_called_no_address_is_made_of_it(sqlite_service: Flask, host: str) -> None:
    nobody = Visitor(sqlite_service)
    for path in ("/", "/sign-in/", "/cases/?search=a", "/cases"):
        answer = ask(nobody, path, codes=(200, 302, 308, 400), environ_overrides={"HTTP_HOST": host})
        assert MARKER not in answer.text and MARKER not in (answer.location or "")


FORWARDED = {
    "X-Forwarded-For": f"1.1.1.1, <{MARKER}>",
    "X-Forwarded-Host": f"{MARKER}.example.org",
    "X-Forwarded-Proto": "javascript",
    "X-Forwarded-Prefix": f"/{MARKER}",
    "Forwarded": f"host={MARKER}.example.org",
    "X-Original-URL": "/audit/",
    "X-Rewrite-URL": "/audit/",
    "X-Real-IP": "' OR 1=1",
}


def test_headers_of_proxies_are_believed_from_nobody(editor: Visitor) -> None:
    for path in ("/", "/cases/", "/sign-in/", "/nowhere/"):
        answer = ask(editor, path, headers=FORWARDED, codes=(200, 404))
        assert MARKER not in answer.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "*/*;q=NaN, text/html;q=-1" + ",a/b;q=1" * 5000),
        ("Accept-Encoding", "br;q=x, gzip;q=1e999, *;q=0, \xff"),
        ("Accept-Encoding", "gzip, " * 10_000),
        ("Accept-Language", "x" * 60_000),
        ("Authorization", "Basic \xff:\x80"),
        ("Authorization", "Bearer " + "a" * 60_000),
        ("Authorization", "Digest " + 'a="' * 10_000),
        ("Cache-Control", "max-age=NaN, " * 5000),
        ("If-Modified-Since", "Thu, 99 Feb 99999 99:99:99 GMT"),
        ("If-None-Match", '"' * 10_000),
        ("If-Range", "W/" * 5000),
        ("Range", "bytes=0-0," * 5000),
        ("Range", "bytes=9223372036854775808-"),
        ("Range", "bytes=-0, lines=1-2"),
        ("Referer", f"javascript:{MARKER}"),
        ("User-Agent", f"<script>{MARKER}</script>'; --"),
        ("Origin", "null"),
        ("Content-Type", "text/html; charset=" + "x" * 10_000),
        ("Expect", "100-continue, " * 100),
        ("X-Request-ID", f"a\tb<{MARKER}>" + "x" * 10_000),
        ("Upgrade", "h2c, websocket"),
    ],
)
def test_odd_headers_change_nothing(editor: Visitor, name: str, value: str) -> None:
    for path in ("/cookies/", "/cases/export/csv/"):
        ask(editor, path, headers={name: value}, codes=(200, 206, 404, 416))


def test_a_thousand_headers_change_nothing(editor: Visitor) -> None:
    ask(editor, "/cases/", headers={f"X-{number}": "x" * 100 for number in range(1000)}, codes=(200,))


@pytest.mark.parametrize(
    "cookie",
    [
        "tracker",
        "tracker=",
        "tracker=x; tracker=y",
        "=;=;;;",
        "tracker=\xff\xfe",
        'tracker="' + "\\" * 5000,
        "a=b;" * 20_000,
        "tracker=.eJx" + "A" * 8000 + ".x.y",
        "tracker=eyJfdXNlcl9pZCI6IjEifQ.ZZZZZZ.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "tracker=" + "." * 5000,
        "tracker=\x00",
        "session=1; remember_token=1|x",
        f"{MARKER}=<{MARKER}>",
    ],
)
def test_whoever_makes_up_a_cookie_is_nobody(sqlite_service: Flask, cookie: str) -> None:
    client = sqlite_service.test_client(use_cookies=False)
    for path in ("/", "/cases/"):
        answer = client.get(path, environ_overrides={"HTTP_COOKIE": cookie}, buffered=True)
        assert (answer.status_code, answer.location[:9]) == (302, "/sign-in/")
        assert wrong_with(answer) == []
    answer = client.get("/sign-in/", environ_overrides={"HTTP_COOKIE": cookie}, buffered=True)
    assert answer.status_code == 200 and wrong_with(answer) == []


@pytest.mark.parametrize(
    "path",
    [
        "/\xff\xfe",
        "/%",
        "/%zz",
        "/\x00",
        "/cases/\x00",
        "/../../etc/passwd",
        "/cases/../audit/",
        "//cases/",
        "//example.org/",
        "/cases//details/",
        "/cases/export/csv",
        "/cases/export/../",
        "/cases/export/xlsx/",
        "/cases/export/\xc0\xae/",
        "/static/nhsuk/../../config.py",
        "/static/nhsuk/..%2f..%2fconfig.py",
        "/static/nhsuk/\x00",
        "/static/nhsuk//etc/passwd",
        "/static/nhsuk/C:/x",
        "/static/nhsuk/" + "a/" * 5000,
        "/static/nhsuk/dist/" + "x" * 300,
        "/static/admin/x",
        "/" + "x" * 100_000,
        "/" + "/" * 10_000,
        f"/<{MARKER}>",
        f"/{MARKER}\r\nX-Hostile: 1",
        "/;jsessionid=1",
        "/cases/;x",
        "/\u202e".encode().decode("latin-1"),
        "/%2e%2e/",
        "*",
        "http://example.org/cases/",
    ],
)
def test_odd_paths_are_not_found(editor: Visitor, path: str) -> None:
    """As a server hands them on: decoded once, each byte a character."""
    ask(editor, "/", codes=(200, 308, 400, 404), environ_overrides={"PATH_INFO": path})


@pytest.mark.parametrize(
    "query",
    [
        "%",
        "%zz=%",
        "search=%ff%fe",
        "\xff=\xff",
        "&" * 50_000,
        "=" * 50_000,
        "a=b&" * 100_000,
        "search=" + "a" * MEGABYTE,
        "search=" + "%f0%9f%91%a9%e2%80%8d" * 20_000,
        "search=" + "%cc%81" * 100_000,
        "search[]=a&search[x]=b",
        "page=1&page=x",
        "search=a&search=b&search=%00",
        "flt0_0=x&flt1_1=y",
        "flt_status_is=open&" * 2000,
        "sort=1&desc=1;page=2",
        "columns=" + "," * 50_000,
        "page_size=999999999999&page=99999999999999999999",
        "flt_" + "_" * 50_000 + "=x",
        "id=" + "-" * 100_000,
    ],
    ids=lambda query: query[:24],
)
@pytest.mark.parametrize("path", ["/cases/", "/themes/learning/"])
def test_odd_queries_are_answered(editor: Visitor, path: str, query: str) -> None:
    ask(editor, path, codes=(200, 400, 404), environ_overrides={"QUERY_STRING": query})


# Bodies


def send(visitor: Visitor, body: bytes, kind: str, path: str = FORM, **more: Any) -> TestResponse:
    return ask(visitor, path, "POST", data=body, content_type=kind, **more)


URLENCODED = "application/x-www-form-urlencoded"
PLAINLY_REFUSED = (200, 400, 413, 415)


@pytest.mark.parametrize("path", [FORM, "/sign-in/demo", "/imports/cases/"])
@pytest.mark.parametrize("kind", [URLENCODED, "multipart/form-data; boundary=x", "application/json", "text/plain", ""])
def test_ten_megabytes_are_refused(editor: Visitor, path: str, kind: str) -> None:
    answer = send(editor, b"overview=" + b"x" * 10 * MEGABYTE, kind, path, codes=PLAINLY_REFUSED)
    assert answer.status_code != 200 or path == "/imports/cases/" or kind not in (URLENCODED, "")


@pytest.mark.parametrize("body", [b"a&" * 1_000_000, b"a=1&" * 500_000, b"&" * 1_900_000, b"=" * 1_900_000])
def test_a_million_fields_are_refused(editor: Visitor, body: bytes) -> None:
    send(editor, body, URLENCODED, codes=(413,))


def test_fields_beyond_any_form_are_refused_before_they_are_looked_at(editor: Visitor, token: str) -> None:
    answer = send(editor, f"csrf_token={token}&".encode() + b"a=1&" * 10_000, URLENCODED, codes=(413,))
    assert "That was too large" in answer.text


def test_a_file_may_be_large_and_a_form_beside_it_not(editor: Visitor) -> None:
    send(editor, b"a" * 2 * MEGABYTE, URLENCODED, "/imports/cases/", codes=(413,))


def a_part(more: bytes, content: bytes = b"1") -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n%b\r\n--x--' % (more, content)


def parts(number: int, named: str = "a") -> bytes:
    one = f'--x\r\nContent-Disposition: form-data; name="{named}"\r\n\r\n1\r\n'
    return one.encode() * number + b"--x--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        parts(10_000),
        parts(501),
        b"--x",
        b"--x--",
        b"",
        b"\r\n" * 100_000,
        b"--x\r\n" * 10_000,
        b"--x\r\nContent-Disposition: form-data",
        b"--x\r\nContent-Disposition: form-data; name=\r\n\r\n1\r\n--x--",
        b"--x\r\n\r\n\r\n--x--",
        b"--x\r\n" + b"A: b\r\n" * 50_000,
        b"--x\r\n" + b"A" * MEGABYTE,
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--',
        a_part(b'; filename="../../x\x00"\r\nContent-Type: \xff'),
        a_part(b"; filename*=utf-16''%ff%fe"),
        a_part(b"\r\nContent-Type: text/plain; charset=utf-7", b"+AGE-"),
        a_part(b"\r\nContent-Type: multipart/mixed; boundary=y", b"--y\r\n\r\n1--y--"),
        a_part(b"\r\nContent-Transfer-Encoding: base64", b"AA=="),
    ],
    ids=lambda body: ascii(body[:60]),
)
@pytest.mark.parametrize("path", [FORM, "/imports/cases/"])
def test_broken_bodies_in_parts_are_refused(editor: Visitor, path: str, body: bytes) -> None:
    send(editor, body, "multipart/form-data; boundary=x", path, codes=PLAINLY_REFUSED)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="' + "x" * 10_000,
        "multipart/form-data; boundary=\xff",
        "multipart/mixed; boundary=x",
        "application/json",
        "application/xml",
        "text/plain",
        "x",
        "/",
        ";",
        "\xff",
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded; charset=nowhere",
        "application/x-www-form-urlencoded, multipart/form-data; boundary=x",
    ],
)
def test_other_kinds_of_bodies_are_no_forms(editor: Visitor, token: str, kind: str) -> None:
    deep = b'{"overview":' * 10_000
    for body in (
        deep,
        b"[" * 100_000,
        f"csrf_token={token}&overview=%ff&status[]=x".encode(),
        b"<!DOCTYPE x [<!ENTITY e 'x'>]>",
    ):
        send(editor, body, kind, codes=PLAINLY_REFUSED)


@pytest.mark.parametrize(
    "length", ["-1", "x", "99999999999999999999", "1e3", "0x10", "", "\u0661".encode().decode("latin-1"), "+5", "5, 5"]
)
def test_lengths_that_are_no_numbers_are_answered(editor: Visitor, length: str) -> None:
    send(editor, b"a=b", URLENCODED, codes=PLAINLY_REFUSED, environ_overrides={"CONTENT_LENGTH": length})


def test_a_body_that_ends_too_early_is_refused(editor: Visitor) -> None:
    send(editor, b"a=b", URLENCODED, codes=(400,), environ_overrides={"CONTENT_LENGTH": "1000"})


def test_a_field_that_is_sent_twice_counts_once(editor: Visitor, token: str) -> None:
    twice = f"csrf_token={token}&csrf_token=x&overview=first&overview=second&status=open&status=closed&ccg=1&ccg=2"
    answer = send(editor, twice.encode(), URLENCODED, codes=(200,))
    assert "first" in answer.text and "second" not in answer.text
