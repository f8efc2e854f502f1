"""The history of a row: version by version, what changed from what to what, by whom, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select

from app.access.clock import ENGLAND
from app.access.current import lookups
from app.access.history import as_at, versions_of
from app.nhsuk import dates
from app.nhsuk.wording import nhs_moment
from app.rules.words import in_words
from models import CaseReview, Person, Versioned, db
from models.declarations import Item, Kind, items_of
from models.enumerations import Change

from .presenters import html_for
from .saved_views import SavesViews

# What the service notes of each save by itself: it is in the heading of the version.
OF_THE_SAVE = {"version", "changed_at", "latest_update_on"}
NOT_SO_EARLY = "There was no such record on that day"


@dataclass(frozen=True)
class VersionShown:
    """One version as a page shows it. `changes` are (label, before, after); None before where there was nothing."""

    number: int
    title: str
    by: str
    reason: str
    changes: list[tuple[str, str | Markup, str | Markup]]


class ShowsHistory(SavesViews):
    """The address of a list at which the history of a row is read. What is not in scope has none."""

    @property
    def has_history(self) -> bool:
        return issubclass(self.list_of, Versioned)

    @expose("/history/")
    def history_view(self: Any) -> ResponseReturnValue:
        """Every version of a row, the newest first; or the row as it was known at the end of a day (`on`)."""
        row = self.one_or_404()
        if not self.has_history:
            abort(404)
        day, problem = _day_asked_for(request.args.get("on", ""))
        then = self._as_it_was(row, day) if day is not None else None
        page: str = self.render(
            "history.html",
            title="History",
            page_title=f"History of {self.name_of(row)}",
            caption=self.name_of(row),
            versions=_shown(db.session.scalars(versions_of(row)).all()),
            on=request.args.get("on", ""),
            problem=problem or (NOT_SO_EARLY if day is not None and then is None else ""),
            then_title=f"As it was known at the end of {in_words(day)}" if day else "",
            then=then or [],
            back_url=self.get_url(".details_view", id=row.id),
            row_id=row.id,
        )
        return page

    def _as_it_was(self: Any, row: Any, day: date) -> list[tuple[str, list[tuple[str, str | Markup]]]] | None:
        end = datetime.combine(day + timedelta(days=1), time(), ENGLAND) - timedelta(microseconds=1)
        version = db.session.scalar(as_at(type(row), end, row.id))
        if version is None:
            return None
        sections: dict[str, list[tuple[str, str | Markup]]] = {title: [] for title in self.section_order}
        for item in items_of(type(version)):
            sections.setdefault(item.section or "Details", []).append((item.label, _words(item, version)))
        return [(title, rows) for title, rows in sections.items() if rows]


def _day_asked_for(typed: str) -> tuple[date | None, str]:
    """The day that was typed, or a sentence where it is none."""
    if not typed.strip():
        return None, ""
    read = dates.read((typed, "", ""), "Date")
    return read.value, "" if read.value else "Enter a real date, such as 31/3/2022"


def _shown(versions: Any) -> list[VersionShown]:
    people = {one.id: one.name for one in db.session.scalars(select(Person).where(Person.id.in_(_people(versions))))}
    found = []
    before = None
    for version in versions:
        found.append(
            VersionShown(
                number=version.number,
                title=f"{version.change.label} on {nhs_moment(version.known_from)}",
                by=people.get(version.changed_by_id, "") if version.by_service else "Changed outside the service",
                reason=version.change_reason or "",
                changes=_changes(before, version) if version.change != Change.DELETED else [],
            )
        )
        before = version
    return found[::-1]


def _people(versions: Any) -> set[UUID]:
    return {version.changed_by_id for version in versions if version.changed_by_id}


def _changes(before: Any, after: Any) -> list[tuple[str, str | Markup, str | Markup]]:
    """What is different in a version from the one before: all that is not empty in the first."""
    return [
        (item.label, _words(item, before) if before is not None else "", _words(item, after))
        for item in items_of(type(after))
        if item.name not in OF_THE_SAVE
        and item.column in type(after).__mapper__.columns
        and not item.part_of
        and not item.answers_today
        and (getattr(before, item.column) if before is not None else None) != getattr(after, item.column)
        and (before is not None or getattr(after, item.column) not in (None, ""))
    ]


def _words(item: Item, version: Any) -> str | Markup:
    value = getattr(version, item.column)
    if item.kind is Kind.CASE:
        linked = db.session().get(CaseReview, value) if value else None
        return linked.reference if linked else ""
    return html_for(item, value, lookups())
