"""The cases that lines of a file may be about, asked for at once: by their numbers, in the CCGs of whoever imports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.access.people import Access
from app.cases.checking import AskedOneByOne
from models import CaseReview

# A CCG, and the one to which its cases were allocated after a split, if any: there a number is used once.
Where = tuple[UUID, UUID | None]
Keys = dict[tuple[Any, ...], tuple[UUID, str]]


@dataclass
class KnownCases:
    """Id and reference of each case by its local identifier, and by its StEIS number and type, where it lies.

    Withdrawn cases are left out. `searched` says for each CCG where a case of its lines may lie: with it, with those
    that it took over from, allocated to one of these, or waiting where it was split from.
    """

    asked: AskedOneByOne
    searched: dict[UUID, list[Where]]
    by_local_identifier: Keys = field(default_factory=dict)
    by_steis_number: Keys = field(default_factory=dict)
    allocated: dict[UUID, UUID] = field(default_factory=dict)

    def called(self, reference: str) -> CaseReview | None:
        return self.asked.called(reference)

    def with_local_identifier(self, ccg_id: UUID, number: str, besides: CaseReview | None) -> str | None:
        return _reference(self.by_local_identifier.get((_where(ccg_id, besides), number)), besides)

    def with_steis_number(
        self, ccg_id: UUID, number: str, review_type_id: UUID, besides: CaseReview | None
    ) -> str | None:
        return _reference(self.by_steis_number.get((_where(ccg_id, besides), number, review_type_id)), besides)

    def _note(
        self, where: Where, local: str | None, steis: str | None, review_type_id: UUID | None, case: tuple[UUID, str]
    ) -> None:
        if local:
            self.by_local_identifier[where, local] = case
        if steis:
            self.by_steis_number[where, steis, review_type_id] = case

    def same_as(self, ccg_id: UUID, values: dict[str, Any]) -> set[UUID]:
        """The cases that a line of a CCG is about: with its local identifier, or its StEIS number and type."""
        found = set()
        for where in self.searched.get(ccg_id, [(ccg_id, None)]):
            for case in (
                self.by_local_identifier.get((where, values.get("local_identifier"))),
                self.by_steis_number.get((where, values.get("steis_number"), values.get("review_type"))),
            ):
                if case is not None:
                    found.add(case[0])
        return found

    def line_of(self, ccg_id: UUID) -> list[UUID]:
        """A CCG, those that it took over from, and those that it was split from."""
        return sorted({ccg_id, *(one for one, _ in self.searched.get(ccg_id, ()))})


def known_cases(session: Session, access: Access, lookups: Lookups) -> KnownCases:
    """Every case under which the person may record, as far as its numbers go."""
    organisations, today = lookups.organisations, lookups.today
    places: set[UUID] = set()
    searched: dict[UUID, list[Where]] = {}
    for place in access.line_of_current_ccgs(today):
        line = {place.id, *organisations.predecessors_of(place.id, today)}
        split = organisations.split_from(place.id, today)
        allocated: list[Where] = [(one, to) for one in split for to in line]
        searched[place.id] = [*((one, None) for one in line | split), *allocated]
        places |= line | split
    known = KnownCases(AskedOneByOne(session), searched)
    numbers = select(
        CaseReview.ccg_id,
        CaseReview.allocated_to_id,
        CaseReview.local_identifier,
        CaseReview.steis_number,
        CaseReview.review_type_id,
        CaseReview.id,
        CaseReview.reference,
    ).where(CaseReview.ccg_id.in_(sorted(places)), CaseReview.withdrawn_at.is_(None))
    for row in session.execute(numbers, execution_options={"yield_per": 1000}):
        known._note((row[0], row[1]), row[2], row[3], row[4], (row[5], row[6]))
    return known


def cases_called(session: Session, ids: Iterable[UUID]) -> dict[UUID, CaseReview]:
    """Cases by their ids."""
    return {case.id: case for case in session.scalars(select(CaseReview).where(CaseReview.id.in_(list(ids))))}


def _reference(case: tuple[UUID, str] | None, besides: CaseReview | None) -> str | None:
    return case[1] if case is not None and (besides is None or case[0] != besides.id) else None


def _where(ccg_id: UUID, besides: CaseReview | None) -> Where:
    return (ccg_id, besides.allocated_to_id if besides is not None else None)
