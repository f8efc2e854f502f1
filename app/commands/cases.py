"""Cases from a file, from the command line: shown, and saved with --apply."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import clock
from app.access.lookups import Lookups, read_codes
from app.access.organisations import read_organisations
from app.access.people import Access, access_of
from app.access.permissions import Permission
from app.access.row_scope import beside_the_request, every_organisation
from app.case_imports import jobs, working
from app.case_imports.headings import ITEMS
from app.imports.texts import NotUsable
from app.rules.words import count_of
from models import CaseImport, Person, StagedCase
from models.enumerations import ImportState, LineOutcome


@click.command("import-cases")
@click.argument("file", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "email", metavar="EMAIL", required=True, help="The safeguarding lead whose cases these are.")
@click.option("--apply", "applies", is_flag=True, help="Save the good lines. Without it they are only shown.")
@click.option("--checked", is_flag=True, help="Say that text which looks like an NHS number was checked.")
@with_appcontext
def import_cases(file: Path, *, email: str, applies: bool, checked: bool) -> None:
    """Shows what the lines of a CSV or XLSX would do, each wrong one with why, and saves the good ones with --apply.

    Works in the scope of the person that --as names, as their upload would. Ends with 1 where a line is wrong.
    """
    with every_organisation("import-cases") as session:
        access, lookups = _lead(session, email)
    with beside_the_request(access.scope, access.person_id, working.REASON) as session:
        try:
            with file.open("rb") as given:
                one = working.give(
                    session,
                    given,
                    file.name,
                    ccg_id=access.current_ccgs[0].id,
                    form_token=uuid4().hex,
                    by=access,
                    at=clock.now(),
                )
        except NotUsable as problem:
            raise click.ClickException(str(problem)) from None
        try:
            one = _done(session, one, ImportState.CHECKING, access, lookups)
            counted = _say(session, one)
            if applies:
                _refuse_warnings(session, one, checked=checked)
                one = _done(session, one, ImportState.APPLYING, access, lookups)
                click.echo(f"Saved: {count_of(one.added, 'case')} added, {one.changed} changed")
                counted = working.counts(session, one)
        finally:
            working.throw_away(session, one)
            session.commit()
    if counted[LineOutcome.WRONG]:
        raise SystemExit(1)


def _lead(session: Session, email: str) -> tuple[Access, Lookups]:
    known, today = read_organisations(session, clock.today()), clock.today()
    lookups = Lookups(known, read_codes(session), today)
    found = [
        access
        for person in session.scalars(select(Person).where(Person.is_active))
        if person.email.casefold() == email.casefold()
        and (access := access_of(person, known, today)).may(Permission.CASE_WRITE)
        and access.current_ccgs
    ]
    if len(found) != 1:
        raise click.ClickException("--as must be the e-mail address of one person who records cases.")
    return found[0], lookups


def _done(session: Session, one: CaseImport, state: ImportState, access: Access, lookups: Lookups) -> CaseImport:
    import_id = one.id
    word = working.claim(session, one, to=state, at=clock.now())
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    jobs.start(app, import_id, word, state, access=access, lookups=lookups, beside=False)
    session.rollback()
    found = working.find(session, import_id, by=access.person_id)
    if found is None or found.why:
        raise click.ClickException(found.why if found else "The file was thrown away meanwhile.")
    return found


def _say(session: Session, one: CaseImport) -> dict[LineOutcome, int]:
    wrong = select(StagedCase).where(StagedCase.import_id == one.id, StagedCase.outcome == LineOutcome.WRONG)
    for line in session.scalars(wrong.order_by(StagedCase.number)):
        for name, sentences in line.problems.items():
            for sentence in sentences:
                click.echo(f"Line {line.number}: {f'{ITEMS[name].label}: ' if name else ''}{sentence}", err=True)
    counted = working.counts(session, one)
    click.echo(", ".join(f"{outcome.label}: {number:,}" for outcome, number in counted.items()))
    return counted


def _refuse_warnings(session: Session, one: CaseImport, *, checked: bool) -> None:
    if not checked and working.warned_lines(session, one):
        raise click.ClickException("Text looks like an NHS number or a date of birth. Say --checked if it is none.")
