"""The doors of the service, and the runner that knocks at every one of them.

A door claims routes and yields knocks: requests about cases of a CCG that an account must not see. Each knock is made
twice, before those cases exist and after. It finds its door open when the answers differ (the id, reference or words
of a foreign case must answer like those that never were, and no list, count, figure or file may change), when an answer
tells something of a foreign case, or when something was written that the account may not write.

A new route takes one line in DOORS. A test names every route that no door claims.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Table, delete, inspect, select, tuple_, update
from werkzeug.test import TestResponse

from admin_views.cases.cases import CaseReviewView
from admin_views.lists.filters import NamedFilter
from app.access import current
from app.access.lookups import Lookups, read_codes
from app.access.organisations import read_organisations
from app.access.people import Access
from app.access.permissions import Permission
from app.access.row_scope import RowScope
from app.cases.writing import new_reference
from models import CaseCount, CaseReview, OwnedByCCG, Person, Redaction, db, version_of, versioned_models
from models.declarations import Item, Kind, items_of
from tests.access.guards import SESSION_GUARDS, without
from tests.conftest import NOW, TODAY, add_case
from tests.databases import erasing, unguarded
from tests.visitor import Visitor

log = logging.getLogger(__name__)
Values = dict[str, Any]


# Who knocks

NOBODY = "nobody"
CASES, LISTS, NEVER = "cases", "reference lists", "what nobody writes"


@dataclass(frozen=True)
class Account:
    """The CCGs that are foreign to an account, one that it sees, and what it writes: said here, not asked for.

    A `thorough` one puts every question to both list and file, others to one of the two, and writes ids in every way.
    With `reads_foreign` it sees the cases of the foreign CCGs, and is only to write nothing.
    """

    foreign: tuple[str, ...] = ()
    sees: str = ""
    writes: str = ""
    thorough: bool = False
    reads_foreign: bool = False


ACCOUNTS: dict[str, Account] = {
    "ccg-84H": Account(foreign=("93C", "16C"), sees="84H", writes=CASES, thorough=True),
    "two-ccgs": Account(foreign=("93C",), sees="84H", writes=CASES),
    "stp-QHM": Account(foreign=("93C",), sees="84H"),
    "region-Y63": Account(foreign=("93C",), sees="84H"),
    "england": Account(sees="84H"),
    "analyst": Account(sees="84H"),
    "administrator": Account(foreign=("84H",), writes=LISTS),
    "no-access": Account(foreign=("84H",)),
    NOBODY: Account(foreign=("84H",)),
}


# What the knocks are about


def word() -> str:
    """A word that stands nowhere else, and does not look like a name or number of somebody."""
    return "".join(random.choices("bcdfghjklmnpqrstvwxz", k=14))


SHARED = "quillarby"


class Cases:
    """Cases of one CCG, one for each thing that can be done to a case; known before they are added.

    "84H>9Z9" are cases of 84H that were allocated to 9Z9 after a split.
    """

    def __init__(self, code: str, lookups: Lookups) -> None:
        self.code, _, to = code.partition(">")
        self.lookups = lookups
        by_code = {one.code: one.id for one in lookups.organisations.case_holders()}
        self.ccg_id = by_code[self.code]
        types = lookups.codes["review_type"].values()
        usual = {
            "status": "open",
            "date_added": date(2021, 9, 1),
            "incident_date": date(2021, 8, 1),
            "partnership_kind": "joint",
            "review_type_id": next(one.id for one in types if one.code == "sar_mandatory"),
            "theme_1_id": next(one.id for one in lookups.codes["theme"].values() if one.code == "neglect"),
            "designated_professional_id": next(iter(lookups.codes["designated_professional"])),
            "media_interest": "national",
            "latest_update_on": date(2021, 10, 1),
            "report_signed_off_on": date(2021, 12, 1),
            "publication": "not_decided",
            "allocated_to_id": by_code.get(to),
        }
        self.closing: Values = {
            "publication": "public",
            "publication_date": date(2022, 1, 10),
            "report_link": f"https://example.org/{word()}",
            "date_closed": date(2022, 1, 20),
        }
        rapid = {"review_type_id": next(one.id for one in types if one.is_rapid_review)}
        # A case that is written to is written to by one door: else one that is open could hide another.
        self.by_use: dict[str, Values] = {
            "open": {},
            "closed": self.closing | {"status": "closed"},
            "withdrawn": {"withdrawn_at": NOW, "withdrawn_reason": word()},
            "rapid": rapid,
            "linked": {},
            "to change": {},
            "to close": {},
            "to withdraw": {},
            "to update": {},
            "to update beside": {},
        }
        self.redaction_id, self.reason = uuid4(), word()
        texts = [item.column for item in items_of(CaseReview) if item.in_form and item.kind in (Kind.LINE, Kind.TEXT)]
        for use, special in self.by_use.items():
            own = {"id": uuid4(), "reference": new_reference()} | {column: word() for column in texts}
            self.by_use[use] = usual | own | special

    def __getitem__(self, use: str) -> Values:
        return self.by_use[use]

    def add(self, app: Flask) -> None:
        for values in self.by_use.values():
            add_case(app, self.code, **values)
        with unguarded(app) as session:
            somebody = session.scalars(select(Person.id).where(Person.subject == "no-access")).one()
            case = self["to change"]
            request = {"id": self.redaction_id, "ccg_id": self.ccg_id, "case_id": case["id"], "asked_by_id": somebody}
            session.add(Redaction(**request, words=case["lessons"], reason=self.reason))
            session.commit()

    @property
    def secrets(self) -> Iterator[str]:
        """Everything by which one of the cases could be told, in lower case."""
        yield from (str(self.redaction_id), self.reason)
        for values in self.by_use.values():
            yield from (str(values["id"]), values["id"].hex, values["reference"][4:].lower())
            yield from (one for one in values.values() if isinstance(one, str) and re.search(r"[b-z]{14}$", one))

    def typed_for(self, item: Item) -> str:
        """A value that a filter or search for an item finds one of the cases by."""
        if item.kind is Kind.ORGANISATION:
            place = self.lookups.place_of(item, self.ccg_id)
            return place.code if place else ""
        for values in self.by_use.values():
            value = values.get(item.column)
            if value not in (None, ""):
                entry = self.lookups.code_of(item, value) if item.kind is Kind.CODE else None
                return entry.code if entry else typed(value)
        raise AssertionError(f"Give one of the cases a value for {item.name}: Cases in tests/access/doors.py")


class World:
    """The service, with the cases that an account sees and those that are foreign to it."""

    def __init__(self, app: Flask, who: Account) -> None:
        self.app, self.who = app, who
        self.views = {view.endpoint: view for view in app.extensions["admin"][0]._views if hasattr(view, "list_of")}
        with app.app_context():
            lookups = Lookups(read_organisations(db.session(), TODAY), read_codes(db.session()), TODAY)
        self.foreign = [Cases(code, lookups) for code in who.foreign]
        self.own = Cases(who.sees, lookups) if who.sees else None
        if self.own is not None:
            theirs = self.foreign[0]
            # A word that no other case has: own cases with it are found, and are like each other, and foreign ones not.
            for cases, use in product((self.own, theirs), ("open", "linked", "rapid")):
                cases[use]["lessons"] = f"{SHARED} {cases[use]['lessons']}"
            # Day, type and number alike: neither counts as a duplicate of the other.
            self.own["open"]["steis_number"] = theirs["open"]["steis_number"]
            theirs["linked"].update(self._link_to(self.own, "rapid"))

    @property
    def recorded_under(self) -> UUID:
        """The CCG under which the account records, if it does."""
        return (self.own or self.foreign[0]).ccg_id

    def entry_of(self, endpoint: str) -> UUID:
        """An entry of a reference list."""
        view = self.views[endpoint]
        with self.app.app_context():
            found: UUID = db.session.scalars(select(view.list_of.id).where(*view.standing_conditions([]))).all()[0]
        return found

    def add_own(self) -> None:
        if self.own is None:
            return
        self.own.add(self.app)
        with unguarded(self.app) as session:
            # Cases of one moment have no order of their own among the last changes.
            for minutes, values in enumerate(self.own.by_use.values()):
                mine = update(CaseReview).where(CaseReview.id == values["id"])
                session.execute(mine.values(changed_at=NOW - timedelta(minutes=minutes)))
            session.commit()

    def add_foreign(self) -> None:
        """Adds the foreign cases, and a link to one of them."""
        for cases in self.foreign:
            cases.add(self.app)
        if self.own is not None:
            with unguarded(self.app) as session:
                mine = update(CaseReview).where(CaseReview.id == self.own["linked"]["id"])
                session.execute(mine.values(**self._link_to(self.foreign[0], "rapid")))
                session.commit()

    @staticmethod
    def _link_to(cases: Cases, use: str) -> Values:
        return {"converted_from_id": cases[use]["id"], "converted_from_ccg_id": cases.ccg_id}


def typed(value: Any) -> str:
    """A value as it is typed into a form, or stands in the address of a filter."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.day}/{value.month}/{value.year}" if isinstance(value, date) else str(value)


