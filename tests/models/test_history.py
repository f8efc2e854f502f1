"""History: every write leaves a version, whatever path it took, and no version is ever changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from app.access.history import as_at, dating_back, sign
from app.access.row_scope import EVERYTHING, RowScope, enter, every_organisation
from models import CaseReview, OwnedByCCG, Person, Theme, Versioned, db, version_of, versioned_models
from models.declarations import items_of
from models.history_triggers import NEVER_CHANGES
from tests.conftest import add_case
from tests.databases import unguarded
from tests.histories import draw

CaseVersion = version_of(CaseReview)


def versions(session: Session, row: Any) -> list[Any]:
    kept = version_of(type(row))
    return list(session.scalars(select(kept).where(kept.id == row.id).order_by(kept.number)))


def test_every_versioned_model_is_named() -> None:
    assert {model.__tablename__ for model in versioned_models()} == {
        "case_review", "designated_professional", "grant_of_role", "organisation", "organisation_membership",
        "organisation_name", "organisation_succession", "review_type", "theme",
    }  # fmt: skip


@pytest.mark.parametrize("model", versioned_models(), ids=lambda model: model.__tablename__)
def test_a_version_has_every_column_of_its_row(model: type[Versioned]) -> None:
    kept = version_of(model)
    assert set(model.__table__.columns.keys()) <= set(kept.__table__.columns.keys())  # type: ignore[attr-defined]
    assert [item.name for item in items_of(kept)] == [one.name for one in items_of(model) if hasattr(kept, one.column)]
    assert issubclass(kept, OwnedByCCG) == issubclass(model, OwnedByCCG)


def test_a_save_of_the_service_names_who_and_why(either_app: Flask) -> None:
    case = add_case(either_app, "84H", lessons="Ask.")
    with either_app.app_context(), every_organisation("test") as session:
        person = session.scalars(select(Person)).first()
        assert person is not None
        sign(session, person.id, "A typing mistake.")
        saved = session.get(CaseReview, case.id)
        assert saved is not None
        saved.lessons = "Ask again."
        session.commit()
        first, second = versions(session, saved)
        by = person.id
    assert (first.number, first.change, first.lessons, first.overview) == (1, "added", "Ask.", case.overview)
    assert (second.number, second.change, second.lessons) == (2, "changed", "Ask again.")
    assert (second.by_service, second.changed_by_id, second.change_reason) == (True, by, "A typing mistake.")
    assert datetime.now(UTC) - timedelta(minutes=1) < first.known_from <= second.known_from <= datetime.now(UTC)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_review SET lessons = 'Written past the service.' WHERE id = :id",
        "UPDATE case_review SET lessons = lessons WHERE id = :id",
        "UPDATE case_review SET change_id = (SELECT change_id FROM case_review_version WHERE id = :id AND number = 1)"
        " WHERE id = :id",
    ],
    ids=["a value", "nothing new", "a change id used before"],
)
def test_a_raw_statement_leaves_a_version_that_blames_nobody(either_app: Flask, statement: str) -> None:
    case = add_case(either_app, "84H")
    with unguarded(either_app) as session:
        person = session.scalars(select(Person)).first()
        saved: Any = session.get(CaseReview, case.id)
        saved.change_id, saved.changed_by_id, saved.change_reason = uuid4(), person.id, "Mine."  # type: ignore[union-attr]
        session.commit()
        key = case.id.hex if either_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") else case.id
        session.execute(text(statement), {"id": key})
        session.commit()
        second, third = versions(session, saved)[1:]
    assert (second.by_service, second.change_reason) == (True, "Mine.")
    assert (third.by_service, third.changed_by_id, third.change_reason) == (False, None, None)


def test_a_statement_over_many_rows_leaves_a_version_each(either_app: Flask) -> None:
    cases = [add_case(either_app, "84H") for _ in range(3)]
    with either_app.app_context(), every_organisation("test") as session:
        session.execute(update(CaseReview).where(CaseReview.id.in_([case.id for case in cases])).values(lessons="All."))
        session.commit()
        assert [versions(session, case)[-1].lessons for case in cases] == ["All."] * 3


@pytest.mark.parametrize("table", [version_of(model).__tablename__ for model in versioned_models()])
def test_a_version_is_never_changed_by_anybody(either_app: Flask, table: str) -> None:
    add_case(either_app, "84H")
    with unguarded(either_app) as session:
        assert session.scalar(text(f"SELECT count(*) FROM {table}"))
        for statement in (
            f"UPDATE {table} SET number = number",
            f"DELETE FROM {table}",
            f"INSERT INTO {table} SELECT * FROM {table}",
            *([f"TRUNCATE {table}"] if session.get_bind().dialect.name == "postgresql" else []),
            *(
                [f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"]
                if session.get_bind().dialect.name == "sqlite"
                else []
            ),
        ):
            with pytest.raises(DatabaseError, match=NEVER_CHANGES):
                session.execute(text(statement))
            session.rollback()


def test_versions_are_seen_in_the_scope_of_their_ccg(either_app: Flask) -> None:
    mine, theirs = add_case(either_app, "84H"), add_case(either_app, "16C")
    with either_app.app_context():
        session = db.session()
        assert session.scalars(select(CaseVersion)).all() == []
        enter(session, RowScope(frozenset({mine.ccg_id}), frozenset({mine.ccg_id})))
        seen = list(session.scalars(select(CaseVersion)))
        assert mine.id in {one.id for one in seen} and {one.ccg_id for one in seen} == {mine.ccg_id}
        assert session.get(CaseVersion, (theirs.id, 1)) is None


def test_the_past_is_read_as_it_was_known(fresh_either_app: Flask) -> None:
    """Each state of a case that changes, of one that is recorded later, and of a list, at each moment between."""
    app, states = fresh_either_app, []
    case = add_case(app, "84H", lessons="0")

    def look(session: Session) -> tuple[set[str], set[str]]:
        moment = datetime.now(UTC)
        found = {one.lessons for one in session.scalars(as_at(CaseReview, moment))}
        labels = {one.label for one in session.scalars(as_at(Theme, moment)) if one.code == "neglect"}
        states.append((moment, found, labels))
        return found, labels

    with app.app_context(), every_organisation("test") as session:
        saved: Any = session.get(CaseReview, case.id)
        theme = session.scalars(select(Theme).where(Theme.code == "neglect")).one()
        before = theme.label
        assert look(session) == ({"0"}, {before})
        saved.lessons = "1"
        session.commit()
        assert look(session) == ({"1"}, {before})
        theme.label = "Reworded"
        session.commit()
        assert look(session) == ({"1"}, {"Reworded"})
        add_case(app, "16C", lessons="2", reference="SCR-99999999")
        assert look(session) == ({"1", "2"}, {"Reworded"})
        for moment, lessons, labels in states:
            assert {one.lessons for one in session.scalars(as_at(CaseReview, moment))} == lessons
            assert {one.label for one in session.scalars(as_at(Theme, moment)) if one.code == "neglect"} == labels
        assert session.scalars(as_at(CaseReview, states[0][0] - timedelta(days=1))).all() == []


def test_the_lists_are_known_since_april_2019(either_app: Flask) -> None:
    with either_app.app_context(), every_organisation("test") as session:
        for model in versioned_models():
            if not issubclass(model, OwnedByCCG) and model.__tablename__ != "grant_of_role":
                known = {one.known_from for one in session.scalars(select(version_of(model)))}
                assert known == {datetime(2019, 4, 1, tzinfo=UTC)}, model.__tablename__


def test_dating_back_ends_with_its_block_and_never_goes_before_a_version(fresh_either_app: Flask) -> None:
    early = datetime(2020, 1, 1, 12, tzinfo=UTC)
    with fresh_either_app.app_context(), every_organisation("test") as session:
        theme = session.scalars(select(Theme)).first()
        assert theme is not None
        with dating_back(session) as known_since:
            known_since(early)
            theme.label = "One"
            known_since(early - timedelta(days=1))
            theme.label = "Two"
        theme.label = "Three"
        session.commit()
        known = [one.known_from for one in versions(session, theme)]
    assert known[1:3] == [early, early]
    assert known[3] > datetime.now(UTC) - timedelta(minutes=1)


def test_the_second_of_two_forged_histories_is_refused(either_app: Flask) -> None:
    """The service itself cannot write a version, even within its scope."""
    case = add_case(either_app, "84H")
    with either_app.app_context():
        session = db.session()
        enter(session, EVERYTHING)
        session.add(
            CaseVersion(
                id=case.id, number=1, known_from=datetime.now(UTC), change="added", by_service=True, ccg_id=case.ccg_id
            )
        )
        with pytest.raises((IntegrityError, DatabaseError)):
            session.flush()
        session.rollback()


@pytest.mark.parametrize("table", ["case_review", "organisation_membership"])
def test_a_row_keeps_its_key(either_app: Flask, table: str) -> None:
    """Under another key it would be in the past twice: as what it was, and as what it is."""
    add_case(either_app, "84H")
    statement = f"UPDATE {table} SET id = '{uuid4().hex}' WHERE id IN (SELECT id FROM {table} LIMIT 1)"
    with unguarded(either_app) as session, pytest.raises(DatabaseError, match="keeps its key"):
        session.execute(text(statement))


def test_nothing_is_dated_back_by_what_was_set_before_the_first_extract(fresh_either_app: Flask) -> None:
    """The setting is refused once an extract was drawn; here it stands when the first is drawn."""
    with unguarded(fresh_either_app) as session:
        session.execute(text("DELETE FROM setting WHERE name = 'history_known_from'"))
        session.execute(text("INSERT INTO setting VALUES ('history_known_from', '2021-05-10 09:30:00.000000')"))
        session.commit()
    add_case(fresh_either_app, "84H")
    assert draw(fresh_either_app).rows == 1
    add_case(fresh_either_app, "84H")
    assert draw(fresh_either_app, reason="Is the second case in it?").rows == 1
