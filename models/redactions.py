"""Redactions: words that should never have been entered, struck out of a case and of every place that holds its words.

One person asks, another decides. The words themselves are kept until then and no longer.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, OwnedByCCG, db, stored, utc_now
from .case_review import CaseReview
from .enumerations import RedactionState
from .people import Person


class Redaction(HasId, OwnedByCCG, db.Model):
    """One request to strike words out of a case, and what became of it. Once decided it never changes: triggers refuse.

    `found` says in which places the words were struck out, and how often.
    """

    __tablename__ = "redaction"
    case_key = "case_id"
    __table_args__ = (
        ForeignKeyConstraint(
            ["ccg_id", "case_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="a_redaction_is_of_a_case_of_its_ccg",
        ),
        Index("ix_redaction_case_id", "case_id", "asked_at"),
        CheckConstraint(
            "(words IS NULL) = (state IN ('approved', 'refused', 'taken_back'))",
            name="the_words_are_forgotten_once_it_is_decided",
        ),
        CheckConstraint("(state = 'asked') = (decided_by_id IS NULL)", name="somebody_has_decided_it"),
        CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="it_was_decided_at_a_moment"),
        CheckConstraint(
            "(state = 'taken_back') = (decided_by_id IS NOT NULL AND decided_by_id = asked_by_id)",
            name="nobody_decides_what_they_asked_for",
        ),
    )

    case_id: Mapped[UUID]
    state: Mapped[RedactionState] = mapped_column(
        stored(RedactionState, "redaction_state_is_known"), default=RedactionState.ASKED
    )
    words: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(1000))
    asked_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    found: Mapped[str] = mapped_column(String(1000), default="")

    case: Mapped[CaseReview] = relationship(primaryjoin="foreign(Redaction.case_id) == CaseReview.id", viewonly=True)
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])


class ExtractRedaction(db.Model):
    """Words were struck out of the kept bytes of an extract. Its size and hashes are those of what is kept since.

    The extract's own record keeps the hash of what was sent. `number` counts those of one extract from 1.
    """

    __tablename__ = "extract_redaction"

    extract_id: Mapped[UUID] = mapped_column(ForeignKey("extract.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    redaction_id: Mapped[UUID] = mapped_column(ForeignKey("redaction.id"))
    struck_at: Mapped[datetime] = mapped_column(Moment)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    cases_sha256: Mapped[str] = mapped_column(String(64))
