"""What can be done from the command line."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import make_url, select

from app.access.clock import now, today
from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.permissions import Permission
from app.access.row_scope import every_organisation
from app.cases import drafts
from app.config import database_url
from app.database import make_roles_at
from app.extracts import keeping, package, quarterly_extract, schema
from app.rules.quarters import moment_named, quarter_named
from app.rules.words import count_of
from app.sign_in import demo
from app.sign_in.views import description_of, is_demo
from models import Person, db
from models.enumerations import AuditAction
from models.people import DEMO_ISSUER
from models.row_security import APPLICATION, ENGLAND, OWNER
from seeds.demo_cases import seed_demo
from seeds.demo_extracts import seed_demo_confirmations, seed_demo_extracts
from seeds.generated_cases import (
    LAST_SEED,
    MOST_CASES,
    CannotGenerate,
    Progress,
    first_seeded_day,
    generated_cases,
    store_cases,
)
from seeds.reference import seed_reference

from .audit import audit
from .backups import backup, restore, table_checksums
from .cases import import_cases
from .find_words import find_words
from .organisations import import_ods
from .people import first_administrator

seed = AppGroup("seed", help="What an empty service starts with.")


def init_app(app: Flask) -> None:
    app.cli.add_command(seed)
    app.cli.add_command(demo_accounts)
    app.cli.add_command(make_database_roles)
    app.cli.add_command(generate_cases)
    app.cli.add_command(erase_drafts)
    app.cli.add_command(extract)
    app.cli.add_command(audit)
    app.cli.add_command(find_words)
    app.cli.add_command(first_administrator)
    app.cli.add_command(import_ods)
    app.cli.add_command(import_cases)
    for command in (backup, restore, table_checksums):
        app.cli.add_command(command)


@seed.command("reference")
def reference() -> None:
    """Reference lists: regions, STPs, CCGs, code lists. A second time changes nothing."""
    added = seed_reference(db.session())
    db.session.commit()
    click.echo(f"Reference lists: {added}")


@seed.command("demo")
def demo_seed() -> None:
    """Invented people and cases. Demo mode only; a second time changes nothing."""
    if not is_demo():
        raise click.ClickException("Demo people and cases exist only when TRACKER_MODE is demo.")
    with every_organisation("demo seeds") as session:
        added = seed_demo(session, today())
        session.commit()
        day = first_seeded_day(session, today())
        seed_demo_confirmations(session, day)
        session.commit()
        extracts = seed_demo_extracts(session, day)
    click.echo(f"Demo people and cases: {added}; extracts: {extracts or 'nothing to add'}")


@click.command("demo-accounts")
@with_appcontext
def demo_accounts() -> None:
    """The demo accounts and their roles."""
    if not is_demo():
        raise click.ClickException("There are demo accounts only when TRACKER_MODE is demo.")
    people = demo.accounts(db.session())
    width = max((len(person.subject) for person in people), default=0)
    for person in people:
        click.echo(f"  {person.subject:<{width}}  {person.name}: {description_of(person)}")


@click.command("erase-drafts")
@with_appcontext
def erase_drafts() -> None:
    """Erases unsaved forms that are over 24 hours old. A sign-in does so too, once an hour at most."""
    click.echo(f"Drafts erased: {drafts.erase_old(now())}")


@click.command("extract")
@click.argument("name", metavar="QUARTER")
@click.option("--as", "email", help="The e-mail address of the analyst who draws it.")
@click.option("--reason", default="", help="Why it is drawn again.")
@click.option("--as-at", "moment", help="Another cut-off than the end of the quarter, such as 2021-07-09T17:00+01:00.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Where to write the package.")
@with_appcontext
def extract(name: str, email: str | None, reason: str, moment: str | None, output: Path | None) -> None:
    """Draws the extract of a quarter, such as 2021-22-Q1, and keeps it. A second person signs it off in the service.

    In demo mode the analyst draws it where nobody is named, and "drawn again" is the reason.
    """
    try:
        quarter, cut_off = quarter_named(name), moment_named(moment) if moment else None
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    by = _analyst(email)
    try:
        drawn = quarterly_extract.draw(
            quarter, by=by, reason=reason or ("drawn again" if is_demo() else ""), cut_off=cut_off
        )
    except quarterly_extract.CannotDraw as problem:
        raise click.ClickException(str(problem)) from None
    file_name = package.file_name(drawn.quarter, drawn.number, is_signed_off=False)
    click.echo(f"{file_name}: {count_of(drawn.rows, 'case')}")
    click.echo(f"SHA-256 of the package: {drawn.sha256}")
    click.echo(f"SHA-256 of {schema.CASES}: {drawn.cases_sha256}")
    if output is not None:
        with every_organisation(f"extract {name} written to a file", by.id) as session:
            try:
                keeping.write_to(session, drawn, output / file_name)
                keeping.note(session, AuditAction.EXTRACT_DOWNLOADED, drawn, by=by, details=", to a file")
                session.commit()
            except OSError as problem:
                raise click.ClickException(f"It was drawn and kept, and could not be written. {problem}") from None
        click.echo(f"Written to {output / file_name}")


def _analyst(email: str | None) -> Person:
    """The person with an e-mail address, who must be one who may draw extracts."""
    if email is None and not is_demo():
        raise click.ClickException("Say who draws the extract: --as EMAIL")
    found = select(Person).where(Person.is_active)
    who = Person.email == email if email else (Person.issuer == DEMO_ISSUER) & (Person.subject == "analyst")
    people = db.session.scalars(found.where(who)).all()
    organisations = read_organisations(db.session(), today())
    allowed = [one for one in people if access_of(one, organisations, today()).may(Permission.EXTRACT_DRAW)]
    if len(allowed) != 1:
        raise click.ClickException(f"Nobody with the address {email} may draw extracts.")
    db.session.expunge(allowed[0])
    db.session.rollback()
    return allowed[0]


@click.command("make-database-roles")
@with_appcontext
def make_database_roles() -> None:
    """The roles of PostgreSQL, made or brought in order.

    Signs in at DATABASE_ADMIN_URL, as an administrator of the server and in the service's database. The passwords are
    those in DATABASE_URL and DATABASE_OWNER_URL, where these name the roles.
    """
    address = os.environ.get("DATABASE_ADMIN_URL", "")
    if not address.startswith("postgres"):
        raise click.ClickException("Set DATABASE_ADMIN_URL to the administrator's address of the PostgreSQL database.")
    passwords = {}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        url = make_url(database_url(os.environ.get(name, "sqlite://")))
        if url.username in (APPLICATION, OWNER) and url.password:
            passwords[url.username] = url.password
    make_roles_at(database_url(address), passwords)
    click.echo(f"Roles: {OWNER}, {APPLICATION}, {ENGLAND}. Passwords set: {', '.join(passwords) or 'none'}")


@click.command("generate-cases")
@click.argument("count", type=click.IntRange(1, MOST_CASES))
@click.option("--seed", type=click.IntRange(0, LAST_SEED), default=1, show_default=True, help="Another gives others.")
@with_appcontext
def generate_cases(count: int, seed: int) -> None:
    """Any number of generated cases, for measurements. Demo mode only; those that are there are not added again."""
    if not is_demo():
        raise click.ClickException("There are generated cases only when TRACKER_MODE is demo.")
    progress = Progress()
    with every_organisation("generated cases") as session:
        try:
            cases = generated_cases(count, seed, first_seeded_day(session, today()))
            for progress in store_cases(session, cases):
                click.echo(f"{progress.done:,} of {count:,}", err=True)
        except CannotGenerate as problem:
            raise click.ClickException(str(problem)) from None
    click.echo(f"Generated cases: {progress}")
