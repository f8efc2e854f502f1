"""The small lists that every screen and file needs: organisations and code lists, read again when one has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules.case_rules import Code
from app.rules.succession import Organisations, Place
from models import CODE_LISTS, Setting
from models.database_rules import LISTS_VERSION
from models.declarations import Item, Kind

from .clock import day_of
from .history import Reader, as_known_at, as_now
from .organisations import read_organisations


@dataclass(frozen=True)
class CodeEntry(Code):
    """A code list's entry with the group it stands in. Equal to another by its id and words."""

    code: str = ""
    definition: str = ""
    group: str = ""
    is_rapid_review: bool = False


Codes = dict[str, dict[UUID, CodeEntry]]


OF_A_CODE = ("id", "label", "active_from", "active_to", "code", "definition", "group", "position")


def read_codes(session: Session, rows: Reader = as_now) -> Codes:
    """Every entry of every code list, ended ones too, by list and id, in the order in which people read them."""
    return {name: _entries(session, model, rows) for name, model in CODE_LISTS.items()}


def _entries(session: Session, model: type[Any], rows: Reader) -> dict[UUID, CodeEntry]:
    more = ("is_rapid_review",) if hasattr(model, "is_rapid_review") else ()
    found = sorted(session.execute(rows(model, *OF_A_CODE, *more)), key=lambda row: (row.position, row.label))
    return {
        row.id: CodeEntry(
            row.id,
            row.label,
            row.active_from,
            row.active_to,
            row.code,
            row.definition,
            row.group,
            bool(more and row.is_rapid_review),
        )
        for row in found
    }


@dataclass(frozen=True)
class Lookups:
    """Organisations and code lists as at a day.

    `made` is for what pages make of them alone, to be kept for as long as they are as they are.
    """

    organisations: Organisations
    codes: Codes
    today: date
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def place_of(self, item: Item, place_id: UUID) -> Place | None:
        """The organisation that an item names where its column holds this one."""
        if item.part_of:
            return self.organisations.above(place_id, item.part_of, self.today)
        if item.answers_today:
            place_id = self.organisations.current_of(place_id, self.today)
        return self.organisations.places[place_id]

    def code_of(self, item: Item, entry_id: UUID | None) -> CodeEntry | None:
        return None if entry_id is None else self.codes[item.code_list].get(entry_id)

    def facts(self, values: Mapping[str, Any], items: Iterable[Item]) -> dict[str, Any]:
        """Values by item name, ids in them made into the facts that the rules reason about."""
        found = dict(values)
        for item in items:
            value = values.get(item.name)
            if item.kind is Kind.CODE and isinstance(value, UUID):
                found[item.name] = self.codes[item.code_list].get(value)
            elif item.kind is Kind.ORGANISATION and isinstance(value, UUID):
                found[item.name] = self.organisations.places.get(value)
        return found

    def active(self, code_list: str, day: date) -> list[CodeEntry]:
        """The entries that can be chosen on a day."""
        return [entry for entry in self.codes[code_list].values() if entry.is_active_on(day)]


def lists_known_at(session: Session, moment: datetime) -> Lookups:
    """The lists as they were known at a moment, as at the day in England on which it lies."""
    day, rows = day_of(moment), as_known_at(moment)
    return Lookups(read_organisations(session, day, rows), read_codes(session, rows), day)


def known_lists(session: Session, day: date, kept: dict[str, tuple[str, Lookups]]) -> Lookups:
    """The lists as at a day: those that were kept, while neither the day nor the version in the database is another.

    Triggers give the lists a new version with every change, in the same transaction, so a change that was committed is
    seen by the very next request of every process. `kept` holds the newest; it may be shared between threads.
    """
    version = session.scalar(select(Setting.value).where(Setting.name == LISTS_VERSION))
    if version and "lists" in kept:
        kept_version, lists = kept["lists"]
        if (kept_version, lists.today) == (version, day):
            return lists
    lists = Lookups(read_organisations(session, day), read_codes(session), day)
    if version:
        kept["lists"] = (version, lists)
    return lists
