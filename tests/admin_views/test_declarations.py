"""Adding a data item is one declaration and one migration: declared here on the model, it is everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.databases import SQLiteDatabases

ROOT = Path(__file__).resolve().parents[2]

# Runs in a process of its own: a declaration on a model cannot be taken back.
WITH_THREE_MORE_ITEMS = """
import csv, io, sys
from datetime import date

from sqlalchemy import Date, String, text

from models import CaseReview, Section, db
from models.declarations import GUIDANCE, Item, item
from models.enumerations import MediaInterest
from models.people import stored

def about(label, **more):
    return Item(label=label, definition=f"Meaning of {label}.", source=GUIDANCE, section=Section.PROGRESS,
                in_list=True, sortable=True, filterable=True, **more)

# The declarations.
CaseReview.words_of_panel = item(String(40), default="", about=about("Words of panel"))
CaseReview.panel_met_on = item(Date, nullable=True, about=about("Panel met on", hint="Leave empty until it has."))
CaseReview.press_notice = item(stored(MediaInterest, "press_notice_is_known"), nullable=True,
                               about=about("Press notice", required=True))

from tests.conftest import add_case
from tests.databases import Database, new_app, unguarded
from tests.visitor import Form, Visitor

app = new_app(Database(sys.argv[1], "", sys.argv[1]))
with unguarded(app) as session:  # the migration
    for statement in ("words_of_panel VARCHAR(40) NOT NULL DEFAULT ''", "panel_met_on DATE",
                      "press_notice VARCHAR(40)"):
        session.execute(text(f"ALTER TABLE case_review ADD COLUMN {statement}"))
    session.commit()

case = add_case(app, "84H", reference="SCR-33333333", press_notice="local")
add_case(app, "84H", reference="SCR-44444444", words_of_panel="Polish", press_notice="local")
visitor = Visitor(app).sign_in("ccg-84H")

# The form asks, checks and saves.
address = f"/cases/edit/?id={case.id}"
form = visitor.form_on(address)
assert {"words_of_panel", "panel_met_on-day", "press_notice"} <= form.names, form.names
refused = visitor.post(address, form.fields | {"words_of_panel": "x" * 41, "panel_met_on-day": "31",
                                               "panel_met_on-month": "2", "panel_met_on-year": "2022"})
for sentence in ("Words of panel must be 40 characters or fewer", "Panel met on must be a real date"):
    assert sentence in refused.text, sentence
fields = form.fields | {"words_of_panel": "Romanian", "panel_met_on-day": "1", "panel_met_on-month": "2",
                        "panel_met_on-year": "2022", "press_notice": "national"}
assert visitor.post(address, fields).status_code == 302
new = visitor.form_on("/cases/new/")
missing = visitor.post("/cases/new/", new.fields)
assert "Select press notice" in missing.text

# The list shows, sorts and filters.
page = visitor.get("/cases/").text
for label in ("Words of panel", "Panel met on", "Press notice"):
    assert label in page, label
assert "Romanian" in page and "1 Feb 2022" in page
for query, found in {"flt_words_of_panel_is=romanian": True, "flt_panel_met_on_from=1/2/2022": True,
                     "flt_panel_met_on_from=2/2/2022": False, "flt_press_notice_is=national": True}.items():
    rows = visitor.get(f"/cases/?{query}").text.partition("<tbody")[2]
    assert ("SCR-33333333" in rows) is found and "SCR-44444444" not in rows, query

# Details, files and the data dictionary.
details = visitor.get(f"/cases/details/?id={case.id}").text
assert "Words of panel" in details and "Romanian" in details and "National" in details
file = visitor.get("/cases/export/csv/?flt_press_notice_is=national").text
rows = list(csv.DictReader(io.StringIO(file, newline="")))
assert [row["Words of panel"] for row in rows] == ["Romanian"]
assert [row["Panel met on"] for row in rows] == ["2022-02-01"]
assert list(rows[0])[-7:] == ["Current CCG code", "Words of panel", "Panel met on", "Press notice", "Version",
                              "Last changed at", "Comments"]
dictionary = visitor.get("/data-dictionary/").text
assert "Meaning of Words of panel." in dictionary
assert "Press notice,Press notice" in visitor.get("/data-dictionary/csv/").text
print("found everywhere")
"""


def test_an_item_declared_on_the_model_is_everywhere(sqlite_databases: SQLiteDatabases) -> None:
    with sqlite_databases.fresh() as database:
        run = subprocess.run(
            [sys.executable, "-c", WITH_THREE_MORE_ITEMS, database.url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert run.stdout == "found everywhere\n", run.stdout + run.stderr
