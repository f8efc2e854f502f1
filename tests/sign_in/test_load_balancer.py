"""The load balancer's header: what is believed of it, and that it means nothing where it is not configured."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from jose import jwk

from app.access import clock
from app.config import WrongSetting, settings
from app.factory import create_app
from app.sign_in.load_balancer import HEADER, Expected, LoadBalancer
from app.sign_in.tokens import LARGEST, Refused
from models import Person, db
from tests.databases import Database, PostgreSQLDatabases
from tests.test_config import SERVICE
from tests.visitor import Visitor

NOW = datetime(2022, 2, 14, 10, 30, tzinfo=UTC)
AT = int(NOW.timestamp())
ARN = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/tracker/50dc6c495c0c9188"
KID, OTHER_KID = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9", "1b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"
EXPECTED = Expected(ARN, "https://issuer.example", "tracker")
LEFT_OUT: Any = ...


def new_key() -> tuple[str, bytes]:
    made = ec.generate_private_key(ec.SECP256R1())
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public


(KEY, PUBLIC), (OTHER, _) = new_key(), new_key()


def padded(value: bytes) -> str:
    """As the load balancer writes it."""
    return base64.urlsafe_b64encode(value).decode()


def header(key: str = KEY, claims: dict[str, Any] | None = None, **members: Any) -> str:
    of_header = {
        "typ": "JWT", "alg": "ES256", "kid": KID, "signer": ARN, "iss": EXPECTED.issuer, "client": "tracker",
        "exp": AT + 120,
    } | members  # fmt: skip
    of_claims = {"sub": "somebody", "email": "s@example.nhs.uk", "iss": EXPECTED.issuer, "exp": AT + 120}
    chosen = {name: value for name, value in (of_claims | (claims or {})).items() if value is not LEFT_OUT}
    of_header = {name: value for name, value in of_header.items() if value is not LEFT_OUT}
    signed = f"{padded(json.dumps(of_header).encode())}.{padded(json.dumps(chosen).encode())}"
    return f"{signed}.{padded(jwk.construct(key, 'ES256').sign(signed.encode()))}"


class Keys:
    """Where AWS keeps the keys."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        return PUBLIC if address.endswith(KID) else b"<html>"


def test_a_good_header_is_believed_and_its_key_is_asked_for_once() -> None:
    keys = Keys()
    door = LoadBalancer(EXPECTED, keys)
    for made in (header(), header(typ=LEFT_OUT), header(claims={"iss": LEFT_OUT, "exp": LEFT_OUT})):
        assert door.claims_of(made, NOW)["sub"] == "somebody"
        assert door.claims_of(made, NOW)["iss"] == "https://issuer.example"
    assert keys.asked == [f"https://public-keys.auth.elb.eu-west-2.amazonaws.com/{KID}"]


def changed(place: int, value: str) -> str:
    parts = header().split(".")
    parts[place] = value
    return ".".join(parts)


HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    "none": (lambda: "", "no_header"),
    "bytes": (lambda: b"x", "too_large"),
    "two parts": (lambda: "a.b", "not_three_parts"),
    "four parts": (lambda: header() + ".x", "not_three_parts"),
    "too large": (lambda: "a" * (LARGEST + 1), "too_large"),
    "not base64": (lambda: changed(0, "{}"), "not_base64url"),
    "padding in the middle": (lambda: changed(0, "e=30"), "not_base64url"),
    "header is a list": (lambda: changed(0, padded(b"[]")), "not_an_object"),
    "header is no JSON": (lambda: changed(0, padded(b"{")), "malformed"),
    "a member stands twice": (lambda: changed(0, padded(b'{"kid":"a","kid":"b"}')), "duplicate_member"),
    "alg none": (lambda: header(alg="none"), "wrong_algorithm"),
    "RS256": (lambda: header(alg="RS256"), "wrong_algorithm"),
    "HS256": (lambda: header(alg="HS256"), "wrong_algorithm"),
    "no alg": (lambda: header(alg=LEFT_OUT), "wrong_algorithm"),
    "crit": (lambda: header(crit=["exp"]), "unknown_header_member"),
    "jku": (lambda: header(jku="https://evil.example"), "unknown_header_member"),
    "another typ": (lambda: header(typ="at+jwt"), "wrong_typ"),
    "another load balancer": (lambda: header(signer=ARN[:-1] + "9"), "wrong_signer"),
    "no signer": (lambda: header(signer=LEFT_OUT), "wrong_signer"),
    "a list of signers": (lambda: header(signer=[ARN]), "wrong_signer"),
    "another issuer": (lambda: header(iss="https://evil.example"), "wrong_iss"),
    "no issuer": (lambda: header(iss=LEFT_OUT), "wrong_iss"),
    "another issuer in the claims": (lambda: header(claims={"iss": "https://evil.example"}), "wrong_issuer"),
    "another client": (lambda: header(client="other"), "wrong_client"),
    "no client": (lambda: header(client=LEFT_OUT), "wrong_client"),
    "expired": (lambda: header(exp=AT - 61), "expired"),
    "no end": (lambda: header(exp=LEFT_OUT), "missing_exp"),
    "an end as text": (lambda: header(exp="later"), "missing_exp"),
    "an end that is far": (lambda: header(exp=AT + 3601), "wrong_lifetime"),
    "another end in the claims": (lambda: header(claims={"exp": AT + 9}), "two_ends"),
    "no kid": (lambda: header(kid=LEFT_OUT), "wrong_kid"),
    "a kid that leads elsewhere": (lambda: header(kid="../../evil"), "wrong_kid"),
    "a kid with a question": (lambda: header(kid=f"{KID}?x=1"), "wrong_kid"),
    "a kid in capitals": (lambda: header(kid=KID.upper()), "wrong_kid"),
    "a key that is not there": (lambda: header(kid=OTHER_KID), "unknown_key"),
    "signed by another": (lambda: header(OTHER), "wrong_signature"),
    "other claims": (lambda: changed(1, padded(b'{"sub":"other"}')), "wrong_signature"),
    "no signature": (lambda: changed(2, ""), "not_base64url"),
    "no subject": (lambda: header(claims={"sub": LEFT_OUT}), "missing_sub"),
    "a subject over two lines": (lambda: header(claims={"sub": "a\nb"}), "wrong_sub"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused_for_its_reason(name: str) -> None:
    make, reason = HOSTILE[name]
    with pytest.raises(Refused) as refusal:
        LoadBalancer(EXPECTED, Keys()).claims_of(make(), NOW)
    assert refusal.value.reason == reason


def test_names_of_keys_that_are_made_up_are_asked_for_every_few_seconds_only() -> None:
    keys = Keys()
    door = LoadBalancer(EXPECTED, keys)
    for number in range(50):
        with pytest.raises(Refused, match="unknown_key"):
            door.claims_of(header(kid=f"{number:08x}-4f50-4617-8293-a4b5c6d7e8f9"), NOW)
    assert len(keys.asked) == 1
    assert door.claims_of(header(), NOW + timedelta(seconds=6))["sub"] == "somebody"


def test_only_one_of_the_two_doors_can_be_configured() -> None:
    with pytest.raises(WrongSetting, match="AWS_LOAD_BALANCER_ARN and OIDC_CLIENT_SECRET are both set"):
        settings(SERVICE | {"AWS_LOAD_BALANCER_ARN": ARN})
    without = {name: value for name, value in SERVICE.items() if name != "OIDC_CLIENT_SECRET"}
    with pytest.raises(WrongSetting, match="AWS_LOAD_BALANCER_ARN is not that of"):
        settings(without | {"AWS_LOAD_BALANCER_ARN": ARN.replace("eu-west-2", "evil.example/")})
    assert settings(without | {"AWS_LOAD_BALANCER_ARN": ARN})["AWS_LOAD_BALANCER_ARN"] == ARN


def in_service(database: Database, **more: str) -> Flask:
    app = create_app(
        {name: value for name, value in SERVICE.items() if name != "OIDC_CLIENT_SECRET"}
        | {"DATABASE_URL": database.url, "OIDC_ISSUER": EXPECTED.issuer}
        | more
    )
    app.testing = True
    return app


@pytest.mark.postgresql
def test_it_signs_in_where_it_is_the_door_and_means_nothing_elsewhere(
    postgresql_databases: PostgreSQLDatabases, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "utc_now", lambda: NOW)
    sent = {HEADER: header(claims={"roles": ["ccg_editor:84H"], "name": "Somebody"})}
    with postgresql_databases.fresh() as database:
        service = in_service(database, AWS_LOAD_BALANCER_ARN=ARN)
        service.extensions["load_balancer"] = LoadBalancer(EXPECTED, Keys())
        client = service.test_client()
        answer = client.get("/sign-in/begin?next=/cases/", headers=sent, base_url="https://tracker.example")
        assert (answer.status_code, answer.location) == (302, "/cases/")
        assert client.get("/cases/", base_url="https://tracker.example").status_code == 200
        # Not by itself, without the door having been asked.
        assert service.test_client().get("/cases/", headers=sent, base_url="https://tracker.example").status_code == 302
        refused = service.test_client().get("/sign-in/begin", base_url="https://tracker.example")
        assert refused.status_code == 403 and "reference" in refused.text
        assert service.test_client().get("/sign-in/callback", base_url="https://tracker.example").status_code == 404
        with service.app_context():
            db.engine.dispose()
        by_openid = in_service(database, OIDC_CLIENT_SECRET="a secret")
        assert by_openid.test_client().get("/cases/", headers=sent).status_code == 302
        with by_openid.app_context():
            assert db.session.query(Person).filter_by(subject="somebody").count() == 1
            db.session.remove()
            db.engine.dispose()
    assert Visitor(app).client.get("/sign-in/begin", headers=sent).status_code == 404
