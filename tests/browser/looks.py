"""Every page in every state that it has, for whoever looks at pages: axe, html-validate, and the camera.

A page takes one line in LOOKS: its address, and what is done there before it is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from playwright.sync_api import Page, Response
from sqlalchemy import select, update

from app.access.clock import now, today
from app.access.row_scope import every_organisation
from app.organisations import reorganising
from app.redaction.carrying_out import approve
from app.redaction.requests import ask
from app.rules.quarters import quarter_of
from app.rules.reorganisation import Change, What
from models import (
    AccessDecision,
    AuditEvent,
    CaseReview,
    Drawing,
    Grant,
    Organisation,
    Person,
    SignInSession,
    Theme,
    db,
)
from models.base import utc_now
from models.enumerations import AccessDecided, DrawingState, ReorganisationSource, ReorganisationState, Role
from tests.browser.people import NOBODY, given_signed_in
from tests.case_imports.files import Importer, csv_of
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.histories import IN_Q1, Q1, draw, history, person
from tests.splits import place, split

LONG = "Supercalifragilisticexpialidocious" * 4 + "\n\n" + "The panel asked each agency what it knew. " * 80


# What is done on a page before it is looked at


def send(page: Page) -> None:
    """Sends the form of the page as it is; the page says what is wrong."""
    with page.expect_navigation():
        page.locator("form[data-tracker-form] button[type=submit]").last.click()
    page.locator(".nhsuk-error-summary").wait_for()


def press(page: Page) -> None:
    """Presses the main button of a page whose form is none that is typed into for long."""
    page.locator("main form button.nhsuk-button").last.click()


def send_without_label(page: Page) -> None:
    page.get_by_label("Label").fill("")
    send(page)


def send_an_nhs_number(page: Page) -> None:
    """The form asks whether text that looks like an NHS number was checked."""
    page.locator("textarea[name=lessons]").fill("999 000 0018")
    send(page)


def save(page: Page) -> None:
    with page.expect_navigation():
        page.locator("form[data-tracker-form] button[type=submit]").last.click()
    page.locator(".nhsuk-notification-banner").wait_for()


def save_after_somebody_else(page: Page, mine: dict[str, str], theirs: dict[str, str]) -> None:
    """Both type into the same form, and this person saves last."""
    browser = page.context.browser
    assert browser is not None
    with browser.new_context(base_url=page.url.partition("/cases")[0]) as elsewhere:
        other = elsewhere.new_page()
        given_signed_in(other, "two-ccgs")
        other.goto(page.url)
        for name, value in theirs.items():
            other.locator(f"[name={name}]").fill(value)
        with other.expect_navigation():
            other.locator("form[data-tracker-form] button[type=submit]").last.click()
    for name, value in mine.items():
        page.locator(f"[name={name}]").fill(value)
    with page.expect_navigation():
        page.locator("form[data-tracker-form] button[type=submit]").last.click()
    page.get_by_role("heading", name="This case was changed while you had it open").wait_for()


def meet_in_one_field(page: Page) -> None:
    moment = str(time.time_ns())
    save_after_somebody_else(page, {"latest_update": f"Mine {moment}."}, {"latest_update": f"Theirs {moment}."})


def meet_in_none(page: Page) -> None:
    moment = str(time.time_ns())
    save_after_somebody_else(page, {"latest_update": f"Mine {moment}."}, {"comments": f"Theirs {moment}."})


def meet_in_many(page: Page) -> None:
    """Long texts, short ones, one that only one of them changed, and one that is empty now. Then nothing is chosen."""
    moment = str(time.time_ns())
    both = {"overview": LONG[:3900], "lessons": LONG, "local_identifier": "L", "partnership_name": "P" * 150}
    theirs = {name: f"{value}{moment}" for name, value in both.items()} | {"comments": moment}
    mine = {name: f"{value} mine"[:200] for name, value in both.items()} | {"latest_update": LONG[:3900] + moment}
    save_after_somebody_else(page, mine | {"lessons": ""}, theirs)
    unfold(page)


def meet_and_choose_nothing(page: Page) -> None:
    meet_in_one_field(page)
    send(page)


def unfold(page: Page) -> None:
    for one in page.locator("main details:not([open]) > summary").all():
        if one.is_visible():
            one.click()


def leave_and_come_back(page: Page) -> None:
    """What was typed is kept, and the form comes back with it."""
    page.get_by_label("Brief overview").fill(LONG)
    kept = """async (form) => {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.trackerKeep, {method: "POST", body});
        return (await answer.json()).address;
    }"""
    page.goto(page.locator("form[data-tracker-form]").evaluate(kept))


def confirm_everybody(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Confirm everybody on this page").click()
    page.locator(".nhsuk-notification-banner").wait_for()


def sign_out(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()


Look = str | tuple[str, Callable[[Page], None]]

# Who looks, and at what. The words in braces are ids of `known_ids`.
LOOKS: dict[str, tuple[str, list[Look]]] = {
    "nobody": (NOBODY, ["/sign-in/", "/cookies/", "/accessibility/"]),
    "without a role": ("no-access", ["/", "/account/"]),
    "a CCG reads": (
        "ccg-84H",
        [
            "/",
            "/cases/",
            ("/cases/", unfold),
            ("/cases/?flt_status_is=open&flt_ccg_is=84H&flt_no_such_filter=1&sort=2&desc=1", unfold),
            "/cases/?search=nothinglikethis",
            ("/themes/learning/", unfold),
            ("/themes/learning/?search=panel+rapid&status=open&quarters_by=closing&theme=none", unfold),
            "/themes/learning/?search=panel+agency",
            "/themes/learning/?search=supercali",
            "/themes/learning/?search=nothinglikethis&status=closed",
            ("/cases/details/?id={open}", unfold),
            "/cases/details/?id={closed}",
            "/cases/details/?id={withdrawn}",
            "/cases/details/?id={linked}",
            "/cases/details/?id={rapid}",
            "/cases/opened/?id={open}",
            "/cases/opened/?id={rapid}",
        ],
    ),
    "a CCG looks back": (
        "ccg-84H",
        [
            "/cases/history/?id={changed}",
            "/cases/history/?id={changed}&on={today}",
            "/cases/history/?id={changed}&on=1/1/2020",
            "/cases/history/?id={changed}&on=31/2/2022",
            "/cases/history/?id={withdrawn}",
            "/theme-list/history/?id={theme}",
            "/ccgs/history/?id={ccg}&on=2/4/2019",
        ],
    ),
    "a CCG writes": (
        "ccg-84H",
        [
            "/cases/new/",
            ("/cases/new/", send),
            "/cases/edit/?id={open}",
            ("/cases/edit/?id={open}", send_an_nhs_number),
            ("/cases/edit/?id={linked}", save),
            "/cases/close/?id={open}",
            ("/cases/close/?id={open}", send),
            "/cases/reopen/?id={closed}",
            "/cases/withdraw/?id={open}",
            ("/cases/withdraw/?id={open}", send),
            "/cases/bring-back/?id={withdrawn}",
        ],
    ),
    "two people change one case": (
        "ccg-84H",
        [
            ("/cases/edit/?id={shared}", meet_in_one_field),
            ("/cases/edit/?id={shared}", meet_in_none),
            ("/cases/edit/?id={shared}", meet_in_many),
            ("/cases/edit/?id={shared}", meet_and_choose_nothing),
        ],
    ),
    "a CCG comes back": ("ccg-16C", [("/cases/new/", leave_and_come_back), "/cases/new/", "/"]),
    "a CCG makes a list its own": (
        "ccg-84H",
        [
            ("/cases/?columns=reference,overview,converted_from,ccg", unfold),
            "/cases/views/new/?flt_status_is=open&sort=2&columns=reference,overview",
            ("/cases/views/new/", send),
            "/cases/update-several/?id={open}&id={linked}&id={withdrawn}",
            ("/cases/update-several/?id={open}&id={withdrawn}", send),
        ],
    ),
    "a CCG looks things up": (
        "ccg-84H",
        [
            "/data-dictionary/",
            "/ccgs/",
            "/ccgs/details/?id={ccg}",
            "/theme-list/",
            "/theme-list/edit/?id={theme}",  # 403
            "/nowhere/",  # 404
            "/cases/export/csv/?flt_no_such_filter=1",  # 400
            ("/", sign_out),
        ],
    ),
    "a CCG that was split": (
        "ccg-93C",
        [
            "/",
            "/cases/allocate/",
            ("/cases/allocate/", press),
            "/cases/allocate/?show=closed",
            "/cases/allocate/?show=allocated",
            "/cases/allocate/?id={given}",
            ("/cases/allocate/?id={given}", press),
            "/imports/cases/",
            "/cases/details/?id={given}",
        ],
    ),
    "a lead of two CCGs": ("two-ccgs", ["/", "/cases/", "/cases/new/"]),
    "an STP": ("stp-QHM", ["/", "/cases/details/?id={open}"]),
    "a region": ("region-Y63", ["/"]),
    "England": (
        "england",
        [
            ("/themes/learning/?search=panel&area_as=today&region=Y63", unfold),
            ("/", unfold),
            "/cases/",
            ("/cases/", unfold),
        ],
    ),
    "an analyst": (
        "analyst",
        [
            "/",
            ("/audit/", unfold),
            "/audit/?flt_case_is={open}",
            "/audit/?flt_person_is=nobody",
            "/audit/details/?id={event}",
        ],
    ),
    "an analyst draws": (
        "analyst",
        [
            "/extracts/",
            "/extracts/draw/",
            ("/extracts/draw/", send),
            *(f"/extracts/drawing/?id={{{state}}}" for state in ("being_drawn", "not_drawn", "stopped")),
            ("/extracts/details/?id={extract}", unfold),
            "/extracts/details/?id={again}",
            ("/extracts/differences/?id={again}", unfold),
            "/extracts/receipt/?id={extract}",
            ("/extracts/receipt/?id={extract}", send),
            "/extracts/sign-off/?id={extract}",
            ("/extracts/sign-off/?id={extract}", send),
            ("/data-quality/", unfold),
            "/data-quality/?ccg=84H",
        ],
    ),
    "England reads themes": (
        "england",
        [
            ("/themes/", unfold),
            "/themes/?show=quarters&from=2018-19-Q1",
            "/themes/?show=areas&theme=neglect&status=open",
            "/themes/?show=together",
            "/themes/?show=types&from=1999-00-Q1&to=1999-00-Q2",  # nothing
            "/themes/?show=times",
            "/themes/sharing/",
            "/themes/sharing/?area=country-ENGLAND&period=2020-21",
        ],
    ),
    "an STP prepares for sharing": ("stp-QHM", ["/themes/sharing/?period=2020-21", "/themes/sharing/?area=x&period=y"]),
    "a CCG reads its themes": ("ccg-84H", ["/themes/", "/themes/?show=types"]),
    "a CCG strikes words out": (
        "ccg-84H",
        [
            "/redactions/",
            "/redactions/ask/?id={open}",
            ("/redactions/ask/?id={open}", send),
            "/redactions/details/?id={to_strike}",
            "/redactions/details/?id={struck}",
        ],
    ),
    "an analyst decides": ("analyst", ["/", "/redactions/details/?id={to_strike}"]),
    "a CCG answers for its data": (
        "ccg-84H",
        [
            "/data-quality/",
            "/data-quality/answer/?query=no_update&id={asked}",
            ("/data-quality/answer/?query=no_update&id={asked}", send),
            "/data-quality/confirm/?quarter={quarter}&ccg=84H",
        ],
    ),
    "an administrator": (
        "administrator",
        [
            "/",
            ("/ccgs/?search=durham", unfold),
            "/stps/",
            "/regions/",
            "/review-types/",
            "/theme-list/",
            "/designated-professionals/",
            "/theme-list/details/?id={theme}",
            "/theme-list/edit/?id={theme}",
            ("/theme-list/edit/?id={theme}", send_without_label),
            "/theme-list/new/",
            ("/theme-list/new/", send),
            "/theme-list/retire/?id={theme}",
            ("/theme-list/retire/?id={theme}", press),
            ("/audit/?flt_action_is=signed_in&columns=at,address,from_address,about,about_id", unfold),
        ],
    ),
    "a CCG imports cases": (
        "ccg-84H",
        [
            "/imports/",
            "/imports/cases/",
            ("/imports/cases/", press),
            "/imports/cases/details/?id={cases_file}",
            "/imports/cases/details/?id={cases_file}&show=new",
            "/imports/cases/details/?id={cases_file}&show=changed",
            "/imports/cases/details/?id={cases_file}&show=there&page=9999",
            ("/imports/cases/details/?id={cases_file}", press),
            "/imports/cases/details/?id={saved_file}",
            "/imports/cases/details/?id={refused_file}",
        ],
    ),
    "an administrator reorganises": (
        "administrator",
        [
            ("/ccgs/?flt_current_on_is=1/4/2019", unfold),
            "/ccgs/details/?id={ccg}",
            "/reorganisations/",
            "/reorganisations/plan/?task=add&kind=stp",
            "/reorganisations/plan/?task=merge&kind=ccg",
            ("/reorganisations/plan/?task=merge&kind=ccg", send),
            "/reorganisations/plan/?task=rename&id={ccg}",
            "/reorganisations/plan/?task=move&id={ccg}",
            "/reorganisations/plan/?task=split&id={ccg}",
            ("/reorganisations/plan/?task=close&id={ccg}", send),
            "/reorganisations/details/?id={planned}",
            "/reorganisations/details/?id={from_a_file}",
            ("/reorganisations/details/?id={from_a_file}", press),
            "/reorganisations/details/?id={applied}",
            "/reorganisations/undo/?id={applied}",
            "/imports/",
            "/imports/lists/",
            ("/imports/changes/", send),
        ],
    ),
    "an administrator keeps people": (
        "administrator",
        [
            ("/people/", unfold),
            "/people/?search=nothinglikethis&flt_role_is=analyst",
            ("/people/?columns=name,email,issuer,subject,created_at&flt_role_is=nonsense", unfold),
            "/people/new/",
            ("/people/new/", send),
            "/people/details/?id={busy}",
            "/people/details/?id={out}",
            "/people/details/?id={me}",
            "/people/grant/?id={busy}",
            ("/people/grant/?id={busy}", send),
            "/people/end/?id={grant}",
            ("/people/end/?id={grant}", send),
            "/people/deactivate/?id={busy}",
            ("/people/deactivate/?id={busy}", send),
            "/people/review/",
            ("/people/review/", confirm_everybody),
            "/account/",
        ],
    ),
}


@dataclass
class Seen:
    """One page in one state, as it is in the browser now, and as it was sent."""

    name: str
    page: Page
    html: str


def known_cases(service: Flask) -> dict[str, str]:
    """Adds a case in each state, and gives the ids that stand in LOOKS."""
    rapid = add_case(service, "84H", review_type="rapid_review")
    closed = {
        "status": "closed",
        "date_closed": date(2022, 1, 20),
        "report_signed_off_on": date(2021, 12, 1),
        "publication": "public",
        "publication_date": date(2022, 1, 10),
        "report_link": "https://example.org/" + "r" * 90,
    }
    long = dict.fromkeys(("overview", "latest_update", "lessons", "comments"), LONG[:4000])
    cases = {
        "open": add_case(service, "84H", **long),
        "closed": add_case(service, "84H", **closed),
        "withdrawn": add_case(service, "84H", withdrawn_at=NOW, withdrawn_reason="It was recorded twice."),
        "rapid": rapid,
        "shared": add_case(service, "84H", **long),
        "linked": add_case(service, "84H", converted_from_id=rapid.id, converted_from_ccg_id=rapid.ccg_id),
    }
    cases["asked"] = add_case(service, "84H", latest_update_on=date(2021, 9, 1))
    cases["changed"] = cases["open"]
    give_a_past(service, cases["changed"])
    with service.app_context():
        theme = db.session.scalars(select(Theme.id)).first()
        event = db.session.scalars(select(AuditEvent.id)).first()
    return (
        {name: str(case.id) for name, case in cases.items()}
        | {
            "ccg": str(rapid.ccg_id),
            "theme": str(theme),
            "today": f"{today():%d/%m/%Y}",
            "quarter": quarter_of(today()).previous.name,
            "event": str(event),
        }
        | extracts(service)
        | redactions(service, cases["shared"])
        | people(service)
        | reorganisations(service)
        | after_a_split(service)
        | imports(service, cases["rapid"])
    )


def people(service: Flask) -> dict[str, str]:
    """Somebody with a very long name, many grants of every sort and sessions; and somebody who was shut out."""
    with unguarded(service) as session:
        me = session.scalars(select(Person).where(Person.subject == "administrator")).one()
        places = session.scalars(select(Organisation).where(Organisation.kind == "ccg").limit(5)).all()
        busy, out = (
            Person(
                issuer="https://login.example.nhs.uk/" + "i" * 200, subject=one * 120, name=name, email=f"{one}@x.uk"
            )
            for one, name in (("ab", "Bartholomew-" * 15), ("cd", "Zebedee Out"))
        )
        session.add_all([busy, out])
        session.flush()
        out.is_active = False
        grants = [Grant(person_id=busy.id, role=Role.CCG_EDITOR, organisation_id=one.id) for one in places]
        grants[1].from_claims, grants[2].ends_on, grants[3].ended_at = True, today(), NOW
        decision = {"decided_by_id": me.id, "decided_at": NOW}
        session.add_all(grants)
        session.add_all(
            [
                AccessDecision(person_id=out.id, decision=AccessDecided.DEACTIVATED, reason="Left. " * 80, **decision),
                *(
                    SignInSession(id_hash=letter * 64, person_id=busy.id, started_at=utc_now(), seen_at=utc_now())
                    for letter in "ab"
                ),
            ]
        )
        session.commit()
        return {"busy": str(busy.id), "out": str(out.id), "me": str(me.id), "grant": str(grants[0].id)}


def imports(service: Flask, known: CaseReview) -> dict[str, str]:
    """A file with lines of every sort, long words and warnings; one that was saved, and one that was refused."""
    importer = Importer(service)
    long = "An overview that says 999 000 0018, " + "and more of it. " * 60
    rows = [
        {"local_identifier": "NEW-1", "overview": long},
        {"local_identifier": known.local_identifier or "", "overview": long, "review_type": "Rapid Review (child)"},
        *({"local_identifier": f"WRONG-{number}" * 6, "overview": "", "theme_1": "x" * 300} for number in range(60)),
    ]
    checked = importer.check(csv_of(rows), name="a" * 90 + ".csv")
    saved = importer.apply(importer.check(csv_of([])))
    refused = importer.check(csv_of([{}]) + b'"not closed')
    return {"cases_file": str(checked.id), "saved_file": str(saved.id), "refused_file": str(refused.id)}


def reorganisations(service: Flask) -> dict[str, str]:
    """A plan of a task, one of a file that closes most and left lines out, and one that was applied."""
    first = date(2027, 4, 1)
    merger = [
        Change(What.ADDED, "ccg", "9Z9", first, "NHS " + "Longname " * 18 + "CCG", ("stp", "QHM")),
        Change(What.CLOSED, "ccg", "84H", date(2027, 3, 31)),
        Change(What.TAKEN_OVER, "ccg", "84H", first, other=("ccg", "9Z9")),
    ]
    filed = [*merger, Change(What.RENAMED, "ccg", "16C", name="NHS Tees CCG"), Change(What.MOVED, "ccg", "93C")]
    facts = {"name": "a" * 96 + ".csv", "size": 12345678, "sha256": "0" * 64}
    with service.app_context(), every_organisation("looks") as session:
        by = session.scalars(select(Person).where(Person.subject == "administrator")).one()
        task, lists = ReorganisationSource.TASK, ReorganisationSource.ODS_FILES
        left_out: list[tuple[int | str, str]] = [
            ("eccg.csv 7", "The name is missing or too long"),
            ("", "A contradiction. " * 9),
        ]
        more: dict[str, Any] = {"files": [facts], "left_out": left_out, "closes_most": True}
        made = [
            reorganising.propose(session, "Merge 84H into 9Z9", merger, source=task, by=by, at=NOW),
            reorganising.propose(session, "Lists", filed, source=lists, by=by, at=NOW, **more),
            reorganising.propose(session, "Merge 84H into 9Z9", merger, source=task, by=by, at=NOW),
        ]
        # Its page looks as if it had been applied; the lists are as they were, for the other looks.
        made[2].state, made[2].applied_at, made[2].applied_by_id = ReorganisationState.APPLIED, NOW, by.id
        session.commit()
        return {name: str(one.id) for name, one in zip(("planned", "from_a_file", "applied"), made, strict=True)}


def after_a_split(service: Flask) -> dict[str, str]:
    """A CCG that was split, with more cases than a page shows, and one that was given to the other."""
    split(service, "93C", "A3A8R", on=today(), part_of="QMJ")
    for number in range(55):
        add_case(service, "93C", partnership_name="P" * 120 if number % 7 else "North Central London Board")
    return {"given": str(add_case(service, "93C", allocated_to_id=place(service, "9Z9")).id)}


def redactions(service: Flask, case: CaseReview) -> dict[str, str]:
    """A request that waits, with words that stand in many places, and one that was carried out."""
    with service.app_context(), every_organisation("looks") as session:
        by = person(service, "ccg-84H")
        found = session.get_one(CaseReview, case.id)
        waiting = ask(session, found, "each agency", "It is the name of a child. " * 30, by=by, at=NOW)
        rare = ask(session, found, found.partnership_name, "It names somebody.", by=by, at=NOW)
        session.commit()
        ids = {"to_strike": str(waiting.id), "struck": str(rare.id)}
    with service.app_context():
        approve(rare.id, by=person(service, "analyst"))
    return ids


def extracts(service: Flask) -> dict[str, str]:
    """An extract with a case, and the same quarter again with what differs."""
    with history(service) as past:
        for letter in "ab":
            past.add("84H", IN_Q1, reference=f"SCR-XXXXXXX{letter.upper()}", local_identifier=f"LOOKS-{letter}")
        late = past.add("84H", IN_Q1, reference="SCR-XXXXXXXC", local_identifier="LOOKS-c")
        past.change(late, Q1.ends + timedelta(hours=1), lessons=LONG[:4000])
    first = draw(service)
    again = draw(service, reason="Late changes", cut_off=Q1.ends + timedelta(hours=2))
    return {"extract": str(first.id), "again": str(again.id), **drawings(service)}


def drawings(service: Flask) -> dict[str, str]:
    """Extracts that are being drawn, were not, and stopped."""
    states: dict[str, dict[str, Any]] = {
        "being_drawn": {"state": DrawingState.DRAWING, "alive_at": now() + timedelta(days=1), "cases_done": 400_000},
        "not_drawn": {"state": DrawingState.REFUSED, "why": "The control totals do not add up. England: 3, not 4"},
        "stopped": {"state": DrawingState.DRAWING, "alive_at": now() - timedelta(hours=1)},
    }
    by = person(service, "analyst").id
    with unguarded(service) as session:
        asked = {
            name: Drawing(person_id=by, quarter="2021-22-Q1", form_token=name, cases_in_all=1_000_000, **more)
            for name, more in states.items()
        }
        session.add_all(asked.values())
        session.commit()
        return {name: str(one.id) for name, one in asked.items()}


def give_a_past(service: Flask, case: CaseReview) -> None:
    """Changes a case: by the service with a reason and without, past it, and past it without a change."""
    with unguarded(service) as session:
        saved: Any = session.get(CaseReview, case.id)
        by = session.scalars(select(Person.id).where(Person.subject == "ccg-84H")).one()
        for number, reason in enumerate((None, "The panel asked for it. " * 12)):
            saved.lessons, saved.media_interest = f"{number}: {LONG}", ("local", "national")[number]
            saved.change_id, saved.changed_by_id, saved.change_reason = uuid4(), by, reason
            session.commit()
        for name, value in (("comments", ""), ("media_interest", "national")):
            session.execute(update(CaseReview).where(CaseReview.id == case.id).values({name: value}))
            session.commit()


def walk(page: Page, group: str, ids: dict[str, str]) -> Iterator[Seen]:
    """Signs in as whoever a group of LOOKS names, and shows one state after the other."""
    account, looks = LOOKS[group]
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.request.is_navigation_request() else None)
    if account:
        given_signed_in(page, account)
    for look in looks:
        address, act = (look, None) if isinstance(look, str) else look
        page.goto(address.format(**ids))
        if act is not None:
            act(page)
        yield Seen(f"{address} {act.__name__ if act else ''}".strip(), page, answers[-1].text())