def form_of(values: Values, **changes: str) -> dict[str, str]:
    """The whole case form as it would be sent."""
    asked = [item for item in items_of(CaseReview) if item.in_form and values.get(item.column) is not None]
    return {"version": "1"} | {item.name: typed(values[item.column]) for item in asked} | changes


# Kinds of doors


@dataclass(frozen=True)
class Knock:
    """One request; with `fields` it posts them.

    `leads`: only the guards keep it from foreign cases. `needs`: what somebody writes who is not refused.
    `compared`: the answer must be the same before the foreign cases are there. `ends`: it ends the session.
    """

    name: str
    address: str
    fields: Mapping[str, str] | None = None
    leads: bool = False
    needs: str = ""
    compared: bool = True
    ends: bool = False
    must_record: bool = False
    never_says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Door:
    """The routes that it claims, as "endpoint GET" or "endpoint POST", and the knocks at them."""

    claims: frozenset[str]
    knocks: Callable[[World], Iterable[Knock]]


def claims(endpoint: str, *methods: str) -> frozenset[str]:
    return frozenset(f"{endpoint} {method}" for method in methods or ["GET"])


def page(endpoint: str, address: str, name: str, *, leads: bool = False) -> Door:
    """A page that is about no one case."""
    return Door(claims(endpoint), lambda world: [Knock(name, address, leads=leads)])


def by_key(endpoint: str, address: str, use: str, form: Callable[[Cases], Mapping[str, str]] | None = None) -> Door:
    """A page about one case, and the form on it. `use` says which of the `Cases` it is made for."""
    name = address.strip("/").replace("/", " ").replace("-", " ")

    def knocks(world: World) -> Iterator[Knock]:
        for cases in world.foreign:
            spellings = (
                spelt(cases[use]["id"]) if world.who.thorough and cases is world.foreign[0] else [cases[use]["id"]]
            )
            if form is None:
                yield from (Knock(f"{name} GET", f"{address}?id={id_}", leads=True) for id_ in spellings)
                continue
            yield Knock(f"{name} GET", f"{address}?id={spellings[0]}", leads=True, needs=CASES)
            for id_ in spellings:
                yield Knock(f"{name} POST", f"{address}?id={id_}", form(cases), leads=True, needs=CASES)

    return Door(claims(endpoint, "GET", "POST") if form else claims(endpoint), knocks)


