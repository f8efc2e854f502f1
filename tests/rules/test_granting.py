"""What the claims of an identity provider grant: claims in every shape, and exactly what is made of each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from app.access.permissions import reads_cases
from app.rules import granting
from app.rules.granting import MOST_ENTRIES, Why, holds_on, meaning_of
from app.rules.succession import Organisations, Place, Takeover
from models.enumerations import Role
from models.organisations import COUNTRY

TODAY = date(2022, 2, 14)
MERGED, SPLIT_ON, AHEAD = date(2020, 4, 1), date(2021, 4, 1), date(2022, 7, 1)
BEFORE = date(2020, 3, 31)


def place(code: str, kind: str = "ccg", opened: date | None = None, closed: date | None = None) -> Place:
    return Place(uuid4(), kind, code, f"NHS {code}", opened, closed)


PLACES = {
    one.code if one.kind != "icb" else "icb": one
    for one in (
        place("ENGLAND", "country"),
        place("Y63", "region"),
        place("QHM", "stp"),
        place("QWO", "stp", closed=BEFORE),
        place("QWX", "stp", closed=BEFORE),  # a CCG took over
        place("84H", opened=MERGED),
        place("16C"),
        place("93C"),
        place("00D", closed=BEFORE),  # 84H took over
        place("00C", closed=BEFORE),  # 00D took over, and then 84H
        place("99X", closed=BEFORE),  # nobody took over
        place("99S", closed=date(2021, 3, 31)),  # two took over
        place("99F", opened=AHEAD),
        place("QMM", "stp"),
        place("QMM", "icb"),
    )
}
TWINS = [Place(uuid4(), kind, "TWO", "NHS two") for kind in ("ccg", "place")]
KNOWN = Organisations(
    places={one.id: one for one in (*PLACES.values(), *TWINS)},
    parts=(),
    takeovers=tuple(
        Takeover(PLACES[old].id, PLACES[new].id, day)
        for old, new, day in (
            ("00C", "00D", date(2019, 4, 1)),
            ("00D", "84H", MERGED),
            ("QWX", "84H", MERGED),
            ("99S", "84H", SPLIT_ON),
            ("99S", "16C", SPLIT_ON),
            ("16C", "93C", AHEAD),
        )
    ),
    case_kinds=frozenset({"ccg", "place"}),
)
DURHAM = "ccg_editor 84H"
DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]
LONG = "ccg_editor:" + "8" * 100

# The roles claim, the organisations claim, what is granted, and what is ignored and why: "entry: reason".
SHAPES: list[tuple[Any, Any, set[str], list[tuple[str, Why]]]] = [
    # Pairs
    (["ccg_editor:84H"], None, {DURHAM}, []),
    ("ccg_editor:84H", None, {DURHAM}, []),
    (["ccg_editor:84H", "ccg_editor:16C"], None, {DURHAM, "ccg_editor 16C"}, []),
    (["oversight:QHM", "oversight:Y63"], None, {"oversight QHM", "oversight Y63"}, []),
    (["oversight:ENGLAND"], None, {"oversight ENGLAND"}, []),
    (["analyst:ENGLAND"], None, {"analyst ENGLAND"}, []),
    (["administrator:ENGLAND"], None, {"administrator ENGLAND"}, []),
    (["ccg_editor:84H", "oversight:QHM"], None, {DURHAM, "oversight QHM"}, []),
    (["ccg_editor:84H"] * 150, None, {DURHAM}, []),
    (["ccg_editor:84H"], ["93C"], {DURHAM}, [("organisations", Why.NOT_USED)]),
    # Lists apart, for a single role
    (["ccg_editor"], ["84H"], {DURHAM}, []),
    ("ccg_editor", "84H", {DURHAM}, []),
    (["ccg_editor"], ["84H", "16C", "84H"], {DURHAM, "ccg_editor 16C"}, []),
    (["ccg_editor", "ccg_editor"], ["84H"], {DURHAM}, []),
    (["administrator"], ["ENGLAND"], {"administrator ENGLAND"}, []),
    (["ccg_editor"], ["84H", "QHM", "nowhere"], {DURHAM}, [("QHM", Why.WRONG_KIND), ("nowhere", Why.UNKNOWN_CODE)]),
    (["ccg_editor"], ["84H", 7, None], {DURHAM}, [("one of organisations", Why.NOT_TEXT)] * 2),
    # Never a cross product
    (
        ["ccg_editor", "oversight"],
        ["84H", "QHM"],
        set(),
        [("ccg_editor", Why.SEVERAL_ROLES), ("oversight", Why.SEVERAL_ROLES)],
    ),
    (["ccg_editor:84H", "oversight"], ["QHM"], {DURHAM}, [("oversight", Why.SEVERAL_ROLES)]),
    (["ccg_editor:84H", "ccg_editor"], ["93C"], {DURHAM}, [("ccg_editor", Why.SEVERAL_ROLES)]),
    (
        ["ccg_editor", "reader"],
        ["84H", "93C"],
        set(),
        [("reader", Why.UNKNOWN_ROLE), ("ccg_editor", Why.SEVERAL_ROLES)],
    ),
    (["ccg_editor", 5], ["84H"], set(), [("one of roles", Why.NOT_TEXT), ("ccg_editor", Why.SEVERAL_ROLES)]),
    # Nothing
    (None, None, set(), []),
    ([], [], set(), []),
    ([], ["84H"], set(), [("organisations", Why.NOT_USED)]),
    (None, ["84H"], set(), [("organisations", Why.NOT_USED)]),
    (["ccg_editor"], None, set(), [("ccg_editor", Why.NO_ORGANISATION)]),
    (["analyst"], [], set(), [("analyst", Why.NO_ORGANISATION)]),
    # Wrong types
    (True, None, set(), [("roles", Why.NOT_A_LIST)]),
    (7, None, set(), [("roles", Why.NOT_A_LIST)]),
    ({"ccg_editor": "84H"}, None, set(), [("roles", Why.NOT_A_LIST)]),
    ({"roles": ["ccg_editor:84H"]}, None, set(), [("roles", Why.NOT_A_LIST)]),
    (["ccg_editor"], {"84H": True}, set(), [("organisations", Why.NOT_A_LIST), ("ccg_editor", Why.NO_ORGANISATION)]),
    ([["ccg_editor:84H"]], None, set(), [("one of roles", Why.NOT_TEXT)]),
    ([["ccg_editor", "84H"], "ccg_editor:16C"], None, {"ccg_editor 16C"}, [("one of roles", Why.NOT_TEXT)]),
    ([{"role": "ccg_editor", "code": "84H"}], None, set(), [("one of roles", Why.NOT_TEXT)]),
    ([None, 1.5, False], None, set(), [("one of roles", Why.NOT_TEXT)] * 3),
    (DEEP, None, set(), [("one of roles", Why.NOT_TEXT)]),
    ("ccg_editor:84H ccg_editor:16C", None, set(), [("ccg_editor:84H ccg_editor:16C", Why.NOT_A_PAIR)]),
    ("ccg_editor:84H,16C", None, set(), [("ccg_editor:84H,16C", Why.UNKNOWN_CODE)]),
    # Huge
    (["ccg_editor:84H"] * (MOST_ENTRIES + 1), None, set(), [("roles", Why.TOO_MANY)]),
    (["ccg_editor"], ["84H"] * 5000, set(), [("organisations", Why.TOO_MANY), ("ccg_editor", Why.NO_ORGANISATION)]),
    ([LONG, "ccg_editor:84H"], None, {DURHAM}, [(LONG[:59] + "…", Why.TOO_LONG)]),
    # Letter for letter
    (["CCG_EDITOR:84H"], None, set(), [("CCG_EDITOR:84H", Why.UNKNOWN_ROLE)]),
    (["ccg_editor:84h"], None, set(), [("ccg_editor:84h", Why.UNKNOWN_CODE)]),
    ([" ccg_editor:84H"], None, set(), [(" ccg_editor:84H", Why.UNKNOWN_ROLE)]),
    (["ccg_editor: 84H"], None, set(), [("ccg_editor: 84H", Why.UNKNOWN_CODE)]),
    (["ccg_editor:84H\n"], None, set(), [("ccg_editor:84H?", Why.UNKNOWN_CODE)]),
    (["ccg_editor:84H\u200b"], None, set(), [("ccg_editor:84H?", Why.UNKNOWN_CODE)]),
    (["ccg_editor:\uff18\uff14\uff28"], None, set(), [("ccg_editor:\uff18\uff14\uff28", Why.UNKNOWN_CODE)]),
    (["ccg_editor:\ud800"], None, set(), [("ccg_editor:?", Why.UNKNOWN_CODE)]),
    (["analyst:England"], None, set(), [("analyst:England", Why.UNKNOWN_CODE)]),
    (["CCG safeguarding lead:84H"], None, set(), [("CCG safeguarding lead:84H", Why.UNKNOWN_ROLE)]),
    # Not a pair
    (["ccg_editor:"], None, set(), [("ccg_editor:", Why.NOT_A_PAIR)]),
    ([":84H"], None, set(), [(":84H", Why.UNKNOWN_ROLE)]),
    ([""], None, set(), [("", Why.UNKNOWN_ROLE)]),
    ([":"], None, set(), [(":", Why.NOT_A_PAIR)]),
    (["ccg_editor:84H:16C"], None, set(), [("ccg_editor:84H:16C", Why.NOT_A_PAIR)]),
    (["ccg_editor:*"], None, set(), [("ccg_editor:*", Why.UNKNOWN_CODE)]),
    # Unknown
    (
        ["owner:84H", "offline_access"],
        None,
        set(),
        [("owner:84H", Why.UNKNOWN_ROLE), ("offline_access", Why.UNKNOWN_ROLE)],
    ),
    (["ccg_editor:nowhere"], None, set(), [("ccg_editor:nowhere", Why.UNKNOWN_CODE)]),
    # A code of another kind
    (["ccg_editor:QHM"], None, set(), [("ccg_editor:QHM", Why.WRONG_KIND)]),
    (["ccg_editor:ENGLAND"], None, set(), [("ccg_editor:ENGLAND", Why.WRONG_KIND)]),
    (["oversight:84H"], None, set(), [("oversight:84H", Why.WRONG_KIND)]),
    (["analyst:Y63"], None, set(), [("analyst:Y63", Why.WRONG_KIND)]),
    (["administrator:84H"], None, set(), [("administrator:84H", Why.WRONG_KIND)]),
    (["oversight:QMM"], None, set(), [("oversight:QMM", Why.SEVERAL_PLACES)]),
    (["ccg_editor:TWO"], None, set(), [("ccg_editor:TWO", Why.SEVERAL_PLACES)]),
    # Closed, and not open yet
    (["ccg_editor:00D"], None, {DURHAM}, []),
    (["ccg_editor:00C"], None, {DURHAM}, []),
    (["ccg_editor:00D", "ccg_editor:00C", "ccg_editor:84H"], None, {DURHAM}, []),
    (["ccg_editor"], ["00D"], {DURHAM}, []),
    (["ccg_editor:99X"], None, set(), [("ccg_editor:99X", Why.ENDED)]),
    (["ccg_editor:99S"], None, set(), [("ccg_editor:99S", Why.ENDED)]),
    (["oversight:QWO"], None, set(), [("oversight:QWO", Why.ENDED)]),
    (["oversight:QWX"], None, set(), [("oversight:QWX", Why.ENDED)]),
    (["ccg_editor:99F"], None, set(), [("ccg_editor:99F", Why.NOT_OPEN_YET)]),
    (["ccg_editor:16C"], None, {"ccg_editor 16C"}, []),  # 93C takes over in July
    # An administrator reads no case
    (
        ["administrator:ENGLAND", "ccg_editor:84H"],
        None,
        {DURHAM},
        [("administrator:ENGLAND", Why.READS_CASES)],
    ),
    (
        ["analyst:ENGLAND", "administrator:ENGLAND"],
        None,
        {"analyst ENGLAND"},
        [("administrator:ENGLAND", Why.READS_CASES)],
    ),
    (
        ["administrator:ENGLAND", "ccg_editor:nowhere"],
        None,
        {"administrator ENGLAND"},
        [("ccg_editor:nowhere", Why.UNKNOWN_CODE)],
    ),
]


@pytest.mark.parametrize(("roles", "organisations", "granted", "ignored"), SHAPES)
def test_claims_grant_exactly_this(
    roles: object, organisations: object, granted: set[str], ignored: list[tuple[str, Why]]
) -> None:
    found = meaning_of(roles, organisations, KNOWN, TODAY, reads_cases=reads_cases)
    assert {f"{role.value} {place.code}" for role, place in found.pairs} == granted
    assert [(one.entry, one.why) for one in found.ignored] == ignored


def test_there_are_shapes_enough() -> None:
    assert len(SHAPES) >= 40


def test_whoever_reads_cases_by_other_ways_is_no_administrator() -> None:
    claim = ["administrator:ENGLAND"]
    found = meaning_of(claim, None, KNOWN, TODAY, reads_cases=reads_cases, held=frozenset({Role.ANALYST}))
    assert found.pairs == frozenset()
    assert [one.why for one in found.ignored] == [Why.READS_CASES]


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.CCG_EDITOR, {"ccg", "place"}),
        (Role.OVERSIGHT, {"country", "region", "stp", "icb"}),
        (Role.ANALYST, {"country"}),
        (Role.ADMINISTRATOR, {"country"}),
    ],
)
def test_each_role_holds_on_its_kinds(role: Role, kinds: set[str]) -> None:
    assert {one.kind for one in KNOWN.places.values() if holds_on(role, one, KNOWN)} == kinds


def test_the_kind_of_england_has_one_name() -> None:
    assert granting.COUNTRY == COUNTRY
