"""Files of cases: what each line would do, saving once, two people at once, and nothing of it after a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.access import clock
from app.case_imports import applying, jobs, mending, working
from app.case_imports.headings import ITEMS
from app.case_imports.reading import MOST_LINES
from app.cases import drafts
from app.imports.texts import NotUsable
from models import AuditEvent, CaseImport, CaseReview, ImportPart, StagedCase, version_of
from models.enumerations import AuditAction, ImportState, LineOutcome
from tests.case_imports.files import ROW, Importer, csv_of
from tests.conftest import NOW, add_case
from tests.databases import unguarded

NEW, CHANGED, THERE, WRONG = LineOutcome.NEW, LineOutcome.CHANGED, LineOutcome.THERE, LineOutcome.WRONG
FIVE = [{"local_identifier": f"L-{number}", "overview": f"Case {number}."} for number in range(5)]


@pytest.fixture
def durham(either_app: Flask) -> Importer:
    return Importer(either_app)


def cases(app: Flask) -> dict[str, CaseReview]:
    with unguarded(app) as session:
        found = session.scalars(select(CaseReview)).all()
        session.expunge_all()
        return {case.local_identifier or case.reference: case for case in found}


def test_good_lines_are_saved_and_the_same_file_again_adds_nothing(durham: Importer) -> None:
    one = durham.check(csv_of([*FIVE, {"local_identifier": "L-9", "overview": ""}]))
    assert one.state is ImportState.CHECKED
    assert durham.outcomes(one) == [NEW] * 5 + [WRONG]
    assert cases(durham.app) == {}
    one = durham.apply(one)
    assert (one.state, one.added, one.changed) == (ImportState.APPLIED, 5, 0)
    found = cases(durham.app)
    assert {case.overview for case in found.values()} == {f"Case {number}." for number in range(5)}
    case = found["L-0"]
    assert (case.date_added, case.incident_date) == (date(2022, 2, 1), date(2021, 3, 1))
    assert (case.change_reason, case.version, case.latest_update_on) == ("Imported from a file", 1, clock.today())
    with unguarded(durham.app) as session:
        mine = select(AuditEvent.action).where(AuditEvent.about_id.in_([one.id, *(case.id for case in found.values())]))
        events = session.scalars(mine).all()
        assert events.count(AuditAction.CASE_ADDED) == 5
        assert events.count(AuditAction.CASES_IMPORTED) == 1
        versions = session.scalars(
            select(version_of(CaseReview)).where(version_of(CaseReview).id.in_([case.id for case in found.values()]))
        ).all()
        assert len(versions) == 5 and all(one.by_service and one.changed_by_id for one in versions)
    again = durham.check(csv_of([*FIVE, {"local_identifier": "L-9", "overview": ""}]))
    assert durham.outcomes(again) == [THERE] * 5 + [WRONG]
    assert durham.apply(again).added == 0 and len(cases(durham.app)) == 5
    # A second press saves nothing more.
    assert durham.apply(one).added == 5 and len(cases(durham.app)) == 5


def test_a_line_about_a_case_changes_what_it_says_and_nothing_else(durham: Importer) -> None:
    add_case(durham.app, "84H", local_identifier="L-1", overview="Old.", lessons="Kept.", comments="Kept too.")
    one = durham.check(csv_of([{"overview": "New.", "lessons": ""}], leaving_out=["comments"]))
    line = durham.lines(one)[0]
    assert line.outcome is CHANGED
    assert ["Brief overview", "Old.", "New."] in [list(each) for each in line.differences]
    durham.apply(one)
    case = cases(durham.app)["L-1"]
    assert (case.overview, case.lessons, case.comments, case.version) == ("New.", "Kept.", "Kept too.", 2)


def test_a_case_of_a_predecessor_is_found(durham: Importer) -> None:
    then, before = date(2019, 6, 1), date(2019, 1, 1)
    add_case(durham.app, "00D", local_identifier="L-1", date_added=then, incident_date=before, latest_update_on=then)
    line = durham.lines(durham.check(csv_of([{"date_added": "1/6/2019", "incident_date": "1/1/2019"}])))[0]
    assert line.outcome is CHANGED and line.case_id is not None


def test_a_case_of_another_ccg_is_neither_found_nor_told(durham: Importer) -> None:
    add_case(durham.app, "93C", local_identifier="L-1", steis_number="2022/1", overview="Quillarby.")
    line = durham.lines(durham.check(csv_of([{"steis_number": "2022/1"}])))[0]
    assert (line.outcome, line.problems, line.case_id, line.differences) == (NEW, {}, None, [])


def test_a_withdrawn_case_does_not_count(durham: Importer) -> None:
    add_case(durham.app, "84H", local_identifier="L-1", withdrawn_at=NOW, withdrawn_reason="Twice.")
    assert durham.outcomes(durham.check(csv_of([{}]))) == [NEW]


def test_numbers_of_two_cases_and_numbers_twice_are_to_be_mended(durham: Importer) -> None:
    add_case(durham.app, "84H", local_identifier="L-1")
    add_case(durham.app, "84H", local_identifier="L-2", steis_number="2022/1", review_type="sar_mandatory")
    lines = durham.lines(
        durham.check(csv_of([{"steis_number": "2022/1"}, {"local_identifier": "A"}, {"local_identifier": "A"}]))
    )
    assert [line.outcome for line in lines] == [WRONG, NEW, WRONG]
    assert lines[0].problems == {
        "local_identifier": ["The StEIS number and the local identifier are those of two different cases"]
    }
    assert lines[2].problems == {"local_identifier": [f"Line {lines[1].number} of this file has the same number"]}


def test_a_closed_case_is_not_opened_by_a_file(durham: Importer) -> None:
    closed: dict[str, Any] = {
        "status": "closed", "date_closed": date(2022, 1, 20), "report_signed_off_on": date(2021, 12, 1),
        "publication": "embargoed",
    }  # fmt: skip
    add_case(durham.app, "84H", local_identifier="L-1", **closed)
    line = durham.lines(durham.check(csv_of([{}])))[0]
    assert line.outcome is WRONG
    assert line.problems["status"] == ["This case is closed. Open it again on its page first: it needs a reason"]


def test_what_others_did_meanwhile_is_not_overwritten(durham: Importer) -> None:
    case = add_case(durham.app, "84H", local_identifier="L-1", overview="Old.")
    one = durham.check(csv_of([{"overview": "New."}, {"local_identifier": "L-2"}, {"local_identifier": "L-3"}]))
    add_case(durham.app, "84H", local_identifier="L-2", overview="Somebody else's.")
    with unguarded(durham.app) as session:
        session.execute(
            update(CaseReview)
            .where(CaseReview.id == case.id)
            .values(overview="Theirs.", version=CaseReview.version + 1)
        )
        session.commit()
    one = durham.apply(one)
    assert (one.state, one.added, one.changed) == (ImportState.APPLIED, 1, 0)
    assert durham.outcomes(one) == [WRONG, WRONG, NEW]
    found = cases(durham.app)
    assert (found["L-1"].overview, found["L-2"].overview) == ("Theirs.", "Somebody else's.")


def test_a_file_is_its_persons_alone(durham: Importer) -> None:
    one = durham.check(csv_of(FIVE))
    for account in ("two-ccgs", "ccg-93C"):
        other = Importer(durham.app, account)
        with other.session() as session:
            assert working.find(session, one.id, by=other.access.person_id) is None
    stranger = Importer(durham.app, "ccg-93C")
    with stranger.session() as session:
        for model in (CaseImport, StagedCase):
            assert session.scalar(select(func.count()).select_from(model)) == 0


def test_nothing_of_a_file_is_left_after_a_day(durham: Importer) -> None:
    durham.check(csv_of(FIVE))
    with durham.app.app_context():
        drafts.erase_old(NOW + timedelta(hours=23))
    assert left(durham.app) == (1, 0, 5)
    with durham.app.app_context():
        drafts.erase_old(NOW + timedelta(hours=24))
    assert left(durham.app) == (0, 0, 0)


def left(app: Flask) -> tuple[int, ...]:
    with unguarded(app) as session:
        return tuple(
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (CaseImport, ImportPart, StagedCase)
        )


def test_a_double_press_gives_one_file(durham: Importer) -> None:
    first = durham.check(csv_of(FIVE), form_token="the-same")
    assert durham.check(csv_of(FIVE), form_token="the-same").id == first.id
    assert left(durham.app) == (1, 0, 5)


def test_of_many_files_the_oldest_goes(durham: Importer) -> None:
    first = durham.check(csv_of(FIVE), at=NOW - timedelta(hours=1))
    for _ in range(working.MOST_IMPORTS):
        durham.check(csv_of(FIVE))
    with durham.session() as session:
        assert len(working.of_person(session, by=durham.access.person_id)) == working.MOST_IMPORTS
        assert working.find(session, first.id, by=durham.access.person_id) is None


def test_work_whose_worker_died_can_be_begun_again(durham: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = durham.check(csv_of(FIVE))
    with durham.session() as session:
        found = session.get_one(CaseImport, one.id)
        assert working.claim(session, found, to=ImportState.APPLYING, at=NOW)
        assert not working.claim(session, found, to=ImportState.APPLYING, at=NOW)  # somebody is at it
        session.refresh(found)
        assert not jobs.has_stopped(found, NOW + timedelta(minutes=1))
        assert jobs.has_stopped(found, NOW + timedelta(minutes=3))
    monkeypatch.setattr(clock, "utc_now", lambda: NOW + timedelta(minutes=3))
    assert durham.apply(one).added == 5


def test_two_workers_do_not_both_save(durham: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = durham.check(csv_of(FIVE))
    with durham.session() as session:
        found = session.get_one(CaseImport, one.id)
        first = working.claim(session, found, to=ImportState.APPLYING, at=NOW)
        second = working.claim(session, found, to=ImportState.APPLYING, at=NOW + timedelta(minutes=3))
    more: dict[str, Any] = {"access": durham.access, "lookups": durham.lookups, "at": NOW}
    with durham.app.app_context():
        applying.apply_lines(one.id, first, **more)  # woke up late: it has lost its claim
        assert cases(durham.app) == {}
        applying.apply_lines(one.id, second, **more)
    assert len(cases(durham.app)) == 5


def test_work_that_fails_says_so_and_saves_nothing(durham: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = durham.check(csv_of(FIVE))

    def fail(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("The machine is on fire.")

    monkeypatch.setattr(applying, "still_mine", fail)
    one = durham.apply(one)
    assert (one.state, one.why) == (ImportState.CHECKED, jobs.STOPPED)
    assert cases(durham.app) == {}


def test_the_lines_to_mend_are_given_back_and_taken_again(durham: Importer) -> None:
    wrong = {"local_identifier": "=1+1", "overview": "", "comments": "'kept", "lessons": "-dash"}
    one = durham.check(csv_of([*FIVE, wrong]))
    with durham.session() as session:
        data = mending.to_mend(session, session.get_one(CaseImport, one.id)).read()
    assert data.startswith(b"\xef\xbb\xbfLine,What to mend,")
    assert b"7,Brief overview: Enter a brief overview," in data
    again = durham.check(data)
    line = durham.lines(again)[0]
    assert line.problems == {"overview": ["Enter a brief overview"]}
    mended = durham.check(data.replace(b",1/3/2021,,", b",1/3/2021,Mended.,"))
    durham.apply(mended)
    case = cases(durham.app)["=1+1"]
    assert (case.overview, case.comments, case.lessons) == ("Mended.", "'kept", "-dash")


def test_cells_beyond_the_headings_are_given_back_too(durham: Importer) -> None:
    data = csv_of([{"comments": "Kept"}]).replace(b"Kept", b"Met,and agreed")
    one = durham.check(data)
    assert durham.outcomes(one) == [WRONG]
    with durham.session() as session:
        given_back = mending.to_mend(session, session.get_one(CaseImport, one.id)).read()
    assert b"Met,and agreed\r\n" in given_back
    assert durham.outcomes(durham.check(given_back)) == [WRONG]


def test_a_file_that_is_too_long_is_refused_whole(durham: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.case_imports.reading.MOST_LINES", 3)
    one = durham.check(csv_of(FIVE))
    assert one.state is ImportState.REFUSED and one.why == "The file has more than 3 lines. Divide it."
    assert durham.lines(one) == [] and MOST_LINES == 50_000


def test_what_looks_like_a_person_is_said(durham: Importer) -> None:
    line = durham.lines(durham.check(csv_of([{"overview": "Her number is 999 000 0018."}])))[0]
    assert line.outcome is NEW and line.has_warnings
    assert line.warnings == {"overview": ["Brief overview looks as if it contains an NHS number"]}


def test_a_file_that_names_nothing_is_refused(durham: Importer) -> None:
    with pytest.raises(NotUsable, match="None of its headings is known"):
        durham.check(b"a,b\n1,2\n")
    with pytest.raises(NotUsable, match=r"The file lacks these columns: Incident date\."):
        durham.check(csv_of([{}], leaving_out=["incident_date"]))
    assert left(durham.app) == (0, 0, 0)


def test_a_file_of_the_columns_that_are_needed_is_saved(durham: Importer) -> None:
    optional = [name for name in ROW if not ITEMS[name].required and name != "local_identifier"]
    assert {"lessons", "latest_update", "comments", "report_link"} < set(optional)
    one = durham.apply(durham.check(csv_of([{}], leaving_out=optional)))
    assert (one.state, one.added) == (ImportState.APPLIED, 1)
    case = cases(durham.app)["L-1"]
    assert (case.lessons, case.latest_update, case.comments, case.report_link) == ("", "", "", None)


def test_an_empty_cell_is_what_the_form_holds_at_first(durham: Importer) -> None:
    first = ("status", "publication", "media_interest", "ccg")
    with_and_without: list[dict[str, Any]] = [
        {"rows": [dict.fromkeys(first, "") | {"local_identifier": "A"}]},
        {"rows": [{"local_identifier": "B"}], "leaving_out": first},
    ]
    for more in with_and_without:
        durham.apply(durham.check(csv_of(**more)))
    for case in cases(durham.app).values():
        assert (case.status, case.publication, case.media_interest) == ("open", "not_decided", "none_known")
        assert case.ccg_id == durham.access.current_ccgs[0].id
    assert len(cases(durham.app)) == 2


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("44256", date(2021, 3, 1)), ("44256.0", date(2021, 3, 1)), ("2021-03-01 00:00:00", date(2021, 3, 1)),
        ("44256.604", date(2021, 3, 1)), ("1/3/2021 14:30", date(2021, 3, 1)),
        ("2021-03-01T23:59:59", date(2021, 3, 1)), ("1/3/2021 2:30 PM", date(2021, 3, 1)),
        ("2021-03-01T23:30:00Z", None), ("1/3/2021 14:30+01:00", None),
        ("1 March 2021", date(2021, 3, 1)), ("1st Mar 2021", date(2021, 3, 1)), ("2021", None), ("3/2021", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_and_spreadsheets_write_them(durham: Importer, typed: str, day: date | None) -> None:
    one = durham.check(csv_of([{"incident_date": typed}]))
    assert durham.outcomes(one) == [NEW if day else WRONG]
    if day:
        durham.apply(one)
        assert cases(durham.app)["L-1"].incident_date == day
