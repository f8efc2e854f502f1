"""The rows of spreadsheets: what is read, and with which sentence a hostile or foreign file is refused, soon."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports import spreadsheets
from app.imports.spreadsheets import LARGEST_FILE, SAVE_AS, rows_of
from app.imports.texts import NotUsable
from tests.imports.made_files import MAIN, as_csv, as_xlsx, by_hand, sheet_of, zipped

MOMENT = datetime(2022, 3, 31, 9, 30)  # noqa: DTZ001 - a cell knows no zone
HEADING = ["Reference", "Überblick", "Date"]


def read(data: bytes) -> list[tuple[int, list[Any]]]:
    return list(rows_of(io.BytesIO(data)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_csv_is_read_however_a_spreadsheet_writes_it(delimiter: str, encoding: str, end: str) -> None:
    data = as_csv(
        HEADING, ["A;1", "café, “said”", "x\ty"], ["", "", ""], ["B", f"one{end}two", ""], ["C", "", ""],
        encoding=encoding, delimiter=delimiter, end=end,
    )  # fmt: skip
    assert read(data) == [
        (1, HEADING),
        (2, ["A;1", "café, “said”", "x\ty"]),
        (4, ["B", f"one{end}two", ""]),
        (5, ["C", "", ""]),
    ]


def test_a_workbook_is_read_as_its_cells_are() -> None:
    data = as_xlsx(HEADING, ["00L", 7, date(2022, 3, 31)], [], [None, 1.5, MOMENT], [True])
    found = read(data)
    assert found[0] == (1, HEADING)
    assert found[1] == (2, ["00L", 7, date(2022, 3, 31)])
    assert found[2] == (4, [None, 1.5, "2022-03-31 09:30:00"])
    assert found[3][1][0] is True


def test_the_sheet_named_cases_comes_first() -> None:
    assert read(as_xlsx(["Notes"], cases=[["Heading"], ["A"]])) == [(1, ["Heading"]), (2, ["A"])]


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
DAMAGED = f"The file is damaged, or not a spreadsheet. {SAVE_AS}"
PACKED = f"The file is damaged, or packed in a way that is not known. {SAVE_AS}"
NO_TEXT = f"The file holds what no text holds. It may be damaged, or of another kind. {SAVE_AS}"
STRANGE = f"The file holds what no spreadsheet holds. {SAVE_AS}"
MIXED = "Most of the file is in UTF-8, and some of it is not. Save it as CSV in UTF-8."
OTHER = f"The file is not an XLSX or CSV. {SAVE_AS}"
BIG = "The file unpacks to far more than it is. Divide it, or save it as CSV."
WIDE = f"A row has more than 200 columns. {SAVE_AS}"


def locked() -> bytes:
    """A zip whose entries say that they have a password."""
    data = bytearray(by_hand(sheet_of("")))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "The file is empty."),
    "white space": (lambda: b"\xef\xbb\xbf \r\n\t\r\n", "The file is empty."),
    "NUL": (lambda: b"a,b\r\n1,2\r\n3,\x00\r\n", NO_TEXT),
    "UTF-16": (lambda: "a,b\r\n".encode("utf-16"), "The file is in UTF-16. Save it as CSV in UTF-8."),
    "UTF-16 without a mark": (lambda: "a,b\r\n".encode("utf-16-le"), NO_TEXT),
    "an unknown encoding": (
        lambda: b"a,b\r\n1,\x81\r\n",
        "The file is in an encoding that is not known. Save it as CSV in UTF-8.",
    ),
    "two encodings": (lambda: "a,é\r\n1,é\r\n".encode() + b"2,\xe9\r\n", MIXED),
    "half a letter of UTF-8": (lambda: "é,é\r\n1,é".encode()[:-1], MIXED),
    "gzip": (lambda: gzip.compress(b"a,b"), NO_TEXT),
    "XLS": (lambda: OLE, f"The file is an older Excel file, or has a password. {SAVE_AS}"),
    "a quotation that does not end": (
        lambda: b'a,b\r\n1,2\r\n3,"4\r\n5,6\r\n',
        "Line 3 has a quotation mark that is not closed.",
    ),
    "a quotation that swallows the file": (
        lambda: b'a,b\r\n3,"4\r\n' + b"5,6\r\n" * 100_000,
        "Line 2 has a cell of more than 131,072 characters, or a quotation mark that is not closed.",
    ),
    "words after a quotation": (
        lambda: b'a,b\r\n"say "hello"",2\r\n',
        "Line 2 has a quotation mark in the middle of a cell. Take it out, or write it twice.",
    ),
    "a million columns": (lambda: b"a,b\r\n" + b"1," * 400_000, "Line 2 has more than 200 columns."),
    "a line without end": (
        lambda: b"a,b\r\n" + b"1 " * 10_000_000,
        "Line 2 has a cell of more than 131,072 characters, or a quotation mark that is not closed.",
    ),
    "XLSM": (
        lambda: by_hand(sheet_of(""), parts={"xl/vbaProject.bin": b"x"}),
        f"The file has macros. {SAVE_AS}",
    ),
    "XLSB": (lambda: zipped({"xl/workbook.bin": b"x"}), OTHER),
    "ODS": (lambda: zipped({"mimetype": "x", "content.xml": b"x"}), OTHER),
    "DOCX": (lambda: zipped({"word/document.xml": b"x"}), OTHER),
    "a path that leads out": (lambda: zipped({"../../etc/passwd": b"x"}), OTHER),
    "half a workbook": (lambda: as_xlsx(["a"] * 20)[:-300], PACKED),
    "a locked zip": (locked, f"The file has a password. {SAVE_AS}"),
    "an unknown compression": (
        lambda: zipped({"xl/workbook.xml": b"x"}, zipfile.ZIP_LZMA),
        DAMAGED,
    ),
    "many entries": (
        lambda: zipped({f"{number:0200d}": "" for number in range(6000)}),
        f"The file is not a spreadsheet. {SAVE_AS}",
    ),
    "billion laughs": (lambda: by_hand(BOMB + sheet_of("<row><c><v>&b;</v></c></row>")), STRANGE),
    "entities in UTF-16": (
        lambda: by_hand(f'<?xml version="1.0" encoding="UTF-16"?>{BOMB}{sheet_of("")}'.encode("utf-16")),
        STRANGE,
    ),
    "two million elements in each other": (lambda: by_hand(f'<worksheet xmlns="{MAIN}">' + "<a>" * 2_000_000), BIG),
    "a million links": (
        lambda: by_hand(f'<worksheet xmlns="{MAIN}"><sheetData/>' + '<hyperlink ref="A1"/>' * 1_000_000),
        BIG,
    ),
    "half a million styles": (
        lambda: by_hand(sheet_of(""), parts={"xl/styles.xml": "<cellXfs>" + '<xf numFmtId="14"/>' * 500_000}),
        BIG,
    ),
    "cells with a prefix": (lambda: by_hand(sheet_of("<x:row>" + "<x:c/>" * 30_000 + "</x:row>")), WIDE),
    "an external entity": (
        lambda: by_hand("", parts={"xl/workbook.xml": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'}),
        STRANGE,
    ),
    "a file of a gigabyte in one of a megabyte": (
        lambda: by_hand("<worksheet>" + " " * 300_000_000),
        BIG,
    ),
    "two million cells": (lambda: by_hand(sheet_of("<row>" + "<c><v>1</v></c>" * 2_000_000 + "</row>")), WIDE),
    "two million cells with nothing in them": (lambda: by_hand(sheet_of("<row>" + "<c/>" * 2_000_000)), WIDE),
    "cells in cells": (lambda: by_hand(sheet_of("<row>" + "<c>" * 10_000)), DAMAGED),
    "a cell far to the right": (
        lambda: by_hand(sheet_of('<row r="4"><c r="XFD4"><v>1</v></c></row>')),
        "Row 4 has more than 200 columns.",
    ),
    "a row beyond all rows": (
        lambda: by_hand(sheet_of('<row r="99999999999"><c><v>1</v></c></row>')),
        "More than 100,000 rows are empty, one after the other. Delete them.",
    ),
    "a very long text": (
        lambda: by_hand(sheet_of(f'<row r="3"><c t="inlineStr"><is><t>{"a" * 1_500_000}</t></is></c></row>')),
        "Row 3 has a cell of more than 131,072 characters.",
    ),
    "XML that breaks off": (lambda: by_hand(f'<worksheet xmlns="{MAIN}"><sheetData><row>'), DAMAGED),
    "no XML": (lambda: by_hand(b"\x00\x01\x02"), DAMAGED),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_foreign_file_is_refused_in_words_soon_and_without_much_memory(name: str) -> None:
    make, sentence = HOSTILE[name]
    data = make()
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(NotUsable) as problem:
            read(data)
        assert str(problem.value) == sentence
        seconds, most = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < 30
    assert most < 100 * 1024 * 1024


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    class Large(io.BytesIO):
        def seek(self, at: int, whence: int = 0) -> int:
            return LARGEST_FILE + 1 if whence == io.SEEK_END else super().seek(at, whence)

    with pytest.raises(NotUsable, match="larger than 50 MB"):
        list(rows_of(Large(b"a,b\r\n")))


def test_what_an_archive_says_of_its_sizes_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "LARGEST_UNPACKED", 10_000)
    with pytest.raises(NotUsable, match="unpacks to far more"):
        read(as_xlsx(*[["x" * 100]] * 200))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_a_sentence(data: bytes) -> None:
    for beginning in (b"", b"PK\x03\x04", b"a,b\r\n"):
        try:
            read(beginning + data)
        except NotUsable as problem:
            assert str(problem).endswith((".", "UTF-8."))
