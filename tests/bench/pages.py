"""What is measured: pages of the service, the same work in stock Flask-Admin, and the bare question to the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from models import CaseReview
from models.declarations import items_of
from seeds.generated_cases import ABSENT_WORD, COMMON_WORD, RARE_WORD

# Scopes, with the demo account that has each. A CCG's lead alone saves.
ACCOUNTS = {"CCG": "ccg-84H", "region": "region-Y63", "England": "england"}
SAVED_IN = "CCG"
PAGE_SIZE = 20
CASE = CaseReview.__table__.columns
NEWEST = (CASE.date_added.desc(), CASE.id.desc())


@dataclass(frozen=True)
class Facts:
    """What a question needs to know of a scope in a database: how many cases, one of them, and the ids of codes."""

    number: int
    case_id: UUID
    ids: Mapping[str, Any]

    @property
    def last_page(self) -> int:
        return max(0, (self.number - 1) // PAGE_SIZE)


@dataclass(frozen=True)
class Page:
    """One thing to ask, in each scope. `stock` is its list's arguments, or "details" or "edit"; or None.

    The floor is `rows`, sliced at `start`, and their count if the page counts.
    """

    group: str
    name: str
    ours: Callable[[Facts], str]
    stock: Callable[[Facts], dict[str, Any] | str] | None = None
    where: Callable[[Facts], ColumnElement[bool]] | None = None
    order: tuple[Any, ...] = NEWEST
    start: Callable[[Facts], int] = lambda facts: 0
    floor: Callable[[Facts], Select[Any]] | None = None
    saves: bool = False
    scopes: tuple[str, ...] = tuple(ACCOUNTS)

    @property
    def words(self) -> str:
        return f"{self.group}: {self.name}"

    @property
    def has_floor(self) -> bool:
        return self.group in ("list", "sort", "search") or self.saves or bool(self.where or self.floor)


def of_list(**arguments: object) -> Callable[[Facts], str]:
    return lambda facts: f"/cases/?{urlencode(arguments)}"


def of_stock(**arguments: object) -> Callable[[Facts], dict[str, Any] | str]:
    return lambda facts: dict(arguments)


def all_pages() -> list[Page]:
    """Everything that is measured, in the order in which it is printed."""
    return [*LISTS, *_sorts(), *_filters(), *_searches(), *OTHERS, *_themes()]


def _list(name: str, page: Callable[[Facts], int]) -> Page:
    return Page(
        "list",
        name,
        ours=lambda facts: f"/cases/?page={page(facts)}",
        stock=lambda facts: {"page": page(facts)},
        start=lambda facts: page(facts) * PAGE_SIZE,
    )


LISTS = [
    _list("first page", lambda facts: 0),
    _list("middle page", lambda facts: facts.last_page // 2),
    _list("last page", lambda facts: facts.last_page),
]


def _sorts() -> list[Page]:
    items = items_of(CaseReview)
    ordered = [item for item in items if item.in_list] + [item for item in items if not item.in_list]
    return [
        Page(
            "sort",
            item.label,
            ours=of_list(sort=number),
            stock=of_stock(sort=item.column),
            order=(CASE[item.column], CASE.id),
        )
        for number, item in enumerate(ordered)
        if item.sortable
    ]


DAY = date(2021, 4, 1)
# The list's filters: the name and value in its address, those in stock's, and the condition.
FILTERS: list[tuple[str, str, tuple[str, str] | None, Callable[[Facts], ColumnElement[bool]]]] = [
    ("status_is", "open", ("status_equals", "OPEN"), lambda facts: CASE.status == "open"),
    ("date_added_from", "2021-04-01", ("date_added_greater_than", "2021-03-31"), lambda facts: CASE.date_added >= DAY),
    ("date_added_to", "2021-04-01", ("date_added_smaller_than", "2021-04-02"), lambda facts: CASE.date_added <= DAY),
    ("ccg_is", "84H", None, lambda facts: CASE.ccg_id == facts.ids["84H"]),
    ("stp_is", "QHM", None, lambda facts: CASE.ccg_id.in_(facts.ids["QHM"])),
    ("region_is", "Y63", None, lambda facts: CASE.ccg_id.in_(facts.ids["Y63"])),
    (
        *("partnership_kind_is", "safeguarding_adults_board"),
        ("partnership_kind_equals", "SAFEGUARDING_ADULTS_BOARD"),
        lambda facts: CASE.partnership_kind == "safeguarding_adults_board",
    ),
    ("review_type_is", "sar_mandatory", None, lambda facts: CASE.review_type_id == facts.ids["sar_mandatory"]),
    (
        *("incident_date_from", "2021-04-01", ("incident_date_greater_than", "2021-03-31")),
        lambda facts: CASE.incident_date >= DAY,
    ),
    (
        *("incident_date_to", "2021-04-01", ("incident_date_smaller_than", "2021-04-02")),
        lambda facts: CASE.incident_date <= DAY,
    ),
    (
        *("theme_1_is", "neglect", None),
        lambda facts: or_(*(CASE[f"theme_{place}_id"] == facts.ids["neglect"] for place in (1, 2, 3))),
    ),
    (
        *("media_interest_is", "national", ("media_interest_equals", "NATIONAL")),
        lambda facts: CASE.media_interest == "national",
    ),
    (
        *("report_signed_off_on_from", "2021-04-01", ("report_signed_off_on_greater_than", "2021-03-31")),
        lambda facts: CASE.report_signed_off_on >= DAY,
    ),
    (
        *("publication_date_to", "2021-04-01", ("publication_date_smaller_than", "2021-04-02")),
        lambda facts: CASE.publication_date <= DAY,
    ),
    ("publication_is", "embargoed", ("publication_equals", "EMBARGOED"), lambda facts: CASE.publication == "embargoed"),
    (
        *("date_closed_from", "2021-04-01", ("date_closed_greater_than", "2021-03-31")),
        lambda facts: CASE.date_closed >= DAY,
    ),
    (
        *("designated_professional_is", "mca_lead", None),
        lambda facts: CASE.designated_professional_id == facts.ids["mca_lead"],
    ),
]
# Filters for which stock has nothing, and the bare question would be the service's own.
NAMED = [
    *("no_update_for_90_days", "signed_off_but_not_published", "possible_duplicate", "withdrawn", "rapid_review"),
    "grown",
]


def _filters() -> list[Page]:
    declared = [
        Page(
            "filter",
            name.replace("_", " "),
            ours=of_list(**{f"flt_{name}": value}),
            stock=of_stock(**{f"flt_{stock[0]}": stock[1]}) if stock else None,
            where=condition,
            # Filters by place are offered to those who see several.
            scopes=("England",) if name in ("ccg_is", "stp_is", "region_is") else tuple(ACCOUNTS),
        )
        for name, value, stock, condition in FILTERS
    ]
    return declared + [
        Page("filter", name.replace("_", " "), ours=of_list(**{f"flt_{name}_is": "yes"})) for name in NAMED
    ]


def _searches() -> list[Page]:
    words = {"a rare word": RARE_WORD, "a common word": COMMON_WORD, "an absent word": ABSENT_WORD}
    return [
        Page(
            "search",
            name,
            ours=of_list(search=word),
            stock=of_stock(search=word),
            where=lambda facts, word=word: facts.ids[word],  # type: ignore[misc]
        )
        for name, word in words.items()
    ]


OTHERS = [
    Page(
        "case",
        "details",
        ours=lambda facts: f"/cases/details/?id={facts.case_id}",
        stock=lambda facts: "details",
        floor=lambda facts: select(*CASE).where(CASE.id == facts.case_id),
    ),
    Page(
        "case",
        "form",
        ours=lambda facts: f"/cases/edit/?id={facts.case_id}",
        stock=lambda facts: "edit",
        floor=lambda facts: select(*CASE).where(CASE.id == facts.case_id),
        scopes=(SAVED_IN,),
    ),
    Page(
        "case",
        "save",
        ours=lambda facts: f"/cases/edit/?id={facts.case_id}",
        stock=lambda facts: "edit",
        saves=True,
        scopes=(SAVED_IN,),
    ),
    Page(
        "home",
        "home",
        ours=lambda facts: "/",
        floor=lambda facts: select(CASE.ccg_id, CASE.status, func.count()).group_by(CASE.ccg_id, CASE.status),
    ),
]
SHOWN = ("overview", "quarters", "areas", "together", "types", "times")


def _themes() -> list[Page]:
    by_theme = select(CASE.theme_1_id, func.count()).group_by(CASE.theme_1_id)
    asked = {
        **{show: f"/themes/?show={show}" for show in SHOWN},
        "open, of a theme": "/themes/?show=overview&theme=neglect&status=open",
    }
    pages = [Page("themes", name, ours=_at(address), floor=lambda facts: by_theme) for name, address in asked.items()]
    shared = Page("themes", "to share", ours=_at("/themes/sharing/?period=2020-21"), scopes=("region", "England"))
    return [*pages, replace(shared, floor=lambda facts: by_theme)]


def _at(address: str) -> Callable[[Facts], str]:
    return lambda facts: address
