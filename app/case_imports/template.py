"""The template of a file of cases: its headings, allowed values and hints, all from the declarations."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from app.access.lookups import Lookups
from app.access.people import Access
from app.extracts.download import made_safe
from models.declarations import Item, Kind
from models.enumerations import Labelled

from .headings import ITEMS, NOT_NEEDED, heading_of

ROWS = 1000
NEEDED = " (required)"
LISTS, HELP = "Allowed values", "How to fill it in"
_WIDTHS = {Kind.TEXT: 60, Kind.LINE: 24, Kind.LINK: 30, Kind.DATE: 14, Kind.CODE: 36, Kind.ORGANISATION: 12}
BEGINNING = (
    ("Each line is one case", "The first line names the columns. Columns that you do not need can be taken out."),
    (
        "A case that is there already",
        "A line with the same StEIS number and type of review, or the same local identifier, is about the same case."
        " Then an empty cell changes nothing.",
    ),
    ("Dates", "As 31/3/2022, or as a date of the spreadsheet. Never the month first."),
    ("No names or NHS numbers", "Free text must hold nothing that identifies somebody."),
)


def headings() -> list[str]:
    """The headings in the order of the form; those that are needed say so."""
    return [heading_of(item) + (NEEDED if _is_needed(item) else "") for item in ITEMS.values()]


def as_csv() -> bytes:
    """The heading line, with a mark by which spreadsheets know that it is UTF-8."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(headings())
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(lookups: Lookups, access: Access) -> bytes:
    """A sheet to fill in, one with the values that can be chosen, and one that says what each column means."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Cases"
    sheet.append(headings())
    sheet.freeze_panes = "A2"
    lists, explained = book.create_sheet(LISTS), book.create_sheet(HELP)
    explained.append(["Column", "What it means", "How to fill it in"])
    for title, words in BEGINNING:
        explained.append([title, words])
    column_of_list = 0
    for number, item in enumerate(ITEMS.values(), 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _WIDTHS.get(item.kind, 18)
        explained.append([heading_of(item), made_safe(item.definition), made_safe(_hint_of(item))])
        for row in range(2, ROWS + 2):
            cell = sheet.cell(row, number)
            cell.number_format = "dd/mm/yyyy" if item.kind is Kind.DATE else "@"
            if item.kind is Kind.TEXT:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        if allowed := [made_safe(one) for one in allowed_values(item, lookups, access)]:
            column_of_list += 1
            at = get_column_letter(column_of_list)
            for row, word in enumerate([heading_of(item), *allowed], 1):
                lists.cell(row, column_of_list, word)
            lists.column_dimensions[at].width = 40
            choice = DataValidation(
                type="list", formula1=f"'{LISTS}'!${at}$2:${at}${len(allowed) + 1}", allow_blank=not _is_needed(item)
            )
            choice.add(f"{letter}2:{letter}{ROWS + 1}")
            sheet.add_data_validation(choice)
    for each in (sheet, lists, explained):
        for cell in each[1]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="D8DDE0")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in (("A", 36), ("B", 80), ("C", 60)):
        explained.column_dimensions[letter].width = width
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def allowed_values(item: Item, lookups: Lookups, access: Access) -> list[str]:
    """What can be chosen for an item, in words: entries in use today, and the person's CCGs with those before them."""
    if item.kind is Kind.CODE:
        return [entry.label for entry in lookups.active(item.code_list, lookups.today)]
    if item.kind is Kind.ORGANISATION:
        return sorted({place.code for place in access.line_of_current_ccgs(lookups.today)})
    if item.kind is Kind.YES_NO:
        return ["Yes", "No"]
    return [choice.label for choice in _choices(item)]


def _choices(item: Item) -> Iterable[Labelled]:
    return item.choices or ()


def _is_needed(item: Item) -> bool:
    return item.required and item.name not in NOT_NEEDED


def _hint_of(item: Item) -> str:
    said = [item.hint]
    if item.max_length:
        said.append(f"Up to {item.max_length:,} characters.")
    if item.kind is Kind.CASE:
        said.append("The reference of the case, such as SCR-7KQX3MPD.")
    if item.kind in (Kind.CODE, Kind.CHOICE, Kind.ORGANISATION):
        said.append(f"One of those on the sheet {LISTS}.")
    return " ".join(one for one in said if one)
