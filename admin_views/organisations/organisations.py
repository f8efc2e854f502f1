"""The organisations: CCGs, STPs and regions, with their membership and succession."""

from __future__ import annotations

from typing import Any, ClassVar

from markupsafe import Markup
from sqlalchemy import ColumnElement, or_

from app.access.current import lookups
from app.access.lookups import Lookups
from app.access.permissions import Permission
from app.rules.words import in_words
from models import Organisation
from models.organisations import CCG, REGION, STP

from ..base import TrackerView
from ..lists.filters import NamedFilter


def _is_current(known: Lookups) -> ColumnElement[bool]:
    return or_(Organisation.closed_on.is_(None), Organisation.closed_on >= known.today)


class OrganisationView(TrackerView):
    """One kind of organisation, with what it is part of and whom it took over from."""

    list_of = Organisation
    kind: ClassVar[str]
    reads = downloads = Permission.REFERENCE_READ
    search_hint = "A name or code, or its beginning"
    named_filters = (NamedFilter("current", "Current", "", _is_current),)

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        return [Organisation.kind == self.kind]

    def name_of(self, row: Organisation) -> str:
        return f"{row.name} ({row.code})"

    def get_one(self, id: Any) -> Organisation | None:
        row: Organisation | None = super().get_one(id)
        return row if row is not None and row.kind == self.kind else None

    def sections_of(self, row: Organisation) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        known = lookups().organisations
        part_of: list[tuple[str, str | Markup]] = [
            ("Part of", f"{known.places[part.parent].name}, {_from_to(part.valid_from, part.valid_to)}")
            for part in sorted(known.parts, key=lambda part: part.valid_from)
            if part.child == row.id
        ]
        succession: list[tuple[str, str | Markup]] = [
            (words, f"{known.places[other].name} ({known.places[other].code}) on {in_words(takeover.effective_on)}")
            for takeover in known.takeovers
            for here, other, words in (
                (takeover.successor, takeover.predecessor, "Took over from"),
                (takeover.predecessor, takeover.successor, "Taken over by"),
            )
            if here == row.id
        ]
        names: list[tuple[str, str | Markup]] = [
            ("Name", f"{name.name}, {_from_to(name.valid_from, name.valid_to)}")
            for name in row.names
            if len(row.names) > 1
        ]
        sections = super().sections_of(row)
        return sections + [
            (title, rows)
            for title, rows in (("Membership", part_of), ("Succession", succession), ("Names", names))
            if rows
        ]


class CCGView(OrganisationView):
    kind, address, title, one, many = CCG, "ccgs", "CCGs", "CCG", "CCGs"


class STPView(OrganisationView):
    kind, address, title, one, many = STP, "stps", "STPs", "STP", "STPs"


class RegionView(OrganisationView):
    kind, address, title, one, many = REGION, "regions", "Regions", "region", "regions"


def _from_to(first: Any, last: Any) -> str:
    since = f"from {in_words(first)}" if first else "from before 1 April 2019"
    return f"{since} to {in_words(last)}" if last else since
