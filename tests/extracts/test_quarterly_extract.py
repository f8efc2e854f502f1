"""The extract of a quarter: the same bytes whatever happens afterwards, kept as it was drawn, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import frictionless
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from app import database
from app.access import clock
from app.access.row_scope import OutsideScope, every_organisation
from app.extracts import keeping, quarterly_extract
from app.extracts.differences import differences
from app.extracts.quarterly_extract import CannotDraw
from models import (
    CaseReview,
    Extract,
    ExtractPart,
    Membership,
    Organisation,
    OrganisationName,
    QueryAnswer,
    Succession,
    Theme,
    db,
)
from models.base import utc_now
from models.enumerations import Query
from tests.databases import new_app, unguarded
from tests.histories import IN_Q1, Q1, History, bytes_of, draw, history, person, sign_off, unpacked

FILES = ("cases.csv", "control-totals.csv", "data-quality.csv")
AFTER = datetime(2021, 8, 2, 12, tzinfo=UTC)
PAGE = {"publication": "embargoed", "report_signed_off_on": date(2021, 4, 2)}
TEXTS = (
    '=HYPERLINK("https://example.org","a")',
    'One,\ntwo "three"\n\nfour',
    "  Ω é 🙂 ½ ’ \t",
    "-1+1",
)


def busy_quarter(past: History) -> list[CaseReview]:
    """Cases of three CCGs, open, closed and withdrawn, with texts that files must carry as they are."""
    cases = [past.add("84H", IN_Q1 + timedelta(days=day), overview=words) for day, words in enumerate(TEXTS)]
    cases.append(past.add("16C", IN_Q1, steis_number="2021/77"))
    cases.append(past.add("93C", IN_Q1, theme_1_id=past.id_of(Theme, "other")))
    past.change(cases[1], IN_Q1 + timedelta(days=9), status="closed", date_closed=date(2021, 5, 19), **PAGE)
    past.change(cases[2], IN_Q1 + timedelta(days=9), withdrawn_at=IN_Q1 + timedelta(days=9), withdrawn_reason="Twice")
    past.session.add(
        QueryAnswer(
            ccg_id=cases[5].ccg_id,
            case_id=cases[5].id,
            query=Query.THEME_OTHER,
            note="No other theme fits",
            answered_at=IN_Q1 + timedelta(days=20),
            answered_by_id=person_id(past),
        )
    )
    return cases


def person_id(past: History):
    return past.session.scalar(text("SELECT id FROM person WHERE subject = 'ccg-93C'").columns(id=CaseReview.id.type))


def turn_everything_over(past: History, cases: list[CaseReview]) -> None:
    """What may happen after a quarter: cases change, are withdrawn, brought back, closed; CCGs merge; lists change."""
    past.change(cases[0], AFTER, overview="Rewritten", status="closed", date_closed=date(2021, 7, 30), **PAGE)
    past.change(cases[1], AFTER, status="open", date_closed=None, publication="not_decided")
    past.change(cases[2], AFTER, withdrawn_at=None, withdrawn_reason=None)
    past.change(cases[3], AFTER, withdrawn_at=AFTER, withdrawn_reason="An error")
    past.add("84H", AFTER, incident_date=date(2021, 3, 1))
    theme = past.session.scalars(select(Theme).filter_by(code="neglect")).one()
    past.change(theme, AFTER, label="Neglect, in new words")
    ccgs = {one.code: one for one in past.session.scalars(select(Organisation).filter_by(kind="ccg"))}
    for code in ("84H", "16C"):
        past.change(ccgs[code], AFTER, closed_on=date(2021, 6, 1))
    # It was effective within the quarter and became known after it.
    past.session.add(
        Succession(predecessor_id=ccgs["16C"].id, successor_id=ccgs["84H"].id, effective_on=date(2021, 6, 2))
    )
    for name in past.session.scalars(select(OrganisationName).filter_by(organisation_id=ccgs["84H"].id, valid_to=None)):
        past.change(name, AFTER, name="NHS Somewhere Else CCG")
    for part in past.session.scalars(select(Membership).filter_by(child_id=ccgs["93C"].id, valid_to=None)):
        past.change(part, AFTER, valid_to=date(2021, 5, 1))
    past.session.flush()


def test_what_happens_afterwards_changes_no_byte(fresh_either_app: Flask) -> None:
    with history(fresh_either_app) as past:
        ids = [case.id for case in busy_quarter(past)]
    first = draw(fresh_either_app)
    with fresh_either_app.app_context(), every_organisation("test") as session:
        later = History(session, lambda moment: session.flush())
        turn_everything_over(later, [session.get(CaseReview, one) for one in ids])
        session.commit()
    second = draw(fresh_either_app, reason="To see whether it is the same")
    assert (first.number, second.number) == (1, 2)
    assert first.rows == second.rows == 5
    for name in FILES:
        assert bytes_of(fresh_either_app, first, name) == bytes_of(fresh_either_app, second, name), name
    assert first.cases_sha256 == second.cases_sha256
    assert b"Neglect and acts of omission" in bytes_of(fresh_either_app, second, "cases.csv")
    third = draw(fresh_either_app, "2021-22-Q2")
    assert bytes_of(fresh_either_app, third, "cases.csv") == bytes_of(fresh_either_app, second, "cases.csv")


def test_the_other_database_gives_the_same_bytes(sqlite_databases, postgresql_databases) -> None:
    found = []
    for databases in (sqlite_databases, postgresql_databases):
        with databases.fresh() as database:
            app = new_app(database)
            with history(app) as past:
                turn_everything_over(past, busy_quarter(past))
            extracts = [draw(app, name) for name in ("2021-22-Q1", "2021-22-Q2")]
            found.append([bytes_of(app, extract, name) for extract in extracts for name in FILES])
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
    assert found[0] == found[1]
    assert found[0][0] != found[0][3]


def test_text_comes_out_as_it_was_entered(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        busy_quarter(past)
    cases = bytes_of(fresh_app, draw(fresh_app), "cases.csv")
    rows = list(csv.DictReader(io.StringIO(cases.decode("utf-8"), newline="")))
    assert {row["Brief overview"] for row in rows} >= {TEXTS[0], TEXTS[1], TEXTS[3]}
    assert cases.count(b"\r\n") >= len(rows) + 1
    assert [row["Reference"] for row in rows] == sorted(row["Reference"] for row in rows)
    assert rows[0]["Last changed at"].endswith("Z")
    assert {len(row["Last changed at"]) for row in rows} == {len("2021-05-10T09:30:00.000Z")}


def test_the_quarter_ends_at_midnight_in_england(fresh_either_app: Flask) -> None:
    with history(fresh_either_app) as past:
        past.add("84H", Q1.ends - timedelta(milliseconds=1), local_identifier="IN", date_added=date(2021, 6, 30))
        past.add("84H", Q1.ends, local_identifier="OUT", date_added=date(2021, 7, 1))
    assert draw(fresh_either_app).rows == 1
    assert draw(fresh_either_app, reason="later", cut_off=Q1.ends + timedelta(milliseconds=1)).rows == 2


@pytest.mark.parametrize(
    ("quarter", "last", "first_after"),
    [
        ("2020-21-Q2", datetime(2020, 9, 30, 22, 59, 59, 999000, UTC), datetime(2020, 9, 30, 23, tzinfo=UTC)),
        # At the turn of the year England keeps UTC.
        ("2020-21-Q3", datetime(2020, 12, 31, 23, 59, 59, 999000, UTC), datetime(2021, 1, 1, tzinfo=UTC)),
        ("2020-21-Q4", datetime(2021, 3, 31, 22, 59, 59, 999000, UTC), datetime(2021, 3, 31, 23, tzinfo=UTC)),
    ],
)
def test_other_quarters_end_at_midnight_in_england_too(
    fresh_app: Flask, quarter: str, last: datetime, first_after: datetime
) -> None:
    with history(fresh_app) as past:
        past.add("84H", last, incident_date=date(2020, 1, 1))
        past.add("84H", first_after, incident_date=date(2020, 1, 1))
    assert draw(fresh_app, quarter).rows == 1


def test_the_hour_that_comes_twice_has_two_cut_offs(fresh_app: Flask) -> None:
    """On 31 October 2021 the clocks showed 1:30am at 00:30 and at 01:30 UTC."""
    first, second = (datetime(2021, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1))
    with history(fresh_app) as past:
        for moment in (first, second):
            past.add("84H", moment - timedelta(minutes=1))
    assert draw(fresh_app, "2021-22-Q3", cut_off=first).rows == 1
    assert draw(fresh_app, "2021-22-Q3", cut_off=second, reason="An hour later").rows == 2


def test_a_package_is_whole_and_says_what_is_in_it(fresh_app: Flask, tmp_path: Path) -> None:
    with history(fresh_app) as past:
        busy_quarter(past)
    draw(fresh_app)
    folder = unpacked(fresh_app, draw(fresh_app, reason="Once more"), tmp_path)
    assert {file.name for file in folder.iterdir()} == {*FILES, "datapackage.json", "README.txt", "SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    package = frictionless.Package(str(folder / "datapackage.json"))
    fields = package.get_resource("cases").schema.fields
    assert len(fields) == 32
    assert all(field.description and field.title for field in fields)
    assert "Once more" in (folder / "README.txt").read_text()


def test_a_wrong_byte_is_not_valid(fresh_app: Flask, tmp_path: Path) -> None:
    """The checks above can fail."""
    folder = unpacked(fresh_app, draw(fresh_app), tmp_path)
    cases = folder / "cases.csv"
    cases.write_bytes(cases.read_bytes().replace(b"Reference", b"Referenca"))
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True).returncode
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


@pytest.mark.parametrize(
    ("quarter", "more", "why"),
    [
        ("2090-91-Q1", {}, "2090-91-Q1 has not ended yet"),
        ("2021-22-Q1", {"cut_off": Q1.begins - timedelta(seconds=1)}, "The cut-off is before 2021-22-Q1 begins"),
        ("2021-22-Q1", {"cut_off": datetime(2090, 1, 1, tzinfo=UTC)}, "at least five minutes past"),
    ],
)
def test_too_early_is_refused_with_a_sentence(app: Flask, quarter: str, more: dict, why: str) -> None:
    with pytest.raises(CannotDraw, match=why):
        draw(app, quarter, **more)


def test_four_minutes_ago_is_too_early_and_six_are_not(fresh_app: Flask) -> None:
    with pytest.raises(CannotDraw, match="five minutes"):
        draw(fresh_app, cut_off=clock.now() - timedelta(minutes=4))
    assert draw(fresh_app, cut_off=clock.now() - timedelta(minutes=6)).number == 1


def test_again_needs_a_reason(fresh_app: Flask) -> None:
    draw(fresh_app)
    with pytest.raises(CannotDraw, match="Enter why it is drawn again"):
        draw(fresh_app, reason="  ")
    with unguarded(fresh_app) as session:
        assert session.scalar(select(func.count()).select_from(Extract)) == 1


def test_one_press_of_the_button_draws_once(fresh_either_app: Flask) -> None:
    draws: list[Extract] = []
    threads = [
        threading.Thread(target=lambda: draws.append(draw(fresh_either_app, reason="twice", form_token="x" * 20)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.id for one in draws}) == 1
    assert len(draws) == 3
    assert draw(fresh_either_app, reason="another").number == 2


def test_a_second_press_needs_no_reason_that_the_first_needed_not(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins before the first has ended, and ends after it."""
    drawn: list[Extract] = []
    real = quarterly_extract._write_cases

    def overtaken(*args):
        monkeypatch.setattr(quarterly_extract, "_write_cases", real)
        drawn.append(draw(fresh_app, form_token="x" * 20))
        return real(*args)

    monkeypatch.setattr(quarterly_extract, "_write_cases", overtaken)
    assert draw(fresh_app, form_token="x" * 20).id == drawn[0].id


