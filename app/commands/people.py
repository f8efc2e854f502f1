"""The first administrator, from the command line: a service that has none has nobody who could make one."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.access.clock import now, today
from app.access.organisations import read_organisations
from app.access.row_scope import every_organisation
from app.people import keeping


@click.command("first-administrator")
@click.argument("issuer")
@click.argument("subject")
@click.argument("name")
@with_appcontext
def first_administrator(issuer: str, subject: str, name: str) -> None:
    """Makes somebody the first administrator, known by ISSUER and SUBJECT. Only where there is none."""
    for word, longest in ((issuer, 255), (subject, 255), (name, 200)):
        if not 0 < len(word) <= longest or not word.isprintable():
            raise click.ClickException("ISSUER, SUBJECT and NAME are one line each, of 255, 255 and 200 characters.")
    with every_organisation("first-administrator") as session:
        try:
            person = keeping.make_first_administrator(
                session,
                issuer=issuer,
                subject=subject,
                name=name,
                at=now(),
                today=today(),
                known=read_organisations(session, today()),
            )
        except keeping.CannotChange as problem:
            raise click.ClickException(str(problem)) from None
        session.commit()
        click.echo(f"{person.name} is an administrator now.")
