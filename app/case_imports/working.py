"""Verbs: give a file, claim it, check its lines (`applying.py` saves the good ones).

Long work is a row that one worker claims at a time. A worker that dies is noticed by its silence, and its work can be
begun again: nothing of it was saved. Two that work on the same import cannot both finish, because each ends only what
still carries its claim.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import PureWindowsPath
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import long_work
from app.access.adding import add_rows
from app.access.long_work import NotMine
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.imports.texts import NotUsable
from models import CaseImport, ImportPart, StagedCase
from models.enumerations import ImportState, LineOutcome

from .judging import Judge, Judged, read_all
from .known import cases_called, known_cases
from .reading import Reader, open_file

REASON = "Imported from a file"
PIECE = 1024 * 1024
AT_ONCE = 500
MOST_IMPORTS = 5
FORM_IS_SPENT = "This form was used before. Choose the file again"


def give(
    session: Session,
    file: BinaryIO,
    name: str,
    *,
    ccg_id: UUID,
    form_token: str,
    by: Access,
    at: datetime,
) -> CaseImport:
    """Keeps a file so that its lines can be checked, and commits. A second press gives what the first has given.

    Of more than MOST_IMPORTS of one person the oldest goes. Raises NotUsable where its first line names no columns, and
    where somebody else has sent the same form.
    """
    own = select(CaseImport).where(CaseImport.person_id == by.person_id, CaseImport.form_token == form_token)
    there = session.scalars(own).first()
    if there is not None:
        return there
    opened = open_file(file)  # what is no file of cases is refused here
    for old in of_person(session, by=by.person_id)[MOST_IMPORTS - 1 :]:
        throw_away(session, old)
    given = CaseImport(
        id=uuid4(),
        ccg_id=ccg_id,
        person_id=by.person_id,
        file_name=("".join(c for c in PureWindowsPath(name).name if c.isprintable()).strip() or "Without a name")[:100],
        sha256="",
        form_token=form_token,
        headings=opened.headings,
        positions={str(position): item for position, item in opened.matched.items.items()},
        given_at=at,
        alive_at=at,
    )
    digest = hashlib.sha256()
    file.seek(0)
    session.add(given)
    try:
        session.flush()
    except IntegrityError:  # the same form was sent at the same moment, or is not this person's
        session.rollback()
        there = session.scalars(own).first()
        if there is not None:
            return there
        raise NotUsable(FORM_IS_SPENT) from None
    for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
        digest.update(piece)
        session.add(ImportPart(import_id=given.id, number=number, data=piece, ccg_id=ccg_id))
        session.flush()
    given.sha256 = digest.hexdigest()
    session.commit()
    return given


def of_person(session: Session, *, by: UUID) -> list[CaseImport]:
    """A person's imports, the newest first."""
    return list(
        session.scalars(
            select(CaseImport).where(CaseImport.person_id == by).order_by(CaseImport.given_at.desc(), CaseImport.id)
        )
    )


def find(session: Session, import_id: UUID, *, by: UUID) -> CaseImport | None:
    """A person's own import. Somebody else's is like one that never was."""
    return long_work.find_own(session, CaseImport, import_id, by=by)


def throw_away(session: Session, one: CaseImport) -> None:
    """Erases a file and all its lines. The caller commits."""
    session.execute(delete(StagedCase).where(StagedCase.import_id == one.id))
    session.execute(delete(ImportPart).where(ImportPart.import_id == one.id))
    session.delete(one)
    session.flush()


def counts(session: Session, one: CaseImport) -> dict[LineOutcome, int]:
    """How many lines would do what."""
    found = session.execute(
        select(StagedCase.outcome, func.count()).where(StagedCase.import_id == one.id).group_by(StagedCase.outcome)
    )
    by_outcome: dict[LineOutcome, int] = {outcome: int(number) for outcome, number in found}
    return {outcome: by_outcome.get(outcome, 0) for outcome in LineOutcome}


