"""What the sample pages are made of: values that screens put together and templates show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Row(NamedTuple):
    """A link with a line that says what is behind it."""

    text: str
    url: str
    description: str = ""


class Cell(NamedTuple):
    """A cell of a table: words, and where they lead."""

    text: str
    url: str | None = None


class FilterOption(NamedTuple):
    """A value that a filter offers, in the address and in words."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class FilterField:
    """One filter of a list. `arg` is its name in the address."""

    arg: str
    label: str
    kind: Literal["select", "checkboxes", "date"] = "select"
    options: Sequence[FilterOption | tuple[str, str, bool]] = ()
    value: str = ""


@dataclass(frozen=True)
class FilterGroup:
    """Filters that stand under one heading."""

    title: str
    fields: Sequence[FilterField]


@dataclass(frozen=True)
class Figure:
    """A count, as a card that leads to what was counted."""

    label: str
    count: int | str
    url: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Group:
    """Links under a heading; `empty_text` where there are none."""

    heading: str
    text: str = ""
    rows: Sequence[Row | tuple[str, str, str]] = field(default_factory=tuple)
    empty_text: str = ""


@dataclass(frozen=True)
class TableOf:
    """A table of words and links."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell | tuple[str, str | None]]]
