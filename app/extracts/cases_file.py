"""The cases of an extract and what is found about them, written some hundreds at a time.

What each case would be given by `quality.findings_at` is given here by the same rules; they are asked only where the
sieve does not rule out that they say something.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.history import as_at
from app.access.lookups import CodeEntry, Lookups
from app.database import plain_rows, plainly, value_of_plain, versions_called
from app.rules.data_quality import QUERIED, Finding, errors_in, identifiers_in, queries_about
from models import CaseReview, version_of
from models.declarations import Kind

from . import schema
from .cells import Cells, Remembered, Writer, line_of
from .columns import columns_of
from .known import AT_ONCE, Known
from .quality import ITEMS, answers_between, values_of
from .sieve import Sieve
from .states import CASE_COLUMNS, SOURCE_COLUMNS

_OF_MANY_VALUES = (Kind.TEXT, Kind.LINE, Kind.LINK, Kind.CASE)
_MORE = {"ccg_id", "held_by_id", "latest_update_on"}
_THEMES = ("theme_1_id", "theme_2_id", "theme_3_id")
Write = Callable[[bytes], Any]
# The column that holds the reference of the case that a case grew out of.
SOURCE = "converted_from_id"


def write_cases(
    session: Session,
    moment: datetime,
    lists: Lookups,
    since: datetime,
    cases: Write,
    quality: Write,
    progress: Callable[[int], None],
) -> int:
    """Writes the cases as known at a moment, and what is found about them; gives how many cases there are.

    In the order of references. `lists` are those of the moment; answers count that were given since `since`.
    """
    cases(line_of(column.heading for column in columns_of(CaseReview, download=False)))
    quality(line_of(field["name"] for field in schema.fields_of_quality()))
    known = Known(session, moment, lists)
    writing = _Writing(session, moment, lists, since, known)
    for start in range(0, len(known), AT_ONCE):
        places = range(start, min(start + AT_ONCE, len(known)))
        plain = writing.read(places)
        cases(writing.lines(plain))
        quality(writing.findings(places, plain))
        progress(places.stop)
    return len(known)


class _Writing:
    """What is needed for all cases of an extract."""

    def __init__(self, session: Session, moment: datetime, lists: Lookups, since: datetime, known: Known) -> None:
        self._session, self._moment, self._lists, self._known = session, moment, lists, known
        self._versions: Any = version_of(CaseReview)
        columns = columns_of(CaseReview, download=False)
        self._writer = Writer(session, columns, self._column, lists)
        self._names = list(dict.fromkeys([*CASE_COLUMNS, *self._writer.names]))
        self._wanted = [plainly(session, getattr(self._versions, name)) for name in self._names]
        few = {item.column for item in ITEMS if item.kind not in _OF_MANY_VALUES} | _MORE
        self._value_of = {
            name: Remembered(value_of_plain(session, getattr(self._versions, name))) for name in sorted(few)
        }
        self._sieve = Sieve(session, self._versions, ITEMS, lists)
        self._sources: Mapping[UUID, Any] = {}
        self._answers = answers_between(session, since, moment)
        places = lists.organisations.places
        self._code = Remembered(lambda plain: places[self._value("ccg_id", plain)].code)
        self._current = Remembered(
            lambda plain: places[lists.organisations.current_of(self._value("ccg_id", plain), lists.today)].code
        )

    def _column(self, name: str) -> Any:
        # What stands under the heading is the reference, which is looked up.
        return self._versions.reference if name == SOURCE else getattr(self._versions, name)

    def _value(self, name: str, plain: Any) -> Any:
        return plain if plain is None or name not in self._value_of else self._value_of[name][plain]

    def read(self, places: range) -> dict[str, Cells]:
        """The cases at some places, in their order, column by column."""
        called = self._known.called(places)
        asked = versions_called(self._session, called).with_only_columns(*self._wanted, maintain_column_froms=True)
        key = self._names.index("id")
        rows: dict[str, Sequence[Any]] = {
            row[key].replace("-", ""): row for some in plain_rows(self._session, asked, AT_ONCE) for row in some
        }
        in_order = [rows[id_] for id_, _ in called]
        return dict(zip(self._names, zip(*in_order, strict=True), strict=True))

    def lines(self, plain: dict[str, Cells]) -> bytes:
        """Their lines. Keeps what was found of the cases that they grew out of for `findings`."""
        self._sources = self._read_sources({UUID(one) for one in plain[SOURCE] if one is not None})
        grown_from = map(self._source_of, plain[SOURCE])
        under = plain | {SOURCE: [source.reference if source else "" for source in grown_from]}
        return self._writer.lines([under[name] for name in self._writer.names])

    def _read_sources(self, ids: set[UUID]) -> Mapping[UUID, Any]:
        if not ids:
            return {}
        chosen = as_at(CaseReview, self._moment, among=ids)
        wanted = [getattr(self._versions, name).label(name) for name in ("id", *SOURCE_COLUMNS)]
        rows = self._session.execute(chosen.with_only_columns(*wanted, maintain_column_froms=True))
        return {row.id: row for row in rows}

    def _source_of(self, plain: str | None) -> Any:
        return None if plain is None else self._sources.get(UUID(plain))

    def findings(self, places: range, plain: dict[str, Cells]) -> bytes:
        """The lines of what is found about them."""
        text = io.StringIO(newline="")
        write = csv.writer(text, lineterminator="\r\n").writerow
        rows = zip(
            places,
            self._sieve.may_break_a_rule(plain),
            self._sieve.may_be_asked(plain),
            self._sieve.may_identify(plain),
            self._known.has_twins(places),
            strict=True,
        )
        for position, (place, breaks, asked, identifies, has_twins) in enumerate(rows):
            if not (breaks or asked or identifies or has_twins):
                continue
            case = {name: cells[position] for name, cells in plain.items()}
            for finding in self._found(case, place, breaks, identifies, has_twins):
                write(self._row(case, finding))
        return text.getvalue().encode()

    def _found(
        self, case: dict[str, Any], place: int, breaks: bool, identifies: bool, has_twins: bool
    ) -> Iterator[Finding]:
        lists = self._lists
        if breaks:
            yield from errors_in(values_of(self._typed(case), lists), lists.today, items=ITEMS)
        yield from queries_about(
            {name: self._value(name, case[name]) for name in QUERIED},
            lists.today,
            updated_on=self._value("latest_update_on", case["latest_update_on"]),
            codes=[entry.code for name in _THEMES if (entry := self._theme(case[name])) is not None],
            twins=self._known.twins(place) if has_twins else [],
        )
        if identifies:
            yield from identifiers_in({item.name: case[item.column] for item in ITEMS}, items=ITEMS)

    def _theme(self, plain: Any) -> CodeEntry | None:
        return self._lists.codes["theme"].get(self._value("theme_1_id", plain))

    def _typed(self, case: Mapping[str, Any]) -> Any:
        """A case as `cases_at` gives it, as far as the rules ask."""
        source = self._source_of(case[SOURCE])
        return SimpleNamespace(
            **{item.column: self._value(item.column, case[item.column]) for item in ITEMS},
            held_by_id=self._value("held_by_id", case["held_by_id"]),
            **{f"source_{name}": getattr(source, name, None) for name in SOURCE_COLUMNS},
        )

    def _row(self, case: Mapping[str, Any], finding: Finding) -> list[str]:
        answer = self._answers.get((UUID(case["id"]), finding.query)) if finding.query and self._answers else None
        return [
            case["reference"],
            self._code[case["ccg_id"]],
            self._current[case["held_by_id"]],
            "error" if finding.is_error else "query",
            finding.about,
            finding.sentence,
            answer.note if answer else "",
        ]
