"""The small lists that every screen and file needs: organisations and code lists, read again when one has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules.case_rules import Code
from app.rules.succession import Organisations, Place
from models import CODE_LISTS, Setting
from models.database_rules import LISTS_VERSION
from models.declarations import Item

from .organisations import read_organisations


@dataclass(frozen=True)
class CodeEntry(Code):
    """A code list's entry with the group it stands in. Equal to another by its id and words."""

    code: str = ""
    definition: str = ""
    group: str = ""
    is_rapid_review: bool = False


Codes = dict[str, dict[UUID, CodeEntry]]


def read_codes(session: Session) -> Codes:
    """Every entry of every code list, ended ones too, by list and id, in the order in which people read them."""
    return {
        name: {
            row.id: CodeEntry(
                row.id,
                row.label,
                row.active_from,
                row.active_to,
                row.code,
                row.definition,
                row.group,
                getattr(row, "is_rapid_review", False),
            )
            for row in session.scalars(select(model).order_by(model.position, model.label))
        }
        for name, model in CODE_LISTS.items()
    }


@dataclass(frozen=True)
class Lookups:
    """Organisations and code lists as at a day."""

    organisations: Organisations
    codes: Codes
    today: date

    def place_of(self, item: Item, place_id: UUID) -> Place | None:
        """The organisation that an item names where its column holds this one."""
        if item.part_of:
            return self.organisations.above(place_id, item.part_of, self.today)
        if item.answers_today:
            place_id = self.organisations.current_of(place_id, self.today)
        return self.organisations.places[place_id]

    def code_of(self, item: Item, entry_id: UUID | None) -> CodeEntry | None:
        return None if entry_id is None else self.codes[item.code_list].get(entry_id)

    def active(self, code_list: str, day: date) -> list[CodeEntry]:
        """The entries that can be chosen on a day."""
        return [entry for entry in self.codes[code_list].values() if entry.is_active_on(day)]


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
