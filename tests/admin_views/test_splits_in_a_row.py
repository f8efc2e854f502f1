"""After a split, what took over is split or taken over as well: cases still find their way, and nobody sees more."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.cases.allocating import Which
from models import CaseReview
from tests.access.test_scope_over_time import grant
from tests.admin_views.test_allocation import PAGE, send, text_of
from tests.conftest import add_case
from tests.splits import LATER, NEW, allocated_to, merge, place, split
from tests.visitor import Visitor

NEWER = "8Z8"


@pytest.fixture
def durham(fresh_either_app: Flask) -> Visitor:
    """84H was split between 16C and 9Z9."""
    split(fresh_either_app, part_of="QOQ")
    return Visitor(fresh_either_app).sign_in("ccg-84H")


def as_lead_of(app: Flask, code: str, role: str = "ccg_editor", kind: str = "ccg") -> Visitor:
    grant(app, "ccg-16C", role, kind, code)
    return Visitor(app).sign_in("ccg-16C")


def sees(visitor: Visitor, case: CaseReview) -> bool:
    """Whether somebody finds a case on its page, in its history and in the list alike."""
    pages = {
        visitor.get(f"/cases/details/?id={case.id}").status_code == 200,
        visitor.get(f"/cases/history/?id={case.id}").status_code == 200,
        case.reference in visitor.get("/cases/").text,
    }
    assert len(pages) == 1
    return pages.pop()


def offered(visitor: Visitor, show: Which = Which.OPEN) -> list[str]:
    page = visitor.get(f"{PAGE}&show={show}").text
    return [" ".join(one.split()) for one in re.findall(r"nhsuk-radios__label\"[^>]*>([^<]+)<", page)]


def test_a_case_waits_again_where_the_one_that_got_it_was_split(durham: Visitor) -> None:
    app = durham.app
    here, waiting, there = (
        add_case(app, "84H", allocated_to_id=to) for to in (place(app, "16C"), None, place(app, NEW))
    )
    split(app, "16C", "93C", new=NEWER, on=LATER, part_of="QOQ")
    assert offered(durham) == ["NHS New 8Z8 CCG (8Z8)", "NHS New 9Z9 CCG (9Z9)", "NHS North Central London CCG (93C)"]
    page = text_of(durham.get(PAGE).text)
    assert here.reference in page and waiting.reference in page and there.reference not in page
    assert "Open, waiting (2)" in page and "Allocated (1)" in page
    assert "Allocate cases of NHS County Durham CCG 2 open cases" in text_of(durham.get("/").text)
    assert send(durham, NEWER, here).status_code == 302
    assert allocated_to(app, here) == NEWER
    assert "Open, waiting (1)" in text_of(durham.get(PAGE).text)
    new = as_lead_of(app, NEWER)
    assert [sees(new, one) for one in (here, waiting, there)] == [True, False, False]
    answer = new.post_form(f"/cases/edit/?id={here.id}", {"latest_update": "Seen by the panel."})
    assert answer.status_code == 302
    for code, found in (("93C", [False, False, False]), ("16C", [False, False, False]), (NEW, [False, False, True])):
        assert [sees(as_lead_of(app, code), one) for one in (here, waiting, there)] == found, code
    assert [sees(durham, one) for one in (here, waiting, there)] == [True, True, True]


def test_oversight_of_every_part_of_a_split_does_not_see_what_left_by_a_later_one(fresh_either_app: Flask) -> None:
    """QHM sees 84H, 16C and 9Z9, and neither of those between which 16C is split then."""
    app = fresh_either_app
    split(app)
    there, waits = add_case(app, "84H", allocated_to_id=place(app, NEW)), add_case(app, "84H")
    oversight = as_lead_of(app, "QHM", "oversight", "stp")
    assert [sees(oversight, one) for one in (there, waits)] == [True, True]
    split(app, "16C", "93C", new=NEWER, on=LATER, part_of="QOQ")
    gone = add_case(app, "84H", allocated_to_id=place(app, NEWER))
    assert [sees(oversight, one) for one in (there, waits, gone)] == [True, True, False]


def test_cases_are_given_to_whoever_took_over_from_a_part(durham: Visitor) -> None:
    app = durham.app
    case = add_case(app, "84H")
    merge(app, "16C", "93C")
    assert offered(durham) == [
        "NHS New 9Z9 CCG (9Z9)",
        "NHS North Central London CCG (93C), which took over from NHS Tees Valley CCG (16C)",
    ]
    assert send(durham, "16C", case).status_code == 302
    assert sees(as_lead_of(app, "93C"), case)
    assert not sees(as_lead_of(app, NEW), case)


def test_a_later_split_is_not_undone_once_cases_of_the_first_were_given_on(durham: Visitor) -> None:
    app = durham.app
    case = add_case(app, "84H")
    plan = split(app, "16C", "93C", new=NEWER, on=LATER, part_of="QOQ")
    assert send(durham, "93C", case).status_code == 302
    administrator = Visitor(app).sign_in("administrator")
    answer = administrator.post_form(f"/reorganisations/undo/?id={plan}", {"reason": "A mistake"})
    page = answer.text if answer.status_code == 200 else administrator.get(answer.location).text
    assert "Cases have been allocated since" in page
    assert allocated_to(app, case) == "93C"
    assert sees(as_lead_of(app, "93C"), case)
