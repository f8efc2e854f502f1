"""Cases like one: those of the session's scope that share themes with it, its type of review, or words of its lessons.

Everything is weighed by what the scope holds, and the work is bounded: the newest cases are compared by their themes,
the nearest of those by their lessons, and a few words that none of them has are looked up in the index.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, or_, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session

from app.database import has_one_of_rare_words
from app.rules.folding import fold
from models import CaseReview

MOST_SHOWN = 5
# How many of the newest cases are compared by theme, how many of the nearest by lessons, and how many words are looked
# up in the index, each in at most so many cases.
NEWEST, NEAREST = 1000, 40
WORDS_LOOKED_UP, MOST_WITH_A_WORD = 6, 40
# What is read of long lessons.
LONGEST_LESSONS = 4000
WORDS_SHOWN, WORDS_COUNTED = 4, 8
SAME_TYPE = 1.0
# A word as heavy as a theme would make cases alike that only chance to use it.
OF_A_WORD = 0.5

_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
# Words that say nothing of a case: common ones, and those of every review.
EMPTY_WORDS = """
about above after again against agencies agency agreed already although always among another around asked available
based because become before began begin being below between bring cannot carried cases clear clearly consider
considered could during either enough ensure every everybody everyone family first following found further given gives
having health heard helps higher identified improve include included including information known large later learned
learning least lessons local longer makes making might missed months needed needs neither never noted nothing often
opportunities other others panel partner partners partnership people person place possible practice practitioners
process professional professionals provide provided quickly raised rather received recommendation recommendations
recommended recommends recorded report reports response review reviewed reviews right safeguarding second seems
service services several shall should showed since social somebody someone something staff still support taken takes
their theirs themselves there therefore these they thing things think third those though three through times together
under understand understood until using wards weeks wellbeing where whether which while whole whose within without
working works would years young
"""
_EMPTY = frozenset(EMPTY_WORDS.split())


@dataclass(frozen=True)
class Alike:
    """A case like another, and why: ids of themes, and words of the lessons, as both cases have them."""

    id: UUID
    reference: str
    ccg_id: UUID
    review_type_id: UUID
    themes: tuple[UUID, ...]
    is_same_type: bool
    words: tuple[str, ...]


def cases_like(session: Session, case: CaseReview) -> list[Alike]:
    """At most five cases like one, the nearest first."""
    if case.is_withdrawn:
        return []
    themes = [theme for theme in (case.theme_1_id, case.theme_2_id, case.theme_3_id) if theme is not None]
    near = _sharing_themes(session, case, themes)
    having = Counter(theme for shared in near.values() for theme in shared)
    weights = {theme: math.log(1 + NEWEST / number) for theme, number in having.items()}
    best = sorted(near, key=lambda id_: -sum(weights[theme] for theme in near[id_]))[:NEAREST]
    rows = list(session.execute(_what_is_compared().where(CaseReview.id.in_(best))))
    said = {word for word in _words_of(case.lessons) if word not in _EMPTY}
    words = {row.id: said & _words_of(row.lessons) for row in rows}
    used = Counter(word for shared in words.values() for word in shared)
    if rare := sorted((word for word in said if used[word] <= 1), key=lambda word: (-len(word), word)):
        more = list(session.execute(_with_rare_words(session, case, rare[:WORDS_LOOKED_UP], best)))
        rows += more
        words |= {row.id: said & _words_of(row.lessons) for row in more}
        used = Counter(word for shared in words.values() for word in shared)
    ranked = []
    for row in rows:
        shared = [theme for theme in themes if theme in (row.theme_1_id, row.theme_2_id, row.theme_3_id)]
        telling = _telling(words[row.id], used, len(rows))
        if not shared and len(telling) < 2:
            continue
        worth = sum(weights.get(theme, math.log(1 + NEWEST)) for theme in shared)
        worth += OF_A_WORD * sum(weight for weight, _ in telling[:WORDS_COUNTED])
        worth += SAME_TYPE if row.review_type_id == case.review_type_id else 0.0
        ranked.append(
            (-round(worth, 6), -row.date_added.toordinal(), row.reference, _alike(row, case, shared, telling))
        )
    return [one for *_, one in sorted(ranked, key=lambda one: one[:3])[:MOST_SHOWN]]


def _sharing_themes(session: Session, case: CaseReview, themes: list[UUID]) -> dict[UUID, list[UUID]]:
    """The themes that each of the newest cases shares with a case, the newest first; those that share none left out."""
    of_case = (CaseReview.id, CaseReview.theme_1_id, CaseReview.theme_2_id, CaseReview.theme_3_id)
    newest = (
        select(*of_case)
        .where(CaseReview.withdrawn_at.is_(None), CaseReview.id != case.id)
        .order_by(CaseReview.date_added.desc(), CaseReview.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    columns = (newest.c.theme_1_id, newest.c.theme_2_id, newest.c.theme_3_id)
    shares = [or_(*(column == theme for column in columns)) for theme in themes]
    found = session.execute(select(newest.c.id, *(when((one, 1), else_=0) for one in shares)).where(or_(*shares)))
    return {id_: [theme for theme, has in zip(themes, flags, strict=True) if has] for id_, *flags in found}


def _what_is_compared() -> Select[Any]:
    names = ("id", "reference", "ccg_id", "date_added", "review_type_id", "theme_1_id", "theme_2_id", "theme_3_id")
    return select(*(getattr(CaseReview, name) for name in (*names, "lessons")))


def _with_rare_words(session: Session, case: CaseReview, words: list[str], known: Iterable[UUID]) -> Select[Any]:
    """The newest cases that hold one of some words, without those that are known already."""
    return (
        _what_is_compared()
        .where(has_one_of_rare_words(words, MOST_WITH_A_WORD, session))
        .where(CaseReview.withdrawn_at.is_(None), CaseReview.id.not_in([case.id, *known]))
        .order_by(CaseReview.date_added.desc(), CaseReview.id.desc())
        .limit(MOST_WITH_A_WORD)
    )


def _words_of(lessons: str) -> set[str]:
    """The words of a text that may say what it is about, folded."""
    return set(_LONG_WORD.findall(fold(lessons[:LONGEST_LESSONS])))


def _telling(words: Iterable[str], used: Counter[str], compared: int) -> list[tuple[float, str]]:
    """Those words that few of the cases compared use, with their weights, the rarest first."""
    few = max(2, compared // 5)
    found = [(math.log(1 + compared / used[word]), word) for word in words if used[word] <= few]
    return sorted(found, key=lambda one: (-one[0], one[1]))


def _alike(row: Row[Any], case: CaseReview, shared: list[UUID], telling: list[tuple[float, str]]) -> Alike:
    return Alike(
        row.id,
        row.reference,
        row.ccg_id,
        row.review_type_id,
        tuple(shared),
        row.review_type_id == case.review_type_id,
        tuple(word for _, word in telling[:WORDS_SHOWN]),
    )
