"""A page that puts what is asked into its statement: sqlmap must find it, or its silence about the service is worth
nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answers with the name of the row that `id` asks for."""
    asked = parse_qs(environ["QUERY_STRING"]).get("id", ["1"])[0]
    with sqlite3.connect(":memory:") as database:
        database.executescript("CREATE TABLE one (id INTEGER, name TEXT); INSERT INTO one VALUES (1, 'first')")
        try:
            found = database.execute(f"SELECT name FROM one WHERE id = {asked}").fetchall()
        except sqlite3.Error:
            found = []
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f"<html><body><p>{len(found)} found: {found}</p></body></html>".encode()]
