"""What row-level security costs: the same questions with PostgreSQL's policies on and off, by turns, in one run.

`make bench`, or this module alone. It signs in as the application does.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.access.clock import today
from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.row_scope import RowScope, enter
from app.cases.searching import cases_with
from app.database import new_session
from models import CaseReview, Person, db
from seeds.generated_cases import ABSENT_WORD, COMMON_WORD, RARE_WORD
from tests.databases import Database, new_app, unguarded

from .filling import CASES, filled
from .pages import ACCOUNTS

ROUNDS = 7
WORDS = {"rare": RARE_WORD, "common": COMMON_WORD, "absent": ABSENT_WORD}

Question = Callable[[Session], Any]


def main() -> None:
    with filled("PostgreSQL") as database:
        measure(database)


def measure(database: Database) -> None:
    """Prints the table."""
    app = new_app(database)
    print(f"\n{CASES:,} cases, median of {ROUNDS} rounds in milliseconds: policies on, off, and the ratio")
    for name, account in ACCOUNTS.items():
        scope = scope_of(app, account)
        for question, ask in questions().items():
            on, off = pair(app, scope, ask)
            print(f"{name:10} {question:24} {on:9.1f} {off:9.1f} {on / off:7.2f}")


def scope_of(app: Flask, account: str) -> RowScope:
    with app.app_context():
        person = db.session.scalars(select(Person).where(Person.subject == account)).one()
        return access_of(person, read_organisations(db.session(), today()), today()).scope


def questions() -> dict[str, Question]:
    recorded = CaseReview.withdrawn_at.is_(None)

    def page(*conditions: Any, start: int = 0) -> Question:
        statement = select(CaseReview).where(recorded, *conditions)
        newest = statement.order_by(CaseReview.date_added.desc(), CaseReview.id.desc()).limit(20).offset(start)
        return lambda session: session.scalars(newest).all()

    def count(*conditions: Any) -> Question:
        return lambda session: session.scalar(select(func.count()).select_from(CaseReview).where(recorded, *conditions))

    def search(word: str) -> Question:
        def ask(session: Session) -> None:
            """As the list does: how many, and the first page of them."""
            found = cases_with(word, session)
            count(found)(session)
            page(found)(session)

        return ask

    asked: dict[str, Question] = {"count": count(), "page 1": page(), "page 400": page(start=8000)}
    for how, word in WORDS.items():
        asked[f"search, {how}"] = search(word)
    return asked


def pair(app: Flask, scope: RowScope, ask: Question) -> tuple[float, float]:
    """Milliseconds with the policies and without them, by turns."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * ROUNDS + 2):
        on = turn % 2 == 0
        with unguarded(app) as session:
            session.execute(text(f"ALTER TABLE case_review {'ENABLE' if on else 'DISABLE'} ROW LEVEL SECURITY"))
            session.commit()
        with app.app_context(), new_session() as session:
            enter(session, scope)
            session.scalar(select(func.now()).select_from(Person).limit(1))  # connected, and told its scope
            begun = time.perf_counter()
            ask(session)
            if turn > 1:  # the first of each is for the caches
                times[on].append((time.perf_counter() - begun) * 1000)
    with unguarded(app) as session:
        session.execute(text("ALTER TABLE case_review ENABLE ROW LEVEL SECURITY"))
        session.commit()
    return statistics.median(times[True]), statistics.median(times[False])


if __name__ == "__main__":
    main()
