"""While a file is saved: what others see of it, what they can do meanwhile, and what they did just before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.access import clock
from app.case_imports import applying, working
from app.case_imports.known import KnownCases
from app.cases import writing
from app.cases.checking import AskedOneByOne
from app.database import begin_to_write_much
from models import CaseImport, CaseReview
from models.enumerations import ImportState, LineOutcome
from tests.case_imports.files import Importer, csv_of
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor

NEW, WRONG = LineOutcome.NEW, LineOutcome.WRONG
FIVE = [{"local_identifier": f"L-{number}"} for number in range(5)]


@pytest.fixture
def durham(either_app: Flask) -> Importer:
    return Importer(either_app)


def count_cases(app: Flask) -> int:
    with unguarded(app) as session:
        return session.scalar(select(func.count()).select_from(CaseReview)) or 0


def just_before_writing(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Somebody does something after the lines were prepared, and before the first is written."""

    def begin_later(session: Session) -> None:
        do()
        begin_to_write_much(session)

    monkeypatch.setattr(applying, "begin_to_write_much", begin_later)


@pytest.mark.postgresql
def test_how_many_lines_were_written_is_seen_before_any_case_is(
    postgresql_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer, record_rows, seen = Importer(postgresql_app), writing.record_rows, []

    def look(session: Session, rows: Any, **more: Any) -> None:
        with unguarded(postgresql_app) as others:
            written = others.scalars(select(CaseImport.lines_done)).one()
            seen.append((written, others.scalar(select(func.count()).select_from(CaseReview))))
        record_rows(session, rows, **more)

    monkeypatch.setattr(writing, "record_rows", look)
    monkeypatch.setattr(applying, "AT_ONCE", 2)
    one = importer.apply(importer.check(csv_of(FIVE)))
    assert seen == [(0, 0), (2, 0), (4, 0)]
    assert (one.state, one.lines_done, count_cases(postgresql_app)) == (ImportState.APPLIED, 5, 5)


@pytest.mark.postgresql
def test_work_that_was_taken_over_in_mid_writing_saves_nothing(
    postgresql_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer, record_rows = Importer(postgresql_app), writing.record_rows

    def take_over(session: Session, rows: Any, **more: Any) -> None:
        record_rows(session, rows, **more)
        with unguarded(postgresql_app) as other:
            other.execute(update(CaseImport).values(claim="another's"))
            other.commit()

    monkeypatch.setattr(writing, "record_rows", take_over)
    assert importer.apply(importer.check(csv_of(FIVE))).state is ImportState.APPLYING
    assert count_cases(postgresql_app) == 0


@pytest.mark.parametrize(("written", "said"), [(0, "Being saved: 5 lines."), (2, "Being saved: 2 of 5 lines so far.")])
def test_its_page_says_how_far_saving_is(app: Flask, written: int, said: str) -> None:
    importer = Importer(app)
    one = importer.check(csv_of(FIVE))
    with importer.session() as session:
        found = session.get_one(CaseImport, one.id)
        assert working.claim(session, found, to=ImportState.APPLYING, at=clock.now())
        session.get_one(CaseImport, one.id).lines_done = written
        session.commit()
    page = Visitor(app).sign_in("ccg-84H").get(f"/imports/cases/details/?id={one.id}")
    assert f"{said} All of it is saved, or nothing." in page.text


def test_others_save_while_lines_are_prepared(durham: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    row_of = writing.row_of
    saved: list[CaseReview] = []

    def meanwhile(*values: Any, **more: Any) -> dict[str, Any]:
        if not saved:
            saved.append(add_case(durham.app, "16C"))
        return row_of(*values, **more)

    one = durham.check(csv_of(FIVE))
    monkeypatch.setattr(writing, "row_of", meanwhile)
    assert durham.apply(one).added == 5
    assert saved and count_cases(durham.app) == 6


def test_what_somebody_recorded_at_the_last_moment_is_not_recorded_twice(
    durham: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    then: dict[str, Any] = {"date_added": date(2019, 6, 1), "incident_date": date(2019, 1, 1)}

    def record() -> None:
        add_case(durham.app, "84H", local_identifier="L-1")
        add_case(durham.app, "00D", local_identifier="L-3", latest_update_on=date(2019, 6, 1), **then)

    one = durham.check(csv_of(FIVE))
    just_before_writing(monkeypatch, record)
    one = durham.apply(one)
    assert (one.state, one.added, count_cases(durham.app)) == (ImportState.APPLIED, 3, 5)
    lines = durham.lines(one)
    assert [line.outcome for line in lines] == [NEW, WRONG, NEW, WRONG, NEW]
    assert lines[1].problems == lines[3].problems == {"": [applying.RECORDED_MEANWHILE]}


def test_what_somebody_changed_at_the_last_moment_is_not_overwritten(
    durham: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = add_case(durham.app, "84H", local_identifier="L-1", overview="Old.")

    def change() -> None:
        with unguarded(durham.app) as session:
            session.get_one(CaseReview, case.id).overview = "Theirs."
            session.commit()

    one = durham.check(csv_of([{"overview": "New."}, {"local_identifier": "L-2"}]))
    just_before_writing(monkeypatch, change)
    one = durham.apply(one)
    assert (one.added, one.changed, durham.outcomes(one)) == (1, 0, [WRONG, NEW])
    with unguarded(durham.app) as session:
        assert session.get_one(CaseReview, case.id).overview == "Theirs."


def test_a_number_twice_in_a_line_of_succession_is_to_be_mended(durham: Importer) -> None:
    before = {"ccg": "00D", "date_added": "1/6/2019", "incident_date": "1/1/2019"}
    one = durham.check(csv_of([before, {"ccg": "84H"}, {"local_identifier": "L-2"}]))
    assert durham.outcomes(one) == [NEW, WRONG, NEW]
    assert durham.lines(one)[1].problems == {"local_identifier": ["Line 2 of this file has the same number"]}


def test_after_a_split_a_case_that_was_given_to_another_is_not_the_lines() -> None:
    split, before, mine, theirs, waiting, given, elsewhere = (uuid4() for _ in range(7))
    known = KnownCases(
        AskedOneByOne(Session()),
        {mine: [(mine, None), (before, None), (split, None), (split, mine), (split, before)]},
        {
            ((split, to), number): (case, "SCR-33333333")
            for number, to, case in (
                ("waiting", None, waiting),
                ("given", before, given),
                ("elsewhere", theirs, elsewhere),
            )
        },
    )
    found = [known.same_as(mine, {"local_identifier": number}) for number in ("waiting", "given", "elsewhere")]
    assert found == [{waiting}, {given}, set()]
