"""The order of a long list, part by part, so that an index gives each part and no row is sorted that is not shown.

Words of code lists stand in no index in the order in which people read them, and on SQLite neither do empty dates
after all others. But rows of one code, and rows with a date, stand together: a page is found by walking through these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, asc, desc, func, nulls_last, select
from sqlalchemy.orm import Session

# Fewer rows are sorted sooner than walked through.
MANY = 20_000
# So many rows of long ago are sorted sooner than the newer ones before them are passed over.
MANY_OF_LONG_AGO = 500_000
# How far into a list its parts are walked, and through how many of them. Beyond, all rows are sorted.
FURTHEST, MOST_PARTS = 2_000, 4


@dataclass(frozen=True)
class Part:
    """Rows that stand together in an order, and how they are ordered among themselves."""

    which: ColumnElement[bool]
    by: tuple[Any, ...]


def by_and_id(by: Any, key: Any, *, descending: bool) -> tuple[Any, Any]:
    """An order by something, empty ones last, then by a key."""
    direction = desc(by) if descending else asc(by)
    # Without "nulls last" where there are none, so that an index can give the order.
    if getattr(by, "nullable", True):
        direction = nulls_last(direction)
    return direction, key.desc() if descending else key.asc()


def of_few(rows: Select[Any], *, descending: bool) -> Select[Any]:
    """The ids of rows, which have them and what they are sorted `by`, in their order. All are found first, and sorted
    then: in hope of an early end a database would walk through an index in that order, past all that is not chosen."""
    few = rows.cte("few").prefix_with("MATERIALIZED")
    return select(few.c.id).order_by(*by_and_id(few.c.by, few.c.id, descending=descending))


def parts_of(column: Any, values: Iterable[Any] | None, key: Any, *, descending: bool) -> list[Part] | None:
    """The parts of an order by a column, then by a key. `values` are those of a list in the order of their words.

    None where an index gives the order as it is, or there are no such parts.
    """
    then = key.desc() if descending else key.asc()
    if values is not None:
        ordered = list(values)[:: -1 if descending else 1]
        return None if column.nullable else [Part(column == value, (then,)) for value in ordered]
    if not column.nullable:
        return None
    first = column.desc() if descending else column.asc()
    return [Part(column.is_not(None), (first, then)), Part(column.is_(None), (then,))]


def walk(session: Session, chosen: Select[Any], parts: Sequence[Part], start: int, size: int) -> list[Any] | None:
    """The rows from a position on, at most `size`. None where they lie too far for a walk."""
    found: list[Any] = []
    if start + size > FURTHEST:
        return None
    for part in parts[:MOST_PARTS]:
        of_part = chosen.where(part.which)
        rows = list(session.scalars(of_part.order_by(*part.by).limit(size - len(found)).offset(start)))
        found += rows
        if len(found) == size:
            return found
        if rows:
            start = 0
        elif start:
            start -= session.scalar(of_part.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    return found if len(parts) <= MOST_PARTS else None
