"""Two people, one case: what changed in a case since somebody opened its form, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from app.access.history import versions_of
from models import CaseReview
from models.declarations import Kind, items_of

# The CCG of a case never changes.
_ITEMS = [item for item in items_of(CaseReview) if item.in_form and item.name != "ccg"]


@dataclass(frozen=True)
class Since:
    """A case as a form was opened on it, and as it is, by item name: ids, dates, members of enumerations, references.

    `before` is None where the history does not reach back so far. `made_by` is the version that last changed an item.
    `steps` are the versions since, each with the one before it.
    """

    before: Mapping[str, Any] | None
    now: Mapping[str, Any]
    made_by: Mapping[str, Any]
    steps: Sequence[tuple[Any, Any]]

    def is_changed(self, name: str) -> bool:
        """Whether somebody changed an item since. Where that cannot be known: perhaps, so yes."""
        return self.before is None or self.before[name] != self.now[name]


def changes_since(session: Session, case: CaseReview, opened: str, until: int) -> Since | None:
    """What changed in a case between two of its versions, `opened` as a form says it, which may be nonsense.

    None where the case has no version `until`. A statement past the service leaves the number of a version as it is:
    then what was opened is the first of that number, so that no later change counts as known.
    """
    kept = session.scalars(versions_of(case)).all()
    ends = [place for place, version in enumerate(kept) if version.version == until]
    if not ends:
        return None
    end = ends[-1]
    start = next((place for place, version in enumerate(kept[:end]) if str(version.version) == opened), None)
    now = _values_of(session, kept[end])
    if start is None:
        return Since(None, now, dict.fromkeys(now, kept[end]), [(kept[end - 1] if end else None, kept[end])])
    steps = list(pairwise(kept[start : end + 1]))
    made_by = {
        item.name: after
        for before, after in steps
        for item in _ITEMS
        if getattr(before, item.column) != getattr(after, item.column)
    }
    return Since(_values_of(session, kept[start]), now, made_by, steps)


def _values_of(session: Session, version: Any) -> dict[str, Any]:
    return {item.name: _value(session, item.kind, getattr(version, item.column)) for item in _ITEMS}


def _value(session: Session, kind: Kind, stored: Any) -> Any:
    """A value as a form holds it: None where it is empty; of a linked case its reference, if that is in sight."""
    if kind is Kind.CASE and stored is not None:
        linked = session.get(CaseReview, stored)
        return linked.reference if linked is not None else None
    return None if stored == "" else stored
