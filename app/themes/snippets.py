"""The passage of a text that holds most of the searched words, with the words marked.

Made from the text of a case that is on the page, and of no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.rules.folding import places_of_words

LENGTH = 260
# A word of a search may stand in a text of 10,000 characters a few thousand times.
MOST_PLACES = 500

_SPACES = re.compile(r"\s+")
_END_OF_SENTENCE = re.compile(r"[.!?]\s+|\n+")

Part = tuple[str, bool]


@dataclass(frozen=True)
class Snippet:
    """A passage in parts, each with whether it is a word that was searched for, and which of the words it holds."""

    parts: tuple[Part, ...]
    words: frozenset[str] = frozenset()

    @property
    def html(self) -> Markup:
        """The passage with <mark> around the words. What was typed into a case stays text."""
        return Markup("").join(
            Markup("<mark>{}</mark>").format(text) if marked else escape(text) for text, marked in self.parts
        )


@dataclass(frozen=True)
class _Place:
    start: int
    end: int
    words: frozenset[str]


def snippet_of(text: str, words: Sequence[str]) -> Snippet | None:
    """The passage that holds most of the words, folded as `words_of` does, or None where none stands in the text."""
    places = list(_places_of(text, words))
    if not places:
        return None
    here = _best_passage(places)
    begin, end = _around(text, here[0].start, here[-1].end)
    shown = [place for place in places if begin <= place.start and place.end <= end]
    return Snippet(tuple(_parts(text, begin, end, shown)), frozenset().union(*(place.words for place in shown)))


def beginning_of(text: str) -> Snippet:
    """The beginning of a text, where no word of it can be marked."""
    return Snippet(tuple(_parts(text, *_around(text, 0, 0), [])))


def _places_of(text: str, words: Sequence[str]) -> Iterable[_Place]:
    number = 0
    for word in places_of_words(text):
        begun = frozenset(one for one in words if word.folded.startswith(one))
        if begun:
            # A word may be as long as the text.
            yield _Place(word.start, min(word.end, word.start + LENGTH), begun)
            number += 1
            if number == MOST_PLACES:
                return


def _best_passage(places: list[_Place]) -> list[_Place]:
    """The places near each other that hold most different words, then most words, then the first."""
    best, chosen = (0, 0), (0, 0)
    held: Counter[str] = Counter()
    last = 0
    for first, place in enumerate(places):
        while last < len(places) and (last <= first or places[last].end - place.start <= LENGTH * 3 // 4):
            held.update(places[last].words)
            last += 1
        worth = (len(held), last - first)
        if worth > best:
            best, chosen = worth, (first, last)
        for word in place.words:
            held[word] -= 1
            if not held[word]:
                del held[word]
    return places[slice(*chosen)]


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a passage around some words begins and ends: with a sentence if one begins near, else between words."""
    room = max(0, LENGTH - (end - start))
    earliest = max(0, start - room * 2 // 3)
    begun = [found.end() for found in _END_OF_SENTENCE.finditer(text, earliest, start)]
    if earliest == 0:
        begin = 0
    elif begun:
        begin = begun[0]
    else:
        space = text.find(" ", max(0, start - room // 3), start)
        begin = space + 1 if space >= 0 else max(0, start - room // 3)
    latest = max(end, begin + LENGTH)
    if latest >= len(text):
        return begin, len(text)
    space = text.rfind(" ", end, latest + 1)
    return begin, space if space >= 0 else latest


def _parts(text: str, begin: int, end: int, places: Iterable[_Place]) -> Iterable[Part]:
    at = begin
    if begin > 0:
        yield "… ", False
    for place in places:
        if place.start > at:
            yield _on_one_line(text[at : place.start]), False
        yield text[place.start : place.end], True
        at = place.end
    if at < end:
        yield _on_one_line(text[at:end]), False
    if end < len(text):
        yield " …", False


def _on_one_line(text: str) -> str:
    return _SPACES.sub(" ", text)
