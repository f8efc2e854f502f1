"""What the browser is told with every answer."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response

from app.nhsuk import headers


@pytest.fixture
def answer(client):
    return client.get("/pages/home")


def test_scripts_run_only_from_here_or_with_the_word_of_this_answer(answer) -> None:
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    nonce = re.fullmatch(r"'self' 'nonce-([\w-]{22})'", policy.pop("script-src"))
    assert nonce
    assert answer.text.count(f'nonce="{nonce[1]}"') == answer.text.count("<script")
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'none'",
        "object-src": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
    }


def test_the_word_is_new_for_each_answer(client, answer) -> None:
    assert client.get("/pages/home").headers["Content-Security-Policy"] != answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ],
)
def test_the_other_headers_are_there_once(answer, name: str, value: str) -> None:
    assert answer.headers.getlist(name) == [value]


def test_a_page_that_is_not_there_has_the_headers_too(client) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "keeping"),
    [
        ("/static/nhsuk/tracker.1f0c9a2e.css", 200, "public, max-age=31536000, immutable"),
        ("/static/nhsuk/assets/images/favicon.svg", 200, "public, max-age=3600"),
        ("/static/nhsuk/tracker.css", 200, "public, max-age=3600"),
        ("/static/nhsuk/tracker.1f0c9a2e.css", 404, "no-store"),
    ],
)
def test_only_files_with_a_hash_in_their_name_are_kept_for_ever(
    app: Flask, path: str, status: int, keeping: str
) -> None:
    with app.test_request_context(path):
        assert headers.add(Response(status=status)).headers["Cache-Control"] == keeping
