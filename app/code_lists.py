"""Code lists are kept: an entry is added, retired in favour of another, and used again. None is ever deleted.

Administrators see counts of where an entry is used, never a case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.access.row_scope import every_organisation
from app.access.turns import take_turn
from app.rules.words import in_words
from models import CODE_LISTS, CaseReview, CodeListEntry, Extract, SavedView, version_of
from models.declarations import Kind, items_of
from models.enumerations import Status
from models.reorganisations import TURN_TO_REORGANISE

LONGEST_CODE = 40
_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class CannotKeep(Exception):
    """Something cannot be done with an entry; the words say why, and `about` is the field that can mend it, or ""."""

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


@dataclass(frozen=True)
class Used:
    """Where an entry is used: cases by their state, saved views and their people, extracts that may hold it.

    `last_added` is the newest date added of a case with it that is not withdrawn.
    """

    open_cases: int
    closed_cases: int
    withdrawn_cases: int
    views: int
    people: int
    extracts: int
    last_added: date | None


def list_of(entry: CodeListEntry) -> str:
    """The name of the list in which an entry stands."""
    return next(name for name, model in CODE_LISTS.items() if isinstance(entry, model))


def columns_with(code_list: str) -> list[str]:
    """The columns of a case that hold an entry of a list."""
    return [item.column for item in items_of(CaseReview) if item.kind is Kind.CODE and item.code_list == code_list]


def where_used(entry: CodeListEntry, *, by: UUID) -> Used:
    """Counts where an entry is used, over all of England. That it was counted, and by whom, is in the audit."""
    names = columns_with(list_of(entry))
    version = version_of(CaseReview)
    with every_organisation(f"where {entry.code} is used", by) as session:
        uses = or_(*(getattr(CaseReview, name) == entry.id for name in names))
        rows = session.execute(
            select(
                CaseReview.status, CaseReview.withdrawn_at.is_not(None), func.count(), func.max(CaseReview.date_added)
            )
            .where(uses)
            .group_by(CaseReview.status, CaseReview.withdrawn_at.is_not(None))
        ).all()
        views = session.execute(
            select(func.count(), func.count(SavedView.person_id.distinct())).where(
                SavedView.query.regexp_match(f"(^|[?&])flt_{list_of(entry)}[a-z0-9_]*={re.escape(entry.code)}(&|$)")
            )
        ).one()
        first = session.scalar(
            select(func.min(version.known_from)).where(or_(*(getattr(version, name) == entry.id for name in names)))
        )
        extracts = (
            session.scalar(select(func.count()).select_from(Extract).where(Extract.cut_off > first)) if first else 0
        )

    def cases(status: Status) -> int:
        return sum(int(row[2]) for row in rows if row[0] == status and not row[1])

    return Used(
        open_cases=cases(Status.OPEN),
        closed_cases=cases(Status.CLOSED),
        withdrawn_cases=sum(int(row[2]) for row in rows if row[1]),
        views=int(views[0]),
        people=int(views[1]),
        extracts=int(extracts or 0),
        last_added=max((row[3] for row in rows if not row[1]), default=None),
    )


def add(
    session: Session,
    model: type[Any],
    *,
    code: str,
    label: str,
    definition: str,
    group: str,
    active_from: date | None,
    after: UUID | None,
) -> CodeListEntry:
    """Adds an entry behind another, or as the first. The caller commits. Raises CannotKeep."""
    code = code.strip()
    if not _CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        raise CannotKeep("Code must be small letters, digits and _, such as self_neglect", "code")
    entries = list(session.scalars(select(model).order_by(model.position, model.label)))
    if any(one.code == code for one in entries):
        raise CannotKeep(f"Code {code} is used already. An ended entry keeps its code", "code")
    twin = next((one for one in entries if one.label.casefold() == label.casefold()), None)
    if twin is not None:
        raise CannotKeep(f"There is an entry called {twin.label} already", "label")
    entry: CodeListEntry = model(
        id=uuid4(), code=code, label=label, definition=definition, group=group, active_from=active_from, position=0
    )
    place = next((number for number, one in enumerate(entries, 1) if one.id == after), 0)
    for number, one in enumerate([*entries[:place], entry, *entries[place:]], 1):
        if one.position != number:
            one.position = number
    session.add(entry)
    session.flush()
    return entry


def retire(session: Session, entry: CodeListEntry, last_day: date, replaced_by: CodeListEntry | None) -> None:
    """Ends an entry on a day, in favour of another or of none. The caller commits. Raises CannotKeep.

    Old cases keep it. On new ones it can be chosen up to and including its last day, as on the date added.
    """
    # Two that retire entries in favour of each other would make a ring.
    take_turn(session, TURN_TO_REORGANISE)
    session.refresh(entry)
    if entry.active_to is not None:
        raise CannotKeep("Somebody has retired it a moment ago")
    if entry.active_from is not None and last_day < entry.active_from:
        raise CannotKeep(f"It is active from {in_words(entry.active_from)}. Enter that day or a later one", "last_day")
    if replaced_by is not None:
        session.refresh(replaced_by)
        if replaced_by.id == entry.id:
            raise CannotKeep("An entry cannot replace itself", "replaced_by")
        if replaced_by.active_to is not None and replaced_by.active_to <= last_day:
            raise CannotKeep(f"{replaced_by.label} ends on {in_words(replaced_by.active_to)}, no later", "replaced_by")
        seen = {entry.id}
        at: CodeListEntry | None = replaced_by
        while at is not None:
            if at.id in seen:
                raise CannotKeep(f"{replaced_by.label} was itself replaced by this one", "replaced_by")
            seen.add(at.id)
            at = session.get(type(entry), at.replaced_by_id, populate_existing=True) if at.replaced_by_id else None
    entry.active_to, entry.replaced_by_id = last_day, replaced_by.id if replaced_by else None
    session.flush()


def use_again(session: Session, entry: CodeListEntry) -> None:
    """Takes the end of an entry away. The caller commits."""
    entry.active_to, entry.replaced_by_id = None, None
    session.flush()
