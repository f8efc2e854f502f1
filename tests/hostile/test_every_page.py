"""Every page, parameter, field and file of the service is sent what hostile people send: never an error of the service,
nothing that was typed is ever more than text, and no answer is slow.

`make test` sends each a few texts of the corpus. With HOSTILE=all, as `make hostile` sets it, each is sent many more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest
from flask import Flask
from werkzeug import Response

from app.access import clock
from models import db
from models.base import utc_now
from tests.databases import PostgreSQLDatabases, new_app

from .attacking import Attacker, attack_in_turns
from .corpus import KINDS, MARKER, TEXTS, WORKED_OUT, encoded
from .markup import wrong_with, wrong_with_page
from .walking import Map, the_rest, walk
from .world import fill, poison

ROUNDS = 12 if os.environ.get("HOSTILE") == "all" else 1
# Administrators come last: they may shut the others out.
ACCOUNTS = ("", "ccg-84H", "analyst", "administrator")
# What the two databases take differently: what cannot be stored, numbers, and the words of their searches.
OF_DATABASES = [
    text
    for kind in (
        "control characters",
        "broken text",
        "towers and long words",
        "database",
        "search operators",
        "numbers",
    )
    for text in KINDS[kind]
]


def test_nothing_that_is_typed_or_stored_breaks_a_page_or_becomes_more_than_text(fresh_app: Flask) -> None:
    begin = fill(fresh_app)
    assert poison(fresh_app) > 40
    maps, wrong = attack_everything(fresh_app, ACCOUNTS, TEXTS, begin)
    assert wrong == []
    found = maps[1]
    # Found, not named here: so a new page is too.
    assert {"search", "flt_status_is", "page_size"} <= found.pages["cases.index_view"].parameters.keys()
    [form] = [one for (endpoint, _), one in found.forms.items() if endpoint == "cases.create_view"]
    assert {"overview", "date_added-day", "theme_1", "csrf_token"} <= set(form.names)
    shown = set[str]().union(*(found.shown for found in maps))
    # Where what is stored was seen, so that its being harmless means something.
    assert {"cases.details_view", "cases.edit_view", "cases.history_view", "themes.index", "learning.index"} <= shown
    assert {"case_imports.details_view", "extracts.details_view", "reorganisations.details_view"} <= shown
    assert {"people.details_view", "audit.index_view", "redactions.details_view", "admin.index"} <= shown


@pytest.mark.postgresql
def test_nothing_breaks_a_page_on_postgresql(
    postgresql_databases: PostgreSQLDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An extract is drawn, and after it the database takes nothing that is dated back: what is answered is of now.
    monkeypatch.setattr(clock, "utc_now", utc_now)
    with postgresql_databases.fresh() as database:
        app = new_app(database)
        # The other accounts' pages take texts by the same fields, and `make hostile` has time for them.
        accounts = ACCOUNTS[1:] if ROUNDS > 1 else ("ccg-84H",)
        _, wrong = attack_everything(app, accounts, OF_DATABASES, fill(app))
        with app.app_context():
            db.engine.dispose()
    assert wrong == []


def attack_everything(
    app: Flask, accounts: Sequence[str], texts: Sequence[str], begin: Sequence[str]
) -> tuple[list[Map], list[str]]:
    """Walks through the service as each account, and attacks what was found. The maps, and all that was wrong."""
    maps, attackers = [], []
    in_any_order = list(texts)
    random.Random(1).shuffle(in_any_order)
    for account in accounts:
        maps.append(walk(app, account, MARKER, begin))
        attackers.append(Attacker(app, account))
        attack_in_turns(maps[-1], attackers[-1], in_any_order, rounds=ROUNDS, seed=len(maps))
    rest = the_rest(app, maps)
    for attacker in attackers[-2:]:
        attack_in_turns(rest, attacker, in_any_order, rounds=1, seed=1)
    asked = {endpoint for attacker in attackers for endpoint in attacker.asked}
    forgotten = {rule.endpoint for rule in app.url_map.iter_rules()} - asked
    wrong = [one for found in maps for one in found.wrong] + [one for attacker in attackers for one in attacker.wrong]
    return maps, wrong + [f"{one} was asked nothing" for one in forgotten]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_each_text_of_the_corpus_is_sent_as_bytes(text: str) -> None:
    """A text that could not be sent would be left out unseen."""
    assert encoded([("search", text)]).isascii()


@pytest.mark.parametrize(
    "page",
    [
        f"<p><{MARKER}>",
        f"<p {MARKER}=1>",
        f"<script>{MARKER}</script>",
        f"<style>{MARKER}</style>",
        f"<a href='javascript:{MARKER}'>",
        f"<a href=' java\nscript:{MARKER}'>",
        f"<a href='//example.org/{MARKER}'>",
        f"<a href='/\\example.org/{MARKER}'>",
        f"<form action='https://example.org/{MARKER}'>",
        f"<img src='https://example.org/{MARKER}'>",
        f"<p onclick='x'>{MARKER}",
        f"<p style='x'>{MARKER}",
        f"<textarea></textarea><{MARKER}></textarea>",
        f"<svg><a xlink:href='javascript:{MARKER}'>",
    ],
)
def test_what_is_more_than_text_is_found(page: str) -> None:
    assert list(wrong_with_page(page))


@pytest.mark.parametrize(
    "page",
    [
        f"<p>&lt;{MARKER}&gt;",
        f"<input value='&lt;{MARKER} onload=1&gt;'>",
        f"<textarea><{MARKER}></textarea>",
        f"<a href='/cases/?search={MARKER}'>",
        f"<a href='https://example.nhs.uk/{MARKER}'>",
        f"<!-- <{MARKER}> -->",
    ],
)
def test_text_is_let_through(page: str) -> None:
    assert list(wrong_with_page(page)) == []


def answer(body: str = "", status: int = 200, **headers: str) -> Response:
    usual = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
    return Response(
        body, status, usual | {name.replace("_", "-"): value for name, value in headers.items()}, "text/html"
    )


def test_an_answer_without_fault_has_none() -> None:
    assert wrong_with(answer("<p>Good")) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        answer(status=500),
        answer(status=503),
        answer(Content_Security_Policy="default-src 'none'; script-src 'unsafe-inline'"),
        answer(X_Content_Type_Options=""),
        answer(X_Hostile="1"),
        answer(status=302, Location="//example.org/"),
        answer(status=302, Location="/\\example.org/"),
        answer(status=302, Location="https://example.org/"),
        answer(f"<p>{WORKED_OUT}"),
        answer(f"<{MARKER}>"),
    ],
)
def test_an_answer_with_a_fault_is_found(wrong: Response) -> None:
    assert len(wrong_with(wrong)) == 1  # type: ignore[arg-type]
