"""Search in what was learned, and cases like one: what is found, in which order, and nothing of a foreign CCG."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.access.current import begin, lookups
from app.access.people import Access
from app.database import ids_with_very_rare_words, new_session
from app.rules.folding import words_of
from app.themes import filters, learning, similar
from app.themes.learning import Ranking, passages_of
from app.themes.similar import cases_like
from models import CaseReview, Person
from models.row_security import VERY_RARE
from tests.conftest import NOW, add_case
from tests.databases import unguarded


@contextmanager
def working_as(app: Flask, account: str) -> Iterator[tuple[Any, Access]]:
    """A session in the scope of a demo account."""
    with app.test_request_context(), new_session() as session:
        person = session.scalars(select(Person).where(Person.subject == account)).one()
        yield session, begin(session, person)


def found(app: Flask, account: str, typed: str, **args: str) -> list[str]:
    """References in the order in which they are found."""
    with working_as(app, account) as (session, access):
        chosen = filters.chosen(args, filters.filters_for(args, access.readable_ccgs, lookups()))
        assert not chosen.left_out
        hits = learning.search(session, typed, chosen.conditions)
        return [case.reference for case in learning.cases_of(session, hits.ids)]


def test_each_word_begins_a_word_of_lessons_overview_or_update_and_of_nothing_else(either_app: Flask) -> None:
    in_lessons = add_case(either_app, "84H", lessons="Bruising was missed.")
    spread = add_case(either_app, "84H", lessons="Handovers.", overview="Bruised.", latest_update="Café met.")
    add_case(either_app, "84H", comments="Bruising, handover.", partnership_name="Bruising", local_identifier="BRUIS")
    assert set(found(either_app, "ccg-84H", "bruis")) == {in_lessons.reference, spread.reference}
    assert found(either_app, "ccg-84H", "handover BRUISED cafe") == [spread.reference]
    assert found(either_app, "ccg-84H", "bruising handover") == []
    for nothing in ("", "  ", "%", "'\" * OR", "\x00", "SCR", "bruis NOT"):
        assert found(either_app, "ccg-84H", nothing) == []


def test_withdrawn_cases_are_not_found_and_bulk_changes_are(either_app: Flask) -> None:
    add_case(either_app, "84H", lessons="Bruising.", withdrawn_at=NOW, withdrawn_reason="Twice.")
    case = add_case(either_app, "84H", lessons="Other.")
    with unguarded(either_app) as session:
        session.execute(update(CaseReview).where(CaseReview.id == case.id).values(lessons="Bruising again."))
        session.commit()
    assert found(either_app, "ccg-84H", "bruising") == [case.reference]


def test_the_best_come_first_and_the_newest_of_alike_ones(either_app: Flask) -> None:
    long = "Something else was said. " * 60
    once = add_case(either_app, "84H", latest_update=f"Bruising. {long}")
    beginning = add_case(either_app, "84H", lessons=f"Bruisings. {long}")
    often = add_case(either_app, "84H", lessons="Bruising, bruising and bruising.", overview="Bruising.")
    buried = add_case(either_app, "84H", lessons=f"Bruising. {long}")
    order = [often.reference, buried.reference, beginning.reference, once.reference]
    assert found(either_app, "ccg-84H", "bruising") == order
    assert found(either_app, "england", "bruising") == order


def test_words_in_a_row_count_more_than_the_same_words_apart() -> None:
    ranking = Ranking(words_of("mental capacity"))
    together, apart = "Mental capacity was seen.", "Capacity was seen mental."
    assert ranking.of(("", together, "")) > ranking.of(("", apart, ""))


def test_more_than_are_ranked_are_the_newest_and_it_says_so(either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST_RANKED", 2)
    cases = [add_case(either_app, "84H", lessons="Bruising.", date_added=day) for day in days(3)]
    with working_as(either_app, "ccg-84H") as (session, _):
        hits = learning.search(session, "bruising")
        assert (hits.is_more, hits.ids) == (True, (cases[2].id, cases[1].id))
        assert not learning.search(session, "bruising", [CaseReview.id != cases[0].id]).is_more


def days(number: int) -> list[date]:
    return [date(2021, 9, 1) + timedelta(days=day) for day in range(number)]


def test_common_words_are_found_alike(either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the words that are looked up as rare, the condition itself finds the same cases."""
    mine = add_case(either_app, "84H", lessons="Bruising.")
    add_case(either_app, "93C", lessons="Bruising.")
    monkeypatch.setattr(learning, "ids_with_words", lambda words, session: None)
    assert found(either_app, "ccg-84H", "bruising") == [mine.reference]


