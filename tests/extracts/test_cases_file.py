"""Cases written some hundreds at a time are what reading them one by one with all rules gives, byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.access.lookups import Lookups, lists_known_at
from app.access.row_scope import every_organisation
from app.database import plainly
from app.extracts import known as known_cases
from app.extracts import schema
from app.extracts.cases_file import write_cases
from app.extracts.columns import columns_of, text_of
from app.extracts.known import Known
from app.extracts.quality import ITEMS, findings_at, twins_at, values_of
from app.extracts.sieve import Sieve
from app.rules.data_quality import errors_in, identifiers_in, queries_about
from models import CaseReview, QueryAnswer, Theme, version_of
from models.enumerations import Publication, Query, Status
from seeds.generated_cases import generated_cases, store_cases
from tests.databases import unguarded
from tests.histories import person

NOW = datetime(2022, 2, 14, 10, 30, tzinfo=UTC)
SINCE = datetime(2022, 1, 1, tzinfo=UTC)
HOW_MANY = 700
PARTS = (7, 500)


def put_cases(app: Flask) -> None:
    """Cases of every kind, some of them alike, some with an error that only a write past the form brings in."""
    with app.app_context(), every_organisation("test") as session:
        for _ in store_cases(session, generated_cases(HOW_MANY, 3, date(2022, 2, 10))):
            pass
        ids = list(session.scalars(select(CaseReview.id).order_by(CaseReview.reference)))
        scr = session.execute(text("SELECT id FROM review_type WHERE code = 'scr'").columns(id=CaseReview.id.type))
        of_serious_cases = scr.scalar()
        other = session.scalars(select(Theme.id).filter_by(code="other")).one()
    answered_by = person(app, "ccg-84H").id
    with unguarded(app) as session:
        for number, case_id in enumerate(ids[:40]):
            case: Any = session.get(CaseReview, case_id)
            case.overview = ["Born on 3 May 1961.", "NHS 999 000 0018", "DOB 1/2/2001", "Nothing."][number % 4]
            case.theme_1_id, case.theme_2_id, case.theme_3_id = other, None, None
            if number % 3 == 0:
                case.incident_date, case.review_type_id = date(2019, 3, 1), of_serious_cases
                case.date_closed = case.date_closed and date(2021, 3, 1)
                case.report_signed_off_on = case.report_signed_off_on and date(2021, 3, 1)
                case.publication_date = case.publication_date and date(2021, 3, 1)
                case.date_added = date(2021, 3, 1)
            case.steis_number = f"2021/{number}"
            case.comments = "12 May 2021, 13 May 2021"
        session.commit()
        make_alike(session)
        with_source = session.scalars(select(CaseReview).where(CaseReview.converted_from_id.is_not(None))).first()
        assert with_source is not None, "No case grew out of another."
        session.execute(text("UPDATE setting SET value = '' WHERE name = 'history_known_from'"))
        session.add(
            QueryAnswer(
                ccg_id=session.get_one(CaseReview, ids[3]).ccg_id,
                case_id=ids[3],
                query=Query.THEME_OTHER,
                note="No other fits, =1+1",
                answered_at=NOW - timedelta(days=2),
                answered_by_id=answered_by,
            )
        )
        session.commit()


def make_alike(session: Session) -> None:
    """Gives cases of one CCG the same day and type, more of them than are named, and others the same StEIS number."""
    most = select(CaseReview.ccg_id).group_by(CaseReview.ccg_id).order_by(func.count().desc()).limit(1)
    cases = list(
        session.scalars(select(CaseReview).where(CaseReview.ccg_id == session.scalar(most)).order_by(CaseReview.id))
    )
    assert len(cases) > 11, "Too few cases of one CCG."
    type_of_all, day = cases[0].review_type_id, min(case.incident_date for case in cases)
    for case in cases[:9]:
        case.review_type_id, case.incident_date = type_of_all, day
    for number, case in enumerate(cases[:9]):
        case.steis_number = f"S/{number}"
    # A StEIS number stands once in a CCG and type.
    one = cases[9]
    other = next(case for case in cases[10:] if case.review_type_id != one.review_type_id)
    one.steis_number = other.steis_number = "2022/1"
    cases[1].converted_from_id, cases[1].converted_from_ccg_id = cases[2].id, cases[2].ccg_id
    session.flush()


def one_by_one(session: Session, moment: datetime, lists: Lookups) -> tuple[bytes, bytes]:
    """The two files, every rule asked about every case."""
    columns = columns_of(CaseReview, download=False)
    cases, quality = io.StringIO(newline=""), io.StringIO(newline="")
    into_cases, into_quality = csv.writer(cases), csv.writer(quality)
    into_cases.writerow([column.heading for column in columns])
    into_quality.writerow([field["name"] for field in schema.fields_of_quality()])
    places, of = lists.organisations.places, lists.organisations.current_of
    for row, found in findings_at(session, moment, lists, SINCE):
        values = row._mapping
        into_cases.writerow(
            (values["source_reference"] or "")
            if column.item.name == "converted_from"
            else text_of(column, values[column.item.column], lists)
            for column in columns
        )
        into_quality.writerows(
            [
                one.reference,
                places[one.ccg_id].code,
                places[of(one.held_by_id, lists.today)].code,
                "error" if one.finding.is_error else "query",
                one.finding.about,
                one.finding.sentence,
                one.answer.note if one.answer else "",
            ]
            for one in found
        )
    return cases.getvalue().encode(), quality.getvalue().encode()


@pytest.mark.parametrize("at_once", PARTS)
def test_every_byte_is_that_of_one_by_one(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("app.extracts.cases_file.AT_ONCE", at_once)
    monkeypatch.setattr(known_cases, "AT_ONCE", at_once)
    put_cases(fresh_either_app)
    with fresh_either_app.app_context(), every_organisation("test") as session:
        moment = datetime.now(UTC) + timedelta(days=1)
        lists = lists_known_at(session, NOW)
        told: list[int] = []
        cases, quality = io.BytesIO(), io.BytesIO()
        number = write_cases(session, moment, lists, SINCE, cases.write, quality.write, told.append)
        expected_cases, expected_quality = one_by_one(session, moment, lists)
        assert cases.getvalue() == expected_cases
        assert quality.getvalue() == expected_quality
        assert told[-1] == number == expected_cases.count(b"\r\nSCR-")
        levels = {line.split(b",")[3] for line in quality.getvalue().splitlines()[1:]}
        assert levels == {b"error", b"query"}
        for query in Query:
            assert query.label.encode() in quality.getvalue(), query
        assert b"No other fits" in quality.getvalue()


def test_who_looks_like_whom_is_told_from_keys_alone(fresh_either_app: Flask) -> None:
    put_cases(fresh_either_app)
    with fresh_either_app.app_context(), every_organisation("test") as session:
        moment = datetime.now(UTC) + timedelta(days=1)
        lists = lists_known_at(session, NOW)
        found = Known(session, moment, lists)
        references = [found.reference(place) for place in range(len(found))]
        assert references == sorted(references)
        expected = twins_at(session, moment, lists)
        versions: Any = version_of(CaseReview)
        ids = {row.reference: row.id for row in session.execute(select(versions.reference, versions.id))}
        assert {one: twins for place, one in enumerate(references) if (twins := found.twins(place))} == {
            one: expected[ids[one]] for one in references if expected.get(ids[one])
        }
        assert found.has_twins(range(len(found))) == [bool(found.twins(place)) for place in range(len(found))]
        assert len(expected) > 10 and max(len(twins) for twins in expected.values()) == known_cases.MOST_TWINS


# The sieve


def random_cases(rng: Random, lists: Lookups, number: int) -> Iterator[dict[str, Any]]:
    """Values of columns as a case may come to have them, most of them as they should be."""
    places = [place.id for place in lists.organisations.case_holders()]
    codes = {item.column: list(lists.codes[item.code_list]) for item in ITEMS if item.code_list}
    days = [
        lists.today + timedelta(days=one) for one in (-1200, -900, -400, -91, -90, -89, -61, -60, -59, -1, 0, 1, 90)
    ]
    texts = ["", None, "Words.", "999 000 0018", "12 May 2021 and 13 June 2021", "date of birth: 1.2.1950", "x" * 61]
    for _ in range(number):
        incident, added, *later = sorted(rng.sample(days[:11], 5)) if rng.random() < 0.7 else rng.choices(days, k=5)
        closed = rng.random() < 0.4
        publication = rng.choice(list(Publication))
        case: dict[str, Any] = {
            **{item.column: None for item in ITEMS},
            "reference": "SCR-XXXXXXXX",
            "status": Status.CLOSED if closed else Status.OPEN,
            "date_added": added,
            "incident_date": incident,
            "report_signed_off_on": rng.choice([None, later[0]]),
            "publication_date": rng.choice([None, None, later[1]]),
            "date_closed": later[2] if closed else None,
            "publication": publication,
            "report_link": rng.choice([None, None, "https://example.org/a", "https:// a"]),
            "ccg_id": rng.choice(places),
            "media_interest": rng.choice(["national", "local"]),
            "partnership_kind": "joint",
            "partnership_name": "A partnership",
            "overview": "What happened.",
            "latest_update": "",
            "lessons": "",
            "comments": "",
            "steis_number": rng.choice([None, "2021/1"]),
            "local_identifier": "L-1",
            "latest_update_on": rng.choice(days),
            "converted_from_id": None,
            **{column: rng.choice(of) for column, of in codes.items()},
        }
        case["theme_3_id"] = rng.choice([None, None, case["theme_3_id"]])
        for item in rng.sample(ITEMS, rng.choice([0, 0, 1, 2])):
            if item.column in codes:
                case[item.column] = rng.choice([None, *places[:1], *codes[item.column]])
            elif isinstance(case[item.column], str) or item.column.endswith(("update", "lessons", "comments")):
                case[item.column] = rng.choice(texts) if item.choices is None else case[item.column]
        yield case


def as_plain(column: Any, value: Any) -> Any:
    """What SQLite's driver gives of a value."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return value.isoformat() if isinstance(value, date) else value.hex


