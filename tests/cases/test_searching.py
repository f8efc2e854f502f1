"""Search finds the same, whether few of England's cases fit or many, and stays in the scope."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from app import database
from app.access.row_scope import EVERYTHING, RowScope, enter
from app.cases.searching import cases_with
from app.database import new_session
from models import CaseReview, db
from models.row_security import RARE
from tests.conftest import add_case
from tests.splits import place

SOUGHT = {
    "slipp": {"SCR-33333333"},
    "scr-4444": {"SCR-44444444"},
    "4444": {"SCR-44444444"},
    "2021/12": {"SCR-33333333"},
    "abc%": {"SCR-44444444"},
    "abc_": set(),
    "slipped and": {"SCR-33333333"},
    "nothing": set(),
}


@pytest.mark.parametrize("rare", [RARE, 0])
@pytest.mark.parametrize("typed", SOUGHT)
def test_words_and_beginnings_are_found_in_the_scope(
    either_app: Flask, typed: str, rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "RARE", rare)
    add_case(either_app, "84H", reference="SCR-33333333", overview="Slipped and fell.", steis_number="2021/1234")
    add_case(either_app, "84H", reference="SCR-44444444", overview="Left alone.", local_identifier="ABC%1")
    add_case(either_app, "84H", reference="SCR-66666666", overview="Left alone.", local_identifier="ABD-1")
    add_case(either_app, "16C", reference="SCR-44448888", overview="Slipped and fell.", steis_number="2021/1299")
    own = frozenset({place(either_app, "84H")})
    with either_app.app_context(), new_session() as session:
        enter(session, RowScope(readable=own))
        assert set(session.scalars(select(CaseReview.reference).where(cases_with(typed, session)))) == SOUGHT[typed]
        enter(session, EVERYTHING)
        assert set(session.scalars(select(CaseReview.reference).where(cases_with(typed, session)))) >= SOUGHT[typed]


def test_sqlite_looks_beginnings_up_in_indexes(app: Flask) -> None:
    """Alembic does not see these indexes: a migration that makes the table anew makes them again."""
    asked = database._with_beginnings(["word"], "word", "SCR-WORD").compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    with app.app_context(), db.engine.connect() as connection:
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}".replace(":", r"\:"))))
    for name in ("reference", "steis", "local"):
        assert f"SEARCH case_review USING INDEX ix_case_review_search_{name}" in plan
    assert "SCAN case_review" not in plan
