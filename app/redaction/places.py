"""The places that hold words of a case: itself, its versions, drafts, answers to queries, kept extracts.

Whatever comes to hold words of a case, such as a staged import, is added here and in `carrying_out.py`;
`flask find-words` looks everywhere and shows what was forgotten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Enum, String, select
from sqlalchemy.orm import Session

from app.rules import redaction as rules
from app.rules.words import count_of
from models import CaseReview, Draft, QueryAnswer, version_of
from models.declarations import Kind, items_of

AROUND = 60
MOST_PASSAGES = 20
_BY_COLUMN = {item.column: item for item in items_of(CaseReview)}
# Given by the service, and never typed.
_NOT_TYPED = {"reference"}
COLUMNS = [
    attribute.key
    for attribute in version_of(CaseReview).__mapper__.column_attrs
    if isinstance(attribute.columns[0].type, String)
    and not isinstance(attribute.columns[0].type, Enum)
    and attribute.key not in {*_NOT_TYPED, "change"}
]
# No two cases of a CCG may have the same, so the mark in them names the case.
_UNIQUE = {column.name for index in CaseReview.__table__.indexes if index.unique for column in index.columns} & set(
    COLUMNS
)


@dataclass(frozen=True)
class Passage:
    """Where the words stand, with what stands around them."""

    where: str
    before: str
    words: str
    after: str


@dataclass(frozen=True)
class Found:
    """Where words stand: passages of the case as it is, and in how many rows of what else."""

    passages: list[Passage]
    others: list[str]

    def __bool__(self) -> bool:
        return bool(self.passages or self.others)


class Striking:
    """Strikes some words out of the texts of one case on one day."""

    def __init__(self, words: str, reference: str, day: date) -> None:
        self.pattern = rules.pattern_of(words)
        self._mark, self._mark_of_one = rules.mark_on(day), rules.mark_on(day, reference)

    def mark_in(self, column: str) -> str:
        """What takes the words' place in a column of the case, or in any other text."""
        return self._mark_of_one if column in _UNIQUE else self._mark

    def out_of(self, column: str, text: str) -> str:
        """The text under a column of the case, or another text, without the words."""
        return rules.struck(text, self.pattern, self.mark_in(column), _longest(column))

    def out_of_case(self, case: CaseReview) -> dict[str, Any]:
        """The columns of a case that change, with what stands in them then."""
        struck = {column: self.out_of(column, text) for column, text in texts_of(case)}
        changed = {column: text for column, text in struck.items() if text != getattr(case, column)}
        # What is left of a web address may be none.
        return {column: None if _is_no_link(column, text) else text for column, text in changed.items()}


def texts_of(row: Any) -> Iterator[tuple[str, str]]:
    """The columns of a case, or of a version of one, that hold text."""
    for column in COLUMNS:
        if text := getattr(row, column):
            yield column, text


def find(session: Session, case: CaseReview, words: str) -> Found:
    """Where words stand, as far as the session sees: kept extracts are looked through when it is carried out."""
    pattern = rules.pattern_of(words)
    passages = [
        _passage(label_of(column), text, match) for column, text in texts_of(case) for match in pattern.finditer(text)
    ]
    others = Counter(
        {
            "earlier version": sum(_holds(version, pattern) for version in versions_of(session, case)) - bool(passages),
            "draft": sum(_is_in_draft(draft, pattern) for draft in drafts_of(session, case)),
            "answer to a query": sum(bool(pattern.search(answer.note)) for answer in answers_of(session, case)),
        }
    )
    return Found(
        passages[:MOST_PASSAGES],
        [count_of(number, one, _MANY.get(one, "")) for one, number in others.items() if number > 0],
    )


_MANY = {"answer to a query": "answers to queries"}


def versions_of(session: Session, case: CaseReview) -> list[Any]:
    """The versions of a case, the first first."""
    versions = version_of(CaseReview)
    return list(session.scalars(select(versions).where(versions.id == case.id).order_by(versions.number)))


def drafts_of(session: Session, case: CaseReview) -> list[Draft]:
    """What anybody has typed about the case and not saved."""
    return list(session.scalars(select(Draft).where(Draft.case_id == case.id)))


def answers_of(session: Session, case: CaseReview) -> list[QueryAnswer]:
    """What was answered to queries about the case."""
    return list(session.scalars(select(QueryAnswer).where(QueryAnswer.case_id == case.id)))


def label_of(column: str) -> str:
    """What people call a column of a case."""
    return _BY_COLUMN[column].label if column in _BY_COLUMN else "Reason for a change"


def _longest(column: str) -> int | None:
    if column in _BY_COLUMN and _BY_COLUMN[column].max_length:
        return _BY_COLUMN[column].max_length
    length: int | None = (
        getattr(CaseReview.__table__.c[column].type, "length", None) if column in COLUMNS else ANSWER_LONGEST
    )
    return length


ANSWER_LONGEST: int = QueryAnswer.__table__.c.note.type.length


def _is_no_link(column: str, text: str) -> bool:
    is_link = column in _BY_COLUMN and _BY_COLUMN[column].kind is Kind.LINK
    return is_link and not re.match(r"https?://.", text, re.IGNORECASE)


def _holds(row: Any, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(text) for _, text in texts_of(row))


def _is_in_draft(draft: Draft, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(value) for values in draft.fields.values() for value in values)


def _passage(where: str, text: str, match: re.Match[str]) -> Passage:
    begins, ends = max(0, match.start() - AROUND), min(len(text), match.end() + AROUND)
    return Passage(
        where,
        ("…" if begins else "") + text[begins : match.start()],
        match.group(),
        text[match.end() : ends] + ("…" if ends < len(text) else ""),
    )
