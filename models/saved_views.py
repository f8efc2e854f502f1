"""Views of a list that a person has saved under a name: filters, order and columns. No word of a case is in them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import HasId, Moment, db, utc_now

LONGEST_NAME, LONGEST_QUERY = 60, 2000


class SavedView(HasId, db.Model):
    """One view. `query` is what follows the list's address; whoever uses it meets scope and filters as always."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("person_id", "screen", "name", name="a_view_is_saved_once_under_its_name"),
        CheckConstraint("name <> ''", name="a_saved_view_has_a_name"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    screen: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
