"""The walk from quarter to quarter: each term, moves by merger, random histories against a replay in plain Python."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.access.history import as_at
from app.access.row_scope import every_organisation
from app.extracts import control_totals
from app.extracts.quarterly_extract import CannotDraw
from models import CaseReview, Organisation, Succession
from tests.databases import new_app, unguarded
from tests.histories import IN_Q1, Q1, History, bytes_of, draw, history, sign_off
from tests.splits import place, split

BEFORE = Q1.begins - timedelta(days=20)
EMBARGOED = {"publication": "embargoed", "report_signed_off_on": date(2021, 3, 2)}
CLOSED = {"status": "closed", "date_closed": date(2021, 3, 9), **EMBARGOED}
OPEN = {"status": "open", "date_closed": None, "publication": "not_decided"}
CODES = ("84H", "16C", "93C")


def walk_of(app: Flask, extract: Any, level: str, code: str) -> dict[str, int]:
    """The numbers of one line that are not zero, under their headings."""
    rows = csv.DictReader(io.StringIO(bytes_of(app, extract, "control-totals.csv").decode(), newline=""))
    row = next(one for one in rows if (one["Level"], one["Code"]) == (level, code))
    return {heading: int(number) for heading, number in row.items() if ": " in heading and number != "0"}


def withdraw(past: History, case: CaseReview, moment: datetime) -> None:
    past.change(case, moment, withdrawn_at=moment, withdrawn_reason="Twice")


def bring_back(past: History, case: CaseReview, moment: datetime) -> None:
    past.change(case, moment, withdrawn_at=None, withdrawn_reason=None)


def test_each_case_is_in_one_line(fresh_either_app: Flask) -> None:
    with history(fresh_either_app) as past:
        old = [past.add("84H", BEFORE) for _ in range(7)]
        for case in old[3:5]:
            past.change(case, BEFORE, **CLOSED)
        withdraw(past, old[5], BEFORE)
        past.add("84H", IN_Q1)  # added open
        past.change(past.add("84H", IN_Q1), IN_Q1, **CLOSED)  # added closed
        past.change(old[0], IN_Q1, **CLOSED)  # closed
        withdraw(past, old[1], IN_Q1)  # withdrawn while open
        past.change(old[3], IN_Q1, **OPEN)  # reopened
        withdraw(past, old[4], IN_Q1)  # withdrawn while closed
        bring_back(past, old[5], IN_Q1)  # brought back open
        case = past.add("84H", IN_Q1)  # came and went within the quarter
        withdraw(past, case, IN_Q1 + timedelta(days=1))
        withdraw(past, old[6], IN_Q1)  # there and back within the quarter
        bring_back(past, old[6], IN_Q1 + timedelta(days=1))
    extract = draw(fresh_either_app)
    expected = {
        "All cases: opening": 6,
        "All cases: added": 2,
        "All cases: brought back": 1,
        "All cases: withdrawn": 2,
        "All cases: closing": 7,
        "Open cases: opening": 4,
        "Open cases: added open": 1,
        "Open cases: reopened": 1,
        "Open cases: brought back open": 1,
        "Open cases: closed": 1,
        "Open cases: withdrawn while open": 1,
        "Open cases: closing": 5,
    }
    for level, code in (("England", "ENGLAND"), ("Region", "Y63"), ("STP", "QHM"), ("CCG", "84H")):
        assert walk_of(fresh_either_app, extract, level, code) == expected, level


def test_a_merger_moves_cases_from_ccg_to_ccg(fresh_either_app: Flask) -> None:
    """00D Durham Dales became part of 84H on 1 April 2020."""
    march = datetime(2020, 3, 2, 9, tzinfo=UTC)
    with history(fresh_either_app) as past:
        past.change(past.add("00D", march, incident_date=march.date() - timedelta(days=90)), march, status="open")
        past.add("00D", march, incident_date=date(2020, 1, 1))
    last, first = draw(fresh_either_app, "2019-20-Q4"), draw(fresh_either_app, "2020-21-Q1")
    assert walk_of(fresh_either_app, last, "CCG", "00D")["All cases: closing"] == 2
    assert walk_of(fresh_either_app, first, "CCG", "00D") == {
        "All cases: opening": 2,
        "All cases: moved out": 2,
        "Open cases: opening": 2,
        "Open cases: moved out": 2,
    }
    assert walk_of(fresh_either_app, first, "CCG", "84H") == {
        "All cases: moved in": 2,
        "All cases: closing": 2,
        "Open cases: moved in": 2,
        "Open cases: closing": 2,
    }
    assert walk_of(fresh_either_app, first, "England", "ENGLAND") == {
        f"{measure}: {end}": 2 for measure in control_totals.MEASURES for end in ("opening", "closing")
    }


def test_an_allocation_moves_a_case_in_its_quarter_and_not_in_the_one_before(fresh_either_app: Flask) -> None:
    """84H was split on the first day of the second quarter. One of its cases was given to 16C, the other waits."""
    app = fresh_either_app
    july = datetime(2021, 7, 5, 9, tzinfo=UTC)
    with history(app) as past:
        given, _ = (past.add("84H", IN_Q1, reference=f"SCR-XXXXXXX{letter}") for letter in "AB")
        key = given.id
    split(app, on=date(2021, 7, 1), at=july)
    with history(app) as past:
        case = past.session.get_one(CaseReview, key)
        past.change(case, july, allocated_to_id=place(app, "16C"), change_reason="Allocated")
    before, after = draw(app), draw(app, "2021-22-Q2")
    assert walk_of(app, before, "CCG", "84H")["All cases: closing"] == 2
    assert walk_of(app, after, "CCG", "84H") == {
        f"{measure}: {what}": number
        for measure in control_totals.MEASURES
        for what, number in (("opening", 2), ("moved out", 1), ("closing", 1))
    }
    assert walk_of(app, after, "CCG", "16C") == {
        f"{measure}: {what}": 1 for measure in control_totals.MEASURES for what in ("moved in", "closing")
    }
    for extract, now_with in ((before, ["84H", "84H"]), (after, ["16C", "84H"])):
        rows = csv.DictReader(io.StringIO(bytes_of(app, extract, "cases.csv").decode("utf-8-sig"), newline=""))
        assert [row["Current CCG code"] for row in rows] == now_with


def test_the_walk_begins_where_the_signed_off_extract_ended(fresh_either_app: Flask) -> None:
    late = Q1.begins + timedelta(days=3)
    with history(fresh_either_app) as past:
        past.add("84H", BEFORE)
        past.add("84H", Q1.begins + timedelta(days=1))
    before = draw(fresh_either_app, "2020-21-Q4", cut_off=late)
    unsigned = draw(fresh_either_app, Q1.name)
    assert walk_of(fresh_either_app, unsigned, "England", "ENGLAND")["All cases: opening"] == 1
    sign_off(fresh_either_app, before)
    signed = draw(fresh_either_app, Q1.name, reason="The quarter before is signed off")
    assert (signed.opening_id, signed.opening_cut_off) == (before.id, late)
    walk = walk_of(fresh_either_app, signed, "England", "ENGLAND")
    assert (walk["All cases: opening"], walk["All cases: closing"]) == (2, 2)


def test_a_history_that_does_not_lead_there_is_refused_and_says_where(fresh_app: Flask) -> None:
    """A version that somebody took out of the database by force after it was sent."""
    with history(fresh_app) as past:
        past.add("84H", BEFORE)
        past.add("16C", BEFORE)
    sign_off(fresh_app, draw(fresh_app, "2020-21-Q4"))
    with unguarded(fresh_app) as session:
        session.execute(text("DROP TRIGGER case_review_version_goes"))
        session.execute(
            text(
                "DELETE FROM case_review_version WHERE ccg_id ="
                " (SELECT id FROM organisation WHERE code = '16C' AND kind = 'ccg')"
            )
        )
        session.commit()
    with pytest.raises(CannotDraw, match=r"England ENGLAND|CCG 16C|STP QHM|Region Y63") as refusal:
        draw(fresh_app)
    assert "ended with" in str(refusal.value)


def test_a_case_that_was_deleted_is_refused(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        reference = past.add("84H", BEFORE).reference
    with unguarded(fresh_app) as session:
        session.execute(text("UPDATE setting SET value = '2021-05-05 00:00:00.000000' WHERE name LIKE 'history%'"))
        session.execute(text("DELETE FROM case_review"))
        session.execute(text("UPDATE setting SET value = '' WHERE name LIKE 'history%'"))
        session.commit()
    with pytest.raises(CannotDraw, match=f"{reference} was deleted"):
        draw(fresh_app)


@dataclass(frozen=True)
class Known:
    """What is known of a case at a moment: the plain replay's own idea of it."""

    ccg: str
    overview: str = "First words"
    is_open: bool = True
    is_withdrawn: bool = False

    @property
    def counts(self) -> bool:
        return not self.is_withdrawn


