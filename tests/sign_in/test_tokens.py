"""What the verifying functions believe, and for which reason they refuse the rest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jose import jwk, jws

from app.sign_in.demo import DemoProvider
from app.sign_in.logout_tokens import EVENT, LogoutToken, verify_logout
from app.sign_in.tokens import LARGEST, Refused, Trust, verify

NOW = datetime(2022, 2, 14, 10, 30, tzinfo=UTC)
AT = int(NOW.timestamp())


def new_key(size: int = 2048) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=size)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_of(pem: str) -> dict[str, Any]:
    return dict(jwk.construct(pem, "RS256").public_key().to_dict())


KEY, OTHER, SHORT = new_key(), new_key(), new_key(1024)
PUBLIC = public_of(KEY)
PEM = jwk.construct(KEY, "RS256").public_key().to_pem()
DER = serialization.load_pem_public_key(PEM).public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
CURVE = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}  # fmt: skip
TRUST = Trust(
    "https://issuer.example",
    "tracker",
    "RS256",
    {"one": PUBLIC, "next": public_of(OTHER), "short": public_of(SHORT), "curve": CURVE, "empty": {}},
)
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example", "aud": "tracker", "sub": "somebody", "iat": AT, "exp": AT + 120, "nonce": "n",
}  # fmt: skip
LEFT_OUT: Any = ...


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def of_bytes(header: bytes, payload: bytes, key: str = KEY) -> str:
    """Any header and payload, really signed."""
    signed = f"{encoded(header)}.{encoded(payload)}"
    return f"{signed}.{encoded(jwk.construct(key, 'RS256').sign(signed.encode()))}"


def token(key: str = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The good token with other claims, or without one, and with other members of the header."""
    members = {"alg": "RS256", "typ": "JWT", "kid": "one"} | (header or {})
    chosen = {name: value for name, value in (CLAIMS | claims).items() if value is not LEFT_OUT}
    of_header = {name: value for name, value in members.items() if value is not LEFT_OUT}
    return of_bytes(json.dumps(of_header).encode(), json.dumps(chosen).encode(), key)


def payload(text: str) -> str:
    return of_bytes(b'{"alg":"RS256","kid":"one"}', text.encode("utf-8", "surrogatepass"))


def header(text: str) -> str:
    return of_bytes(text.encode(), json.dumps(CLAIMS).encode())


def keyed_with(secret: bytes) -> str:
    """Signed as a shared secret with what everybody can read."""
    signed = f"{encoded(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{encoded(json.dumps(CLAIMS).encode())}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def changed(place: int, how: Callable[[str], str]) -> str:
    parts = token().split(".")
    parts[place] = how(parts[place])
    return ".".join(parts)


