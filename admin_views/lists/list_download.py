"""The list on screen as a CSV file, every row of it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import Any

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func

from app.access import clock, readings
from app.access.current import current_access, lookups
from app.access.row_scope import beside_the_request
from app.database import begin_consistent_read
from app.extracts.download import lines_of
from app.extracts.sending import SentWhileMade
from app.rules.words import count_of
from models import db
from models.enumerations import AuditAction

# A file of more rows is sent while it is made, without a length. It takes half a second to make one of these.
MADE_BEFORE_IT_IS_SENT = 5_000
REASON = "Download of a list"


def sent(chosen: Select[Any], model: type, address: str, title: str, asked: str) -> ResponseReturnValue:
    """The rows of a statement that selects a model, as a file called by the list's address.

    What is noted of it, with how many rows there are, is in the audit before the first byte leaves. Rows are counted
    and read in one state of the database.
    """
    access, lists = current_access(), lookups()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # The request's own connection goes back first: many who hold one and wait for another would wait for each other.
    db.session.rollback()
    with ExitStack() as reading:
        session = reading.enter_context(beside_the_request(access.scope, access.person_id, REASON))
        begin_consistent_read(session)
        counted = chosen.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        number = session.scalar(counted) or 0
        details = f"{title}, {count_of(number, 'row')}{f': {asked}' if asked else ''}"
        readings.note(AuditAction.DOWNLOADED, about=address, details=details)
        lines = lines_of(session, chosen, model, lists)
        headers = {"Content-Disposition": f"attachment; filename={address}-{clock.today().isoformat()}.csv"}
        # HTTP/1.0 knows no chunks: half a file would look like a whole one.
        if number > MADE_BEFORE_IT_IS_SENT and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
            made = SentWhileMade(app, lines, reading.pop_all().close)
            made.begin()
            return Response(made, mimetype="text/csv", headers=headers)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
        length = sum(file.write(piece) for piece in lines)
        file.seek(0)
        response = Response(file, mimetype="text/csv", headers=headers, direct_passthrough=True)
        response.content_length = length
        return response
