"""The quarterly extract: drawn as at a cut-off and frozen.

How it is made certain that a transaction which was open across the cut-off cannot change the answer afterwards: an
extract is drawn at least five minutes after its cut-off, and only when every transaction that was writing then has
ended (`app.database.wait_for_writers`). A version's moment is taken while its writer holds what is waited for, so none
of an earlier moment can come later. All is then read in one transaction, which sees the database as it was at its
beginning. The record and the bytes are written in one other; a process that dies before leaves nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import clock
from app.access.lookups import Lookups, lists_known_at
from app.access.row_scope import every_organisation
from app.database import WritersBusy, begin_consistent_read, lock_extracts, wait_for_writers
from app.rules.quarters import Quarter, quarter_named
from app.watching import metrics
from models import Extract, Person, QuarterConfirmation, Redaction
from models.enumerations import AuditAction, RedactionState

from . import control_totals, package, schema
from .cases_file import write_cases
from .control_totals import Area, ControlTotals, DoNotAddUp
from .keeping import Damaged, latest_signed_off, note, store_parts, verified
from .package import IN_MEMORY, About, csv_file
from .schema import CASES, QUALITY, TOTALS

AT_LEAST = timedelta(minutes=5)
JUST_BEFORE = timedelta(microseconds=1)
ATTEMPTS = 3
# What an extract says of where its walk begins.
NOTHING_SIGNED_OFF = "the end of the quarter before, of which no extract was signed off"
ENDS_LATER = "the end of the quarter before, whose signed-off extract ends later than this one"


class CannotDraw(Exception):
    """An extract is not drawn; the words say why, to the person who asked for it. `about` is what is to be changed."""

    def __init__(self, why: str, about: str = "") -> None:
        super().__init__(why)
        self.about = about


@dataclass(frozen=True)
class _Opening:
    """Where the walk begins. `sent` are the closing numbers of the extract that is its opening, by area."""

    cut_off: datetime
    words: str
    extract: Extract | None
    sent: dict[Area, list[int]]


def why_not(quarter: Quarter, cut_off: datetime, now: datetime) -> str:
    """Why a quarter cannot be drawn as at a cut-off; "" where it can."""
    if cut_off < quarter.begins:
        return f"The cut-off is before {quarter.name} begins"
    if cut_off > now - AT_LEAST:
        return (
            "The cut-off must be at least five minutes past"
            if cut_off <= now or cut_off != quarter.ends
            else f"{quarter.name} has not ended yet"
        )
    return ""


def check(session: Session, quarter: Quarter, *, cut_off: datetime | None, reason: str, form_token: str) -> None:
    """Raises CannotDraw where it can be told before anything is read that an extract will not be drawn."""
    cut_off = cut_off or quarter.ends
    if problem := why_not(quarter, cut_off, clock.now()):
        raise CannotDraw(problem, "cut_off" if cut_off != quarter.ends else "quarter")
    _drawn_before(session, quarter, reason, _token_of(quarter, cut_off, reason, form_token))


def _token_of(quarter: Quarter, cut_off: datetime, reason: str, form_token: str) -> str | None:
    """What tells one press of the button from another, where there was one.

    Of what was asked for as well: who goes back to the form and chooses another quarter is given that one.
    """
    asked_for = "\n".join((form_token, quarter.name, cut_off.isoformat(), reason.strip()))
    return hashlib.sha256(asked_for.encode()).hexdigest() if form_token else None


def draw(
    quarter: Quarter,
    *,
    by: Person,
    reason: str = "",
    cut_off: datetime | None = None,
    form_token: str = "",
    progress: Callable[[int], None] = lambda done: None,
) -> Extract:
    """Draws the extract of a quarter and keeps it. Gives the record, loaded and apart from any session.

    `cut_off` is the first moment that it does not know of, aware of its zone; left out, the end of the quarter. With a
    one-time `form_token`, a second press of the button that asks for the same gives what the first has drawn.
    `progress` is told now and then how many cases have been written. Raises CannotDraw with a sentence: too early, a
    reason missing for a quarter that was drawn before, control totals that do not add up, an opening whose bytes are
    others, or savers that do not end.
    """
    cut_off = cut_off or quarter.ends
    if problem := why_not(quarter, cut_off, clock.now()):
        raise CannotDraw(problem, "cut_off" if cut_off != quarter.ends else "quarter")
    drawn_with = _token_of(quarter, cut_off, reason, form_token)
    with (
        ExitStack() as files,
        every_organisation(f"extract {quarter.name}", by.id) as session,
        metrics.work("extract"),
    ):
        _, twin = _drawn_before(session, quarter, reason, drawn_with)
        if twin is not None:
            return twin
        _wait(session, cut_off)
        begin_consistent_read(session)
        redactions = _redactions(session)
        packing = files.enter_context(package.Packing())
        lists = lists_known_at(session, cut_off - JUST_BEFORE)
        found = files.enter_context(csv_file())[0]
        rows = _write_cases(session, quarter, cut_off, lists, packing, found, progress)
        opening = _opening_of(session, quarter, cut_off)
        try:
            totals = _walk(session, opening, cut_off, lists)
        except DoNotAddUp as problem:
            raise CannotDraw(f"The control totals do not add up. {problem}") from None
        if totals.walks[control_totals.ENGLAND[:2]]["All cases"].closing != rows:
            raise CannotDraw(f"The control totals do not add up. The file has {rows} cases, the totals another number")
        counted, text = files.enter_context(csv_file())
        totals.write(text)
        packing.add(TOTALS, counted)
        packing.add(QUALITY, found)
        session.rollback()
        facts: dict[str, Any] = {
            "quarter": quarter.name,
            "cut_off": cut_off,
            "opening_cut_off": opening.cut_off,
            "opening_id": opening.extract.id if opening.extract else None,
            "drawn_by_id": by.id,
            "schema_version": schema.schema_version(),
            "rows": rows,
            "drawn_with": drawn_with,
        }
        return _keep(
            session,
            facts,
            packing,
            opening.words,
            by,
            reason,
            lists,
            redactions,
        )


def _wait(session: Session, cut_off: datetime) -> None:
    """Until all that was being written at the cut-off is there to be seen, by the database's own clock."""
    try:
        now = wait_for_writers(session)
    except WritersBusy:
        raise CannotDraw("Somebody is saving and has not finished. Try again in a minute") from None
    if cut_off > now - AT_LEAST:
        raise CannotDraw("The cut-off must be at least five minutes past, by the clock of the database")