def spelt(key: UUID) -> list[Any]:
    """Ways to write an id in an address, the usual one first."""
    plain = str(key)
    encoded = "".join(f"%{ord(c):02x}" for c in plain)
    return [plain, key.hex, plain.upper(), f"%20{plain}%20", quote(f"urn:uuid:{{{plain}}}"), encoded]


def list_of(endpoint: str) -> Door:
    """A list of cases and its file, by everything that its declarations offer: filters, sorting, search, pages."""

    def knocks(world: World) -> Iterator[Knock]:
        view = world.views[endpoint]
        for turn, (what, query) in enumerate(_queries(view, world)):
            both = not query or world.who.thorough
            # No case here is of the type of a rapid review: `add_case` gives each the usual one.
            # Nor was anything split, so that nothing waits and nothing was allocated.
            leads = not what.endswith(("rapid_review_is", "waits_for_allocation_is", "newly_allocated_is"))
            if both or turn % 2:
                yield Knock(f"{view.address} list{what}", f"{view.url}/?{query}", leads=leads)
            if both or not turn % 2:
                yield Knock(f"{view.address} export{what}", f"{view.url}/export/csv/?{query}", leads=leads)
        yield from saved_views(view, world)

    return Door(claims(f"{endpoint}.index_view") | claims(f"{endpoint}.export") | views_of(endpoint), knocks)


def views_of(endpoint: str) -> frozenset[str]:
    """The routes at which a list's views are saved."""
    pages = ("save_view", "delete_saved_view")
    return frozenset().union(*(claims(f"{endpoint}.{one}", "GET", "POST") for one in pages))


def saved_views(view: Any, world: World) -> Iterator[Knock]:
    """A view is its person's: an id of anything else is like one that never was. That it is saved changes the list."""
    theirs = world.foreign[0]["open"]["id"]
    yield Knock(f"{view.address} save view", f"{view.url}/views/new/?flt_x_is={theirs}")
    yield Knock(f"{view.address} save view without a name", f"{view.url}/views/new/?flt_x_is={theirs}", {"name": ""})
    yield Knock(f"{view.address} delete view GET", f"{view.url}/views/delete/?view={theirs}")
    yield Knock(f"{view.address} delete view POST", f"{view.url}/views/delete/?view={theirs}", {})


def _queries(view: Any, world: World) -> Iterator[tuple[str, str]]:
    yield "", ""
    if world.own is None:
        return  # without a case in sight there is no list, whatever is asked of it
    yield ": page 2", "page=1"
    yield ": page size", "page_size=100"
    for index, (column, _) in enumerate(view._list_columns):
        if column in view._sortable_columns:
            yield f": sort {column}", f"sort={index}"
            yield f": sort {column} descending", f"sort={index}&desc=1"
    theirs = world.foreign[0]
    for item in view.items:
        if item.search is not None:
            yield f": search by {item.name}", urlencode({"search": theirs.typed_for(item)})
    for arg, (_, one) in view._filter_args.items():
        value = "yes" if isinstance(one, NamedFilter) else theirs.typed_for(one.item)
        yield f": filter {arg}", urlencode({f"flt_{arg}": value})


def reference_list(endpoint: str, *, kept: bool = False) -> Door:
    """A list that holds no case, whichever id is asked for. If it is `kept`, administrators change its entries."""
    read = [claims(f"{endpoint}.{one}") for one in ("index_view", "export", "details_view", "history_view")]
    written = [claims(f"{endpoint}.{one}", "GET", "POST") for one in ("edit_view", "create_view")]
    written += [claims(f"{endpoint}.retire_view", "GET", "POST")] if kept else []
    fields = {"version": "1", "label": "Taken", "position": "1"}

    def knocks(world: World) -> Iterator[Knock]:
        view, case = world.views[endpoint], world.foreign[0]["open"]
        name, at = view.address, view.url
        yield Knock(f"{name} list", f"{at}/?search={case['overview']}")
        yield Knock(f"{name} export", f"{at}/export/csv/?search={case['overview']}")
        yield Knock(f"{name} details GET", f"{at}/details/?id={case['id']}")
        yield Knock(f"{name} history GET", f"{at}/history/?id={case['id']}")
        yield Knock(f"{name} edit GET", f"{at}/edit/?id={case['id']}")
        yield Knock(f"{name} edit POST", f"{at}/edit/?id={case['id']}", fields)
        entry = f"edit/?id={world.entry_of(endpoint)}"
        forms = [(LISTS if kept else NEVER, entry), (LISTS if kept else NEVER, "new/")]
        if kept:
            # Where an entry is used is counted, for administrators: an id of a case is that of no entry.
            yield Knock(f"{name} retire GET", f"{at}/retire/?id={case['id']}")
            yield Knock(f"{name} retire POST", f"{at}/retire/?id={case['id']}", fields)
        for needs, form in forms:
            if needs != world.who.writes:
                what = f"{name} {form.partition('/')[0]}"
                yield Knock(f"{what} GET", f"{at}/{form}", needs=needs, compared=False)
                yield Knock(f"{what} POST", f"{at}/{form}", fields, needs=needs, compared=False)
        # Saved by the same code as those of cases, which the door of cases asks about in every way.
        yield Knock(f"{name} delete view", f"{at}/views/delete/?view={case['id']}")

    return Door(frozenset().union(*read, *written, views_of(endpoint)), knocks)


