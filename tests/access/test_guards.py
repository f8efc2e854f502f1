"""Every guard of row scope works: with all of them no door is open, and without each a named door is.

SQLite has one wall, the session; what goes past the session is open there, which is why one module alone may.
PostgreSQL has a second, and holds with every guard of the session switched off.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.access.guards import (
    DOORS,
    PAST_THE_SESSION,
    SESSION_GUARDS,
    open_doors,
    open_doors_after_a_split,
    without,
)

SQLITE_HAS_ONE_WALL = set(PAST_THE_SESSION) - {"copy"}
BEHIND_THE_CRITERIA = {"count", "columns", "exists", "text", "table", "change many", "add many", "change by key",
                       "words by insert", "words by update", "change an alias", "table beside a model"}  # fmt: skip
BY_REFRESH = {"refresh", "refresh a stub"}
MOVES = {"move", "move unknown"}
RIGHTS = {"delete", "raw delete"}  # the application has no right to delete a case
OF_A_SPLIT = {"hand on"}  # nothing can be handed on that was not allocated
ALL = {*DOORS, *PAST_THE_SESSION} - OF_A_SPLIT
BY_A_FLUSH = {"add", "change", "take", "link", "delete", "words by flush"}
AT_ONCE = {"add at once", "link at once"}
IN_MEMORY = {"get from memory", "get by query"}  # no database is asked


@pytest.mark.parametrize(
    ("off", "opened"),
    [
        ((), set()),
        (("criteria",), BEHIND_THE_CRITERIA),
        (("load check",), BY_REFRESH),
        (("criteria", "load check"), {*BEHIND_THE_CRITERIA, *BY_REFRESH, "list"}),
        (SESSION_GUARDS, set(DOORS) - MOVES - OF_A_SPLIT - {"link by id alone"}),
        (("flush check",), BY_A_FLUSH),
        (("many check",), AT_ONCE),
        (("ccg trigger",), set()),
        (("flush check", "ccg trigger"), {*BY_A_FLUSH, *MOVES}),
        (("get check",), IN_MEMORY),
        (("composite key",), {"link by id alone"}),
    ],
)
def test_on_sqlite_each_guard_keeps_doors_shut(app: Flask, off: tuple[str, ...], opened: set[str]) -> None:
    with without(app, *off):
        assert open_doors(app) - SQLITE_HAS_ONE_WALL == opened


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("off", "opened"),
    [
        ((), set()),
        (SESSION_GUARDS, IN_MEMORY),
        (("policy",), set(PAST_THE_SESSION) - RIGHTS),
        (("link trigger",), {"raw link"}),
        (("composite key",), set()),
        (("composite key", "link trigger"), {"raw link", "link by id alone"}),
        ((*SESSION_GUARDS, "policy"), {*DOORS, *PAST_THE_SESSION} - RIGHTS - MOVES - OF_A_SPLIT - {"link by id alone"}),
        (
            (*SESSION_GUARDS, "policy", "ccg trigger"),
            {*DOORS, *PAST_THE_SESSION} - RIGHTS - OF_A_SPLIT - {"link by id alone"},
        ),
    ],
)
def test_postgresql_holds_by_itself(postgresql_app: Flask, off: tuple[str, ...], opened: set[str]) -> None:
    with without(postgresql_app, *off):
        assert open_doors(postgresql_app) == opened


@pytest.mark.parametrize("theirs_waits", [True, False])
@pytest.mark.parametrize(
    ("off", "opened"),
    [
        ((), set()),
        (("criteria",), BEHIND_THE_CRITERIA),
        (
            ("flush check",),
            {
                "add",
                "change",
                "take",
                "hand on",
                "link",
                "link by id alone",
                "move unknown",
                "delete",
                "words by flush",
            },
        ),
        (("get check",), IN_MEMORY),
    ],
)
def test_after_a_split_each_guard_keeps_doors_shut_on_sqlite(
    app: Flask, off: tuple[str, ...], opened: set[str], theirs_waits: bool
) -> None:
    with without(app, *off):
        assert open_doors_after_a_split(app, theirs_waits=theirs_waits) - SQLITE_HAS_ONE_WALL == opened


@pytest.mark.postgresql
@pytest.mark.parametrize("theirs_waits", [True, False])
@pytest.mark.parametrize(
    ("off", "opened"),
    [
        ((), set()),
        (SESSION_GUARDS, IN_MEMORY),
        (("policy",), set(PAST_THE_SESSION) - RIGHTS),
    ],
)
def test_after_a_split_postgresql_holds_by_itself(
    postgresql_app: Flask, off: tuple[str, ...], opened: set[str], theirs_waits: bool
) -> None:
    with without(postgresql_app, *off):
        assert open_doors_after_a_split(postgresql_app, theirs_waits=theirs_waits) == opened
