"""The passage that is shown of a text, with the searched words marked."""

from __future__ import annotations

import pytest

from app.rules.folding import fold, places_of_words, words_of
from app.themes.snippets import LENGTH, beginning_of, snippet_of


def marked(text: str, typed: str) -> str:
    snippet = snippet_of(text, words_of(typed))
    assert snippet is not None
    return str(snippet.html)


@pytest.mark.parametrize(
    ("text", "typed", "html"),
    [
        ("Neglected for weeks.", "neglect", "<mark>Neglected</mark> for weeks."),
        ("Self-neglect, NEGLECT!", "neglect", "Self-<mark>neglect</mark>, <mark>NEGLECT</mark>!"),
        ("At the café in Zürich", "cafe zu", "At the <mark>café</mark> in <mark>Zürich</mark>"),
        ("At the cafe\u0301 too", "café", "At the <mark>cafe\u0301</mark> too"),
        ("Not unneglected; a neglect", "neglect", "Not unneglected; a <mark>neglect</mark>"),
        (
            "<b>bruise</b> & more",
            "bruise b",
            "&lt;<mark>b</mark>&gt;<mark>bruise</mark>&lt;/<mark>b</mark>&gt; &amp; more",
        ),
        ("One\n\ntwo\tthree", "two", "One <mark>two</mark> three"),
        ("<script>alert(1)</script>", "script", "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;"),
        ("case_word", "word", "case_<mark>word</mark>"),
    ],
)
def test_words_are_marked_as_the_index_finds_them_and_the_rest_is_escaped(text: str, typed: str, html: str) -> None:
    assert marked(text, typed) == html


def test_a_text_without_the_words_has_no_passage() -> None:
    assert snippet_of("Nothing here.", words_of("bruising")) is None
    assert snippet_of("", words_of("bruising")) is None


def test_the_passage_is_the_one_that_holds_most_of_the_words() -> None:
    away = "The panel met. " * 60
    text = f"One bruise. {away}Another bruise was seen at the handover. {away}A handover."
    html = marked(text, "bruise handover")
    assert "Another <mark>bruise</mark> was seen at the <mark>handover</mark>." in html
    assert html.startswith("… ") and html.endswith(" …")


def test_a_passage_is_short_whatever_the_text_is_like() -> None:
    for text in ("word " * 2000, "w" * 10_000, "a b " * 2500, "é" * 5000 + " word", "x" * 5000 + "-word-" + "y" * 5000):
        snippet = snippet_of(text, words_of("w a word"))
        if snippet is not None:
            assert sum(len(part) for part, _ in snippet.parts) <= 2 * LENGTH + 20
    assert sum(len(part) for part, _ in beginning_of("word " * 2000).parts) <= LENGTH + 20


@pytest.mark.parametrize(
    "text", ["Straße İstanbul", "ΟΔΟΥ ǅ ﬁne ½", "한국어 मराठी", "a\u0301\u0327b \u0301 c", "naïve, Ærø"]
)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    for word in places_of_words(text):
        assert fold(text[word.start : word.end]) == word.folded
