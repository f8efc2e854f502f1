"""What the identity provider is asked, how often, and what of its answers is taken."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.sign_in import provider as provider_module
from app.sign_in.attempts import Begun, Taken
from app.sign_in.provider import LARGEST, Provider, Registration, Unreachable, fetch
from app.sign_in.tokens import Refused, verify
from tests.sign_in.test_tokens import KEY, NOW, OTHER, PUBLIC, public_of, token

ISSUER = "https://issuer.example"
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "end_session_endpoint": f"{ISSUER}/out",
}


class Answers:
    """A provider that says what it is told to, and counts what it is asked."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = dict(METADATA)
        self.keys: list[Any] = [PUBLIC | {"kid": "one", "use": "sig"}]
        self.is_down = False
        self.asked: list[str] = []

    def __call__(self, address: str) -> bytes:
        self.asked.append(address.rpartition("/")[2])
        if self.is_down:
            raise Unreachable("provider_unreachable")
        return json.dumps({"keys": self.keys} if address.endswith("/keys") else self.metadata).encode()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def provider(answers: Answers) -> Provider:
    return Provider(Registration(ISSUER, "tracker", "a secret"), answers)


def believe(provider: Provider, made: str, at: datetime = NOW) -> dict[str, Any]:
    return provider.verified(lambda trust: verify(made, trust, nonce="n", now=NOW), at)


def test_keys_are_read_once_an_hour(provider: Provider, answers: Answers) -> None:
    for minutes in (0, 1, 59):
        believe(provider, token(), NOW + timedelta(minutes=minutes))
    assert answers.asked.count("keys") == 1
    believe(provider, token(), NOW + timedelta(minutes=61))
    assert answers.asked.count("keys") == 2


def test_a_key_that_is_not_known_is_asked_for_once_and_then_not_for_a_minute(
    provider: Provider, answers: Answers
) -> None:
    believe(provider, token())
    answers.keys = [public_of(OTHER) | {"kid": "next"}]
    assert believe(provider, token(OTHER, {"kid": "next"}))["sub"] == "somebody"
    for number in range(30):
        with pytest.raises(Refused, match="unknown_key"):
            believe(provider, token(header={"kid": f"made up {number}"}), NOW + timedelta(seconds=number))
    assert answers.asked.count("keys") == 2
    with pytest.raises(Refused, match="unknown_key"):
        believe(provider, token(header={"kid": "made up"}), NOW + timedelta(seconds=61))
    assert answers.asked.count("keys") == 3


@pytest.mark.parametrize("keys", [[], ["x"], [None], [{"kid": "one"}], [PUBLIC], [PUBLIC | {"kid": 1}]])
def test_the_last_good_keys_stay_where_none_come(provider: Provider, answers: Answers, keys: list[Any]) -> None:
    believe(provider, token())
    answers.keys = keys
    assert believe(provider, token(), NOW + timedelta(hours=2))["sub"] == "somebody"
    answers.is_down = True
    assert believe(provider, token(), NOW + timedelta(hours=4))["sub"] == "somebody"


@pytest.mark.parametrize(
    "key",
    [
        PUBLIC | {"kid": "one", "use": "enc"},
        PUBLIC | {"kid": "one", "alg": "RS512"},
        {"kid": "one", "kty": "oct", "k": "c2VjcmV0"},
        {"kid": "one", "kty": "EC", "crv": "P-256", "x": "x", "y": "y"},
    ],
)
def test_keys_for_something_else_are_not_taken(provider: Provider, answers: Answers, key: dict[str, Any]) -> None:
    answers.keys = [key]
    with pytest.raises(Unreachable, match="provider_keys_unknown"):
        believe(provider, token())


