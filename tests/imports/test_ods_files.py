"""The files of the Organisation Data Service: what is read of them, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import time
import tracemalloc
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports.ods_files import CCGRow, LeftOut, SuccessionRow, read_ccgs, read_successions
from app.imports.texts import LARGEST, NotUsable


def ccg(
    code: str = "84H",
    name: str = "NHS COUNTY DURHAM CCG",
    region: str = "Y63",
    stp: str = "QHM",
    opened: str = "20200401",
    closed: str = "",
    roles: str = "RO98",
) -> list[str]:
    """A row as it is published: 27 columns."""
    cells = [""] * 27
    cells[0], cells[1], cells[2], cells[3], cells[10], cells[11], cells[13] = (
        code, name, region, stp, opened, closed, roles
    )  # fmt: skip
    return cells


def as_csv(*rows: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_csv", ".csv"), data)
    return made.getvalue()


DURHAM = CCGRow(1, "84H", "NHS COUNTY DURHAM CCG", "Y63", "QHM", date(2020, 4, 1), None)


def test_ccgs_are_read_as_they_are_published() -> None:
    data = as_csv(
        ccg(),
        ccg("00J", "NHS NORTH  DURHAM CCG", opened="20130401", closed="20200331"),
        ccg("A3A8R", "NHS NORTH EAST LONDON CCG", "Y56", "QMF", "20210401"),
        ccg("13N", "A HUB", roles="RO218"),
        ccg("85J", "AN ENTITY", roles="RO98|RO327"),
    )
    found = read_ccgs(data)
    assert found.rows == [
        DURHAM,
        CCGRow(2, "00J", "NHS NORTH DURHAM CCG", "Y63", "QHM", date(2013, 4, 1), date(2020, 3, 31)),
        CCGRow(3, "A3A8R", "NHS NORTH EAST LONDON CCG", "Y56", "QMF", date(2021, 4, 1), None),
    ]
    assert found.of_another_kind == [
        LeftOut(4, "13N is a commissioning hub, not a CCG"),
        LeftOut(5, "85J is a reporting entity, not a CCG"),
    ]
    assert (found.rejected, found.sha256) == ([], hashlib.sha256(data).hexdigest())


def test_successions_are_read_of_every_kind_of_organisation() -> None:
    found = read_successions(
        as_csv(
            ["00J", "84H", "R", "20200401", "Y"],
            ["A81001", "A81002", "R", "20200401", ""],
            ["RXX", "RYY", "M", "20200401", ""],
            ["00D", "00D", "R", "20200401", ""],
            ["00D", "84H", "R", "", ""],
        )
    )
    assert found.rows == [
        SuccessionRow(1, "00J", "84H", date(2020, 4, 1)),
        SuccessionRow(2, "A81001", "A81002", date(2020, 4, 1)),
    ]
    assert found.of_another_kind == [LeftOut(3, "RXX to RYY is no reconfiguration")]
    assert found.rejected == [
        LeftOut(4, "00D would take over from itself"),
        LeftOut(5, "The effective date is missing"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ccg(code="84h"), "84h is not the code of a CCG"),
        (ccg(code=""), "There is no code of a CCG"),
        (ccg(code="=1+1"), "=1+1 is not the code of a CCG"),
        (ccg(code="٨٤H"), "٨٤H is not the code of a CCG"),
        (ccg(region="QHM"), "QHM is not the code of a region"),
        (ccg(stp=""), "There is no code of an STP"),
        (ccg(name=" "), "The name is missing or too long"),
        (ccg(name="x" * 201), "The name is missing or too long"),
        (ccg(opened="2020-04-01"), "The open date 2020-04-01 is not a date such as 20200401"),
        (ccg(opened="20200230"), "The open date 20200230 is not a date such as 20200401"),
        (ccg(opened="x" * 99), f"The open date {'x' * 20}… is not a date such as 20200401"),
        (ccg(closed="20200331"), "It closes before it opens"),
        (ccg(), "84H stands in the file before"),
        (["a", "b"], "It has 2 columns, not 27"),
        ([*ccg(), "more"], "It has 28 columns, not 27"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_line(row: list[str], reason: str) -> None:
    found = read_ccgs(as_csv(ccg(), row, ccg("00L", "NHS NORTHUMBERLAND CCG")))
    assert [one.code for one in found.rows] == ["84H", "00L"]
    assert found.rejected == [LeftOut(2, reason)]


def test_encodings_that_people_have_are_read() -> None:
    for data in (
        as_csv(ccg()),
        b"\xef\xbb\xbf" + as_csv(ccg()),
        zipped(eccg_csv=as_csv(ccg())),
        zipped(eccg_csv=as_csv(ccg()), **{"eccg.pdf": b"x"}),
        as_csv(ccg()).replace(b"\r\n", b"\n"),
    ):
        assert read_ccgs(data).rows == [DURHAM]
    accented = as_csv(ccg(name="NHS CÔTE CCG")).decode().encode("cp1252")
    assert read_ccgs(accented).rows[0].name == "NHS CÔTE CCG"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b" \r\n", "The file is empty"),
        (as_csv(ccg()).decode().encode("utf-16"), "UTF-16"),
        (as_csv(ccg()).decode().encode("utf-16-le"), "UTF-16"),
        (as_csv(ccg()).replace(b"DURHAM", b"DUR\0HAM"), "holds what no text holds"),
        (b'"' + b"\x81" * 9, "encoding that is not known"),
        (as_csv(["code", "name"]), "The first line has 2 columns. eccg.csv has 27."),
        (as_csv(["x"] * 100_000), "The first line has 100000 columns"),
        (as_csv(["00J", "84H", "R", "20200401", ""]), "The first line has 5 columns"),
        (as_csv(ccg(code="RXX01")), "No row of the file is a CCG"),
        (b'"84H","NHS', "Line 1 has a quotation mark that is not closed"),
        (b"x" * (LARGEST + 1), "larger than 20 MB"),
        (zipped(a_csv=b"x", b_csv=b"y"), "The zip holds 2 files that end in .csv"),
        (zipped(readme=b"x"), "The file is no CSV, and no zip that holds one"),
        (zipped(eccg_csv=as_csv(ccg()))[:-30], "The zip is damaged"),
        (b"PK\x03\x04nothing", "The zip is damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0", "holds what no text holds"),
    ],
)
def test_another_file_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(NotUsable, match=sentence):
        read_ccgs(data)
    assert time.perf_counter() - begun < 5


def test_no_more_of_a_zip_is_unpacked_than_may_be_read() -> None:
    bomb = zipped(bomb_csv=b"0" * (LARGEST * 8))
    tracemalloc.start()
    with pytest.raises(NotUsable, match="larger than 20 MB"):
        read_ccgs(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LARGEST * 4


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_whatever_comes_it_is_read_or_refused(data: bytes) -> None:
    for read in (read_ccgs, read_successions):
        try:
            found = read(data)
        except NotUsable as refused:
            assert str(refused).endswith(".")
        else:
            assert all(one.line > 0 for one in [*found.rows, *found.rejected])
