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

from sqlalchemy import BindParameter, Row, bindparam, func, literal, or_, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session

from app.database import ids_with_very_rare_words
from app.rules.folding import fold
from models import CaseReview

MOST_SHOWN = 5
# How many of the newest cases are asked for their themes, of how many of those that share most it is weighed which, how
# many of the nearest are compared by lessons, and how many words are looked up in the index.
NEWEST, SHARING, NEAREST = 300, 60, 30
WORDS_LOOKED_UP = 6
# What is read of long lessons.
LONGEST_LESSONS = 2000
LONGEST_WORD = 30
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


# What is read of a case to compare it. Its themes come last.
_COMPARED = (
    CaseReview.id,
    CaseReview.reference,
    CaseReview.ccg_id,
    CaseReview.review_type_id,
    func.substr(CaseReview.lessons, 1, LONGEST_LESSONS).label("lessons"),
    CaseReview.theme_1_id,
    CaseReview.theme_2_id,
    CaseReview.theme_3_id,
)
# Statements that each page about a case asks: made once.
_NEWEST = (
    select(CaseReview.id, CaseReview.theme_1_id, CaseReview.theme_2_id, CaseReview.theme_3_id, CaseReview.date_added)
    .where(CaseReview.withdrawn_at.is_(None), CaseReview.id != bindparam("case_id"))
    .order_by(CaseReview.date_added.desc(), CaseReview.id.desc())
    .limit(NEWEST)
    .subquery()
)
_THEMES: BindParameter[Any] = bindparam("themes", expanding=True)
_IS_SHARED = [_NEWEST.c[f"theme_{number}_id"].in_(_THEMES) for number in (1, 2, 3)]
_HOW_MANY = sum((when((one, 1), else_=0) for one in _IS_SHARED), literal(0))
_SHARING_THEMES = (
    select(*_COMPARED)
    .join(_NEWEST, _NEWEST.c.id == CaseReview.id)
    .where(or_(*_IS_SHARED))
    .order_by(_HOW_MANY.desc(), _NEWEST.c.date_added.desc(), _NEWEST.c.id.desc())
    .limit(SHARING)
)
_WITH_IDS = select(*_COMPARED).where(
    CaseReview.id.in_(bindparam("ids", expanding=True)), CaseReview.withdrawn_at.is_(None)
)


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
    near = session.execute(_SHARING_THEMES, {"case_id": case.id, "themes": themes}).all()
    shared = {row.id: [theme for theme in themes if theme in row[-3:]] for row in near}
    having = Counter(theme for of_case in shared.values() for theme in of_case)
    weights = {theme: math.log(1 + NEWEST / max(1, having[theme])) for theme in themes}
    near = sorted(near, key=lambda row: (-sum(weights[theme] for theme in shared[row.id]), row.reference))[:NEAREST]
    said = {word for word in _words_of(case.lessons[:LONGEST_LESSONS]) - _EMPTY if len(word) <= LONGEST_WORD}
    words = {row.id: said & _words_of(row.lessons) for row in near}
    if rare := said.difference(*words.values()):
        more = _with_rare_words(session, case, sorted(rare, key=lambda word: (-len(word), word)), set(shared))
        near += more
        shared |= {row.id: [theme for theme in themes if theme in row[-3:]] for row in more}
        words |= {row.id: said & _words_of(row.lessons) for row in more}
    used = Counter(word for of_case in words.values() for word in of_case)
    ranked = []
    for row in near:
        telling = _telling(words[row.id], used, len(near))
        if shared[row.id] or len(telling) > 1:
            worth = sum(weights[theme] for theme in shared[row.id])
            worth += OF_A_WORD * sum(weight for weight, _ in telling[:WORDS_COUNTED])
            worth += SAME_TYPE if row.review_type_id == case.review_type_id else 0.0
            ranked.append((-round(worth, 6), row.reference, row, telling))
    nearest = sorted(ranked, key=lambda one: one[:2])[:MOST_SHOWN]
    return [
        Alike(
            row.id,
            row.reference,
            row.ccg_id,
            row.review_type_id,
            tuple(shared[row.id]),
            row.review_type_id == case.review_type_id,
            tuple(word for _, word in telling[:WORDS_SHOWN]),
        )
        for _, _, row, telling in nearest
    ]


def _with_rare_words(session: Session, case: CaseReview, words: list[str], known: set[UUID]) -> list[Row[Any]]:
    """Cases of the scope that hold one of the first of some words, without those that are known already."""
    ids = ids_with_very_rare_words(words[:WORDS_LOOKED_UP], session)
    others = [id_ for id_ in ids if id_ not in known and id_ != case.id]
    if not others:
        return []
    return list(session.execute(_WITH_IDS, {"ids": others}))


def _words_of(lessons: str) -> set[str]:
    """The words of a text that may say what it is about, folded."""
    return set(_LONG_WORD.findall(fold(lessons)))


def _telling(words: Iterable[str], used: Counter[str], compared: int) -> list[tuple[float, str]]:
    """Those words that few of the cases compared use, with their weights, the rarest first."""
    few = max(2, compared // 5)
    found = [(math.log(1 + compared / used[word]), word) for word in words if used[word] <= few]
    return sorted(found, key=lambda one: (-one[0], one[1]))
