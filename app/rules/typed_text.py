"""Typed text, made regular: one kind of line break, composed characters, nothing that cannot be stored."""

from __future__ import annotations

import re
import unicodedata

from .folding import MARKS

_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_REFERENCE = re.compile(r"SCR([A-Z0-9]{8})")


LONGEST_LINE = 4000
MOST_MARKS = 8
# A class with many characters beyond the first 65,536 is fifty times slower than one with all of those.
_PERHAPS_A_MARK = re.compile("[" + "".join(c for c in MARKS if c < "\U00010000") + "\U00010000-\U0010ffff]")
_TOO_MANY_MARKS = re.compile(f"([{MARKS}]{{{MOST_MARKS}}})[{MARKS}]+")


def regular(typed: str) -> str:
    """Text with \\n for every line break, Unicode composed (NFC), and no white space around it."""
    return unicodedata.normalize("NFC", _calm(typed.replace("\r\n", "\n").replace("\r", "\n").strip()))


def _calm(text: str) -> str:
    """Text with at most eight combining marks in a row: no language needs more, and to compose thousands of them takes
    minutes."""
    if text.isascii() or _PERHAPS_A_MARK.search(text) is None:
        return text
    return _TOO_MANY_MARKS.sub(r"\1", text)


def on_one_line(typed: str) -> str:
    """As `regular`, with every run of white space made into one space: "ABC  1" is "ABC 1"."""
    return _SPACES.sub(" ", regular(typed[:LONGEST_LINE]))


def is_storable(text: str) -> bool:
    """Whether text is free of control characters (but \\n and \\t) and of halves of characters."""
    return text.isprintable() or _UNSTORABLE.search(text) is None


def shown(text: str) -> str:
    """Text that can be put on a page: what cannot be stored shows as a replacement character."""
    return text if text.isprintable() else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def case_reference(typed: str) -> str:
    """A case's reference as it is stored (SCR-7KQX3MPD), or what was typed where it does not look like one."""
    text = on_one_line(typed)
    match = _REFERENCE.fullmatch(_SEPARATORS.sub("", text).upper())
    return f"SCR-{match[1]}" if match else text


def problem_with(text: str, label: str, longest: int | None) -> str:
    """Why a text cannot be stored under a label, in a sentence; "" where it can."""
    if not is_storable(text):
        return f"{label} contains characters that cannot be stored"
    if longest and len(text) > longest:
        return f"{label} must be {longest:,} characters or fewer"
    return ""
