"""Every guard of row scope works: with all of them no door is open, and without each a named door is.

SQLite has one wall, the session; what goes past the session is open there, which is why one module alone may.
PostgreSQL has a second, and holds with every guard of the session switched off.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.access.guards import DOORS, PAST_THE_SESSION, SESSION_GUARDS, open_doors, without

SQLITE_HAS_ONE_WALL = set(PAST_THE_SESSION) - {"copy"}
BEHIND_THE_CRITERIA = {"count", "columns", "exists", "text", "table", "change many", "add many", "change by key",
                       "words by insert", "words by update", "change an alias", "table beside a model"}  # fmt: skip
BY_REFRESH = {"refresh", "refresh a stub"}
MOVES = {"move", "move unknown"}
RIGHTS = {"delete", "raw delete"}  # the application has no right to delete a case
IN_MEMORY = {"get from memory", "get by query"}  # no database is asked


@pytest.mark.parametrize(
    ("off", "opened"),
    [
        ((), set()),
        (("criteria",), BEHIND_THE_CRITERIA),
        (("load check",), BY_REFRESH),
        (("criteria", "load check"), {*BEHIND_THE_CRITERIA, *BY_REFRESH, "list"}),
        (SESSION_GUARDS, set(DOORS) - MOVES - {"link by id alone"}),
        (("flush check",), {"add", "change", "link", "delete", "words by flush"}),
        (("ccg trigger",), set()),
        (("flush check", "ccg trigger"), {"add", "change", "link", "delete", "words by flush", *MOVES}),
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
        ((*SESSION_GUARDS, "policy"), {*DOORS, *PAST_THE_SESSION} - RIGHTS - MOVES - {"link by id alone"}),
        ((*SESSION_GUARDS, "policy", "ccg trigger"), {*DOORS, *PAST_THE_SESSION} - RIGHTS - {"link by id alone"}),
    ],
)
def test_postgresql_holds_by_itself(postgresql_app: Flask, off: tuple[str, ...], opened: set[str]) -> None:
    with without(postgresql_app, *off):
        assert open_doors(postgresql_app) == opened