@pytest.mark.parametrize("account", ["ccg-84H", "stp-QHM", "region-Y63"])
def test_nothing_of_a_foreign_case_can_be_told(either_app: Flask, account: str) -> None:
    """The same word in cases of two CCGs: neither count, order, passages nor cases alike change with the foreign."""
    texts = ["Quillarby.", "Quillarby and quillarby, quillarby.", "A long text on other things. " * 20 + "Quillarby."]
    mine = [add_case(either_app, "84H", lessons=text, theme_1="self_neglect") for text in texts]
    words = ("quillarby", "quill", "quillarby text", "quillarby things other")

    def seen() -> list[Any]:
        with working_as(either_app, account) as (session, _):
            hits = [learning.search(session, word) for word in words]
            cases = [learning.cases_of(session, one.ids) for one in hits]
            return [
                hits,
                [[passages_of(case, one.words) for case in some] for one, some in zip(hits, cases, strict=True)],
                [cases_like(session, session.get_one(CaseReview, case.id)) for case in mine],
            ]

    before = seen()
    assert len(before[0][0].ids) == 3 and before[2][0]
    for number in range(6):
        text = ("Quillarby. " * number + "A text on other things.")[: 200 * number + 100]
        add_case(either_app, "93C", lessons=text, theme_1="self_neglect", overview="Quillarby things.")
    assert seen() == before
    assert len(found(either_app, "england", "quillarby")) == 9


def test_filters_choose_among_what_is_found(either_app: Flask) -> None:
    old = {"date_added": date(2020, 3, 1), "incident_date": date(2020, 2, 1)}
    before = add_case(either_app, "00J", lessons="Bruising.", theme_1="self_neglect", **old)
    now = add_case(either_app, "84H", lessons="Bruising.", theme_1="neglect", theme_2="self_neglect")
    other = add_case(either_app, "16C", lessons="Bruising.", partnership_kind="joint")
    closed = add_case(
        either_app, "93C", lessons="Bruising.", status="closed", date_closed=date(2022, 1, 20), publication="embargoed",
        report_signed_off_on=date(2021, 12, 1), publication_date=date(2022, 3, 1), review_type="rapid_review",
    )  # fmt: skip
    everything = {before, now, other, closed}

    def of(**args: str) -> set[CaseReview]:
        references = found(either_app, "england", "bruising", **args)
        return {case for case in everything if case.reference in references}

    assert of() == everything
    assert of(ccg="00J") == {before}
    assert of(ccg="84H") == {now}
    assert of(ccg="84H", area_as="today") == {before, now}
    assert of(ccg="00J", area_as="today") == set()
    assert of(stp="QHM") == {before, now, other}
    assert of(region="Y56", area_as="today") == {closed}
    assert of(theme="self_neglect") == {before, now}
    assert of(partnership_kind="joint") == {other}
    assert of(review_type="rapid_review") == of(status="closed") == {closed}
    assert of(**{"from": "2020-21-Q1"}) == {now, other, closed}
    assert of(to="2019-20-Q4") == of(quarters_by="incident", to="2019-20-Q4") == {before}
    assert of(quarters_by="closing", **{"from": "2021-22-Q4", "to": "2021-22-Q4"}) == {closed}
    assert of(quarters_by="publication", **{"from": "2021-22-Q4"}) == {closed}


def test_a_filter_that_is_not_offered_is_left_out_and_named(app: Flask) -> None:
    with working_as(app, "ccg-84H") as (_, access):
        args = {"ccg": "93C", "status": "none", "from": "2021-22-Q5", "theme": "neglect", "ccg_id": "x"}
        chosen = filters.chosen(args, filters.filters_for(args, access.readable_ccgs, lookups()))
        assert chosen.left_out == ["CCG", "Status", "From quarter"]
        assert chosen.values == {"theme": "neglect"} and len(chosen.conditions) == 1


