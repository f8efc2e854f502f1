"""The filters of the pages about themes, as the panel of lists shows them, and what is chosen as tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from app.themes.filters import Filter

from ..lists.filters import FilterField, FilterGroup


def panel_of(values: Mapping[str, str], offered: list[Filter]) -> list[FilterGroup]:
    """The filters as fields, by group, with the values that are chosen."""
    groups: dict[str, list[FilterField]] = defaultdict(list)
    for one in offered:
        value = values.get(one.name, one.usual)
        options = [] if one.usual else [("", "Any", not value)]
        options += [(option, words, option == value) for option, words in one.options]
        groups[one.group].append(FilterField(one.name, one.label, "select", value, options))
    return [FilterGroup(title, fields) for title, fields in groups.items()]


def tags_of(
    values: Mapping[str, str], offered: list[Filter], address: Callable[[dict[str, str]], str]
) -> list[tuple[str, str]]:
    """What is chosen, in words, with the address without it. `address` makes one of values by name."""
    return [
        (
            f"{one.label}: {one.words_for(values[one.name])}",
            address({name: value for name, value in values.items() if name != one.name}),
        )
        for one in offered
        if values.get(one.name)
    ]
