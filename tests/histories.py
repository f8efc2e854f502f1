"""A history that was written down as it happened: cases, lists and saves at moments of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.history import dating_back
from app.access.row_scope import every_organisation
from app.extracts import keeping, quarterly_extract
from app.rules.quarters import quarter_named
from models import CaseReview, Extract, Organisation, Person, ReviewType, Theme
from tests.conftest import reference_part

Q1 = quarter_named("2021-22-Q1")
IN_Q1 = datetime(2021, 5, 10, 9, 30, tzinfo=UTC)


@contextmanager
def history(app: Flask) -> Iterator[History]:
    """Work on every organisation whose moments are said; committed at the end."""
    with app.app_context(), every_organisation("a history for tests") as session:
        with dating_back(session) as known_since:
            yield History(session, known_since)
        session.commit()


class History:
    """Saves at moments of the past."""

    def __init__(self, session: Session, known_since: Callable[[datetime], None]) -> None:
        self.session = session
        self.known_since = known_since

    def add(self, ccg: str, moment: datetime, **values: Any) -> CaseReview:
        """A new case of a CCG."""
        number = len(self.session.scalars(select(CaseReview.id)).all())
        owner = self.session.scalars(select(Organisation).filter_by(kind="ccg", code=ccg)).one()
        self.known_since(moment)
        row = CaseReview(
            ccg_id=owner.id,
            **{
                "reference": f"SCR-{reference_part(number)}",
                "date_added": moment.date(),
                "incident_date": datetime(2021, 3, 1, tzinfo=UTC).date(),
                "partnership_name": "Durham Safeguarding Adults Partnership",
                "partnership_kind": "safeguarding_adults_board",
                "local_identifier": f"LOCAL-{number}",
                "overview": f"An invented case, number {number}.",
                "latest_update_on": moment.date(),
                "review_type_id": self.id_of(ReviewType, "sar_mandatory"),
                "theme_1_id": self.id_of(Theme, "neglect"),
                "created_at": moment,
            }
            | values,
            changed_at=moment,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def change(self, row: Any, moment: datetime, **values: Any) -> None:
        """Saves a row as it became known at a moment."""
        self.known_since(moment)
        for name, value in values.items():
            setattr(row, name, value)
        if isinstance(row, CaseReview):
            row.changed_at = moment
        self.session.flush()

    def id_of(self, model: Any, code: str) -> Any:
        return self.session.scalars(select(model.id).where(model.code == code)).one()


def draw(app: Flask, quarter: str = Q1.name, account: str = "analyst", **more: Any) -> Extract:
    """Draws a quarter as a demo account."""
    with app.app_context():
        return quarterly_extract.draw(quarter_named(quarter), by=person(app, account), **more)


def person(app: Flask, account: str) -> Person:
    """Somebody with a demo account, apart from any session."""
    with app.app_context(), every_organisation("test") as session:
        found = session.scalars(select(Person).where(Person.subject == account)).one()
        session.expunge(found)
        return found


def sign_off(app: Flask, extract: Extract, account: str = "second-analyst") -> None:
    with app.app_context(), every_organisation("test") as session:
        keeping.sign_off(session, extract.id, by=person(app, account))
        session.commit()


def unpacked(app: Flask, extract: Extract, folder: Path) -> Path:
    """The package as it was sent, unpacked into a new folder."""
    target = folder / f"{extract.quarter}-v{extract.number}"
    with app.app_context(), every_organisation("test") as session, keeping.verified(session, extract) as file:
        ZipFile(file).extractall(target)
    return target


def bytes_of(app: Flask, extract: Extract, name: str) -> bytes:
    """One file of a package."""
    with app.app_context(), every_organisation("test") as session, keeping.verified(session, extract) as file:
        return ZipFile(file).read(name)
