"""The audit from the command line: seal what waits, and check that nobody has been at the chain."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.access import audit_chain, audit_check
from app.access.clock import now
from app.rules.words import count_of
from models import db

audit = AppGroup("audit", help="The chain of audit events.")


@audit.command("seal")
def seal() -> None:
    """Seals every event that is not sealed yet. Requests do so too, about once a minute."""
    click.echo(f"Events sealed: {audit_chain.seal_all(db.session(), at=now()):,}")


@audit.command("verify")
@click.option("--expect", default="", metavar="HASH", help="The hash of a seal that was noted earlier.")
def verify(expect: str) -> None:
    """Seals what waits, then checks every event and every seal. Exits with 1, and a line for each problem, if not all
    is as it was sealed.

    Keep the number and hash of the newest seal in another place: whoever owns the database could make all of the chain
    anew, and only a hash that they cannot reach shows it.
    """
    session = db.session()
    audit_chain.seal_all(session, at=now())
    found = audit_check.check(session, expect.strip())
    session.rollback()
    for problem in found.problems:
        click.echo(problem)
    counts = f"{count_of(found.events, 'event')} in {count_of(found.seals, 'seal')}"
    waiting = f", {count_of(found.waiting, 'event')} not sealed yet" if found.waiting else ""
    if found.newest is not None:
        click.echo(f"Newest seal: {found.newest.number}, {found.newest.hash}")
    if found.problems:
        click.echo(f"The audit does not hold: {count_of(len(found.problems), 'problem')} in {counts}{waiting}.")
        raise SystemExit(1)
    click.echo(f"The audit holds: {counts}{waiting}.")
