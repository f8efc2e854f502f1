"""Demo sign-in: choosing an account makes a short-lived signed token, which goes through the real verification.

It does not exist in service mode. The key is made when the process starts and never leaves it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import Grant, Person
from models.people import DEMO_ISSUER

from .tokens import Refused, Trust, verify

AUDIENCE = "safeguarding-case-review-tracker"
ALGORITHM = "RS256"
KEY_ID = "demo"


@cache
def _key_of_this_process() -> Any:
    """A key to sign with. To make one, and to read one from its letters, takes longer than all else of a sign-in."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    letters = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jwk.construct(letters.decode(), ALGORITHM)


class DemoProvider:
    """An identity provider of one process, for invented people."""

    def __init__(self) -> None:
        self._key = _key_of_this_process()
        public = {KEY_ID: self._key.public_key().to_dict()}
        self.trust = Trust(DEMO_ISSUER, AUDIENCE, ALGORITHM, public)

    def token_for(self, account: str, *, nonce: str, now: datetime) -> str:
        """A token for an account, good for two minutes."""
        claims = {
            "iss": DEMO_ISSUER,
            "aud": AUDIENCE,
            "sub": account,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=2)).timestamp()),
            "nonce": nonce,
        }
        return str(jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": KEY_ID}))


def accounts(session: Session) -> list[Person]:
    """The demo accounts, in the order in which they were made."""
    return list(
        session.scalars(
            select(Person)
            .where(Person.issuer == DEMO_ISSUER, Person.is_active)
            .options(selectinload(Person.grants).joinedload(Grant.organisation))
            .order_by(Person.created_at, Person.name)
        )
    )


def sign_in(session: Session, provider: DemoProvider, account: str, *, now: datetime) -> Person:
    """The person of a demo account, by way of a token. Raises Refused for an account that does not exist."""
    nonce = secrets.token_urlsafe(16)
    claims = verify(provider.token_for(account, nonce=nonce, now=now), provider.trust, nonce=nonce, now=now)
    person: Person | None = session.scalar(
        select(Person).where(Person.issuer == claims["iss"], Person.subject == claims["sub"], Person.is_active)
    )
    if person is None:
        raise Refused("unknown_person")
    return person
