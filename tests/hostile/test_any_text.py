"""Whatever text is searched for or typed into the form of a case: an answer, and the text as it was typed."""

from __future__ import annotations

import os

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from .attacking import Attacker
from .corpus import encoded
from .walking import walk_to_forms

EXAMPLES = 1000 if os.environ.get("HOSTILE") == "all" else 20
# Halves of characters among them.
ANY_TEXT = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("aé\u0301'\"&|!:*()<>\\%_- \x00\n"), max_size=80
)


def test_any_text_is_searched_for_and_typed(either_app: Flask) -> None:
    attacker = Attacker(either_app, "ccg-84H")
    [form] = walk_to_forms(attacker.visitor, "/cases/new/")

    @settings(derandomize=True, max_examples=EXAMPLES, deadline=None, database=None)
    @given(ANY_TEXT, ANY_TEXT)
    def send(searched: str, typed: str) -> None:
        for address in ("/cases/", "/themes/learning/", "/ccgs/"):
            attacker.ask("", "GET", f"{address}?{encoded([('search', searched)])}")
        typed_in = {"overview": typed, "lessons": typed, "partnership_name": typed, "steis_number": searched}
        attacker.post(form, [(name, typed_in.get(name, value)) for name, value in form.fields])
        assert attacker.wrong == []

    send()