GOOD: dict[str, Callable[[], str]] = {
    "as it should be": token,
    "a key that is new": lambda: token(OTHER, {"kid": "next"}),
    "without typ": lambda: token(header={"typ": LEFT_OUT}),
    "a list of one audience": lambda: token(aud=["tracker"]),
    "azp is this service": lambda: token(azp="tracker"),
    "a clock that goes fast": lambda: token(iat=AT + 60, exp=AT + 200),
    "a clock that goes slow": lambda: token(iat=AT - 200, exp=AT - 60),
    "nbf a little ahead": lambda: token(nbf=AT + 60),
    "an hour of life": lambda: token(exp=AT + 3600),
    "claims nobody asked for": lambda: token(roles=["ccg_editor:84H"], amr=["pwd"], at_hash="x", sid="y", auth_time=1),
    "a subject of 255 characters": lambda: token(sub="x" * 255),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_is_believed(name: str) -> None:
    assert verify(GOOD[name](), TRUST, nonce="n", now=NOW)["iss"] == "https://issuer.example"


HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    # Shapes and sizes
    "empty": (lambda: "", "not_three_parts"),
    "one part": (lambda: "a", "not_three_parts"),
    "two parts": (lambda: "a.b", "not_three_parts"),
    "four parts": (lambda: token() + ".x", "not_three_parts"),
    "five parts, as if encrypted": (lambda: token() + ".x.y", "not_three_parts"),
    "only dots": (lambda: "..", "not_base64url"),
    "not ASCII": (lambda: token() + "é", "not_base64url"),
    "white space at the end": (lambda: token() + "\n", "not_base64url"),
    "white space at the beginning": (lambda: " " + token(), "not_base64url"),
    "padded": (lambda: changed(1, lambda part: part + "="), "not_base64url"),
    "the other alphabet": (lambda: changed(2, lambda part: "+" + part[1:]), "not_base64url"),
    "a signature in other letters": (lambda: changed(2, lambda part: part[:-1] + other_end(part)), "not_base64url"),
    "a letter too many": (lambda: changed(2, lambda part: part + "AAA"), "not_base64url"),
    "NUL": (lambda: token() + "\0", "not_base64url"),
    "too large": (lambda: "a" * LARGEST + ".b.c", "too_large"),
    "too large and good": (lambda: token(more="x" * LARGEST), "too_large"),
    "bytes": (lambda: token().encode(), "too_large"),
    "nothing": (lambda: None, "too_large"),
    # JSON
    "header is not JSON": (lambda: header("{"), "malformed"),
    "header is a list": (lambda: header("[]"), "not_an_object"),
    "header is null": (lambda: header("null"), "not_an_object"),
    "header nested deeply": (lambda: header("[" * 2500), "malformed"),
    "header not UTF-8": (lambda: of_bytes(b'{"alg":"RS256","kid":"\xff"}', b"{}"), "malformed"),
    "header in UTF-16": (lambda: of_bytes('{"alg":"RS256","kid":"one"}'.encode("utf-16"), b"{}"), "malformed"),
    "alg stands twice": (lambda: header('{"alg":"none","alg":"RS256","kid":"one"}'), "duplicate_member"),
    "kid stands twice": (lambda: header('{"alg":"RS256","kid":"x","kid":"one"}'), "duplicate_member"),
    "a member after the header": (lambda: header('{"alg":"RS256","kid":"one"}{}'), "malformed"),
    "payload is not JSON": (lambda: payload("claims"), "malformed"),
    "payload is a list": (lambda: payload("[]"), "not_an_object"),
    "payload is a text": (lambda: payload('"sub"'), "not_an_object"),
    "payload nested deeply": (lambda: payload("[" * 2500), "malformed"),
    "payload with a byte order mark": (lambda: payload("\ufeff" + json.dumps(CLAIMS)), "malformed"),
    "payload with a lone surrogate": (lambda: payload('{"sub":"\ud800"}'), "malformed"),
    "sub stands twice": (lambda: payload(json.dumps(CLAIMS)[:-1] + ',"sub":"other"}'), "duplicate_member"),
    "a member of a member stands twice": (
        lambda: payload(json.dumps(CLAIMS)[:-1] + ',"x":{"a":1,"a":2}}'),
        "duplicate_member",
    ),
    "NaN": (lambda: payload(json.dumps(CLAIMS)[:-1] + ',"x":NaN}'), "malformed"),
    "Infinity": (lambda: payload(json.dumps(CLAIMS | {"exp": float("inf")})), "malformed"),
    "a number of 5,000 digits": (lambda: payload(json.dumps(CLAIMS)[:-1] + f',"x":{"9" * 5000}}}'), "malformed"),
    # Algorithms
    "alg none": (lambda: token(header={"alg": "none"}), "wrong_algorithm"),
    "alg None": (lambda: token(header={"alg": "None"}), "wrong_algorithm"),
    "alg none without signature": (lambda: token(header={"alg": "none"}).rpartition(".")[0] + ".", "not_base64url"),
    "no alg": (lambda: token(header={"alg": LEFT_OUT}), "wrong_algorithm"),
    "alg in small letters": (lambda: token(header={"alg": "rs256"}), "wrong_algorithm"),
    "alg as a list": (lambda: token(header={"alg": ["RS256"]}), "wrong_algorithm"),
    "alg null": (lambda: token(header={"alg": None}), "wrong_algorithm"),
    "RS512": (lambda: jws.sign(CLAIMS, KEY, {"kid": "one"}, "RS512"), "wrong_algorithm"),
    "RS384": (lambda: jws.sign(CLAIMS, KEY, {"kid": "one"}, "RS384"), "wrong_algorithm"),
    "HS256 with the public key in PEM": (lambda: keyed_with(PEM), "wrong_algorithm"),
    "HS256 with the public key in DER": (lambda: keyed_with(DER), "wrong_algorithm"),
    "HS256 with nothing": (lambda: keyed_with(b""), "wrong_algorithm"),
    "ES256 by name": (lambda: token(header={"alg": "ES256"}), "wrong_algorithm"),
    # Keys
    "no kid": (lambda: token(header={"kid": LEFT_OUT}), "missing_kid"),
    "kid is a number": (lambda: token(header={"kid": 1}), "missing_kid"),
    "kid is null": (lambda: token(header={"kid": None}), "missing_kid"),
    "kid is a list": (lambda: token(header={"kid": ["one"]}), "missing_kid"),
    "unknown kid": (lambda: token(header={"kid": "zero"}), "unknown_key"),
    "kid is a path": (lambda: token(header={"kid": "../../dev/null"}), "unknown_key"),
    "kid is SQL": (lambda: token(header={"kid": "one' or '1'='1"}), "unknown_key"),
    "kid with a space": (lambda: token(header={"kid": "one "}), "unknown_key"),
    "signed with another key": (lambda: token(OTHER), "wrong_signature"),
    "the kid of another key": (lambda: token(KEY, {"kid": "next"}), "wrong_signature"),
    "a key that is too short": (lambda: token(SHORT, {"kid": "short"}), "short_key"),
    "a key of a curve": (lambda: token(header={"kid": "curve"}), "wrong_key_type"),
    "a key that is none": (lambda: token(header={"kid": "empty"}), "wrong_key_type"),
    "another payload": (lambda: changed(1, lambda _: encoded(b'{"sub":"another"}')), "wrong_signature"),
    "another header": (lambda: changed(0, lambda _: encoded(b'{"kid":"one","alg":"RS256"}')), "wrong_signature"),
    "a signature of zeros": (lambda: changed(2, lambda _: encoded(bytes(256))), "wrong_signature"),
    "a short signature": (lambda: changed(2, lambda _: encoded(b"x")), "wrong_signature"),
    # Members of the header
    "crit": (lambda: token(header={"crit": ["exp"]}), "unknown_header_member"),
    "jku": (lambda: token(header={"jku": "https://evil.example"}), "unknown_header_member"),
    "jwk": (lambda: token(header={"jwk": public_of(OTHER)}), "unknown_header_member"),
    "x5u": (lambda: token(header={"x5u": "https://evil.example"}), "unknown_header_member"),
    "x5c": (lambda: token(header={"x5c": ["x"]}), "unknown_header_member"),
    "b64": (lambda: token(header={"b64": False}), "unknown_header_member"),
    "zip": (lambda: token(header={"zip": "DEF"}), "unknown_header_member"),
    "cty": (lambda: token(header={"cty": "JWT"}), "unknown_header_member"),
    "an access token": (lambda: token(header={"typ": "at+jwt"}), "wrong_typ"),
    "a logout token": (lambda: token(header={"typ": "logout+jwt"}), "wrong_typ"),
    "typ is a number": (lambda: token(header={"typ": 1}), "wrong_typ"),
    "typ is null": (lambda: token(header={"typ": None}), "wrong_typ"),
    # Issuer and audience
    "no issuer": (lambda: token(iss=LEFT_OUT), "missing_iss"),
    "issuer is a list": (lambda: token(iss=["https://issuer.example"]), "missing_iss"),
    "another issuer": (lambda: token(iss="https://evil.example"), "wrong_issuer"),
    "issuer with a slash": (lambda: token(iss="https://issuer.example/"), "wrong_issuer"),
    "issuer that begins like ours": (lambda: token(iss="https://issuer.example.evil.example"), "wrong_issuer"),
    "issuer in capitals": (lambda: token(iss="HTTPS://ISSUER.EXAMPLE"), "wrong_issuer"),
    "no audience": (lambda: token(aud=LEFT_OUT), "missing_aud"),
    "audience null": (lambda: token(aud=None), "missing_aud"),
    "another audience": (lambda: token(aud="other"), "wrong_audience"),
    "an empty list of audiences": (lambda: token(aud=[]), "wrong_audience"),
    "two audiences": (lambda: token(aud=["tracker", "other"]), "wrong_audience"),
    "our audience twice": (lambda: token(aud=["tracker", "tracker"]), "wrong_audience"),
    "an audience in an audience": (lambda: token(aud=[["tracker"]]), "wrong_audience"),
    "audience as an object": (lambda: token(aud={"tracker": 1}), "wrong_audience"),
    "another azp": (lambda: token(azp="other"), "wrong_azp"),
    "azp null": (lambda: token(azp=None), "wrong_azp"),
    # Subject
    "no subject": (lambda: token(sub=LEFT_OUT), "missing_sub"),
    "empty subject": (lambda: token(sub=""), "wrong_sub"),
    "subject of 256 characters": (lambda: token(sub="x" * 256), "wrong_sub"),
    "subject is a number": (lambda: token(sub=1), "missing_sub"),
    "subject with NUL": (lambda: token(sub="some\0body"), "wrong_sub"),
    "subject over two lines": (lambda: token(sub="some\nbody"), "wrong_sub"),
    "subject is half a character": (lambda: token(sub="\ud800"), "wrong_sub"),
    # Times
    "no exp": (lambda: token(exp=LEFT_OUT), "missing_exp"),
    "exp is a text": (lambda: token(exp=f"{AT + 120}"), "missing_exp"),
    "exp is a fraction": (lambda: token(exp=AT + 0.5), "missing_exp"),
    "exp is true": (lambda: token(exp=True), "missing_exp"),
    "exp is null": (lambda: token(exp=None), "missing_exp"),
    "exp is enormous": (lambda: token(exp=10**400), "wrong_lifetime"),
    "exp is below zero": (lambda: token(exp=-1), "expired"),
    "expired": (lambda: token(iat=AT - 300, exp=AT - 61), "expired"),
    "lives too long": (lambda: token(exp=AT + 3601), "wrong_lifetime"),
    "ends when it begins": (lambda: token(iat=AT, exp=AT), "wrong_lifetime"),
    "ends before it begins": (lambda: token(iat=AT + 50, exp=AT + 40), "wrong_lifetime"),
    "no iat": (lambda: token(iat=LEFT_OUT), "missing_iat"),
    "iat is a text": (lambda: token(iat="now"), "missing_iat"),
    "from the future": (lambda: token(iat=AT + 61, exp=AT + 100), "from_the_future"),
    "not yet": (lambda: token(nbf=AT + 61), "not_yet"),
    "nbf is a text": (lambda: token(nbf="now"), "not_yet"),
    "nbf is null": (lambda: token(nbf=None), "not_yet"),
    "auth_time is a text": (lambda: token(auth_time="now"), "wrong_auth_time"),
    "auth_time is true": (lambda: token(auth_time=True), "wrong_auth_time"),
    # Nonce and others
    "no nonce": (lambda: token(nonce=LEFT_OUT), "missing_nonce"),
    "nonce is a number": (lambda: token(nonce=1), "missing_nonce"),
    "nonce is a list": (lambda: token(nonce=["n"]), "missing_nonce"),
    "another nonce": (lambda: token(nonce="m"), "wrong_nonce"),
    "nonce in capitals": (lambda: token(nonce="N"), "wrong_nonce"),
    "at_hash is a number": (lambda: token(at_hash=1), "wrong_at_hash"),
    "sid is a list": (lambda: token(sid=[]), "wrong_sid"),
}  # fmt: skip