def test_the_sieve_leaves_no_finding_out(app: Flask) -> None:
    with app.app_context(), every_organisation("test") as session:
        lists, versions = lists_known_at(session, NOW), version_of(CaseReview)
        sieve, rng = Sieve(session, versions, ITEMS, lists), Random(20220214)
        cases = list(random_cases(rng, lists, 6000))
        assert plainly(session, CaseReview.id) is not None
        plain = {name: [as_plain(name, case[name]) for case in cases] for name in cases[0]}
        judged = zip(
            cases, sieve.may_break_a_rule(plain), sieve.may_be_asked(plain), sieve.may_identify(plain), strict=True
        )
        others = {entry.id for entry in lists.codes["theme"].values() if entry.code == "other"}
        ruled_out = [0, 0, 0]
        for case, breaks, asked, identifies in judged:
            row = SimpleNamespace(**case, held_by_id=case["ccg_id"], source_reference=None)
            values = values_of(row, lists)
            codes = ["other" for name in ("theme_1_id", "theme_2_id", "theme_3_id") if case[name] in others]
            found = (
                errors_in(values, lists.today, items=ITEMS),
                queries_about(values, lists.today, updated_on=case["latest_update_on"], codes=codes, twins=[]),
                identifiers_in(values, items=ITEMS),
            )
            for kind, (may, findings) in enumerate(zip((breaks, asked, identifies), found, strict=True)):
                assert may or not findings, (findings, case)
                ruled_out[kind] += not may
        # It is of use: many of which there is nothing to say are ruled out.
        assert min(ruled_out) > 300, ruled_out
