"""An AWS Application Load Balancer as the door instead of OpenID Connect: it signs people in and says who they are.

It puts the claims into the header `x-amzn-oidc-data`, as a token of its own making: signed by ES256, its parts padded,
with issuer, client, signer and end in the token's header. Where it is not configured the header means nothing.
Source: AWS, "Authenticate users using an Application Load Balancer".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jose import jws

from app.rules.web_addresses import ARN_OF_LOAD_BALANCER

from .provider import Fetch, fetch
from .tokens import CLOCK_DIFFERENCE, LARGEST, LONGEST_LIFE, Refused, strict_json, text_of, unpadded

HEADER = "x-amzn-oidc-data"
ALGORITHM = "ES256"
MEMBERS = {"alg", "kid", "signer", "iss", "client", "exp"}
MOST_KEYS = 20
ASKED_AGAIN_AFTER = timedelta(seconds=5)


@dataclass(frozen=True)
class Expected:
    """Which load balancer signs (by its ARN), whose people it signs in, and as which client."""

    signer: str
    issuer: str
    client: str

    @property
    def region(self) -> str:
        found = ARN_OF_LOAD_BALANCER.fullmatch(self.signer)
        if found is None:
            raise ValueError("That is not the ARN of an Application Load Balancer.")
        return found[1]


class LoadBalancer:
    """The door for one process. Threads share it."""

    def __init__(self, expected: Expected, fetch: Fetch = fetch) -> None:
        self.expected, self._fetch = expected, fetch
        self._address = f"https://public-keys.auth.elb.{expected.region}.amazonaws.com/"
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._asked: datetime | None = None

    def claims_of(self, value: str, now: datetime) -> dict[str, Any]:
        """The claims of a header that can be believed. Raises Refused otherwise."""
        try:
            header = _header_of(value)
            self._check(header, int(now.timestamp()))
            key = self._key(str(header["kid"]), now)
            try:
                payload = jws.verify(value, key, algorithms=[ALGORITHM])
            except Exception as problem:  # python-jose raises whatever it likes, and every way is a refusal
                raise Refused("wrong_signature") from problem
            claims = strict_json(payload)
            text_of(claims, "sub")
            if claims.get("iss", self.expected.issuer) != self.expected.issuer:
                raise Refused("wrong_issuer")
            if claims.get("exp", header["exp"]) != header["exp"]:
                raise Refused("two_ends")
        except Refused:
            raise
        except Exception as problem:
            raise Refused("malformed") from problem
        return claims | {"iss": self.expected.issuer}

    def _check(self, header: Mapping[str, Any], now: int) -> None:
        if header.get("alg") != ALGORITHM:
            raise Refused("wrong_algorithm")
        if not set(header) - {"typ"} <= MEMBERS:
            raise Refused("unknown_header_member")
        if header.get("typ", "JWT") != "JWT":
            raise Refused("wrong_typ")
        for member, expected in (
            ("signer", self.expected.signer),
            ("iss", self.expected.issuer),
            ("client", self.expected.client),
        ):
            if type(header.get(member)) is not str or header[member] != expected:
                raise Refused(f"wrong_{member}")
        if type(header.get("exp")) is not int:
            raise Refused("missing_exp")
        if header["exp"] < now - CLOCK_DIFFERENCE:
            raise Refused("expired")
        if header["exp"] > now + LONGEST_LIFE:
            raise Refused("wrong_lifetime")
        kid = header.get("kid")
        if type(kid) is not str or not _is_uuid(kid):
            raise Refused("wrong_kid")

    def _key(self, kid: str, now: datetime) -> str:
        """The public key of that name. It is asked for once; somebody who makes names up asks every few seconds."""
        with self._lock:
            if kid in self._keys:
                return self._keys[kid]
            if self._asked is not None and now - self._asked < ASKED_AGAIN_AFTER:
                raise Refused("unknown_key")
            self._asked = now
        key = self._fetch(self._address + kid).decode("ascii", "strict")
        if not key.startswith("-----BEGIN PUBLIC KEY-----"):
            raise Refused("unknown_key")
        with self._lock:
            if len(self._keys) >= MOST_KEYS:
                self._keys.clear()
            self._keys[kid] = key
        return key


def _header_of(value: str) -> dict[str, Any]:
    if type(value) is not str or len(value) > LARGEST:
        raise Refused("too_large")
    if not value:
        raise Refused("no_header")
    parts = value.split(".")
    if len(parts) != 3:
        raise Refused("not_three_parts")
    header, _, _ = (unpadded(part.rstrip("=") if len(part) % 4 == 0 else part) for part in parts)
    return strict_json(header)


def _is_uuid(kid: str) -> bool:
    try:
        return str(UUID(kid)) == kid
    except ValueError:
        return False
