"""The history of a row: version by version, what changed from what to what, by whom, when and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select

from app.access import clock
from app.access.clock import ENGLAND
from app.access.current import lookups
from app.access.history import as_at, versions_of
from app.nhsuk.wording import nhs_moment
from app.rules import dates
from app.rules.typed_text import on_one_line, shown
from app.rules.words import in_words
from models import CaseReview, Person, Versioned, db, version_of
from models.declarations import Item, Kind, items_of
from models.enumerations import Change

from .lists.saved_views import SavesViews
from .presenters import html_for

# What the service notes of each save by itself: it is in the heading of the version.
OF_THE_SAVE = {"version", "changed_at", "latest_update_on"}
NOT_A_DAY = "Enter a real date, such as 31/3/2022"
AHEAD = "Enter a date that is today or in the past"
OUT_OF_SIGHT = "A case that you cannot see"
VERSIONS_ON_A_PAGE = 20


@dataclass(frozen=True)
class VersionShown:
    """One version as a page shows it. `changes` are (label, before, after); None before where there was nothing."""

    number: int
    title: str
    reason: str
    changes: list[tuple[str, str | Markup, str | Markup]]


class ShowsHistory(SavesViews):
    """The address of a list at which the history of a row is read. What is not in scope has none."""

    @property
    def has_history(self) -> bool:
        return issubclass(self.list_of, Versioned)

    def event_between(self, before: Any, after: Any) -> str:
        """What a version is called that followed another (None: the first): added, changed, deleted."""
        return str(after.change.label)

    @expose("/history/")
    def history_view(self: Any) -> ResponseReturnValue:
        """Every version of a row, the newest first; or the row as it was known at the end of a day (`on`)."""
        row = self.one_or_404()
        if not self.has_history:
            abort(404)
        typed = shown(on_one_line(request.args.get("on", "")))
        day, problem = _day_asked_for(typed)
        pages, place, versions = _page_of_versions(row)
        page: str = self.render(
            "history.html",
            title="History",
            page_title=f"{'Error: ' if problem else ''}History of {self.name_of(row)}",
            caption=self.name_of(row),
            versions=self._versions_shown(versions)[:VERSIONS_ON_A_PAGE],
            page=place,
            pages=pages,
            page_url=lambda number: self.get_url(".history_view", id=row.id, page=number or None),
            on=typed,
            problem=problem,
            day=in_words(day) if day else "",
            then=self._as_it_was(row, day) if day else [],
            back_url=self.get_url(".details_view", id=row.id),
            row_id=row.id,
        )
        return page

    def _as_it_was(self: Any, row: Any, day: date) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        """The row section by section as it was known at the end of a day; nothing where it was not known yet."""
        end = datetime.combine(day + timedelta(days=1), time(), ENGLAND) - timedelta(microseconds=1)
        version = db.session.scalar(as_at(type(row), end, row.id))
        if version is None:
            return []
        sections: dict[str, list[tuple[str, str | Markup]]] = {title: [] for title in self.section_order}
        for item in items_of(type(version)):
            sections.setdefault(item.section or "Details", []).append((item.label, _words(item, version)))
        return [(title, rows) for title, rows in sections.items() if rows]

    def _versions_shown(self, versions: Sequence[Any]) -> list[VersionShown]:
        """The versions of a row as the page shows them, the newest first."""
        names = names_of_people(versions)
        found = [
            VersionShown(
                number=after.number,
                title=f"{self.event_between(before, after)} {who_and_when(after, names)}",
                reason=after.change_reason or "",
                changes=_changes(before, after) if after.change != Change.DELETED else [],
            )
            for before, after in pairwise([None, *versions])
        ]
        return found[::-1]


def _page_of_versions(row: Versioned) -> tuple[int, int, Sequence[Any]]:
    """How many pages of versions there are, which one is asked for (from 0), and its versions, the first first.

    They begin with the version before those of the page, where there is one: what changed is told against it.
    """
    chosen = versions_of(row).order_by(None)
    count = db.session.scalar(chosen.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    pages = max(1, -(-count // VERSIONS_ON_A_PAGE))
    typed = request.args.get("page", "")
    place = min(int(typed), pages - 1) if re.fullmatch(r"[0-9]{1,6}", typed) else 0
    newest_first = chosen.order_by(version_of(type(row)).number.desc())
    found = db.session.scalars(newest_first.offset(place * VERSIONS_ON_A_PAGE).limit(VERSIONS_ON_A_PAGE + 1)).all()
    return pages, place, found[::-1]


def _day_asked_for(typed: str) -> tuple[date | None, str]:
    """The day that was typed, or a sentence where it is none. The future is not known yet."""
    if not typed:
        return None, ""
    day = dates.read((typed, "", ""), "Date").value
    if day is None:
        return None, NOT_A_DAY
    return (None, AHEAD) if day > clock.today() else (day, "")


def names_of_people(versions: Sequence[Any]) -> dict[UUID, str]:
    """The names of those who made versions."""
    ids = {version.changed_by_id for version in versions if version.changed_by_id}
    return {one.id: one.name for one in db.session.scalars(select(Person).where(Person.id.in_(ids)))}


def who_and_when(version: Any, names: Mapping[UUID, str]) -> str:
    """By whom a version was made, and when: "by Margaret Thirlwell on 14 February 2022 at 10:30am"."""
    if not version.by_service:
        by = "outside the service "
    else:
        by = f"by {names[version.changed_by_id]} " if version.changed_by_id in names else ""
    return f"{by}on {nhs_moment(version.known_from)}"


def _changes(before: Any, after: Any) -> list[tuple[str, str | Markup, str | Markup]]:
    """What is different in a version from the one before: all that is not empty in the first."""
    return [
        (item.label, _words(item, before) if before is not None else "", _words(item, after))
        for item in items_of(type(after))
        if item.name not in OF_THE_SAVE
        and not item.part_of
        and not item.answers_today
        and (getattr(before, item.column) if before is not None else None) != getattr(after, item.column)
        and (before is not None or getattr(after, item.column) not in (None, ""))
    ]


def _words(item: Item, version: Any) -> str | Markup:
    value = getattr(version, item.column)
    if item.kind is Kind.CASE:
        linked = db.session().get(CaseReview, value) if value else None
        return linked.reference if linked else OUT_OF_SIGHT if value else ""
    return html_for(item, value, lookups())
