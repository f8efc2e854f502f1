"""Redaction: the words are gone from every place that held them, the extract says so, and nobody does it alone."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from app.access.current import access_for
from app.access.row_scope import every_organisation
from app.extracts import confirming, keeping, quarterly_extract
from app.extracts.quarterly_extract import CannotDraw
from app.redaction import carrying_out, requests
from app.redaction.carrying_out import approve
from app.redaction.proving import places_that_hold
from app.redaction.requests import CannotDecide, ask, refuse
from models import AuditEvent, CaseReview, Draft, Extract, ExtractPart, Person, QueryAnswer, Redaction, db, version_of
from models.enumerations import AuditAction, CaseForm, Query, RedactionState
from tests.case_imports.files import Importer, csv_of
from tests.databases import unguarded
from tests.histories import IN_Q1, Q1, bytes_of, draw, history, person, unpacked

WORDS = "Zebedee Quillfeather"
AT = datetime(2022, 2, 14, 10, 30, tzinfo=UTC)
MARK = "[redacted 14 February 2022]"


@pytest.fixture
def case_id(fresh_either_app: Flask) -> UUID:
    """A case with the words in every place that holds words, two extracts that hold it, and one before it."""
    app = fresh_either_app
    with history(app) as past:
        case = past.add(
            "84H",
            IN_Q1,
            overview=f"Found by {WORDS}. zebedee\r\nquillfeather rang the ward; another, too.",
            lessons="Nothing yet.",
            local_identifier=WORDS,
            comments=f"Ask {WORDS.upper()}",
        )
        other = past.add("84H", IN_Q1, local_identifier="OTHER-1", overview=f"Another case names {WORDS}.")
        past.change(case, datetime(2021, 6, 1, 9, tzinfo=UTC), lessons=f"{WORDS} was not asked.")
        past.change(case, datetime(2021, 8, 1, 9, tzinfo=UTC), lessons="Ask the family.")
        found, other_id = case.id, other.id
    with app.app_context(), every_organisation("test") as session:
        editor = person(app, "ccg-84H")
        owner = session.get_one(CaseReview, found).ccg_id
        session.add(
            Draft(
                person_id=editor.id,
                form=CaseForm.EDIT,
                case_id=found,
                ccg_id=owner,
                form_token="t",
                fields={"lessons": [f"{WORDS} again"]},
                saved_at=AT,
            )
        )
        confirming.answer(
            session, session.get_one(CaseReview, found), Query.IDENTIFIERS, f"It is {WORDS}", by=editor, at=AT
        )
        session.commit()
        assert other_id != found
    draw(app, "2021-22-Q1")
    draw(app, "2020-21-Q4")
    draw(app, "2021-22-Q3")
    return found


def asked(app: Flask, case_id: UUID, words: str = WORDS) -> UUID:
    with app.test_request_context():
        by = db.session.get_one(Person, person(app, "ccg-84H").id)
        access_for(db.session(), by)
        case = db.session.get(CaseReview, case_id)
        assert case is not None
        redaction = ask(db.session(), case, words, "A nurse's name", by=by, at=AT)
        db.session.commit()
        return redaction.id


def approved(app: Flask, redaction_id: UUID, account: str = "two-ccgs") -> str:
    with app.app_context():
        return approve(redaction_id, by=person(app, account))


def everywhere(app: Flask, words: str = WORDS) -> list[str]:
    with app.app_context(), every_organisation("test") as session:
        return list(places_that_hold(session, words))


def erase_the_other_case(app: Flask, case_id: UUID) -> None:
    """The same words stand in another case, which has its own redaction."""
    with app.app_context(), every_organisation("test") as session:
        other = session.scalars(
            select(CaseReview.id).where(CaseReview.id != case_id, CaseReview.overview.contains(WORDS))
        ).one()
    approved(app, asked(app, other))


def test_the_words_are_gone_from_every_table_and_file(fresh_either_app: Flask, case_id: UUID) -> None:
    Importer(fresh_either_app).check(csv_of([{"overview": f"Of {WORDS}."}]))
    before = everywhere(fresh_either_app)
    assert {one.split(",")[0] for one in before} >= {
        "table staged_case",
        "table case_review",
        "table case_review_version",
        "table draft",
        "table query_answer",
        "extract 2021-22-Q1 number 1",
        "extract 2021-22-Q3 number 1",
    }
    said = approved(fresh_either_app, asked(fresh_either_app, case_id))
    assert (
        said == "3 earlier versions, Local identifier, Brief overview, Comments, 1 draft, 1 answer to a query,"
        " 1 file to be imported, 2 extracts"
    )
    assert "extract 2021-22-Q1 number 1, cases.csv" in everywhere(fresh_either_app)  # the other case's
    erase_the_other_case(fresh_either_app, case_id)
    assert everywhere(fresh_either_app) == []
    assert everywhere(fresh_either_app, "Ask the family") != []


def test_marks_stand_in_place_of_the_words(fresh_either_app: Flask, case_id: UUID) -> None:
    approved(fresh_either_app, asked(fresh_either_app, case_id))
    with fresh_either_app.app_context(), every_organisation("test") as session:
        case = session.get_one(CaseReview, case_id)
        assert case.overview == f"Found by {MARK}. {MARK} rang the ward; another, too."
        assert case.local_identifier == f"[redacted 14 February 2022 {case.reference[4:]}]"
        assert (case.version, case.change_reason, case.changed_by_id) == (
            4,
            "Words struck out",
            person(fresh_either_app, "two-ccgs").id,
        )
        versions = version_of(CaseReview)
        lessons = list(
            session.scalars(select(versions.lessons).where(versions.id == case_id).order_by(versions.number))
        )
        assert lessons == ["Nothing yet.", f"{MARK} was not asked.", "Ask the family.", "Ask the family."]
        redaction = session.scalars(select(Redaction)).one()
        assert (redaction.state, redaction.words) == (RedactionState.APPROVED, None)
        events = list(session.scalars(select(AuditEvent.action).where(AuditEvent.about_id == case_id)))
        assert {AuditAction.REDACTION_ASKED, AuditAction.REDACTION_APPROVED} <= set(events)


def test_nobody_finds_the_case_by_the_words(fresh_either_app: Flask, case_id: UUID) -> None:
    from app.cases.searching import cases_with

    approved(fresh_either_app, asked(fresh_either_app, case_id))
    with fresh_either_app.app_context(), every_organisation("test") as session:
        found = set(session.scalars(select(CaseReview.id).where(cases_with("quillfeather", session))))
        assert case_id not in found
        assert len(found) == 1


def test_an_extract_keeps_number_hash_and_totals_and_says_so(
    fresh_either_app: Flask, case_id: UUID, tmp_path: Path
) -> None:
    app = fresh_either_app
    totals = None
    with app.app_context(), every_organisation("test") as session:
        extract = session.scalars(select(Extract).where(Extract.quarter == Q1.name)).one()
        before = (extract.number, extract.sha256, extract.rows, extract.size)
        session.expunge(extract)
    totals = bytes_of(app, extract, "control-totals.csv")
    approved(app, asked(app, case_id))
    with app.app_context(), every_organisation("test") as session:
        extract = session.get_one(Extract, extract.id)
        assert (extract.number, extract.sha256, extract.rows, extract.size) == before
        assert extract.kept_as != (extract.size, extract.sha256)
        with keeping.verified(session, extract) as file:
            assert hashlib.sha256(file.read()).hexdigest() == extract.redactions[0].sha256
        untouched = session.scalars(select(Extract).where(Extract.quarter == "2020-21-Q4")).one()
        assert untouched.redactions == []
        keeping.verified(session, untouched).close()
    assert bytes_of(app, extract, "control-totals.csv") == totals
    assert before[1].encode() in bytes_of(app, extract, "README.txt")
    with app.app_context(), every_organisation("test") as session:
        folder = unpacked(app, session.get_one(Extract, extract.id), tmp_path)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    from frictionless import validate

    assert validate(str(folder / "datapackage.json")).valid


def test_drawn_again_the_cases_are_the_same_bytes(fresh_either_app: Flask, case_id: UUID) -> None:
    approved(fresh_either_app, asked(fresh_either_app, case_id))
    again = draw(fresh_either_app, Q1.name, reason="to compare")
    with fresh_either_app.app_context(), every_organisation("test") as session:
        first = session.scalars(select(Extract).where(Extract.quarter == Q1.name, Extract.number == 1)).one()
    for name in ("cases.csv", "control-totals.csv"):
        with fresh_either_app.app_context(), every_organisation("test") as session:
            first = session.get_one(Extract, first.id)
            assert bytes_of(fresh_either_app, first, name) == bytes_of(fresh_either_app, again, name)


def test_a_second_redaction_of_the_same_extract_goes_on_from_the_first(fresh_either_app: Flask, case_id: UUID) -> None:
    approved(fresh_either_app, asked(fresh_either_app, case_id))
    approved(fresh_either_app, asked(fresh_either_app, case_id, "the ward"))
    with fresh_either_app.app_context(), every_organisation("test") as session:
        extract = session.scalars(select(Extract).where(Extract.quarter == Q1.name)).one()
        assert [one.number for one in extract.redactions] == [1, 2]
        keeping.verified(session, extract).close()
    assert not [one for one in everywhere(fresh_either_app, "the ward") if "case_review" in one or "extract" in one]


def test_nobody_decides_what_they_asked_for(fresh_either_app: Flask, case_id: UUID) -> None:
    redaction_id = asked(fresh_either_app, case_id)
    with pytest.raises(CannotDecide, match="You asked"):
        approved(fresh_either_app, redaction_id, "ccg-84H")
    own = person(fresh_either_app, "ccg-84H").id
    with (
        fresh_either_app.app_context(),
        every_organisation("test") as session,
        pytest.raises(DatabaseError, match="nobody_decides_what_they_asked_for"),
    ):
        requests.close(session, redaction_id, RedactionState.STRIKING, by=own, at=AT)
    assert approved(fresh_either_app, redaction_id, "analyst")


def test_it_is_decided_once(fresh_either_app: Flask, case_id: UUID) -> None:
    redaction_id = asked(fresh_either_app, case_id)
    with fresh_either_app.app_context(), every_organisation("test") as session:
        waiting = session.get_one(Redaction, redaction_id)
        session.expunge(waiting)
        session.rollback()
        refuse(waiting, by=person(fresh_either_app, "two-ccgs"), at=AT)
        redaction = session.get_one(Redaction, redaction_id)
        assert (redaction.state, redaction.words) == (RedactionState.REFUSED, None)
    with pytest.raises(CannotDecide, match="already"):
        approved(fresh_either_app, redaction_id)
    with unguarded(fresh_either_app) as session, pytest.raises(DatabaseError, match="never changes"):
        session.execute(update(Redaction).values(reason="another"))
    assert everywhere(fresh_either_app)


def test_versions_answers_and_bytes_stand_while_nothing_is_under_way(fresh_either_app: Flask, case_id: UUID) -> None:
    asked(fresh_either_app, case_id)
    for statement in (
        update(version_of(CaseReview)).values(lessons="other"),
        update(QueryAnswer).values(note="other"),
        delete(QueryAnswer),
        delete(ExtractPart),
        delete(Redaction),
    ):
        with unguarded(fresh_either_app) as session, pytest.raises(DatabaseError, match=r"never change|changed"):
            session.execute(statement)


def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    fresh_either_app: Flask, case_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everywhere(fresh_either_app)
    redaction_id = asked(fresh_either_app, case_id)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no more disk")

    monkeypatch.setattr(keeping, "replace_bytes", fail)
    with pytest.raises(RuntimeError):
        approved(fresh_either_app, redaction_id)
    monkeypatch.undo()
    assert [one for one in everywhere(fresh_either_app) if "redaction" not in one and "file" not in one] == [
        one for one in before if "file" not in one
    ]


def test_an_extract_drawn_meanwhile_is_looked_through_too(
    fresh_either_app: Flask, case_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    redaction_id, packed = asked(fresh_either_app, case_id), carrying_out._packed_anew
    drawn: list[Extract] = []

    def draws_meanwhile(*args: Any) -> Any:
        found = packed(*args)
        if not drawn:
            drawn.append(draw(fresh_either_app, Q1.name, reason="meanwhile"))
        return found

    monkeypatch.setattr(carrying_out, "_packed_anew", draws_meanwhile)
    assert "3 extracts" in approved(fresh_either_app, redaction_id)


def test_an_extract_that_is_being_drawn_is_not_kept_with_the_words(
    fresh_either_app: Flask, case_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    redaction_id, walk = asked(fresh_either_app, case_id), quarterly_extract._walk

    def strikes_meanwhile(session: Any, *args: Any) -> Any:
        found = walk(session, *args)
        approved(fresh_either_app, redaction_id)
        return found

    monkeypatch.setattr(quarterly_extract, "_walk", strikes_meanwhile)
    with pytest.raises(CannotDraw, match="struck out"):
        draw(fresh_either_app, Q1.name, reason="meanwhile")


@pytest.mark.parametrize("fresh_either_app", ["postgresql"], indirect=True)
def test_the_owners_function_takes_words_away_and_adds_nothing(fresh_either_app: Flask, case_id: UUID) -> None:
    redaction_id = asked(fresh_either_app, case_id)
    by = person(fresh_either_app, "two-ccgs").id
    call = text("SELECT strike_out(:id, :ccg, 'version', '1', 'overview', :struck, :mark)")
    for state, struck, mark, said in (
        (None, f"Found by {MARK}", MARK, "under way"),
        (RedactionState.STRIKING, "Found by somebody else", MARK, "adds nothing"),
        (RedactionState.STRIKING, f"Found {MARK} invented", MARK, "adds nothing"),
        (RedactionState.STRIKING, "Found by nobody", "nobody", "adds nothing"),
        (RedactionState.STRIKING, f"Found by {MARK} rang", MARK, ""),
    ):
        with fresh_either_app.app_context(), every_organisation("test") as session:
            owner = session.get_one(CaseReview, case_id).ccg_id
            if state:
                requests.close(session, redaction_id, state, by=by, at=AT)
            values = {"id": redaction_id, "ccg": owner, "struck": struck, "mark": mark}
            if said:
                with pytest.raises(DatabaseError, match=said):
                    session.execute(call, values)
            else:
                session.execute(call, values)
            session.rollback()