def test_one_name_for_two_keys_names_neither(provider: Provider, answers: Answers) -> None:
    answers.keys = [PUBLIC | {"kid": "one"}, public_of(OTHER) | {"kid": "one"}, public_of(OTHER) | {"kid": "next"}]
    with pytest.raises(Refused, match="unknown_key"):
        believe(provider, token(KEY))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": f"{ISSUER}/"}, "provider_is_another"),
        ({"issuer": None}, "provider_is_another"),
        ({"token_endpoint": "http://issuer.example/token"}, "provider_answers_wrongly"),
        ({"jwks_uri": "file:///etc/passwd"}, "provider_answers_wrongly"),
        ({"authorization_endpoint": ["x"]}, "provider_answers_wrongly"),
        ({"jwks_uri": None}, "provider_answers_wrongly"),
    ],
)
def test_what_it_says_of_itself_must_be_safe(
    provider: Provider, answers: Answers, changes: dict[str, Any], reason: str
) -> None:
    answers.metadata |= changes
    with pytest.raises(Unreachable, match=reason):
        provider.metadata(NOW)


def test_what_it_said_of_itself_is_used_on_while_it_is_down(provider: Provider, answers: Answers) -> None:
    provider.metadata(NOW)
    answers.is_down = True
    assert provider.metadata(NOW + timedelta(hours=2))["token_endpoint"] == f"{ISSUER}/token"


def test_a_new_sign_in_must_be_one(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider says when somebody showed who they are. It may know them from hours ago."""
    at = int(NOW.timestamp())
    anew, any_ = (Taken("n", "verifier", "", is_anew) for is_anew in (True, False))

    def answer(taken: Taken, **claims: Any) -> Any:
        monkeypatch.setattr(Provider, "_exchange", lambda *_: token(**claims))
        return provider.believed({"code": "x", "state": "y"}, taken, "https://here", NOW)

    assert answer(any_, auth_time=at - 7200).authenticated_at == NOW - timedelta(hours=2)
    assert answer(anew, auth_time=at - 10).authenticated_at == NOW - timedelta(seconds=10)
    assert answer(any_).authenticated_at == NOW
    for claims, reason in (
        ({}, "missing_auth_time"),
        ({"auth_time": at - 301}, "not_signed_in_anew"),
        ({"auth_time": at + 61}, "wrong_auth_time"),
    ):
        with pytest.raises(Refused, match=reason):
            answer(anew, **claims)


def test_the_address_asks_for_the_password_where_the_sign_in_must_be_new(provider: Provider) -> None:
    begun = Begun("state", "nonce", "v" * 64)
    usual = provider.address_to_sign_in(begun, "https://here/back", is_anew=False, now=NOW)
    anew = provider.address_to_sign_in(begun, "https://here/back", is_anew=True, now=NOW)
    assert "prompt" not in usual and "v" * 64 not in usual
    assert "prompt=login" in anew and "max_age=0" in anew


def test_one_is_not_led_to_another_host_to_sign_out(provider: Provider, answers: Answers) -> None:
    assert provider.address_to_sign_out("https://here/", NOW).startswith(f"{ISSUER}/out?client_id=tracker")
    answers.metadata["end_session_endpoint"] = "https://evil.example/out"
    assert provider.address_to_sign_out("https://here/", NOW + timedelta(hours=2)) == ""


# What comes over a line


class Server(BaseHTTPRequestHandler):
    """Answers small, large, slowly, with an error, and with the address of another page."""

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/small")
            self.end_headers()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        parts = {"/large": [b"x" * 4096] * (LARGEST // 4096 + 2), "/slow": [b"x" * 4096] * 12}
        for part in parts.get(self.path, [b"small"]):
            try:
                self.wfile.write(part)
            except OSError:
                return
            if self.path == "/slow":
                time.sleep(0.2)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def line() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/large", "provider_answers_too_much"),
        ("/slow", "provider_too_slow"),
        ("/elsewhere", "provider_answers_wrongly"),
        ("/broken", "provider_answers_wrongly"),
    ],
)
def test_only_small_and_quick_answers_are_taken(
    line: str, path: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "SECONDS", 1)
    with pytest.raises(Unreachable, match=reason):
        fetch(line + path)
    assert fetch(f"{line}/small") == b"small"


@pytest.mark.parametrize("address", ["http://issuer.example", "file:///etc/passwd", "ftp://x", "//x", "http://[", ""])
def test_only_safe_addresses_are_asked(address: str) -> None:
    with pytest.raises(Unreachable, match="provider_not_https"):
        fetch(address)
