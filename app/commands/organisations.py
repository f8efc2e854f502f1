"""The lists of the Organisation Data Service, from the command line."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clock import now, today
from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.permissions import Permission
from app.access.row_scope import every_organisation
from app.imports.texts import NotUsable
from app.organisations import reorganising
from app.organisations.plans import from_kept
from app.organisations.taking_in import Given, take_in_lists
from app.organisations.wording import names_in, sentence_for
from app.rules.reorganisation import CannotBe
from app.rules.succession import Organisations
from app.rules.words import count_of
from models import Person

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import-ods")
@click.argument("ccgs", metavar="ECCG.csv", type=FILE)
@click.argument("successions", metavar="[SUCC.csv]", type=FILE, required=False)
@click.option("--apply", "applies", is_flag=True, help="Make the changes. Without it they are only shown.")
@click.option("--as", "email", metavar="EMAIL", help="The administrator who makes them.")
@click.option("--most-close", is_flag=True, help="Say that it is meant where over half of the CCGs would close.")
@with_appcontext
def import_ods(ccgs: Path, successions: Path | None, *, applies: bool, email: str | None, most_close: bool) -> None:
    """Shows what the lists of the Organisation Data Service would change, and makes the changes with --apply.

    What the files do not say, such as the date of a move to another STP, is confirmed at /imports/. Ends with 1 where
    a line was left out.
    """
    with every_organisation("import-ods") as session:
        known, day = read_organisations(session, today()), today()
        by = _administrator(session, email, known) if applies else None
        try:
            proposed = take_in_lists(
                session,
                Given(ccgs.name, ccgs.read_bytes()),
                Given(successions.name, successions.read_bytes()) if successions else None,
                known=known,
                by=by,
                at=now(),
                today=day,
            )
        except NotUsable as problem:
            raise click.ClickException(str(problem)) from None
        plan = from_kept(proposed.plan)
        names = names_in(plan, known)
        for change in plan:
            click.echo(sentence_for(change, names))
        for line, reason in proposed.left_out:
            click.echo(f"Left out: {f'line {line}: ' if line else ''}{reason}", err=True)
        click.echo(count_of(len(plan), "change"))
        if by is None:
            session.rollback()
        elif plan:
            if proposed.closes_most and not most_close:
                raise click.ClickException("Over half of the CCGs would close. Say --most-close if this is meant.")
            if any(change.lacks_a_day for change in plan):
                raise click.ClickException("A date must be confirmed. Import the files at /imports/.")
            session.flush()
            try:
                reorganising.apply(session, proposed, plan, by=by, at=now(), today=day)
            except CannotBe as problem:
                raise click.ClickException(str(problem)) from None
            session.commit()
            click.echo("Applied")
        if proposed.left_out:
            raise SystemExit(1)


def _administrator(session: Session, email: str | None, known: Organisations) -> Person:
    """The administrator with an e-mail address, or the only one there is."""
    may = [
        person
        for person in session.scalars(select(Person).where(Person.is_active))
        if access_of(person, known, today()).may(Permission.REFERENCE_WRITE)
        and (email is None or person.email.casefold() == email.casefold())
    ]
    if len(may) != 1:
        raise click.ClickException("Say who makes the changes: --as with the e-mail address of an administrator.")
    return may[0]
