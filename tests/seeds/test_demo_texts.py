"""The free texts of the demo cases: each begins in its own way, holds no identifier, and is a finished text."""

from __future__ import annotations

import re
from calendar import month_name
from collections import Counter

from app.rules.identifiers import look_alikes
from models.enumerations import Status
from seeds.cases.grammar import PRONOUNS, people, situations

TEXTS = ("overview", "latest_update", "lessons", "comments")
UNFINISHED = re.compile(r"[{}\[\]|]| {2}| [.,;]|\.\.|None (?!of)")
# Spellings that are not British, and words that have no place here.
UNWANTED = re.compile(r"ization|\bcolor|behavior|\bcenter\b|\bpediatric|lorem|\btoday\b|\d{10}", re.IGNORECASE)
WRONG_ARTICLE = re.compile(r"\b[Aa] (?=[aeiou])(?!one|uni|use|usual|urin)")


def texts_of(cases):
    return [text for case in cases for name in TEXTS if (text := getattr(case, name))]


def test_no_two_texts_share_their_first_60_characters(cases):
    beginnings = Counter(text[:60].casefold() for text in texts_of(cases))

    assert [beginning for beginning, count in beginnings.items() if count > 1] == []


def test_every_text_is_finished(cases):
    for text in texts_of(cases):
        assert not UNFINISHED.search(text), text
        assert not UNWANTED.search(text), text
        assert not WRONG_ARTICLE.search(text), text
        assert text == text.strip(), text
        assert text[-1] in '.”"?' or "\nRecommendations:\n" in text, text


def test_no_text_looks_as_if_it_held_an_identifier(cases):
    assert [text for text in texts_of(cases) if look_alikes(text)] == []


def test_overviews_have_two_to_five_sentences(cases):
    for case in cases:
        assert 2 <= len(re.findall(r"[.?!]+[\"”)]?(?=\s|$)", case.overview)) <= 6, case.overview
        assert 120 <= len(case.overview) <= 1000


def test_finished_reviews_have_lessons_and_the_others_have_none(cases):
    for case in cases:
        assert bool(case.lessons) == bool(case.report_signed_off_on), case


def test_an_update_speaks_of_no_day_after_it_was_written(cases):
    months = list(month_name)
    for case in cases:
        if case.status is Status.OPEN and case.report_signed_off_on:
            continue
        for number, month, year in re.findall(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})", case.latest_update):
            said = (int(year), months.index(month), int(number))
            assert said <= case.latest_update_on.timetuple()[:3], case.latest_update


def test_two_lessons_are_long_and_have_paragraphs(cases):
    long = [case.lessons for case in cases if len(case.lessons) > 3000]

    assert len(long) == 2
    assert all(text.count("\n\n") >= 5 for text in long)


def test_some_texts_hold_what_files_must_survive(cases):
    texts = texts_of(cases)

    assert any(text.startswith("- ") for text in texts) and any(text.startswith("= ") for text in texts)
    for sign in "éâ&'\"–":
        assert any(sign in text for text in texts), sign
    assert sum(bool(case.comments) for case in cases) >= 80


def test_every_theme_has_at_least_five_situations():
    counts = Counter(one.theme for one in situations())

    assert len(counts) == 34 and min(counts.values()) >= 5


def test_every_situation_names_a_pool_of_people_who_exist():
    for one in situations():
        pool, _, sex = one.pool.partition("_")
        assert any(f"{pool} {each}" in people() for each in ([sex] if sex else PRONOUNS)), one.pool
        assert one.theme not in one.also
