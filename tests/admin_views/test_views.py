"""Columns that a person chooses, and views that a person saves."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import Person, SavedView
from tests.conftest import add_case
from tests.databases import statements_of, unguarded
from tests.visitor import Visitor

CHOSEN = "columns=reference,status,overview,converted_from"


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


def heads(page: str) -> list[str]:
    head = page.partition("<thead")[2].partition("</thead>")[0]
    cells = re.findall(r"<th[^>]*>(.*?)</th>", head, re.S)
    words = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in cells]
    return [one.split(" ")[0] for one in words if one not in ("Select", "Actions")]


def test_chosen_columns_show_in_their_order_and_go_along_everywhere(durham: Visitor) -> None:
    for _ in range(21):
        add_case(durham.app, "84H", overview="A long story about one person, told " + "again and " * 30 + "again.")
    for query in (CHOSEN, "column=overview&column=status&column=converted_from&column=nonsense"):
        page = durham.get(f"/cases/?{query}&flt_status_is=open").text
        assert heads(page) == ["Reference", "Status", "Brief", "Converted"]
    assert "again and …" in page and "again and again." not in page
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/cases/\?[^"]+)"', page)]
    kept = "columns=reference%2Cstatus%2Coverview%2Cconverted_from"
    without = [link for link in links if kept not in link and "columns=reference,status" not in link]
    assert len(links) > 6 and without == ["/cases/?flt_status_is=open"]  # the usual columns
    assert "columns" not in re.findall(r'href="(/cases/export/csv/[^"]*)"', page)[0]
    assert kept.replace("%2C", "%252C") in page or "columns%3Dreference" in page  # details lead back


def test_the_name_of_a_row_is_always_there_and_nonsense_changes_nothing(durham: Visitor) -> None:
    add_case(durham.app, "84H")
    usual = heads(durham.get("/cases/").text)
    assert heads(durham.get("/cases/?columns=status").text) == ["Reference", "Status"]
    for nonsense in ("columns=", "columns=,,", "column=nothing", "columns=%00", "columns=ccg_id"):
        assert heads(durham.get(f"/cases/?{nonsense}").text) == usual, nonsense


def test_a_column_asks_the_database_once_however_many_rows(durham: Visitor) -> None:
    def statements(address: str) -> int:
        with statements_of(durham.app) as sent:
            durham.get(address)
        return len(sent)

    every = "columns=" + ",".join(
        ("reference", "converted_from", "review_type", "theme_2", "designated_professional", "ccg", "stp")
    )
    for number in range(2):
        rapid = add_case(durham.app, "84H", review_type="rapid_review")
        add_case(durham.app, "84H", converted_from_id=rapid.id, converted_from_ccg_id=rapid.ccg_id)
        if number == 0:
            durham.get(f"/cases/?{every}")
            few = statements(f"/cases/?{every}")
    assert statements(f"/cases/?{every}") == few


def save(visitor: Visitor, query: str, name: str, screen: str = "cases") -> int:
    return visitor.post_form(f"/{screen}/views/new/?{query}", {"name": name}).status_code


def test_a_view_keeps_filters_order_and_columns_and_no_searched_words(durham: Visitor) -> None:
    add_case(durham.app, "84H")
    query = f"search=Smith&page=3&flt_status_is=open&sort=2&desc=1&page_size=50&junk=x&{CHOSEN}"
    assert save(durham, query, "Mine") == 302
    with unguarded(durham.app) as session:
        view = session.scalars(select(SavedView)).one()
        assert view.query == (
            "flt_status_is=open&sort=2&desc=1&page_size=50&columns=reference%2Cstatus%2Coverview%2Cconverted_from"
        )
    page = durham.get("/cases/").text
    link = re.search(r'href="([^"]+)">Mine</a>', page)
    assert link
    used = durham.get(link.group(1).replace("&amp;", "&")).text
    assert heads(used)[-1] == "Converted" and 'aria-current="true"><strong>Mine' in used


def test_the_same_name_again_takes_the_place_of_the_first(durham: Visitor) -> None:
    assert save(durham, "flt_status_is=open", "Mine") == save(durham, "flt_status_is=closed", "mine") == 302
    with unguarded(durham.app) as session:
        assert [(one.name, one.query) for one in session.scalars(select(SavedView))] == [
            ("mine", "flt_status_is=closed")
        ]


@pytest.mark.parametrize("name", ["École", "İstanbul", "STRASSE"])
def test_a_name_is_the_same_whatever_its_case_and_accents(durham: Visitor, name: str) -> None:
    assert save(durham, "flt_status_is=open", name) == save(durham, "flt_status_is=closed", name) == 302
    with unguarded(durham.app) as session:
        assert session.scalars(select(SavedView.query)).all() == ["flt_status_is=closed"]


@pytest.mark.parametrize(
    ("name", "says"), [("", "Enter a name for the view"), ("  ", "Enter a name"), ("x" * 61, "60 characters or fewer")]
)
def test_a_view_needs_a_name_that_fits(durham: Visitor, name: str, says: str) -> None:
    answer = durham.post_form("/cases/views/new/?flt_status_is=open", {"name": name})
    assert answer.status_code == 200 and says in answer.text


def test_there_is_a_limit_of_views(durham: Visitor) -> None:
    with unguarded(durham.app) as session:
        person = session.scalars(select(Person).where(Person.subject == "ccg-84H")).one()
        session.add_all(SavedView(person_id=person.id, screen="cases", name=f"{n}", query="") for n in range(30))
        session.commit()
    assert "30 saved views" in durham.post_form("/cases/views/new/?flt_status_is=open", {"name": "One more"}).text
    assert save(durham, "flt_status_is=open", "29") == 302


def test_a_view_is_its_persons_alone(durham: Visitor) -> None:
    save(durham, "flt_status_is=open", "Mine")
    colleague = Visitor(durham.app).sign_in("two-ccgs")
    assert "Mine</a>" not in colleague.get("/cases/").text
    with unguarded(durham.app) as session:
        view_id = session.scalars(select(SavedView.id)).one()
    token = colleague.form_on("/cases/new/").fields["csrf_token"]
    assert colleague.get(f"/cases/views/delete/?view={view_id}").status_code == 404
    assert colleague.post(f"/cases/views/delete/?view={view_id}", {"csrf_token": token}).status_code == 404
    assert durham.get(f"/ccgs/views/delete/?view={view_id}").status_code == 404
    assert durham.post_form(f"/cases/views/delete/?view={view_id}").status_code == 302
    with unguarded(durham.app) as session:
        assert session.scalar(select(func.count()).select_from(SavedView)) == 0


def test_every_list_has_columns_and_views(app: Flask) -> None:
    administrator = Visitor(app).sign_in("administrator")
    for screen in ("ccgs", "stps", "regions", "review-types", "theme-list", "designated-professionals"):
        names = heads(administrator.get(f"/{screen}/?columns=code").text)
        assert "Code" in names[-1] or "ODS" in names[-1], (screen, names)
        assert save(administrator, "columns=code", "Codes", screen) == 302
