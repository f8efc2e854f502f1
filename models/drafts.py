"""What somebody typed into the form of a case and has not saved yet. Kept for a day, for that person alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, OwnedByCCG, db, stored, utc_now
from .case_review import CaseReview
from .enumerations import CaseForm


class Draft(HasId, OwnedByCCG, db.Model):
    """A form as it was typed: each input's name with its values. Its CCG is that of the case.

    Of a new case it is the CCG that was chosen, or the person's first. Row scope is by CCG; that a draft is its
    person's alone is for each query to say (`app/cases/drafts.py`).
    """

    __tablename__ = "draft"
    may_be_deleted = True
    case_key = "case_id"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    form: Mapped[CaseForm] = mapped_column(stored(CaseForm, "a_draft_is_of_a_known_form"))
    case_id: Mapped[UUID | None]
    form_token: Mapped[str] = mapped_column(String(100))
    fields: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Moment, default=utc_now, index=True)

    case: Mapped[CaseReview | None] = relationship(primaryjoin="foreign(Draft.case_id) == CaseReview.id", viewonly=True)

    __table_args__ = (
        UniqueConstraint("person_id", "form_token", name="a_form_is_kept_once"),
        ForeignKeyConstraint(
            ["ccg_id", "case_id"], ["case_review.ccg_id", "case_review.id"], name="a_draft_is_of_a_case_of_its_ccg"
        ),
        CheckConstraint("(form = 'new') = (case_id IS NULL)", name="only_a_draft_of_a_new_case_has_none"),
    )
