"""Verbs: give a file, check its lines, apply the good ones. Long work is a row that one worker claims at a time.

A worker that dies is noticed by its silence, and its work can be begun again: nothing of it was saved. Two that work on
the same import cannot both finish, because each ends only what still carries its claim.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import PureWindowsPath
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit, clock
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.cases import writing
from app.imports.texts import NotUsable
from app.rules.words import count_of
from models import CaseImport, ImportPart, Person, StagedCase
from models.enumerations import AuditAction, ImportState, LineOutcome

from .judging import Judge, read_all
from .known import cases_called, known_cases
from .reading import Reader, open_file

log = logging.getLogger(__name__)
REASON = "Imported from a file"
PIECE = 1024 * 1024
AT_ONCE = 500
SILENT_FOR = timedelta(minutes=2)
MOST_IMPORTS = 5
CHANGED_MEANWHILE = "Somebody has changed this case since the file was read. Import the line again"
RECORDED_MEANWHILE = "Somebody has recorded this case since the file was read. Import the line again"
SAVED_AT_THE_SAME_MOMENT = "Somebody saved at the same moment, so nothing was saved here. Try again"


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

    Of more than MOST_IMPORTS of one person the oldest goes. Raises NotUsable where its first line names no columns.
    """
    there: CaseImport | None = session.scalar(
        select(CaseImport).where(CaseImport.person_id == by.person_id, CaseImport.form_token == form_token)
    )
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
    session.flush()
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
    found: CaseImport | None = session.scalar(
        select(CaseImport)
        .where(CaseImport.id == import_id, CaseImport.person_id == by)
        .execution_options(populate_existing=True)
    )
    return found


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


def count_warned(session: Session, one: CaseImport) -> int:
    """How many lines that would be saved look as if they identified somebody."""
    good = (LineOutcome.NEW, LineOutcome.CHANGED)
    chosen = select(func.count()).where(
        StagedCase.import_id == one.id, StagedCase.outcome.in_(good), StagedCase.has_warnings
    )
    return session.scalar(chosen) or 0


# The work


def claim(session: Session, one: CaseImport, *, to: ImportState, at: datetime) -> str:
    """Takes an import over to check or apply it, and commits. "" where somebody else is at it, or it is done.

    `to` is CHECKING or APPLYING. Work whose worker has been silent is taken over.
    """
    before = {ImportState.CHECKING: ImportState.GIVEN, ImportState.APPLYING: ImportState.CHECKED}[to]
    word = uuid4().hex
    taken = session.execute(
        update(CaseImport)
        .where(
            CaseImport.id == one.id,
            (CaseImport.state == before) | ((CaseImport.state == to) & (CaseImport.alive_at < at - SILENT_FOR)),
        )
        .values(state=to, claim=word, alive_at=at, lines_done=0, why=""),
        execution_options={"synchronize_session": False},
    )
    session.commit()
    return word if taken.rowcount == 1 else ""  # type: ignore[attr-defined]


def check_lines(import_id: UUID, word: str, *, access: Access, lookups: Lookups, at: datetime) -> None:
    """Reads a file that was claimed and stages its lines. A file that turns out to be none is refused, with why."""
    with beside_the_request(access.scope, access.person_id, REASON) as session:
        try:
            one = session.get_one(CaseImport, import_id)
            ccg_id = one.ccg_id
            with _file_of(session, import_id) as file:
                opened = open_file(file)
                judge = _judge(session, one, access, lookups)
                session.execute(delete(StagedCase).where(StagedCase.import_id == import_id))
                session.commit()
                done = 0
                while batch := list(islice(opened.lines, AT_ONCE)):
                    _stage(session, import_id, ccg_id, judge, batch)
                    done += len(batch)
                    _still_mine(session, import_id, word, lines_in_all=done, lines_done=done)
                    session.commit()
                    session.expunge_all()
            session.execute(delete(ImportPart).where(ImportPart.import_id == import_id))
            _still_mine(session, import_id, word, state=ImportState.CHECKED)
            session.commit()
        except NotUsable as problem:
            session.rollback()
            session.execute(delete(StagedCase).where(StagedCase.import_id == import_id))
            _still_mine(session, import_id, word, state=ImportState.REFUSED, why=str(problem)[:1000])
            session.commit()
        except _NotMine:
            session.rollback()


def _judge(session: Session, one: CaseImport, access: Access, lookups: Lookups) -> Judge:
    columns = {int(position): item for position, item in one.positions.items()}
    reader = Reader(columns, len(one.headings), lookups, access)
    return Judge(reader, known_cases(session, access, lookups), access, lookups, one.ccg_id)


def _stage(session: Session, import_id: UUID, ccg_id: UUID, judge: Judge, batch: list[tuple[int, list[str]]]) -> None:
    lines = read_all(judge, batch)
    with session.no_autoflush:
        cases = cases_called(session, set().union(*(judge.about(line) for _, _, line in lines)))
        for number, cells, line in lines:
            judged = judge.judge(number, line, cases)
            session.add(
                StagedCase(
                    import_id=import_id,
                    number=number,
                    ccg_id=ccg_id,
                    outcome=judged.outcome,
                    cells=[cell.replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in cells],
                    problems=judged.problems,
                    warnings=judged.warnings,
                    has_warnings=bool(judged.warnings),
                    case_id=judged.case.id if judged.case else None,
                    case_version=judged.case.version if judged.case else None,
                    differences=judged.differences,
                )
            )


