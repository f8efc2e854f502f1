"""A small application with the look: one model behind Flask-Admin, and pages with invented content."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from flask import Flask, flash, render_template, request, url_for
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Date, ForeignKey, String, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.pool import StaticPool

from app.nhsuk import theme
from app.nhsuk.fields import Option
from app.nhsuk.form_converter import NHSFormConverter, field_for
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_date
from models.declarations import Item, Kind, OnlyWhen, item
from models.enumerations import MediaInterest, PartnershipKind, Publication, Status
from tests.nhsuk.parts import Cell, Figure, FilterField, FilterGroup, FilterOption, Group, Row, TableOf

NAMESPACE = UUID("3b8c5a52-6d0b-4c5e-9a39-000000000999")


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


def about(label: str, section: str, **more: Any) -> Item:
    return Item(label=label, definition=f"{label}.", section=section, **more)


class CodeListEntry(db.Model):  # type: ignore[name-defined]
    """A code list."""

    __tablename__ = "kind"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    label: Mapped[str] = item(String(60), about=about("Label", "Entry", required=True, in_list=True))
    is_rapid: Mapped[bool] = item(default=False, about=about("Rapid", "Entry", question="Is it a rapid review?"))
    position: Mapped[int] = item(default=0, about=about("Position", "Entry"))


class Review(db.Model):  # type: ignore[name-defined]
    """An invented model with a declared item of every kind."""

    __tablename__ = "review"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reference: Mapped[str] = item(String(12), about=about("Reference", "Service", in_form=False, in_list=True))
    status: Mapped[Status] = item(
        default=Status.OPEN,
        about=about(
            "Status",
            "Status",
            question="Is the case open or closed?",
            choices=Status,
            kind=Kind.CHOICE,
            required=True,
            problem="Select whether the case is open or closed",
        ),
    )
    incident_date: Mapped[date] = item(
        Date,
        about=about(
            "Incident date",
            "The incident",
            question="When did the incident happen?",
            hint="For example, 31 3 2021",
            required=True,
        ),
    )
    kind_id: Mapped[UUID] = item(
        ForeignKey("kind.id"), about=about("Type of review", "The incident", kind=Kind.CODE, required=True)
    )
    partnership: Mapped[PartnershipKind] = item(
        about=about("Partnership type", "The incident", choices=PartnershipKind, kind=Kind.CHOICE)
    )
    number: Mapped[str | None] = item(
        String(40), about=about("StEIS number", "The incident", question="StEIS number (if there is one)")
    )
    overview: Mapped[str] = item(
        Text,
        about=about(
            "Overview",
            "The incident",
            question="Brief overview",
            hint="Do not include names, NHS numbers, dates of birth or addresses.",
            max_length=4000,
            required=True,
        ),
    )
    report_link: Mapped[str | None] = item(
        String(200),
        about=about(
            "Link to report",
            "Report",
            question="Link to the report",
            hint="The whole web address, beginning with https://",
            kind=Kind.LINK,
            only_when=OnlyWhen("publication", Publication.PUBLIC),
        ),
    )
    publication: Mapped[Publication] = item(
        about=about(
            "Public or embargoed",
            "Report",
            question="Is the review public or embargoed?",
            choices=Publication,
            kind=Kind.CHOICE,
            required=True,
        )
    )
    media: Mapped[MediaInterest] = item(
        about=about("Media interest", "Report", choices=MediaInterest, kind=Kind.CHOICE, question="Is there interest?")
    )
    date_closed: Mapped[date | None] = item(
        Date,
        about=about(
            "Date closed", "Status", question="When was it closed?", only_when=OnlyWhen("status", Status.CLOSED)
        ),
    )
    converted_from: Mapped[str | None] = item(
        String(12), about=about("Converted from", "Status", question="Rapid review (optional)", kind=Kind.CASE)
    )
    kind: Mapped[CodeListEntry] = relationship()


ORDER = "The incident", "Report", "Status"


class ReviewForm(NHSForm):
    section_order = ORDER


THEMES = [
    Option(uuid5(NAMESPACE, label), label, group=group)
    for group, labels in {
        "Care Act 2014": ["Physical abuse", "Self-neglect", "Modern slavery"],
        "Children": ["Child sexual exploitation", "Fatal maltreatment", "Non-accidental injury under 1"],
        "Vulnerability": ["Homelessness", "Substance misuse"],
    }.items()
    for label in labels
]


class ReviewView(ModelView):
    """A screen as the service makes them."""

    model_form_converter = NHSFormConverter
    form_base_class = ReviewForm
    column_list = ("reference", "status", "incident_date", "overview", "publication")
    column_labels = {"reference": "Reference", "incident_date": "Incident date", "publication": "Public or embargoed"}
    column_sortable_list = ("reference", "incident_date")
    column_searchable_list = ("reference",)
    column_formatters = {
        "incident_date": lambda view, context, row, name: nhs_date(row.incident_date),
        "status": lambda view, context, row, name: row.status.label,
        "publication": lambda view, context, row, name: row.publication.label,
    }
    can_view_details = True
    can_set_page_size = True
    page_size = 20

    def get_one(self, id: str) -> Any:
        return db.session.get(Review, UUID(id))

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        form.kind.options = THEMES
        return form

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        form.kind.options = THEMES
        return form

    def render(self, template: str, **more: Any) -> str:
        return str(super().render(template, **(more | EXTRAS.get(template, dict)())))


def _list() -> dict[str, Any]:
    chosen = [("Status: Open", "/reviews/"), ("Incident date: from 1 April 2021", "/reviews/?status=open")]
    return {
        "title": "Cases",
        "lede": "",
        "caption": "Cases, newest first",
        "panel": PANEL,
        "chosen": chosen if "status" in request.args else [],
        "clear_url": "/reviews/",
        "kept": [("sort", "0"), ("desc", "1")],
        "download_url": "/reviews/export/csv/",
        "can_create": True,
        "create_text": "Record a case",
        "count_text": f"{db.session.query(Review).count()} cases",
        "empty_message": "No cases match. Change or clear the filters.",
        "search_hint": "References, numbers, and words of the overview, latest update and lessons",
        "row_actions": lambda row: [("Change", url_for("reviews.edit_view", id=row.id))],
        "row_name": lambda row: row.reference,
    }


def _details() -> dict[str, Any]:
    return {
        "title": "SCR-7KQX3MPD",
        "caption": "Safeguarding Adult Review, mandatory",
        "tag": ("Open", "blue"),
        "notice": "This case was withdrawn on 3 May 2022 because it had been entered twice.",
        "actions": [("Change", "/x"), ("Close", "/x"), ("Withdraw", "/x")],
        "back_url": "/reviews/",
        "sections": [
            ("The review", [("CCG", "NHS County Durham CCG"), ("STP", "Cumbria and North East"), ("StEIS number", "")]),
            ("The incident", [("Incident date", "3 April 2021"), ("Brief overview", "First line.\nSecond line. " * 9)]),
        ],
        "linked": [("SCR-3JK8MWPV", "/x", "Rapid review, closed 3 May 2021")],
    }


def _form(title: str) -> dict[str, Any]:
    return {"title": title, "caption": "SCR-7KQX3MPD", "submit_text": "Save", "action_hint": "You can change it later."}


PANEL = [
    FilterGroup(
        "Status",
        [
            FilterField(
                "status",
                "Status",
                "checkboxes",
                [FilterOption("open", "Open", True), FilterOption("closed", "Closed", False)],
            ),
            FilterField("no_update", "No update for 90 days", "select", [FilterOption("yes", "Yes")]),
        ],
    ),
    FilterGroup(
        "The review",
        [
            FilterField(
                "type", "Type of review", "select", [FilterOption("sar", "Safeguarding Adult Review, mandatory")]
            ),
            FilterField("theme", "Theme, in any place", "select", [FilterOption("x", "Physical abuse")]),
        ],
    ),
    FilterGroup(
        "Incident date",
        [
            FilterField("incident_from", "From", "date", value="1/4/2021"),
            FilterField("incident_to", "To", "date"),
        ],
    ),
]

EXTRAS = {
    "admin/model/list.html": _list,
    "admin/model/details.html": _details,
    "admin/model/create.html": lambda: _form("Record a case"),
    "admin/model/edit.html": lambda: _form("Change the case"),
}

ACT_REASON = Item(
    name="reason",
    label="Reason",
    question="Why do you withdraw it?",
    definition="Why.",
    kind=Kind.TEXT,
    max_length=1000,
)
ROWS = [
    Row("SCR-7KQX3MPD", "/x", "Safeguarding Adult Review, NHS County Durham CCG, incident on 3 April 2021"),
    Row("SCR-3JK8MWPV", "/x", "Rapid Review (child), NHS Tees Valley CCG, incident on 9 January 2021"),
]
TABLE = TableOf(
    "By region",
    ["Region", "Open", "No update for 90 days", "Signed off, not published"],
    [
        [Cell("North East and Yorkshire", "/x"), Cell("128", "/x"), Cell("12", "/x"), Cell("0")],
        [Cell("North West", "/x"), Cell("98", "/x"), Cell("7", "/x"), Cell("3", "/x")],
    ],
)
ENTRY = {
    "name": "incident_date",
    "label": "Incident date",
    "headings": ["Incident date"],
    "kind": "date",
    "required": True,
    "definition": "The day of the incident. Not in the future.",
    "source": "Annex A Requirements specification: Safeguarding Case Review Tracker",
    "choices": [],
    "used": ["form", "list", "filter", "extract and download"],
}

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "home": (
        "home.html",
        {
            "title": "Your cases",
            "lede": "NHS County Durham CCG",
            "figures": [
                Figure("open cases", 42, "/x"),
                Figure("with no update for 90 days", 7, "/x", "The oldest is from 3 January 2021"),
                Figure("signed off but not published", 0),
                Figure("possible duplicates", 2, "/x"),
            ],
            "tables": [TABLE],
            "groups": [Group("Last changes", "", ROWS), Group("Possible duplicates", "", [], "There are none.")],
            "links": [("Download your cases", "/x", "As CSV, with every data item")],
        },
    ),
    "sign-in": (
        "sign_in.html",
        {
            "title": "Sign in",
            "person": None,
            "navigation": [],
            "accounts": [
                ("ccg-84H", "Asha Invented", "CCG safeguarding lead, NHS County Durham CCG"),
                ("analyst", "Ben Invented", "Analyst, England"),
            ],
        },
    ),
    "single-sign-on": (
        "sign_in.html",
        {"title": "Sign in", "person": None, "accounts": [], "single_sign_on_url": "/x"},
    ),
    "error": (
        "error.html",
        {
            "title": "Page not found",
            "lines": ["If you typed the address, check that it is correct."],
            "reference": "1F0C9A2E",
            "link": ("Go to the home page", "/"),
        },
    ),
    "no-access": ("no_access.html", {"title": "You do not have access yet", "lines": ["Ask your safeguarding lead."]}),
    "data-dictionary": (
        "data_dictionary.html",
        {"title": "Data dictionary", "groups": [("The incident", [ENTRY])], "download_url": "/x.csv"},
    ),
}


def make_app() -> Flask:
    """The sample application, with 45 invented rows."""
    app = Flask("sample", static_folder=None)
    app.config.update(
        SECRET_KEY="invented-and-only-for-tests",
        TESTING=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_ENGINE_OPTIONS={"poolclass": StaticPool, "connect_args": {"check_same_thread": False}},
    )
    db.init_app(app)
    theme.init_app(app)
    with app.app_context():
        db.create_all()
        _fill()
    admin = Admin(app, theme=theme.NHS_THEME, url="/admin")
    admin.add_view(ReviewView(Review, db, endpoint="reviews", url="/reviews"))
    app.context_processor(_surroundings)
    for address, (template, context) in PAGES.items():
        app.add_url_rule(f"/pages/{address}", address, _page(template, context))
    app.add_url_rule("/pages/act", "act", _act, methods=["GET", "POST"])
    app.add_url_rule("/pages/messages", "messages", _messages)
    return app


def _surroundings() -> dict[str, Any]:
    names = ["Home", "Cases", "Themes", "Data dictionary"]
    return {
        "person": {"name": "Asha Invented", "organisation": "NHS County Durham CCG", "role": "CCG safeguarding lead"},
        "navigation": [{"text": name, "href": f"/{name}", "current": name == "Cases"} for name in names],
        "demo_mode": True,
        "footer_links": [{"text": "Accessibility statement", "href": "/x"}, {"text": "Cookies", "href": "/x"}],
    }


def _page(template: str, context: dict[str, Any]) -> Any:
    return lambda: render_template(template, **context)


def _act() -> str:
    form_class = type("ActForm", (NHSForm,), {"reason": field_for(ACT_REASON)})
    form = form_class()
    if form.is_submitted():
        form.validate()
        form.add_problems({"reason": ["Enter why you withdraw the case"]})
    return render_template(
        "cases/act.html",
        title="Withdraw the case",
        caption="SCR-7KQX3MPD",
        form=form,
        explanation="It leaves lists and extracts. It can be brought back, with a reason.",
        submit_text="Withdraw the case",
        submit_class="nhsuk-button--warning",
        back_url="/reviews/",
    )


def _messages() -> str:
    flash("The case was saved", "success")
    flash("The case could not be saved", "error")
    flash("The case has a newer version", "info")
    return render_template("error.html", title="Messages", lines=["Each on its own."])


def _fill() -> None:
    for option in THEMES:
        db.session.add(CodeListEntry(id=option.value, label=option.label))
    for number in range(45):
        db.session.add(
            Review(
                id=uuid5(NAMESPACE, str(number)),
                reference=f"SCR-7KQX3M{number:02}",
                status=Status.OPEN if number % 3 else Status.CLOSED,
                incident_date=date(2021, 1 + number % 12, 1 + number % 28),
                kind_id=THEMES[number % len(THEMES)].value,
                partnership=PartnershipKind.JOINT,
                overview=f"Case {number}: an older man was found at home after several missed visits.",
                publication=Publication.PUBLIC if number % 2 else Publication.EMBARGOED,
                media=MediaInterest.NONE_KNOWN,
            )
        )
    db.session.commit()


__all__ = ["ORDER", "PAGES", "THEMES", "Review", "ReviewForm", "ReviewView", "make_app"]
