"""What can be done from the command line."""

from __future__ import annotations

import os

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import make_url

from app.access.clock import now, today
from app.access.row_scope import every_organisation
from app.cases import drafts
from app.config import database_url
from app.database import make_roles_at
from app.sign_in import demo
from app.sign_in.views import description_of, is_demo
from models import db
from models.row_security import APPLICATION, ENGLAND, OWNER
from seeds.demo_cases import seed_demo
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

seed = AppGroup("seed", help="What an empty service starts with.")


def init_app(app: Flask) -> None:
    app.cli.add_command(seed)
    app.cli.add_command(demo_accounts)
    app.cli.add_command(make_database_roles)
    app.cli.add_command(generate_cases)
    app.cli.add_command(erase_drafts)
    app.cli.add_command(audit)


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
    click.echo(f"Demo people and cases: {added}")


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
