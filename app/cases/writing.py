"""Verbs: record, change, close, reopen, withdraw and bring back a case. Each checks nothing twice and commits nothing.

Each writes its event of the audit into the same transaction: a change that is kept is on record, and no other.

The caller checks first (`app.cases.checking`) and commits after; a one-time form token is used in the same
transaction, so that a double click makes one case.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Container, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, object_session

from app.access import audit
from app.access.adding import add_rows
from models import AuditEvent, CaseReview, Person, UsedFormToken
from models.declarations import Kind, items_of
from models.enumerations import AuditAction, Status

# No vowels, so no words; nothing that is mistaken for something else when read aloud or copied (0 O, 1 I L, 2 Z, 5 S).
REFERENCE_LETTERS = "346789BCDFGHJKMPQRTVWXY"


class TokenAlreadyUsed(Exception):
    """The form has been saved before. `case_id` is the case that it saved."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__("The form has already been saved.")
        self.case_id = case_id


def new_reference() -> str:
    """A reference that is easy to read aloud: SCR- and eight characters, 78 thousand million in all."""
    return "SCR-" + "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))


def record(
    session: Session,
    values: Mapping[str, Any],
    *,
    by: Person,
    at: datetime,
    today: date,
    source: CaseReview | None,
    reference: str = "",
    reason: str | None = None,
) -> CaseReview:
    """A new case from checked values. `source` is the rapid review that it grew out of.

    A `reference` that is given is one that no case in sight has (`unused_references`).
    """
    row = row_of(
        values,
        by=by.id,
        at=at,
        today=today,
        source=source,
        reference=reference or unused_references(session, 1)[0],
        reason=reason,
    )
    case = CaseReview(**row)
    session.add(case)
    _write_down(case, AuditAction.CASE_ADDED, by=by, at=at)
    return case


def row_of(
    values: Mapping[str, Any],
    *,
    by: UUID,
    at: datetime,
    today: date,
    source: CaseReview | None,
    reference: str,
    reason: str | None,
) -> dict[str, Any]:
    """The columns of a new case from checked values. Nothing is saved yet."""
    return {
        "id": uuid4(),
        "ccg_id": values["ccg"],
        "reference": reference,
        "version": 1,
        "created_at": at,
        "created_by_id": by,
        "latest_update_on": today,
        **_columns_of(values, source),
        **_signature(by=by, at=at, reason=reason),
    }


def record_rows(session: Session, rows: Sequence[Mapping[str, Any]], *, by: UUID, at: datetime) -> None:
    """Records new cases (`row_of`), all with the same columns, at once; each is checked as `record` has it checked."""
    add_rows(session, CaseReview, rows)
    events = audit.rows_about(AuditAction.CASE_ADDED, [row["id"] for row in rows], by=by, at=at, about=audit.CASE)
    add_rows(session, AuditEvent, events)


def change(
    case: CaseReview,
    values: Mapping[str, Any],
    *,
    by: Person,
    at: datetime,
    today: date,
    source: CaseReview | None,
    reason: str | None = None,
) -> None:
    """Changes the items that `values` names. Its CCG stays as it is, for ever."""
    before = case.status
    if "latest_update" in values and values["latest_update"] != case.latest_update:
        case.latest_update_on = today
    _apply(case, {name: value for name, value in values.items() if name != "ccg"}, source)
    _sign(case, by=by, at=at, reason=reason)
    done = {Status.CLOSED: AuditAction.CASE_CLOSED, Status.OPEN: AuditAction.CASE_REOPENED}
    _write_down(case, AuditAction.CASE_CHANGED if case.status == before else done[case.status], by=by, at=at)


def withdraw(case: CaseReview, *, by: Person, at: datetime, reason: str) -> None:
    """Takes a case that was entered in error out of lists and extracts; its history stays."""
    case.withdrawn_at, case.withdrawn_reason = at, reason
    _sign(case, by=by, at=at, reason=reason)
    _write_down(case, AuditAction.CASE_WITHDRAWN, by=by, at=at)


def bring_back(case: CaseReview, *, by: Person, at: datetime, reason: str) -> None:
    """Makes a withdrawn case count again."""
    case.withdrawn_at = case.withdrawn_reason = None
    _sign(case, by=by, at=at, reason=reason)
    _write_down(case, AuditAction.CASE_BROUGHT_BACK, by=by, at=at)


def allocate(case: CaseReview, to: UUID, *, by: Person, at: datetime, reason: str) -> None:
    """Gives a case of a CCG that was split to one of those that took over."""
    case.allocated_to_id = to
    _sign(case, by=by, at=at, reason=reason)
    _write_down(case, AuditAction.CASE_CHANGED, by=by, at=at, details=reason)


def is_token(token: str) -> bool:
    """Whether a text has the shape of a one-time form token."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,100}", token) is not None


def use_token(session: Session, token: str, *, by: Person, at: datetime, case_id: UUID) -> None:
    """Spends a one-time form token. Raises TokenAlreadyUsed where it has been spent."""
    spent_on = case_saved_with(session, token)
    if spent_on is not None:
        raise TokenAlreadyUsed(spent_on)
    session.add(UsedFormToken(token_hash=_hash_of(token), person_id=by.id, used_at=at, case_id=case_id))


def case_saved_with(session: Session, token: str) -> UUID | None:
    """The case that a one-time form token has saved, or None while it can be used."""
    return session.scalar(select(UsedFormToken.case_id).where(UsedFormToken.token_hash == _hash_of(token)))


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def unused_references(session: Session, number: int, besides: Container[str] = ()) -> list[str]:
    """References that no case in sight has, and that are not among `besides`.

    One that another CCG has is refused by the unique key: one in 78,000 at a million cases, and saving again draws
    another.
    """
    found: set[str] = set()
    while len(found) < number:
        drawn = {one for one in (new_reference() for _ in range(number - len(found))) if one not in besides}
        found |= drawn - set(session.scalars(select(CaseReview.reference).where(CaseReview.reference.in_(drawn))))
    return sorted(found)


def _apply(case: CaseReview, values: Mapping[str, Any], source: CaseReview | None) -> None:
    for column, value in _columns_of(values, source).items():
        setattr(case, column, value)


def _columns_of(values: Mapping[str, Any], source: CaseReview | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items_of(CaseReview):
        if not item.in_form or item.name not in values:
            continue
        if item.kind is Kind.CASE:
            found["converted_from_id"] = source.id if source else None
            found["converted_from_ccg_id"] = source.ccg_id if source else None
        else:
            found[item.column] = _stored(values[item.name], nullable=_is_nullable(item.column))
    return found


def _stored(value: Any, *, nullable: bool) -> Any:
    return None if value == "" and nullable else value


@cache
def _is_nullable(column: str) -> bool:
    return bool(inspect(CaseReview).columns[column].nullable)


def _sign(case: CaseReview, *, by: Person, at: datetime, reason: str | None) -> None:
    for column, value in _signature(by=by.id, at=at, reason=reason).items():
        setattr(case, column, value)


def _signature(*, by: UUID, at: datetime, reason: str | None) -> dict[str, Any]:
    """Every save says who, when and why; a fresh change id tells the history that the service made it."""
    return {"changed_at": at, "changed_by_id": by, "change_reason": reason, "change_id": uuid4()}


def _write_down(case: CaseReview, action: AuditAction, *, by: Person, at: datetime, details: str = "") -> None:
    session = object_session(case)
    if session is None:
        raise RuntimeError("A case is changed in a session, so that the change and its event are saved together.")
    audit.write(session, action, by=by.id, at=at, about=audit.CASE, about_id=case.id, details=details)