def audited(world: World) -> Iterator[Knock]:
    """The audit, asked about foreign cases. Each knock is an event of its own, so a day is asked for that had none."""
    case, none_yet = world.foreign[0]["open"], "flt_at_to=1/1/2019"
    for asked in (case["reference"], case["id"]):
        yield Knock("audit list: case", f"/audit/?{none_yet}&flt_case_is={asked}")
        yield Knock("audit export: case", f"/audit/export/csv/?{none_yet}&flt_case_is={asked}")
    yield Knock("audit list", "/audit/?columns=at,about,about_id,details,person_name", compared=False)
    yield Knock("audit details", f"/audit/details/?id={case['id']}")
    yield Knock("audit edit GET", f"/audit/edit/?id={case['id']}")
    yield Knock("audit edit POST", f"/audit/edit/?id={case['id']}", {"details": "Taken"})
    yield Knock("audit new GET", "/audit/new/", needs=NEVER)
    yield Knock("audit new POST", "/audit/new/", {"details": "Taken"}, needs=NEVER)
    yield Knock("audit delete view", f"/audit/views/delete/?view={case['id']}")


# What the forms of cases are sent: whole, so that it would be saved if nothing kept it from it


def change(cases: Cases) -> dict[str, str]:
    return form_of(cases["to change"], overview="Taken.")


def closing(cases: Cases) -> dict[str, str]:
    return form_of(cases.closing, report_signed_off_on="1/12/2021", lessons="Taken.")


def reason(cases: Cases) -> dict[str, str]:
    return {"version": "1", "reason": "Taken."}


def new_case(world: World) -> Iterator[Knock]:
    """The form of a new case: what it offers, and what it answers where it is filled with something foreign."""
    theirs = world.foreign[0]
    foreign_ccgs = tuple(f'value="{cases.ccg_id}"' for cases in world.foreign)

    def knock(name: str, *, leads: bool = True, must_record: bool = False, **changes: str) -> Knock:
        values = theirs["open"] | {"ccg_id": world.recorded_under, "local_identifier": word(), "steis_number": word()}
        fields = form_of(values, **{"overview": "New."} | changes)
        return Knock(
            f"cases new: {name}", "/cases/new/", fields, leads, CASES, must_record=must_record, never_says=foreign_ccgs
        )

    yield Knock("cases new GET", "/cases/new/", needs=CASES, never_says=foreign_ccgs)
    numbers = {name: theirs["closed"][name] for name in ("local_identifier", "steis_number")}
    yield knock("the same numbers", leads=False, must_record=True, **numbers)
    yield knock("CCGs offered", overview="")
    yield knock("CCG", ccg=str(theirs.ccg_id))
    yield knock("converted from", converted_from=theirs["rapid"]["reference"])


def own_cases(world: World) -> Iterator[Knock]:
    """Cases in sight that are linked with foreign ones."""
    if world.own is None:
        return
    rapid, linked, own = (world.own[use] for use in ("rapid", "linked", "to change"))
    yield Knock("cases details: grown into", f"/cases/details/?id={rapid['id']}", leads=True)
    yield Knock("cases details: converted from", f"/cases/details/?id={linked['id']}", leads=True)
    # That the link came is a version more. It says nothing of the case to which it leads.
    past = f"/cases/history/?id={linked['id']}"
    yield Knock("cases history: converted from", past, leads=True, compared=False)
    other_type = form_of(rapid, review_type=str(own["review_type_id"]), overview="")
    yield Knock("cases edit: grown into", f"/cases/edit/?id={rapid['id']}", other_type, leads=True, needs=CASES)
    source = form_of(own, converted_from=world.foreign[0]["rapid"]["reference"])
    yield Knock("cases edit: converted from", f"/cases/edit/?id={own['id']}", source, leads=True, needs=CASES)
    # A question whose answer the person cannot see is not asked, so the form is not the same as before.
    form = f"/cases/edit/?id={linked['id']}"
    yield Knock("cases edit: link that is kept", form, leads=True, needs=CASES, compared=False)


def typed_and_kept(world: World) -> Iterator[Knock]:
    """Drafts of foreign cases. That one of a new case is kept under a CCG of the person is a test of its own."""
    for cases in world.foreign:
        for form in ("edit", "close", "withdraw"):
            address = f"/cases/keep/?form={form}&id={cases['to change']['id']}"
            yield Knock(f"cases keep {form}", address, change(cases) | {"form_token": word()}, leads=True, needs=CASES)


def several(world: World) -> Iterator[Knock]:
    """One update for a foreign case, alone and beside a case in sight."""
    mine = f"&id={world.own['open']['id']}" if world.own else ""
    for name, use, beside in (("alone", "to update", ""), ("beside", "to update beside", mine)):
        theirs = world.foreign[0][use]["id"]
        fields = {"seen": f"{theirs} 1", "latest_update": "Taken.", "form_token": word()}
        address = f"/cases/update-several/?id={theirs}{beside}"
        yield Knock(f"cases several {name} GET", address, leads=True, needs=CASES)
        yield Knock(f"cases several {name} POST", address, fields, leads=True, needs=CASES)


def allocated(world: World) -> Iterator[Knock]:
    """The page on which cases of a CCG that was split are given away, and foreign cases sent to it."""
    mine = world.recorded_under
    for cases in world.foreign:
        address = f"/cases/allocate/?ccg={cases.code}"
        yield Knock("cases allocate GET", address, needs=CASES)
        for use in ("open", "closed"):
            fields = {"to": str(mine), "case": f"{cases[use]['id']} 1"}
            yield Knock("cases allocate", address, fields, needs=CASES)
            of_one = f"/cases/allocate/?id={cases[use]['id']}"
            yield Knock("cases allocate one GET", of_one, needs=CASES)
            yield Knock("cases allocate one", of_one, fields, needs=CASES)


