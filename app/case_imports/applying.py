"""Saving what the good lines of a file say: in one transaction, and prepared before it begins.

On SQLite everybody else who saves waits for that transaction, and on PostgreSQL whoever draws an extract. So the lines
are read and judged again before it, and the rows of new cases are kept in a temporary file, a batch at a time; within
it what others have done meanwhile is looked at once more. Cases that change are judged and written within it.
"""

from __future__ import annotations

import logging
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import IO, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit
from app.access.long_work import NotMine
from app.access.lookups import Lookups
from app.access.people import Access
from app.access.row_scope import beside_the_request
from app.cases import writing
from app.database import begin_to_write_much, is_postgresql
from app.rules.case_rules import Problems
from app.rules.words import count_of
from app.watching.failures import what_failed
from models import CaseImport, Person, StagedCase
from models.enumerations import AuditAction, ImportState, LineOutcome

from .judging import Judge, Judged
from .known import KnownCases, cases_called
from .working import AT_ONCE, REASON, judge_of, still_mine

log = logging.getLogger(__name__)
CHANGED_MEANWHILE = "Somebody has changed this case since the file was read. Import the line again"
RECORDED_MEANWHILE = "Somebody has recorded this case since the file was read. Import the line again"
SAVED_AT_THE_SAME_MOMENT = "Somebody saved at the same moment, so nothing was saved here. Try again"

Row = dict[str, Any]


class _Applying:
    """The saving of one import by the worker who has claimed it."""

    def __init__(
        self, session: Session, import_id: UUID, word: str, access: Access, lookups: Lookups, at: datetime
    ) -> None:
        self.session, self.import_id, self.word = session, import_id, word
        self.access, self.lookups, self.at = access, lookups, at
        one = session.get_one(CaseImport, import_id)
        self.sha256 = one.sha256
        self.judge: Judge = judge_of(session, one, access, lookups)
        self.wrong: dict[int, Problems] = {}
        self.added = self.changed = 0

    def prepare(self, kept: IO[bytes]) -> None:
        """Keeps the rows of new cases, each with the number of its line, in a file."""
        drawn: set[str] = set()
        for lines in self._batches(LineOutcome.NEW):
            references = writing.unused_references(self.session, len(lines), drawn)
            drawn.update(references)
            rows = [
                (
                    number,
                    writing.row_of(
                        judged.values,
                        by=self.access.person_id,
                        at=self.at,
                        today=self.lookups.today,
                        source=judged.checked.converted_from if judged.checked else None,
                        reference=reference,
                        reason=REASON,
                    ),
                )
                for (number, judged), reference in zip(self._judged(lines, LineOutcome.NEW), references, strict=False)
            ]
            pickle.dump(rows, kept, pickle.HIGHEST_PROTOCOL)

    def save(self, kept: IO[bytes], note: Callable[[int], None]) -> None:
        """Writes everything, and commits. `note` is told now and then how many lines were written."""
        one = self.session.get_one(CaseImport, self.import_id)
        if one.claim != self.word:
            raise NotMine
        # Anew: with the cases that are there now, and without what was remembered of the lines until here.
        self.judge = judge_of(self.session, one, self.access, self.lookups)
        known = self.judge.known
        for rows in _read(kept):
            self._record(known, rows)
            note(self.added)
        by = self.session.get_one(Person, self.access.person_id)
        for lines in self._batches(LineOutcome.CHANGED):
            self._change(lines, by)
            note(self.added + self.changed)
        self._leave_to_be_mended()
        audit.write(
            self.session,
            AuditAction.CASES_IMPORTED,
            by=self.access.person_id,
            at=self.at,
            about="case_import",
            about_id=self.import_id,
            details=f"{count_of(self.added, 'case')} added, {self.changed} changed, from a file with SHA-256"
            f" {self.sha256}",
        )
        still_mine(
            self.session,
            self.import_id,
            self.word,
            state=ImportState.APPLIED,
            applied_at=self.at,
            added=self.added,
            changed=self.changed,
        )
        self.session.commit()

    def _batches(self, outcome: LineOutcome) -> Iterator[list[Any]]:
        """The lines of an outcome, a batch at a time: number, cells, and the version of the case when it was read."""
        last = 0
        while batch := self.session.execute(
            select(StagedCase.number, StagedCase.cells, StagedCase.case_version)
            .where(StagedCase.import_id == self.import_id, StagedCase.outcome == outcome, StagedCase.number > last)
            .order_by(StagedCase.number)
            .limit(AT_ONCE)
        ).all():
            last = batch[-1].number
            yield list(batch)
            self.session.expunge_all()

    def _judged(self, lines: list[Any], outcome: LineOutcome) -> list[tuple[int, Judged]]:
        """The lines of a batch that are still good, with what they would do; the others are to be mended."""
        good = []
        read = [(one, self.judge.reader.read(one.cells)) for one in lines]
        with self.session.no_autoflush:
            cases = cases_called(self.session, set().union(*(self.judge.about(line) for _, line in read)))
            for one, line in read:
                judged = self.judge.judge(one.number, line, cases)
                problems = judged.problems or _no_longer(outcome, one.case_version, judged)
                if problems:
                    self.wrong[one.number] = problems
                else:
                    good.append((one.number, judged))
        return good

    def _record(self, known: KnownCases, rows: list[tuple[int, Row]]) -> None:
        still_new = []
        for number, row in rows:
            if known.same_as(row["ccg_id"], row | {"review_type": row["review_type_id"]}):
                self.wrong[number] = {"": [RECORDED_MEANWHILE]}
            else:
                still_new.append(row)
        writing.record_rows(self.session, still_new, by=self.access.person_id, at=self.at)
        self.added += len(still_new)

    def _change(self, lines: list[Any], by: Person) -> None:
        for _, judged in self._judged(lines, LineOutcome.CHANGED):
            if judged.case is not None:
                writing.change(
                    judged.case,
                    judged.values,
                    by=by,
                    at=self.at,
                    today=self.lookups.today,
                    source=judged.checked.converted_from if judged.checked else None,
                    reason=REASON,
                )
                self.changed += 1
        self.session.flush()

    def _leave_to_be_mended(self) -> None:
        numbers = iter(sorted(self.wrong))
        while some := list(islice(numbers, AT_ONCE)):
            chosen = select(StagedCase).where(StagedCase.import_id == self.import_id, StagedCase.number.in_(some))
            for line in self.session.scalars(chosen):
                line.outcome, line.problems = LineOutcome.WRONG, self.wrong[line.number]
            self.session.flush()
            self.session.expunge_all()


