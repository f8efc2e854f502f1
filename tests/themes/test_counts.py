"""Every count beside an independent one: plain Python over the list of cases, on random data, with mergers."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.access.current import begin, current_access, lookups
from app.rules.quarters import quarter_named, quarter_of
from app.themes.choice import read_choice
from app.themes.counts import AGES, Counts, quartiles
from models import CaseReview, Membership, Organisation, Person, ReviewType, Succession, Theme, db
from tests.conftest import NOW, TODAY, reference_part
from tests.databases import unguarded

# Two that merged in April 2020, one of another STP of the region, one of another region, and one that merged in 2021.
CCGS = ("00J", "00D", "84H", "16C", "01F", "93C", "07M")
THEMES = ("neglect", "physical", "psychological", "domestic_abuse", "self_neglect", "child_neglect", "homelessness")
CASES = 220
# Days of age at the edges of the bands, each of an open case.
EDGES = [age + more for low, high, _ in AGES for age in (low, high or 900) for more in (0, 1)]
LEVELS = ("region", "stp", "ccg")


@pytest.fixture(scope="module")
def chance() -> random.Random:
    return random.Random(20220214)


def some_cases(app: Flask, chance: random.Random) -> list[dict[str, Any]]:
    """Adds cases with random values that keep every rule of the database; gives them as plain values."""
    with unguarded(app) as session:
        ccgs = {one.code: one.id for one in session.scalars(select(Organisation).where(Organisation.kind == "ccg"))}
        known = [code for code in CCGS if code in ccgs]
        types = list(session.scalars(select(ReviewType)))
        themes = list(session.scalars(select(Theme.id).where(Theme.code.in_(THEMES))))
        cases: list[dict[str, Any]] = []
        for number in range(CASES):
            incident = date(2019, 3, 1) + timedelta(chance.randrange(1000))
            added = incident + timedelta(chance.randrange(60))
            if number < len(EDGES):
                added = incident = TODAY - timedelta(EDGES[number])
            signed = chance.choice((None, added + timedelta(chance.randrange(-20, 200))))
            signed = None if signed is None or signed < incident else signed
            published = signed + timedelta(chance.randrange(300)) if signed and chance.random() < 0.6 else None
            closed = bool(number >= len(EDGES) and published and published <= TODAY and chance.random() < 0.7)
            type_ = chance.choice(types)
            picked = [*chance.sample(themes, chance.randrange(1, 4)), None, None]
            code = chance.choice(known)
            rapid = [one for one in cases if one["rapid"] and one["code"] == code]
            source = chance.choice(rapid) if rapid and chance.random() < 0.5 else None
            case = {
                "reference": f"SCR-{reference_part(number)}",
                "ccg_id": ccgs[code],
                "local_identifier": f"THEMES-{number}",
                "overview": "An invented case.",
                "partnership_name": "A board",
                "partnership_kind": chance.choice(("joint", "other")),
                "incident_date": incident,
                "date_added": added,
                "latest_update_on": added,
                "report_signed_off_on": signed,
                "publication_date": published,
                "publication": "public" if published else "not_decided",
                "status": "closed" if closed else "open",
                "date_closed": added + timedelta(400) if closed else None,
                "review_type_id": type_.id,
                "theme_1_id": picked[0],
                "theme_2_id": picked[1],
                "theme_3_id": picked[2],
                "withdrawn_at": None,
            }
            if chance.random() < 0.1:
                case |= {"withdrawn_at": NOW, "withdrawn_reason": "x"}
            stored = dict(case)
            if source:
                stored |= {"converted_from_id": source["id"], "converted_from_ccg_id": source["ccg_id"]}
            row = CaseReview(**stored)
            session.add(row)
            session.flush()
            cases.append(
                case
                | {
                    "id": row.id,
                    "code": code,
                    "rapid": type_.is_rapid_review,
                    "type": type_.code,
                    "source": source["id"] if source else None,
                }
            )
        session.commit()
    return cases


# What is counted, said again in plain Python


class Plain:
    """The cases of a choice, by plain comparison."""

    def __init__(self, app: Flask, cases: list[dict[str, Any]], args: dict[str, str], seen: set[str] | None) -> None:
        self.args = args
        dates = {"incident": "incident_date", "closing": "date_closed", "publication": "publication_date"}
        self.by = dates.get(args.get("quarters_by", ""), "date_added")
        with unguarded(app) as session:
            self.organisations = {one.id: one for one in session.scalars(select(Organisation))}
            takeovers = session.scalars(select(Succession).where(Succession.effective_on <= TODAY))
            self.successor = {one.predecessor_id: one.successor_id for one in takeovers}
            memberships = session.scalars(select(Membership).order_by(Membership.valid_from))
            self.parent = {one.child_id: one.parent_id for one in memberships if one.valid_from <= TODAY}
            self.theme_codes = {one.id: one.code for one in session.scalars(select(Theme))}
            self.names = {one.id: one.code for one in self.organisations.values()}
        self.cases = [case for case in cases if not case["withdrawn_at"] and (seen is None or case["code"] in seen)]
        self.any_time = [case for case in self.cases if self._fits(case)]
        first, last = quarter_named(args["from"]).first_day, quarter_named(args["to"]).last_day
        self.chosen = [case for case in self.any_time if self._lies(case, first, last)]

    def _lies(self, case: dict[str, Any], first: date, last: date) -> bool:
        day = case[self.by]
        return day is not None and first <= day <= last

    def area(self, case: dict[str, Any], level: str) -> str:
        at = case["ccg_id"]
        if self.args.get("area_as") == "today":
            while at in self.successor:
                at = self.successor[at]
        for _ in range({"ccg": 0, "stp": 1, "region": 2}[level]):
            at = self.parent[at]
        return self.names[at]

    def themes(self, case: dict[str, Any]) -> list[UUID]:
        found = [case[name] for name in ("theme_1_id", "theme_2_id", "theme_3_id") if case[name]]
        return found[:1] if self.args.get("theme_place") == "first" else found

    def _fits(self, case: dict[str, Any]) -> bool:
        asked = self.args.get
        return (
            all(not asked(level) or self.area(case, level) == asked(level) for level in LEVELS)
            and asked("review_type", case["type"]) == case["type"]
            and asked("partnership_kind", case["partnership_kind"]) == case["partnership_kind"]
            and asked("status", case["status"]) == case["status"]
            and (not asked("theme") or asked("theme") in [self.theme_codes[one] for one in self.themes(case)])
        )


YEARS = {"from": "2019-20-Q1", "to": "2021-22-Q4"}
CHOICES = {
    "everything": {"from": "2018-19-Q1", "to": "2022-23-Q4"},
    "a year": {"from": "2020-21-Q3", "to": "2021-22-Q2"},
    "by incident": {"from": "2020-21-Q3", "to": "2021-22-Q2", "quarters_by": "incident"},
    "by closing": {"from": "2020-21-Q3", "to": "2021-22-Q2", "quarters_by": "closing"},
    "by publication": {"from": "2020-21-Q3", "to": "2022-23-Q4", "quarters_by": "publication"},
    "first theme": {"theme_place": "first", "theme": "neglect"} | YEARS,
    "a theme": {"theme": "neglect"} | YEARS,
    "open ones of one board": {"status": "open", "partnership_kind": "joint"} | YEARS,
    "a type": {"review_type": "rapid_review"} | YEARS,
    "a region": {"region": "Y63"} | YEARS,
    "a CCG that merged, as recorded": {"ccg": "00J"} | YEARS,
    "a CCG as it is today": {"ccg": "84H", "area_as": "today"} | YEARS,
    "an STP as it is today": {"stp": "QHM", "area_as": "today"} | YEARS,
}


@contextmanager
def as_account(app: Flask, account: str) -> Iterator[None]:
    with app.test_request_context():
        person = db.session.scalars(select(Person).where(Person.subject == account)).one()
        begin(db.session(), person)
        yield


def test_counts_are_those_of_plain_python(either_app: Flask, chance: random.Random) -> None:
    cases = some_cases(either_app, chance)
    for account, seen in (("england", None), ("ccg-84H", {"84H", "00J", "00D"})):
        for name, args in CHOICES.items():
            plain = Plain(either_app, cases, args, seen)
            with as_account(either_app, account):
                read = read_choice(args, current_access().readable_ccgs, lookups())
                assert seen or not read.left_out
                counts = Counts(db.session(), read.choice, lookups())
                if not read.left_out:  # an area that is out of scope cannot be chosen
                    compare(counts, plain, f"{name}, {account}")
            assert plain.chosen or seen, f"{name} chooses nothing"


def compare(counts: Counts, plain: Plain, name: str) -> None:
    choice = counts.choice
    assert {state.value: found for state, found in counts.states().items()} == {
        state: (
            sum(one["status"] == state for one in plain.any_time),
            sum(one["status"] == state for one in plain.chosen),
        )
        for state in ("open", "closed")
    }, name
    for quarter, here in counts.by_quarter().items():
        for column, found in here.items():
            days = [one[column] for one in plain.any_time if one[column] and one[column] <= TODAY]
            assert found == sum(quarter_of(day) == quarter for day in days), (name, quarter, column)
    theme_now = Counter(theme for one in plain.chosen for theme in plain.themes(one))
    length = len(choice.quarters)
    begins = choice.begins
    for _ in range(length):
        begins = begins.previous
    day_before = choice.begins.first_day - timedelta(1)
    earlier = [one for one in plain.any_time if plain._lies(one, begins.first_day, day_before)]
    theme_before = Counter(theme for one in earlier for theme in plain.themes(one))
    ranked = counts.ranked()
    assert {one.theme.id: (one.cases, one.before) for one in ranked} == {
        theme: (theme_now[theme], theme_before[theme]) for theme in {*theme_now, *theme_before}
    }, name
    assert [one.cases for one in ranked] == sorted((one.cases for one in ranked), reverse=True)
    by_quarter = Counter((theme, quarter_of(one[plain.by])) for one in plain.chosen for theme in plain.themes(one))
    assert {(t, q): n for t, row in counts.themes_by_quarter().items() for q, n in row.items()} == by_quarter, name
    for level in LEVELS:
        of_area = Counter((plain.area(one, level), theme) for one in plain.chosen for theme in plain.themes(one))
        counted = {
            (p.code if p else "", t): n for p, row in counts.themes_by_area(level).items() for t, n in row.items()
        }
        assert counted == of_area, (name, level)
        assert {place.code if place else "": number for place, number in counts.by_area(level).items()} == {
            code: (
                sum(plain.area(one, level) == code for one in plain.chosen),
                sum(plain.area(one, level) == code and one["status"] == "open" for one in plain.chosen),
            )
            for code in {plain.area(one, level) for one in plain.chosen}
        }, (name, level)
    pairs = Counter(
        frozenset(pair)
        for one in plain.chosen
        for pair in combinations([one[n] for n in ("theme_1_id", "theme_2_id", "theme_3_id") if one[n]], 2)
    )
    assert {frozenset((a.id, b.id)): n for a, b, n in counts.pairs()} == pairs, name
    assert {one.type.code: (one.cases, one.open) for one in counts.types()} == {
        code: (
            sum(one["type"] == code for one in plain.chosen),
            sum(one["type"] == code and one["status"] == "open" for one in plain.chosen),
        )
        for code in {one["type"] for one in plain.chosen}
    }, name
    rapid = [one for one in plain.chosen if one["rapid"]]
    days = [
        min((o["date_added"] - one["date_added"]).days for o in plain.cases if o["source"] == one["id"])
        for one in rapid
        if any(o["source"] == one["id"] for o in plain.cases)
    ]
    found_rapid = counts.rapid_reviews()
    assert (found_rapid.cases, found_rapid.grown) == (len(rapid), len(days)), name
    same_quartiles(found_rapid.days, days)
    times = counts.times()
    published = [one for one in plain.chosen if one["publication_date"] and one["publication_date"] <= TODAY]
    signed = [one for one in plain.chosen if one["report_signed_off_on"]]
    same_quartiles(times["signed_off"], days_of(signed, "date_added", "report_signed_off_on"))
    same_quartiles(times["published"], days_of(published, "report_signed_off_on", "publication_date"))
    same_quartiles(times["whole"], days_of(published, "date_added", "publication_date"))
    ages = [(TODAY - one["date_added"]).days for one in plain.any_time if one["status"] == "open"]
    bands = [sum(low <= age and (high is None or age <= high) for age in ages) for low, high, _ in AGES]
    assert counts.ages() == bands, name


def days_of(cases: list[dict[str, Any]], earlier: str, later: str) -> list[int]:
    return [(one[later] - one[earlier]).days for one in cases]


def same_quartiles(found: Any, days: list[int]) -> None:
    if not days:
        assert found is None
        return
    expected = statistics.quantiles(days, n=4, method="inclusive") if len(days) > 1 else [days[0]] * 3
    assert found.cases == len(days)
    assert [found.lower, found.median, found.upper] == pytest.approx(expected)


@given(st.lists(st.integers(-50, 900), min_size=2, max_size=60))
def test_quartiles_are_those_of_the_standard_library(days: list[int]) -> None:
    same_quartiles(quartiles(Counter(days)), days)


def test_nothing_has_no_quartiles() -> None:
    assert quartiles(Counter()) is None


def test_a_choice_stands_in_the_address_and_comes_back(app: Flask) -> None:
    with as_account(app, "england"):
        readable = current_access().readable_ccgs
        for args in CHOICES.values():
            read = read_choice(args, readable, lookups())
            assert (read.choice.as_args(), read.left_out) == (args, [])


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        ({"from": "yesterday"}, ["quarter"]),
        ({"theme": "nothing", "status": "half"}, ["Status", "Theme"]),
        ({"ccg": "93C"}, ["CCG"]),
        (
            {"quarters_by": "x", "area_as": "y", "theme_place": "z"},
            ["Quarters by", "Region, STP and CCG", "Where a theme stands"],
        ),
        ({"from": "1990-91-Q1"}, ["more than 40 quarters"]),
    ],
)
def test_what_is_not_understood_or_out_of_scope_is_left_out_and_named(
    app: Flask, args: dict[str, str], wrong: list[str]
) -> None:
    with as_account(app, "ccg-84H"):
        read = read_choice(args, current_access().readable_ccgs, lookups())
    assert sorted(read.left_out) == wrong
    assert (read.choice.begins.name, read.choice.ends.name, read.choice.values) == ("2019-20-Q4", "2021-22-Q4", {})


def test_a_period_that_runs_backwards_is_turned_round(app: Flask) -> None:
    with as_account(app, "ccg-84H"):
        read = read_choice({"from": "2021-22-Q2", "to": "2020-21-Q1"}, current_access().readable_ccgs, lookups())
    assert (read.choice.begins.name, read.choice.ends.name) == ("2020-21-Q1", "2021-22-Q2")
