"""Carrying a redaction out: in one transaction the words go from the case, its versions, drafts, answers and extracts.

What takes long, reading every kept extract and packing those that hold the words anew, is done before that transaction.
If an extract was drawn meanwhile, all of it is done again; one that is being drawn is refused when it comes to be kept.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access import audit, clock
from app.access.organisations import read_organisations
from app.access.row_scope import every_organisation
from app.cases.drafts import erase_files_for
from app.database import forget_old_words, forget_the_log, lock_extracts, strike_out
from app.extracts import keeping
from app.extracts.redacted import ANSWER, without_words
from app.rules.words import count_of
from models import CaseReview, Extract, Person, Redaction
from models.enumerations import AuditAction, RedactionState

from .places import Striking, answers_of, drafts_of, label_of, texts_of, versions_of
from .requests import CannotDecide, close

ATTEMPTS = 3
REASON = "Words struck out"
Packages = dict[UUID, IO[bytes] | None]


class _DrawnMeanwhile(Exception):
    """An extract was drawn that has not been looked through."""


def approve(redaction_id: UUID, *, by: Person) -> str:
    """Approves a request of somebody else and carries it out, wherever the words stand. Says where that was.

    Raises CannotDecide with a sentence: decided already, one's own, or an extract whose kept bytes are damaged.
    """
    for _ in range(ATTEMPTS):
        with ExitStack() as files, every_organisation("redaction", by.id) as session:
            redaction = session.get(Redaction, redaction_id)
            if redaction is None or redaction.state is not RedactionState.ASKED or redaction.words is None:
                raise CannotDecide("This request has been decided already")
            if redaction.asked_by_id == by.id:
                raise CannotDecide("You asked for this. Somebody else decides")
            at = clock.now()
            striking = Striking(redaction.words, redaction.case.reference, clock.day_of(at))
            packages = _packed_anew(session, redaction, striking, files, at)
            session.rollback()
            try:
                found = _carry_out(session, redaction_id, striking, packages, by=by.id, at=at)
            except _DrawnMeanwhile:
                continue
            forget_the_log(session)
            return found
    raise CannotDecide("Extracts are being drawn just now. Try again in a minute")


def _packed_anew(
    session: Session, redaction: Redaction, striking: Striking, files: ExitStack, at: datetime
) -> Packages:
    """Every extract, with its package as it is to be kept, or None where the words are not in it."""
    packages: Packages = {}
    for extract in session.scalars(select(Extract).order_by(Extract.drawn_at, Extract.id)).all():
        try:
            file = files.enter_context(keeping.verified(session, extract))
        except keeping.Damaged as problem:
            raise CannotDecide(f"{problem} Tell NHS Digital: nothing was struck out") from None
        packages[extract.id] = without_words(file, extract, redaction.case.reference, striking.out_of, at=at)
        if (packed := packages[extract.id]) is not None:
            files.enter_context(packed)
        file.close()
    return packages


def _carry_out(
    session: Session, redaction_id: UUID, striking: Striking, packages: Packages, *, by: UUID, at: datetime
) -> str:
    close(session, redaction_id, RedactionState.STRIKING, by=by, at=at)
    lock_extracts(session)
    if set(session.scalars(select(Extract.id))) != packages.keys():
        session.rollback()
        raise _DrawnMeanwhile
    redaction = session.get_one(Redaction, redaction_id)
    case = session.get_one(CaseReview, redaction.case_id, with_for_update=True)
    found = [
        count_of(_strike_versions(session, redaction, case, striking), "earlier version"),
        *(label_of(column) for column in _strike_case(session, case, striking, at)),
        *_strike_others(session, redaction, case, striking),
    ]
    touched = [(extract_id, file) for extract_id, file in packages.items() if file is not None]
    for extract_id, file in touched:
        keeping.replace_bytes(session, session.get_one(Extract, extract_id), redaction, file, at=at)
    found.append(count_of(len(touched), "extract"))
    said = ", ".join(one for one in found if not one.startswith("0 "))
    session.execute(
        update(Redaction)
        .where(Redaction.id == redaction_id)
        .values(state=RedactionState.APPROVED, words=None, found=said)
    )
    audit.write(session, AuditAction.REDACTION_APPROVED, by=by, at=at, about=audit.CASE, about_id=case.id, details=said)
    session.flush()
    forget_old_words(session)
    session.commit()
    return said


def _strike_versions(session: Session, redaction: Redaction, case: CaseReview, striking: Striking) -> int:
    """How many versions had the words."""
    changed = 0
    for version in versions_of(session, case):
        had = False
        for column, text in texts_of(version):
            struck = striking.out_of(column, text)
            if struck != text:
                had = True
                strike_out(session, redaction, "version", version.number, column, struck, striking.mark_in(column))
        changed += had
        session.expunge(version)
    return changed


def _strike_case(session: Session, case: CaseReview, striking: Striking, at: datetime) -> list[str]:
    """The columns that had the words. What is left is a new version, so that nobody saves an older one over it."""
    changed = striking.out_of_case(case)
    if changed:
        for column, text in changed.items():
            setattr(case, column, text)
        case.changed_at, case.change_reason = at, REASON
        session.flush()
    return list(changed)


def _strike_others(session: Session, redaction: Redaction, case: CaseReview, striking: Striking) -> list[str]:
    """How many drafts and answers had the words, in words."""
    drafts = answers = 0
    for draft in drafts_of(session, case):
        fields = {name: [striking.out_of(name, value) for value in values] for name, values in draft.fields.items()}
        if fields != draft.fields:
            draft.fields, drafts = fields, drafts + 1
    session.flush()
    for answer in answers_of(session, case):
        struck = striking.out_of(ANSWER, answer.note)
        if struck != answer.note:
            strike_out(session, redaction, "answer", answer.id, "note", struck, striking.mark_in(ANSWER))
            answers += 1
    files = erase_files_for(session, _lines_of(session, case))
    return [
        count_of(drafts, "draft"),
        count_of(answers, "answer to a query", "answers to queries"),
        count_of(files, "file to be imported", "files to be imported"),
    ]


def _lines_of(session: Session, case: CaseReview) -> list[UUID]:
    """The CCGs of a case with those before and after: under any of them somebody may have given a file that has it."""
    known, today = read_organisations(session, clock.today()), clock.today()
    return [
        place.id
        for place in known.case_holders()
        if known.same_line(place.id, case.ccg_id, today) or known.same_line(place.id, case.held_by_id, today)
    ]
