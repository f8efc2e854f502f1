"""One declaration per data item.

A column says once what its item is called, asked, meant and used for. The form, list, filters, details page, files,
data dictionary and history are read from it: adding an item is one declaration here in `models/` and one migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Boolean, Column, Date, Enum, Integer, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from .base import Moment
from .enumerations import Labelled

SPECIFICATION = "Annex A Requirements specification: Safeguarding Case Review Tracker"
GUIDANCE = "Published guidance"
SERVICE = "Given by the service"

_order = count()


class Kind(StrEnum):
    """What sort of value an item holds, and so how it is asked, filtered, shown and written."""

    LINE = "line of text"
    TEXT = "text"
    LINK = "web address"
    DATE = "date"
    MOMENT = "date and time"
    NUMBER = "whole number"
    YES_NO = "yes or no"
    CHOICE = "one of a fixed list"
    CODE = "one entry of a code list"
    ORGANISATION = "an organisation"
    CASE = "another case"


class Search(StrEnum):
    WORDS = "whole words and beginnings of words"
    BEGINNING = "the beginning"


class Files(StrEnum):
    """Which files an item stands in."""

    ALL = "extract and download"
    DOWNLOAD = "download only"
    NONE = "none"


@dataclass(frozen=True)
class OnlyWhen:
    """A question that matters only when another has a certain answer."""

    item: str
    is_: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """The words and the uses of one data item.

    `headings` maps each heading in files to what stands under it: "" for the item itself, else an attribute of what it
    names (an organisation's `name` or `code`).
    `also_called` are headings under which spreadsheets of CCGs have it.
    `filtered_with` are other columns in which the filter looks too. `last` puts the item behind those added later.
    An organisation is the one in the column, unless `part_of` names the kind of one that it is part of, or
    `answers_today` asks for whoever answers for its cases today.
    """

    label: str
    definition: str
    source: str = SPECIFICATION
    name: str = ""
    kind: Kind = Kind.LINE
    section: str = ""
    question: str = ""
    hint: str = ""
    problem: str = ""
    required: bool = False
    max_length: int | None = None
    choices: type[Labelled] | None = None
    code_list: str = ""
    part_of: str = ""
    answers_today: bool = False
    in_form: bool = True
    in_list: bool = False
    sortable: bool = False
    filterable: bool = False
    filter_label: str = ""
    filtered_with: tuple[str, ...] = ()
    search: Search | None = None
    only_when: OnlyWhen | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    also_called: tuple[str, ...] = ()
    files: Files = Files.ALL
    last: bool = False
    column: str = ""
    order: int = field(default_factory=lambda: next(_order))

    @property
    def asked(self) -> str:
        """The label of the form field."""
        return self.question or self.label

    @property
    def when_missing(self) -> str:
        """The sentence beside an empty field that must be filled."""
        if self.problem:
            return self.problem
        verb = "Select" if self.kind in (Kind.CHOICE, Kind.CODE, Kind.ORGANISATION) else "Enter"
        return f"{verb} {self.label[0].lower()}{self.label[1:]}"

    @property
    def not_in_the_list(self) -> str:
        """The sentence for an answer that is none of those that can be chosen."""
        asked = self.problem if self.problem.startswith("Select ") else f"Select {self.label}"
        return f"{asked} from the list"


def item(*args: Any, about: Item, **column: Any) -> MappedColumn[Any]:
    """A mapped column with its declaration. Takes what `mapped_column` takes, and `about`."""
    return mapped_column(*args, info={"item": about}, **column)


class derived:
    """An item that is worked out from a column and not stored, such as the STP of a case's CCG.

    `about.column` names the column it is worked out from.
    """

    def __init__(self, about: Item) -> None:
        self.about = replace(about, in_form=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.about = replace(self.about, name=name)


def _of_column(key: str, column: Column[Any], about: Item) -> Item:
    kind, choices = about.kind, about.choices
    if kind is Kind.LINE:
        if isinstance(column.type, Enum):
            kind = Kind.CHOICE
        elif isinstance(column.type, Moment):
            kind = Kind.MOMENT
        elif isinstance(column.type, Date):
            kind = Kind.DATE
        elif isinstance(column.type, Integer):
            kind = Kind.NUMBER
        elif isinstance(column.type, Boolean):
            kind = Kind.YES_NO
        elif isinstance(column.type, Text):
            kind = Kind.TEXT
    if isinstance(column.type, Enum):
        choices = column.type.enum_class  # type: ignore[assignment]
    name = about.name or key.removesuffix("_id")
    length = about.max_length or getattr(column.type, "length", None)
    return replace(
        about,
        name=name,
        column=key,
        kind=kind,
        choices=choices,
        max_length=length if kind in (Kind.LINE, Kind.TEXT, Kind.LINK) else None,
        headings=about.headings or {about.label: ""},
    )


def items_of(model: type) -> list[Item]:
    """Every declared item of a model, in the order of declaration, those marked `last` at the end."""
    return list(_items_of(model, len(model.__mapper__.column_attrs)))  # type: ignore[attr-defined]


@lru_cache(maxsize=200)
def _items_of(model: type, columns: int) -> tuple[Item, ...]:
    """As `items_of`, kept as long as the model has so many columns: an import of cases asks for each of its lines."""
    found = []
    for attribute in model.__mapper__.column_attrs:  # type: ignore[attr-defined]
        column = attribute.columns[0]
        about = attribute.info.get("item") or column.info.get("item")
        if about:
            found.append(_of_column(attribute.key, column, about))
    for cls in model.__mro__:
        for value in vars(cls).values():
            if isinstance(value, derived):
                found.append(replace(value.about, headings=value.about.headings or {value.about.label: ""}))
    return tuple(sorted(found, key=lambda one: (one.last, one.order)))
