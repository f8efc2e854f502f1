"""A service in whose database everything that people can write holds a script, a formula and a template."""

from __future__ import annotations

import io
from datetime import date
from uuid import uuid4

from flask import Flask
from sqlalchemy import Column, Enum, String, Table, UniqueConstraint, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import Organisation, Person, Redaction, db
from tests.case_imports.files import csv_of
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Visitor

from .corpus import MARKER

STORED = f"='\"><script {MARKER}=1>{MARKER}</script><{MARKER}>{{{{1237*4561}}}}"
ADD = "/reorganisations/plan/?task=add&kind=ccg"
# What the service itself makes, and looks for letter for letter.
MADE = {
    "issuer", "subject", "query", "screen", "value", "quarter", "schema_version", "claim", "form_token", "sha256",
    "cases_sha256", "drawn_with", "previous_hash", "hash", "reference", "kind",
}  # fmt: skip


def fill(app: Flask) -> list[str]:
    """Cases in every state, and of everything else that people make one, by the service's own forms where it has some.

    Addresses to begin with: pages with what no usual page offers.
    """
    closing = {"publication": "public", "publication_date": date(2022, 1, 10), "date_closed": date(2022, 1, 20)}
    case = add_case(app, "84H", lessons="Ask again.", report_signed_off_on=date(2021, 12, 1))
    signed_off = {"report_signed_off_on": date(2021, 12, 1), "report_link": "https://example.nhs.uk/"}
    closed = add_case(app, "84H", status="closed", **closing, **signed_off)
    withdrawn = add_case(app, "84H", withdrawn_at=NOW, withdrawn_reason="Twice.")
    add_case(app, "16C")
    with unguarded(app) as session:
        owner = session.query(Organisation).filter_by(kind="ccg", code="84H").one()
        asks = session.query(Person).filter_by(subject="two-ccgs").one()
        redaction = {"ccg_id": owner.id, "case_id": case.id, "asked_by_id": asks.id}
        asker = asks.id
        session.add(Redaction(**redaction, words="again", reason="A name."))
        session.commit()
    editor, keeper, analyst = (Visitor(app).sign_in(one) for one in ("ccg-84H", "administrator", "analyst"))
    editor.post_form("/cases/views/new/?flt_status_is=open", {"name": STORED})
    sheet = io.BytesIO(csv_of([{"overview": STORED, "partnership_name": STORED, "theme_1": STORED}]))
    editor.post_form("/imports/cases/", {"cases": (sheet, f"{STORED}.csv")})  # type: ignore[dict-item]
    token = editor.form_on("/cases/new/").fields["csrf_token"]
    draft = {"overview": STORED, "local_identifier": STORED, "form_token": uuid4().hex, "csrf_token": token}
    editor.post("/cases/keep/?form=new", draft)
    add = keeper.form_on(ADD)
    begins = {"first_day-day": "1", "first_day-month": "4", "first_day-year": "2022"}
    keeper.post_form(ADD, begins | {"name": STORED, "code": "9Z9", "part_of": add.options["part_of"][1]})
    analyst.post_form("/extracts/draw/", {"quarter": "2021-22-Q3", "reason": STORED})
    with unguarded(app) as session:
        shut_out = session.query(Person).filter_by(subject="no-access").one()
        shut_out.is_active = False
        session.commit()
        return [
            "/cases/?flt_status_is=open",
            "/cases/?flt_withdrawn_is=yes",
            f"/people/details/?id={shut_out.id}",
            f"/people/details/?id={asker}",
            *(f"/cases/details/?id={one.id}" for one in (case, closed, withdrawn)),
        ]


def poison(app: Flask) -> int:
    """Adds the script to every text of every row that takes it. How many columns did."""
    poisoned = 0
    with unguarded(app) as session:
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                if _is_of_people(table, column):
                    poisoned += _add_to(session, table, column)
        session.commit()
    return poisoned


def _is_of_people(table: Table, column: Column) -> bool:
    keyed = column.primary_key or column.foreign_keys or column.unique or column.name in MADE
    together = any(column.name in one.columns for one in table.constraints if isinstance(one, UniqueConstraint))
    return isinstance(column.type, String) and not isinstance(column.type, Enum) and not keyed and not together


def _add_to(session: Session, table: Table, column: Column) -> int:
    point = session.begin_nested()
    try:
        session.execute(update(table).where(column.is_not(None)).values({column.name: column + STORED}))
        point.commit()
    except DBAPIError:  # a rule or a trigger keeps it as it is
        point.rollback()
        return 0
    return 1