DAY = st.integers(min_value=-60, max_value=250)
STEP = st.tuples(
    DAY, st.sampled_from(["add", "add", "withdraw", "bring back", "close", "reopen", "reword"]), st.integers(0, 9)
)
MERGED_ON = st.none() | st.integers(min_value=-30, max_value=200)


def replayed(steps: list[tuple[int, str, int]], until: datetime) -> dict[int, Known]:
    """The state of every case at a moment, by plain Python."""
    known: dict[int, Known] = {}
    for day, what, which in steps:
        if moment_of(day) > until:
            break
        if what == "add":
            known[len(known)] = Known(CODES[which % 3])
        elif known:
            number = which % len(known)
            known[number] = after(known[number], what, day)
    return known


def after(case: Known, what: str, day: int) -> Known:
    match what:
        case "withdraw":
            return replace(case, is_withdrawn=True)
        case "bring back":
            return replace(case, is_withdrawn=False)
        case "close":
            return replace(case, is_open=False)
        case "reopen":
            return replace(case, is_open=True)
        case _:
            return replace(case, overview=f"Reworded on day {day}")


def moment_of(day: int) -> datetime:
    return datetime(2021, 4, 1, 12, tzinfo=UTC) + timedelta(days=day)


def write(past: History, steps: list[tuple[int, str, int]], merged_on: int | None) -> None:
    """Writes the same history into the database, day by day; 16C becomes part of 93C where it is merged."""
    rows: list[CaseReview] = []
    for position, (day, what, which) in enumerate(steps):
        moment = moment_of(day) + timedelta(seconds=position)
        if what == "add":
            rows.append(past.add(CODES[which % 3], moment, overview="First words", incident_date=date(2021, 1, 1)))
        elif rows:
            row = rows[which % len(rows)]
            closing: dict[str, Any] = {"status": "closed", "date_closed": date(2021, 3, 9), **EMBARGOED}
            possible: dict[str, dict[str, Any]] = {
                "withdraw": {"withdrawn_at": moment, "withdrawn_reason": "Twice"},
                "bring back": {"withdrawn_at": None, "withdrawn_reason": None},
                "close": closing,
                "reopen": OPEN,
                "reword": {"overview": f"Reworded on day {day}"},
            }
            past.change(row, moment, **possible[what])
    if merged_on is not None:
        ccgs = {one.code: one.id for one in past.session.scalars(select(Organisation).filter_by(kind="ccg"))}
        past.known_since(moment_of(merged_on))
        past.session.add(
            Succession(predecessor_id=ccgs["16C"], successor_id=ccgs["93C"], effective_on=moment_of(merged_on).date())
        )
        past.session.flush()


