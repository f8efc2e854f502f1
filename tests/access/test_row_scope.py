"""Row scope in the session: what a scope shows, hides and refuses. The doors of the screens have tests of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import aliased

from app.access.row_scope import EVERYTHING, NOTHING, OutsideScope, RowScope, enter, every_organisation, scope_of
from models import AuditEvent, CaseReview, Organisation, Theme, db
from models.base import TrackerSession
from tests.conftest import add_case


@pytest.fixture
def two_cases(either_app: Flask) -> Iterator[dict[str, Any]]:
    """A case of each of two CCGs, and a session in the scope of the first."""
    mine, theirs = add_case(either_app, "84H"), add_case(either_app, "16C")
    with either_app.app_context():
        session = db.session()
        enter(session, RowScope(frozenset({mine.ccg_id}), frozenset({mine.ccg_id})))
        yield {"mine": mine, "theirs": theirs, "session": session}
        session.rollback()


def test_a_new_session_sees_nothing_and_writes_nothing(either_app: Flask) -> None:
    case = add_case(either_app, "84H")
    with either_app.app_context():
        session = db.session()
        assert scope_of(session) is NOTHING
        assert session.scalars(select(CaseReview)).all() == []
        assert session.get(CaseReview, case.id) is None
        session.add(CaseReview(ccg_id=case.ccg_id))
        with pytest.raises(OutsideScope):
            session.flush()
        session.rollback()


def test_a_select_shows_only_the_scope(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    other: Any = aliased(CaseReview)
    assert session.scalars(select(CaseReview.id)).all() == [two_cases["mine"].id]
    assert session.scalar(select(func.count()).select_from(CaseReview)) == 1
    assert session.scalars(select(other.reference)).all() == [two_cases["mine"].reference]
    assert session.query(CaseReview).count() == 1
    assert session.scalar(select(func.count()).select_from(select(CaseReview).subquery())) == 1
    joined = select(Organisation.code).join(CaseReview, CaseReview.ccg_id == Organisation.id)
    assert session.scalars(joined).all() == ["84H"]


def test_an_exists_about_other_rows_gives_no_oracle(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    other: Any = aliased(CaseReview)
    asks = select(CaseReview).where(select(other.id).where(other.id == two_cases["theirs"].id).exists())
    assert session.scalars(asks).all() == []


def test_a_row_outside_the_scope_is_not_there_by_its_key(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    assert session.get(CaseReview, two_cases["mine"].id) is not None
    assert session.get(CaseReview, two_cases["theirs"].id) is None


def test_a_row_in_memory_is_checked_again(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    session.add(two_cases["theirs"])  # attached by mistake: now `get` would find it without asking the database
    assert session.get(CaseReview, two_cases["theirs"].id) is None


def test_bulk_changes_stay_in_the_scope(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    session.execute(update(CaseReview).values(comments="changed"))
    session.commit()
    enter(session, EVERYTHING)
    found = dict(session.execute(select(CaseReview.id, CaseReview.comments)).all())
    assert found == {two_cases["mine"].id: "changed", two_cases["theirs"].id: ""}


def test_a_bulk_insert_of_owned_rows_is_refused(two_cases: dict[str, Any]) -> None:
    with pytest.raises(OutsideScope):
        two_cases["session"].execute(insert(CaseReview), [{"ccg_id": two_cases["theirs"].ccg_id}])


def test_writes_that_no_condition_can_hold_are_refused(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    theirs, mine = two_cases["theirs"], two_cases["mine"]
    attempts = [
        lambda: session.execute(update(CaseReview), [{"id": theirs.id, "version": 1, "overview": "Taken."}]),
        lambda: session.execute(update(CaseReview).values(ccg_id=theirs.ccg_id)),
        lambda: session.execute(delete(CaseReview)),
        lambda: session.execute(text("SELECT reference FROM case_review")),
        lambda: session.execute(select(CaseReview.__table__)),
        lambda: session.connection(),
        lambda: session.execute(
            update(CaseReview).values(converted_from_id=theirs.id, converted_from_ccg_id=theirs.ccg_id)
        ),
        lambda: session.bulk_update_mappings(CaseReview, [{"id": theirs.id, "overview": "Taken."}]),
        lambda: session.bulk_insert_mappings(CaseReview, [{"ccg_id": theirs.ccg_id}]),
        lambda: session.bulk_save_objects([CaseReview(ccg_id=theirs.ccg_id)]),
        lambda: session.execute(select(CaseReview).from_statement(text("SELECT * FROM case_review"))).all(),
        lambda: session.execute(insert(Theme).from_select(["id", "code"], select(CaseReview.id, CaseReview.overview))),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionError):
            attempt()
        session.rollback()
    row = session.get(CaseReview, mine.id)
    row.comments = select(CaseReview.overview).where(CaseReview.id == theirs.id).scalar_subquery()
    with pytest.raises(OutsideScope):
        session.flush()
    session.rollback()
    row = session.get(CaseReview, mine.id)
    row.ccg = session.get(Organisation, theirs.ccg_id)  # the relationship is read only
    session.commit()
    assert row.ccg_id == mine.ccg_id


def test_a_row_cannot_be_changed_moved_or_deleted_outside_the_scope(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    mine = session.get(CaseReview, two_cases["mine"].id)
    mine.ccg_id = two_cases["theirs"].ccg_id
    with pytest.raises(OutsideScope):
        session.flush()
    session.rollback()
    session.add(two_cases["theirs"])
    two_cases["theirs"].overview = "Rewritten"
    with pytest.raises(OutsideScope):
        session.flush()
    session.rollback()
    session.delete(session.get(CaseReview, two_cases["mine"].id))
    with pytest.raises(OutsideScope, match="never deleted"):
        session.flush()


def test_a_link_to_a_row_outside_the_scope_is_refused(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    mine = session.get(CaseReview, two_cases["mine"].id)
    mine.converted_from_id, mine.converted_from_ccg_id = two_cases["theirs"].id, two_cases["theirs"].ccg_id
    with pytest.raises(OutsideScope, match="links"):
        session.flush()


def test_work_for_every_organisation_has_a_session_of_its_own_and_is_written_down(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    with every_organisation("a test of the scope") as wide:
        cases = wide.scalars(select(CaseReview)).all()
        assert len(cases) == 2
        assert session.scalar(select(func.count()).select_from(CaseReview)) == 1
        for case in cases:
            case.comments = "For all of them."
        wide.commit()
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.at.desc(), AuditEvent.id)).all()
    assert "a test of the scope" in {one.reason for one in event if one.action == "every_organisation"}
    assert session.get(CaseReview, two_cases["theirs"].id) is None
    assert session.get(CaseReview, two_cases["mine"].id).comments == "For all of them."


def test_work_that_fails_is_rolled_back_and_its_opening_is_written_down(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    with pytest.raises(ZeroDivisionError), every_organisation("work that fails") as wide:
        wide.scalars(select(CaseReview)).all()[0].comments = "Not to be kept."
        wide.flush()
        raise ZeroDivisionError
    assert session.get(CaseReview, two_cases["mine"].id).comments == ""
    assert session.scalar(select(func.count()).where(AuditEvent.reason == "work that fails")) == 1


def test_the_scope_does_not_change_in_mid_change_or_in_a_savepoint(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    session.get(CaseReview, two_cases["mine"].id).comments = "Unsaved."
    with pytest.raises(RuntimeError, match="Save or roll back"):
        enter(session, EVERYTHING)
    session.rollback()
    with session.begin_nested(), pytest.raises(RuntimeError, match="savepoint"):
        enter(session, EVERYTHING)
    assert scope_of(session) != EVERYTHING


def test_a_row_that_came_past_the_condition_is_not_loaded(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    session.add(two_cases["theirs"])
    with pytest.raises((OutsideScope, InvalidRequestError)):
        session.refresh(two_cases["theirs"])


def test_a_row_that_was_let_go_is_merged_in_its_scope_and_no_other(two_cases: dict[str, Any]) -> None:
    session: TrackerSession = two_cases["session"]
    two_cases["mine"].comments = "Merged."
    session.merge(two_cases["mine"])
    session.commit()
    assert session.get_one(CaseReview, two_cases["mine"].id).comments == "Merged."
    two_cases["theirs"].comments = "Merged."
    with pytest.raises((OutsideScope, IntegrityError)):
        session.merge(two_cases["theirs"])
        session.flush()
    session.rollback()
