"""Search in what was learned: the cases whose lessons, overview or latest update hold words, the best first.

Rank is worked out here from the texts of the cases that were found. The indexes' own ranks are left alone: FTS5's bm25
weighs a word by how many cases of all of England have it, and so the order would tell something of foreign cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.database import has_words, ids_with_words
from app.rules.folding import WORD, fold, words_of
from models import CaseReview

from .snippets import Snippet, beginning_of, snippet_of

# Where words are looked for, and how much they count there.
WEIGHTS = {"lessons": 3.0, "overview": 2.0, "latest_update": 1.0}
# More are not read for one page: of more than these, the newest are ranked.
MOST_RANKED = 2000
# How many words of a search, and how often each in a text, count for the rank.
MOST_WEIGHED, MOST_COUNTED = 4, 30


@dataclass(frozen=True)
class Hits:
    """Cases that hold all words, the best first; `is_more` where there are others, older than all of these."""

    words: tuple[str, ...]
    ids: tuple[UUID, ...] = ()
    is_more: bool = False


@dataclass(frozen=True)
class Found:
    """A passage of a case, and the name of the item that it stands in."""

    item: str
    snippet: Snippet


def search(session: Session, typed: str, conditions: Iterable[ColumnElement[bool]] = ()) -> Hits:
    """The cases of the session's scope, withdrawn ones left out, in which each word begins a word of the texts."""
    words = words_of(typed)
    if not words:
        return Hits(())
    texts = [getattr(CaseReview, name) for name in WEIGHTS]
    chosen = select(CaseReview.id, *texts).where(
        CaseReview.withdrawn_at.is_(None), _holding(words, session), *conditions
    )
    newest = chosen.order_by(CaseReview.date_added.desc(), CaseReview.id.desc()).limit(MOST_RANKED + 1)
    found = session.execute(newest).all()
    ranking = Ranking(words)
    ranked = sorted(
        (-round(ranking.of(of_case), 6), place, id_) for place, (id_, *of_case) in enumerate(found[:MOST_RANKED])
    )
    return Hits(tuple(words), tuple(id_ for *_, id_ in ranked), is_more=len(found) > MOST_RANKED)


def cases_of(session: Session, ids: Sequence[UUID]) -> list[CaseReview]:
    """The cases of a page, in the order of their ids."""
    found = {case.id: case for case in session.scalars(select(CaseReview).where(CaseReview.id.in_(ids)))}
    return [found[id_] for id_ in ids if id_ in found]


def passages_of(case: CaseReview, words: Sequence[str]) -> list[Found]:
    """A passage with as many of the words as one can hold, and others where words are that none before holds."""
    snippets = [(name, snippet_of(getattr(case, name), words)) for name in WEIGHTS]
    found = [Found(name, snippet) for name, snippet in snippets if snippet is not None]
    found.sort(key=lambda one: -len(one.snippet.words))  # stable: of alike ones, in the order of their weight
    shown: list[Found] = []
    seen: set[str] = set()
    for one in found:
        if not one.snippet.words <= seen:
            shown.append(one)
            seen |= one.snippet.words
    # Where an index folds a letter in its own way there is nothing to mark.
    return shown or [Found("overview", beginning_of(case.overview))]


class Ranking:
    """How well texts answer to some words. Each text is judged by itself: no other case changes what it is worth.

    As in BM25, a word counts the more the more often it stands there and the shorter the text is, within limits. Whole
    words count twice as much as beginnings, and words that follow each other as they were typed count more.
    """

    def __init__(self, words: Sequence[str]) -> None:
        # Of many words the longest say most.
        longest = sorted(dict.fromkeys(words), key=len, reverse=True)[:MOST_WEIGHED]
        # A word of a letter or two is asked for at the beginning of words alone: it stands nearly everywhere.
        self._words = [
            re.compile((r"(?<![^\W_])" if len(word) < 3 else "") + re.escape(word) + r"([^\W_]*)") for word in longest
        ]
        # From the beginning of a word, and never trying again with less: a word as long as a text takes no longer.
        in_a_row = r"[^\W_]*+[\W_]++".join(re.escape(word) for word in words)
        self._phrase = re.compile(rf"(?<![^\W_]){in_a_row}") if len(words) > 1 else None

    def of(self, texts: Sequence[str]) -> float:
        """What the texts of a case are worth, in the order of `WEIGHTS`. More is better."""
        worth = 0.0
        for text, weight in zip(texts, WEIGHTS.values(), strict=True):
            plain = fold(text)
            slowness = 0.3 + len(plain) / 1000
            for word in self._words:
                often = sum(
                    0.5 if found[1] else 1.0
                    for found in islice(word.finditer(plain), MOST_COUNTED)
                    if found.start() == 0 or not WORD.match(plain, found.start() - 1)
                )
                worth += weight * often / (often + slowness)
            if self._phrase is not None and self._phrase.search(plain):
                worth += weight
        return worth


def _holding(words: list[str], session: Session) -> ColumnElement[bool]:
    """A condition: the case holds all words. Rare ones are looked up first, for neither planner sees how rare."""
    ids = ids_with_words(words, session)
    return has_words(words, session) if ids is None else CaseReview.id.in_(ids)
