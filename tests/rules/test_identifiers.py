"""Look-alikes of identifiers: numbers from the 999 range, which the NHS keeps for tests."""

from __future__ import annotations

import pytest

from app.rules.identifiers import is_nhs_number, look_alikes


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
