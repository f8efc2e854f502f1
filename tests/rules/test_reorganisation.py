"""What may happen to organisations, and the sentence for what may not: on a small England, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from app.rules.reorganisation import DAY, CannotBe, Change, What, planned, unmade
from app.rules.succession import KindOfPlace, Organisations, Part, Place, Takeover

FIRST = date(2019, 4, 1)
APRIL = date(2022, 4, 1)
IDS = {code: UUID(int=number) for number, code in enumerate(("ENGLAND", "Y1", "Y2", "QA", "QB", "1A", "2A", "3B"), 1)}
KINDS = {
    kind.code: kind
    for kind in (
        KindOfPlace("country", "Country", "Countries", None, False, 0),
        KindOfPlace("region", "Region", "Regions", "country", False, 1),
        KindOfPlace("stp", "STP", "STPs", "region", False, 2),
        KindOfPlace("ccg", "CCG", "CCGs", "stp", True, 3),
    )
}


def place(kind: str, code: str) -> Place:
    return Place(IDS[code], kind, code, f"NHS {code}")


def part(child: str, parent: str) -> Part:
    return Part(IDS[child], IDS[parent], FIRST, None)


KNOWN = Organisations(
    places={
        one.id: one
        for one in (
            place("country", "ENGLAND"),
            *(place("region", code) for code in ("Y1", "Y2")),
            *(place("stp", code) for code in ("QA", "QB")),
            *(place("ccg", code) for code in ("1A", "2A", "3B")),
        )
    },
    parts=(
        part("Y1", "ENGLAND"), part("Y2", "ENGLAND"), part("QA", "Y1"), part("QB", "Y2"),
        part("1A", "QA"), part("2A", "QA"), part("3B", "QB"),
    ),
    takeovers=(),
    case_kinds=frozenset({"ccg"}),
    kinds=KINDS,
)  # fmt: skip


def added(code: str = "9Z", parent: str = "QA", day: date = APRIL) -> Change:
    return Change(What.ADDED, "ccg", code, day, f"NHS {code}", ("stp", parent))


def closed(code: str, last: date = APRIL - DAY, kind: str = "ccg") -> Change:
    return Change(What.CLOSED, kind, code, last)


def moved(code: str, parent: str, day: date = APRIL, kind: str = "ccg", above: str = "stp") -> Change:
    return Change(What.MOVED, kind, code, day, other=(above, parent))


def taken(code: str, by: str, day: date = APRIL, kind: str = "ccg") -> Change:
    return Change(What.TAKEN_OVER, kind, code, day, other=(kind, by))


MERGER = [taken("1A", "9Z"), taken("2A", "9Z"), closed("1A"), closed("2A"), added()]
SPLIT = [added("9Z"), added("8Y", "QB"), closed("1A"), taken("1A", "9Z"), taken("1A", "8Y")]
INTO_ONE_THAT_IS_THERE = [closed("1A"), taken("1A", "2A")]
RENAMED = [Change(What.RENAMED, "ccg", "1A", APRIL, "NHS Another")]
OF_A_NEW_KIND = [
    Change(What.KIND, "icb", "", name="ICB", plural="ICBs", parent_kind="region", other=("stp", "")),
    Change(What.KIND, "place", "", name="Place", plural="Places", parent_kind="icb", other=("ccg", "")),
    Change(What.ADDED, "place", "1A", APRIL, "NHS ICB A - 1A", ("icb", "QA")),
    Change(What.ADDED, "icb", "QA", APRIL, "NHS ICB A", ("region", "Y1")),
    closed("1A"), closed("2A"), closed("QA", kind="stp"),
    Change(What.TAKEN_OVER, "ccg", "1A", APRIL, other=("place", "1A")),
    Change(What.TAKEN_OVER, "ccg", "2A", APRIL, other=("place", "1A")),
    Change(What.TAKEN_OVER, "stp", "QA", APRIL, other=("icb", "QA")),
]  # fmt: skip
PLANS = [MERGER, SPLIT, INTO_ONE_THAT_IS_THERE, RENAMED, OF_A_NEW_KIND, [moved("1A", "QB")], [closed("1A")], [added()]]


def test_a_merger_takes_cases_and_people_from_its_day_on_and_not_before() -> None:
    known = planned(MERGER, KNOWN).known
    new = next(one for one in known.places.values() if one.code == "9Z")
    for before in ("1A", "2A"):
        assert known.current_of(IDS[before], APRIL - DAY) == IDS[before]
        assert known.current_of(IDS[before], APRIL) == new.id
    assert known.above(new.id, "stp", APRIL) == KNOWN.places[IDS["QA"]]
    assert not known.places[IDS["1A"]].is_open_on(APRIL)


def test_after_a_split_it_answers_for_itself() -> None:
    known = planned(SPLIT, KNOWN).known
    assert known.current_of(IDS["1A"], APRIL) == IDS["1A"]
    assert len(known.successors_of(IDS["1A"])) == 2


def test_another_kind_takes_over_under_the_same_codes() -> None:
    known = planned(OF_A_NEW_KIND, KNOWN).known
    new = known.places[known.current_of(IDS["2A"], APRIL)]
    assert (new.kind, new.code, new.id != IDS["1A"]) == ("place", "1A", True)
    assert known.case_kinds == {"ccg", "place"}
    icb = known.above(new.id, "icb", APRIL)
    assert icb is not None and icb.code == "QA"


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_unmade_is_as_it_was(plan: list[Change]) -> None:
    known = unmade(plan, planned(plan, KNOWN).known)
    names = {id_: one.name for id_, one in KNOWN.places.items()}
    assert {id_: replace(one, name=names[id_]) for id_, one in known.places.items()} == KNOWN.places
    assert set(known.parts) == set(KNOWN.parts)
    assert (known.takeovers, known.kinds, known.case_kinds) == ((), KINDS, KNOWN.case_kinds)


def test_what_was_built_on_is_not_unmade() -> None:
    twice = planned(
        [closed("9Z", date(2023, 3, 31)), taken("9Z", "3B", date(2023, 4, 1))], planned(MERGER, KNOWN).known
    )
    with pytest.raises(CannotBe, match=r"NHS 9Z \(9Z\) has changed again since. Undo that first"):
        unmade(MERGER, twice.known)


LATER = APRIL + DAY
REFUSED = {
    "a loop": (
        [closed("1A"), taken("1A", "2A"), closed("2A"), taken("2A", "1A")],
        "NHS 2A (2A) is not open on 1 April 2022",
    ),
    "itself": ([closed("1A"), taken("1A", "1A")], "NHS 1A (1A) cannot take over from itself"),
    "still open": ([taken("1A", "2A")], "NHS 2A (2A) would take over from NHS 1A (1A), which does not close"),
    "a gap before the successor": (
        [closed("1A"), taken("1A", "2A", LATER)],
        "NHS 1A (1A) closes on 31 March 2022, so NHS 2A (2A) takes over on 1 April 2022, not on 2 April 2022",
    ),
    "the successor opens late": (
        [added(day=LATER), closed("1A"), taken("1A", "9Z")],
        "NHS 9Z (9Z) is not open on 1 April 2022",
    ),
    "another level": (
        [closed("1A"), Change(What.TAKEN_OVER, "ccg", "1A", APRIL, other=("stp", "QB"))],
        "NHS QB (QB) is not of a kind that can take over from NHS 1A (1A)",
    ),
    "a parent that closes": (
        [closed("QA", kind="stp")],
        "NHS 1A (1A) would still be part of NHS QA (QA) after that closes on 31 March 2022. Move it first",
    ),
    "a parent that is closed": (
        [closed("3B"), closed("QB", kind="stp"), moved("1A", "QB")],
        "NHS 1A (1A) would still be part of NHS QB (QB) after that closes on 31 March 2022. Move it first",
    ),
    "part of the wrong kind": ([moved("1A", "2A", above="ccg")], "NHS 1A (1A) cannot be part of NHS 2A (2A)"),
    "a second membership": (
        [moved("1A", "QB"), moved("1A", "QA", APRIL - DAY)],
        "NHS 1A (1A) has been part of NHS QB (QB) since 1 April 2022. It can move after that day",
    ),
    "where it is": ([moved("1A", "QA")], "NHS 1A (1A) is part of NHS QA (QA) already"),
    "before it was there": (
        [moved("1A", "QB", FIRST)],
        "NHS 1A (1A) has been part of NHS QA (QA) since 1 April 2019. It can move after that day",
    ),
    "a code twice": ([added("1A")], "The code 1A is that of NHS 1A already"),
    "closed twice": ([closed("1A"), closed("1A")], "NHS 1A (1A) closed on 31 March 2022"),
    "taken over twice": (
        [closed("1A"), taken("1A", "2A"), taken("1A", "2A")],
        "NHS 2A (2A) has taken over from NHS 1A (1A) already",
    ),
    "nobody": ([closed("7X")], "There is no CCG with the code 7X"),
    "no date": ([replace(added(), day=None)], "Enter the date for 9Z"),
    "the same name": ([replace(RENAMED[0], name="NHS 1A")], "NHS 1A (1A) has that name already"),
    "no such kind": ([replace(added(), kind="icb")], "icb is not a kind of organisation that is known"),
    "a kind twice": ([replace(OF_A_NEW_KIND[0], kind="ccg")], "There is a kind ccg already"),
    "a kind below itself": (
        [replace(OF_A_NEW_KIND[0], parent_kind="ccg")],
        "ICB must be part of a kind that stands above it",
    ),
    "closes before it opens": (
        [replace(added(), closed_on=APRIL - DAY)],
        "NHS 9Z (9Z) would close before it opens",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(case: str) -> None:
    plan, sentence = REFUSED[case]
    with pytest.raises(CannotBe) as refused:
        planned(plan, KNOWN)
    assert str(refused.value) == sentence


def test_a_loop_over_years_is_refused() -> None:
    known = planned(INTO_ONE_THAT_IS_THERE, KNOWN).known
    looped = replace(known, takeovers=(*known.takeovers, Takeover(IDS["2A"], IDS["1A"], APRIL)))
    with pytest.raises(CannotBe):
        planned([moved("2A", "QB")], looped)
