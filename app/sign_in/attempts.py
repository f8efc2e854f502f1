"""Attempts to sign in that are under way: each is used once, within ten minutes, by the browser that began it.

They are rows and not cookies, so that a state works once whichever instance is asked, and two tabs do not disturb each
other. The browser holds one random key, in its signed cookie.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from models import SignInAttempt

from .sessions import hash_of
from .tokens import Refused

LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Begun:
    """What is sent along to the identity provider."""

    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True)
class Taken:
    """What an attempt was begun with: what the answer must match, and where to go on."""

    nonce: str
    code_verifier: str
    next_address: str
    is_anew: bool


def begin(session: Session, browser: str, next_address: str, *, is_anew: bool, at: datetime) -> Begun:
    """A new attempt of a browser, by its random key. The caller commits."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.begun_at < at - LASTS))
    begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    session.add(
        SignInAttempt(
            state_hash=hash_of(begun.state),
            browser_hash=hash_of(browser),
            nonce=begun.nonce,
            code_verifier=begun.code_verifier,
            next_address=next_address,
            is_anew=is_anew,
            begun_at=at,
        )
    )
    return begun


def take(session: Session, state: str, browser: str, *, at: datetime) -> Taken:
    """The attempt of a state, used up from now on, and committed. Raises Refused where there is none for this browser.

    One that another browser began stays: it is not this one's to spend.
    """
    row = session.get(SignInAttempt, hash_of(state)) if state else None
    if row is None:
        raise Refused("unknown_state")
    if row.browser_hash != hash_of(browser):
        raise Refused("other_browser")
    if row.begun_at < at - LASTS:
        raise Refused("state_expired")
    # Of two answers at once the database lets one through.
    spent: CursorResult[tuple[()]] = session.execute(  # type: ignore[assignment]
        update(SignInAttempt)
        .where(SignInAttempt.state_hash == row.state_hash, SignInAttempt.used_at.is_(None))
        .values(used_at=at)
    )
    taken = Taken(row.nonce, row.code_verifier, row.next_address, row.is_anew)
    session.commit()
    if spent.rowcount != 1:
        raise Refused("state_used")
    return taken
