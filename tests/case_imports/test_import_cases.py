"""`flask import-cases`: shows, says what is wrong, and saves for a safeguarding lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import CaseImport, CaseReview, Person
from tests.case_imports.files import csv_of
from tests.databases import unguarded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_bytes(csv_of([{}, {"local_identifier": "L-2", "overview": "", "theme_2": "Nonsense"}]))
    return path


def run(app: Flask, *arguments: str, account: str = "ccg-84H") -> tuple[int, str]:
    with unguarded(app) as session:
        email = session.scalars(select(Person.email).where(Person.subject == account)).one()
    result = app.test_cli_runner().invoke(args=["import-cases", *arguments, "--as", email])
    return result.exit_code, result.output


def count(app: Flask, model: type) -> int:
    with unguarded(app) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_it_shows_and_then_saves_the_good_lines(either_app: Flask, file: Path) -> None:
    code, said = run(either_app, str(file))
    assert code == 1 and count(either_app, CaseReview) == 0
    assert "Line 3: Brief overview: Enter a brief overview" in said
    assert "Line 3: Theme 2: Select theme 2 from the list" in said
    assert "New: 1, Changed: 0, Already there: 0, To mend: 1" in said
    code, said = run(either_app, str(file), "--apply")
    assert code == 1 and "Saved: 1 case added, 0 changed" in said
    assert (count(either_app, CaseReview), count(either_app, CaseImport)) == (1, 0)
    assert "Saved: 0 cases added" in run(either_app, str(file), "--apply")[1]


def test_it_asks_for_somebody_who_records_cases(app: Flask, file: Path) -> None:
    for account in ("analyst", "administrator", "england", "no-access"):
        code, said = run(app, str(file), account=account)
        assert code == 1 and "--as must be the e-mail address of one person who records cases" in said


def test_text_that_looks_like_a_number_is_checked_first(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_bytes(csv_of([{"overview": "999 000 0018"}]))
    code, said = run(app, str(file), "--apply")
    assert code == 1 and "Say --checked if it is none" in said and count(app, CaseReview) == 0
    assert run(app, str(file), "--apply", "--checked")[0] == 0


def test_a_file_that_is_none_is_refused(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "cases.xlsx"
    file.write_bytes(b"PK\x03\x04nonsense")
    code, said = run(app, str(file))
    assert code == 1 and "The file is damaged" in said
