"""The words in which a value is shown."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from app.access.lookups import Lookups
from app.nhsuk.wording import nhs_moment
from app.rules.words import in_short, in_words
from models.declarations import Item, Kind
from models.enumerations import Labelled

EMPTY = ""


def value_of(item: Item, row: Any) -> Any:
    """What a row holds for an item: the stored value, the linked case, or the column that it is worked out from."""
    return getattr(row, item.name) if item.kind is Kind.CASE else getattr(row, item.column)


def words_for(item: Item, value: Any, lookups: Lookups) -> str | Markup:
    """A value in words, as a list or a details page shows it; "" where there is none."""
    if value is None or value == "":
        return EMPTY
    if item.kind is Kind.ORGANISATION:
        place = lookups.place_of(item, value)
        return f"{place.name} ({place.code})" if place else EMPTY
    if item.kind is Kind.CODE:
        entry = lookups.code_of(item, value)
        return entry.label if entry else EMPTY
    if item.kind is Kind.CASE:
        return str(value.reference)
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, datetime):
        return nhs_moment(value)
    if isinstance(value, date):
        return in_words(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def html_for(item: Item, value: Any, lookups: Lookups) -> str | Markup:
    """As `words_for`, with paragraphs kept and links that lead somewhere."""
    words = words_for(item, value, lookups)
    if item.kind is Kind.TEXT:
        return paragraphs(words)
    if item.kind is Kind.LINK and words.lower().startswith(("https://", "http://")):
        return Markup('<a class="nhsuk-link tracker-wrap" href="{0}" rel="noreferrer noopener">{0}</a>').format(words)
    return words


@lru_cache(4096)
def short_date(day: date | None) -> str | Markup:
    """A date for a column of a list, on one line; "" where there is none."""
    return Markup('<span class="tracker-nowrap">{}</span>').format(in_short(day)) if day else EMPTY


def paragraphs(text: str) -> Markup:
    """Text with its line breaks and empty lines kept."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    return Markup("").join(
        Markup('<p class="nhsuk-body tracker-wrap">{}</p>').format(
            Markup("<br>").join(escape(line) for line in block.strip("\n").split("\n"))
        )
        for block in blocks
    )
