"""Who answers for whom, on which day. A small map of invented codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from app.rules.succession import Organisations, Part, Place, Takeover

IDS: dict[str, UUID] = {}


def place(code: str, kind: str = "ccg", opened: date | None = None, closed: date | None = None) -> Place:
    IDS[code] = uuid4()
    return Place(IDS[code], kind, code, f"NHS {code}", opened, closed)


OLD, NEW, NEWER = date(2013, 4, 1), date(2020, 4, 1), date(2021, 4, 1)
PLACES = [
    place("ENGLAND", "country"),
    place("R1", "region"),
    place("S1", "stp"),
    place("S2", "stp"),
    place("A", opened=OLD, closed=date(2020, 3, 31)),
    place("B", opened=OLD, closed=date(2020, 3, 31)),
    place("AB", opened=NEW, closed=date(2021, 3, 31)),
    place("ABC", opened=NEWER),
    place("C", opened=OLD, closed=date(2021, 3, 31)),
    place("SPLIT", opened=OLD, closed=date(2020, 3, 31)),
    place("LEFT", opened=NEW),
    place("RIGHT", opened=NEW),
]


def part(child: str, parent: str, first: date = date(2019, 4, 1), last: date | None = None) -> Part:
    return Part(IDS[child], IDS[parent], first, last)


MAP = Organisations(
    places={one.id: one for one in PLACES},
    parts=(
        part("R1", "ENGLAND"),
        part("S1", "R1"),
        part("S2", "R1"),
        part("A", "S1", last=date(2020, 3, 31)),
        part("B", "S2", last=date(2020, 3, 31)),
        part("AB", "S1", NEW, date(2021, 3, 31)),
        part("C", "S1", last=date(2021, 3, 31)),
        part("ABC", "S1", NEWER),
        part("SPLIT", "S2", last=date(2020, 3, 31)),
        part("LEFT", "S2", NEW),
        part("RIGHT", "S2", NEW, date(2020, 12, 31)),
        part("RIGHT", "S1", date(2021, 1, 1)),
    ),
    takeovers=tuple(
        Takeover(IDS[old], IDS[new], day)
        for old, new, day in (
            ("A", "AB", NEW),
            ("B", "AB", NEW),
            ("AB", "ABC", NEWER),
            ("C", "ABC", NEWER),
            ("SPLIT", "LEFT", NEW),
            ("SPLIT", "RIGHT", NEW),
        )
    ),
    case_kinds=frozenset({"ccg"}),
)


@pytest.mark.parametrize(
    ("code", "day", "answers"),
    [
        ("A", date(2020, 3, 31), "A"),
        ("A", date(2020, 4, 1), "AB"),
        ("A", date(2021, 3, 31), "AB"),
        ("A", date(2021, 4, 1), "ABC"),
        ("ABC", date(2022, 1, 1), "ABC"),
        ("SPLIT", date(2022, 1, 1), "SPLIT"),
    ],
)
def test_the_end_of_the_line_answers(code: str, day: date, answers: str) -> None:
    assert MAP.current_of(IDS[code], day) == IDS[answers]


@pytest.mark.parametrize(
    ("code", "day", "earlier"),
    [
        ("AB", date(2020, 3, 31), set()),
        ("AB", date(2020, 4, 1), {"A", "B"}),
        ("ABC", date(2021, 4, 1), {"A", "B", "AB", "C"}),
        ("LEFT", date(2022, 1, 1), set()),
        ("A", date(2022, 1, 1), set()),
    ],
)
def test_predecessors_are_those_that_have_been_taken_over(code: str, day: date, earlier: set[str]) -> None:
    assert MAP.predecessors_of(IDS[code], day) == {IDS[one] for one in earlier}


@pytest.mark.parametrize(
    ("code", "kind", "day", "above"),
    [
        ("A", "stp", date(2019, 6, 1), "S1"),
        ("B", "stp", date(2022, 1, 1), "S2"),
        ("RIGHT", "stp", date(2020, 12, 31), "S2"),
        ("RIGHT", "stp", date(2021, 1, 1), "S1"),
        ("AB", "region", date(2020, 5, 1), "R1"),
        ("AB", "country", date(2020, 5, 1), "ENGLAND"),
    ],
)
def test_membership_is_that_of_the_day_or_the_last(code: str, kind: str, day: date, above: str) -> None:
    found = MAP.above(IDS[code], kind, day)
    assert found is not None and found.code == above


def test_cases_follow_a_merger_into_another_stp() -> None:
    day = date(2020, 4, 1)
    assert IDS["B"] in MAP.case_holders_below(IDS["S1"], day)
    assert IDS["B"] not in MAP.case_holders_below(IDS["S2"], day)
    assert IDS["B"] in MAP.case_holders_below(IDS["S2"], date(2020, 3, 31))


def test_a_line_of_succession_is_one_line() -> None:
    day = date(2021, 4, 1)
    assert MAP.same_line(IDS["A"], IDS["ABC"], day)
    assert MAP.same_line(IDS["ABC"], IDS["A"], day)
    assert not MAP.same_line(IDS["A"], IDS["C"], day)
    assert not MAP.same_line(IDS["LEFT"], IDS["SPLIT"], day)


def test_a_loop_is_refused_aloud() -> None:
    loop = Organisations(
        {one.id: one for one in PLACES},
        (),
        (Takeover(IDS["A"], IDS["B"], NEW), Takeover(IDS["B"], IDS["A"], NEW)),
        frozenset({"ccg"}),
    )
    with pytest.raises(ValueError, match="leads back to itself"):
        loop.current_of(IDS["A"], NEWER)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2013, 3, 31), False),
        (date(2013, 4, 1), True),
        (date(2020, 3, 31), True),
        (date(2020, 4, 1), False),
    ],
)
def test_first_and_last_day_are_included(day: date, is_open: bool) -> None:
    assert MAP.places[IDS["A"]].is_open_on(day) is is_open


def test_a_split_has_several_successors_from_the_day_of_the_second() -> None:
    assert MAP.splits_on(date(2020, 3, 31)) == {}
    assert MAP.splits_on(NEW) == {IDS["SPLIT"]: {IDS["LEFT"], IDS["RIGHT"]}}
    assert MAP.was_split(IDS["SPLIT"], NEW) and not MAP.was_split(IDS["A"], NEW)


def test_cases_are_allocated_to_those_that_took_over_and_are_in_force() -> None:
    codes = lambda place, day: [one.code for one in MAP.may_answer_after_a_split(IDS[place], day)]  # noqa: E731
    assert codes("SPLIT", NEW) == ["LEFT", "RIGHT"]
    assert codes("SPLIT", date(2020, 3, 31)) == codes("A", NEW) == []


def test_parts_that_were_split_or_taken_over_stand_for_whoever_came_after_them() -> None:
    """RIGHT is split between Y and Z, LEFT is taken over by ABC."""
    later = date(2022, 1, 1)
    more = [place(code, opened=later) for code in ("Y", "Z")]
    closed = [replace(MAP.places[IDS[code]], closed_on=date(2021, 12, 31)) for code in ("LEFT", "RIGHT")]
    known = replace(
        MAP,
        places={**MAP.places, **{one.id: one for one in [*more, *closed]}},
        takeovers=(
            *MAP.takeovers,
            *(Takeover(IDS[old], IDS[new], later) for old, new in (("RIGHT", "Y"), ("RIGHT", "Z"), ("LEFT", "ABC"))),
        ),
    )
    parts = {IDS[code] for code in ("LEFT", "RIGHT", "Y", "Z")}
    assert known.splits_on(later) == {IDS["SPLIT"]: parts, IDS["RIGHT"]: {IDS["Y"], IDS["Z"]}}
    assert [one.code for one in known.may_answer_after_a_split(IDS["SPLIT"], later)] == ["LEFT", "Y", "Z"]
    assert known.parted_again(IDS["SPLIT"], later) == {IDS["RIGHT"]}
    assert known.split_from(IDS["Y"], later) == {IDS["SPLIT"], IDS["RIGHT"]}
    assert known.splits_on(NEWER) == MAP.splits_on(NEWER)


def test_what_may_have_come_by_a_split_is_that_of_the_whole_line() -> None:
    assert MAP.split_from(IDS["LEFT"], NEW) == {IDS["SPLIT"]}
    assert MAP.split_from(IDS["LEFT"], date(2020, 3, 31)) == MAP.split_from(IDS["AB"], NEW) == set()