def other_end(part: str) -> str:
    """A last letter that stands for the same bytes: its bits that count are those of the letter that it replaces."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return letters[letters.index(part[-1]) ^ 1]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_for_its_reason(name: str) -> None:
    make, reason = HOSTILE[name]
    with pytest.raises(Refused) as refusal:
        verify(make(), TRUST, nonce="n", now=NOW)
    assert refusal.value.reason == reason


def test_the_table_is_long_and_says_each_thing_once() -> None:
    assert len(HOSTILE) >= 80
    made = [str(make()) for make, _ in HOSTILE.values()]
    assert len({*made, token()}) == len(made) + 1


def test_without_a_nonce_of_ours_no_token_is_believed() -> None:
    with pytest.raises(Refused, match="wrong_nonce"):
        verify(token(nonce=""), TRUST, nonce="", now=NOW)


@settings(deadline=None)
@given(
    st.text(max_size=60) | st.binary(max_size=60).map(lambda part: f"{encoded(part)}.{encoded(part)}.{encoded(part)}")
)
def test_whatever_comes_it_is_refused_and_nothing_else(value: str) -> None:
    for check in (
        lambda: verify(value, TRUST, nonce="n", now=NOW),
        lambda: verify_logout(value, TRUST, now=NOW),
        lambda: verify(
            of_bytes(b'{"alg":"RS256","kid":"one"}', value.encode("utf-8", "replace")), TRUST, nonce="n", now=NOW
        ),
    ):
        with pytest.raises(Refused):
            check()


def test_a_demo_token_ends_after_two_minutes() -> None:
    provider = DemoProvider()
    made = provider.token_for("ccg-84H", nonce="n", now=NOW)
    assert verify(made, provider.trust, nonce="n", now=NOW + timedelta(minutes=2))["sub"] == "ccg-84H"
    with pytest.raises(Refused, match="expired"):
        verify(made, provider.trust, nonce="n", now=NOW + timedelta(minutes=4))


# Logout tokens

OUT = {"nonce": LEFT_OUT, "events": {EVENT: {}}, "jti": "j", "sid": "s"}


def logout(key: str = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    return token(key, {"typ": "logout+jwt"} | (header or {}), **(OUT | claims))


def test_a_logout_token_names_a_subject_a_session_or_both() -> None:
    assert verify_logout(logout(), TRUST, now=NOW) == LogoutToken("somebody", "s", "j")
    assert verify_logout(logout(sub=LEFT_OUT), TRUST, now=NOW) == LogoutToken("", "s", "j")
    assert verify_logout(logout(header={"typ": "JWT"}, sid=LEFT_OUT), TRUST, now=NOW) == LogoutToken(
        "somebody", "", "j"
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: logout(nonce="n"), "has_a_nonce"),
        (token, "has_a_nonce"),
        (lambda: logout(events=LEFT_OUT), "missing_event"),
        (lambda: logout(events=[EVENT]), "missing_event"),
        (lambda: logout(events={}), "missing_event"),
        (lambda: logout(events={EVENT: None}), "missing_event"),
        (lambda: logout(events={EVENT + "/": {}}), "missing_event"),
        (lambda: logout(sub=LEFT_OUT, sid=LEFT_OUT), "names_nobody"),
        (lambda: logout(sid=1), "missing_sid"),
        (lambda: logout(sid=""), "wrong_sid"),
        (lambda: logout(sub="x" * 300), "wrong_sub"),
        (lambda: logout(jti=LEFT_OUT), "missing_jti"),
        (lambda: logout(jti=7), "missing_jti"),
        (lambda: logout(jti="x" * 300), "wrong_jti"),
        (lambda: logout(header={"typ": "at+jwt"}), "wrong_typ"),
        (lambda: logout(header={"alg": "none"}), "wrong_algorithm"),
        (lambda: logout(OTHER), "wrong_signature"),
        (lambda: logout(iss="https://evil.example"), "wrong_issuer"),
        (lambda: logout(aud="other"), "wrong_audience"),
        (lambda: logout(iat=AT - 300, exp=AT - 61), "expired"),
        (lambda: logout(iat=AT + 61, exp=AT + 90), "from_the_future"),
    ],
)  # fmt: skip
def test_a_hostile_logout_token_is_refused_for_its_reason(make: Callable[[], str], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        verify_logout(make(), TRUST, now=NOW)
    assert refusal.value.reason == reason
