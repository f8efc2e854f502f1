"""Dates as people type them."""

from __future__ import annotations

from datetime import date

import pytest

from app.rules import dates

THIRD_OF_APRIL = date(2021, 4, 3)
LABEL = "Incident date"


@pytest.mark.parametrize(
    "parts",
    [
        ("3", "4", "2021"),
        ("03", "04", "2021"),
        (" 3 ", "4", "2021"),
        ("3", "April", "2021"),
        ("3", "apr", "2021"),
        ("3/4/2021", "", ""),
        ("03-04-2021", "", ""),
        ("3.4.2021", "", ""),
        ("3 4 2021", "", ""),
        ("2021-04-03", "", ""),
        ("3 April 2021", "", ""),
        ("3rd April 2021", "", ""),
        ("3 APR 2021", "", ""),
        ("", "3/4/2021", ""),
        ("", "", "3 April 2021"),
        ("\N{FULLWIDTH DIGIT THREE}", "4", "2021"),
    ],
)
def test_a_date_is_read_however_it_is_typed(parts: tuple[str, str, str]) -> None:
    typed = dates.read(parts, LABEL)
    assert typed.value == THIRD_OF_APRIL
    assert (typed.problem, typed.wrong) == ("", ())


def test_a_date_that_was_read_shows_again_in_three_parts() -> None:
    assert dates.read(("03-04-2021", "", ""), LABEL).parts == ("3", "4", "2021")


def test_no_date_is_no_problem() -> None:
    assert dates.read(("", " ", ""), LABEL) == dates.TypedDate()


@pytest.mark.parametrize(
    ("parts", "problem", "wrong"),
    [
        (("", "4", "2021"), "must include a day", ("day",)),
        (("3", "", "2021"), "must include a month", ("month",)),
        (("3", "4", ""), "must include a year", ("year",)),
        (("3", "", ""), "must include a month and a year", ("month", "year")),
        (("", "April", ""), "must include a day and a year", ("day", "year")),
        (("", "", "2021"), "must include a day and a month", ("day", "month")),
        (("3", "4", "21"), "must include a year with 4 numbers", ("year",)),
        (("3/4/21", "", ""), "must include a year with 4 numbers", ("year",)),
        (("3", "4", "20211"), "must include a year with 4 numbers", ("year",)),
        (("3", "4", "1899"), "must have a year from 1900 to 2100", ("year",)),
        (("3", "4", "2101"), "must have a year from 1900 to 2100", ("year",)),
        (("32", "4", "2021"), "must be a real date", ("day",)),
        (("0", "4", "2021"), "must be a real date", ("day",)),
        (("3", "13", "2021"), "must be a real date", ("month",)),
        (("3", "Aprilember", "2021"), "must be a real date", ("month",)),
        (("32", "13", "2021"), "must be a real date", ("day", "month")),
        (("3", "4", "year"), "must be a real date", ("year",)),
        (("31", "4", "2021"), "must be a real date", dates.PARTS),
        (("29", "2", "2021"), "must be a real date", dates.PARTS),
        (("29/2/1900", "", ""), "must be a real date", dates.PARTS),
        (("yesterday", "", ""), "must be a real date", ("day",)),
        (("", "", "3 Aprilember 2021"), "must be a real date", ("year",)),
        (("-3", "4", "2021"), "must be a real date", ("day",)),
        (("9" * 5000, "4", "2021"), "must be a real date", ("day",)),
    ],
)
def test_what_is_wrong_is_said_and_shown_on_its_parts(
    parts: tuple[str, str, str], problem: str, wrong: tuple[str, ...]
) -> None:
    typed = dates.read(parts, LABEL)
    assert typed.value is None
    assert typed.problem == f"Incident date {problem}"
    assert typed.wrong == wrong


@pytest.mark.parametrize("year", [2000, 2020, 2024])
def test_the_29_of_february_exists_in_a_leap_year(year: int) -> None:
    assert dates.read(("29", "2", str(year)), LABEL).value == date(year, 2, 29)


@pytest.mark.parametrize("year", [1900, 2100])
def test_the_first_and_the_last_year_are_accepted(year: int) -> None:
    assert dates.read(("1", "1", str(year)), LABEL).value == date(year, 1, 1)


def test_what_could_not_be_read_shows_again_as_it_was_typed() -> None:
    assert dates.read(("31", "feb", "2021"), LABEL).parts == ("31", "feb", "2021")
    assert dates.read(("tomorrow", "", ""), LABEL).parts == ("tomorrow", "", "")
