"""What people did, and what was refused them. Rows are added and never changed: triggers refuse."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import HasId, Moment, db, stored, utc_now
from .enumerations import AuditAction


class AuditEvent(HasId, db.Model):
    """One event: who, when, from where, what. It holds no word of a case."""

    __tablename__ = "audit_event"

    at: Mapped[datetime] = mapped_column(Moment, default=utc_now, index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    action: Mapped[AuditAction] = mapped_column(stored(AuditAction, "audit_action_is_known"))
    # The path that was asked for and the id in it, without the rest of the query: a search may hold words of a case.
    address: Mapped[str] = mapped_column(String(500), default="")
    from_address: Mapped[str] = mapped_column(String(45), default="")
    reference: Mapped[str] = mapped_column(String(8), default="")
    # Why work for every organisation was done, outside anybody's request.
    reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
