"""A download that is sent while it is made: whole, or broken off for all to see; done with the database either way."""

from __future__ import annotations

import csv
import errno
import io
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from admin_views.lists import list_download
from app.access.lookups import lists_known_at
from app.access.row_scope import every_organisation
from app.extracts import download
from app.extracts.columns import columns_of, text_of
from app.extracts.download import made_safe
from app.extracts.sending import CutShort, SentWhileMade
from models import AuditEvent, CaseReview
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Visitor

WORDS = ["=1+1", "'=x", "Plain, with a comma", "Two\r\nlines", "-", "\t", "Ω 🙂", "@a"]


def test_the_file_is_that_of_each_cell_by_itself(either_app: Flask) -> None:
    cases = [add_case(either_app, "84H", overview=words, lessons=words[::-1], comments=words) for words in WORDS]
    with either_app.app_context(), every_organisation("test") as session:
        lists = lists_known_at(session, NOW)
        chosen = select(CaseReview).order_by(CaseReview.id)
        found = b"".join(download.lines_of(session, chosen, CaseReview, lists))
        expected = io.StringIO(newline="")
        columns = columns_of(CaseReview, download=True)
        writer = csv.writer(expected)
        writer.writerow(column.heading for column in columns)
        for row in session.scalars(chosen):
            writer.writerow(
                made_safe(
                    (row.converted_from.reference if row.converted_from else "")
                    if column.item.name == "converted_from"
                    else text_of(column, getattr(row, column.item.column), lists)
                )
                for column in columns
            )
        assert found == expected.getvalue().encode("utf-8-sig")
        assert found.count(b"SCR-") == len(cases)


def test_many_rows_are_sent_while_they_are_made_and_are_the_same_rows(
    either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        add_case(either_app, "84H")
    add_case(either_app, "93C")
    lead = Visitor(either_app).sign_in("ccg-84H")
    whole = lead.get("/cases/export/csv/?flt_status_is=open")
    assert whole.content_length == len(whole.data) and whole.data.count(b"SCR-") == 5
    monkeypatch.setattr(list_download, "MADE_BEFORE_IT_IS_SENT", 2)
    sent = lead.get("/cases/export/csv/?flt_status_is=open")
    assert sent.data == whole.data
    assert sent.headers["Content-Disposition"] == whole.headers["Content-Disposition"]
    assert "Content-Length" not in sent.headers
    old = lead.get("/cases/export/csv/?flt_status_is=open", environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"})
    assert old.content_length == len(whole.data), "Half a file would look like a whole one."


def test_it_is_written_down_before_the_first_byte(either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_download, "MADE_BEFORE_IT_IS_SENT", 0)
    written: list[str] = []
    real = SentWhileMade.__next__

    def look(sending: SentWhileMade) -> bytes:
        if not written:
            with unguarded(either_app) as session:
                events = select(AuditEvent.details).where(AuditEvent.action == "downloaded")
                written.extend(session.scalars(events.order_by(AuditEvent.at)))
        return real(sending)

    monkeypatch.setattr(SentWhileMade, "__next__", look)
    add_case(either_app, "84H")
    assert Visitor(either_app).sign_in("ccg-84H").get("/cases/export/csv/").data.count(b"SCR-") == 1
    assert written and written[-1] == "Cases, 1 row"


def test_what_breaks_in_the_middle_is_broken_off(app: Flask) -> None:
    done = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        raise OSError(28, "No space left on device")

    sending = SentWhileMade(app, pieces(), done.set)
    sending.begin()
    received = b""
    with pytest.raises(CutShort):
        for piece in sending:
            received += piece
    assert received == b"first"
    assert done.wait(5), "The database was left open."
    sending.close()


def test_who_goes_away_ends_the_making(app: Flask) -> None:
    done, made = threading.Event(), []

    def pieces() -> Iterator[bytes]:
        while True:
            made.append(1)
            yield b"x" * 1000

    sending = SentWhileMade(app, pieces(), done.set)
    sending.begin()
    assert next(sending).startswith(b"x")
    sending.close()
    assert done.wait(5), "It goes on for nobody."
    with pytest.raises(StopIteration):
        next(sending)


def test_what_nobody_begins_to_read_is_closed(app: Flask) -> None:
    done = threading.Event()
    SentWhileMade(app, iter([b"never"]), done.set).close()
    assert done.is_set()


def test_what_breaks_before_the_first_byte_can_be_answered(app: Flask) -> None:
    done = threading.Event()

    def pieces() -> Iterator[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")
        yield b""

    sending = SentWhileMade(app, pieces(), done.set)
    with pytest.raises(OSError, match="No space left"):
        sending.begin()
    assert done.is_set()
