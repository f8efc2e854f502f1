"""What people did, and what was refused them; and the seals that chain it. Rows are added and never changed: triggers
refuse."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from .base import HasId, Moment, db, stored, utc_now
from .declarations import SERVICE, Files, Item, Kind, item
from .enumerations import AuditAction
from .people import Person

OCCASION, ORIGIN = "What happened", "Where it came from"
LONGEST_DETAILS = 500


class AuditEvent(HasId, db.Model):
    """One event: who, when, from where, what. It holds no word of a case and nothing that somebody searched for.

    `about` is the kind of thing that it is about, "case" or the name of a table, and `about_id` that thing's id: it is
    no foreign key, for an event outlives what it is about.
    """

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_about_id", "about_id", "at"),)

    at: Mapped[datetime] = item(
        Moment,
        default=utc_now,
        index=True,
        about=Item(
            label="When",
            definition="The moment at which it happened.",
            source=SERVICE,
            section=OCCASION,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    person_name: Mapped[str | None] = column_property(
        select(Person.name).where(Person.id == person_id).scalar_subquery(),
        info={
            "item": Item(
                label="Who",
                definition="The person who did it. Empty for work that no person started, and before sign-in.",
                source=SERVICE,
                kind=Kind.LINE,
                section=OCCASION,
                in_form=False,
                in_list=True,
                files=Files.DOWNLOAD,
            )
        },
    )
    action: Mapped[AuditAction] = item(
        stored(AuditAction, "audit_action_is_known"),
        about=Item(
            label="What",
            definition="What somebody did, or was refused.",
            source=SERVICE,
            section=OCCASION,
            in_list=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    # The path that was asked for and the id in it, without the rest of the query: a search may hold words of a case.
    address: Mapped[str] = item(
        String(500),
        default="",
        about=Item(
            label="Address",
            definition="The page that was asked for, and the id in its address.",
            source=SERVICE,
            section=ORIGIN,
            files=Files.DOWNLOAD,
        ),
    )
    from_address: Mapped[str] = item(
        String(45),
        default="",
        about=Item(
            label="Network address",
            definition="The network address that the request came from.",
            source=SERVICE,
            section=ORIGIN,
            files=Files.DOWNLOAD,
        ),
    )
    reference: Mapped[str] = item(
        String(8),
        default="",
        about=Item(
            label="Reference of the error",
            definition="What the page of an error gave as its reference.",
            source=SERVICE,
            section=ORIGIN,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    # Why work for every organisation was done, outside anybody's request.
    reason: Mapped[str] = item(
        String(200),
        default="",
        server_default="",
        about=Item(
            label="Reason",
            definition="Why work for every organisation was done, outside anybody's request.",
            source=SERVICE,
            section=OCCASION,
            files=Files.DOWNLOAD,
        ),
    )
    about: Mapped[str] = item(
        String(40),
        default="",
        server_default="",
        about=Item(
            label="Kind of record",
            definition="The kind of record that it is about.",
            source=SERVICE,
            section=OCCASION,
            files=Files.DOWNLOAD,
        ),
    )
    about_id: Mapped[UUID | None] = item(
        Uuid,
        about=Item(
            label="Record",
            name="about_id",
            definition="The id of the record that it is about.",
            source=SERVICE,
            section=OCCASION,
            files=Files.DOWNLOAD,
        ),
    )
    details: Mapped[str] = item(
        String(LONGEST_DETAILS),
        default="",
        server_default="",
        about=Item(
            label="Details",
            definition="Which page, list or entry, and how many rows. No word of a case, and nothing searched for.",
            source=SERVICE,
            section=OCCASION,
            in_list=True,
            files=Files.DOWNLOAD,
        ),
    )


class AuditSeal(db.Model):
    """Closes a batch of events: those at the positions from the first to the last. `hash` covers all of the seal, what
    stands at those positions, and the seal before (`app/access/audit_chain.py`).

    Every event that could be seen and was of `covers_to` or before is under this seal or an earlier one.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (CheckConstraint("first_position <= last_position", name="a_seal_closes_some_events"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column(Moment)
    covers_to: Mapped[datetime] = mapped_column(Moment)
    first_position: Mapped[int] = mapped_column(BigInteger)
    last_position: Mapped[int] = mapped_column(BigInteger)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class SealedEvent(db.Model):
    """The place of one event in the chain. `digest` is that of the position and the event as it was then."""

    __tablename__ = "audit_sealed"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    digest: Mapped[str] = mapped_column(String(64))
