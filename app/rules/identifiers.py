"""Text that looks as if it identified somebody. It warns and does not block: a ten-digit number may be anything.

Source of the check digit: NHS Data Dictionary, NHS NUMBER (modulus 11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
# "birth", with every letter that counts as an i where case does not matter: without a dot, and with one of its own.
_BIRTH_ENDS = ("irth", "\u0131rth", "\u0307rth")
_NO_DIGITS = bytes(one for one in range(256) if one not in b"0123456789")
_SHORT = re.compile(r"d\.?\s?o\.?\s?b")


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits end in the check digit of an NHS number."""
    if len(digits) != 10 or not digits.isdecimal() or not digits.isascii() or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def look_alikes(text: str) -> list[str]:
    """What a text seems to hold: "an NHS number", "a date of birth"; empty where there is nothing."""
    found = []
    if has_ten_digits(text) and any(
        is_nhs_number(re.sub(r"[^0-9]", "", match.group())) for match in _TEN_DIGITS.finditer(text)
    ):
        found.append("an NHS number")
    if speaks_of_birth(text) and _BIRTH.search(text):
        found.append("a date of birth")
    return found


def has_ten_digits(text: str) -> bool:
    """Whether there is anything to look at for an NHS number. Counting is faster than looking, and rules it out."""
    return len(text) >= 10 and len(text.encode(errors="replace").translate(None, _NO_DIGITS)) >= 10


def speaks_of_birth(text: str) -> bool:
    """Whether one of the words stands anywhere in a text, which a date of birth needs. Faster than looking for both."""
    lower = text.lower()
    one, other, third = _BIRTH_ENDS
    return "born" in lower or one in lower or other in lower or third in lower or _SHORT.search(lower) is not None


def may_identify(texts: Sequence[str]) -> bool:
    """Whether `look_alikes` may find anything in one of some texts: False only where it does not."""
    for text in texts:
        if has_ten_digits(text) and _TEN_DIGITS.search(text):
            return True
    together = "\n".join(texts)
    return speaks_of_birth(together) and _BIRTH.search(together) is not None