def test_of_two_who_sign_off_at_once_the_second_is_told(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = draw(fresh_either_app)
    real = keeping.note

    def overtaken(*args, **more):
        monkeypatch.setattr(keeping, "note", real)
        sign_off(fresh_either_app, extract, "england")
        return real(*args, **more)

    monkeypatch.setattr(keeping, "note", overtaken)
    with pytest.raises(keeping.CannotSignOff, match="already"):
        sign_off(fresh_either_app, extract)


def test_a_late_cut_off_has_the_answers_of_the_quarter(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        busy_quarter(past)
    late = draw(fresh_app, cut_off=Q1.ends + timedelta(days=8))
    assert b"No other theme fits" in bytes_of(fresh_app, late, "data-quality.csv")
    assert b"No other theme fits" not in bytes_of(fresh_app, draw(fresh_app, "2021-22-Q2"), "data-quality.csv")


def test_an_opening_that_ends_later_is_not_said_to_be_unsigned(fresh_app: Flask) -> None:
    sign_off(fresh_app, draw(fresh_app, cut_off=Q1.ends + timedelta(days=8)))
    early = draw(fresh_app, "2021-22-Q2", cut_off=Q1.ends + timedelta(days=1))
    words = bytes_of(fresh_app, early, "README.txt").decode()
    assert "whose signed-off extract ends later than this one" in words
    assert "no extract was signed off" not in words


@pytest.mark.postgresql
def test_a_transaction_that_was_open_across_the_cut_off_is_waited_for(
    sqlite_databases, postgresql_databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save that began before the cut-off and ends after it: there is no extract without it."""
    monkeypatch.setattr(database, "WAITS_FOR_WRITERS", "300ms")
    monkeypatch.setattr(quarterly_extract, "AT_LEAST", timedelta(0))
    monkeypatch.setattr(clock, "now", utc_now)
    with postgresql_databases.fresh() as at:
        app = new_app(at)
        with app.app_context(), every_organisation("a slow save") as session:
            past = History(session, lambda moment: session.flush())
            past.add("84H", IN_Q1)
            session.flush()
            cut_off = datetime.now(UTC)
            with pytest.raises(CannotDraw, match="Somebody is saving"):
                draw(app, cut_off=cut_off)
            session.commit()
        extract = draw(app, cut_off=cut_off)
        assert (extract.rows, extract.number) == (1, 1)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_savers_do_not_wait_while_an_extract_is_drawn(fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with history(fresh_either_app) as past:
        busy_quarter(past)
    reading, saved = threading.Event(), threading.Event()
    real = quarterly_extract._write_cases

    def slowly(*args):
        reading.set()
        assert saved.wait(10), "The save waited for the extract."
        return real(*args)

    monkeypatch.setattr(quarterly_extract, "_write_cases", slowly)
    drawn: list[Extract] = []
    thread = threading.Thread(target=lambda: drawn.append(draw(fresh_either_app)))
    thread.start()
    assert reading.wait(10)
    with fresh_either_app.app_context(), every_organisation("a save") as session:
        History(session, lambda moment: session.flush()).add("84H", IN_Q1)
        session.commit()
    saved.set()
    thread.join()
    assert drawn[0].rows == 5


KILLED = """
import os, signal
from wsgi import app
from app.extracts import keeping, quarterly_extract
from app.rules.quarters import quarter_named
from models import Person, db
from sqlalchemy import select

keeping.PART = 1000
real = keeping.ExtractPart
def part(**values):
    if values["position"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(**values)
keeping.ExtractPart = part
with app.app_context():
    by = db.session.scalars(select(Person).where(Person.subject == "analyst")).one()
    quarterly_extract.draw(quarter_named("2021-22-Q1"), by=by)
"""


def test_a_process_that_is_killed_leaves_nothing_and_drawing_again_works(
    sqlite_databases, postgresql_databases, tmp_path: Path
) -> None:
    for databases in (sqlite_databases, postgresql_databases):
        with databases.fresh() as at:
            app = new_app(at)
            with history(app) as past:
                busy_quarter(past)
            environment = os.environ | at.settings | {"TMPDIR": str(tmp_path)}
            killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True)
            assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
            assert [file.name for file in tmp_path.iterdir()] == []
            with unguarded(app) as session:
                for model in (Extract, ExtractPart):
                    assert session.scalar(select(func.count()).select_from(model)) == 0
            assert draw(app).number == 1
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


def test_what_was_drawn_is_kept_and_nothing_changes_it(fresh_either_app: Flask) -> None:
    extract = draw(fresh_either_app)
    sign_off(fresh_either_app, extract)
    for statement in (
        "UPDATE extract SET reason = 'x'",
        "DELETE FROM extract_sign_off",
        "UPDATE extract_part SET position = 1",
        "DELETE FROM extract_part",
        "DELETE FROM extract",
    ):
        with unguarded(fresh_either_app) as session, pytest.raises(DatabaseError, match="never changed"):
            session.execute(text(statement))


def test_bytes_that_are_others_are_not_sent(fresh_app: Flask) -> None:
    extract = draw(fresh_app)
    with unguarded(fresh_app) as session:
        session.execute(text("DROP TRIGGER extract_part_never_changes"))
        session.execute(text("UPDATE extract_part SET content = substr(content, 2)"))
        session.commit()
    with fresh_app.app_context(), every_organisation("test") as session, pytest.raises(keeping.Damaged):
        keeping.verified(session, extract)


@pytest.mark.postgresql
def test_only_who_reads_all_of_england_reads_the_bytes(fresh_either_app: Flask, sign_in_as) -> None:
    extract = draw(fresh_either_app)
    with fresh_either_app.app_context():
        if fresh_either_app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
            assert db.session.scalars(select(ExtractPart)).all() == []
        with pytest.raises(OutsideScope):
            keeping.bytes_of(db.session(), extract)


def test_nobody_signs_off_what_they_drew(fresh_either_app: Flask) -> None:
    extract = draw(fresh_either_app)
    with pytest.raises(keeping.CannotSignOff, match="Somebody else"):
        sign_off(fresh_either_app, extract, "analyst")
    with unguarded(fresh_either_app) as session, pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO extract_sign_off (extract_id, drawn_by_id, signed_off_by_id, signed_off_at)"
                " SELECT id, drawn_by_id, drawn_by_id, drawn_at FROM extract"
            )
        )
    sign_off(fresh_either_app, extract)
    with pytest.raises(keeping.CannotSignOff, match="already"):
        sign_off(fresh_either_app, extract)


def test_nothing_is_dated_back_once_an_extract_was_drawn(fresh_either_app: Flask) -> None:
    draw(fresh_either_app)
    with history(fresh_either_app) as past:
        past.add("84H", IN_Q1)
    assert draw(fresh_either_app, reason="Is the case in it?").rows == 0
    with unguarded(fresh_either_app) as session, pytest.raises(DatabaseError, match="dated back"):
        session.execute(text("UPDATE setting SET value = '2020-01-01' WHERE name = 'history_known_from'"))


def test_what_differs_is_said_row_by_row(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        first, second = past.add("84H", IN_Q1), past.add("84H", IN_Q1)
        past.change(first, Q1.ends + timedelta(hours=1), overview="Rewritten")
        past.change(second, Q1.ends + timedelta(hours=1), withdrawn_at=AFTER, withdrawn_reason="An error")
        third = past.add("84H", Q1.ends + timedelta(hours=1))
        references = (first.reference, second.reference, third.reference)
    one = draw(fresh_app)
    two = draw(fresh_app, reason="Late changes", cut_off=Q1.ends + timedelta(hours=2))
    with (
        fresh_app.app_context(),
        every_organisation("test") as session,
        keeping.verified(session, one) as before,
        keeping.verified(session, two) as after,
    ):
        found = {each.reference: each for each in differences(before, after)}
    assert [found[reference].what for reference in references] == ["Changed", "No longer in the extract", "Added"]
    changes = {heading: (before, after) for heading, before, after in found[references[0]].changes}
    assert changes["Brief overview"] == ("An invented case, number 0.", "Rewritten")
    assert set(changes) == {"Brief overview", "Version", "Last changed at"}


def test_the_command_writes_an_unsigned_package(fresh_app: Flask, tmp_path: Path) -> None:
    with history(fresh_app) as past:
        busy_quarter(past)
    run = fresh_app.test_cli_runner().invoke
    done = run(args=["extract", "2021-22-Q1", "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [file.name for file in tmp_path.iterdir()] == ["S-CRT_2021-22-Q1_v1_UNSIGNED.zip"]
    assert run(args=["extract", "2021-22-Q1"]).exit_code == 0
    for args, why in (
        (["2021-22-Q7"], "A quarter is named like"),
        (["2021-22-Q1", "--as", "priya.raghunathan@example.nhs.uk"], "Nobody with the address"),
        (["2021-22-Q1", "--as-at", "yesterday"], "A moment is written like"),
        (["2021-22-Q1", "--as-at", "9999-12-31T23:59-12:00"], "A moment is written like"),
        (["2090-91-Q1"], "has not ended yet"),
    ):
        refused = run(args=["extract", *args])
        assert (refused.exit_code, why in refused.output) == (1, True), refused.output
    assert person(fresh_app, "analyst").name in draw_by(fresh_app)


def draw_by(app: Flask) -> list[str]:
    with app.app_context():
        return [one.drawn_by.name for one in db.session.scalars(select(Extract))]
