"""What a list of the Organisation Data Service would change, from the mergers of April 2020 and 2021 as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from app.access.organisations import read_organisations
from app.imports.ods_changes import Comparison, compare, written_as_a_name
from app.imports.ods_files import CCGRow, SuccessionRow
from app.rules.reorganisation import Change, What, closes_most
from app.rules.succession import Organisations
from tests.conftest import TODAY
from tests.databases import unguarded
from tests.ods import BEFORE, BETWEEN, as_at, files_of


@pytest.fixture
def known(app: Flask) -> Organisations:
    """The list as it is seeded: 106 CCGs that are open, and those that merged into them."""
    with unguarded(app) as session:
        return read_organisations(session, TODAY)


def codes(found: Comparison, kind: What) -> set[str]:
    return {change.code for change in found.of(kind)}


@pytest.mark.parametrize("day", [BEFORE, BETWEEN, TODAY])
def test_the_list_of_the_day_changes_nothing(known: Organisations, day: date) -> None:
    found = compare(*files_of(known, day), as_at(known, day), day)
    assert (found.changes, found.problems) == ([], [])


@pytest.mark.parametrize(
    ("before", "after", "merger"),
    [(BEFORE, BETWEEN, date(2020, 4, 1)), (BETWEEN, TODAY, date(2021, 4, 1))],
)
def test_the_mergers_are_found_as_they_were(known: Organisations, before: date, after: date, merger: date) -> None:
    found = compare(*files_of(known, after), as_at(known, before), before)
    assert found.problems == []
    ccgs = [one for one in known.places.values() if one.kind == "ccg"]
    assert codes(found, What.ADDED) == {one.code for one in ccgs if one.opened_on == merger}
    assert codes(found, What.CLOSED) == {one.code for one in ccgs if one.closed_on == merger - timedelta(days=1)}
    taken = {(change.code, change.other and change.other[1]) for change in found.of(What.TAKEN_OVER)}
    place = known.places
    assert taken == {
        (place[one.predecessor].code, place[one.successor].code)
        for one in known.takeovers
        if one.effective_on == merger
    }
    assert found.of(What.RENAMED) == found.of(What.MOVED) == []
    for change in found.of(What.ADDED):
        added = next(one for one in ccgs if one.code == change.code)
        stp = known.above(added.id, "stp", merger)
        assert (change.day, change.other) == (added.opened_on, stp and ("stp", stp.code))
        assert change.name == added.name


def durham(known: Organisations) -> CCGRow:
    return next(row for row in files_of(known, TODAY)[0] if row.code == "84H")


def with_durham(known: Organisations, *taken: SuccessionRow, **changes: object) -> Comparison:
    rows, successions = files_of(known, TODAY)
    changed = [replace(row, **changes) if row.code == "84H" else row for row in rows]  # type: ignore[arg-type]
    return compare(changed, [*successions, *taken], known, TODAY)


def test_a_name_and_an_stp_that_change_ask_for_their_date(known: Organisations) -> None:
    line = durham(known).line
    assert with_durham(known, name="NHS COUNTY DURHAM AND DARLINGTON CCG").changes == [
        Change(What.RENAMED, "ccg", "84H", name="NHS County Durham and Darlington CCG", line=line)
    ]
    assert with_durham(known, stp="QE1", region="Y62").changes == [
        Change(What.MOVED, "ccg", "84H", other=("stp", "QE1"), line=line)
    ]


@pytest.mark.parametrize(
    ("changes", "taken", "sentence"),
    [
        ({"stp": "Q99"}, (), "Q99, of which 84H would be part, is not known. Add the STP first"),
        ({"stp": "QE1"}, (), "QE1 lies in Y62, not in Y63"),
        ({"opened_on": date(2019, 4, 1)}, (), "NHS County Durham CCG (84H) opened on 1 April 2020, not 1 April 2019"),
        ({}, (SuccessionRow(7, "84H", "16C", date(2022, 4, 1)),), "16C would take over from 84H, which does not close"),
        (
            {"closed_on": date(2022, 3, 30)},
            (SuccessionRow(7, "84H", "16C", date(2022, 4, 1)),),
            "84H closes on 30 March 2022, and 16C would take over on 1 April 2022",
        ),
        (
            {"closed_on": date(2022, 3, 31)},
            (SuccessionRow(7, "84H", "00J", date(2022, 4, 1)),),
            "00J would take over from 84H, which took over from it",
        ),
        (
            {},
            (SuccessionRow(7, "00J", "84H", date(2020, 5, 1)),),
            "84H took over from 00J on 1 April 2020, not 1 May 2020",
        ),
    ],
)  # fmt: skip
def test_what_contradicts_what_is_known_is_a_problem(
    known: Organisations, changes: dict[str, object], taken: tuple[SuccessionRow, ...], sentence: str
) -> None:
    found = with_durham(known, *taken, **changes)
    assert [problem.reason for problem in found.problems] == [sentence]
    assert not found.of(What.TAKEN_OVER)


def test_a_closed_ccg_stays_closed_and_one_that_is_left_out_is_missed(known: Organisations) -> None:
    rows, taken = files_of(known, TODAY)
    reopened = [replace(row, closed_on=None) if row.code == "00J" else row for row in rows if row.code != "16C"]
    assert [problem.reason for problem in compare(reopened, taken, known, TODAY).problems] == [
        "NHS North Durham CCG (00J) closed on 31 March 2020, not at all in the file",
        "NHS Tees Valley CCG (16C) is open and not in the file",
    ]


def test_a_file_that_closes_most_of_the_list_says_so(known: Organisations) -> None:
    rows, taken = files_of(known, TODAY)
    end = date(2022, 6, 30)
    found = compare([row if row.closed_on else replace(row, closed_on=end) for row in rows], taken, known, TODAY)
    assert (len(found.of(What.CLOSED)), found.problems) == (106, [])
    assert closes_most(found.changes, known, TODAY)
    assert not closes_most(with_durham(known, closed_on=end).changes, known, TODAY)


def test_names_in_capitals_are_written_as_names() -> None:
    for capitals, name in {
        "NHS COUNTY DURHAM CCG": "NHS County Durham CCG",
        "NHS BATH AND NORTH EAST SOMERSET, SWINDON AND WILTSHIRE CCG": (
            "NHS Bath and North East Somerset, Swindon and Wiltshire CCG"
        ),
        "NHS ST HELENS CCG": "NHS St Helens CCG",
        "NHS ISLE OF WIGHT CCG": "NHS Isle of Wight CCG",
        "NHS HARTLEPOOL AND STOCKTON-ON-TEES CCG": "NHS Hartlepool and Stockton-on-Tees CCG",
        "NHS BLACKBURN WITH DARWEN CCG": "NHS Blackburn with Darwen CCG",
        "NHS Castle Point CCG": "NHS Castle Point CCG",
    }.items():
        assert written_as_a_name(capitals) == name
