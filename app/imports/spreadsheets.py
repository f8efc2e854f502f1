"""The rows of a CSV or an XLSX, one at a time: whatever the file is, time and memory are bounded.

A cell is a text, a number, a date, True or False, or None. What a spreadsheet worked out from a formula is read; the
formula is not. Macros, other formats, files with a password, archives that unpack to far more than they are, and XML
that declares entities are refused with a sentence.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from typing import IO, BinaryIO

from openpyxl import load_workbook

from .texts import ZIP, NotUsable, not_csv

Cell = str | int | float | date | bool | None
Row = tuple[int, list[Cell]]

LARGEST_FILE = 50 * 1024 * 1024
LARGEST_UNPACKED = 250 * 1024 * 1024
MOST_EMPTY = 100_000  # rows with nothing in them, one after the other
MOST_CELLS = 20_000  # of one row, empty ones included: XML may name as many as it likes
MOST_COLUMNS = 200
LONGEST_CELL = 131_072
MOST_ENTRIES = 1000
PIECE = 1024 * 1024
SHEET = "cases"
# Something of this size that is packed into so little is no spreadsheet: real ones are a thirtieth of what they unpack.
PACKED_FROM, PACKED_MOST = 2 * 1024 * 1024, 200
_ROW, _CELL = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]"), re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_OF_UTF8 = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
SAVE_AS = "Save it as XLSX without macros, or as CSV in UTF-8."


def rows_of(file: BinaryIO) -> Iterator[Row]:
    """Each row with its number, as spreadsheets count: a cell of several lines is one row. Raises NotUsable, also late.

    Rows with nothing in them are left out, and counted.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > LARGEST_FILE:
        raise NotUsable(f"The file is larger than {LARGEST_FILE // PIECE} MB. Divide it.")
    if size == 0:
        raise NotUsable("The file is empty.")
    beginning = file.read(8)
    file.seek(0)
    if beginning.startswith(OLD_OR_LOCKED):
        raise NotUsable(f"The file is an older Excel file, or has a password. {SAVE_AS}")
    return _of_workbook(file) if beginning.startswith(ZIP) else _of_csv(file, _encoding_of(file))


# CSV