def apply_lines(import_id: UUID, word: str, *, access: Access, lookups: Lookups, at: datetime) -> None:
    """Records and changes what the good lines say, in one transaction. What is no longer good is left to be mended."""
    with beside_the_request(access.scope, access.person_id, REASON) as session:
        try:
            _apply(session, session.get_one(CaseImport, import_id), word, access, lookups, at)
        except _NotMine:
            session.rollback()
        except (IntegrityError, StaleDataError):
            session.rollback()
            log.warning("An import of cases was not saved: somebody saved at the same moment")
            _still_mine(session, import_id, word, state=ImportState.CHECKED, why=SAVED_AT_THE_SAME_MOMENT)
            session.commit()


def _apply(session: Session, one: CaseImport, word: str, access: Access, lookups: Lookups, at: datetime) -> None:
    import_id, sha256 = one.id, one.sha256
    by = session.get_one(Person, access.person_id)
    judge = _judge(session, one, access, lookups)
    added = changed = last = 0
    while batch := session.scalars(
        select(StagedCase)
        .where(
            StagedCase.import_id == import_id,
            StagedCase.outcome.in_((LineOutcome.NEW, LineOutcome.CHANGED)),
            StagedCase.number > last,
        )
        .order_by(StagedCase.number)
        .limit(AT_ONCE)
    ).all():
        last = batch[-1].number
        one_more, others = _apply_batch(session, judge, list(batch), by, lookups, at)
        added, changed = added + one_more, changed + others
        session.flush()
        session.expunge_all()
    done = f"{count_of(added, 'case')} added, {changed} changed, from a file with SHA-256 {sha256}"
    audit.write(
        session, AuditAction.CASES_IMPORTED, by=access.person_id, at=at, about="case_import", about_id=import_id,
        details=done,
    )  # fmt: skip
    _still_mine(session, import_id, word, state=ImportState.APPLIED, applied_at=at, added=added, changed=changed)
    session.commit()


def _apply_batch(
    session: Session, judge: Judge, batch: list[StagedCase], by: Person, lookups: Lookups, at: datetime
) -> tuple[int, int]:
    added = changed = 0
    lines = [(staged, judge.reader.read(staged.cells)) for staged in batch]
    references = iter(writing.unused_references(session, len(batch)))
    with session.no_autoflush:
        cases = cases_called(session, set().union(*(judge.about(line) for _, line in lines)))
        for staged, line in lines:
            judged = judge.judge(staged.number, line, cases)
            problems = judged.problems or _no_longer(staged, judged.outcome, judged.case)
            if problems:
                staged.outcome, staged.problems = LineOutcome.WRONG, problems
                continue
            more: dict[str, Any] = {
                "by": by,
                "at": at,
                "today": lookups.today,
                "source": judged.checked.converted_from if judged.checked else None,
                "reason": REASON,
            }
            if judged.case is None:
                case = writing.record(session, judged.values, reference=next(references), **more)
                judge.known.note(case.ccg_id, judged.values, case.id, case.reference)
                added += 1
            else:
                writing.change(judged.case, judged.values, **more)
                changed += 1
    return added, changed


def _no_longer(staged: StagedCase, outcome: LineOutcome, case: Any) -> dict[str, list[str]]:
    """Why a line that was good is not: the case has been changed, or recorded, by somebody else meanwhile."""
    if staged.outcome is LineOutcome.NEW and case is not None:
        return {"": [RECORDED_MEANWHILE]}
    if staged.outcome is LineOutcome.CHANGED and (case is None or case.version != staged.case_version):
        return {"": [CHANGED_MEANWHILE]}
    return {} if outcome in (LineOutcome.NEW, LineOutcome.CHANGED) else {"": [CHANGED_MEANWHILE]}


class _NotMine(Exception):
    """Somebody else has taken the work over, or thrown the import away."""


def _still_mine(session: Session, import_id: UUID, word: str, **values: Any) -> None:
    """Notes something about an import, as long as it carries the claim. Raises _NotMine."""
    noted = session.execute(
        update(CaseImport)
        .where(CaseImport.id == import_id, CaseImport.claim == word)
        .values(alive_at=clock.now(), **values),
        execution_options={"synchronize_session": False},
    )
    if noted.rowcount != 1:  # type: ignore[attr-defined]
        raise _NotMine


@contextmanager
def _file_of(session: Session, import_id: UUID) -> Iterator[BinaryIO]:
    """The file as it was given, from its pieces."""
    with tempfile.TemporaryFile() as file:
        pieces = select(ImportPart.data).where(ImportPart.import_id == import_id).order_by(ImportPart.number)
        for piece in session.scalars(pieces.execution_options(yield_per=1)):
            file.write(piece)
        file.seek(0)
        yield file
