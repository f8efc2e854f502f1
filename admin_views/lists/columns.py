"""The columns of a list: which are usual, which a person chose, and the panel to choose them in."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import selectinload
from werkzeug.datastructures import MultiDict

from app.access.current import current_access
from models.declarations import Item, Kind

# How many characters of a text stand in a cell.
SHORTENED = 120


@dataclass(frozen=True)
class ColumnChoice:
    """One checkbox of the panel."""

    name: str
    label: str
    is_chosen: bool


def in_order(items: Sequence[Item]) -> list[Item]:
    """All items that can be columns: the usual ones first, so that `sort=2` in an address keeps its meaning."""
    return [item for item in items if item.in_list] + [item for item in items if not item.in_list]


def usual(items: Sequence[Item]) -> list[str]:
    """The columns that show where nobody chose. Whose a row is says nothing to those who see one organisation's."""
    sees_several = len(current_access().readable_ccgs) > 1
    return [item.name for item in items if item.in_list and (item.kind is not Kind.ORGANISATION or sees_several)]


def asked_for(args: MultiDict[str, str], items: Sequence[Item]) -> list[str]:
    """The columns that an address names, in their order: `columns=status,ccg`, or `column=status&column=ccg`.

    What is no column is left out, and the row's own name is always there. [] where none is named.
    """
    wanted = {*args.getlist("column"), *args.get("columns", "").split(",")}
    ordered = [item.name for item in in_order(items)]
    return [name for name in ordered if name in wanted or name == ordered[0]] if wanted & set(ordered) else []


def shown(args: MultiDict[str, str], items: Sequence[Item]) -> list[str]:
    """The columns of a list, by name: those asked for, or the usual ones."""
    return asked_for(args, items) or usual(items)


def panel(
    args: MultiDict[str, str], items: Sequence[Item], order: Sequence[str]
) -> list[tuple[str, list[ColumnChoice]]]:
    """The panel, section by section in their order: the first column, which cannot be taken out, is not in it."""
    chosen = set(shown(args, items))
    sections: dict[str, list[ColumnChoice]] = {section: [] for section in order}
    for item in items:
        if item.name != in_order(items)[0].name:
            sections.setdefault(item.section, []).append(ColumnChoice(item.name, item.label, item.name in chosen))
    return [(section, choices) for section, choices in sections.items() if choices]


def shortened(words: str) -> str:
    """A text on one line, cut at a word."""
    return textwrap.shorten(words, SHORTENED, placeholder=" …")


def loads_for(model: Any, names: Sequence[str], items: Sequence[Item]) -> list[Any]:
    """What a list loads along with its rows, so that no row asks for itself."""
    return [selectinload(getattr(model, item.name)) for item in items if item.kind is Kind.CASE and item.name in names]
