"""People: who may do what, since when, and when they were last seen. For administrators, who see no case."""

from __future__ import annotations

from typing import Any

from flask import current_app
from jinja2 import pass_context
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import selectinload

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.lookups import Lookups
from app.access.permissions import Permission, reads_cases
from app.nhsuk.wording import nhs_date, nhs_moment
from app.people import sessions
from app.rules.words import in_words
from models import Grant, Organisation, Person, db
from models.enumerations import Role

from ..base import TrackerView
from ..lists.filters import NamedFilter, TrackerFilter
from ..tables import TableOf, words
from . import people_history
from .people_actions import ActsOnPeople
from .people_review import ReviewsAccess
from .people_words import held_in_words, in_words_of

MAY = "What they may do"
GRANTS = "grants_in_words"
MOST_GRANTS_SHOWN = 3
LONG = 40


def _holding(lookups: Lookups) -> ColumnElement[bool]:
    return and_(Grant.ended_at.is_(None), or_(Grant.ends_on.is_(None), Grant.ends_on >= lookups.today))


def _with_a_grant(lookups: Lookups, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return Person.id.in_(select(Grant.person_id).where(_holding(lookups), *conditions))


class RoleFilter(TrackerFilter):
    """Whoever holds a role today."""

    def options_for(self, lookups: Lookups) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        return _with_a_grant(lookups, Grant.role.in_([Role(value)]))  # type: ignore[call-arg]


class OrganisationCodeFilter(TrackerFilter):
    """Whoever holds a role today on the organisations of a code."""

    kind = "text"

    def condition(self, model: Any, value: str, lookups: Lookups) -> ColumnElement[bool]:
        codes = select(Organisation.id).where(Organisation.code == value.upper())
        return _with_a_grant(lookups, Grant.organisation_id.in_(codes))


class PeopleView(ActsOnPeople, ReviewsAccess, TrackerView):
    """The list of people, and a page for each with what is done about them."""

    list_of = Person
    address, title, one, many = "people", "People", "person", "people"
    reads = writes = Permission.PEOPLE_KEEP
    search_hint = "A name, email address or subject, or its beginning"
    create_text = "Add a person"
    list_template = "people/list.html"
    details_template = "people/details.html"
    led_here_from = ("people.review_view",)
    named_filters = (
        RoleFilter("role", "Role", MAY),
        OrganisationCodeFilter("organisation", "Organisation (code)", MAY),
        NamedFilter("without_access", "Without any access", MAY, lambda lookups: ~_with_a_grant(lookups)),
        NamedFilter(
            "from_provider",
            "Named by the identity provider",
            MAY,
            lambda lookups: _with_a_grant(lookups, Grant.from_claims.is_(True)),
        ),
        NamedFilter(
            "with_last_day", "With a last day", MAY, lambda lookups: _with_a_grant(lookups, Grant.ends_on.is_not(None))
        ),
    )

    @property
    def can_create(self) -> bool:
        return may(Permission.PEOPLE_KEEP)

    @property
    def can_edit(self) -> bool:
        """Nobody is edited: what is done about somebody has pages of its own."""
        return False

    # The list

    def in_order(self, statement: Select[Any], column: str | None, descending: bool) -> Select[Any]:
        return super().in_order(statement, column, descending).options(selectinload(Person.grants))

    @pass_context
    def get_list_value(self, context: Any, model: Any, name: str) -> str | Markup:
        if name != GRANTS:
            value: str | Markup = super().get_list_value(context, model, name)
            # Names, addresses and subjects are other people's: they may be long and without a space.
            return Markup('<span class="tracker-wrap">{}</span>').format(value) if len(value) > LONG else value
        held = held_in_words(model)
        more = len(held) - MOST_GRANTS_SHOWN
        return "; ".join(held[:MOST_GRANTS_SHOWN]) + (f"; and {more} more" if more > 0 else "")

    def name_of(self, row: Person) -> str:
        return row.name

    # One person

    def details_context(self, row: Person) -> dict[str, Any]:
        own = row.id == current_access().person_id
        actions = [] if own else [("Give access", self.get_url(".grant_view", id=row.id))]
        if row.is_active:
            actions.append(("Deactivate", self.get_url(".deactivate_view", id=row.id)))
        else:
            actions.append(("Reactivate", self.get_url(".reactivate_view", id=row.id)))
        found = sessions.open_sessions(db.session(), row.id, current_app.config, at=clock.now())
        return super().details_context(row) | {
            "actions": actions,
            "tag": None if row.is_active else ("Deactivated", "grey"),
            "notice": self._notice(row),
            "grants": self._grants(row, own=own),
            "ended": self._ended(row),
            "sessions": found,
            "end_session_url": self.get_url(".end_session_view", id=row.id),
            "events": people_history.of_person(row, lookups()),
        }

    def sections_of(self, row: Person) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        title, rows = super().sections_of(row)[0]
        return [(title, [(label, value) for label, value in rows if label not in ("May do", "Name")])]

    def _notice(self, row: Person) -> str:
        if row.id == current_access().person_id:
            return "This is you. Another administrator must give you access, and confirms what you may do."
        held = {grant.role for grant in row.grants if grant.holds_on(lookups().today)}
        if Role.ADMINISTRATOR in held and any(reads_cases(role) for role in held):
            return "Administrator counts for nothing beside a role that reads cases."
        return ""

    def _grants(self, row: Person, *, own: bool) -> list[dict[str, str | None]]:
        """What somebody holds today, with where it can be ended."""
        return [
            {
                "words": in_words_of(grant),
                "since": nhs_date(grant.granted_at),
                "until": in_words(grant.ends_on) if grant.ends_on else "",
                "from": "Identity provider" if grant.from_claims else "Given here",
                "url": None if grant.from_claims else self.get_url(".end_view", id=grant.id),
            }
            for grant in sorted(row.grants, key=in_words_of)
            if grant.holds_on(lookups().today)
        ]

    def _ended(self, row: Person) -> TableOf:
        return TableOf(
            "No longer",
            ["Role", "Given", "Ended"],
            [
                words(
                    in_words_of(grant),
                    nhs_date(grant.granted_at),
                    nhs_moment(grant.ended_at) if grant.ended_at else in_words(grant.ends_on or lookups().today),
                )
                for grant in sorted(row.grants, key=in_words_of)
                if not grant.holds_on(lookups().today)
            ],
        )
