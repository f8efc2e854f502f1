"""The columns of a file, from the declarations: names and order of the design, "Names in files"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.access.lookups import Lookups
from models.declarations import Files, Item, Kind, items_of
from models.enumerations import Labelled


@dataclass(frozen=True)
class FileColumn:
    """One column: its heading, and the item (and what of it) that stands under the heading."""

    heading: str
    item: Item
    attribute: str


def columns_of(model: type, *, download: bool) -> list[FileColumn]:
    """The columns of a model's file, in order. The download for people has items that the extract leaves out."""
    wanted = {Files.ALL, Files.DOWNLOAD} if download else {Files.ALL}
    return [
        FileColumn(heading, item, attribute)
        for item in items_of(model)
        if item.files in wanted
        for heading, attribute in item.headings.items()
    ]


def text_of(column: FileColumn, value: Any, lookups: Lookups) -> str:
    """What stands in a cell: labels for codes, ISO 8601 dates, UTC milliseconds for moments, "" for nothing."""
    item = column.item
    if value is None:
        return ""
    if item.kind is Kind.ORGANISATION:
        place = lookups.place_of(item, value)
        return str(getattr(place, column.attribute)) if place else ""
    if item.kind is Kind.CODE:
        entry = lookups.code_of(item, value)
        return entry.label if entry else ""
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
