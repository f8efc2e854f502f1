"""What there is to say about an extract: its facts, its control totals, what was found about its data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import IO

from app.extracts import control_totals, package
from app.extracts.schema import CASES, QUALITY, TOTALS
from app.nhsuk.wording import nhs_moment, until
from models import Extract

from ..tables import TableOf, words

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Looked:
    """What a package says when somebody looks into it."""

    england: list[TableOf]
    areas: list[TableOf]
    quality: TableOf


def capitalised(words: str) -> str:
    """With a capital letter at its beginning."""
    return f"{words[:1].upper()}{words[1:]}"


def name_of(extract: Extract) -> str:
    """The quarter and the number."""
    return f"{extract.quarter}, number {extract.number}"


def facts(extract: Extract) -> list[tuple[str, str]]:
    """What is asked first about an extract."""
    signed_off, opening = extract.sign_off, extract.opening
    begins = (
        f"{name_of(opening)}, signed off"
        if opening
        else "The quarter before: no signed-off extract of it ends before this one"
    )
    receipts = [f"{one.receipt} ({nhs_moment(one.noted_at)}, {one.noted_by.name})" for one in extract.receipts]
    return [
        ("Cases", f"{extract.rows:,}"),
        ("Cut-off", capitalised(until(extract.cut_off))),
        ("Totals start from", f"{begins} ({until(extract.opening_cut_off)})"),
        ("Drawn", f"{nhs_moment(extract.drawn_at)}, {extract.drawn_by.name}"),
        *([("Reason", extract.reason)] if extract.reason else []),
        (
            "Signed off",
            f"{nhs_moment(signed_off.signed_off_at)}, {signed_off.signed_off_by.name}" if signed_off else "Not yet",
        ),
        *(("Transfer receipt", one) for one in receipts or ["None yet"]),
    ]


def facts_of_file(extract: Extract, file_name: str) -> list[tuple[str, str]]:
    """What tells one file from another."""
    return [
        ("File", file_name),
        ("Size", f"{extract.size:,} bytes"),
        ("SHA-256 of the package as drawn", extract.sha256),
        (f"SHA-256 of {CASES}", extract.cases_sha256),
        *(
            (
                "Words struck out",
                f"{nhs_moment(one.struck_at)}. The package has been kept since with SHA-256 {one.sha256}",
            )
            for one in extract.redactions
        ),
        ("Schema version", extract.schema_version),
    ]


def look_into(file: IO[bytes], extract: Extract) -> Looked:
    headings, *rows = list(package.rows_of(file, TOTALS))
    by_check: dict[tuple[str, str], list[int]] = {}
    for row in islice(package.rows_of(file, QUALITY), 1, None):
        counted = by_check.setdefault((row[3], row[4]), [0, 0])
        counted[0] += 1
        counted[1] += bool(row[6])
    return Looked(
        [_walk_of_england(measure, headings, rows, extract) for measure in control_totals.MEASURES],
        [table for measure in control_totals.MEASURES for table in _walk_tables(measure, headings, rows)],
        TableOf(
            "Errors and queries",
            ["Check", "Kind", "Cases", "Answered"],
            [
                words(check, capitalised(level), f"{counted[0]:,}", f"{counted[1]:,}")
                for (level, check), counted in sorted(by_check.items())
            ],
        ),
    )


def _columns_of(measure: str, headings: list[str]) -> dict[int, str]:
    return {
        index: heading.removeprefix(f"{measure}: ")
        for index, heading in enumerate(headings)
        if heading.startswith(f"{measure}: ")
    }


def _walk_of_england(measure: str, headings: list[str], rows: list[list[str]], extract: Extract) -> TableOf:
    """From the opening to the closing of England, line by line; what did not happen is left out."""
    columns, signs = _columns_of(measure, headings), control_totals.MEASURES[measure]
    ends = {"opening": capitalised(until(extract.opening_cut_off)), "closing": capitalised(until(extract.cut_off))}
    england = next(row for row in rows if row[0] == "England")
    shown = []
    for index, term in columns.items():
        number = int(england[index])
        if term in ends:
            shown.append(words(ends[term], f"{number:,}"))
        elif number:
            shown.append(words(capitalised(term), f"{'+' if signs[term] > 0 else MINUS}{number:,}"))
    return TableOf(f"{measure} in England", ["Step", "Cases"], shown)


def _walk_tables(measure: str, headings: list[str], rows: list[list[str]]) -> list[TableOf]:
    """A table for regions, one for STPs and one for CCGs, without CCGs that have nothing."""
    columns = _columns_of(measure, headings)
    head = ["Area", *(capitalised(term) for term in columns.values())]
    tables = []
    for level, by in {"Region": "region", "STP": "STP", "CCG": "CCG"}.items():
        shown = [
            words(f"{row[2]} ({row[1]})", *(f"{int(row[index]):,}" for index in columns))
            for row in rows
            if row[0] == level and (level != "CCG" or any(row[index] != "0" for index in columns))
        ]
        tables.append(TableOf(f"{measure} by {by}", head, shown))
    return tables
