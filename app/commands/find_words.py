"""Looking everywhere for words, to show that a redaction has left nothing."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.access.row_scope import every_organisation
from app.redaction.proving import places_that_hold
from app.rules.redaction import tidied, why_not
from app.rules.words import count_of


@click.command("find-words")
@with_appcontext
def find_words() -> None:
    """Asks for words, without showing them, and looks for them in every table and kept extract, and SQLite's files.

    Exits with 1, and a line for each place, if they stand anywhere.
    """
    words = tidied(click.prompt("Words", hide_input=True))
    if problem := why_not(words):
        raise click.ClickException(problem)
    with every_organisation("looking for words that were struck out") as session:
        places = list(places_that_hold(session, words))
    for place in places:
        click.echo(place)
    if places:
        click.echo(f"The words stand in {count_of(len(places), 'place')}.")
        raise SystemExit(1)
    click.echo("The words stand nowhere.")
