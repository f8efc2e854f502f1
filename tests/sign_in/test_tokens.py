"""What the one verifying function believes, and for which reason it refuses the rest."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt

from app.sign_in.demo import DemoProvider
from app.sign_in.tokens import LARGEST, Refused, Trust, verify

NOW = datetime(2022, 2, 14, 10, 30, tzinfo=UTC)
AT = int(NOW.timestamp())


def new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


KEY, OTHER = new_key(), new_key()
PUBLIC = {kid: jwk.construct(pem, "RS256").public_key().to_dict() for kid, pem in (("one", KEY), ("two", OTHER))}
TRUST = Trust("https://issuer.example", "tracker", "RS256", {"one": PUBLIC["one"]})
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example", "aud": "tracker", "sub": "somebody", "iat": AT, "exp": AT + 120, "nonce": "n",
}  # fmt: skip
HEADER = {"kid": "one"}


def token(key: str = KEY, algorithm: str = "RS256", header: dict[str, Any] = HEADER, **claims: Any) -> str:
    chosen = {name: value for name, value in (CLAIMS | claims).items() if value is not ...}
    return str(jwt.encode(chosen, key, algorithm=algorithm, headers=header))


def encoded(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def with_header(**header: Any) -> str:
    _, claims, signature = token().split(".")
    return f"{encoded(json.dumps({'alg': 'RS256', 'kid': 'one'} | header))}.{claims}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        token,
        lambda: token(aud=["tracker"]),
        lambda: token(azp="tracker"),
        lambda: token(iat=AT + 59, exp=AT + 200),
        lambda: token(iat=AT - 200, exp=AT - 60),
        lambda: token(nbf=AT + 60),
    ],
)
def test_a_good_token_is_believed(make: Callable[[], str]) -> None:
    assert verify(make(), TRUST, nonce="n", now=NOW)["sub"] == "somebody"


HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "empty": (lambda: "", "not_three_parts"),
    "two parts": (lambda: "a.b", "not_three_parts"),
    "four parts": (lambda: token() + ".x", "not_three_parts"),
    "not ASCII": (lambda: token() + "é", "not_three_parts"),
    "too large": (lambda: "a" * LARGEST + ".b.c", "too_large"),
    "header is not JSON": (lambda: encoded("{") + ".b.c", "JSONDecodeError"),
    "header is a list": (lambda: encoded("[]") + ".b.c", "not_an_object"),
    "header nested deeply": (lambda: encoded("[" * 2500) + ".b.c", "malformed"),
    "no signature": (lambda: token().rpartition(".")[0] + ".", "JWTError"),
    "alg none": (lambda: with_header(alg="none"), "wrong_algorithm"),
    "alg HS256": (lambda: with_header(alg="HS256"), "wrong_algorithm"),
    "alg as a list": (lambda: with_header(alg=["RS256"]), "wrong_algorithm"),
    "signed HS256 with the public key": (
        lambda: token("x" * 40, "HS256"),
        "wrong_algorithm",
    ),
    "another algorithm of the family": (lambda: token(algorithm="RS512"), "wrong_algorithm"),
    "no kid": (lambda: token(header={}), "unknown_key"),
    "unknown kid": (lambda: token(header={"kid": "two"}), "unknown_key"),
    "kid is a number": (lambda: with_header(kid=1), "unknown_key"),
    "signed with another key": (lambda: token(OTHER), "JWTError"),
    "crit": (lambda: with_header(crit=["exp"]), "unknown_header_member"),
    "jku": (lambda: with_header(jku="https://evil.example"), "unknown_header_member"),
    "jwk": (lambda: with_header(jwk=PUBLIC["two"]), "unknown_header_member"),
    "another typ": (lambda: with_header(typ="at+jwt"), "wrong_typ"),
    "no issuer": (lambda: token(iss=...), "JWTClaimsError"),
    "another issuer": (lambda: token(iss="https://evil.example"), "JWTClaimsError"),
    "no audience": (lambda: token(aud=...), "wrong_audience"),
    "another audience": (lambda: token(aud="other"), "JWTClaimsError"),
    "two audiences": (lambda: token(aud=["tracker", "other"]), "wrong_audience"),
    "another azp": (lambda: token(azp="other"), "wrong_azp"),
    "no subject": (lambda: token(sub=...), "missing_sub"),
    "empty subject": (lambda: token(sub=""), "wrong_sub"),
    "subject of 300 characters": (lambda: token(sub="x" * 300), "wrong_sub"),
    "subject is a number": (lambda: token(sub=1), "JWTClaimsError"),
    "no exp": (lambda: token(exp=...), "missing_exp"),
    "exp is a text": (lambda: token(exp="later"), "missing_exp"),
    "exp is a fraction": (lambda: token(exp=AT + 0.5), "missing_exp"),
    "exp is true": (lambda: token(exp=True), "missing_exp"),
    "expired": (lambda: token(iat=AT - 300, exp=AT - 61), "expired"),
    "lives too long": (lambda: token(exp=AT + 3601), "wrong_lifetime"),
    "ends before it begins": (lambda: token(iat=AT + 50, exp=AT + 40), "wrong_lifetime"),
    "no iat": (lambda: token(iat=...), "missing_iat"),
    "from the future": (lambda: token(iat=AT + 61, exp=AT + 100), "from_the_future"),
    "not yet": (lambda: token(nbf=AT + 61), "not_yet"),
    "nbf is a text": (lambda: token(nbf="now"), "not_yet"),
    "no nonce": (lambda: token(nonce=...), "missing_nonce"),
    "another nonce": (lambda: token(nonce="m"), "wrong_nonce"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_for_its_reason(name: str) -> None:
    make, reason = HOSTILE[name]
    with pytest.raises(Refused) as refusal:
        verify(make(), TRUST, nonce="n", now=NOW)
    assert refusal.value.reason == reason


def test_a_member_that_stands_twice_is_refused() -> None:
    """A reader may take either of two: so the claims are signed here with `sub` in them twice."""
    header, claims, _ = token().split(".")
    twice = base64.urlsafe_b64decode(claims + "==").decode().replace("{", '{"sub":"other",', 1)
    signed = f"{header}.{encoded(twice)}"
    signature = jwk.construct(KEY, "RS256").sign(signed.encode())
    with pytest.raises(Refused, match="duplicate_member"):
        verify(f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}", TRUST, nonce="n", now=NOW)


def test_a_demo_token_ends_after_two_minutes() -> None:
    provider = DemoProvider()
    made = provider.token_for("ccg-84H", nonce="n", now=NOW)
    assert verify(made, provider.trust, nonce="n", now=NOW + timedelta(minutes=2))["sub"] == "ccg-84H"
    with pytest.raises(Refused, match="expired"):
        verify(made, provider.trust, nonce="n", now=NOW + timedelta(minutes=4))
