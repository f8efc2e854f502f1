"""Files of cases for tests, and the people who give them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import clock
from app.access.lookups import Lookups, read_codes
from app.access.organisations import read_organisations
from app.access.people import Access, access_of
from app.access.row_scope import enter
from app.case_imports import jobs, working
from app.case_imports.headings import ITEMS, heading_of
from app.database import new_session
from models import CaseImport, Person, StagedCase
from models.enumerations import ImportState, LineOutcome

ROW = {
    "date_added": "1/2/2022",
    "ccg": "84H",
    "partnership_name": "Durham Safeguarding Adults Partnership",
    "partnership_kind": "Safeguarding Adults Board",
    "steis_number": "",
    "local_identifier": "L-1",
    "review_type": "Safeguarding Adult Review, mandatory",
    "incident_date": "1/3/2021",
    "overview": "A fall at home.",
    "theme_1": "Neglect and acts of omission",
    "theme_2": "",
    "theme_3": "",
    "media_interest": "None known",
    "latest_update": "",
    "report_signed_off_on": "",
    "publication_date": "",
    "report_link": "",
    "lessons": "Ask again.",
    "publication": "Not decided",
    "status": "Open",
    "date_closed": "",
    "designated_professional": "",
    "converted_from": "",
    "comments": "",
}


def csv_of(rows: Sequence[Mapping[str, str]], *, leaving_out: Sequence[str] = ()) -> bytes:
    """A CSV with the template's headings; a row says what differs from ROW."""
    names = [name for name in ROW if name not in leaving_out]
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([heading_of(ITEMS[name]) for name in names])
    writer.writerows([(ROW | dict(row))[name] for name in names] for row in rows)
    return written.getvalue().encode()


class Importer:
    """Somebody who imports, as the screens and the command do it."""

    def __init__(self, app: Flask, account: str = "ccg-84H") -> None:
        self.app = app
        with app.app_context(), new_session() as session:
            known = read_organisations(session, clock.today())
            self.lookups = Lookups(known, read_codes(session), clock.today())
            person = session.scalars(select(Person).where(Person.subject == account)).one()
            self.access: Access = access_of(person, known, clock.today())

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.app.app_context(), new_session() as session:
            enter(session, self.access.scope)
            yield session

    def check(self, data: bytes, **more: Any) -> CaseImport:
        """Gives a file and has its lines checked."""
        with self.session() as session:
            return self._work(session, self._give(session, data, **more), ImportState.CHECKING)

    def check_beside(self, data: bytes) -> tuple[CaseImport, Thread]:
        """As `check`, in a thread of its own: gives the import as it is at first, and the thread."""
        with self.session() as session:
            one = self._give(session, data)
            word = working.claim(session, one, to=ImportState.CHECKING, at=clock.now())
            given = self.find(one)
        started = jobs.start(
            self.app, given.id, word, ImportState.CHECKING, access=self.access, lookups=self.lookups, beside=True
        )
        assert started is not None
        return given, started

    def find(self, one: CaseImport) -> CaseImport:
        """An import as it is now."""
        with self.session() as session:
            found = working.find(session, one.id, by=self.access.person_id)
            assert found is not None
            session.expunge(found)
            return found

    def _give(self, session: Session, data: bytes, **more: Any) -> CaseImport:
        usual: dict[str, Any] = {"name": "cases.csv", "form_token": uuid4().hex, "at": clock.now()}
        usual |= {"ccg_id": self.access.current_ccgs[0].id, "by": self.access}
        return working.give(session, io.BytesIO(data), **usual | more)

    def apply(self, one: CaseImport) -> CaseImport:
        """Saves the good lines."""
        with self.session() as session:
            found = working.find(session, one.id, by=self.access.person_id)
            assert found is not None
            return self._work(session, found, ImportState.APPLYING)

    def _work(self, session: Session, one: CaseImport, state: ImportState) -> CaseImport:
        import_id = one.id
        if word := working.claim(session, one, to=state, at=clock.now()):
            jobs.start(self.app, import_id, word, state, access=self.access, lookups=self.lookups, beside=False)
        session.rollback()
        found = working.find(session, import_id, by=self.access.person_id)
        assert found is not None
        session.expunge(found)
        return found

    def lines(self, one: CaseImport) -> list[StagedCase]:
        with self.session() as session:
            found = session.scalars(
                select(StagedCase).where(StagedCase.import_id == one.id).order_by(StagedCase.number)
            ).all()
            session.expunge_all()
            return list(found)

    def outcomes(self, one: CaseImport) -> list[LineOutcome]:
        return [line.outcome for line in self.lines(one)]