def learned(world: World) -> Iterator[Knock]:
    """Search in what was learned: by words that foreign cases alone have, that own ones have as well, and filtered."""
    theirs = world.foreign[0]
    for column in ("lessons", "overview", "latest_update", "comments"):
        for use in ("closed", "withdrawn", "linked"):
            leads = column != "comments" and use != "withdrawn"
            typed = urlencode({"search": theirs[use][column]})
            yield Knock(f"learning: {column} of {use}", f"/themes/learning/?{typed}", leads=leads)
    yield Knock("learning: a word of both", f"/themes/learning/?search={SHARED}", leads=True)
    for name, value in (("ccg", theirs.code), ("ccg_id", theirs.ccg_id), ("theme", "neglect"), ("status", "open")):
        yield Knock(
            f"learning: filter {name}", f"/themes/learning/?search={theirs['closed']['overview'][:3]}&{name}={value}"
        )


def discarded(world: World) -> Iterator[Knock]:
    yield Knock("cases discard", f"/cases/discard/?draft={world.foreign[0]['open']['id']}", {}, needs=CASES)


def asked_and_confirmed(world: World) -> Iterator[Knock]:
    """Answers about foreign cases, the findings of a foreign CCG, and its quarter."""
    for cases in world.foreign:
        answer = f"/data-quality/answer/?query=not_published&id={cases['open']['id']}"
        yield Knock("data quality answer GET", answer, leads=True, needs=CASES)
        yield Knock("data quality answer", answer, {"note": "Taken."}, leads=True, needs=CASES)
        yield Knock("data quality of a CCG", f"/data-quality/?ccg={cases.code}", leads=True)
        quarter = {"quarter": "2021-22-Q3", "ccg": cases.code}
        yield Knock("data quality confirm", "/data-quality/confirm/", quarter, leads=True, needs=CASES)
        asked = f"/data-quality/confirm/?quarter=2021-22-Q3&ccg={cases.code}"
        yield Knock("data quality confirm GET", asked, leads=True, needs=CASES)


def struck_out(world: World) -> Iterator[Knock]:
    """Requests to strike words out of foreign cases: asking, reading one, deciding it."""
    yield Knock("redactions", "/redactions/")
    for cases in world.foreign:
        ask = f"/redactions/ask/?id={cases['open']['id']}"
        yield Knock("redactions ask GET", ask, leads=True, needs=CASES)
        words = {"words": cases["open"]["overview"], "reason": "Taken."}
        yield Knock("redactions ask", ask, words, leads=True, needs=CASES)
        decide = f"/redactions/details/?id={cases.redaction_id}"
        yield Knock("redactions details", decide, leads=True)
        yield Knock("redactions refuse POST", decide, {"decision": "refuse"}, leads=True)
        yield Knock("redactions approve", decide, {"decision": "approve"}, leads=True)


EXTRACT_PAGES = {
    "details_view": "details",
    "differences_view": "differences",
    "download_view": "download",
    "spreadsheet_view": "download-for-spreadsheets",
}
EXTRACT_FORMS = {
    "draw_view": "draw",
    "drawing_view": "drawing",
    "sign_off_view": "sign-off",
    "receipt_view": "receipt",
}


def extracts(world: World) -> Iterator[Knock]:
    """The screens of extracts, which hold the cases of all of England: for analysts, whatever id is asked for."""
    theirs = world.foreign[0]["open"]["id"]
    yield Knock("extracts", "/extracts/")
    for page in (*EXTRACT_PAGES.values(), *EXTRACT_FORMS.values()):
        if page != "draw":
            yield Knock(f"extracts {page} GET", f"/extracts/{page}/?id={theirs}")
    yield Knock("extracts draw GET", "/extracts/draw/")
    for page in EXTRACT_FORMS.values():
        fields = {"quarter": "no quarter", "receipt": "Taken."}
        yield Knock(f"extracts {page} sent", f"/extracts/{page}/?id={theirs}", fields)


PEOPLE_FORMS = ("grant", "end", "deactivate", "reactivate")


def people(world: World) -> Iterator[Knock]:
    """The screens of people, asked with the ids and words of foreign cases. Who reaches them at all: test_people.py."""
    theirs = world.foreign[0]["open"]
    yield Knock("people list", f"/people/?search={theirs['overview']}")
    yield Knock("people filter", f"/people/?flt_organisation_is={theirs['id']}")
    yield Knock("people export", f"/people/export/csv/?search={theirs['overview']}")
    yield Knock("people details", f"/people/details/?id={theirs['id']}")
    yield Knock("people history", f"/people/history/?id={theirs['id']}")
    yield Knock("people review", "/people/review/")
    yield Knock("people review sent", "/people/review/", {"only": f"{theirs['id']} 0"})
    yield Knock("people new GET", "/people/new/")
    yield Knock("people new sent", "/people/new/", {"name": theirs["overview"]})
    yield Knock("people end session", f"/people/end-session/?id={theirs['id']}", {"session": "all"})
    fields = {"reason": "Taken.", "role": "analyst", "organisation": str(theirs["id"]), "when": "now"}
    for form in (*PEOPLE_FORMS, "edit"):
        yield Knock(f"people {form} GET", f"/people/{form}/?id={theirs['id']}")
        yield Knock(f"people {form} sent", f"/people/{form}/?id={theirs['id']}", fields)
    yield Knock("people delete view", f"/people/views/delete/?view={theirs['id']}")


