"""Cases as they were known at a moment, and how they came there from an earlier one.

Every function reads in the scope of its session; what crosses a page of rows is counted by the database, so memory
does not grow with the number of cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session, aliased

from app.access.history import as_at
from app.database import in_byte_order, newest_known, newest_known_twice
from models import CaseReview, version_of
from models.enumerations import Change, Status

ROWS_AT_ONCE = 500


class State(StrEnum):
    """What a case counts as at a moment."""

    ABSENT = "not recorded yet"
    DELETED = "deleted from the database"
    WITHDRAWN = "withdrawn"
    OPEN = "open"
    CLOSED = "closed"


# The columns of a case, and of the case that it grew out of, by name.
CASE_COLUMNS = [*(attribute.key for attribute in CaseReview.__mapper__.column_attrs), "held_by_id"]
SOURCE_COLUMNS = ("reference", "ccg_id", "held_by_id", "review_type_id", "withdrawn_at")
_STREAM = {"yield_per": ROWS_AT_ONCE}


def recorded_at(moment: datetime | None) -> tuple[Any, Select[Any]]:
    """The cases that were recorded and not withdrawn, as known at a moment (None: as they are).

    Gives their model, and a statement that can be extended.
    """
    model, chosen = _all_at(moment)
    return model, chosen.where(model.withdrawn_at.is_(None))


def _all_at(moment: datetime | None) -> tuple[Any, Select[Any]]:
    if moment is None:
        return CaseReview, select(CaseReview)
    return version_of(CaseReview), as_at(CaseReview, moment)


def cases_at(session: Session, moment: datetime | None, ccgs: set[UUID] | None = None) -> Iterator[Row[Any]]:
    """Every such case with CASE_COLUMNS, and with SOURCE_COLUMNS of its rapid review as `source_...`, by reference.

    References are in the order of their bytes. With `ccgs`, of those alone that are with these CCGs.
    """
    version, chosen = recorded_at(moment)
    source: Any = aliased(version, _all_at(moment)[1].subquery())
    if ccgs is not None:
        chosen = chosen.where(version.held_by_id.in_(ccgs))
    wanted = (
        chosen.outerjoin(source, source.id == version.converted_from_id)
        .with_only_columns(
            *(getattr(version, name).label(name) for name in CASE_COLUMNS),
            *(getattr(source, name).label(f"source_{name}") for name in SOURCE_COLUMNS),
            maintain_column_froms=True,
        )
        .order_by(in_byte_order(session, version.reference))
    )
    return iter(session.execute(wanted, execution_options=_STREAM))


# Under which CCG a case was recorded, and which it is with.
Places = tuple[UUID, UUID]


def counted_at(session: Session, moment: datetime) -> dict[tuple[Places, State], int]:
    """How many cases of which places are in which state, as known at a moment."""
    known = newest_known(session, moment, *_STATE, *_PLACES).c
    columns = (known.ccg_id, _held_by(known), _state_of(known))
    rows = session.execute(select(*columns, func.count()).where(known.change != Change.DELETED).group_by(*columns))
    return {((ccg, held_by), State(word)): number for ccg, held_by, word, number in rows}


def counted_between(
    session: Session, opening: datetime, closing: datetime
) -> dict[tuple[Places, UUID | None, State, State], int]:
    """How many cases of which places were where before, and in which state, and are in which at the other moment."""
    known = newest_known_twice(session, opening, closing, *_STATE, *_PLACES).c
    before, after = _state_of(known, "was_"), _state_of(known)
    columns = (known.ccg_id, _held_by(known), _held_by(known, "was_"), before, after)
    rows = session.execute(select(*columns, func.count()).group_by(*columns))
    return {((ccg, now), was, State(one), State(other)): number for ccg, now, was, one, other, number in rows}


def gone_between(session: Session, opening: datetime, closing: datetime) -> list[str]:
    """The references of cases that were there at the one moment and are not at the other: nothing deletes a case."""
    then = as_at(CaseReview, opening).subquery()
    now = as_at(CaseReview, closing).subquery()
    gone = select(then.c.reference).where(then.c.id.not_in(select(now.c.id))).order_by(then.c.reference)
    return list(session.scalars(gone))


_STATE = ("change", "withdrawn_at", "status")
_PLACES = ("ccg_id", "allocated_to_id")


def _held_by(known: Any, at: str = "") -> Any:
    return func.coalesce(known[f"{at}allocated_to_id"], known[f"{at}ccg_id"])


def _state_of(known: Any, at: str = "") -> Any:
    change, withdrawn_at, status = (known[f"{at}{name}"] for name in _STATE)
    return when(
        (change.is_(None), State.ABSENT.value),
        (change == Change.DELETED, State.DELETED.value),
        (withdrawn_at.is_not(None), State.WITHDRAWN.value),
        (status == Status.OPEN, State.OPEN.value),
        else_=State.CLOSED.value,
    )
