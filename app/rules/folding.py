"""Words as the search index knows them: runs of letters and digits, in lower case and without accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST_WORDS = 20
MOST_CHARACTERS = 200

# Letters and digits, as `str.isalnum` has them.
WORD = re.compile(r"[^\W_]+")
# Every character that is combined with the one before it. A class of them is many times faster than asking for each.
MARKS = "".join(c for c in map(chr, range(0x300, 0x1E950)) if unicodedata.combining(c))
_MARKS = re.compile(f"[{MARKS}]+")


@dataclass(frozen=True)
class Word:
    """A word of a text, folded, and where it stands in the text as it was written."""

    folded: str
    start: int
    end: int


def fold(text: str) -> str:
    """Text in lower case and without accents. It may be longer or shorter than before."""
    lower = text.lower()
    return lower if lower.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", lower))


def words_in(text: str) -> list[str]:
    """Every word of a text, folded."""
    return WORD.findall(fold(text))


def words_of(typed: str) -> list[str]:
    """The words of a search, folded as the index folds them."""
    return words_in(typed)[:MOST_WORDS]


def places_of_words(text: str) -> Iterator[Word]:
    """Every word of a text with its place in it. Accents that stand by themselves belong to the word before."""
    if text.isascii():
        yield from (Word(found[0].lower(), found.start(), found.end()) for found in WORD.finditer(text))
        return
    letters: list[str] = []
    start = 0
    for place, character in enumerate(text):
        if character.isascii():
            plain = character.lower()
        else:
            plain = _fold_one(character)
            if not plain:
                continue
        if WORD.fullmatch(plain):
            start = start if letters else place
            letters.append(plain)
        elif letters:
            yield Word("".join(letters), start, place)
            letters = []
    if letters:
        yield Word("".join(letters), start, len(text))


@lru_cache(maxsize=4096)
def _fold_one(character: str) -> str:
    return fold(character)
