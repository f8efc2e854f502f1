"""People, what they are granted, and their signed-in sessions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, Versioned, db, stored, utc_now
from .enumerations import Role, SessionEnd
from .organisations import Organisation

# The issuer of the demo accounts, which exist in demo mode only.
DEMO_ISSUER = "https://demo.tracker.example.nhs.uk"


class Person(HasId, db.Model):
    """Somebody who signs in. Known by issuer and subject, not by e-mail address, which changes hands."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="a_subject_is_known_once_to_its_issuer"),)

    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    last_seen_at: Mapped[datetime | None] = mapped_column(Moment)
    grants: Mapped[list[Grant]] = relationship(
        back_populates="person", order_by="Grant.granted_at", foreign_keys="Grant.person_id"
    )


class Grant(HasId, Versioned, db.Model):
    """A person holds a role on an organisation, up to and including `ends_on`."""

    __tablename__ = "grant_of_role"
    __table_args__ = (UniqueConstraint("person_id", "role", "organisation_id", name="a_grant_is_given_once"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(stored(Role, "role_is_known"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    ends_on: Mapped[date | None] = mapped_column(Date)
    person: Mapped[Person] = relationship(back_populates="grants", foreign_keys=[person_id])
    organisation: Mapped[Organisation] = relationship()


class SignInSession(db.Model):
    """A signed-in browser. Only the hash of its random id is kept, so the table opens no door."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="an_ended_session_says_why"),
    )

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_because: Mapped[SessionEnd | None] = mapped_column(stored(SessionEnd, "session_end_is_known"))
    # When the person showed who they are, which may be before the session began; None where it began with that.
    authenticated_at: Mapped[datetime | None] = mapped_column(Moment)
    # The session at the identity provider (`sid`), by hash, so that its end can end this one.
    provider_session_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    person: Mapped[Person] = relationship()


class UsedFormToken(db.Model):
    """A one-time form token that has made its change. Written with the change, so that a form is saved once."""

    __tablename__ = "used_form_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[datetime] = mapped_column(Moment, default=utc_now, index=True)
    case_id: Mapped[UUID]


class Setting(db.Model):
    """Facts about this installation, for example the day of its first demo seeding."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