def _write_cases(
    session: Session,
    quarter: Quarter,
    cut_off: datetime,
    lists: Lookups,
    packing: package.Packing,
    found: IO[bytes],
    progress: Callable[[int], None],
) -> int:
    """Packs the cases, and writes what is found about them; gives how many cases there are."""
    with packing.member(CASES) as cases:
        return write_cases(session, cut_off - JUST_BEFORE, lists, quarter.begins, cases, found.write, progress)


def _opening_of(session: Session, quarter: Quarter, cut_off: datetime) -> _Opening:
    before = latest_signed_off(session, quarter.previous)
    if before is None or before.cut_off > cut_off:
        words = NOTHING_SIGNED_OFF if before is None else ENDS_LATER
        return _Opening(min(quarter.begins, cut_off), words, None, {})
    try:
        with verified(session, before) as file:
            sent = {(row[0], row[1]): _closing_of(row) for row in list(package.rows_of(file, TOTALS))[1:]}
    except Damaged as problem:
        raise CannotDraw(f"It cannot begin where the extract before ended. {problem}") from None
    return _Opening(before.cut_off, f"{before.quarter} number {before.number}, signed off", before, sent)


def _closing_of(row: list[str]) -> list[int]:
    by_heading = dict(zip(control_totals.headings(), row, strict=True))
    return [int(by_heading[f"{measure}: closing"]) for measure in control_totals.MEASURES]


