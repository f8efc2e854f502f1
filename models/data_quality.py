"""What CCGs answer to queries about their data, and that they confirm a quarter. Rows are added and never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, OwnedByCCG, db, stored, utc_now
from .enumerations import Query
from .people import Person


class QueryAnswer(HasId, OwnedByCCG, db.Model):
    """What a CCG says to a query about one of its cases. It holds for the quarter in which it was given."""

    __tablename__ = "query_answer"
    case_key = "case_id"
    __table_args__ = (
        ForeignKeyConstraint(
            ["ccg_id", "case_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="an_answer_is_about_a_case_of_its_ccg",
        ),
        Index("ix_query_answer_case_id", "case_id", "answered_at"),
    )

    case_id: Mapped[UUID]
    # Known by the service and not by the database: a query that is added needs no migration.
    query: Mapped[Query] = mapped_column(stored(Query, "query_is_known", checked=False))
    note: Mapped[str] = mapped_column(String(1000))
    answered_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    answered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    answered_by: Mapped[Person] = relationship()


class QuarterConfirmation(HasId, OwnedByCCG, db.Model):
    """A CCG confirms that its records of a quarter are complete, also when there is nothing to report.

    `cases` and `unanswered` are how many cases it had, and how many queries without an answer, at that moment.
    """

    __tablename__ = "quarter_confirmation"
    __table_args__ = (Index("ix_quarter_confirmation_quarter", "quarter", "ccg_id"),)

    quarter: Mapped[str] = mapped_column(String(10))
    cases: Mapped[int]
    unanswered: Mapped[int]
    confirmed_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    confirmed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    confirmed_by: Mapped[Person] = relationship()
