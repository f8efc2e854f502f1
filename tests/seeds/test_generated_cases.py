"""Generated cases: the same for the same seed, within the rules, spread as measurements want them, and stored once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from math import gcd
from statistics import median

import pytest
from sqlalchemy import select

from app.access.row_scope import every_organisation
from app.factory import create_app
from models import CaseReview, Setting
from models.enumerations import Publication, Status
from seeds import generated_cases as module
from seeds.cases.checking import check_cases
from seeds.files import day_or_none, read_rows
from seeds.generated_cases import (
    ABSENT_WORD,
    COMMON_WORD,
    LAST_SEED,
    MOST_CASES,
    RARE_WORD,
    CannotGenerate,
    generated_cases,
    invented_word,
    reference_of,
    store_cases,
)

DAY = date(2026, 11, 22)
CCGS = {row["code"]: row for row in read_rows("ccgs.csv")}
TYPES = {row["code"]: row for row in read_rows("review_types.csv")}


@cache
def some(count, seed=1, day=DAY):
    return tuple(generated_cases(count, seed, day))


@pytest.fixture
def cases():
    return some(2_500)


def words_of(case):
    return set(re.findall(r"[a-z]+", f"{case.overview} {case.latest_update} {case.lessons}".lower()))


def last_of(progress):
    *_, last = progress
    return str(last)


def test_fewer_cases_are_the_first_of_more_and_another_seed_gives_others(cases):
    assert tuple(generated_cases(300, 1, DAY)) == cases[:300]

    others = some(300, seed=2)
    assert not {case.id for case in others} & {case.id for case in cases}
    assert {case.overview for case in others} != {case.overview for case in cases[:300]}


def test_the_form_would_take_every_case(cases):
    check_cases(cases[:500], DAY)
    check_cases(some(200, day=date(2021, 6, 1)), date(2021, 6, 1))


def test_no_number_gives_a_reference_twice_whatever_the_seeds(cases):
    assert gcd(module._SPREAD, module.REFERENCES) == 1
    assert (LAST_SEED + 1) * MOST_CASES <= module.REFERENCES

    made = [*cases, *some(300, seed=2)]
    assert [case.reference for case in made[:2]] == [reference_of(MOST_CASES), reference_of(MOST_CASES + 1)]
    assert len({case.reference for case in made}) == len(made)
    assert len({(case.ccg, case.local_identifier) for case in made if case.local_identifier}) == len(
        [case for case in made if case.local_identifier]
    )
    steis = Counter((case.ccg, case.steis_number, case.review_type) for case in made if case.steis_number)
    assert max(steis.values()) == 1
    assert {(bool(case.steis_number), bool(case.local_identifier)) for case in made} == {
        (True, True),
        (True, False),
        (False, True),
    }


@pytest.mark.parametrize(
    ("count", "seed", "day"),
    [(MOST_CASES + 1, 1, DAY), (1, LAST_SEED + 1, DAY), (1, -1, DAY), (1, 1, date(2021, 5, 31))],
)
def test_what_would_break_a_promise_is_refused(count, seed, day):
    with pytest.raises(CannotGenerate):
        generated_cases(count, seed, day)


def test_cases_are_spread_over_the_ccgs_and_the_years(cases):
    counts = Counter(case.ccg for case in cases)
    current = {code for code, row in CCGS.items() if not row["closed_on"]}

    assert current <= set(counts)
    assert len(set(counts) - current) > 50
    assert 0.03 < sum(counts[code] for code in set(counts) - current) / len(cases) < 0.06
    assert 12 <= counts["84H"] <= 36
    assert max(counts.values()) > 2 * min(counts[code] for code in current)
    years = Counter(case.date_added.year for case in cases)
    assert set(years) == set(range(2019, 2027)) and min(years.values()) > 175


def test_every_case_was_added_while_its_ccg_was_open_and_its_type_active_and_nothing_lies_ahead(cases):
    for case in cases:
        ccg, review_type = CCGS[case.ccg], TYPES[case.review_type]
        last = min(day_or_none(ccg["closed_on"]) or DAY, day_or_none(review_type["active_to"]) or DAY)
        first = max(date(2019, 4, 1), date.fromisoformat(ccg["opened_on"]))
        assert first <= case.date_added <= last
        assert case.created_at.date() == case.date_added
        assert case.created_at < case.changed_at and case.changed_at.date() < DAY
    assert {case.review_type for case in cases} == set(TYPES) - {"dardr"}


def test_every_state_occurs_and_some_are_withdrawn(cases):
    states = Counter((case.status, case.publication) for case in cases)
    main = Counter(case.theme_1 for case in cases)

    assert set(states) == {
        *((Status.OPEN, publication) for publication in Publication),
        (Status.CLOSED, Publication.PUBLIC),
        (Status.CLOSED, Publication.EMBARGOED),
    }
    assert 0.015 < sum(case.withdrawn_at is not None for case in cases) / len(cases) < 0.025
    assert set(main) == {row["code"] for row in read_rows("themes.csv")}
    assert main.most_common(1)[0][1] > 10 * min(main.values())
    assert {case.designated_professional for case in cases} >= {"doctor_looked_after", "doctor_child_deaths", None}


def test_a_few_reviews_grew_out_of_the_rapid_review_before_them(cases):
    grown = [(rapid, case) for rapid, case in pairwise(cases) if case.converted_from]

    assert 10 < len(grown) < 60
    assert len(grown) == sum(case.converted_from is not None for case in cases)
    for rapid, case in grown:
        assert (case.converted_from, case.converted_from_id) == (rapid.reference, rapid.id)
        assert (case.ccg, case.steis_number, case.incident_date) == (rapid.ccg, rapid.steis_number, rapid.incident_date)
        assert timedelta(0) <= case.date_added - rapid.date_closed <= timedelta(days=14)


def test_texts_are_as_long_as_those_that_people_write(cases):
    assert 370 < median(len(case.overview) for case in cases) < 430
    assert 170 < median(len(case.latest_update) for case in cases) < 230
    assert 730 < median(len(case.lessons) for case in cases if case.lessons) < 870


def test_words_are_common_rare_and_absent_as_promised(cases):
    counts = Counter(word for case in cases for word in words_of(case))

    assert 0.4 < counts[COMMON_WORD] / len(cases) < 0.6
    assert [number for number, case in enumerate(cases, start=1) if RARE_WORD in case.overview.split(" ")[-1]] == [778]
    assert [word for word in counts if word.startswith((RARE_WORD, ABSENT_WORD))] == [RARE_WORD]


def test_the_invented_word_number_n_comes_about_one_nth_as_often_as_the_first(cases):
    told = Counter(word for case in cases for word in re.findall(r"\w+", f"{case.latest_update} {case.lessons}"))

    def count(first, last):
        return sum(told[invented_word(number)] for number in range(first, last + 1)) / (last - first + 1)

    assert 5 < count(1, 1) / count(9, 11) < 10
    assert 50 < count(1, 1) / count(91, 110) < 100
    vocabulary = module._vocabulary()
    assert len(set(vocabulary)) == len(vocabulary) == 120_000


def test_cases_are_stored_chunk_by_chunk_and_only_once(either_app):
    made = some(2_500)[:240]
    with either_app.app_context(), every_organisation("test") as session:
        steps = [(step.done, step.added) for step in store_cases(session, iter(made[:120]), chunk=50)]
        assert steps == [(50, 50), (100, 100), (120, 120)]

        assert last_of(store_cases(session, made[:120])) == "nothing to add, 120 were there"
        assert last_of(store_cases(session, made)) == "120 added, 120 were there"
        assert last_of(store_cases(session, some(60, seed=2))) == "60 added"
        session.expire_all()
        stored = {row.id: row for row in session.scalars(select(CaseReview))}
        assert len(stored) == 300
        for case in made:
            row = stored[case.id]
            assert (row.reference, row.ccg.code, row.review_type.code) == (case.reference, case.ccg, case.review_type)
            assert (row.theme_1.code, row.overview, row.lessons) == (case.theme_1, case.overview, case.lessons)
            assert (row.created_at, row.changed_at, row.version) == (case.created_at, case.changed_at, 1)
            assert (row.converted_from_id, row.change_id) == (case.converted_from_id, case.change_id)
            assert row.converted_from_ccg_id == (row.ccg_id if case.converted_from else None)


def test_a_case_whose_reference_is_taken_is_left_out_with_what_grew_out_of_it(seeded):
    made = some(2_500)
    place = next(number for number, case in enumerate(made) if case.converted_from)
    rapid, grown = made[place - 1], made[place]
    last_of(store_cases(seeded, [some(1, seed=2)[0]]))
    seeded.execute(CaseReview.__table__.update().values(reference=rapid.reference))

    told = last_of(store_cases(seeded, made[place - 3 : place + 3], chunk=3))

    assert told == "4 added, 2 left out because another case has their reference"
    there = set(seeded.scalars(select(CaseReview.id)))
    assert not there & {rapid.id, grown.id}


def test_without_the_reference_lists_nothing_is_generated(session):
    with pytest.raises(CannotGenerate, match="flask seed reference"):
        last_of(store_cases(session, some(1)))


def test_the_command_goes_by_the_day_of_first_seeding_and_says_what_it_added(fresh_app):
    run = fresh_app.test_cli_runner().invoke
    first = run(args=["generate-cases", "30", "--seed", "7"])

    assert (first.exit_code, first.stdout) == (0, "Generated cases: 30 added\n")
    assert "30 of 30" in first.stderr
    assert run(args=["generate-cases", "31", "--seed", "7"]).stdout == "Generated cases: 1 added, 30 were there\n"
    with fresh_app.app_context(), every_organisation("test") as session:
        day = select(Setting.value).where(Setting.name == "demo_first_seeded_on")
        assert session.scalars(day).all() == ["2022-02-14"]
        ids = set(session.scalars(select(CaseReview.id)))
        assert ids == {case.id for case in generated_cases(31, 7, date(2022, 2, 14))}
        session.merge(Setting(name="demo_first_seeded_on", value="2021-06-01"))
        session.commit()
    run(args=["generate-cases", "30", "--seed", "8"])
    with fresh_app.app_context(), every_organisation("test") as session:
        eighth = [case.reference for case in some(30, seed=8)]
        added = session.scalars(select(CaseReview.date_added).where(CaseReview.reference.in_(eighth))).all()
        assert len(added) == 30 and max(added) < date(2021, 6, 1)


def test_the_command_is_refused_in_service_mode():
    service = {
        "SECRET_KEY": "0123456789abcdef" * 4,
        "DATABASE_URL": "sqlite://",
        "OIDC_ISSUER": "https://issuer.example.nhs.uk",
        "OIDC_CLIENT_ID": "tracker",
        "OIDC_CLIENT_SECRET": "a secret",
    }
    result = create_app(service).test_cli_runner().invoke(args=["generate-cases", "10"])

    assert result.exit_code != 0
    assert "only when TRACKER_MODE is demo" in result.output
