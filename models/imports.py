"""Imports of cases: a file that somebody of a CCG gave, and its lines, until they are applied or a day has passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import HasId, Moment, OwnedByCCG, db, stored, utc_now
from .enumerations import ImportState, LineOutcome


class CaseImport(HasId, OwnedByCCG, db.Model):
    """A file of cases. Its CCG is the one for which it was given; that it is its person's alone is for each query.

    `claim` is a word of whoever works on it at present, and `alive_at` when that was last heard of. `sha256` is that of
    the file. Erased, with everything of it, a day after it was given: what it changed is in the cases and in the audit.
    """

    __tablename__ = "case_import"
    may_be_deleted = True
    __table_args__ = (
        Index("ix_case_import_given_at", "given_at"),
        CheckConstraint("lines_done <= lines_in_all", name="no_more_lines_are_done_than_there_are"),
        CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="an_import_was_applied_at_a_moment"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    form_token: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[ImportState] = mapped_column(stored(ImportState, "import_state_is_known"), default=ImportState.GIVEN)
    why: Mapped[str] = mapped_column(String(1000), default="")
    headings: Mapped[list[str]] = mapped_column(JSON, default=list)
    positions: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    lines_in_all: Mapped[int] = mapped_column(default=0)
    lines_done: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    given_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    applied_at: Mapped[datetime | None] = mapped_column(Moment)
    claim: Mapped[str] = mapped_column(String(40), default="")
    alive_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class ImportPart(OwnedByCCG, db.Model):
    """A piece of the file, until its lines are staged."""

    __tablename__ = "case_import_part"
    may_be_deleted = True
    __table_args__ = (
        ForeignKeyConstraint(
            ["import_id"], ["case_import.id"], name="fk_case_import_part_import_id", ondelete="CASCADE"
        ),
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class StagedCase(OwnedByCCG, db.Model):
    """One line of the file: its cells as given, by position, what would become of it, and what is wrong with it."""

    __tablename__ = "staged_case"
    may_be_deleted = True
    __table_args__ = (
        ForeignKeyConstraint(["import_id"], ["case_import.id"], name="fk_staged_case_import_id", ondelete="CASCADE"),
        Index("ix_staged_case_outcome", "import_id", "outcome", "number"),
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[LineOutcome] = mapped_column(stored(LineOutcome, "line_outcome_is_known"))
    cells: Mapped[list[str]] = mapped_column(JSON)
    problems: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict)
    warnings: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict)
    has_warnings: Mapped[bool] = mapped_column(default=False)
    case_id: Mapped[UUID | None]
    case_version: Mapped[int | None]
    differences: Mapped[list[Any]] = mapped_column(JSON, default=list)
