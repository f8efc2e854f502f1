"""What each kind of field makes of what was typed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from app.nhsuk import widgets
from app.nhsuk.fields import Option
from app.nhsuk.form_converter import field_for
from app.nhsuk.forms import NHSForm
from models.declarations import Item, Kind
from models.enumerations import MediaInterest, Status

FIRST, SECOND = uuid4(), uuid4()


def form_asking(kind: Kind, **more: Any) -> type[NHSForm]:
    about = Item(name="asked", label="Answer", definition="What is asked.", kind=kind, **more)
    return type("AskingForm", (NHSForm,), {"asked": field_for(about)})


@pytest.fixture
def read(posted):
    """What a field makes of a posted value: its data and its sentences."""

    def read_as(kind: Kind, typed: str, **more: Any):
        form = posted(form_asking(kind, **more), {"asked": typed})
        form.validate()
        return form.asked.data, form.asked.errors

    return read_as


@pytest.mark.parametrize("kind", [Kind.LINE, Kind.TEXT, Kind.LINK, Kind.CASE])
def test_an_empty_answer_is_an_empty_text_and_no_problem(read, kind: Kind) -> None:
    assert read(kind, "   ") == ("", [])


def test_line_breaks_count_once(read) -> None:
    assert read(Kind.TEXT, "a\r\nb", max_length=3) == ("a\nb", [])


def test_a_text_that_is_too_long_is_refused(read) -> None:
    assert read(Kind.TEXT, "x" * 4000, max_length=4000)[1] == []
    assert read(Kind.TEXT, "x" * 4001, max_length=4000)[1] == ["Answer must be 4,000 characters or fewer"]


def test_characters_that_cannot_be_stored_are_refused_and_shown_again(posted) -> None:
    form = posted(form_asking(Kind.TEXT), {"asked": "one\x00two"})
    assert not form.validate()
    assert form.asked.errors == ["Answer contains characters that cannot be stored"]
    assert "one\N{REPLACEMENT CHARACTER}two" in form.asked()


@pytest.mark.parametrize(
    ("typed", "number"), [("12", 12), (" 12 ", 12), ("-3", -3), ("1,200", 1200), ("007", 7), ("", None)]
)
def test_a_whole_number_is_read(read, typed: str, number: int | None) -> None:
    assert read(Kind.NUMBER, typed) == (number, [])


@pytest.mark.parametrize("typed", ["twelve", "1.5", "9" * 5000, "1e3", "\N{SUPERSCRIPT TWO}", "12\x00"])
def test_what_is_no_whole_number_is_refused(read, typed: str) -> None:
    assert read(Kind.NUMBER, typed) == (None, ["Answer must be a whole number, such as 12"])


def test_a_fixed_choice_becomes_its_member(read) -> None:
    assert read(Kind.CHOICE, "closed", choices=Status) == (Status.CLOSED, [])
    assert read(Kind.CHOICE, "", choices=Status) == (None, [])


@pytest.mark.parametrize("typed", ["shut", "CLOSED", "\x00", "9" * 5000])
def test_an_unknown_choice_is_a_sentence_and_no_exception(read, typed: str) -> None:
    assert read(Kind.CHOICE, typed, choices=Status) == (None, ["Select Answer from the list"])


def test_the_sentence_about_an_unknown_choice_is_that_of_the_item(read) -> None:
    sentences = read(Kind.CHOICE, "x", choices=Status, problem="Select the status")[1]
    assert sentences == ["Select the status from the list"]


@pytest.mark.parametrize("typed", ["59f6fb34-f0da-4c61-9d70-88b35ca67b94", "not an id", "1", "\x00"])
def test_an_entry_that_is_not_offered_is_refused(posted, typed: str) -> None:
    form = posted(form_asking(Kind.CODE), {"asked": typed})
    form.asked.options = [Option(FIRST, "First"), Option(SECOND, "Second")]
    assert not form.validate()
    assert (form.asked.data, form.asked.errors) == (None, ["Select Answer from the list"])


def test_an_entry_that_is_offered_becomes_its_id(posted) -> None:
    form = posted(form_asking(Kind.CODE), {"asked": str(SECOND)})
    form.asked.options = [Option(FIRST, "First"), Option(SECOND, "Second")]
    assert form.validate()
    assert form.asked.data == SECOND


def test_a_field_without_options_refuses_every_entry(posted) -> None:
    assert not posted(form_asking(Kind.ORGANISATION), {"asked": str(FIRST)}).validate()


def test_yes_and_no_become_true_and_false(read) -> None:
    assert read(Kind.YES_NO, "yes") == (True, [])
    assert read(Kind.YES_NO, "no") == (False, [])
    assert read(Kind.YES_NO, "") == (None, [])
    assert read(Kind.YES_NO, "perhaps")[1] == ["Select Answer from the list"]


@pytest.mark.parametrize(
    "data",
    [
        {"asked-day": "3", "asked-month": "4", "asked-year": "2021"},
        {"asked-day": "3/4/2021", "asked-month": "", "asked-year": ""},
        {"asked-day": "3/4/2021"},
        {"asked": "2021-04-03"},
        {"asked": "3 April 2021", "asked-day": "", "asked-month": "", "asked-year": ""},
    ],
)
def test_a_date_comes_in_parts_or_whole(posted, data: dict[str, str]) -> None:
    form = posted(form_asking(Kind.DATE), data)
    assert form.validate()
    assert form.asked.data == date(2021, 4, 3)


def test_a_date_that_is_wrong_keeps_what_was_typed_and_marks_the_part(posted) -> None:
    form = posted(form_asking(Kind.DATE), {"asked-day": "3", "asked-month": "13", "asked-year": "2021"})
    assert not form.validate()
    page = form.asked()
    assert form.asked.first_id == "asked-month"
    assert 'value="13"' in page
    assert page.count("nhsuk-input--error") == 1


def test_a_rule_about_a_whole_date_marks_all_its_parts(posted) -> None:
    form = posted(form_asking(Kind.DATE), {"asked": "2021-04-03"})
    form.validate()
    form.add_problems({"asked": ["Answer must be earlier"]})
    assert form.asked().count("nhsuk-input--error") == 3
    assert form.asked.first_id == "asked-day"


def test_a_question_that_was_not_on_the_page_keeps_its_answer(posted) -> None:
    for kind, value in {Kind.TEXT: "before", Kind.DATE: date(2021, 4, 3), Kind.NUMBER: 3}.items():
        form = posted(form_asking(kind), {"other": "x"}, data={"asked": value})
        assert form.asked.data == value


def test_what_was_typed_cannot_become_markup(posted) -> None:
    hostile = "\"></textarea><script>alert('1')</script>{{ 7*7 }}"
    for kind in (Kind.LINE, Kind.TEXT, Kind.LINK, Kind.CASE, Kind.NUMBER, Kind.DATE):
        form = posted(form_asking(kind, max_length=9), {"asked": hostile})
        form.validate()
        page = form.asked()
        assert "<script>" not in page
        assert "{{ 7*7 }}" in page


def test_few_options_are_radios_and_many_are_a_select(posted) -> None:
    form = posted(form_asking(Kind.CODE))
    form.asked.options = [Option(uuid4(), f"Option {number}") for number in range(6)]
    assert form.asked().count('type="radio"') == 6
    form.asked.options.append(Option(uuid4(), "Option 6"))
    assert "<select" in form.asked()


def test_options_in_groups_stand_under_their_headings(posted) -> None:
    form = posted(form_asking(Kind.CODE, hint="Choose one"), {"asked": str(SECOND)})
    form.asked.options = [Option(FIRST, "First", group="A & B"), Option(SECOND, "Second", group="C")]
    page = form.asked()
    assert '<optgroup label="A &amp; B">' in page
    assert f'<option value="{SECOND}" selected>Second</option>' in page
    assert 'aria-describedby="asked-hint"' in page


def test_one_option_that_is_needed_leaves_nothing_to_choose(posted) -> None:
    form = posted(form_asking(Kind.ORGANISATION, required=True))
    form.asked.options = [Option(FIRST, "NHS County Durham CCG")]
    page = form.asked()
    assert f'<input type="hidden" name="asked" value="{FIRST}">' in page
    assert "radio" not in page


def test_a_radio_shows_which_member_is_chosen(posted) -> None:
    page = posted(form_asking(Kind.CHOICE, choices=MediaInterest), data={"asked": MediaInterest.LOCAL}).asked()
    assert 'value="local" checked' in page
    assert page.count("checked") == 1


@pytest.mark.parametrize(
    ("kind", "typed", "more", "kept"),
    [
        (Kind.LINE, "", {}, True),
        (Kind.LINE, "4", {}, True),
        (Kind.LINE, "Words of a case", {}, False),
        (Kind.LINE, "99", {"max_length": 1}, False),
        (Kind.TEXT, "Words of a case", {"max_length": 4000}, False),
        (Kind.NUMBER, "9990000018", {}, False),
        (Kind.DATE, "1/2/2022", {}, True),
        (Kind.DATE, "the day after", {}, False),
        (Kind.CHOICE, "closed", {"choices": Status}, True),
        (Kind.CHOICE, "words instead", {"choices": Status}, False),
    ],
)
def test_what_a_field_looks_like_is_kept_unless_it_holds_somebodys_words(
    posted, kind: Kind, typed: str, more: dict[str, Any], kept: bool
) -> None:
    form = posted(form_asking(kind, **more), {"asked": typed})
    form.validate()
    widgets._kept.cache_clear()
    first, again = form.asked(), form.asked()
    assert first == again
    assert (widgets._kept.cache_info().hits, widgets._kept.cache_info().currsize) == ((1, 1) if kept else (0, 0))


def test_words_that_a_choice_reveals_are_not_kept(posted) -> None:
    why = field_for(Item(name="inner", label="Why", definition="Why it is."))
    form = posted(
        type("Both", (form_asking(Kind.CHOICE, choices=Status),), {"inner": why}),
        {"asked": "closed", "inner": "Words of a case"},
    )
    form.asked.revealed = {"closed": [form.inner]}
    widgets._kept.cache_clear()
    assert "Words of a case" in form.asked()
    assert widgets._kept.cache_info().currsize == 0


def test_fields_that_differ_in_anything_look_different(posted) -> None:
    """Numbers and words that are equal in Python are not written alike."""
    widgets._kept.cache_clear()
    form = posted(form_asking(Kind.LINE), {"asked": ""})
    plain = form.asked(prefix={"text": "&"})
    assert "&amp;" in plain
    assert "&amp;" not in form.asked(prefix={"html": "<b>&</b>"})
    assert form.asked(describedBy="one") != form.asked(describedBy="two")
    assert form.asked(spellcheck=True) != form.asked(spellcheck=1)
