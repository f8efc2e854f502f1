"""Filters, from the declarations. Their options are made for each request: views are shared between people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_admin.model.filters import BaseFilter
from sqlalchemy import ColumnElement, or_

from app.access.clock import ENGLAND
from app.access.current import current_access
from app.access.lookups import Lookups
from app.rules import dates
from app.rules.words import in_words
from models.declarations import Item, Kind

Option = tuple[str, str]


@dataclass(frozen=True)
class FilterField:
    """One field of the filter panel. `options` are (value, label, is it chosen); `html` is the field if it is drawn."""

    arg: str
    label: str
    kind: str
    value: str
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    html: str = ""


@dataclass(frozen=True)
class FilterGroup:
    """The fields of one section."""

    title: str
    fields: list[FilterField]


class TrackerFilter(BaseFilter):
    """A filter of a list. Its name in the address is `flt_` and its name, as Flask-Admin's named filters have it."""

    kind = "select"
    # Whether what it chooses stands mostly at the end of a list that begins with the newest.
    chooses_long_ago = False

    def __init__(self, name: str, label: str, section: str) -> None:
        super().__init__(name.replace("_", " "))
        self.label, self.section = label, section

    def operation(self) -> str:
        return "is"

    def options_for(self, lookups: Lookups) -> list[Option]:
        """What can be chosen in this request: (value in the address, words)."""
        return []

    def is_offered(self, lookups: Lookups) -> bool:
        """Whether there is anything to choose."""
        return self.kind != "select" or len(self.options_for(lookups)) > 1

    def words_for(self, value: str, lookups: Lookups) -> str:
        """The chosen value in words, for its tag."""
        return dict(self.options_for(lookups)).get(value, value)

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        """The condition for a value. Raises ValueError where the value is not among those that can be chosen."""
        raise NotImplementedError

    def field(self, arg: str, value: str, lookups: Lookups) -> FilterField:
        """The field of the panel with its present value."""
        options = [("", "Any", not value)] + [(one, label, one == value) for one, label in self.options_for(lookups)]
        return FilterField(arg, self.label, self.kind, value, options if self.kind == "select" else [])

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        raise NotImplementedError("The list asks for the condition: see ListView.chosen_rows.")


class ChoiceFilter(TrackerFilter):
    """One of a fixed list."""

    def __init__(self, item: Item) -> None:
        super().__init__(item.name, item.filter_label or item.label, item.section)
        self.item = item

    def options_for(self, lookups: Lookups) -> list[Option]:
        return [(choice.value, choice.label) for choice in self.item.choices or ()]

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        if self.item.choices is None:
            raise ValueError(value)
        result: ColumnElement[bool] = getattr(model, self.item.column) == self.item.choices(value)  # type: ignore[call-arg]
        return result


class CodeFilter(ChoiceFilter):
    """One entry of a code list, by its code; ended entries too, because old cases have them."""

    def options_for(self, lookups: Lookups) -> list[Option]:
        return [(entry.code, entry.label) for entry in lookups.codes[self.item.code_list].values()]

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        return self.condition_on(model, value, lookups, (self.item.column, *self.item.filtered_with))

    def condition_on(self, model: Any, value: str, lookups: Lookups, columns: Iterable[str]) -> ColumnElement[bool]:
        """The condition that one of some columns holds the entry of a code."""
        for entry in lookups.codes[self.item.code_list].values():
            if entry.code == value:
                return or_(*(getattr(model, column) == entry.id for column in columns))
        raise ValueError(value)


class OrganisationFilter(ChoiceFilter):
    """A CCG, STP or region, by its code; offered to those who see more than one."""

    def _ccgs(self, lookups: Lookups) -> dict[str, tuple[str, list[Any]]]:
        found: dict[str, tuple[str, list[Any]]] = {}
        for ccg in current_access().readable_ccgs:
            place = lookups.place_of(self.item, ccg.id)
            if place is not None:
                closed = f", closed {in_words(place.closed_on)}" if place.closed_on else ""
                found.setdefault(place.code, (f"{place.name} ({place.code}{closed})", []))[1].append(ccg.id)
        return dict(sorted(found.items(), key=lambda one: one[1][0]))

    def options_for(self, lookups: Lookups) -> list[Option]:
        return [(code, label) for code, (label, _) in self._ccgs(lookups).items()]

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        if value not in (ccgs := self._ccgs(lookups)):
            raise ValueError(value)
        result: ColumnElement[bool] = getattr(model, self.item.column).in_(ccgs[value][1])
        return result


