"""Counts that triggers keep are those of the table, whatever path wrote it, and lead to the same pages."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from app.access.row_scope import RowScope, enter
from app.cases.counts import Counts, counts_of
from app.database import new_session
from models import CaseCount, CaseReview, db
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor

COUNTED = "SELECT ccg_id, {month}, count(*) FROM case_review WHERE withdrawn_at IS NULL GROUP BY 1, 2"
WITHDRAWN = "withdrawn_at = '2022-01-01 00:00:00', withdrawn_reason = 'Twice.'"
KEPT = "SELECT ccg_id, {month}, number FROM case_count WHERE number <> 0"


def kept_and_counted(app: Flask) -> tuple[list[str], list[str]]:
    with unguarded(app) as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        month = "date(date_added, 'start of month')" if sqlite else "date_trunc('month', date_added)::date"
        kept = session.execute(text(KEPT.format(month="month")))
        counted = session.execute(text(COUNTED.format(month=month)))
        return sorted(map(str, kept.all())), sorted(map(str, counted.all()))


def test_they_follow_every_change_whatever_path_makes_it(either_app: Flask) -> None:
    cases = [add_case(either_app, "84H", date_added=date(2021, month, day)) for month in (9, 10) for day in (1, 30)]
    other = add_case(either_app, "16C", withdrawn_at=datetime(2022, 1, 1, tzinfo=UTC), withdrawn_reason="Twice.")
    kept, counted = kept_and_counted(either_app)
    assert kept == counted and len(kept) == 2
    changes = (
        f"UPDATE case_review SET {WITHDRAWN} WHERE {{}} = '{cases[0].reference}'",
        f"UPDATE case_review SET withdrawn_at = NULL, withdrawn_reason = NULL WHERE {{}} = '{other.reference}'",
        f"UPDATE case_review SET date_added = '2021-12-31' WHERE {{}} = '{cases[1].reference}'",
        "UPDATE case_review SET date_added = '2021-11-01', withdrawn_at = NULL, withdrawn_reason = NULL WHERE {} <> ''",
        "UPDATE case_review SET overview = 'Other words.' WHERE {} <> ''",
        f"DELETE FROM case_review WHERE {{}} = '{cases[2].reference}'",
    )
    seen = [kept]
    for change in changes:
        with unguarded(either_app) as session:
            session.execute(text(change.format("reference")))
            session.commit()
        kept, counted = kept_and_counted(either_app)
        assert kept == counted, change
        seen.append(kept)
    assert seen[-3] == seen[-2] and len({str(one) for one in seen}) == len(seen) - 1  # words alone change nothing


def test_what_is_rolled_back_is_not_counted(either_app: Flask) -> None:
    case = add_case(either_app, "84H")
    with unguarded(either_app) as session:
        session.execute(text("UPDATE case_review SET date_added = '2021-12-01'"))
        session.rollback()
    kept, counted = kept_and_counted(either_app)
    assert kept == counted and len(kept) == 1 and case.date_added == date(2021, 9, 1)


def test_a_scope_counts_its_own_cases_alone(either_app: Flask) -> None:
    case = add_case(either_app, "84H")
    for _ in range(2):
        add_case(either_app, "16C")

    def total(scope: RowScope) -> int:
        with either_app.app_context(), new_session() as session:
            enter(session, scope)
            counts = counts_of(session)
            assert counts is not None
            return counts.total

    assert total(RowScope(frozenset({case.ccg_id}))) == 1
    assert total(RowScope()) == 0
    assert total(RowScope(reads_everything=True)) == 3


@pytest.mark.postgresql
def test_postgresql_itself_shows_a_scope_its_own_counts_and_lets_nobody_write_them(postgresql_app: Flask) -> None:
    case = add_case(postgresql_app, "84H")
    add_case(postgresql_app, "16C")
    with postgresql_app.app_context(), db.engine.connect() as connection:
        count = text("SELECT count(*) FROM case_count WHERE number > 0")
        assert connection.scalar(count) == 0  # nothing told, nothing seen
        connection.execute(text(f"SELECT set_config('tracker.readable', '{{{case.ccg_id}}}', true)"))
        assert connection.scalar(count) == 1
        connection.execute(text("SELECT set_config('tracker.counting', 'yes', true)"))
        assert connection.scalar(count) == 1  # the setting means something to the owner alone
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("UPDATE case_count SET number = 7"))


def test_pages_are_those_of_the_whole_list(either_app: Flask) -> None:
    """Every page, of several months and days with several cases, is what sorting everything gives."""
    rng = random.Random(4)
    for _ in range(130):
        day = date(2021, rng.choice([9, 10, 12]), rng.choice([1, 2, 28, 30]))
        withdrawn = {"withdrawn_at": datetime(2022, 1, 1, tzinfo=UTC), "withdrawn_reason": "Twice."}
        add_case(either_app, "84H", date_added=day, **(withdrawn if rng.random() < 0.2 else {}))
    with unguarded(either_app) as session:
        cases = session.query(CaseReview).filter(CaseReview.withdrawn_at.is_(None)).all()
        expected = [one.reference for one in sorted(cases, key=lambda one: (one.date_added, one.id), reverse=True)]
    lead = Visitor(either_app).sign_in("ccg-84H")
    shown: list[str] = []
    for page in range(-(-len(expected) // 20)):
        answer = lead.get(f"/cases/?page={page}").text
        assert f"{len(expected)} cases" in answer
        body = answer.partition("<tbody")[2].partition("</tbody>")[0]
        shown += re.findall(r">(SCR-[0-9A-Z]{8})</a>", body)
    assert shown == expected


@pytest.mark.parametrize(
    ("position", "place"),
    [
        (0, (date(2021, 12, 31), 0)),
        (2, (date(2021, 12, 31), 2)),
        (3, (date(2020, 2, 29), 0)),
        (4, (date(2020, 2, 29), 1)),
        (5, (None, 0)),
    ],
)
def test_the_month_of_a_position(position: int, place: tuple[date | None, int]) -> None:
    counts = Counts(((date(2021, 12, 1), 3), (date(2021, 3, 1), 0), (date(2020, 2, 1), 2)))
    assert counts.total == 5 and counts.place_of(position) == place


def test_the_model_is_the_table(app: Flask) -> None:
    case = add_case(app, "84H")
    with unguarded(app) as session:
        one = session.get(CaseCount, (case.ccg_id, date(2021, 9, 1)))
        assert one is not None and one.number == 1
