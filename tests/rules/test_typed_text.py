"""Typed text, made regular."""

from __future__ import annotations

import pytest

from app.rules import typed_text as text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("one\r\ntwo", "one\ntwo"),
        ("one\rtwo", "one\ntwo"),
        ("  one  ", "one"),
        ("\n\none\n", "one"),
        ("one\n\n two", "one\n\n two"),
        ("caf\N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}", "café"),
        ("\N{NO-BREAK SPACE}one\N{NO-BREAK SPACE}", "one"),
        ("=1+1", "=1+1"),
        ("", ""),
    ],
)
def test_text_is_made_regular(typed: str, stored: str) -> None:
    assert text.regular(typed) == stored


def test_a_line_has_no_line_breaks() -> None:
    assert text.on_one_line("one\r\ntwo\tthree") == "one two three"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1f", "\x7f", "\x85", "\ud800", "\udfff"])
def test_control_characters_and_half_characters_cannot_be_stored(character: str) -> None:
    assert not text.is_storable(f"one{character}two")
    assert text.shown(f"one{character}two") == "one\N{REPLACEMENT CHARACTER}two"


@pytest.mark.parametrize("ordinary", ["one\ntwo", "one\ttwo", "naïve", "👩‍⚕️", "<script>", ""])
def test_everything_else_can(ordinary: str) -> None:
    assert text.is_storable(ordinary)
    assert text.shown(ordinary) == ordinary


@pytest.mark.parametrize(
    "typed", ["SCR-7KQX3MPD", "scr-7kqx3mpd", " SCR 7KQX 3MPD ", "scr7kqx3mpd", "SCR\N{EN DASH}7KQX\N{EN DASH}3MPD"]
)
def test_a_reference_is_understood_however_it_is_spaced(typed: str) -> None:
    assert text.case_reference(typed) == "SCR-7KQX3MPD"


@pytest.mark.parametrize("typed", ["2021/12345", "SCR-7KQX3MP", "SCR-7KQX3MPDD", "the other case", ""])
def test_what_does_not_look_like_a_reference_stays_as_typed(typed: str) -> None:
    assert text.case_reference(typed) == typed