def expected_walk(
    before: dict[int, Known], now: dict[int, Known], here_before: dict[str, str], here_now: dict[str, str]
) -> dict[str, Counter]:
    """The terms of each CCG's walk, worked out case by case."""
    walks: dict[str, Counter] = {code: Counter() for code in CODES}
    for number, case in now.items():
        old = before.get(number)
        there, here = here_before[case.ccg], here_now[case.ccg]
        was, is_ = old is not None and old.counts, case.counts
        was_open, is_open = was and old is not None and old.is_open, is_ and case.is_open
        for measure, one, other in (("All cases", was, is_), ("Open cases", was_open, is_open)):
            walks[there][f"{measure}: opening"] += one
            walks[here][f"{measure}: closing"] += other
            if one and other and there != here:
                walks[there][f"{measure}: moved out"] += 1
                walks[here][f"{measure}: moved in"] += 1
        if is_ and not was:
            walks[here]["All cases: added" if old is None else "All cases: brought back"] += 1
            if is_open:
                walks[here]["Open cases: added open" if old is None else "Open cases: brought back open"] += 1
        if was and not is_:
            walks[there]["All cases: withdrawn"] += 1
            walks[there]["Open cases: withdrawn while open"] += was_open
        if was and is_:
            walks[there]["Open cases: closed"] += was_open and not is_open
            walks[here]["Open cases: reopened"] += is_open and not was_open
    return {code: Counter({term: n for term, n in walk.items() if n}) for code, walk in walks.items()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=35, max_size=60), MERGED_ON)
def test_random_histories_walk_and_read_as_a_replay_does(sqlite_databases, steps, merged_on) -> None:
    steps = sorted(steps)
    with sqlite_databases.fresh() as database:
        app = new_app(database)
        with history(app) as past:
            write(past, steps, merged_on)
        for quarter in (Q1, Q1.next, Q1.next.next):
            then, now = quarter.begins - timedelta(seconds=1), quarter.ends - timedelta(seconds=1)
            extract = draw(app, quarter.name)
            here_before, here_now = ({code: current(code, at, merged_on) for code in CODES} for at in (then, now))
            walks = expected_walk(replayed(steps, then), replayed(steps, now), here_before, here_now)
            for code in CODES:
                found = rows_of_walk(app, extract, code)
                assert found == walks[code], (quarter.name, code)
        with app.app_context(), every_organisation("test") as session:
            for day in (-61, 0, 40, 91, 251):
                moment = moment_of(day) + timedelta(hours=1)
                found_now = Counter(
                    (one.overview, one.status == "open", one.withdrawn_at is not None)
                    for one in session.scalars(as_at(CaseReview, moment))
                )
                assert found_now == Counter(
                    (one.overview, one.is_open, one.is_withdrawn) for one in replayed(steps, moment).values()
                )


def current(code: str, at: datetime, merged_on: int | None) -> str:
    return "93C" if code == "16C" and merged_on is not None and moment_of(merged_on) <= at else code


def rows_of_walk(app: Flask, extract: Any, code: str) -> Counter:
    try:
        return Counter(walk_of(app, extract, "CCG", code))
    except StopIteration:
        return Counter()
