"""How many cases that are not withdrawn each CCG has, by the month in which they were added.

A list says how many cases it has, and finds a page in the middle of them: counting a million rows for that took longer
than everything else of the page. Triggers keep the counts exact (`count_triggers.py`).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Integer, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import OwnedByCCG, db


class CaseCount(OwnedByCCG, db.Model):
    """How many cases of a CCG that are not withdrawn were added in a month. `month` is its first day."""

    __tablename__ = "case_count"
    __table_args__ = (PrimaryKeyConstraint("ccg_id", "month", name="pk_case_count"),)

    month: Mapped[date]
    number: Mapped[int] = mapped_column(Integer)
