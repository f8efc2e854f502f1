"""Every path that writes leaves a version of what it wrote. The paths are found by reading the code.

A function that writes is claimed here: by something that runs it, or by saying that what it writes has no history.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from app.access.organisations import read_organisations
from app.access.row_scope import every_organisation
from app.organisations import reorganising
from app.people import keeping
from app.redaction.carrying_out import approve
from app.redaction.requests import ask
from app.rules.reorganisation import Change, What
from app.sign_in.claims import person_from
from models import CaseReview, Person, Theme, db, version_of, versioned_models
from models.enumerations import ReorganisationSource, Role
from seeds import demo_cases
from seeds.demo_people import seed_demo_people
from seeds.generated_cases import generated_cases, store_cases
from seeds.reference import seed_reference
from tests.case_imports.files import Importer, csv_of
from tests.conftest import NOW, TODAY, add_case
from tests.databases import unguarded
from tests.histories import person
from tests.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("app", "admin_views", "models", "seeds")
METHODS = {"add", "add_all", "delete", "merge", "bulk_save_objects"}
STATEMENTS = {"insert", "update", "delete", "add_rows"}
Place = tuple[str, str]

# What has no history of its own: events, seals, drafts, sessions, settings, views, and what is only ever added.
# Words that are struck out go from the history itself.
WITHOUT_HISTORY: set[Place] = {
    ("app/database.py", "strike_out"),
    ("app/access/audit.py", "write"),
    ("app/access/history.py", "dating_back"),
    ("app/access/audit_chain.py", "_seal"),
    # A file of cases and its lines, kept for a day. What is saved from it is written by app/cases/writing.py.
    *(("app/case_imports/working.py", name) for name in ("give", "throw_away", "check_lines", "_stage")),
    # Who works on what, and how far it is.
    ("app/access/long_work.py", "claim"),
    ("app/access/long_work.py", "still_mine"),
    ("app/access/long_work.py", "hand_back"),
    ("app/extracts/drawing.py", "ask"),
    ("app/cases/drafts.py", "_store"),
    ("app/cases/drafts.py", "discard"),
    ("app/cases/drafts.py", "erase_old"),
    ("app/cases/drafts.py", "_erase_files"),
    ("app/cases/writing.py", "use_token"),
    ("app/extracts/confirming.py", "answer"),
    ("app/extracts/confirming.py", "confirm"),
    ("app/extracts/keeping.py", "sign_off"),
    ("app/extracts/keeping.py", "note_receipt"),
    ("app/extracts/keeping.py", "store_parts"),
    ("app/extracts/quarterly_extract.py", "_store"),
    ("app/people/keeping.py", "add"),
    ("app/people/keeping.py", "decide"),
    ("app/access/turns.py", "take_turn_after"),
    ("app/redaction/requests.py", "ask"),
    ("app/sign_in/claims.py", "_find_or_make"),
    ("app/redaction/requests.py", "close"),
    ("app/sign_in/attempts.py", "begin"),
    ("app/sign_in/attempts.py", "take"),
    ("app/sign_in/single_sign_on.py", "back_channel_logout"),
    ("app/sign_in/sessions.py", "start"),
    ("app/sign_in/sessions.py", "clear_away"),
    ("admin_views/lists/saved_views.py", "delete_saved_view"),
    ("admin_views/lists/saved_views.py", "_store"),
    ("seeds/demo_cases.py", "seed_demo"),
    ("seeds/generated_cases.py", "first_seeded_day"),
}


def record_and_change(app: Flask) -> None:
    add_case(app, "84H")
    case = add_case(app, "84H")
    visitor = Visitor(app).sign_in("ccg-84H")
    visitor.post_form("/cases/new/", new_case(visitor))
    visitor.post_form(f"/cases/edit/?id={case.id}", {"overview": "Other words.", "local_identifier": "X1"})
    visitor.post_form(f"/cases/withdraw/?id={case.id}", {"reason": "Twice"})
    visitor.post_form(f"/cases/bring-back/?id={case.id}", {"reason": "Not twice"})


def new_case(visitor: Visitor) -> dict[str, str]:
    form = visitor.form_on("/cases/new/")
    return {
        "local_identifier": "NEW-1",
        "incident_date-day": "1",
        "incident_date-month": "8",
        "incident_date-year": "2021",
        "overview": "What happened.",
        "partnership_name": "Durham Safeguarding Adults Partnership",
        "partnership_kind": "safeguarding_adults_board",
        "review_type": next(one for one in form.options["review_type"] if one),
        "theme_1": next(one for one in form.options["theme_1"] if one),
    }


def change_a_list(app: Flask) -> None:
    with app.app_context():
        theme = db.session.scalars(select(Theme.id)).first()
    Visitor(app).sign_in("administrator").post_form(f"/theme-list/edit/?id={theme}", {"label": "In new words"})


def seed_the_demo(app: Flask) -> None:
    with pytest.MonkeyPatch.context() as patch, app.app_context(), every_organisation("test") as session:
        some = demo_cases.demo_cases(date(2022, 2, 1))[:6]
        patch.setattr(demo_cases, "demo_cases", lambda day: some)
        demo_cases.seed_demo_cases(session, date(2022, 2, 1))
        session.commit()


def generate(app: Flask) -> None:
    with app.app_context(), every_organisation("test") as session:
        list(store_cases(session, generated_cases(5, 1, TODAY)))


def seed_the_lists(app: Flask) -> None:
    with unguarded(app) as session:
        session.execute(text("DELETE FROM organisation_succession"))
        session.execute(text("DELETE FROM theme"))
        session.commit()
    with app.app_context(), every_organisation("test") as session:
        seed_reference(session)
        session.commit()


def seed_the_people(app: Flask) -> None:
    with unguarded(app) as session:
        session.execute(text("DELETE FROM grant_of_role"))
        session.execute(text("DELETE FROM person WHERE subject <> 'analyst'"))
        session.commit()
    with app.app_context(), every_organisation("test") as session:
        seed_demo_people(session)
        session.commit()


def strike_words_out(app: Flask) -> None:
    add_case(app, "84H", overview="Zebedee Quillfeather rang.")
    with app.app_context(), every_organisation("test") as session:
        case = session.scalars(select(CaseReview).where(CaseReview.overview.contains("Zebedee"))).one()
        by = person(app, "ccg-84H")
        redaction = ask(session, case, "Zebedee Quillfeather", "A name", by=by, at=case.created_at)
        session.commit()
        redaction_id = redaction.id
    with app.app_context():
        approve(redaction_id, by=person(app, "analyst"))


def give_and_end_access(app: Flask) -> None:
    with app.app_context(), every_organisation("test") as session:
        someone, by = (session.scalars(select(Person).where(Person.subject == one)).one() for one in PEOPLE)
        known = read_organisations(session, TODAY)
        place = next(one for one in known.case_holders() if one.code == "84H")
        doing: Any = {"by": by, "at": NOW, "today": TODAY, "known": known}
        grant = keeping.give(session, someone, Role.CCG_EDITOR, place, None, **doing)
        keeping.end(session, grant, **doing)
        session.commit()


def sign_in_with_claims(app: Flask) -> None:
    claims = {"iss": "https://login.example.nhs.uk", "sub": "mary"}
    with app.app_context(), every_organisation("test") as session:
        for roles in (["ccg_editor:84H"], []):
            person_from(session, claims | {"roles": roles}, at=NOW)
            session.commit()


def make_the_first_administrator(app: Flask) -> None:
    with unguarded(app) as session:
        session.execute(text("UPDATE person SET is_active = false WHERE subject LIKE '%administrator'"))
        session.commit()
    arguments = ["first-administrator", "https://login.example.nhs.uk", "first", "Ada First"]
    assert app.test_cli_runner().invoke(args=arguments).output == "Ada First is an administrator now.\n"
    assert "There is an administrator already" in app.test_cli_runner().invoke(args=arguments).output


def reorganise(app: Flask) -> None:
    with app.app_context(), every_organisation("test") as session:
        by = session.scalars(select(Person).where(Person.subject == "administrator")).one()
        day = date(2022, 4, 1)
        plan = [
            Change(What.KIND, "icb", "", name="ICB", plural="ICBs", parent_kind="region", other=("stp", "")),
            Change(What.ADDED, "ccg", "9Z9", day, "NHS New CCG", ("stp", "QHM")),
            Change(What.CLOSED, "ccg", "84H", date(2022, 3, 31)),
            Change(What.TAKEN_OVER, "ccg", "84H", day, other=("ccg", "9Z9")),
            Change(What.RENAMED, "ccg", "16C", day, "NHS Renamed CCG"),
        ]
        proposed = reorganising.propose(session, "A test", plan, source=ReorganisationSource.TASK, by=by, at=NOW)
        session.flush()
        reorganising.apply(session, proposed, plan, by=by, at=NOW, today=TODAY)
        session.commit()
        assert rows_without_their_version(app) == []
        reorganising.undo(session, proposed, by=by, at=NOW, today=TODAY)
        session.commit()


def keep_a_list(app: Flask) -> None:
    visitor = Visitor(app).sign_in("administrator")
    first = {"label": "A new theme", "code": "a_new_theme"}
    assert visitor.post_form("/theme-list/new/", first).status_code == 302


def import_cases(app: Flask) -> None:
    importer = Importer(app)
    importer.apply(importer.check(csv_of([{}])))


PEOPLE = ("no-access", "administrator")
EXERCISED: dict[Place, Callable[[Flask], None]] = {
    ("app/people/keeping.py", "give"): give_and_end_access,
    ("app/people/keeping.py", "make_first_administrator"): make_the_first_administrator,
    ("app/sign_in/claims.py", "_bring_in_line"): sign_in_with_claims,
    ("app/cases/writing.py", "record"): record_and_change,
    ("app/cases/writing.py", "_apply"): record_and_change,
    ("app/cases/writing.py", "_sign"): record_and_change,
    ("admin_views/code_lists/code_lists.py", "update_model"): change_a_list,
    ("app/database.py", "insert_rows"): import_cases,
    ("app/cases/writing.py", "record_rows"): import_cases,
    ("app/redaction/carrying_out.py", "_carry_out"): strike_words_out,
    ("app/redaction/carrying_out.py", "_strike_case"): strike_words_out,
    ("app/code_lists.py", "add"): keep_a_list,
    **{
        ("app/organisations/reorganising.py", name): reorganise
        for name in ("propose", "apply", "_write", "_write_parts", "_delete", "_rename")
    },
    ("seeds/demo_cases.py", "seed_demo_cases"): seed_the_demo,
    ("seeds/demo_people.py", "seed_demo_people"): seed_the_people,
    ("seeds/generated_cases.py", "store_cases"): generate,
    ("seeds/reference.py", "_add"): seed_the_lists,
}


def places_that_write() -> set[Place]:
    """Every function that adds, changes or deletes a row: by a session, by a statement, or item by item."""
    found: set[Place] = set()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                _find(ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix(), "", found)
    return found


def _find(node: ast.AST, path: str, name: str, found: set[Place]) -> None:
    for child in ast.iter_child_nodes(node):
        inner = child.name if isinstance(child, ast.FunctionDef) else name
        if isinstance(child, ast.Call) and _writes(child):
            found.add((path, inner))
        _find(child, path, inner, found)


def _writes(call: ast.Call) -> bool:
    called = call.func
    if isinstance(called, ast.Name):
        words = ("item.column", "row", "case, column")
        of_a_row = called.id == "setattr" and any(word in ast.unparse(call) for word in words)
        return called.id in STATEMENTS or of_a_row
    return isinstance(called, ast.Attribute) and called.attr in METHODS and "session" in ast.unparse(called.value)


def test_every_place_that_writes_is_claimed() -> None:
    found = places_that_write()
    assert ("app/cases/writing.py", "record") in found
    for path, name in sorted(found - EXERCISED.keys() - WITHOUT_HISTORY):
        raise AssertionError(
            f"{path} writes in {name}, and no test runs it. Add what runs it to EXERCISED in"
            " tests/models/test_write_paths.py, or to WITHOUT_HISTORY if what it writes has none."
        )
    assert {*EXERCISED, *WITHOUT_HISTORY} <= found


@pytest.mark.parametrize("exercise", sorted(set(EXERCISED.values()), key=str))
def test_a_path_leaves_a_version_of_each_row_that_it_wrote(
    fresh_either_app: Flask, exercise: Callable[[Flask], None]
) -> None:
    ran: set[Place] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        # Of every call, those inside libraries too: where each is, is asked once they are all known.
        if event == "call":
            ran.add((frame.f_code.co_filename, frame.f_code.co_name))

    before = numbers_of_versions(fresh_either_app)
    # To be told of every call is slow, and which functions run is the same on both databases.
    if "sqlite" in fresh_either_app.config["SQLALCHEMY_DATABASE_URI"]:
        sys.setprofile(note)
    try:
        exercise(fresh_either_app)
    finally:
        sys.setprofile(None)
    claimed = {(str(ROOT / path), name) for (path, name), run in EXERCISED.items() if run is exercise}
    assert not ran or claimed <= ran
    assert numbers_of_versions(fresh_either_app) > before
    assert rows_without_their_version(fresh_either_app) == []


def numbers_of_versions(app: Flask) -> int:
    with unguarded(app) as session:
        tables = [version_of(model) for model in versioned_models()]
        return sum(session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


def rows_without_their_version(app: Flask) -> list[str]:
    """Rows whose newest version is not as they are."""
    wrong = []
    with unguarded(app) as session:
        for model in versioned_models():
            version = version_of(model)
            names = [attribute.key for attribute in model.__mapper__.column_attrs if attribute.key in vars(version)]
            newest = {
                one.id: one
                for one in session.scalars(select(version).order_by(version.number))
                if one.change != "deleted"
            }
            for row in session.scalars(select(model)):
                same = row.id in newest and all(getattr(row, name) == getattr(newest[row.id], name) for name in names)
                if not same:
                    wrong.append(f"{model.__tablename__} {row.id}")
    return wrong


def test_a_bulk_statement_and_a_raw_one_leave_versions_that_blame_nobody(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    case = add_case(app, "84H")
    visitor = Visitor(app).sign_in("ccg-84H")
    visitor.post_form(f"/cases/edit/?id={case.id}", {"overview": "By a person."})
    with app.app_context(), every_organisation("test") as session:
        session.execute(update(CaseReview).where(CaseReview.id == case.id).values(overview="By many at once."))
        session.commit()
    with unguarded(app) as session:
        session.execute(text("UPDATE case_review SET overview = 'By hand.'"))
        session.commit()
        version = version_of(CaseReview)
        found = session.execute(
            select(version.overview, version.by_service, version.changed_by_id).order_by(version.number)
        ).all()
    assert [(words, by_service, who is None) for words, by_service, who in found][1:] == [
        ("By a person.", True, False),
        ("By many at once.", False, True),
        ("By hand.", False, True),
    ]
