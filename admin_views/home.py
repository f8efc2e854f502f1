"""Home: what a person needs on arrival. Each figure leads to the list behind it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose

from app.access import clock
from app.access.current import current_access, is_signed_in, lookups, may
from app.access.permissions import Permission
from app.cases import allocating, drafts, figures
from app.cases.allocating import Which
from app.cases.figures import Figures
from app.nhsuk.wording import nhs_moment
from app.people import reviewing
from app.rules.quarters import quarter_of
from app.rules.succession import Place
from app.rules.words import count_of, in_words
from models import CaseReview, db
from models.declarations import items_of
from models.enumerations import Role

from . import data_quality, redactions
from .cases import case_drafts
from .organisations.organisations import CCGView, RegionView, STPView
from .tables import TableOf


@dataclass(frozen=True)
class Figure:
    label: str
    count: int
    url: str
    hint: str = ""


@dataclass(frozen=True)
class Group:
    heading: str
    text: str
    rows: list[tuple[str, str, str]]
    empty_text: str = ""


HEAD = ["Name", "Cases", "Open", "No update for 90 days", "Signed off, not published", "Possible duplicates"]
# Each table with the item of a case that it counts by.
TABLES = {"By region": "region", "By STP": "stp", "By CCG": "ccg"}


class HomeView(AdminIndexView):
    """The first page."""

    def __init__(self) -> None:
        super().__init__(name="Home", url="/")

    def is_accessible(self) -> bool:
        return is_signed_in()

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Figures for those who see cases, lists for those who keep them."""
        context = _for_readers() if may(Permission.CASE_READ) else _for_administrators()
        page: str = self.render("home.html", **context)
        return page


def cases_with(**filters: str) -> str:
    """The address of the list of cases with filters."""
    chosen: dict[str, Any] = {f"flt_{name}": value for name, value in filters.items()}
    return url_for("cases.index_view", **chosen)


def _for_readers() -> dict[str, Any]:
    access, session = current_access(), db.session()
    counted = figures.by_ccg(session, lookups())
    everything = figures.total(counted.values())
    shown = [
        Figure("Open cases", everything.open, cases_with(status_is="open")),
        Figure(
            "No update for 90 days",
            everything.without_update,
            cases_with(no_update_for_90_days_is="yes"),
            "Open cases whose latest update is older",
        ),
        Figure(
            "Signed off but not published",
            everything.signed_off_not_published,
            cases_with(signed_off_but_not_published_is="yes"),
        ),
        Figure(
            "Possible duplicates",
            everything.possible_duplicates,
            cases_with(possible_duplicate_is="yes"),
            "Same incident date and type, or same StEIS number",
        ),
    ]
    changed = Group(
        "Last changes",
        "",
        [
            (
                case.reference,
                url_for("cases.details_view", id=case.id),
                f"{lookups().organisations.places[case.ccg_id].name}, {nhs_moment(case.changed_at)}",
            )
            for case in figures.last_changed(session)
        ],
        "No cases yet.",
    )
    unsaved = Group(
        "Not saved yet",
        "What you typed is kept for 24 hours.",
        [
            (case_drafts.name_of(draft), case_drafts.address_of(draft), f"Typed on {nhs_moment(draft.saved_at)}")
            for draft in drafts.of_person(session, by=access.person_id, at=clock.now())
        ],
    )
    quality = Group(
        "Data quality",
        "",
        data_quality.for_home(everything.cases)
        if may(Permission.QUARTER_CONFIRM)
        else data_quality.for_home_of_readers(),
    )
    waiting = Group(
        "Redactions", "Somebody else has asked.", redactions.for_home() if may(Permission.REDACTION_DECIDE) else []
    )
    split = Group(
        "After a split",
        " ".join([*_closed_by_a_split(), "The CCGs that took over do not see these cases until they are allocated."]),
        _after_a_split(),
    )
    given = Group(
        "Allocated to you after a split",
        "Nobody has changed these cases since.",
        [
            (
                f"Cases for {lookups().organisations.places[place].name}",
                cases_with(newly_allocated_is="yes"),
                count_of(number, "case"),
            )
            for place, number in allocating.newly_allocated_to(session, access, lookups()).items()
        ]
        if may(Permission.CASE_WRITE)
        else [],
    )
    may_record = may(Permission.CASE_WRITE) and bool(access.current_ccgs)
    return {
        "title": "Home",
        "lede": ", ".join(place.name for place in access.granted_on),
        "figures": shown,
        "first": [group for group in (waiting, unsaved, split, given, quality) if group.rows],
        "groups": [changed],
        "tables": _tables(counted) if access.roles & {Role.OVERSIGHT, Role.ANALYST} else [],
        "links": [("See all cases", url_for("cases.index_view"), "")],
        "start": ("Record a case", url_for("cases.create_view")) if may_record else None,
    }


