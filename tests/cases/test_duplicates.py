"""Possible duplicates, counted group by group, are those that comparing each case with every other finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.access import clock
from app.access.lookups import Lookups, read_codes
from app.access.organisations import read_organisations
from app.access.row_scope import EVERYTHING, RowScope, enter
from app.cases import figures
from app.cases.duplicates import may_be_a_duplicate
from app.database import new_session
from models import CaseReview
from tests.conftest import add_case
from tests.splits import NEW, place, split

# 84H took over from 00D and 00J.
CCGS = ("84H", "00D", "00J", "16C")
TYPES = ("sar_mandatory", "lcspr")


def some_cases(app: Flask, allocated: tuple[str | None, ...], seed: int) -> None:
    """Cases that are often alike; some are withdrawn, some grew out of another."""
    random, used = Random(seed), set()
    known: dict[UUID, tuple[str, str]] = {}
    there: list[CaseReview] = []
    for _ in range(100):
        source = there.pop(random.randrange(len(there))) if there and random.random() < 0.4 else None
        likes = [source if random.random() < often else None for often in (0.6, 0.8, 0.8, 0.8)]
        code = known[likes[0].id][0] if likes[0] else random.choice(CCGS)
        review_type = known[likes[1].id][1] if likes[1] else random.choice(TYPES)
        to = random.choice(allocated) if code != "16C" else None
        day = date(2019, random.randrange(1, 5), random.randrange(1, 29))
        number = likes[2].steis_number if likes[2] else random.choice([None, f"2021/{random.randrange(12)}"])
        is_withdrawn = random.random() < 0.25
        key = (code, to, review_type, number)
        if key in used:
            number = None
        elif not is_withdrawn:
            used.add(key)
        case = add_case(
            app,
            code,
            date_added=date(2020, 3, 1),
            incident_date=likes[3].incident_date if likes[3] else day,
            review_type=review_type,
            steis_number=number,
            withdrawn_at=datetime(2022, 1, 1, tzinfo=UTC) if is_withdrawn else None,
            withdrawn_reason="Entered twice." if is_withdrawn else None,
            allocated_to_id=place(app, to) if to else None,
            converted_from_id=source.id if source else None,
            converted_from_ccg_id=source.ccg_id if source else None,
        )
        known[case.id] = code, review_type
        there.append(case)


def one_by_one(cases: list[CaseReview], lookups: Lookups) -> set[UUID]:
    known, today = lookups.organisations, lookups.today
    line: Callable[[UUID], UUID] = lambda ccg: known.current_of(ccg, today)  # noqa: E731
    held = bool(known.splits_on(today))

    def alike(one: CaseReview, other: CaseReview) -> bool:
        return (
            one is not other
            and one.converted_from_id != other.id
            and other.converted_from_id != one.id
            and (line(one.ccg_id) == line(other.ccg_id) or (held and line(one.held_by_id) == line(other.held_by_id)))
            and (
                (one.incident_date, one.review_type_id) == (other.incident_date, other.review_type_id)
                or one.steis_number == other.steis_number is not None
            )
        )

    recorded = [one for one in cases if one.withdrawn_at is None]
    return {one.id for one in recorded if any(alike(one, other) for other in recorded)}


@pytest.mark.parametrize("is_split", [False, True])
def test_groups_find_what_comparing_each_with_every_other_finds(fresh_either_app: Flask, is_split: bool) -> None:
    app = fresh_either_app
    if is_split:
        split(app)
    some_cases(app, (None, "16C", NEW) if is_split else (None,), seed=8)
    line = frozenset(place(app, code) for code in CCGS[:3])
    durham = RowScope(readable=line, writable=line)
    other = frozenset({place(app, "16C")})
    for scope in (EVERYTHING, durham, RowScope(readable=other, allocated=other)):
        with app.app_context(), new_session() as session:
            enter(session, scope)
            lookups = Lookups(read_organisations(session, clock.today()), read_codes(session), clock.today())
            cases = list(session.scalars(select(CaseReview)))
            expected = one_by_one(cases, lookups)
            assert 0 < len(expected) < len(cases)
            assert set(session.scalars(select(CaseReview.id).where(may_be_a_duplicate(lookups)))) == expected
            counted = figures.by_ccg(session, lookups)
            by_ccg = Counter(one.ccg_id for one in cases if one.id in expected)
            assert {ccg: one.possible_duplicates for ccg, one in counted.items() if one.possible_duplicates} == by_ccg
