"""Asking for words to be struck out, and deciding: one person asks, another decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access import audit
from app.access.row_scope import every_organisation
from app.rules import redaction as rules
from models import CaseReview, Person, Redaction
from models.enumerations import AuditAction, RedactionState


class CannotDecide(Exception):
    """A request is not decided; the words say why."""


def problems_with(words: str, reason: str) -> dict[str, str]:
    """What is wrong with a request, by field of its form. `words` are tidied."""
    problems: dict[str, str] = {}
    if problem := rules.why_not(words):
        problems["words"] = problem
    elif rules.pattern_of(words).search(reason):
        problems["reason"] = "Reason must not repeat the words: it is kept"
    return problems


def ask(session: Session, case: CaseReview, words: str, reason: str, *, by: Person, at: datetime) -> Redaction:
    """Asks for words to be struck out of a case. A second request for the same words gives the first.

    The caller commits.
    """
    waiting = select(Redaction).where(Redaction.case_id == case.id, Redaction.state == RedactionState.ASKED)
    for redaction in session.scalars(waiting):
        if redaction.words == words and redaction.asked_by_id == by.id:
            return redaction
    redaction = Redaction(
        id=uuid4(), ccg_id=case.ccg_id, case_id=case.id, words=words, reason=reason, asked_at=at, asked_by_id=by.id
    )
    session.add(redaction)
    audit.write(session, AuditAction.REDACTION_ASKED, by=by.id, at=at, about=audit.CASE, about_id=case.id)
    session.flush()
    return redaction


def refuse(redaction: Redaction, *, by: Person, at: datetime) -> None:
    """Refuses what somebody else has asked for, or takes back one's own, and commits.

    Who calls has found the request in their scope; an analyst, who decides too, writes in none. Raises CannotDecide
    where it was decided already.
    """
    redaction_id, case_id, own = redaction.id, redaction.case_id, redaction.asked_by_id == by.id
    with every_organisation("redaction", by.id) as session:
        state = RedactionState.TAKEN_BACK if own else RedactionState.REFUSED
        close(session, redaction_id, state, by=by.id, at=at, words=None)
        details = "Taken back" if own else ""
        audit.write(
            session,
            AuditAction.REDACTION_REFUSED,
            by=by.id,
            at=at,
            about=audit.CASE,
            about_id=case_id,
            details=details,
        )
        session.commit()


def close(
    session: Session, redaction_id: UUID, state: RedactionState, *, by: UUID, at: datetime, **values: object
) -> None:
    """Takes a request out of those that wait. Of two people who decide at the same time, the second is told."""
    waits = (Redaction.id == redaction_id) & (Redaction.state == RedactionState.ASKED)
    changed = session.execute(
        update(Redaction).where(waits).values(state=state, decided_by_id=by, decided_at=at, **values)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise CannotDecide("This request has been decided already")
