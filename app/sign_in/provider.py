"""The identity provider: where its doors are, its keys, and the exchange of a code for a token. OpenID Connect.

What is fetched is small, comes in time, straight from where it was asked, and is remembered. When the provider cannot
be reached, the last good keys go on being used. Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636; RFC 9207.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.discovery import get_well_known_url

from app.rules.web_addresses import is_safe

from .attempts import Begun, Taken
from .tokens import CLOCK_DIFFERENCE, Refused, Trust, verify

log = logging.getLogger(__name__)

SECONDS, LARGEST = 5, 64 * 1024
KEPT_FOR, ASKED_AGAIN_AFTER = timedelta(hours=1), timedelta(minutes=1)
ALGORITHM = "RS256"
SCOPE = "openid profile email"
# How old a sign-in may be that was asked for anew: the person has just come from there.
ANEW = 5 * 60

Fetch = Callable[[str], bytes]
T = TypeVar("T")


class Unreachable(Refused):
    """The provider does not answer, or not with what can be used."""


@dataclass(frozen=True)
class Registration:
    """This service as the provider knows it."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Believed:
    """The claims of a token that was believed, and when its person showed who they are."""

    claims: Mapping[str, Any]
    authenticated_at: datetime


def fetch(address: str) -> bytes:
    """What an address answers. Raises Unreachable where it is slow, too large, leads elsewhere, or not there."""
    if not is_safe(address):
        raise Unreachable("provider_not_https")
    ends, found = time.monotonic() + SECONDS, bytearray()
    try:
        with requests.get(address, timeout=SECONDS, allow_redirects=False, stream=True) as answer:
            if answer.status_code != 200:
                raise Unreachable("provider_answers_wrongly")
            for part in answer.iter_content(4096):
                found += part
                if len(found) > LARGEST:
                    raise Unreachable("provider_answers_too_much")
                if time.monotonic() > ends:
                    raise Unreachable("provider_too_slow")
    except requests.RequestException as problem:
        raise Unreachable("provider_unreachable") from problem
    return bytes(found)