def reorganised(world: World) -> Iterator[Knock]:
    """How organisations change, asked with the ids and words of foreign cases. Counts are for administrators."""
    theirs = world.foreign[0]["open"]
    place = world.foreign[0].ccg_id
    yield Knock("reorganisations", f"/reorganisations/?id={theirs['id']}")
    for task in ("add", "merge", "rename", "move", "split", "close", "none"):
        for asked in (f"id={theirs['id']}", f"id={place}&kind=ccg", "kind=x"):
            yield Knock(f"reorganisations {task} GET", f"/reorganisations/plan/?task={task}&{asked}")
        fields = {"name": theirs["overview"], "codes": theirs["reference"], "code": "9Z9"}
        yield Knock(f"reorganisations {task} sent", f"/reorganisations/plan/?task={task}&id={theirs['id']}", fields)
    for page_of in ("details", "undo"):
        yield Knock(f"reorganisations {page_of} GET", f"/reorganisations/{page_of}/?id={theirs['id']}")
        yield Knock(f"reorganisations {page_of} sent", f"/reorganisations/{page_of}/?id={theirs['id']}", {"take": "0"})


def imported(world: World) -> Iterator[Knock]:
    theirs = world.foreign[0]["open"]
    yield Knock("imports", f"/imports/?id={theirs['id']}")
    yield Knock("imports template", "/imports/changes/template.csv")
    for files in ("lists", "changes"):
        yield Knock(f"imports {files} GET", f"/imports/{files}/?id={theirs['id']}")
        yield Knock(f"imports {files} sent", f"/imports/{files}/", {"ccgs": theirs["overview"]})


def cases_imported(world: World) -> Iterator[Knock]:
    """Files of cases, asked with the ids and words of foreign cases."""
    theirs = world.foreign[0]["open"]
    yield Knock("case imports", f"/imports/cases/?id={theirs['id']}")
    yield Knock("case imports sent", "/imports/cases/", {"ccg": str(world.foreign[0].ccg_id)})
    yield Knock("case imports template", "/imports/cases/template.csv")
    for show in ("wrong", "new", "nothing"):
        yield Knock(f"case imports {show}", f"/imports/cases/details/?id={theirs['id']}&show={show}")
    yield Knock("case imports apply", f"/imports/cases/details/?id={theirs['id']}", {"confirm_identifiers": "yes"})
    yield Knock("case imports mend", f"/imports/cases/mend.csv?id={theirs['id']}")
    yield Knock("case imports throw away", f"/imports/cases/throw-away/?id={theirs['id']}", {})


def own_account(world: World) -> Iterator[Knock]:
    theirs = world.foreign[0]["open"]["id"]
    yield Knock("account", f"/account/?id={theirs}")
    yield Knock("account end session", f"/account/end-session/?id={theirs}", {"session": str(theirs)})


# What the themes view shows, each with one of its tables.
THEMES_SHOWN = {
    "overview": "quarters",
    "quarters": "themes-by-quarter",
    "areas": "areas",
    "together": "pairs",
    "types": "types",
    "times": "ages",
}


DOORS: tuple[Door, ...] = (
    page("admin.index", "/", "home figures", leads=True),
    list_of("cases"),
    Door(frozenset(), own_cases),
    by_key("cases.details_view", "/cases/details/", "open"),
    by_key("cases.history_view", "/cases/history/", "open"),
    by_key("cases.opened_view", "/cases/opened/", "open"),
    by_key("cases.edit_view", "/cases/edit/", "to change", change),
    by_key("cases.close_view", "/cases/close/", "to close", closing),
    by_key("cases.reopen_view", "/cases/reopen/", "closed", reason),
    by_key("cases.withdraw_view", "/cases/withdraw/", "to withdraw", reason),
    by_key("cases.bring_back_view", "/cases/bring-back/", "withdrawn", reason),
    Door(claims("cases.create_view", "GET", "POST"), new_case),
    Door(claims("cases.keep_view", "POST"), typed_and_kept),
    Door(claims("cases.discard_view", "POST"), discarded),
    Door(claims("cases.update_several_view", "GET", "POST"), several),
    Door(claims("cases.allocate_view", "GET", "POST"), allocated),
    Door(
        claims("themes.index") | claims("themes.csv_view"),
        lambda world: [
            # None of the cases has two themes, so nobody's pairs change.
            Knock(
                f"themes {show}{' file' if file else ''}",
                f"/themes/{file}?show={show}&table={table}",
                leads=show != "together",
            )
            for show, table in THEMES_SHOWN.items()
            for file in ("", "csv/")
        ],
    ),
    Door(
        claims("sharing.index") | claims("sharing.csv_view"),
        # A single CCG prepares nothing, and no number leads anywhere.
        lambda world: [
            Knock("sharing", "/themes/sharing/"),
            Knock("sharing file", "/themes/sharing/csv/?table=themes"),
        ],
    ),
    Door(claims("learning.index"), learned),
    page("data_quality.index", "/data-quality/", "data quality", leads=True),
    Door(
        claims("data_quality.answer_view", "GET", "POST") | claims("data_quality.confirm", "GET", "POST"),
        asked_and_confirmed,
    ),
    Door(
        frozenset().union(
            *(claims(f"extracts.{one}") for one in (*EXTRACT_PAGES, "index")),
            *(claims(f"extracts.{one}", "GET", "POST") for one in EXTRACT_FORMS),
        ),
        extracts,
    ),
    Door(
        claims("redactions.index")
        | claims("redactions.ask_view", "GET", "POST")
        | claims("redactions.details_view", "GET", "POST"),
        struck_out,
    ),
    reference_list("ccgs"),
    reference_list("stps"),
    reference_list("regions"),
    reference_list("review_types", kept=True),
    reference_list("theme_list", kept=True),
    reference_list("designated_professionals", kept=True),
    Door(
        claims("audit.index_view")
        | claims("audit.export")
        | claims("audit.details_view")
        | claims("audit.history_view")
        | claims("audit.edit_view", "GET", "POST")
        | claims("audit.create_view", "GET", "POST")
        | views_of("audit"),
        audited,
    ),
    Door(
        frozenset().union(
            *(claims(f"people.{one}") for one in ("index_view", "export", "details_view", "history_view")),
            *(claims(f"people.{one}_view", "GET", "POST") for one in (*PEOPLE_FORMS, "create", "edit", "review")),
            claims("people.end_session_view", "POST"),
            views_of("people"),
        ),
        people,
    ),
    Door(
        frozenset().union(
            claims("reorganisations.index"),
            *(claims(f"reorganisations.{one}_view", "GET", "POST") for one in ("plan", "details", "undo")),
        ),
        reorganised,
    ),
    Door(
        frozenset().union(
            *(claims(f"imports.{one}") for one in ("index", "template_view")),
            *(claims(f"imports.{one}_view", "GET", "POST") for one in ("lists", "changes")),
        ),
        imported,
    ),
    Door(
        frozenset().union(
            *(claims(f"case_imports.{one}_view") for one in ("mend", "template_csv", "template_xlsx")),
            *(claims(f"case_imports.{one}", "GET", "POST") for one in ("index", "details_view")),
            claims("case_imports.throw_away_view", "POST"),
        ),
        cases_imported,
    ),
    Door(claims("account.index") | claims("account.end_session_view", "POST"), own_account),
    page("data_dictionary.index", "/data-dictionary/", "data dictionary"),
    page("data_dictionary.download", "/data-dictionary/csv/", "data dictionary file"),
    page("about.cookies", "/cookies/", "cookies"),
    page("about.accessibility", "/accessibility/", "accessibility statement"),
    page("sign_in.page", "/sign-in/", "sign in"),
    Door(
        claims("sign_in.demo_sign_in", "POST"),
        lambda world: [Knock("demo sign in", "/sign-in/demo", {"account": str(world.foreign[0]["open"]["id"])})],
    ),
    # There is no provider in demo mode. Journeys go through these doors with a real one.
    page("sign_in.begin", "/sign-in/begin", "to the provider"),
    page("sign_in.callback", "/sign-in/callback?state=x&code=y", "back from the provider"),
    Door(
        claims("sign_in.back_channel_logout", "POST"),
        lambda world: [Knock("the provider's sign-out", "/sign-in/back-channel-logout", {"logout_token": "x"})],
    ),
    Door(claims("sign_in.sign_out", "POST"), lambda world: [Knock("sign out", "/sign-out", {}, ends=True)]),
    page("sign_in.remaining", "/sign-in/remaining", "time left"),
    Door(claims("sign_in.extend", "POST"), lambda world: [Knock("more time", "/sign-in/extend", {})]),
    page("health.live", "/health/live", "health live"),
    page("health.ready", "/health/ready", "health ready"),
    page("nhsuk.static", "/static/nhsuk/dist/nowhere.css", "static files"),
    page("admin.static", "/static/admin/nowhere.css", "static files of Flask-Admin"),
)