def warned_lines(session: Session, one: CaseImport) -> list[int]:
    """The lines that would be saved and look as if they identified somebody."""
    good = (LineOutcome.NEW, LineOutcome.CHANGED)
    chosen = select(StagedCase.number).where(
        StagedCase.import_id == one.id, StagedCase.outcome.in_(good), StagedCase.has_warnings
    )
    return list(session.scalars(chosen.order_by(StagedCase.number)))


# The work


def claim(session: Session, one: CaseImport, *, to: ImportState, at: datetime) -> str:
    """Takes an import over to check or apply it, and commits. "" where somebody else is at it, or it is done.

    `to` is CHECKING or APPLYING. Work whose worker has been silent is taken over.
    """
    ready = {ImportState.CHECKING: ImportState.GIVEN, ImportState.APPLYING: ImportState.CHECKED}[to]
    return long_work.claim(session, CaseImport, one.id, ready=ready, to=to, at=at, lines_done=0)


def still_mine(session: Session, import_id: UUID, word: str, **values: Any) -> None:
    """Notes something about an import, as long as it carries the claim. Raises NotMine."""
    long_work.still_mine(session, CaseImport, import_id, word, **values)


def check_lines(import_id: UUID, word: str, *, access: Access, lookups: Lookups, at: datetime) -> None:
    """Reads a file that was claimed and stages its lines. A file that turns out to be none is refused, with why."""
    with beside_the_request(access.scope, access.person_id, REASON) as session:
        try:
            one = session.get_one(CaseImport, import_id)
            ccg_id = one.ccg_id
            with _file_of(session, import_id) as file:
                opened = open_file(file)
                judge = judge_of(session, one, access, lookups)
                session.execute(delete(StagedCase).where(StagedCase.import_id == import_id))
                session.commit()
                done = 0
                while batch := list(islice(opened.lines, AT_ONCE)):
                    _stage(session, import_id, ccg_id, judge, batch)
                    done += len(batch)
                    still_mine(session, import_id, word, lines_in_all=done, lines_done=done)
                    session.commit()
                    session.expunge_all()
            session.execute(delete(ImportPart).where(ImportPart.import_id == import_id))
            still_mine(session, import_id, word, state=ImportState.CHECKED)
            session.commit()
        except NotUsable as problem:
            session.rollback()
            session.execute(delete(StagedCase).where(StagedCase.import_id == import_id))
            still_mine(session, import_id, word, state=ImportState.REFUSED, why=str(problem)[:1000])
            session.commit()
        except NotMine:
            session.rollback()


def judge_of(session: Session, one: CaseImport, access: Access, lookups: Lookups) -> Judge:
    """What judges the lines of an import, with the cases that are there now."""
    columns = {int(position): item for position, item in one.positions.items()}
    reader = Reader(columns, len(one.headings), lookups, access)
    return Judge(reader, known_cases(session, access, lookups), access, lookups, one.ccg_id)


def _stage(session: Session, import_id: UUID, ccg_id: UUID, judge: Judge, batch: list[tuple[int, list[str]]]) -> None:
    lines = read_all(judge, batch)
    with session.no_autoflush:
        cases = cases_called(session, set().union(*(judge.about(line) for _, _, line in lines)))
        rows = [
            _staged(judge.judge(number, line, cases), number, cells) | {"import_id": import_id, "ccg_id": ccg_id}
            for number, cells, line in lines
        ]
    add_rows(session, StagedCase, rows)


def _staged(judged: Judged, number: int, cells: list[str]) -> dict[str, Any]:
    return {
        "number": number,
        "outcome": judged.outcome,
        "cells": [cell.replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in cells],
        "problems": judged.problems,
        "warnings": judged.warnings,
        "has_warnings": bool(judged.warnings),
        "case_id": judged.case.id if judged.case else None,
        "case_version": judged.case.version if judged.case else None,
        "differences": judged.differences,
    }


@contextmanager
def _file_of(session: Session, import_id: UUID) -> Iterator[BinaryIO]:
    """The file as it was given, from its pieces."""
    with tempfile.TemporaryFile() as file:
        pieces = select(ImportPart.data).where(ImportPart.import_id == import_id).order_by(ImportPart.number)
        for piece in session.scalars(pieces.execution_options(yield_per=1)):
            file.write(piece)
        file.seek(0)
        yield file
