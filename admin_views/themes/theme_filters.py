"""Filters of the list of cases that only links from the themes view use, so that each number leads to its cases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from app.access.current import current_access
from app.access.lookups import Lookups
from app.themes.filters import LEVELS, counted_under, place_of
from models import CaseReview
from models.declarations import items_of

from ..lists.filters import CodeFilter, NamedFilter, Option, TrackerFilter

SECTION = "Themes view"
ANY_PLACE = ("theme_1_id", "theme_2_id", "theme_3_id")
_ITEMS = {item.name: item for item in items_of(CaseReview)}


class ThemeFilter(CodeFilter):
    """A theme in some of the three places, under a name of its own."""

    def __init__(self, name: str, label: str, *columns: str) -> None:
        super().__init__(_ITEMS["theme_1"])
        TrackerFilter.__init__(self, name, label, SECTION)
        self.columns = columns

    def is_offered(self, lookups: Lookups) -> bool:
        return False

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        return self.condition_on(model, value, lookups, self.columns)


class AreaToday(TrackerFilter):
    """The region, STP or CCG in which cases are counted as it is today, after mergers."""

    def __init__(self, level: str, label: str) -> None:
        super().__init__(f"{level}_today", label, SECTION)
        self.level, self.item = level, _ITEMS[level]

    def is_offered(self, lookups: Lookups) -> bool:
        return False

    def options_for(self, lookups: Lookups) -> list[Option]:
        found = {
            place.code: place.name
            for ccg in current_access().ccgs_as_today(lookups.today)
            if (place := place_of(ccg, LEVELS[self.level], lookups, as_today=True))
        }
        return list(found.items())

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        inside = {
            ccg.id
            for ccg in current_access().ccgs_as_today(lookups.today)
            if (place := place_of(ccg, LEVELS[self.level], lookups, as_today=True)) and place.code == value
        }
        if not inside:
            raise ValueError(value)
        found: ColumnElement[bool] = counted_under(lookups, as_today=True, model=model).in_(inside)
        return found


class OnlyLinked(NamedFilter):
    """A named condition that the panel does not offer."""

    def is_offered(self, lookups: Lookups) -> bool:
        return False


def is_rapid_review(lookups: Lookups) -> ColumnElement[bool]:
    """Of a type that is a rapid review."""
    types = lookups.codes["review_type"].values()
    return CaseReview.review_type_id.in_([entry.id for entry in types if entry.is_rapid_review])


def has_grown(lookups: Lookups) -> ColumnElement[bool]:
    """A review that is not withdrawn, and in sight, grew out of it."""
    grown: Any = aliased(CaseReview)
    return exists().where(grown.converted_from_id == CaseReview.id, grown.withdrawn_at.is_(None))


THEME_FILTERS: tuple[TrackerFilter, ...] = (
    ThemeFilter("main_theme", "Main theme", "theme_1_id"),
    ThemeFilter("other_theme", "Also the theme", *ANY_PLACE),
    ThemeFilter("third_theme", "And the theme", *ANY_PLACE),
    AreaToday("region", "Region today"),
    AreaToday("stp", "STP today"),
    AreaToday("ccg", "CCG today"),
    OnlyLinked("rapid_review", "Rapid review", SECTION, is_rapid_review),
    OnlyLinked("grown", "A review grew out of it", SECTION, has_grown),
)