def _closed_by_a_split() -> list[str]:
    """For those who can record no case any more, because their CCG was split: who records them now."""
    access, known, today = current_access(), lookups().organisations, lookups().today
    if access.current_ccgs or not may(Permission.CASE_WRITE):
        return []
    return [
        f"{place.name} closed on {in_words(place.closed_on)}. New cases are recorded by"
        f" {' or '.join(one.name for one in known.may_answer_after_a_split(place.id, today))}."
        " Ask an administrator for access to the CCG you work for now."
        for place in allocating.splits_of(access, today)
        if place.closed_on
    ]


def _after_a_split() -> list[tuple[str, str, str]]:
    """Where to allocate, open and closed cases, for those who do; how many open ones wait, for others."""
    known, today, session = lookups().organisations, lookups().today, db.session()
    rows = []
    own = allocating.splits_of(current_access(), today) if may(Permission.CASE_WRITE) else []
    for place in own:
        counted = allocating.how_many(session, place, known, today)
        parts = [count_of(counted[which], f"{which} case") for which in (Which.OPEN, Which.CLOSED) if counted[which]]
        if parts:
            show = Which.OPEN if counted[Which.OPEN] else Which.CLOSED
            address = url_for("cases.allocate_view", ccg=place.code, show=show)
            rows.append((f"Allocate cases of {place.name}", address, ", ".join(parts)))
    done = {place.id for place in own}
    for id_, number in figures.waiting(session, lookups()).items():
        if id_ not in done:
            place = known.places[id_]
            address = cases_with(waits_for_allocation_is="yes")
            rows.append((f"{place.name} ({place.code})", address, count_of(number, "open case")))
    return rows


def _tables(counted: dict[Any, Figures]) -> list[TableOf]:
    """The figures by region, STP and CCG: each only where there is more than one to compare."""
    items = {item.name: item for item in items_of(CaseReview)}
    tables = []
    for caption, name in TABLES.items():
        sums: dict[Place, Figures] = defaultdict(Figures)
        for ccg in current_access().readable_ccgs:
            place = lookups().place_of(items[name], ccg.id)
            if place is not None:
                sums[place] += counted.get(ccg.id, Figures())
        if len(sums) < 2:
            continue
        rows = [
            _row(place, name, total)
            for place, total in sorted(sums.items(), key=lambda one: one[0].name)
            if total.cases or place.kind not in lookups().organisations.case_kinds
        ]
        tables.append(TableOf(caption, HEAD, rows))
    return tables


def _row(place: Place, name: str, total: Figures) -> list[tuple[str, str | None]]:
    here = {f"{name}_is": place.code}
    return [
        (f"{place.name} ({place.code})", cases_with(**here)),
        (f"{total.cases:,}", None),
        (f"{total.open:,}", cases_with(**here, status_is="open")),
        (f"{total.without_update:,}", cases_with(**here, no_update_for_90_days_is="yes")),
        (f"{total.signed_off_not_published:,}", cases_with(**here, signed_off_but_not_published_is="yes")),
        (f"{total.possible_duplicates:,}", cases_with(**here, possible_duplicate_is="yes")),
    ]


def _for_administrators() -> dict[str, Any]:
    known, today = lookups().organisations, lookups().today
    return {
        "title": "Home",
        "lede": "What you keep for the whole of England",
        "figures": [],
        "groups": [],
        "tables": [],
        "links": [
            *(
                (
                    view.title,
                    url_for(f"{view.address}.index_view"),
                    f"{sum(place.is_open_on(today) for place in known.of_kind(view.kind))} current",
                )
                for view in (CCGView, STPView, RegionView)
            ),
            *(
                (title, url_for(f"{endpoint}.index_view"), f"{len(lookups().active(name, today))} in use")
                for title, endpoint, name in (
                    ("Types of review", "review_types", "review_type"),
                    ("List of themes", "theme_list", "theme"),
                    ("Designated professionals", "designated_professionals", "designated_professional"),
                )
            ),
            ("Reorganisations", url_for("reorganisations.index"), "Mergers, moves, new names"),
            ("Imports", url_for("imports.index"), "Lists of the Organisation Data Service"),
            ("People", url_for("people.index_view"), "Who may do what, since when, and when they were last seen"),
            ("Review of access", url_for("people.review_view"), _to_review()),
            ("Data dictionary", url_for("data_dictionary.index"), "Every data item and what it means"),
        ],
    }


def _to_review() -> str:
    today = lookups().today
    count = reviewing.count_not_confirmed(db.session(), quarter_of(today), today)
    return f"{count_of(count, 'person', 'people')} not confirmed this quarter"
