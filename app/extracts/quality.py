"""Errors and queries about cases as they were known at a moment, with what their CCGs answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.database import in_byte_order
from app.rules.case_rules import RapidReview
from app.rules.data_quality import Finding, findings_about
from app.rules.quarters import quarter_at
from models import CaseReview, QueryAnswer
from models.declarations import Kind, items_of
from models.enumerations import Query

from .states import ROWS_AT_ONCE, cases_at, recorded_at

ITEMS = [item for item in items_of(CaseReview) if item.in_form]
THEMES = ("theme_1", "theme_2", "theme_3")
MOST_TWINS = 5
Twins = Mapping[UUID, list[str]]
Answers = Mapping[tuple[UUID, Query], QueryAnswer]


@dataclass(frozen=True)
class Found:
    """A finding about a case, and what its CCG answered in the quarter, if it did."""

    case_id: UUID
    reference: str
    ccg_id: UUID
    held_by_id: UUID
    finding: Finding
    answer: QueryAnswer | None = None

    @property
    def waits(self) -> bool:
        """Whether it is a query that nobody has answered."""
        return self.finding.query is not None and self.answer is None


def findings_at(
    session: Session, moment: datetime, lists: Lookups, since: datetime
) -> Iterator[tuple[Row[Any], list[Found]]]:
    """Every recorded case in the session's scope, as known at a moment, with what is found about it, by reference.

    `lists` are those of the moment; answers count that were given since `since`.
    """
    answers = answers_between(session, since, moment)
    return _found(cases_at(session, moment), twins_at(session, moment, lists), answers, lists)


def findings_now(
    session: Session, now: datetime, lists: Lookups, ccgs: set[UUID] | None = None
) -> Iterator[tuple[Row[Any], list[Found]]]:
    """The same of cases as they are, with the answers of the present quarter. With `ccgs`, of those alone, seen beside
    all others in the scope."""
    answers = answers_between(session, quarter_at(now).begins, now)
    return _found(cases_at(session, None, ccgs), twins_at(session, None, lists), answers, lists)


def _found(
    cases: Iterator[Row[Any]], twins: Twins, answers: Answers, lists: Lookups
) -> Iterator[tuple[Row[Any], list[Found]]]:
    for row in cases:
        yield row, findings_of(row, lists, twins, answers)


def findings_of(row: Row[Any], lists: Lookups, twins: Twins, answers: Answers) -> list[Found]:
    """What is found about a row of `cases_at`."""
    values = values_of(row, lists)
    found = findings_about(
        values,
        lists.today,
        items=ITEMS,
        updated_on=row.latest_update_on,
        codes=[values[name].code for name in THEMES if values[name] is not None],
        twins=twins.get(row.id, []),
    )
    return [
        Found(
            row.id,
            row.reference,
            row.ccg_id,
            row.held_by_id,
            one,
            answers.get((row.id, one.query)) if one.query else None,
        )
        for one in found
    ]


def answers_between(session: Session, since: datetime, moment: datetime) -> dict[tuple[UUID, Query], QueryAnswer]:
    """The newest answer to each query about a case, of those given from one moment to another."""
    given = (
        select(QueryAnswer)
        .where(QueryAnswer.answered_at >= since, QueryAnswer.answered_at <= moment)
        # The database takes any word for a query: one that is none would hold up England's extract.
        .where(QueryAnswer.query.in_(list(Query)))
        .order_by(QueryAnswer.answered_at, QueryAnswer.id)
    )
    return {(answer.case_id, answer.query): answer for answer in session.scalars(given)}


def twins_at(session: Session, moment: datetime | None, lists: Lookups) -> dict[UUID, list[str]]:
    """The cases that look like another, with the references of at most MOST_TWINS others.

    Two look alike that belong to one CCG or line of succession, where they have the same incident date and type or the
    same StEIS number, and neither grew out of the other. Rows are read in an order that brings those together, so that
    only what is found is kept.
    """
    version, recorded = recorded_at(moment)
    columns = [
        getattr(version, name)
        for name in (
            "id",
            "ccg_id",
            "held_by_id",
            "reference",
            "converted_from_id",
            "incident_date",
            "review_type_id",
            "steis_number",
        )
    ]
    chosen = recorded.with_only_columns(*columns, maintain_column_froms=True)
    reference = in_byte_order(session, version.reference)
    same_day = chosen.order_by(version.incident_date, version.review_type_id, reference)
    same_number = chosen.where(version.steis_number.is_not(None)).order_by(
        in_byte_order(session, version.steis_number), reference
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for statement, key in (
        (same_day, lambda row: (row.incident_date, row.review_type_id)),
        (same_number, lambda row: row.steis_number),
    ):
        rows = session.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
        for _, alike in groupby(rows, key):
            _note_twins(alike, lists, found)
    return {case: sorted(references)[:MOST_TWINS] for case, references in found.items()}


def _note_twins(alike: Iterable[Row[Any]], lists: Lookups, found: dict[UUID, set[str]]) -> None:
    by_line: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in alike:
        # After a split, both of the CCG that was split and of the one that a case was allocated to.
        for place in {lists.organisations.current_of(one, lists.today) for one in (row.ccg_id, row.held_by_id)}:
            by_line[place].append(row)
    for rows in by_line.values():
        for row in rows if len(rows) > 1 else ():
            # The first few of a heap are enough to say that there is one.
            for other in rows[: MOST_TWINS + 2]:
                if other.id != row.id and other.converted_from_id != row.id and row.converted_from_id != other.id:
                    found[row.id].add(other.reference)


def values_of(row: Any, lists: Lookups) -> dict[str, Any]:
    """The values of a row of `cases_at`, as the rules take them."""
    raw = {item.name: getattr(row, item.column) for item in ITEMS if item.kind is not Kind.CASE}
    values = lists.facts(raw, ITEMS)
    values["converted_from"] = _source_of(row, values, lists) if row.source_reference is not None else None
    return values


def _source_of(row: Any, values: Mapping[str, Any], lists: Lookups) -> RapidReview:
    """The rapid review that a case grew out of. One that was withdrawn since is still where it came from.

    Of one that the reader does not see nothing is said.
    """
    type_ = lists.codes["review_type"].get(row.source_review_type_id)
    return RapidReview(
        is_found=True,
        is_rapid_review=type_ is not None and type_.is_rapid_review,
        is_in_line=lists.organisations.same_line(row.ccg_id, row.source_ccg_id, lists.today)
        or lists.organisations.same_line(row.held_by_id, row.source_held_by_id, lists.today),
        is_of_rapid_review=getattr(values.get("review_type"), "is_rapid_review", False),
    )
