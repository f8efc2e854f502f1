"""Search: whole words and beginnings of words in free text, references and numbers by their beginning."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.database import has_words, rare_case_ids
from app.rules.folding import MOST_CHARACTERS, words_of
from models import CaseReview
from models.declarations import Item, Search, items_of


def beginning_with(of: ColumnElement[str] | InstrumentedAttribute[str], typed: str) -> ColumnElement[bool]:
    """A condition: the text begins with what was typed, case ignored; % and _ stand for themselves."""
    return func.lower(of).startswith(typed.lower(), autoescape=True)


def cases_with(typed: str, session: Session) -> ColumnElement[bool]:
    """A condition: the case holds every word that was typed, or its reference or a number begins with it.

    For the session's present scope and no other. The ids of cases with rare words are asked for first: on PostgreSQL a
    policy keeps a scope from the index on words, and the planner keeps England from it; SQLite would look through all.
    """
    typed = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", typed)[:MOST_CHARACTERS].strip()
    if not typed:
        return false()
    words = words_of(typed)
    bare = re.sub(r"[^0-9A-Z]", "", typed.upper()).removeprefix("SCR")
    reference = f"SCR-{bare}" if bare else typed
    if words:
        ids = rare_case_ids(session, words, typed, reference)
        if ids is not None:
            return CaseReview.id.in_(ids)
    numbers = [
        beginning_with(getattr(CaseReview, item.column), typed)
        for item in items_of(CaseReview)
        if item.search is Search.BEGINNING
    ]
    numbers.append(beginning_with(CaseReview.reference, reference))
    return or_(has_words(words, session), *numbers) if words else or_(*numbers)


def rows_with(typed: str, model: type, items: list[Item]) -> ColumnElement[bool]:
    """A condition for a reference list: each word begins a word of one of the items that are searched."""
    conditions = []
    for word in words_of(typed[:MOST_CHARACTERS]):
        either = []
        for item in items:
            if item.search is not None:
                of = getattr(model, item.column)
                either += [beginning_with(of, word), func.lower(of).contains(f" {word}", autoescape=True)]
        # A list with nothing to search has no row with any word.
        conditions.append(or_(false(), *either))
    return and_(*conditions) if conditions else false()
