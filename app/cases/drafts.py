"""Drafts: what somebody typed into the form of a case and has not saved. Kept for a day, for that person alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from app.access.people import Access
from app.access.row_scope import every_organisation
from models import CaseImport, CaseReview, Draft, ImportPart, Setting, StagedCase
from models.declarations import Kind, items_of
from models.enumerations import CaseForm

from .writing import case_saved_with, is_token

KEPT_FOR = timedelta(hours=24)
# Characters of one form: every item at its longest is less than half of it.
LARGEST = 100_000
ERASED_AT, ERASED_EVERY = "drafts_erased_at", timedelta(hours=1)
MOST_DRAFTS = 30
_OWN_NAMES = {"form_token", "version", "reason", "confirm_identifiers"}
_NAMES = _OWN_NAMES | {
    f"{item.name}{part}"
    for item in items_of(CaseReview)
    if item.in_form
    for part in (("-day", "-month", "-year") if item.kind is Kind.DATE else ("",))
}


def keep(
    session: Session,
    form: CaseForm,
    fields: Mapping[str, Sequence[str]],
    *,
    case: CaseReview | None,
    by: Access,
    at: datetime,
) -> Draft | None:
    """Keeps a form as it was typed, in place of what was kept of the same form before, and commits.

    None, and nothing is kept, of a form that has no token of its own, has been saved meanwhile, is too large, or is of
    a case that the person may not change. Of more than MOST_DRAFTS the oldest goes.
    """
    ccg_id = case.ccg_id if case is not None else _ccg_of_new_case(by, fields)
    typed = {name: list(fields[name][:1]) for name in _NAMES if fields.get(name)}
    token = "".join(typed.get("form_token", []))
    may_write = by.scope.may_change(case) if case is not None else ccg_id and by.scope.may_write(ccg_id)
    if ccg_id is None or not may_write or not is_token(token):
        return None
    if sum(len(value) for values in typed.values() for value in values) > LARGEST:
        return None
    case_id = case.id if case is not None else None
    for _ in range(2):  # two at once with the same token: the second finds the first
        try:
            return _store(session, form, typed, token, case_id=case_id, ccg_id=ccg_id, by=by.person_id, at=at)
        except IntegrityError:
            session.rollback()
    return None


def _store(
    session: Session,
    form: CaseForm,
    typed: dict[str, list[str]],
    token: str,
    *,
    case_id: UUID | None,
    ccg_id: UUID,
    by: UUID,
    at: datetime,
) -> Draft | None:
    if case_saved_with(session, token) is not None:
        return None
    draft = session.scalar(select(Draft).where(Draft.person_id == by, Draft.form_token == token))
    if draft is None:
        for old in of_person(session, by=by, at=at)[MOST_DRAFTS - 1 :]:
            session.delete(old)
        draft = Draft(form=form, case_id=case_id, ccg_id=ccg_id, person_id=by, form_token=token)
        session.add(draft)
    elif (draft.form, draft.case_id) != (form, case_id):
        return None
    # A new case may have been given another CCG. Row scope looks at both.
    draft.ccg_id, draft.fields, draft.saved_at = ccg_id, typed, at
    session.commit()
    return draft


def _ccg_of_new_case(access: Access, fields: Mapping[str, Sequence[str]]) -> UUID | None:
    """Under which CCG the draft of a new case is kept: the one that was chosen, if it may be, or the person's first."""
    writable = {str(ccg_id): ccg_id for ccg_id in access.scope.writable}
    return writable.get(next(iter(fields.get("ccg", [])), "")) or next(
        (place.id for place in access.current_ccgs), None
    )


def _those_of(by: UUID, at: datetime) -> Select[Draft]:
    return select(Draft).where(Draft.person_id == by, Draft.saved_at > at - KEPT_FOR)


def find(session: Session, draft_id: UUID, *, by: UUID, at: datetime) -> Draft | None:
    """A person's own draft. Somebody else's is like one that never was."""
    return session.scalar(_those_of(by, at).where(Draft.id == draft_id))


def of_person(session: Session, *, by: UUID, at: datetime) -> list[Draft]:
    """A person's drafts, the newest first, without what was typed."""
    newest_first = _those_of(by, at).order_by(Draft.saved_at.desc(), Draft.id)
    return list(session.scalars(newest_first.options(defer(Draft.fields))))


def discard(session: Session, form_token: str, *, by: UUID) -> None:
    """Erases what was kept of a person's form, if anything was. The caller commits."""
    session.execute(delete(Draft).where(Draft.person_id == by, Draft.form_token == form_token))


def erase_old(at: datetime) -> int:
    """Erases drafts and files of cases that are over a day old, and says how many drafts there were.

    Work for every organisation: audited.
    """
    with every_organisation("erasing drafts and imports over 24 hours old") as session:
        old = session.execute(delete(Draft).where(Draft.saved_at <= at - KEPT_FOR))
        _erase_files(session, CaseImport.given_at <= at - KEPT_FOR)
        noted = session.get(Setting, ERASED_AT) or Setting(name=ERASED_AT)
        noted.value = at.isoformat()
        session.add(noted)
        session.commit()
        return int(old.rowcount)  # type: ignore[attr-defined]


def erase_files_for(session: Session, places: Iterable[UUID]) -> int:
    """Erases every file of cases that was given for one of some CCGs, and says how many. The caller commits.

    For words that are struck out of a case: a file may hold them in any of its lines, so none of it is kept.
    """
    return _erase_files(session, CaseImport.ccg_id.in_(list(places)))


def _erase_files(session: Session, which: ColumnElement[bool]) -> int:
    files = select(CaseImport.id).where(which)
    for model in (StagedCase, ImportPart):
        session.execute(
            delete(model).where(model.import_id.in_(files)), execution_options={"synchronize_session": False}
        )
    gone = session.execute(delete(CaseImport).where(which), execution_options={"synchronize_session": False})
    return int(gone.rowcount)  # type: ignore[attr-defined]


def erase_old_when_due(session: Session, at: datetime) -> None:
    """As `erase_old`, unless that was done within the last hour."""
    noted = session.get(Setting, ERASED_AT)
    if noted is None or datetime.fromisoformat(noted.value) <= at - ERASED_EVERY:
        erase_old(at)