def apply_lines(import_id: UUID, word: str, *, access: Access, lookups: Lookups, at: datetime) -> None:
    """Records and changes what the good lines say, in one transaction. What is no longer good is left to be mended."""
    with beside_the_request(access.scope, access.person_id, REASON) as session, tempfile.TemporaryFile() as kept:
        try:
            work = _Applying(session, import_id, word, access, lookups, at)
            work.prepare(kept)
            session.rollback()
            kept.seek(0)
            with _noting(session, import_id, word, access) as note:
                begin_to_write_much(session)
                work.save(kept, note)
        except NotMine:
            session.rollback()
        except (IntegrityError, StaleDataError) as error:
            session.rollback()
            # Mostly somebody saved at the same moment. Which constraint it was says whether it is something else.
            log.warning("An import of cases was not saved\n%s", what_failed(error))
            still_mine(session, import_id, word, state=ImportState.CHECKED, why=SAVED_AT_THE_SAME_MOMENT)
            session.commit()


@contextmanager
def _noting(session: Session, import_id: UUID, word: str, access: Access) -> Iterator[Callable[[int], None]]:
    """What notes how many lines were written, in transactions of its own beside the one that is not committed yet.

    SQLite lets one transaction write at a time, so there nothing can be noted meanwhile: the page says how many lines
    are being saved, and no more. Raises NotMine where somebody else has taken the work over.
    """
    if not is_postgresql(session):
        yield lambda lines: None
        return
    with beside_the_request(access.scope, access.person_id, REASON) as beside:

        def note(lines: int) -> None:
            still_mine(beside, import_id, word, lines_done=lines)
            beside.commit()

        yield note


def _read(kept: IO[bytes]) -> Iterator[list[tuple[int, Row]]]:
    """The batches that were kept."""
    while True:
        try:
            yield pickle.load(kept)  # noqa: S301 (a file without a name, that this worker has just written)
        except EOFError:
            return


def _no_longer(was: LineOutcome, version: int | None, judged: Judged) -> Problems:
    """Why a line that was good is not: the case has been changed, or recorded, by somebody else meanwhile."""
    if was is LineOutcome.NEW:
        return {} if judged.case is None else {"": [RECORDED_MEANWHILE]}
    if judged.outcome is not LineOutcome.CHANGED or judged.case is None or judged.case.version != version:
        return {"": [CHANGED_MEANWHILE]}
    return {}