def _walk(session: Session, opening: _Opening, cut_off: datetime, lists: Lookups) -> ControlTotals:
    begins = opening.cut_off - JUST_BEFORE
    return control_totals.walked(
        session, begins, cut_off - JUST_BEFORE, lists_known_at(session, begins), lists, opening.sent
    )


def _keep(
    session: Session,
    facts: dict[str, Any],
    packing: package.Packing,
    opening: str,
    by: Person,
    reason: str,
    lists: Lookups,
    redactions: int,
) -> Extract:
    """Packs the files under the next number and writes record and bytes in one transaction."""
    quarter = quarter_named(facts["quarter"])
    facts["cases_sha256"] = packing.known[CASES][1]
    for _ in range(ATTEMPTS):
        before, twin = _drawn_before(session, quarter, reason, facts["drawn_with"])
        if twin is not None:
            return twin
        number = before + 1
        confirmed, ccgs = confirmed_of(session, quarter, lists)
        session.rollback()
        extract = Extract(**facts, number=number, reason=reason.strip() if number > 1 else "")
        extract.drawn_at = clock.now()
        about = About(
            quarter=quarter,
            number=number,
            cut_off=extract.cut_off,
            opening_cut_off=extract.opening_cut_off,
            opening=opening,
            drawn_at=extract.drawn_at,
            drawn_by=by.name,
            reason=extract.reason,
            rows=extract.rows,
            confirmed=confirmed,
            ccgs=ccgs,
        )
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            package.write_package(file, packing, about, lists)
            extract.size, extract.sha256 = package.digest_of(file)
            try:
                _store(session, extract, file, by, redactions)
            except IntegrityError:  # Somebody, or the same button, has drawn the quarter at the same time.
                session.rollback()
                continue
        return _apart(session, extract)
    raise CannotDraw("Others are drawing this quarter at the same time. Try again in a minute")


def _drawn_before(
    session: Session, quarter: Quarter, reason: str, drawn_with: str | None
) -> tuple[int, Extract | None]:
    """The highest number of a quarter so far, and what the same press of the button has drawn, if it has.

    Raises CannotDraw where others have drawn it, and there is no reason to draw it again.
    """
    # In this order: whoever sees the number of the first press sees its extract too.
    number = session.scalar(select(func.max(Extract.number)).where(Extract.quarter == quarter.name)) or 0
    twin = session.scalar(select(Extract).where(Extract.drawn_with == drawn_with)) if drawn_with else None
    if twin is not None:
        return number, _apart(session, twin)
    if number and not reason.strip():
        raise CannotDraw(f"{quarter.name} was drawn before. Enter why it is drawn again", "reason")
    return number, None


def _apart(session: Session, extract: Extract) -> Extract:
    session.refresh(extract)
    session.expunge(extract)
    return extract


def _store(session: Session, extract: Extract, file: IO[bytes], by: Person, redactions: int) -> None:
    session.add(extract)
    session.flush()
    lock_extracts(session)
    if _redactions(session) != redactions:
        raise CannotDraw("Words were struck out of a case while the extract was drawn. Draw it again")
    note(session, AuditAction.EXTRACT_DRAWN, extract, by=by, details=f"; {extract.rows} cases")
    store_parts(session, extract.id, file)
    session.commit()


def _redactions(session: Session) -> int:
    """How many redactions have been carried out."""
    approved = Redaction.state == RedactionState.APPROVED
    return session.scalar(select(func.count()).select_from(Redaction).where(approved)) or 0


def confirmed_of(session: Session, quarter: Quarter, lists: Lookups) -> tuple[int, int]:
    """How many of the CCGs in force have confirmed a quarter, and how many there are."""
    in_force = {ccg.id for ccg in lists.organisations.case_holders() if ccg.is_open_on(lists.today)}
    confirmed = session.scalars(
        select(QuarterConfirmation.ccg_id).where(QuarterConfirmation.quarter == quarter.name).distinct()
    )
    return len(in_force & set(confirmed)), len(in_force)