def knocks_at(world: World) -> list[Knock]:
    """All knocks, each request once."""
    found = {(one.address, repr(one.fields)): one for door in DOORS for one in door.knocks(world)}
    return list(found.values())


def unclaimed(app: Flask) -> list[str]:
    """A sentence for each route that no door claims, and for each claim on a route that is not there."""
    claimed = {claim for door in DOORS for claim in door.claims}
    routes = {
        f"{rule.endpoint} {method}": rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    forgotten = [
        f"No door test claims {routes[one]} (endpoint {one}). Add it to DOORS in tests/access/doors.py, so that the"
        " tests knock at it for every role."
        for one in sorted(routes.keys() - claimed)
    ]
    gone = sorted(claimed - routes.keys())
    return forgotten + [f"DOORS in tests/access/doors.py claims endpoint {one}, which is not there." for one in gone]


# The runner


def open_doors(app: Flask, account: str) -> list[str]:
    """The names of the doors that an account finds open. The log says why, and with which request."""
    return list(what_opens(app, account))


def what_opens(app: Flask, account: str) -> dict[str, set[str]]:
    """The doors that an account finds open, by name, with the reasons."""
    who = ACCOUNTS[account]
    found: dict[str, set[str]] = {}

    def note(knock: Knock, *reasons: str) -> None:
        for one in reasons:
            log.warning("%s is open for %s, at %s: %s", knock.name, account, knock.address, one)
            found.setdefault(knock.name, set()).add(one)

    if who.foreign:
        world = World(app, who)
        world.add_own()
        knocks = knocks_at(world)
        visit = Visit(world, account)
        before = [visit.answer_to(knock) if knock.compared else None for knock in knocks]
        world.add_foreign()
        visit.look()
        secrets = {secret for cases in world.foreign for secret in cases.secrets}
        for knock, earlier in zip(knocks, before, strict=True):
            answer = visit.answer_to(knock)
            note(knock, *answer.wrong, *(earlier.wrong if earlier else ()))
            if earlier and earlier.compared != answer.compared:
                note(knock, "it does not answer as before the foreign cases were there")
            # What was sent may come back; whatever else is in the answer may not be of a foreign case.
            if any(one in answer.whole and not (earlier and one in earlier.whole) for one in secrets):
                note(knock, "it tells something of a foreign case")
    if who.sees and who.writes != CASES:
        # Who only reads writes nothing, where all is in sight too.
        world = World(app, replace(who, foreign=(who.sees,), sees="", reads_foreign=True))
        world.add_foreign()
        visit = Visit(world, account)
        for knock in knocks_at(world):
            if knock.needs:
                note(knock, *visit.answer_to(knock).wrong)
    return found


@dataclass(frozen=True)
class Answer:
    """An answer as it is compared, all of it as it is searched, and what is wrong with it by itself."""

    compared: tuple[int, str, list[str]]
    whole: str
    wrong: set[str]


class Visit:
    """An account at the doors."""

    def __init__(self, world: World, account: str) -> None:
        self.world, self.account = world, account
        self.visitor, self.token = self._come_in()
        self.look()

    def _come_in(self) -> tuple[Visitor, str]:
        visitor = Visitor(self.world.app)
        if self.account != NOBODY:
            visitor.sign_in(self.account)
        token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/", follow_redirects=True).text)
        assert token is not None
        return visitor, token[1]

    def look(self) -> None:
        """Notes what stands in the database."""
        self.rows = all_rows(self.world.app)

    def answer_to(self, knock: Knock) -> Answer:
        """Makes a knock. What it recorded is taken away again."""
        visitor, token = self._come_in() if knock.ends else (self.visitor, self.token)
        may_write = knock.needs == self.world.who.writes
        wrong: set[str] = set()
        made: Rows = {}
        if knock.fields is None:
            answer = visitor.get(knock.address)
        else:
            tokens = {"csrf_token": token, "form_token": uuid4().hex}
            answer = visitor.post(knock.address, {**knock.fields, **tokens}, buffered=True)
            made = self._what_was_written(wrong)
        if knock.must_record and may_write and (answer.status_code, len(made)) != (302, 1):
            wrong.add("it does not record a case that has the numbers of a foreign one")
        if knock.needs and not may_write and not self._is_refused(answer):
            wrong.add(f"it answers {answer.status_code} to somebody who may not write")
        if any(one in answer.text for one in knock.never_says):
            wrong.add("it offers a foreign CCG")
        text = answer.text
        if answer.location:
            # What the next page would say is part of the answer.
            with visitor.client.session_transaction() as browser:
                text += repr(browser.pop("_flashes", ""))
        return Answer(comparable(answer, text, made), f"{answer.headers}{text}".lower(), wrong)

    def _is_refused(self, answer: TestResponse) -> bool:
        if self.account == NOBODY:
            return answer.status_code == 302 and answer.location.startswith("/sign-in/")
        return answer.status_code == 403 or (answer.status_code == 404 and not self.world.who.reads_foreign)

    def _what_was_written(self, wrong: set[str]) -> Rows:
        """The new rows. Notes what should not have been written, and takes the new rows away."""
        rows, before = all_rows(self.world.app), self.rows
        if rows == before:
            return {}
        made = {key: row for key, row in rows.items() if key not in before}
        if any(rows.get(key) != row for key, row in before.items()):
            wrong.add("it wrote to a case")
        if any(self.world.who.writes != CASES or row["ccg_id"] != self.world.recorded_under for row in made.values()):
            wrong.add("it recorded a case")
        take_away(self.world.app, made)
        self.look()
        return made


# What differs between any two answers: tokens, nonces, the reference of an error, and the time of day.
_BY_CHANCE = re.compile(
    r'(name="(?:csrf|form)_token")[^>]*|( nonce=")[^"]+|(nonce-)[^\']+|(the reference <strong>)[0-9A-F]{8}'
)
_NOT_COMPARED = {"Set-Cookie", "Content-Length", "Date", "Expires", "X-Request-ID"}


def comparable(answer: TestResponse, text: str, made: Rows) -> tuple[int, str, list[str]]:
    """Status, body and headers, without what is different at every request and in every new case."""

    def plain(words: str) -> str:
        for row in made.values():
            words = words.replace(str(row["id"]), "new").replace(str(row.get("reference", row["id"])), "new")
        return _BY_CHANCE.sub(lambda found: found[found.lastindex or 0], words)

    headers = [f"{name}: {plain(value)}" for name, value in answer.headers if name not in _NOT_COMPARED]
    return answer.status_code, plain(text), headers


# The database, past every guard

Rows = dict[tuple[Any, ...], dict[str, Any]]


def owned_tables() -> list[Table]:
    """The tables whose rows belong to a CCG, those that refer to others first.

    Versions and counts are left out: triggers keep them with each write to a case.
    """
    mappers = inspect(CaseReview).registry.mappers
    kept = {CaseCount, *(version_of(model) for model in versioned_models())}
    owned = {one.local_table for one in mappers if issubclass(one.class_, OwnedByCCG) and one.class_ not in kept}
    return [table for table in reversed(db.metadata.sorted_tables) if table in owned]


def all_rows(app: Flask) -> Rows:
    """Every row that belongs to a CCG, by table and key."""
    with unguarded(app) as session:
        return {
            (table.name, *(row[column] for column in table.primary_key)): {c.key: row[c] for c in table.columns}
            for table in owned_tables()
            for row in session.execute(select(table)).mappings()
        }


def take_away(app: Flask, rows: Rows) -> None:
    """Takes rows out of the database, as if they had never been recorded."""
    with unguarded(app) as session, erasing(session):
        for table in owned_tables():
            keys = [key[1:] for key in rows if key[0] == table.name]
            if keys:
                session.execute(delete(table).where(tuple_(*table.primary_key).in_(keys)))
        session.commit()


@contextmanager
def without_any_guard(app: Flask) -> Iterator[None]:
    """The service with everything switched off that keeps the people of one CCG from the cases of another."""
    with pytest.MonkeyPatch.context() as switched, without(app, *SESSION_GUARDS):
        switched.setattr(RowScope, "may_read", lambda scope, ccg_id, to=None: True)
        switched.setattr(RowScope, "may_write", lambda scope, ccg_id, to=None: True)
        switched.setattr(CaseReviewView, "may_change", lambda view, case: current.may(Permission.CASE_WRITE))
        switched.setattr(
            Access, "_line", lambda access, day: frozenset(one.id for one in access.organisations.case_holders())
        )
        yield