class Provider:
    """One identity provider for one process. Threads share it."""

    def __init__(self, registration: Registration, fetch: Fetch = fetch) -> None:
        self.registration, self._fetch = registration, fetch
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._metadata_read: datetime | None = None
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._keys_read: datetime | None = None
        self._asked_again: datetime | None = None

    def metadata(self, now: datetime) -> Mapping[str, Any]:
        """What the provider says of itself, at most an hour old unless it cannot be asked. Raises Unreachable."""
        with self._lock:
            if self._metadata_read is None or now - self._metadata_read > KEPT_FOR:
                try:
                    self._metadata, self._metadata_read = self._read_metadata(), now
                except Unreachable as problem:
                    if self._metadata is None:
                        raise
                    log.warning("The identity provider was not asked again: %s", problem.reason)
            assert self._metadata is not None  # noqa: S101 - read above, or before
            return self._metadata

    def address_to_sign_in(self, begun: Begun, redirect_uri: str, *, is_anew: bool, now: datetime) -> str:
        """Where a browser goes to sign in. Anew: the provider asks even whom it still knows."""
        more = {"prompt": "login", "max_age": "0"} if is_anew else {}
        address, _ = self._client(redirect_uri).create_authorization_url(
            self.metadata(now)["authorization_endpoint"],
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.code_verifier,
            **more,
        )
        return str(address)

    def address_to_sign_out(self, back_to: str, now: datetime) -> str:
        """Where a browser goes to sign out at the provider too; "" where it has no such door, or cannot be asked."""
        try:
            door = str(self.metadata(now).get("end_session_endpoint") or "")
        except Refused:
            return ""
        if not door or _origin(door) != _origin(self.registration.issuer):
            return ""
        asked = {"client_id": self.registration.client_id, "post_logout_redirect_uri": back_to}
        return str(requests.Request("GET", door, params=asked).prepare().url)

    def believed(self, args: Mapping[str, str], taken: Taken, redirect_uri: str, now: datetime) -> Believed:
        """The claims for the answer that a browser brought back. Raises Refused."""
        metadata = self.metadata(now)
        named = args.get("iss")
        if named is None and metadata.get("authorization_response_iss_parameter_supported"):
            raise Refused("missing_iss_parameter")
        if named is not None and named != self.registration.issuer:
            raise Refused("wrong_iss_parameter")
        if "error" in args:
            raise Refused("cancelled" if args["error"] == "access_denied" else "provider_refuses")
        token = self._exchange(args.get("code", ""), taken, redirect_uri, str(metadata["token_endpoint"]))
        claims = self.verified(lambda trust: verify(token, trust, nonce=taken.nonce, now=now), now)
        told = claims.get("auth_time", claims["iat"])
        if taken.is_anew and ("auth_time" not in claims or type(told) is not int):
            raise Refused("missing_auth_time")
        if type(told) is not int or told > now.timestamp() + CLOCK_DIFFERENCE:
            raise Refused("wrong_auth_time")
        if taken.is_anew and told < now.timestamp() - ANEW:
            raise Refused("not_signed_in_anew")
        return Believed(claims, min(now, datetime.fromtimestamp(told, now.tzinfo)))

    def verified(self, check: Callable[[Trust], T], now: datetime) -> T:
        """What a check of a token gives, with the keys that are known, or else with those of today."""
        self._read_keys_when_old(now)
        try:
            return check(self._trust())
        except Refused as problem:
            # A key that is not known may be a new one. It is asked for once, and then not again for a minute.
            if problem.reason != "unknown_key" or not self._may_ask_again(now) or not self._read_keys(now):
                raise
            return check(self._trust())

    # How it is asked

    def _client(self, redirect_uri: str) -> OAuth2Session:
        return OAuth2Session(
            self.registration.client_id,
            self.registration.client_secret,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    def _exchange(self, code: str, taken: Taken, redirect_uri: str, door: str) -> str:
        if not 0 < len(code) <= LARGEST // 16:
            raise Refused("missing_code")
        try:
            answer = self._client(redirect_uri).fetch_token(
                door,
                grant_type="authorization_code",
                code=code,
                code_verifier=taken.code_verifier,
                timeout=SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise Unreachable("provider_unreachable") from problem
        except Exception as problem:  # whatever the library makes of a wrong answer
            raise Refused("code_refused") from problem
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise Refused("no_id_token")
        return token

    def _read_metadata(self) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        found = _json(self._fetch(get_well_known_url(issuer, external=True)))
        if found.get("issuer") != issuer:
            raise Unreachable("provider_is_another")
        doors = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(isinstance(found.get(door), str) and is_safe(found[door]) for door in doors):
            raise Unreachable("provider_answers_wrongly")
        return found

    def _read_keys_when_old(self, now: datetime) -> None:
        if self._keys_read is None or now - self._keys_read > KEPT_FOR:
            self._read_keys(now)
        if not self._keys:
            raise Unreachable("provider_keys_unknown")

    def _may_ask_again(self, now: datetime) -> bool:
        with self._lock:
            if self._asked_again is not None and now - self._asked_again < ASKED_AGAIN_AFTER:
                return False
            self._asked_again = now
            return True

    def _read_keys(self, now: datetime) -> bool:
        """Whether the keys were read. The last good ones stay where they cannot be."""
        try:
            keys = _keys_of(_json(self._fetch(str(self.metadata(now)["jwks_uri"]))))
        except Unreachable as problem:
            log.warning("The keys of the identity provider were not read: %s", problem.reason)
            return False
        with self._lock:
            self._keys, self._keys_read = keys or self._keys, now
        return bool(keys)

    def _trust(self) -> Trust:
        return Trust(self.registration.issuer, self.registration.client_id, ALGORITHM, self._keys)


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Unreachable("provider_answers_wrongly") from problem
    if not isinstance(found, dict):
        raise Unreachable("provider_answers_wrongly")
    return found


def _keys_of(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The public keys for signatures, by `kid`. One `kid` for two keys names neither."""
    keys: dict[str, Mapping[str, Any]] = {}
    twice: set[str] = set()
    listed = found.get("keys")
    for key in listed if isinstance(listed, list) else []:
        kid = key.get("kid") if isinstance(key, dict) else None
        if not isinstance(kid, str) or key.get("kty") != "RSA" or key.get("use", "sig") != "sig":
            continue
        if key.get("alg", ALGORITHM) != ALGORITHM:
            continue
        if kid in keys:
            twice.add(kid)
        keys[kid] = {name: key[name] for name in ("kty", "n", "e") if name in key}
    return {kid: key for kid, key in keys.items() if kid not in twice}


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
