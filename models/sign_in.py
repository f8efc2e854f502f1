"""What single sign-on keeps for a few minutes: attempts to sign in that are under way, and logout tokens that came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Moment, db, utc_now


class SignInAttempt(db.Model):
    """A browser on its way to the identity provider and back. Each is used once, by the browser that began it.

    Of the state and of what binds it to the browser only hashes are kept.
    """

    __tablename__ = "sign_in_attempt"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    code_verifier: Mapped[str] = mapped_column(String(128))
    next_address: Mapped[str] = mapped_column(String(2000), default="")
    # Whether the person was asked to sign in anew, although the provider may still know them.
    is_anew: Mapped[bool] = mapped_column(default=False)
    begun_at: Mapped[datetime] = mapped_column(Moment, default=utc_now, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class UsedLogoutToken(db.Model):
    """A logout token of the identity provider that was carried out: it ends sessions once."""

    __tablename__ = "used_logout_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(Moment, default=utc_now, index=True)
