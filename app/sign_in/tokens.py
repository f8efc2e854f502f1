"""The one function that decides whether an ID token is believed.

python-jose checks the signature; it accepts much that it does not know, so everything else is checked here: the key
by its `kid`, every claim by name and type. Whatever goes wrong is a Refused with a reason code, never another error.
Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725, "JSON Web Token Best Current Practices".
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jose import jwt

LARGEST = 8 * 1024
CLOCK_DIFFERENCE = 60
LONGEST_LIFE = 3600
HEADER_MEMBERS = {"alg", "kid", "typ"}


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
    """The claims of a token that can be believed. Raises Refused otherwise.

    `nonce` is the value that this sign-in sent out; `now` is aware of its zone.
    """
    try:
        header = _header_of(token)
        key = _key_for(header, trust)
        claims = jwt.decode(
            token,
            dict(key),
            algorithms=[trust.algorithm],
            audience=trust.audience,
            issuer=trust.issuer,
            # Times are checked below, against the moment that was passed in.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_at_hash": False},
        )
        _strict_json(token.split(".")[1])
        _check_claims(claims, trust, nonce, int(now.timestamp()))
    except Refused:
        raise
    except RecursionError as problem:
        raise Refused("malformed") from problem
    except Exception as problem:  # a crafted token raises whatever it likes, and every way is a refusal
        raise Refused(type(problem).__name__) from problem
    return dict(claims)


def _header_of(token: str) -> dict[str, Any]:
    if len(token) > LARGEST:
        raise Refused("too_large")
    if token.count(".") != 2 or not token.isascii():
        raise Refused("not_three_parts")
    header = _strict_json(token.split(".")[0])
    if not set(header) <= HEADER_MEMBERS:
        raise Refused("unknown_header_member")
    if header.get("typ", "JWT") != "JWT":
        raise Refused("wrong_typ")
    return header


def _key_for(header: Mapping[str, Any], trust: Trust) -> Mapping[str, Any]:
    if header.get("alg") != trust.algorithm:
        raise Refused("wrong_algorithm")
    kid = header.get("kid")
    if not isinstance(kid, str) or kid not in trust.keys:
        raise Refused("unknown_key")
    return trust.keys[kid]


def _strict_json(part: str) -> dict[str, Any]:
    """A JSON object in which no member stands twice: of two, a reader may take either."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise Refused("duplicate_member")
        return dict(pairs)

    value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=once)
    if not isinstance(value, dict):
        raise Refused("not_an_object")
    return value


def _check_claims(claims: Mapping[str, Any], trust: Trust, nonce: str, now: int) -> None:
    for name, type_ in {"iss": str, "sub": str, "exp": int, "iat": int, "nonce": str}.items():
        if type(claims.get(name)) is not type_:
            raise Refused(f"missing_{name}")
    if claims["iss"] != trust.issuer:
        raise Refused("wrong_issuer")
    if not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
        raise Refused("wrong_sub")
    if claims.get("aud") not in (trust.audience, [trust.audience]):
        raise Refused("wrong_audience")
    if claims.get("azp", trust.audience) != trust.audience:
        raise Refused("wrong_azp")
    if claims["nonce"] != nonce:
        raise Refused("wrong_nonce")
    if claims["exp"] < now - CLOCK_DIFFERENCE:
        raise Refused("expired")
    if claims["iat"] > now + CLOCK_DIFFERENCE:
        raise Refused("from_the_future")
    if not 0 < claims["exp"] - claims["iat"] <= LONGEST_LIFE:
        raise Refused("wrong_lifetime")
    not_before = claims.get("nbf", 0)
    if type(not_before) is not int or not_before > now + CLOCK_DIFFERENCE:
        raise Refused("not_yet")
