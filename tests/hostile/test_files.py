"""Files that people give: every text of the corpus in every cell, and files that are none."""

from __future__ import annotations

import random
from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest
from flask import Flask

from app.case_imports.headings import ITEMS, heading_of
from tests.case_imports.files import ROW
from tests.imports.made_files import as_csv, by_hand, sheet_of, zipped

from .attacking import Attacker
from .corpus import TEXTS, as_bytes
from .walking import walk_to_forms

NAMES = list(ROW)
# Numbers as no spreadsheet writes them.
NUMBERS = ["-1e400", "1e308", "9" * 400, "-1", "2958466", "1e-320", "1_000", "", "٣"]


def rows() -> Iterator[dict[str, str]]:
    """Lines that would be saved but for one cell, or two."""
    for number, text in enumerate(TEXTS):
        name = NAMES[number % len(NAMES)]
        yield ROW | {"local_identifier": f"H-{number}"} | {name: text, "lessons": text}


def workbook() -> bytes:
    """The lines as an XLSX, with what XML cannot hold written as spreadsheets write it."""
    lines = ["".join(_cell(heading_of(ITEMS[name])) for name in NAMES)]
    lines += ["".join(_cell(row[name]) for name in NAMES) for row in rows()]
    lines += [f"<c><v>{escape(number)}</v></c>" * len(NAMES) for number in NUMBERS]
    return by_hand(sheet_of("".join(f"<row>{line}</row>" for line in lines)))


def _cell(text: str) -> str:
    allowed = "".join(
        one if one.isprintable() and not "\ud800" <= one <= "\udfff" else f"_x{ord(one):04X}_" for one in text[:500]
    )
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(allowed)}</t></is></c>'


def table() -> bytes:
    """The lines as a CSV, without what makes all of a file no CSV."""
    lines = [[row[name].replace("\x00", "").encode(errors="ignore").decode() for name in NAMES] for row in rows()]
    return as_csv([heading_of(ITEMS[name]) for name in NAMES], *lines)


@pytest.mark.parametrize("make", [workbook, table])
def test_cells_with_every_text_are_judged_shown_mended_and_saved(either_app: Flask, make) -> None:
    attacker = Attacker(either_app, "ccg-84H")
    [form] = walk_to_forms(attacker.visitor, "/imports/cases/")
    answer = attacker.post(form, list(form.fields), [("cases", "cases.csv", make())])
    assert (answer.location or "").startswith("/imports/cases/details/"), answer.text
    shown = answer.location or ""
    pages = [attacker.ask("", "GET", f"{shown}&show={what}") for what in ("wrong", "new", "changed", "nothing")]
    assert {page.status_code for page in pages} == {200}
    attacker.ask("", "GET", shown.replace("details/", "mend.csv"))
    for apply in walk_to_forms(attacker.visitor, shown):
        if apply.endpoint == shown:
            attacker.post(apply, [*apply.fields, ("confirm_identifiers", "yes")])
    listed = attacker.ask("", "GET", "/cases/?page_size=100&columns=overview,lessons,partnership_name,report_link")
    assert "H-1" in listed.text or "SCR-" in listed.text
    attacker.ask("", "GET", "/cases/export/csv/")
    assert attacker.wrong == []


NO_FILES = {
    "the corpus": b"\r\n".join(as_bytes(text) for text in TEXTS),
    "noise": random.Random(1).randbytes(100_000),
    "quotes": b'"' * 100_001,
    "commas": b"," * 1_000_000,
    "lines": b"\n" * 1_000_000,
    "one cell": b"a" * 1_000_000,
    "a zip that climbs": zipped({"../../../etc/x.csv": "a", "/etc/y.csv": "b"}),
    "a zip of one": zipped({"../x.csv": b",".join([b"\xff"] * 27)}),
    "half a zip": zipped({"x.csv": "a" * 1000})[:60],
    "UTF-16": "Code,Name".encode("utf-16"),
    "a number that is none": by_hand(sheet_of("<row><c><v>NaN</v></c></row>")),
    "a day that is none": by_hand(sheet_of('<row><c t="d"><v>2022-02-30</v></c></row>')),
    "html": b"<!DOCTYPE html><script>qxhostile</script>",
}


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_of_the_kind_is_refused_in_words(app: Flask, what: str) -> None:
    for account, address in (
        ("ccg-84H", "/imports/cases/"),
        ("administrator", "/imports/lists/"),
        ("administrator", "/imports/changes/"),
    ):
        attacker = Attacker(app, account)
        [form] = walk_to_forms(attacker.visitor, address)
        answer = attacker.post(form, list(form.fields), [(name, "../../x.csv", NO_FILES[what]) for name in form.files])
        assert answer.status_code in (200, 302)
        assert attacker.wrong == []
