"""The page on which people search in what was learned, and the part of a case's page that shows cases like it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEvent, CaseReview
from tests.databases import unguarded
from tests.visitor import Visitor

SignIn = Callable[[str], Visitor]
CaseOf = Callable[..., CaseReview]


def test_what_is_found_has_its_passage_with_the_words_marked(sign_in_as: SignIn, case_of: CaseOf) -> None:
    case = case_of("84H", lessons="<b>Bruising</b> must be escalated.", theme_2="self_neglect")
    page = sign_in_as("ccg-84H").get("/themes/learning/?search=bruis+escal").text
    assert "&lt;b&gt;<mark>Bruising</mark>&lt;/b&gt; must be <mark>escalated</mark>." in page
    for words in (
        case.reference,
        f"/cases/details/?id={case.id}",
        "NHS County Durham CCG (84H)",
        "Self-neglect",
        "1 case",
    ):
        assert words in page
    assert "Lessons learned and recommendations:" in page
    assert "<title>\n      Learning: 1 case for “bruis escal”" in page or "Learning: 1 case for “bruis escal”" in page


def test_results_come_in_pages_and_the_address_holds_the_choice(sign_in_as: SignIn, case_of: CaseOf) -> None:
    for _ in range(23):
        case_of("84H", lessons="Bruising.")
    visitor = sign_in_as("ccg-84H")
    first = visitor.get("/themes/learning/?search=bruising&status=open").text
    second = visitor.get("/themes/learning/?search=bruising&status=open&page=1").text
    assert "23 cases" in first and "page 2 of 2" in second
    # Paper has neither the box nor the links to other pages.
    assert "23 cases for “bruising”</h2>" in first and "Page 2 of 2, the best matches first" in second
    assert '/themes/learning/?search=bruising&amp;status=open&amp;page=1"' in first
    listed = [set(re.findall(r'<a class="nhsuk-link" href="[^"]*">(SCR-\w+)', page)) for page in (first, second)]
    assert [len(one) for one in listed] == [20, 3] and not listed[0] & listed[1]
    for odd in ("page=99", "page=-1", "page=x"):
        assert visitor.get(f"/themes/learning/?search=bruising&{odd}").status_code == 200


def test_a_filter_is_named_and_can_be_taken_out(sign_in_as: SignIn, case_of: CaseOf) -> None:
    case_of("84H", lessons="Bruising.")
    page = sign_in_as("england").get("/themes/learning/?search=bruising&region=Y63&theme=self_neglect&stp=none").text
    assert "No cases match." in page and "take out a filter" in page
    assert "Theme: Self-neglect" in page and "Region: " in page
    assert 'href="/themes/learning/?search=bruising&amp;region=Y63"' in page
    assert "Left out, because the value was not understood: STP" in page


def test_without_words_nothing_is_searched(sign_in_as: SignIn, case_of: CaseOf) -> None:
    case_of("84H")
    visitor = sign_in_as("ccg-84H")
    assert "SCR-" not in visitor.get("/themes/learning/").text
    assert "Enter a word to search for" in visitor.get("/themes/learning/?status=open").text
    assert "Enter at least one letter or digit" in visitor.get("/themes/learning/?search=%25%00").text


def test_a_search_is_written_down_without_its_words_or_values(app: Flask, sign_in_as: SignIn, case_of: CaseOf) -> None:
    case_of("84H", lessons="Bruising.")
    sign_in_as("ccg-84H").get("/themes/learning/?search=bruising&theme=neglect")
    with unguarded(app) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.about == "themes/learning")).all()[-1]
    assert (event.action, event.details) == ("searched", "Learning: searched words, Theme")
    assert "bruising" not in repr(vars(event))


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ("ccg-84H", 200),
        ("stp-QHM", 200),
        ("england", 200),
        ("analyst", 200),
        ("administrator", 403),
        ("no-access", 403),
    ],
)
def test_whoever_reads_cases_may_search(app: Flask, account: str, status: int) -> None:
    assert Visitor(app).sign_in(account).get("/themes/learning/?search=bruising").status_code == status


def test_a_case_shows_those_like_it_and_why(sign_in_as: SignIn, case_of: CaseOf) -> None:
    case = case_of("84H", lessons="Bruising at the handover.", theme_2="self_neglect")
    near = case_of("84H", lessons="Bruising was lost in handover.")
    case_of("93C", lessons="Bruising at the handover.", reference="SCR-FFFFFFFF")
    visitor = sign_in_as("ccg-84H")
    page = visitor.get(f"/cases/details/?id={case.id}").text
    section = page[page.index("Cases like this one") :]
    assert near.reference in section and "SCR-FFFFFFFF" not in page
    assert (
        "Same theme: Neglect and acts of omission; same type of review; words in common: bruising, handover" in section
    )
    lonely = case_of("84H", theme_1="discriminatory_abuse")
    assert "Cases like this one" not in visitor.get(f"/cases/details/?id={lonely.id}").text
