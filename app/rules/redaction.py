"""Striking words out of text: what counts as the same words, and what stands in their place.

Source: DESIGN, decision 4. Words are found whatever their case and whatever white space stands between them, as whole
words: "Ann" is not found in "planning".
"""

from __future__ import annotations

import re
from datetime import date

from .words import in_words

SHORTEST, LONGEST = 3, 200


def tidied(typed: str) -> str:
    """The words as they are kept and looked for: single spaces between them, none around."""
    return " ".join(typed.split())


def why_not(words: str) -> str:
    """Why words cannot be struck out, as a sentence; "" where they can. `words` are tidied."""
    if len(words) < SHORTEST:
        return f"Words to strike out must be {SHORTEST} characters or more"
    if len(words) > LONGEST:
        return f"Words to strike out must be {LONGEST} characters or fewer. Ask for a part at a time"
    if words.lower() in "redacted":
        return "Words to strike out must not be part of the mark that takes their place"
    return ""


def pattern_of(words: str) -> re.Pattern[str]:
    """What finds the words in a text."""
    inside = r"\s+".join(re.escape(word) for word in words.split())
    begins = r"(?<!\w)" if re.match(r"\w", words) else ""
    ends = r"(?!\w)" if re.search(r"\w\Z", words) else ""
    return re.compile(f"{begins}{inside}{ends}", re.IGNORECASE)


def mark_on(day: date, of: str = "") -> str:
    """What stands in place of the words: `[redacted 3 May 2022]`.

    With the reference of a case, where no two cases may have the same: `[redacted 3 May 2022 7KQX3MPD]`.
    """
    return f"[redacted {' '.join([in_words(day), of.removeprefix('SCR-')]).rstrip()}]"


def struck(text: str, pattern: re.Pattern[str], mark: str, longest: int | None = None) -> str:
    """The text with the mark in place of the words. Where that makes it too long, its end gives way."""
    found = pattern.sub(lambda _: mark, text)
    if found == text or longest is None or len(found) <= longest:
        return found
    short = found[:longest]
    # A mark that was cut through goes as a whole.
    last = found.rfind(mark, 0, longest + len(mark))
    return short[:last] if last < longest < last + len(mark) else short