class DateFilter(TrackerFilter):
    """A date from or up to a day, that day included."""

    kind = "date"

    def __init__(self, item: Item, *, is_from: bool) -> None:
        super().__init__(item.name, f"{item.label} {'from' if is_from else 'to'}", item.section)
        self.item, self.is_from = item, is_from
        self.chooses_long_ago = not is_from

    def operation(self) -> str:
        return "from" if self.is_from else "to"

    def words_for(self, value: str, lookups: Lookups) -> str:
        return in_words(typed_date(value))

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        column, day = getattr(model, self.item.column), typed_date(value)
        result: ColumnElement[bool]
        if self.item.kind is Kind.MOMENT:
            # A day begins at midnight in England.
            begins = datetime.combine(day if self.is_from else day + timedelta(days=1), time.min, ENGLAND)
            result = column >= begins if self.is_from else column < begins
        else:
            result = column >= day if self.is_from else column <= day
        return result


class YesNoFilter(ChoiceFilter):
    """Yes or no."""

    def options_for(self, lookups: Lookups) -> list[Option]:
        return [("yes", "Yes"), ("no", "No")]

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        if value not in ("yes", "no"):
            raise ValueError(value)
        result: ColumnElement[bool] = getattr(model, self.item.column).is_(value == "yes")
        return result


class NamedFilter(TrackerFilter):
    """A condition with a name of its own, chosen or not."""

    def __init__(self, name: str, label: str, section: str, of: Callable[[Lookups], ColumnElement[bool]]) -> None:
        super().__init__(name, label, section)
        self.of = of

    def options_for(self, lookups: Lookups) -> list[Option]:
        return [("yes", "Yes")]

    def is_offered(self, lookups: Lookups) -> bool:
        return True

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        if value != "yes":
            raise ValueError(value)
        return self.of(lookups)


def filters_for(item: Item) -> list[TrackerFilter]:
    """The filters of one declared item."""
    if item.kind is Kind.CHOICE:
        return [ChoiceFilter(item)]
    if item.kind is Kind.CODE:
        return [CodeFilter(item)]
    if item.kind is Kind.ORGANISATION:
        return [OrganisationFilter(item)]
    if item.kind is Kind.YES_NO:
        return [YesNoFilter(item)]
    if item.kind in (Kind.DATE, Kind.MOMENT):
        return [DateFilter(item, is_from=True), DateFilter(item, is_from=False)]
    if item.kind is Kind.CASE:
        raise TypeError(f"{item.name}: there is no filter for another case. Take out filterable=True.")
    return [TextFilter(item)]


class TextFilter(TrackerFilter):
    """A line of text or a number that is exactly this, case ignored."""

    kind = "text"

    def __init__(self, item: Item) -> None:
        super().__init__(item.name, item.filter_label or item.label, item.section)
        self.item = item

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        column = getattr(model, self.item.column)
        if self.item.kind is Kind.NUMBER:
            # Nine digits fit every database's integer.
            if not re.fullmatch(r"-?[0-9]{1,9}", value):
                raise ValueError(value)
            return column == int(value)  # type: ignore[no-any-return]
        return column.ilike(value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), escape="\\")  # type: ignore[no-any-return]


def typed_date(value: str) -> date:
    """A date as people in England type it: 31/3/2021, 31-3-2021, 31 March 2021, or 2021-03-31. Raises ValueError."""
    day = dates.read([value, "", ""], "Date").value
    if day is None:
        raise ValueError(f"Not a date: {value!r}")
    return day
