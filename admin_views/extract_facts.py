"""What there is to say about an extract: its facts, its control totals, what was found about its data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import IO

from app.extracts import control_totals, package
from app.extracts.schema import CASES, QUALITY, TOTALS
from app.nhsuk.wording import nhs_moment, until
from models import Extract

from .tables import TableOf, words


@dataclass(frozen=True)
class Looked:
    """What a package says when somebody looks into it."""

    totals: list[TableOf]
    quality: TableOf


def capitalised(words: str) -> str:
    """With a capital letter at its beginning."""
    return f"{words[:1].upper()}{words[1:]}"


def name_of(extract: Extract) -> str:
    """The quarter and the number."""
    return f"{extract.quarter}, number {extract.number}"


def facts(extract: Extract) -> list[tuple[str, str]]:
    signed_off, opening = extract.sign_off, extract.opening
    walk = (
        f"{name_of(opening)}, signed off"
        if opening
        else "End of the quarter before: no signed-off extract of it ends before this one"
    )
    return [
        ("Cases", f"{extract.rows:,}"),
        ("Cut-off", capitalised(until(extract.cut_off))),
        ("Walk begins with", f"{walk} ({until(extract.opening_cut_off)})"),
        ("Drawn", f"{nhs_moment(extract.drawn_at)}, {extract.drawn_by.name}"),
        *([("Reason", extract.reason)] if extract.reason else []),
        (
            "Signed off",
            f"{nhs_moment(signed_off.signed_off_at)}, {signed_off.signed_off_by.name}" if signed_off else "Not yet",
        ),
        *(("Receipt", f"{one.receipt} ({nhs_moment(one.noted_at)}, {one.noted_by.name})") for one in extract.receipts),
        ("Size", f"{extract.size:,} bytes"),
        ("SHA-256 of the package", extract.sha256),
        (f"SHA-256 of {CASES}", extract.cases_sha256),
        ("Schema version", extract.schema_version),
    ]


def look_into(file: IO[bytes]) -> Looked:
    headings, *rows = list(package.rows_of(file, TOTALS))
    by_check: dict[tuple[str, str], list[int]] = {}
    for row in islice(package.rows_of(file, QUALITY), 1, None):
        counted = by_check.setdefault((row[3], row[4]), [0, 0])
        counted[0] += 1
        counted[1] += bool(row[6])
    return Looked(
        [table for measure in control_totals.MEASURES for table in _walk_tables(measure, headings, rows)],
        TableOf(
            "Errors and queries",
            ["Check", "Kind", "Cases", "Answered"],
            [
                words(check, level, f"{counted[0]:,}", f"{counted[1]:,}")
                for (level, check), counted in sorted(by_check.items())
            ],
        ),
    )


def _walk_tables(measure: str, headings: list[str], rows: list[list[str]]) -> list[TableOf]:
    """A table for England and the regions, and longer ones for STPs and CCGs, without those that have nothing."""
    columns = [index for index, heading in enumerate(headings) if heading.startswith(f"{measure}: ")]
    head = ["Area", *(headings[index].removeprefix(f"{measure}: ").capitalize() for index in columns)]
    groups = {"England and regions": ("England", "Region"), "STPs": ("STP",), "CCGs": ("CCG",)}
    tables = []
    for caption, levels in groups.items():
        shown = [
            words(
                row[2] if row[0] == "England" else f"{row[2]} ({row[1]})",
                *(f"{int(row[index]):,}" for index in columns),
            )
            for row in rows
            if row[0] in levels and (row[0] != "CCG" or any(row[index] != "0" for index in columns))
        ]
        tables.append(TableOf(f"{measure}: {caption}", head, shown))
    return tables
