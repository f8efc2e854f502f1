"""Forms: sections, conditional questions, the error summary, warnings, and what a double click carries."""

from __future__ import annotations

from typing import Any

import pytest

from app.nhsuk import forms
from app.nhsuk.form_converter import NHSFormConverter, asked_items, form_class_for
from models import CaseReview, ReviewType
from tests.nhsuk.sample import ORDER, THEMES, Review, ReviewForm

FORM = form_class_for(Review, ReviewForm)
TYPED = {
    "status": "open",
    "incident_date": "2021-04-03",
    "kind": str(THEMES[0].value),
    "overview": "A man was found at home.",
    "publication": "not_decided",
}


@pytest.fixture
def filled(posted):
    def fill(**typed: Any) -> Any:
        form = posted(FORM, TYPED | typed)
        form.kind.options = THEMES
        form.validate()
        return form

    return fill


def names(section: forms.FormSection) -> list[str]:
    return [field.name for field in section.fields]


def test_a_form_asks_for_the_declared_items_under_their_names() -> None:
    assert list(asked_items(CaseReview))[:3] == ["status", "date_added", "ccg"]
    assert "reference" not in asked_items(CaseReview)
    assert hasattr(form_class_for(CaseReview), "review_type")


def test_flask_admins_own_form_is_made_of_the_same_fields() -> None:
    from flask_admin.contrib.sqla.form import get_form

    made = get_form(Review, NHSFormConverter(None, None), base_class=ReviewForm)
    ours = {name for name in vars(FORM) if name in asked_items(Review)}
    assert {name for name in vars(made) if not name.startswith("_")} == ours


def test_a_form_can_ask_for_some_items_only(posted) -> None:
    form = posted(form_class_for(ReviewType, names=["label"]))
    assert [field.name for field in form.item_fields] == ["label"]


def test_sections_come_in_the_given_order(filled) -> None:
    assert [section.title for section in filled().sections()] == list(ORDER)


def test_a_conditional_question_stands_with_its_answer(filled) -> None:
    form = filled()
    report, status = form.sections()[1:]
    assert names(report) == ["publication", "media"]
    assert names(status) == ["status", "converted_from"]
    assert [field.name for field in form.publication.revealed["public"]] == ["report_link"]
    assert 'id="date_closed-day"' in form.status()


def test_without_a_script_a_conditional_question_is_in_sight(filled) -> None:
    # The class hides only below an element that the script's support adds.
    form = filled()
    form.sections()
    page = form.status()
    assert "nhsuk-radios__conditional--hidden" in page
    assert " hidden" not in page.replace("nhsuk-radios__conditional nhsuk", "")


def test_a_conditional_question_is_open_when_its_answer_is_chosen(filled) -> None:
    form = filled(status="closed")
    form.sections()
    page = form.status()
    assert "nhsuk-radios__conditional" in page
    assert "nhsuk-radios__conditional--hidden" not in page


def test_an_answer_to_a_question_that_would_be_hidden_stays_in_sight(filled) -> None:
    form = filled(publication="embargoed", report_link="https://example.nhs.uk/")
    assert names(form.sections()[1]) == ["publication", "report_link", "media"]


def test_a_problem_with_a_question_that_would_be_hidden_stays_in_sight(filled) -> None:
    form = filled()
    form.add_problems({"date_closed": ["Enter the date the case was closed"]})
    assert names(form.sections()[2]) == ["status", "date_closed", "converted_from"]


def test_without_its_controlling_question_a_conditional_one_stands_alone(posted) -> None:
    form = posted(form_class_for(Review, names=["date_closed"]))
    assert names(form.sections()[0]) == ["date_closed"]


def test_a_select_reveals_nothing_so_the_question_stands_alone(filled) -> None:
    form = filled()
    form.publication.options = form.publication.options * 3
    assert "report_link" in names(form.sections()[1])


def test_the_error_summary_follows_the_page_and_leads_to_the_inputs(filled) -> None:
    form = filled(
        **{"status": "closed", "incident_date": "", "incident_date-day": "3", "incident_date-month": "4"},
        kind="not an id",
    )
    form.add_problems(
        {
            "date_closed": ["Enter the date the case was closed"],
            "status": ["Select whether the case is open or closed"],
            "overview": ["Enter the overview"],
            "": ["Somebody else changed this case"],
            "reference": ["The reference is taken"],
            "publication": ["Select whether the review is public"],
        }
    )
    assert form.error_summary() == [
        {"text": "Somebody else changed this case", "href": ""},
        {"text": "The reference is taken", "href": ""},
        {"text": "Incident date must include a year", "href": "#incident_date-year"},
        {"text": "Select Type of review from the list", "href": "#kind"},
        {"text": "Enter the overview", "href": "#overview"},
        {"text": "Select whether the review is public", "href": "#publication"},
        {"text": "Select whether the case is open or closed", "href": "#status"},
        {"text": "Enter the date the case was closed", "href": "#date_closed-day"},
    ]


def test_every_link_of_the_error_summary_has_its_input(filled) -> None:
    form = filled()
    form.add_problems({field.name: ["Something is wrong"] for field in form.item_fields})
    page = "".join(field() for section in form.sections() for field in section.fields)
    for problem in form.error_summary():
        assert f'id="{problem["href"].removeprefix("#")}"' in page


def test_a_rule_says_nothing_about_a_field_that_could_not_be_read(filled) -> None:
    form = filled(incident_date="yesterday")
    form.add_problems({"incident_date": ["Enter the incident date"]})
    assert form.incident_date.errors == ["Incident date must be a real date"]


def test_a_page_that_is_out_of_date_keeps_what_was_typed(app) -> None:
    with app.test_request_context("/", method="POST", data=TYPED):
        form = FORM()
        form.kind.options = THEMES
        assert not form.validate()
        assert form.error_summary() == [{"text": forms.OUT_OF_DATE, "href": ""}]
        assert form.overview.data == TYPED["overview"]


def test_a_form_that_is_in_date_passes(app) -> None:
    client = app.test_client()
    page = client.get("/reviews/new/").text
    token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    page = client.post("/reviews/new/", data={"csrf_token": token, "incident_date": "x"}).text
    assert forms.OUT_OF_DATE not in page
    assert "Incident date must be a real date" in page


def test_text_that_may_name_somebody_asks_for_confirmation(filled) -> None:
    form = filled()
    assert form.confirmation() == ""
    form.add_warnings({"overview": ["Overview looks as if it contains an NHS number"]})
    assert [problem["href"] for problem in form.error_summary()] == ["#overview", "#confirm_identifiers"]
    assert 'id="confirm_identifiers"' in form.confirmation()
    assert "looks as if it contains an NHS number" in form.overview()


def test_text_that_was_confirmed_is_no_problem_and_other_text_is(filled) -> None:
    warning = {"overview": ["Overview looks as if it contains an NHS number"]}
    first = filled()
    first.add_warnings(warning)
    confirmed = filled(confirm_identifiers=first.warned_about)
    confirmed.add_warnings(warning)
    assert confirmed.is_confirmed
    assert confirmed.error_summary() == []
    assert "checked" in confirmed.confirmation()
    other = filled(confirm_identifiers=first.warned_about, overview="Another text.")
    other.add_warnings(warning)
    assert not other.is_confirmed


def test_the_version_of_a_saved_row_goes_with_its_form(app) -> None:
    with app.test_request_context("/"):
        form = FORM(None, data={"version": 7})
        assert 'name="version" type="hidden" value="7"' in form.hidden_fields()
