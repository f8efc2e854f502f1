"""What a line of a file would do: record a case, change one, nothing, or what must be mended first.

The rules are those of the form: `app.cases.checking.check` answers for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.access.lookups import Lookups
from app.access.people import Access
from app.cases.checking import Checked, check
from app.extracts.columns import FileColumn, text_of
from app.rules.case_rules import Problems, not_said_yet
from models import CaseReview
from models.declarations import Kind
from models.enumerations import LineOutcome, MediaInterest, Publication, Status

from .headings import ITEMS
from .known import KnownCases
from .reading import Line, Reader

# A column that is left out is as an empty cell: no text, and no value.
TEXTS = (Kind.TEXT, Kind.LINE, Kind.LINK)
CLOSED_CASE = "This case is closed. Open it again on its page first: it needs a reason"
TWO_CASES = "The StEIS number and the local identifier are those of two different cases"
TWICE = "Line {} of this file has the same number"


@dataclass
class Judged:
    """What was found of a line. `values` are those to record, or to change in `case`."""

    outcome: LineOutcome
    values: dict[str, Any] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)
    warnings: Problems = field(default_factory=dict)
    case: CaseReview | None = None
    checked: Checked | None = None
    differences: list[tuple[str, str, str]] = field(default_factory=list)


class Judge:
    """Judges the lines of one file, one after the other: a number that an earlier line has is noticed."""

    def __init__(self, reader: Reader, known: KnownCases, access: Access, lookups: Lookups, ccg_id: UUID) -> None:
        self.reader, self.known, self.access, self.lookups, self.ccg_id = reader, known, access, lookups, ccg_id
        self._lines: dict[tuple[Any, ...], int] = {}

    def about(self, line: Line) -> set[UUID]:
        """The cases that a line is about."""
        return self.known.same_as(self._ccg_of(line), line.values)

    def judge(self, number: int, line: Line, cases: Mapping[UUID, CaseReview]) -> Judged:
        """What a line would do. `cases` holds those that it is about."""
        about = self.about(line)
        twice = self._noticed_before(number, line)
        if twice is not None:
            field_of = "local_identifier" if twice[0] == "local" else "steis_number"
            return self._wrong(line, {field_of: [TWICE.format(twice[1])]})
        if len(about) > 1:
            return self._wrong(line, {"local_identifier": [TWO_CASES]})
        case = cases.get(next(iter(about))) if about else None
        return self._of_new(line) if case is None else self._of_known(line, case)

    def _of_new(self, line: Line) -> Judged:
        values = line.values | {
            name: value
            for name, value in STARTING_VALUES.items()
            if line.values.get(name) is None and name not in line.problems
        }
        if values.get("ccg") is None and "ccg" not in line.problems:
            values["ccg"] = self.ccg_id
        values = {name: values.get(name, "" if item.kind in TEXTS else None) for name, item in ITEMS.items()}
        checked = check(self.known, values, by=self.access, lookups=self.lookups)
        problems = merged(line.problems, checked.problems)
        outcome = LineOutcome.WRONG if problems else LineOutcome.NEW
        return Judged(outcome, values, problems, checked.warnings, checked=checked)

    def _of_known(self, line: Line, case: CaseReview) -> Judged:
        """A line about a case that is there. An empty cell changes nothing: what is there is not lost by it."""
        given = {name: value for name, value in line.values.items() if value not in (None, "") and name != "ccg"}
        changed = {name: value for name, value in given.items() if _differs(name, value, case)}
        if not changed and not line.problems:
            return Judged(LineOutcome.THERE, case=case)
        checked = check(self.known, changed, by=self.access, lookups=self.lookups, case=case)
        problems = merged(line.problems, checked.problems)
        if case.status == Status.CLOSED and changed.get("status") == Status.OPEN:
            problems.setdefault("status", []).append(CLOSED_CASE)
        return Judged(
            LineOutcome.WRONG if problems else LineOutcome.CHANGED,
            changed,
            problems,
            checked.warnings,
            case,
            checked,
            [(ITEMS[name].label, self._shown(name, _saved(name, case)), self._shown(name, value))
             for name, value in changed.items()],
        )  # fmt: skip

    def _wrong(self, line: Line, problems: Problems) -> Judged:
        return Judged(LineOutcome.WRONG, problems=merged(line.problems, problems))

    def _noticed_before(self, number: int, line: Line) -> tuple[str, int] | None:
        """Which number an earlier line has, and that line; else this line is noticed."""
        ccg, values = self._ccg_of(line), line.values
        numbers: list[tuple[Any, ...]] = []
        if values.get("local_identifier"):
            numbers.append(("local", values["local_identifier"]))
        if values.get("steis_number"):
            numbers.append(("steis", values["steis_number"], values.get("review_type")))
        for one in numbers:
            for place in self.known.line_of(ccg):
                if (place, *one) in self._lines:
                    return one[0], self._lines[place, *one]
        self._lines.update({(ccg, *one): number for one in numbers})
        return None

    def _ccg_of(self, line: Line) -> UUID:
        return line.values.get("ccg") or self.ccg_id

    def _shown(self, name: str, value: Any) -> str:
        item = ITEMS[name]
        if item.kind is Kind.CASE:
            return str(value or "")
        return text_of(FileColumn("", item, "label"), value, self.lookups)


# What counts where a cell is empty, or a file has no such column: what the form holds at first.
STARTING_VALUES = {
    "status": Status.OPEN,
    "publication": Publication.NOT_DECIDED,
    "media_interest": MediaInterest.NONE_KNOWN,
}


def merged(unread: Problems, found: Problems) -> Problems:
    """Problems by item. A cell that could not be read has said so already."""
    return {**not_said_yet(found, unread), **unread}


def _saved(name: str, case: CaseReview) -> Any:
    item = ITEMS[name]
    if item.kind is Kind.CASE:
        linked = getattr(case, name)
        return linked.reference if linked else ""
    return getattr(case, item.column)


def _differs(name: str, value: Any, case: CaseReview) -> bool:
    return (value or None) != (_saved(name, case) or None)


def read_all(judge: Judge, batch: Sequence[tuple[int, list[str]]]) -> list[tuple[int, list[str], Line]]:
    """The lines of a batch, read."""
    return [(number, cells, judge.reader.read(cells)) for number, cells in batch]
