"""Rows of a file are added many at a time: they are as they would be had each been added by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.adding import add_rows
from models import CaseImport, CaseReview, Person, StagedCase, version_of
from models.enumerations import LineOutcome
from tests.conftest import add_case
from tests.databases import unguarded
from tests.splits import place

WORDS = "He said \"no\\n\", she: {'é': 1}\r\n\t%s :x ☃ \N{GRINNING FACE}\u202e"


def test_rows_are_as_if_each_were_added_by_itself(either_app: Flask) -> None:
    case = add_case(
        either_app,
        "84H",
        overview=WORDS,
        lessons="",
        partnership_name=WORDS[:20],
        incident_date=date(2000, 2, 29),
        withdrawn_at=datetime(2021, 10, 31, 0, 30, 0, 123456, UTC),
        withdrawn_reason="null",
    )
    with unguarded(either_app) as session:
        kept = _columns(session.get_one(CaseReview, case.id))
        twins = [kept | {"id": uuid4(), "reference": f"SCR-AAAAAAA{number}", "change_id": uuid4()} for number in "BC"]
        add_rows(session, CaseReview, twins)
        for twin in twins:
            assert _columns(session.get_one(CaseReview, twin["id"])) == twin
            version = version_of(CaseReview)
            assert session.scalar(select(version.overview).where(version.id == twin["id"])) == WORDS


def test_lines_of_a_file_keep_their_cells(either_app: Flask) -> None:
    with unguarded(either_app) as session:
        person = session.scalars(select(Person)).first()
        assert person is not None
        one = CaseImport(
            person_id=person.id, ccg_id=place(either_app, "84H"), file_name="", sha256="", form_token=uuid4().hex
        )
        session.add(one)
        session.flush()
        line = {
            "import_id": one.id,
            "ccg_id": one.ccg_id,
            "outcome": LineOutcome.WRONG,
            "cells": [WORDS, "", "null"],
            "problems": {"": ["No."], "overview": [WORDS]},
            "warnings": {},
            "has_warnings": False,
            "case_id": None,
            "case_version": None,
            "differences": [["overview", None, 1, True]],
        }
        add_rows(session, StagedCase, [line | {"number": number} for number in (2, 3)])
        for number in (2, 3):
            found = session.get_one(StagedCase, (one.id, number))
            assert _columns(found) == line | {"number": number}


def test_an_expression_is_no_value(either_app: Flask) -> None:
    case = add_case(either_app, "84H")
    with unguarded(either_app) as session:
        row = _columns(session.get_one(CaseReview, case.id)) | {"id": uuid4(), "reference": "SCR-AAAAAAAB"}
        theirs = select(func.max(CaseReview.overview)).scalar_subquery()
        with pytest.raises(Exception, match=r"(?i)no value of a column|not supported"):
            add_rows(session, CaseReview, [row | {"overview": theirs}, row | {"overview": theirs, "id": uuid4()}])


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in type(row).__mapper__.column_attrs}
