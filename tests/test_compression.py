"""What is sent is compressed, and its length tells nobody what is in it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli
import pytest
from flask import Flask

from app.nhsuk.theme import asset
from models import CaseReview
from tests.visitor import Visitor


@pytest.fixture
def lead(sign_in_as: Callable[[str], Visitor]) -> Visitor:
    return sign_in_as("ccg-84H")


@pytest.fixture
def style_sheet(app: Flask) -> str:
    with app.test_request_context():
        return asset("nhsuk-frontend.min.css")


@pytest.mark.parametrize(
    ("accepted", "used", "decompress"),
    [("gzip, deflate, br, zstd", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress)],
)
def test_pages_and_files_are_compressed_as_the_browser_asks(
    lead: Visitor, style_sheet: str, accepted: str, used: str, decompress: Callable[[bytes], bytes]
) -> None:
    for address, begins in (("/cases/", b"<!DOCTYPE html>"), (style_sheet, b"")):
        answer = lead.get(address, headers={"Accept-Encoding": accepted})
        assert answer.headers["Content-Encoding"] == used
        assert "Accept-Encoding" in answer.headers["Vary"]
        plain = decompress(answer.data)
        assert plain.lstrip().startswith(begins) and len(answer.data) < len(plain) / 3
        assert "Content-Encoding" not in lead.get(address).headers


def test_a_download_of_cases_goes_as_it_is(lead: Visitor, case_of: Callable[..., CaseReview]) -> None:
    case_of("84H", overview="A word. " * 400)
    answer = lead.get("/cases/export/csv/", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in answer.headers
    assert answer.content_length == len(answer.data)


def test_the_length_of_a_page_is_another_each_time(lead: Visitor) -> None:
    answers = [lead.get("/cases/?search=guess", headers={"Accept-Encoding": "br"}) for _ in range(20)]
    assert len({len(answer.data) for answer in answers}) > 10
    whole = {len(brotli.decompress(answer.data)) for answer in answers}
    assert max(whole) - min(whole) < 256 + 40  # tokens and the like differ a little too


def test_a_file_that_has_not_changed_is_not_sent_again(lead: Visitor, style_sheet: str) -> None:
    asked = {"Accept-Encoding": "br"}
    first = lead.get(style_sheet, headers=asked)
    again = lead.get(style_sheet, headers=asked | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    # Signing in changes the cookie, and must not cost the files again.
    assert "Cookie" not in first.headers["Vary"]
