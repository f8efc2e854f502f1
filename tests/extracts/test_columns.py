"""The names and the order of columns in files. They are fixed for those who read the files."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.extracts.cells import quoted
from app.extracts.columns import columns_of
from app.extracts.download import made_safe, taken_off
from models import CaseReview

# The design, "Names in files".
NAMES = [
    "Reference", "Open/closed status", "Date added", "CCG area", "CCG code", "STP area", "STP code", "Region name",
    "Region code", "Designated partnership/board/CSP", "Partnership type", "STEIS number", "Local identifier",
    "Type of review", "Incident date", "Brief overview", "Abuse/vulnerability theme 1", "Abuse/vulnerability theme 2",
    "Abuse/vulnerability theme 3", "Media interest", "Latest update", "Date report is signed off", "Publication date",
    "Link to report", "Lessons learned/recommendations", "Review: public or embargoed", "Date incident closed",
    "Designated professional", "Converted from", "Current CCG code", "Version", "Last changed at",
]  # fmt: skip


def test_the_extract_has_these_columns_in_this_order() -> None:
    assert [column.heading for column in columns_of(CaseReview, download=False)] == NAMES


def test_the_download_for_people_ends_with_comments() -> None:
    assert [column.heading for column in columns_of(CaseReview, download=True)] == [*NAMES, "Comments"]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+44", "'+44"),
        ("-", "'-"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "\nx"),
        ("'plain", "'plain"),
        ("'=x", "''=x"),
        ("'''@", "''''@"),
        ("a=b", "a=b"),
        (" =x", " =x"),
    ],
)
def test_a_cell_is_made_safe_and_comes_back(text: str, safe: str) -> None:
    assert made_safe(text) == safe
    assert taken_off(safe) == text


@settings(max_examples=500, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab ,\"\r\n\t;'=é\0\u2028")), min_size=2, max_size=4))
def test_a_cell_is_quoted_as_the_csv_module_does(cells: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    assert ",".join(map(quoted, cells)) + "\r\n" == written.getvalue()
