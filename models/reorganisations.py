"""Reorganisations: what was proposed about organisations, by a guided task or a file, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, db, stored, utc_now
from .enumerations import ReorganisationSource, ReorganisationState
from .people import Person

# The setting whose row is written to take turns: organisations change one plan at a time.
TURN_TO_REORGANISE = "turn_to_reorganise"


class Reorganisation(HasId, db.Model):
    """Changes of organisations that belong together, applied in one transaction or not at all.

    `plan` lists the changes as `app.organisations.plans` writes them: all that were proposed, and once it is applied
    those that were. `files` are those that it was read from, each with its name, size and SHA-256; `left_out` the lines
    that were not taken, with why. `effective_on` is the first day on which anything is different. A plan may close most
    of a kind (`closes_most`), and then whoever applies it says that this is meant.
    """

    __tablename__ = "reorganisation"
    __table_args__ = (
        CheckConstraint("(state = 'proposed') = (applied_at IS NULL)", name="it_was_applied_at_a_moment"),
        CheckConstraint("(applied_at IS NULL) = (applied_by_id IS NULL)", name="somebody_applied_it"),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="it_was_undone_at_a_moment"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="somebody_undid_it"),
    )

    title: Mapped[str] = mapped_column(String(300))
    source: Mapped[ReorganisationSource] = mapped_column(stored(ReorganisationSource, "reorganisation_source_is_known"))
    state: Mapped[ReorganisationState] = mapped_column(
        stored(ReorganisationState, "reorganisation_state_is_known"), default=ReorganisationState.PROPOSED
    )
    plan: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    left_out: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    closes_most: Mapped[bool] = mapped_column(default=False)
    effective_on: Mapped[date | None] = mapped_column(Date)
    proposed_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    proposed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    applied_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    undone_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    proposed_by: Mapped[Person | None] = relationship(foreign_keys=[proposed_by_id])
    applied_by: Mapped[Person | None] = relationship(foreign_keys=[applied_by_id])
    undone_by: Mapped[Person | None] = relationship(foreign_keys=[undone_by_id])
