"""Two people, one case: the second to save sees both values, chooses, and overwrites nobody unseen."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.cases import writing
from models import CaseReview, Draft
from tests.admin_views.test_cases import day, errors_on, saved
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Form, Visitor

HEADING = "This case was changed while you had it open"
CLOSED: dict[str, Any] = {"status": "closed", "publication": "embargoed", "date_closed": date(2022, 1, 20),
                          "report_signed_off_on": date(2022, 1, 10)}  # fmt: skip


@pytest.fixture
def margaret(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


@pytest.fixture
def siobhan(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("two-ccgs")


@pytest.fixture
def case(either_app: Flask) -> CaseReview:
    return add_case(either_app, "84H", lessons="At first.", comments="At first.")


def edit(case: CaseReview) -> str:
    return f"/cases/edit/?id={case.id}"


def save(visitor: Visitor, address: str, **fields: str) -> None:
    answer = visitor.post_form(address, fields)
    assert answer.status_code == 302, errors_on(answer.text)


def text_of(html: str) -> str:
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def asked_on(answer: TestResponse) -> list[str]:
    """The items that a page asks about, in its order."""
    assert answer.status_code == 200 and HEADING in answer.text, text_of(answer.text)
    return [name.removeprefix("choose-") for name in Form(answer.text).options if name.startswith("choose-")]


def part_of(answer: TestResponse, key: str) -> str:
    """What the page says under the heading that it names "taken" or "kept"."""
    return text_of(
        f"<main {answer.text.partition(f'aria-labelledby={chr(34)}{key}')[2].partition('</section>')[0]}</main>"
    )


def choose(answer: TestResponse, **choices: str) -> dict[str, str]:
    return Form(answer.text).fields | {f"choose-{name}": choice for name, choice in choices.items()}


def drafts_of(app: Flask) -> list[Draft]:
    with unguarded(app) as session:
        return list(session.scalars(select(Draft)))


def test_both_values_stand_side_by_side_and_each_is_chosen(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.", latest_update="Theirs too.", media_interest="local")
    mine = typed | {"lessons": "Mine.", "latest_update": "Mine too.", "comments": "Mine alone."}
    answer = margaret.post(edit(case), mine)
    assert sorted(asked_on(answer)) == ["latest_update", "lessons"]
    said = text_of(answer.text)
    assert "Changed by Siobhán O'Donnell on " in said and "What you typed is not saved yet." in said
    for value in ("Theirs.", "Theirs too.", "Mine.", "Mine too.", "At first.", "The panel has met."):
        assert value in said
    assert "Also changed by Siobhán O'Donnell" in said
    assert "Media interest Local Before: None known" in part_of(answer, "taken")
    assert part_of(answer, "kept").endswith("Comments Mine alone.")
    assert not errors_on(answer.text)
    assert saved(margaret.app, str(case.id)).lessons == "Theirs."

    done = margaret.post(edit(case), choose(answer, lessons="mine", latest_update="theirs"))
    assert done.status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.lessons, merged.latest_update, merged.comments) == ("Mine.", "Theirs too.", "Mine alone.")
    assert (merged.media_interest, merged.version) == ("local", 3)


@pytest.mark.parametrize(
    ("theirs", "mine", "together"),
    [
        ("Theirs.", "Mine.", "Theirs.\n\nMine."),
        ("At first. Theirs.", "At first. Mine.", "At first. Theirs.\n\nMine."),
    ],
)
def test_the_words_of_both_are_kept(
    margaret: Visitor, siobhan: Visitor, case: CaseReview, theirs: str, mine: str, together: str
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons=theirs, media_interest="local")
    answer = margaret.post(edit(case), typed | {"lessons": mine, "media_interest": "national"})
    assert answer.text.count("Keep both") == 1, "a choice of a list cannot be both"
    done = margaret.post(edit(case), choose(answer, lessons="both", media_interest="mine"))
    assert done.status_code == 302
    assert saved(margaret.app, str(case.id)).lessons == together


def test_the_words_of_both_may_be_too_long_and_stay_on_the_form(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), latest_update="t" * 3000)
    answer = margaret.post(edit(case), typed | {"latest_update": "m" * 3000})
    refused = margaret.post(edit(case), choose(answer, latest_update="both"))
    assert "Latest update must be 4,000 characters or fewer" in refused.text
    assert Form(refused.text).fields["latest_update"].strip() == f"{'t' * 3000}\n\n{'m' * 3000}"


def test_what_each_changed_alone_is_shown_and_both_are_saved(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), latest_update="Theirs.")
    answer = margaret.post(edit(case), typed | {"lessons": "Mine."})
    assert asked_on(answer) == []
    assert "You changed different items, so both can be kept." in text_of(answer.text)
    assert margaret.post(edit(case), Form(answer.text).fields).status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.lessons, merged.latest_update) == ("Mine.", "Theirs.")


@pytest.mark.parametrize("mine", [{}, {"lessons": "The same."}], ids=["nothing typed", "the same typed"])
def test_where_nothing_is_left_to_say_nobody_is_asked(
    margaret: Visitor, siobhan: Visitor, case: CaseReview, mine: dict[str, str]
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="The same.", latest_update="Theirs.")
    answer = margaret.post(edit(case), typed | mine)
    assert answer.status_code == 302
    assert "Nothing was changed in case" in margaret.get(answer.headers["Location"]).text
    assert saved(margaret.app, str(case.id)).version == 2


def test_a_choice_that_is_missing_is_asked_for_and_the_others_stay(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.", latest_update="Theirs too.")
    first = margaret.post(edit(case), typed | {"lessons": "Mine.", "latest_update": "Mine too."})
    answer = margaret.post(edit(case), choose(first, lessons="mine"))
    assert errors_on(answer.text) == ["Select which latest update to keep"]
    assert 'href="#choose-latest_update"' in answer.text and 'id="choose-latest_update"' in answer.text
    assert Form(answer.text).fields["choose-lessons"] == "mine"
    assert saved(margaret.app, str(case.id)).version == 2
    assert margaret.post(edit(case), choose(answer, latest_update="mine")).status_code == 302
    assert saved(margaret.app, str(case.id)).latest_update == "Mine too."


def test_changed_again_meanwhile_the_choices_are_kept_and_only_what_is_new_is_asked(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.", latest_update="Theirs.", comments="Theirs.")
    first = margaret.post(edit(case), typed | dict.fromkeys(("lessons", "latest_update", "comments"), "Mine."))
    save(siobhan, edit(case), latest_update="Theirs again.", comments="Theirs again.", media_interest="local")
    chosen = choose(first, lessons="mine", latest_update="mine", comments="theirs")
    answer = margaret.post(edit(case), chosen)
    assert asked_on(answer) == ["latest_update"]
    assert "Comments Theirs again. Before: Theirs." in part_of(answer, "taken")
    assert part_of(answer, "kept").endswith("Lessons learned and recommendations Mine.")
    assert saved(margaret.app, str(case.id)).version == 3
    assert margaret.post(edit(case), choose(answer, latest_update="mine")).status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.lessons, merged.latest_update, merged.comments) == ("Mine.", "Mine.", "Theirs again.")
    assert (merged.media_interest, merged.version) == ("local", 4)


def test_what_cannot_be_read_can_be_chosen_and_is_then_mended_on_the_form(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), **day("incident_date", "2", "8", "2021"))
    mine = typed | day("incident_date", "31", "2", "2021") | {"lessons": "Mine."}
    first = margaret.post(edit(case), mine)
    assert asked_on(first) == ["incident_date"] and "31 2 2021" in text_of(first.text)
    form = margaret.post(edit(case), choose(first, incident_date="mine"))
    assert errors_on(form.text) == ["Incident date must be a real date"]
    fields = Form(form.text).fields
    assert (fields["incident_date-day"], fields["lessons"], fields["version"]) == ("31", "Mine.", "2")
    assert margaret.post(edit(case), fields | {"incident_date-month": "7"}).status_code == 302
    assert saved(margaret.app, str(case.id)).incident_date == date(2021, 7, 31)


def test_the_rules_speak_of_the_values_of_both(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), **day("report_signed_off_on", "10", "8", "2021"))
    first = margaret.post(edit(case), typed | day("incident_date", "20", "8", "2021") | {"lessons": "Mine."})
    form = margaret.post(edit(case), Form(first.text).fields)
    assert errors_on(form.text) == [
        "Date report is signed off must be the same as or after the incident date, 20 August 2021"
    ]
    fields = Form(form.text).fields
    assert (fields["report_signed_off_on-day"], fields["lessons"]) == ("10", "Mine.")
    assert margaret.post(edit(case), fields | day("report_signed_off_on", "21", "8", "2021")).status_code == 302
    assert saved(margaret.app, str(case.id)).version == 3


@pytest.mark.parametrize("page", ["edit", "close"])
def test_what_was_typed_is_kept_when_the_case_was_withdrawn_and_goes_on_when_it_is_back(
    margaret: Visitor, siobhan: Visitor, case: CaseReview, page: str
) -> None:
    address = f"/cases/{page}/?id={case.id}"
    typed = margaret.form_on(address).fields | {"lessons": "Mine."}
    if page == "close":
        typed |= {"publication": "embargoed"} | day("date_closed", "1", "2", "2022")
        typed |= day("report_signed_off_on", "1", "2", "2022")
    save(siobhan, f"/cases/withdraw/?id={case.id}", reason="Entered twice.")
    answer = margaret.post(address, typed)
    assert errors_on(answer.text) == [
        f"Case {case.reference} is withdrawn. Bring it back before you change it. It was last changed on"
        " 14 February 2022 at 10:30am, by Siobhán O'Donnell. What you typed is still below, and is kept for 24 hours"
    ]
    assert Form(answer.text).fields["lessons"] == "Mine."
    (draft,) = drafts_of(margaret.app)
    save(margaret, f"/cases/bring-back/?id={case.id}", reason="It was not.")
    assert margaret.post_form(f"{address}&draft={draft.id}").status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.lessons, merged.withdrawn_at) == ("Mine.", None)
    assert drafts_of(margaret.app) == []


def test_a_case_that_was_closed_meanwhile_stays_closed(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    closing = {"publication": "embargoed", "lessons": "Theirs."} | day("report_signed_off_on", "1", "2", "2022")
    save(siobhan, f"/cases/close/?id={case.id}", **closing | day("date_closed", "10", "2", "2022"))
    answer = margaret.post(edit(case), typed | {"lessons": "Mine."})
    assert asked_on(answer) == ["lessons"]
    assert "Closed by Siobhán O'Donnell" in text_of(answer.text)
    assert "Status Closed Before: Open" in part_of(answer, "taken")
    assert margaret.post(edit(case), choose(answer, lessons="mine")).status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.status, merged.date_closed, merged.lessons) == ("closed", date(2022, 2, 10), "Mine.")


def test_closing_asks_too(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    address = f"/cases/close/?id={case.id}"
    typed = margaret.form_on(address).fields | {"publication": "embargoed", "lessons": "Mine."}
    typed |= day("report_signed_off_on", "1", "2", "2022") | day("date_closed", "10", "2", "2022")
    save(siobhan, edit(case), lessons="Theirs.", comments="Theirs.")
    answer = margaret.post(address, typed)
    assert asked_on(answer) == ["lessons"]
    assert "Close case" in text_of(answer.text)
    assert margaret.post(address, choose(answer, lessons="theirs")).status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.status, merged.lessons, merged.comments) == ("closed", "Theirs.", "Theirs.")


@pytest.mark.parametrize(
    ("page", "values"),
    [("withdraw", {}), ("reopen", CLOSED)],
)
def test_a_reason_is_kept_while_its_writer_reads_what_changed(
    margaret: Visitor, siobhan: Visitor, page: str, values: dict[str, Any]
) -> None:
    case = add_case(margaret.app, "84H", **values)
    address = f"/cases/{page}/?id={case.id}"
    typed = margaret.form_on(address).fields | {"reason": "My reason."}
    save(siobhan, edit(case), lessons="Theirs.")
    answer = margaret.post(address, typed)
    assert asked_on(answer) == []
    assert part_of(answer, "taken").endswith("Theirs.") and part_of(answer, "kept").endswith("Reason My reason.")
    assert margaret.post(address, Form(answer.text).fields).status_code == 302
    assert saved(margaret.app, str(case.id)).change_reason == "My reason."


@pytest.mark.parametrize(
    ("page", "values", "state", "done"),
    [
        ("close", {}, "closed", {"publication": "embargoed"} | day("report_signed_off_on", "1", "2", "2022")
         | day("date_closed", "10", "2", "2022")),
        ("reopen", CLOSED, "open", {"reason": "Mine."}),
        ("withdraw", {}, "withdrawn", {"reason": "Mine."}),
        ("bring-back", {"withdrawn_at": NOW, "withdrawn_reason": "Twice."}, "in use", {"reason": "Mine."}),
    ],
)  # fmt: skip
def test_what_somebody_else_has_done_already_is_not_done_twice(
    margaret: Visitor, siobhan: Visitor, page: str, values: dict[str, Any], state: str, done: dict[str, str]
) -> None:
    case = add_case(margaret.app, "84H", **values)
    address = f"/cases/{page}/?id={case.id}"
    typed = margaret.form_on(address).fields | done
    save(siobhan, address, **done)
    answer = margaret.post(address, typed)
    assert errors_on(answer.text)[0].startswith(f"Case {case.reference} is already {state}. It was last changed on ")
    assert {name: Form(answer.text).fields.get(name) for name in done} == done
    assert saved(margaret.app, str(case.id)).version == 2


def test_what_was_typed_is_a_draft_until_it_is_saved(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.")
    margaret.post(edit(case), typed | {"lessons": "Mine."})
    (draft,) = drafts_of(margaret.app)
    back = margaret.form_on(f"{edit(case)}&draft={draft.id}").fields
    assert (back["lessons"], back["version"], back["form_token"]) == ("Mine.", "1", typed["form_token"])
    answer = margaret.post(edit(case), back)
    assert asked_on(answer) == ["lessons"]
    assert margaret.post(edit(case), choose(answer, lessons="mine")).status_code == 302
    assert drafts_of(margaret.app) == []


def test_pressed_twice_the_choice_is_saved_once(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.")
    answer = margaret.post(edit(case), typed | {"lessons": "Mine."})
    chosen = choose(answer, lessons="mine")
    assert margaret.post(edit(case), chosen).status_code == 302
    again = margaret.post(edit(case), chosen)
    assert errors_on(again.text) == [f"You have already saved this form, as case {case.reference}"]
    assert HEADING not in again.text
    assert saved(margaret.app, str(case.id)).version == 3


def test_ones_own_other_window_is_called_so(margaret: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(margaret, edit(case), lessons="In the other window.")
    answer = margaret.post(edit(case), typed | {"lessons": "Mine."})
    assert "Changed by you on " in text_of(answer.text) and "Thirlwell on" not in text_of(answer.text)


@pytest.mark.parametrize("nonsense", ["", "abc", "0", "-1", "²", "99999999999999999999", "3"])
def test_nonsense_overwrites_nothing(margaret: Visitor, siobhan: Visitor, case: CaseReview, nonsense: str) -> None:
    """A version that the history does not know: everything that differs is asked about."""
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.", comments="Theirs.")
    mine = typed | {"lessons": "Mine.", "version": nonsense}
    answer = margaret.post(edit(case), mine | {"seen": nonsense, "choose-lessons": "mine"})
    assert sorted(asked_on(answer)) == ["comments", "lessons"]
    answer = margaret.post(edit(case), choose(answer, lessons=nonsense, comments="mine"))
    assert asked_on(answer) and saved(margaret.app, str(case.id)).version == 2
    assert margaret.post(edit(case), choose(answer, lessons="mine", comments="theirs")).status_code == 302
    merged = saved(margaret.app, str(case.id))
    assert (merged.lessons, merged.comments) == ("Mine.", "Theirs.")


def test_a_page_that_is_out_of_date_saves_and_keeps_nothing(
    margaret: Visitor, siobhan: Visitor, case: CaseReview
) -> None:
    typed = margaret.form_on(edit(case)).fields
    save(siobhan, edit(case), lessons="Theirs.")
    answer = margaret.post(edit(case), typed | {"lessons": "Mine.", "csrf_token": "old"})
    assert errors_on(answer.text) == ["Your page was out of date. Check what you typed and save again"]
    assert asked_on(answer) == ["lessons"] and drafts_of(margaret.app) == []
    chosen = choose(answer, lessons="mine") | {"csrf_token": "old"}
    form = margaret.post(edit(case), chosen)
    assert Form(form.text).fields["lessons"] == "Mine."
    assert saved(margaret.app, str(case.id)).lessons == "Theirs."
    assert margaret.post(edit(case), Form(form.text).fields).status_code == 302


def test_a_save_in_between_is_seen_too(
    margaret: Visitor, siobhan: Visitor, case: CaseReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other saves after the form was found to be on the newest version, and before it is written."""
    typed = margaret.form_on(edit(case)).fields
    with monkeypatch.context() as between:

        def saved_first(*args: Any, **named: Any) -> None:
            between.undo()
            with unguarded(margaret.app) as session:
                theirs: Any = session.get(CaseReview, case.id)
                theirs.lessons = "Theirs."
                session.commit()
            writing.change(*args, **named)

        between.setattr(writing, "change", saved_first)
        answer = margaret.post(edit(case), typed | {"lessons": "Mine."})
    assert asked_on(answer) == ["lessons"]
    assert margaret.post(edit(case), choose(answer, lessons="mine")).status_code == 302
    assert saved(margaret.app, str(case.id)).lessons == "Mine."


def test_nothing_on_the_page_is_run_as_markup(margaret: Visitor, siobhan: Visitor, case: CaseReview) -> None:
    typed = margaret.form_on(edit(case)).fields
    script = "<script>alert(1)</script>"
    save(siobhan, edit(case), lessons=f"{script} theirs", partnership_name=f"{script} theirs", comments=script)
    mine = {"lessons": f"{script}\n\"'mine", "partnership_name": f"{script} mine", "overview": script}
    answer = margaret.post(edit(case), typed | mine | day("date_added", "<b>", "2", "2021"))
    assert sorted(asked_on(answer)) == ["lessons", "partnership_name"]
    assert "<script>alert" not in answer.text and "<b>" not in answer.text
    assert Form(answer.text).fields["lessons"] == mine["lessons"]
