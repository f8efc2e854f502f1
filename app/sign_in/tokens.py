"""The one function that decides whether a token of the identity provider is believed.

python-jose checks the signature. It accepts much that it does not know, so everything else is checked here: the shape,
every member of the header, the key by its `kid`, every claim by name and type. Whatever goes wrong is a Refused with a
reason code, never another error. Sources: OpenID Connect Core 1.0, sections 2 and 3.1.3.7; RFC 8725, "JSON Web Token
Best Current Practices".
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from jose import jws

LARGEST = 8 * 1024
CLOCK_DIFFERENCE = 60
LONGEST_LIFE = 3600
LONGEST_TEXT = 255
HEADER_MEMBERS = {"alg", "kid", "typ"}
# What keys of an algorithm are.
KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
SHORTEST_RSA_KEY = 2048 // 8
_PART = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Refused(Exception):
    """A token that is not believed. `reason` is a code for the log; the token itself is never logged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Trust:
    """Whom a token must come from and be meant for. `keys` are public JWKs by `kid`; `algorithm` is the only one."""

    issuer: str
    audience: str
    algorithm: str
    keys: Mapping[str, Mapping[str, Any]]


def verify(token: str, trust: Trust, *, nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of an ID token that can be believed. Raises Refused otherwise.

    `nonce` is the value that this sign-in sent out; `now` is aware of its zone.
    """
    claims = verified(token, trust, types=("JWT",), now=now)
    text_of(claims, "sub")
    if "nonce" not in claims or type(claims["nonce"]) is not str:
        raise Refused("missing_nonce")
    if not nonce or claims["nonce"] != nonce:
        raise Refused("wrong_nonce")
    for name in ("at_hash", "c_hash", "acr", "sid"):
        if name in claims and type(claims[name]) is not str:
            raise Refused(f"wrong_{name}")
    if "auth_time" in claims and type(claims["auth_time"]) is not int:
        raise Refused("wrong_auth_time")
    return claims


def verified(token: str, trust: Trust, *, types: Collection[str], now: datetime) -> dict[str, Any]:
    """The claims of a token whose shape, key, signature, issuer, audience and times are right. Raises Refused."""
    try:
        header, _ = _parts_of(token)
        key = _key_for(header, trust, types)
        try:
            payload = jws.verify(token, dict(key), algorithms=[trust.algorithm])
        except Exception as problem:  # python-jose raises whatever it likes, and every way is a refusal
            raise Refused("wrong_signature") from problem
        claims = strict_json(payload)
        _check_claims(claims, trust, int(now.timestamp()))
    except Refused:
        raise
    except Exception as problem:  # a crafted token may break what reads it: RecursionError, OverflowError
        raise Refused("malformed") from problem
    return claims


def text_of(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be a text of sane length that can be written down."""
    value = claims.get(name)
    if type(value) is not str:
        raise Refused(f"missing_{name}")
    if not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise Refused(f"wrong_{name}")
    return value


def _parts_of(token: str) -> tuple[dict[str, Any], bytes]:
    if type(token) is not str or len(token) > LARGEST:
        raise Refused("too_large")
    parts = token.split(".")
    if len(parts) != 3:
        raise Refused("not_three_parts")
    header, payload, _ = (unpadded(part) for part in parts)
    return strict_json(header), payload


def unpadded(part: str) -> bytes:
    """base64url as RFC 7515 has it: no padding, no other letters, and only one way to write the same."""
    if not _PART.fullmatch(part) or len(part) % 4 == 1:
        raise Refused("not_base64url")
    value = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(value).rstrip(b"=").decode() != part:
        raise Refused("not_base64url")
    return value


def strict_json(value: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 in which no member stands twice: of two, a reader may take either."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise Refused("duplicate_member")
        return dict(pairs)

    def never(constant: str) -> NoReturn:
        raise Refused("malformed")

    found = json.loads(value.decode("utf-8", "strict"), object_pairs_hook=once, parse_constant=never)
    if type(found) is not dict:
        raise Refused("not_an_object")
    return found


def _key_for(header: Mapping[str, Any], trust: Trust, types: Collection[str]) -> Mapping[str, Any]:
    if not set(header) <= HEADER_MEMBERS:
        raise Refused("unknown_header_member")
    if "typ" in header and (type(header["typ"]) is not str or header["typ"] not in types):
        raise Refused("wrong_typ")
    if header.get("alg") != trust.algorithm:
        raise Refused("wrong_algorithm")
    kid = header.get("kid")
    if type(kid) is not str:
        raise Refused("missing_kid")
    if kid not in trust.keys:
        raise Refused("unknown_key")
    key = trust.keys[kid]
    if key.get("kty") != KEY_TYPES[trust.algorithm]:
        raise Refused("wrong_key_type")
    if key["kty"] == "RSA" and len(unpadded(str(key.get("n", "")))) < SHORTEST_RSA_KEY:
        raise Refused("short_key")
    return key


def _check_claims(claims: Mapping[str, Any], trust: Trust, now: int) -> None:
    if text_of(claims, "iss") != trust.issuer:
        raise Refused("wrong_issuer")
    audience = claims.get("aud")
    if audience is None:
        raise Refused("missing_aud")
    if audience != trust.audience and audience != [trust.audience]:
        raise Refused("wrong_audience")
    if claims.get("azp", trust.audience) != trust.audience:
        raise Refused("wrong_azp")
    for name in ("exp", "iat"):
        if type(claims.get(name)) is not int:
            raise Refused(f"missing_{name}")
    if claims["exp"] < now - CLOCK_DIFFERENCE:
        raise Refused("expired")
    if claims["iat"] > now + CLOCK_DIFFERENCE:
        raise Refused("from_the_future")
    if not 0 < claims["exp"] - claims["iat"] <= LONGEST_LIFE:
        raise Refused("wrong_lifetime")
    not_before = claims.get("nbf", 0)
    if type(not_before) is not int or not_before > now + CLOCK_DIFFERENCE:
        raise Refused("not_yet")
