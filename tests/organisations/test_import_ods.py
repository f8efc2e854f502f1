"""`flask import-ods`: shows, applies, and says what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.organisations import read_organisations
from app.imports.ods_files import SuccessionRow
from models import Person, Reorganisation
from tests.conftest import TODAY
from tests.databases import unguarded
from tests.ods import eccg_csv, files_of, succ_csv

MERGED = date(2022, 4, 1)


@pytest.fixture
def files(fresh_app: Flask, tmp_path: Path) -> list[str]:
    """Lists in which Durham is handed over to Tees Valley, and a line that is none."""
    with unguarded(fresh_app) as session:
        ccgs, successions = files_of(read_organisations(session, TODAY), TODAY)
    ccgs = [replace(row, closed_on=date(2022, 3, 31)) if row.code == "84H" else row for row in ccgs]
    eccg, succ = tmp_path / "eccg.csv", tmp_path / "succ.csv"
    eccg.write_bytes(eccg_csv(ccgs))
    succ.write_bytes(succ_csv([*successions, SuccessionRow(1, "84H", "16C", MERGED)]))
    return [str(eccg), str(succ)]


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["import-ods", *arguments])
    return result.exit_code, result.output


def closed_on(app: Flask) -> date | None:
    with unguarded(app) as session:
        return next(one.closed_on for one in read_organisations(session, TODAY).places.values() if one.code == "84H")


def email_of(app: Flask) -> str:
    with unguarded(app) as session:
        return session.scalars(select(Person.email).where(Person.subject == "administrator")).one()


def test_it_shows_and_then_applies_once(fresh_app: Flask, files: list[str]) -> None:
    code, shown = run(fresh_app, *files)
    assert (code, closed_on(fresh_app)) == (0, None)
    assert "NHS Tees Valley CCG (16C) takes over from NHS County Durham CCG (84H) on 1 April 2022" in shown
    assert shown.endswith("2 changes\n")
    code, applied = run(fresh_app, *files, "--apply", "--as", email_of(fresh_app))
    assert (code, closed_on(fresh_app)) == (0, date(2022, 3, 31)), applied
    assert run(fresh_app, *files) == (0, "0 changes\n")
    with unguarded(fresh_app) as session:
        kept = session.scalars(select(Reorganisation)).one()
        assert [one["name"] for one in kept.files] == ["eccg.csv", "succ.csv"]
        assert all(len(one["sha256"]) == 64 for one in kept.files) and kept.applied_by_id is not None


def test_it_asks_who(fresh_app: Flask, files: list[str]) -> None:
    for arguments in (("--apply",), ("--apply", "--as", "nobody@example.nhs.uk")):
        code, said = run(fresh_app, *files, *arguments)
        assert (code, closed_on(fresh_app)) == (1, None)
        assert "Say who makes the changes" in said


def test_a_date_that_no_file_says_is_confirmed_on_the_screen(fresh_app: Flask, tmp_path: Path) -> None:
    with unguarded(fresh_app) as session:
        ccgs, _ = files_of(read_organisations(session, TODAY), TODAY)
    (tmp_path / "eccg.csv").write_bytes(
        eccg_csv([replace(row, name="NHS OTHER CCG") if row.code == "84H" else row for row in ccgs])
    )
    code, said = run(fresh_app, str(tmp_path / "eccg.csv"), "--apply", "--as", email_of(fresh_app))
    assert code == 1 and "A date must be confirmed. Import the files at /imports/." in said


def test_most_that_close_are_meant_to(fresh_app: Flask, tmp_path: Path) -> None:
    with unguarded(fresh_app) as session:
        ccgs, _ = files_of(read_organisations(session, TODAY), TODAY)
    (tmp_path / "eccg.csv").write_bytes(
        eccg_csv([replace(row, closed_on=row.closed_on or date(2022, 6, 30)) for row in ccgs])
    )
    arguments = (str(tmp_path / "eccg.csv"), "--apply", "--as", email_of(fresh_app))
    code, said = run(fresh_app, *arguments)
    assert code == 1 and "Over half of the CCGs would close" in said and closed_on(fresh_app) is None
    assert run(fresh_app, *arguments, "--most-close")[0] == 0
    assert closed_on(fresh_app) == date(2022, 6, 30)


def test_a_file_of_another_kind_is_refused(fresh_app: Flask, tmp_path: Path) -> None:
    (tmp_path / "eccg.csv").write_text("a,b\n")
    code, said = run(fresh_app, str(tmp_path / "eccg.csv"))
    assert code == 1 and "The first line has 2 columns. eccg.csv has 27." in said
