"""A file of changes: what happens to organisations of any kind, a line each, for what no published list says.

A CSV with a heading. So an abolition is data: new kinds are lines, and so is who takes over from whom.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import date, datetime

from app.rules.reorganisation import Change, Key, What
from app.rules.words import listed

from .ods_files import LONGEST_NAME, LeftOut, Read
from .texts import NotUsable, not_csv, text_of

HEADINGS = {
    "what": "What happens",
    "kind": "Kind",
    "code": "Code",
    "day": "Date",
    "name": "Name",
    "other_kind": "Other kind",
    "other_code": "Other code",
    "closed_on": "Last day",
    "ons_code": "ONS code",
    "plural": "Plural",
    "parent_kind": "Part of kind",
}
MOST_LINES = 10_000
NEEDED = ("what", "kind", "code", "day")
_WHAT = {what.value.casefold(): what for what in What}
_CODE = re.compile(r"[0-9A-Z]{3,12}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z_]{1,19}", re.ASCII)
_NAMED_BY_OTHER = {What.ADDED, What.MOVED, What.TAKEN_OVER, What.KIND}


class _Reject(Exception):
    """A line that cannot be read."""


def read_changes(data: bytes) -> Read[Change]:
    """The changes of a file. Raises NotUsable where it is something else; a line that cannot be read is rejected."""
    found: Read[Change] = Read([], [], [], hashlib.sha256(data).hexdigest())
    reader = csv.reader(io.StringIO(text_of(data), newline=""), strict=True)
    try:
        places = _headings(next(reader, []))
        for number, cells in enumerate(reader):
            if number >= MOST_LINES:
                raise NotUsable(f"The file has more than {MOST_LINES:,} lines.")
            if any(cell.strip() for cell in cells):
                try:
                    found.rows.append(_change(reader.line_num, cells, places))
                except _Reject as problem:
                    found.rejected.append(LeftOut(reader.line_num, str(problem)))
    except csv.Error as problem:
        raise not_csv(reader.line_num, problem) from None
    if not found.rows and not found.rejected:
        raise NotUsable("The file has no line under its heading.")
    return found


def template() -> str:
    """The heading of a file of changes."""
    return ",".join(HEADINGS.values()) + "\r\n"


def _headings(cells: list[str]) -> dict[str, int]:
    names = {label.casefold(): name for name, label in HEADINGS.items()}
    places = {
        names[cell.strip().casefold()]: number for number, cell in enumerate(cells) if cell.strip().casefold() in names
    }
    missing = [HEADINGS[name] for name in NEEDED if name not in places]
    if missing:
        raise NotUsable(f"The first line must name the columns. It lacks {listed(missing)}.")
    return places


def _change(line: int, cells: list[str], places: dict[str, int]) -> Change:
    def cell(name: str) -> str:
        at = places.get(name)
        return " ".join(cells[at].split()) if at is not None and at < len(cells) else ""

    what = _WHAT.get(cell("what").casefold())
    if what is None:
        raise _Reject(f"What happens must be one of {', '.join(one.value for one in What)}")
    kind, code = cell("kind").casefold(), cell("code").upper()
    if not _KIND.fullmatch(kind):
        raise _Reject("Kind must be a word in small letters, such as ccg")
    if what is not What.KIND and not _CODE.fullmatch(code):
        raise _Reject("Code must be an ODS code, such as 84H")
    name = cell("name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise _Reject(f"The name must be {LONGEST_NAME} characters or fewer, in one line")
    if what in (What.ADDED, What.RENAMED, What.KIND) and not name:
        raise _Reject("Name is missing")
    other: Key | None = None
    if what in _NAMED_BY_OTHER:
        other = (cell("other_kind").casefold(), cell("other_code").upper())
        if not other[0] or not (other[1] or what is What.KIND):
            raise _Reject("Other kind and other code must say which organisation")
    return Change(
        what,
        kind,
        "" if what is What.KIND else code,
        None if what is What.KIND else _day(cell("day"), "Date"),
        name,
        other,
        _day(cell("closed_on"), "Last day") if what is What.ADDED and cell("closed_on") else None,
        cell("ons_code")[:9],
        cell("plural")[:60],
        cell("parent_kind").casefold(),
        line,
    )


def _day(written: str, label: str) -> date:
    for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%Y%m%d"):
        try:
            return datetime.strptime(written, shape).date()  # noqa: DTZ007 - a day, without a time
        except ValueError:
            continue
    raise _Reject(f"{label} must be a date such as 1/7/2022")
