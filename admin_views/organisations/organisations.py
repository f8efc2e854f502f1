"""The organisations: CCGs, STPs and regions, with their membership and succession."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from flask import url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, or_, select

from app.access.current import lookups, may
from app.access.lookups import Lookups
from app.access.permissions import Permission
from app.rules.reorganisation import named
from app.rules.succession import Place
from app.rules.words import in_words
from models import Organisation, OrganisationKind
from models.organisations import CCG, REGION, STP

from ..base import TrackerView
from ..lists.filters import NamedFilter, TrackerFilter, typed_date
from .task_forms import TASKS


def _is_current(known: Lookups) -> ColumnElement[bool]:
    return _in_force_on(known.today)


def _in_force_on(day: date) -> ColumnElement[bool]:
    return and_(
        or_(Organisation.opened_on.is_(None), Organisation.opened_on <= day),
        or_(Organisation.closed_on.is_(None), Organisation.closed_on >= day),
    )


class CurrentOn(TrackerFilter):
    """Those that were, or will be, in force on a day."""

    kind = "date"

    def __init__(self) -> None:
        super().__init__("current_on", "Current on", "")

    def words_for(self, value: str, lookups: Lookups) -> str:
        return in_words(typed_date(value))

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        return _in_force_on(typed_date(value))


class OrganisationView(TrackerView):
    """The organisations of one level, with what each is part of and whom it took over from.

    `kind` gives the level: a kind that took its place stands in the same list.
    """

    list_of = Organisation
    kind: ClassVar[str]
    reads = downloads = Permission.REFERENCE_READ
    search_hint = "A name or code, or its beginning"
    named_filters = (NamedFilter("current", "Current", "", _is_current), CurrentOn())
    list_template = "organisations/list.html"

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        level = select(OrganisationKind.position).where(OrganisationKind.code == self.kind).scalar_subquery()
        return [Organisation.kind.in_(select(OrganisationKind.code).where(OrganisationKind.position == level))]

    def _kinds(self) -> list[str]:
        known = lookups().organisations
        return [kind for kind in known.kinds if known.stands_for(kind, self.kind)]

    def render(self, template: str, **context: Any) -> str:
        """Lists and pages with what administrators can do there."""
        if template == self.list_template:
            known = lookups().organisations
            kinds = [known.kinds[kind] for kind in self._kinds()] if may(Permission.REFERENCE_WRITE) else []
            context["tasks"] = [
                (f"{task.title} {kind.plural}", url_for("reorganisations.plan_view", task=task.name, kind=kind.code))
                for kind in kinds
                for task in TASKS.values()
                if not task.of_one
            ]
        page: str = super().render(template, **context)
        return page

    def details_context(self, row: Organisation) -> dict[str, Any]:
        """Its page, with what can be done about it."""
        context = super().details_context(row)
        kind = lookups().organisations.kinds[row.kind]
        context["caption"] = kind.label
        if may(Permission.REFERENCE_WRITE) and kind.parent is not None and row.closed_on is None:
            context["actions"] = [
                (task.title, url_for("reorganisations.plan_view", task=task.name, id=row.id))
                for task in TASKS.values()
                if task.of_one
            ]
            merge = url_for("reorganisations.plan_view", task="merge", kind=row.kind, codes=row.code)
            context["actions"].insert(2, ("Merge", merge))
        return context

    def name_of(self, row: Organisation) -> str:
        return f"{row.name} ({row.code})"

    def get_one(self, id: Any) -> Organisation | None:
        row: Organisation | None = super().get_one(id)
        return row if row is not None and row.kind in self._kinds() else None

    def sections_of(self, row: Organisation) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        known = lookups().organisations
        part_of: list[tuple[str, str | Markup]] = [
            (
                "Part of",
                Markup("{}, {}").format(_link_to(known.places[part.parent]), _from_to(part.valid_from, part.valid_to)),
            )
            for part in sorted(known.parts, key=lambda part: part.valid_from)
            if part.child == row.id
        ]
        succession: list[tuple[str, str | Markup]] = [
            (words, Markup("{} on {}").format(_link_to(known.places[other]), in_words(takeover.effective_on)))
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
        # What is empty does not apply: one that is open has no last day that somebody forgot to record.
        sections = [
            (title, [(label, value) for label, value in rows if value]) for title, rows in super().sections_of(row)
        ]
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


def _link_to(place: Place) -> str | Markup:
    """An organisation's name and code, leading to its page where it has one."""
    known = lookups().organisations
    level = next((one for one in (REGION, STP, CCG) if known.stands_for(place.kind, one)), None)
    if level is None:
        return named(place)
    address = url_for(f"{level}s.details_view", id=place.id)
    return Markup('<a class="nhsuk-link" href="{}">{}</a>').format(address, named(place))


def _from_to(first: Any, last: Any) -> str:
    since = f"from {in_words(first)}" if first else "from before 1 April 2019"
    return f"{since} to {in_words(last)}" if last else since
