"""Look-alikes of identifiers: numbers from the 999 range, which the NHS keeps for tests."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.rules import identifiers
from app.rules.identifiers import is_nhs_number, look_alikes, may_identify


@pytest.mark.parametrize(
    ("digits", "valid"),
    [
        ("9990000018", True),
        ("9990000026", True),
        ("9434765919", True),
        ("9990000019", False),
        ("999000001", False),
        ("99900000180", False),
        ("1111111111", False),
        ("999000001X", False),
        ("٩٩٩٠٠٠٠٠١٨", False),
    ],
)
def test_the_check_digit_decides(digits: str, valid: bool) -> None:
    assert is_nhs_number(digits) is valid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She was 87 and lived alone.", []),
        ("StEIS 2021/12345, called on 0191 498 0000.", []),
        ("NHS number 999 000 0018 was written down.", ["an NHS number"]),
        ("999-000-0018", ["an NHS number"]),
        ("9990000018", ["an NHS number"]),
        ("999\u00a0000\u00a00018", ["an NHS number"]),
        ("999  000  0018", ["an NHS number"]),
        ("999.000.0018", ["an NHS number"]),
        ("99900 00018", ["an NHS number"]),
        ("999\n000 0018", ["an NHS number"]),
        ("born in Durham on 3 April 1950", ["a date of birth"]),
        ("dob: 3rd April, 1950", ["a date of birth"]),
        ("19990000018", []),
        ("DOB 3/4/1950", ["a date of birth"]),
        ("born on 3 April 1950", ["a date of birth"]),
        ("Date of birth: 1950-04-03", ["a date of birth"]),
        ("d.o.b. was 03.04.50", ["a date of birth"]),
        ("The baby was born at 34 weeks. The panel met on 3/4/2021.", []),
        ("The panel met on 3 April 2021.", []),
        ("dob 3/4/1950, 999 000 0018", ["an NHS number", "a date of birth"]),
    ],
)
def test_text_that_looks_like_an_identifier_is_named(text: str, found: list[str]) -> None:
    assert look_alikes(text) == found


PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "born",
                "BORN",
                "birth",
                "B\u0130RTH",
                "b\u0131rth",
                "date of ",
                "day",
                "d",
                "O",
                "b",
                ".",
                " ",
                "\u00a0",
            ),
            *("\n", "-", "on ", "3 May 1961", "1/2/2001", "1950-02-01", "999", "000", "0018", "7", "x", "\u2013"),
            *("further", "\ud800"),
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=3))
@example(["b\u0131rthday 1/2/2001"])
@example(["B\u0130RTHDAY 1/2/2001"])
@example(["D. O. B. 1/2/2001"])
def test_what_is_faster_than_looking_rules_nothing_out_that_looking_finds(texts: list[str]) -> None:
    for text in texts:
        numbers = [re.sub(r"[^0-9]", "", match.group()) for match in identifiers._TEN_DIGITS.finditer(text)]
        found = ["an NHS number"] if any(map(is_nhs_number, numbers)) else []
        found += ["a date of birth"] if identifiers._BIRTH.search(text) else []
        assert look_alikes(text) == found
        assert not found or may_identify(texts)
