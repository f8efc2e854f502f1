"""Text that looks as if it identified somebody. It warns and does not block: a ten-digit number may be anything.

Source of the check digit: NHS Data Dictionary, NHS NUMBER (modulus 11).
"""

from __future__ import annotations

import re

# Written in any grouping, with what people and word processors put between: spaces of every kind, dots, dashes.
_TEN_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[\s.\-\u2010-\u2015]{0,2}[0-9]){9}(?![0-9])")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    r"(?:\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2,4}|\d{4}-\d{2}-\d{2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{2,4}})"
)
_BORN = r"(?:d\.?\s?o\.?\s?b\.?|date of birth|born(?:\s+(?:on|in\s+\w+\s+on))?|birth\s?date|birthday)"
_BIRTH = re.compile(
    rf"\b{_BORN}\b\W{{0,4}}(?:\w+\W+){{0,2}}?{_DATE}",
    re.IGNORECASE,
)
# What both hold, found in a small part of the time: each begins with one character, or one of a class.
_PERHAPS_TEN = re.compile(r"[0-9](?:[\s.\-\u2010-\u2015]{0,2}[0-9]){9}")
_PERHAPS_BORN = tuple(map(re.compile, (r"born", r"b.{1,2}rth", r"d\.?\s?o\.?\s?b")))


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits end in the check digit of an NHS number."""
    if len(digits) != 10 or not digits.isdecimal() or not digits.isascii() or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def look_alikes(text: str) -> list[str]:
    """What a text seems to hold: "an NHS number", "a date of birth"; empty where there is nothing."""
    found = []
    if _PERHAPS_TEN.search(text) and any(
        is_nhs_number(re.sub(r"[^0-9]", "", match.group())) for match in _TEN_DIGITS.finditer(text)
    ):
        found.append("an NHS number")
    lower = text.lower()
    if any(one.search(lower) for one in _PERHAPS_BORN) and _BIRTH.search(text):
        found.append("a date of birth")
    return found
