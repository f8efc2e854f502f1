"""Which words are found, and what stands in their place."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import redaction

MARK = redaction.mark_on(date(2022, 5, 3))


@pytest.mark.parametrize(
    ("words", "text", "struck"),
    [
        ("Ann Example", "Seen with Ann Example.", f"Seen with {MARK}."),
        ("Ann Example", "ANN\r\n  example", MARK),
        ("Ann", "Ann was planning.", f"{MARK} was planning."),
        ("943 476 5919", "NHS 943 476 5919, again 943 476 5919", f"NHS {MARK}, again {MARK}"),
        ("9.3", "9x3", "9x3"),
        ("(Ann)", "x(Ann)y", f"x{MARK}y"),
        ("Zoë", "ZOË", MARK),
        ("Ann", "annulled", "annulled"),
    ],
)
def test_words_are_found_whole_whatever_their_case(words: str, text: str, struck: str) -> None:
    assert redaction.struck(text, redaction.pattern_of(words), MARK) == struck


def test_the_mark_says_the_day_and_where_needed_the_case() -> None:
    assert MARK == "[redacted 3 May 2022]"
    assert redaction.mark_on(date(2022, 5, 3), "SCR-7KQX3MPD") == "[redacted 3 May 2022 7KQX3MPD]"


def test_a_text_that_becomes_too_long_loses_its_end_and_no_mark_is_cut_through() -> None:
    pattern = redaction.pattern_of("Ann")
    assert redaction.struck("Ann" + "x" * 0 + " y" * 20, pattern, MARK, 43) == MARK + " y" * 11
    assert redaction.struck("aaa Ann", pattern, MARK, 7) == "aaa "
    assert redaction.struck("aaa Ann", pattern, MARK, 4 + len(MARK)) == f"aaa {MARK}"


@given(st.text(max_size=200), st.text(min_size=3, max_size=20), st.integers(30, 200))
def test_nothing_but_the_mark_comes_in(text: str, typed: str, longest: int) -> None:
    words = redaction.tidied(typed)
    if redaction.why_not(words):
        return
    found = redaction.struck(text, redaction.pattern_of(words), MARK, longest)
    rest = text
    for piece in found.split(MARK):
        assert piece in rest
        rest = rest[rest.index(piece) + len(piece) :]
    assert len(found) <= max(longest, len(text))


@pytest.mark.parametrize("words", ["", "ab", "x" * 201, "Redact"])
def test_some_words_cannot_be_struck_out(words: str) -> None:
    assert redaction.why_not(words)