def test_a_word_as_long_as_a_text_is_ranked_as_fast_as_any_other_text() -> None:
    """In time of this process: what others do on the machine does not count."""

    def time_of(text: str, words: list[str]) -> float:
        begun = time.process_time()
        Ranking(words).of([text, text[:4000], text[:4000]])
        return time.process_time() - begun

    usual = max(time_of("It was not known who knew of it. " * 300, ["was", "known"]) for _ in range(3))
    for long in ("a" * 10_000, "é" * 10_000, "a" + " " * 9_998 + "b", "a " * 5_000):
        for words in (["a", "a"], ["a", "b"], ["e", "e"], ["a"] * 19 + ["b"]):
            assert time_of(long, words) < 20 * usual + 0.02, (long[:2], words)


def test_a_passage_is_shown_of_each_text_that_adds_a_word(app: Flask) -> None:
    case = add_case(app, "84H", lessons="Handover.", overview="Bruising at handover.", latest_update="Bruising.")
    with working_as(app, "ccg-84H"):
        assert [one.item for one in passages_of(case, ["bruising", "handover"])] == ["overview"]
        assert [one.item for one in passages_of(case, ["handover"])] == ["lessons"]
        case = add_case(app, "84H", lessons="Handover.", overview="Other.", latest_update="Bruising.")
        assert [one.item for one in passages_of(case, ["bruising", "handover"])] == ["lessons", "latest_update"]
        assert [one.item for one in passages_of(case, ["nowhere"])] == ["overview"]


def alike(app: Flask, account: str, case: CaseReview) -> list[similar.Alike]:
    with working_as(app, account) as (session, _):
        return cases_like(session, session.get_one(CaseReview, case.id))


def test_cases_alike_share_themes_and_rare_ones_weigh_more(either_app: Flask) -> None:
    case = add_case(either_app, "84H", theme_1="neglect", theme_2="self_neglect")
    common = [add_case(either_app, "84H", theme_1="neglect") for _ in range(6)]
    rare = add_case(either_app, "84H", theme_3="self_neglect", theme_2="sexual_abuse", theme_1="discriminatory_abuse")
    both = add_case(either_app, "84H", theme_1="self_neglect", theme_2="neglect", review_type="rapid_review")
    add_case(either_app, "84H", theme_1="discriminatory_abuse")
    add_case(either_app, "84H", theme_1="neglect", withdrawn_at=NOW, withdrawn_reason="Twice.")
    found = alike(either_app, "ccg-84H", case)
    assert [one.reference for one in found[:2]] == [both.reference, rare.reference]
    assert {one.reference for one in found[2:]} <= {one.reference for one in common}
    assert len(found) == 5
    assert (found[0].is_same_type, len(found[0].themes), found[1].is_same_type) == (False, 2, True)


def test_cases_alike_share_rare_words_of_their_lessons_whatever_their_themes(either_app: Flask) -> None:
    case = add_case(either_app, "84H", lessons="Bruising at the handover was thought to be eczema.")
    words = add_case(either_app, "84H", theme_1="discriminatory_abuse", lessons="Eczema hides bruising. It should not.")
    add_case(either_app, "84H", theme_1="discriminatory_abuse", lessons="Thought was given to what should be done.")
    add_case(either_app, "84H", theme_1="discriminatory_abuse", overview="Bruising, eczema.", lessons="Other.")
    [found] = alike(either_app, "ccg-84H", case)
    assert (found.reference, found.themes, set(found.words)) == (words.reference, (), {"bruising", "eczema"})


def test_a_case_without_any_like_it_has_none_and_a_withdrawn_one_neither(either_app: Flask) -> None:
    case = add_case(either_app, "84H", theme_1="discriminatory_abuse")
    add_case(either_app, "84H", theme_1="neglect")
    assert alike(either_app, "ccg-84H", case) == []
    gone = add_case(either_app, "84H", withdrawn_at=NOW, withdrawn_reason="Twice.")
    assert alike(either_app, "ccg-84H", gone) == []


def test_a_word_is_looked_up_for_likeness_while_few_cases_have_it(either_app: Flask) -> None:
    cases = [add_case(either_app, "84H", lessons="Bruising.") for _ in range(VERY_RARE)]
    with working_as(either_app, "ccg-84H") as (session, _):
        assert set(ids_with_very_rare_words(["bruising", "eczema"], session)) == {case.id for case in cases}
    one_more = add_case(either_app, "84H", lessons="Bruising and eczema.")
    with working_as(either_app, "ccg-84H") as (session, _):
        assert ids_with_very_rare_words(["bruising", "eczema"], session) == [one_more.id]
        assert ids_with_very_rare_words([], session) == []
