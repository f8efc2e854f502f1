"""People, what they are granted, and their signed-in sessions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, Versioned, db, stored, utc_now
from .declarations import SERVICE, Files, Item, Kind, Search, derived, item
from .enumerations import AccessDecided, Role, SessionEnd
from .organisations import Organisation

# The issuer of the demo accounts, which exist in demo mode only.
DEMO_ISSUER = "https://demo.tracker.example.nhs.uk"


class Person(HasId, db.Model):
    """Somebody who signs in. Known by issuer and subject, not by e-mail address, which changes hands."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="a_subject_is_known_once_to_its_issuer"),)

    name: Mapped[str] = item(
        String(200),
        about=Item(
            label="Name",
            definition="What the identity provider, or who added the person, calls them.",
            source=SERVICE,
            required=True,
            in_list=True,
            sortable=True,
            search=Search.BEGINNING,
            files=Files.NONE,
        ),
    )
    grants_in_words = derived(
        Item(
            label="May do",
            definition="What the person is granted today.",
            source=SERVICE,
            column="grants",
            in_list=True,
            files=Files.NONE,
        )
    )
    last_seen_at: Mapped[datetime | None] = item(
        Moment,
        about=Item(
            label="Last seen",
            in_form=False,
            definition="When the person last used the service.",
            source=SERVICE,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.NONE,
        ),
    )
    is_active: Mapped[bool] = item(
        default=True,
        about=Item(
            label="Active",
            in_form=False,
            definition="Whether the person may sign in at all.",
            source=SERVICE,
            kind=Kind.YES_NO,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.NONE,
        ),
    )
    email: Mapped[str] = item(
        String(254),
        default="",
        about=Item(
            label="Email address",
            question="Email address (optional)",
            definition="For getting in touch. Nobody is known by it: it changes hands.",
            source=SERVICE,
            search=Search.BEGINNING,
            files=Files.NONE,
        ),
    )
    issuer: Mapped[str] = item(
        String(255),
        about=Item(
            label="Identity provider",
            hint="The address of the issuer, letter for letter. For example, https://login.example.nhs.uk",
            definition="The issuer who says who the person is.",
            source=SERVICE,
            required=True,
            problem="Enter the address of the identity provider",
            files=Files.NONE,
        ),
    )
    subject: Mapped[str] = item(
        String(255),
        about=Item(
            label="Subject",
            hint="The claim “sub”, letter for letter. The administrators of the identity provider know it.",
            definition="What the identity provider knows the person by. It never changes.",
            source=SERVICE,
            required=True,
            search=Search.BEGINNING,
            files=Files.NONE,
        ),
    )
    created_at: Mapped[datetime] = item(
        Moment,
        default=utc_now,
        about=Item(
            label="Known since",
            in_form=False,
            definition="When the person was added, or first signed in.",
            source=SERVICE,
            sortable=True,
            files=Files.NONE,
        ),
    )
    grants: Mapped[list[Grant]] = relationship(
        back_populates="person", order_by="Grant.granted_at", foreign_keys="Grant.person_id"
    )


class Grant(HasId, Versioned, db.Model):
    """A person holds a role on an organisation, up to and including `ends_on`, or until it was ended at `ended_at`.

    One that is `from_claims` was named by the identity provider, and is changed there. Of a grant that is given again
    the row begins anew; its versions keep what was before.
    """

    __tablename__ = "grant_of_role"
    __table_args__ = (UniqueConstraint("person_id", "role", "organisation_id", name="a_grant_is_given_once"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(stored(Role, "role_is_known"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    ends_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    from_claims: Mapped[bool] = mapped_column(default=False, server_default=false())
    person: Mapped[Person] = relationship(back_populates="grants", foreign_keys=[person_id])
    organisation: Mapped[Organisation] = relationship()

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day of today or later: nobody has ended it, and the day is not after its last."""
        return self.ended_at is None and (self.ends_on is None or day <= self.ends_on)


class AccessDecision(HasId, db.Model):
    """What was decided about a person's access as a whole, by whom and why. Rows are added and never changed."""

    __tablename__ = "access_decision"
    __table_args__ = (
        CheckConstraint("(decision = 'confirmed') = (quarter IS NOT NULL)", name="a_quarter_is_what_is_confirmed"),
        CheckConstraint(
            "(decision IN ('deactivated', 'reactivated')) = (reason <> '')",
            name="who_is_shut_out_or_let_in_is_told_why",
        ),
        UniqueConstraint("person_id", "quarter", name="a_quarter_is_confirmed_once_for_each_person"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[AccessDecided] = mapped_column(stored(AccessDecided, "access_decided_is_known"))
    reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    quarter: Mapped[str | None] = mapped_column(String(10))
    decided_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_by: Mapped[Person] = relationship(foreign_keys=[decided_by_id])


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


# The name of the setting that whoever changes people or grants writes first, so that one does so at a time.
TURN_TO_CHANGE_PEOPLE = "turn_to_change_people"


class Setting(db.Model):
    """Facts about this installation, for example the day of its first demo seeding."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