def _encoding_of(file: BinaryIO) -> str:
    """UTF-8, with or without a mark, or else Windows-1252; the whole file is looked through, a piece at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, seen, composed = True, False, False
    for piece in iter(lambda: file.read(PIECE), b""):
        if not seen and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise NotUsable("The file is in UTF-16. Save it as CSV in UTF-8.")
        if b"\0" in piece:
            raise NotUsable(f"The file holds what no text holds. It may be damaged, or of another kind. {SAVE_AS}")
        seen = seen or bool(piece.strip(b" \t\r\n\xef\xbb\xbf"))
        composed = composed or _OF_UTF8.search(piece) is not None
        if is_utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                is_utf8 = False
    if not seen:
        raise NotUsable("The file is empty.")
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    if not is_utf8 and composed:
        # Read as Windows-1252 every letter beyond ASCII would become two others.
        raise NotUsable("Most of the file is in UTF-8, and some of it is not. Save it as CSV in UTF-8.")
    file.seek(0)
    return "utf-8-sig" if is_utf8 else "cp1252"


def _of_csv(file: BinaryIO, encoding: str) -> Iterator[Row]:
    words, number = io.TextIOWrapper(file, encoding=encoding, newline=""), 0
    try:
        csv.field_size_limit(LONGEST_CELL)
        try:
            first = words.readline(LONGEST_CELL)
            words.seek(0)
            reader = csv.reader(words, delimiter=max(",;\t", key=first.count), strict=True)
            for number, cells in enumerate(reader, 1):
                if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
                    raise NotUsable(f"Line {number} has more than {MOST_COLUMNS} columns.")
                if any(cell and not cell.isspace() for cell in cells):
                    yield number, list(cells[:MOST_COLUMNS])
        except csv.Error as problem:
            raise not_csv(number + 1, problem) from None
        except UnicodeDecodeError:
            raise NotUsable("The file is in an encoding that is not known. Save it as CSV in UTF-8.") from None
    finally:
        with suppress(ValueError):  # whoever gave the file may have closed it
            words.detach()


# XLSX


def _of_workbook(file: BinaryIO) -> Iterator[Row]:
    _look_into(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is left out: styles, validation, extensions
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                names = {name.casefold(): name for name in book.sheetnames}
                sheet = book[names.get(SHEET, book.sheetnames[0])]
                sheet.reset_dimensions()
                filled = 0
                for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                    if number - filled > MOST_EMPTY:
                        raise NotUsable(f"More than {MOST_EMPTY:,} rows are empty, one after the other. Delete them.")
                    if any(cell not in (None, "") for cell in cells[MOST_COLUMNS:]):
                        raise NotUsable(f"Row {number} has more than {MOST_COLUMNS} columns.")
                    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
                        raise NotUsable(f"Row {number} has a cell of more than {LONGEST_CELL:,} characters.")
                    if any(cell not in (None, "") for cell in cells):
                        filled = number
                        yield number, [_plain(cell) for cell in cells[:MOST_COLUMNS]]
            finally:
                book.close()
    except (NotUsable, GeneratorExit):
        raise
    except Exception as problem:
        # Whatever a library makes of a damaged file.
        raise NotUsable(f"The file is damaged, or not a spreadsheet. {SAVE_AS}") from problem


def _look_into(file: BinaryIO) -> None:
    """Unpacks everything once, keeping nothing, and refuses what is too large, locked, or declares entities.

    What an archive says of its sizes is not believed.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            inside = archive.infolist()
            names = {one.filename.lower() for one in inside}
            if len(inside) > MOST_ENTRIES:
                raise NotUsable(f"The file is not a spreadsheet. {SAVE_AS}")
            if "xl/workbook.xml" not in names:
                raise NotUsable(f"The file is not an XLSX or CSV. {SAVE_AS}")
            if any(name.endswith("vbaproject.bin") for name in names):
                raise NotUsable(f"The file has macros. {SAVE_AS}")
            unpacked = 0
            for one in inside:
                if one.flag_bits & 1:
                    raise NotUsable(f"The file has a password. {SAVE_AS}")
                with archive.open(one) as entry:
                    unpacked = _look_through(entry, one, unpacked)
    except NotUsable:
        raise
    except Exception as problem:
        raise NotUsable(f"The file is damaged, or packed in a way that is not known. {SAVE_AS}") from problem
    file.seek(0)


def _look_through(entry: IO[bytes], one: zipfile.ZipInfo, unpacked: int) -> int:
    """Reads a part to its end, and gives how much has been unpacked by then."""
    tail, own, in_row = b"", 0, 0
    is_sheet = "worksheets/" in one.filename.lower()
    for piece in iter(lambda: entry.read(PIECE), b""):
        if own == 0 and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise NotUsable(f"The file holds what no spreadsheet holds. {SAVE_AS}")
        own, unpacked = own + len(piece), unpacked + len(piece)
        if unpacked > LARGEST_UNPACKED or (own > PACKED_FROM and own > PACKED_MOST * one.compress_size):
            raise NotUsable("The file unpacks to far more than it is. Divide it, or save it as CSV.")
        if b"<!DOCTYPE" in tail + piece or b"<!ENTITY" in tail + piece:
            raise NotUsable(f"The file holds what no spreadsheet holds. {SAVE_AS}")
        if is_sheet:
            for number, row in enumerate(_ROW.split(piece)):
                in_row = len(_CELL.findall(row)) + (0 if number else in_row)
                if in_row > MOST_CELLS:
                    raise NotUsable(f"A row has more than {MOST_COLUMNS} columns. {SAVE_AS}")
        tail = piece[-10:]
    return unpacked


def _plain(cell: object) -> Cell:
    if isinstance(cell, datetime):
        return cell.date() if cell.time() == time() else cell.isoformat(sep=" ")
    if cell is None or isinstance(cell, str | int | float | date | bool):
        return cell
    return str(cell)
