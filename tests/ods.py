"""The lists of the Organisation Data Service as they would have been published, made from the reference lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from app.imports.ods_files import (
    CCG_COLUMNS,
    CLOSED,
    CODE,
    NAME,
    OPENED,
    REGION,
    ROLES,
    STP,
    SUCCESSION_COLUMNS,
    CCGRow,
    SuccessionRow,
)
from app.rules.succession import Organisations

BEFORE, BETWEEN = date(2019, 4, 1), date(2020, 4, 1)


def as_at(known: Organisations, day: date) -> Organisations:
    """What was known on a day: who had opened by then, and nothing of what came after."""
    there = {one.id: one for one in known.places.values() if one.opened_on is None or one.opened_on <= day}
    return Organisations(
        places={
            key: replace(one, closed_on=None) if one.closed_on and one.closed_on >= day else one
            for key, one in there.items()
        },
        parts=tuple(
            replace(part, valid_to=None) if part.valid_to and part.valid_to >= day else part
            for part in known.parts
            if part.child in there and part.valid_from <= day
        ),
        takeovers=tuple(one for one in known.takeovers if one.effective_on <= day),
        case_kinds=known.case_kinds,
        kinds=known.kinds,
    )


def files_of(known: Organisations, day: date) -> tuple[list[CCGRow], list[SuccessionRow]]:
    """The two files as they would be published on a day: each known CCG, its name in capitals, its last STP."""
    now = as_at(known, day)
    closing = {one.id: one.closed_on for one in known.places.values() if one.closed_on and one.closed_on < day}
    rows: list[CCGRow] = []
    for place in sorted((one for one in now.places.values() if one.kind == "ccg"), key=lambda one: one.code):
        on = closing.get(place.id) or day
        stp, region = known.above(place.id, "stp", on), known.above(place.id, "region", on)
        assert stp and region
        rows.append(
            CCGRow(
                len(rows) + 1, place.code, place.name.upper(), region.code, stp.code, place.opened_on,
                closing.get(place.id),
            )
        )  # fmt: skip
    code = {key: one.code for key, one in known.places.items()}
    taken = [
        SuccessionRow(number, code[one.predecessor], code[one.successor], one.effective_on)
        for number, one in enumerate(known.takeovers, 1)
        if one.effective_on <= day
    ]
    return rows, taken


def eccg_csv(rows: Sequence[CCGRow]) -> bytes:
    """The rows as `eccg.csv` has them: 27 columns, every field quoted, no heading."""
    lines = []
    for row in rows:
        cells = [""] * CCG_COLUMNS
        cells[CODE], cells[NAME], cells[REGION], cells[STP] = row.code, row.name, row.region, row.stp
        cells[OPENED], cells[CLOSED], cells[ROLES] = _day(row.opened_on), _day(row.closed_on), "RO98"
        lines.append(cells)
    return _as_csv(lines)


def succ_csv(rows: Sequence[SuccessionRow]) -> bytes:
    """The rows as `succ.csv` has them: 5 columns, no heading."""
    lines = [[row.old, row.new, "R", _day(row.effective_on), "1"] for row in rows]
    assert all(len(line) == SUCCESSION_COLUMNS for line in lines)
    return _as_csv(lines)


def _as_csv(lines: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(lines)
    return written.getvalue().encode()


def _day(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


def the_end_of_ccgs(known: Organisations) -> bytes:
    """The change of July 2022, as far as its shape goes: each place keeps its code, in a kind of its own."""
    last, first = date(2022, 6, 30), date(2022, 7, 1)
    lines = [
        "New kind of organisation,icb,,,Integrated care board,stp,,Integrated care boards,region",
        "New kind of organisation,sub_icb,,,Sub-ICB location,ccg,,Sub-ICB locations,icb",
    ]
    is_open = [one for one in known.places.values() if one.is_open_on(last)]
    for one in is_open:
        above = known.parent_of(one.id, last)
        if one.kind in ("stp", "ccg") and above is not None:
            new, parent = {"stp": ("icb", "region"), "ccg": ("sub_icb", "icb")}[one.kind]
            lines += [
                f'Added,{new},{one.code},1/7/2022,"{one.name} ICB",{parent},{above.code},,',
                f"Closed,{one.kind},{one.code},{last:%d/%m/%Y},,,,,",
                f"Taken over,{one.kind},{one.code},{first:%d/%m/%Y},,{new},{one.code},,",
            ]
    heading = "What happens,Kind,Code,Date,Name,Other kind,Other code,Plural,Part of kind"
    return "\r\n".join([heading, *lines]).encode()
