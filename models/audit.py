"""What people did, and what was refused them. Rows are added and never changed: triggers refuse."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from .base import HasId, Moment, db, stored, utc_now
from .declarations import SERVICE, Files, Item, Search, item
from .enumerations import AuditAction
from .people import Person


class AuditEvent(HasId, db.Model):
    """One event: who, when, from where, what. It holds no word of a case."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_about_id", "about_id", "at"),)

    at: Mapped[datetime] = item(
        Moment,
        default=utc_now,
        index=True,
        about=Item(
            label="When",
            definition="When it happened.",
            source=SERVICE,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    # Known by the service and not by the database: an action that is added needs no migration.
    action: Mapped[AuditAction] = item(
        stored(AuditAction, "audit_action_is_known", checked=False),
        about=Item(
            label="What",
            definition="What was done, or refused.",
            source=SERVICE,
            in_list=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    # What it was about: the kind of row, and its key.
    about: Mapped[str] = mapped_column(String(40), default="", server_default="")
    about_id: Mapped[UUID | None]
    details: Mapped[str] = item(
        String(500),
        default="",
        server_default="",
        about=Item(
            label="Details",
            definition="What the event says of itself: which list, how many rows. Never a word of a case.",
            source=SERVICE,
            in_list=True,
            files=Files.DOWNLOAD,
        ),
    )
    # The path that was asked for and the id in it, without the rest of the query: a search may hold words of a case.
    address: Mapped[str] = item(
        String(500),
        default="",
        about=Item(
            label="Address",
            definition="The address that was asked for, with the id in it and nothing else of its query.",
            source=SERVICE,
            in_list=True,
            search=Search.BEGINNING,
            files=Files.DOWNLOAD,
        ),
    )
    from_address: Mapped[str] = item(
        String(45),
        default="",
        about=Item(
            label="From",
            definition="The network address from which it was asked for.",
            source=SERVICE,
            search=Search.BEGINNING,
            files=Files.DOWNLOAD,
        ),
    )
    reference: Mapped[str] = item(
        String(8),
        default="",
        about=Item(
            label="Reference",
            definition="What the page of the refusal called it, so that somebody who rings up can be told.",
            source=SERVICE,
            search=Search.BEGINNING,
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
            definition="Why work on every organisation was done, outside anybody's request.",
            source=SERVICE,
            files=Files.DOWNLOAD,
        ),
    )
    person_name: Mapped[str | None] = column_property(
        select(Person.name).where(Person.id == person_id).correlate_except(Person).scalar_subquery(),
        info={
            "item": Item(
                label="Who",
                definition="Who did it. Empty where nobody was signed in.",
                source=SERVICE,
                in_list=True,
                filterable=True,
                search=Search.BEGINNING,
                files=Files.DOWNLOAD,
            )
        },
    )


class AuditSeal(db.Model):
    """An event's place in the chain. `digest` is of the event, `chain` of the chain before it and the digest.

    Sealed in batches, apart from the transactions that write events (`app/access/sealing.py`).
    """

    __tablename__ = "audit_seal"
    __table_args__ = (UniqueConstraint("event_id", name="an_event_is_sealed_once"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(String(64))
    chain: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
