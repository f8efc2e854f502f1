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

Keys = dict[tuple[Any, ...], tuple[UUID, str]]


@dataclass
class KnownCases:
    """Id and reference of each case by its local identifier, and by its StEIS number and type, within its CCG.

    Withdrawn cases are left out. `earlier` are, for each CCG, those that it took over from, and those from which it may
    have been given cases after a split; `allocated` says to whom such cases were given.
    """

    asked: AskedOneByOne
    earlier: dict[UUID, list[UUID]]
    by_local_identifier: Keys = field(default_factory=dict)
    by_steis_number: Keys = field(default_factory=dict)
    allocated: dict[UUID, UUID] = field(default_factory=dict)

    def called(self, reference: str) -> CaseReview | None:
        return self.asked.called(reference)

    def with_local_identifier(self, ccg_id: UUID, number: str, besides: CaseReview | None) -> str | None:
        return _reference(self.by_local_identifier.get((ccg_id, number)), besides)

    def with_steis_number(
        self, ccg_id: UUID, number: str, review_type_id: UUID, besides: CaseReview | None
    ) -> str | None:
        return _reference(self.by_steis_number.get((ccg_id, number, review_type_id)), besides)

    def _note(
        self, ccg_id: UUID, local: str | None, steis: str | None, review_type_id: UUID | None, case: tuple[UUID, str]
    ) -> None:
        if local:
            self.by_local_identifier[ccg_id, local] = case
        if steis:
            self.by_steis_number[ccg_id, steis, review_type_id] = case

    def same_as(self, ccg_id: UUID, values: dict[str, Any]) -> set[UUID]:
        """The cases that a line is about: with its local identifier, or its StEIS number and type.

        Of its CCG, or of one that this took over from; of one that was split those that were not given to another.
        """
        local, steis, review_type = (
            values.get("local_identifier"),
            values.get("steis_number"),
            values.get("review_type"),
        )
        places = self.line_of(ccg_id)
        found = set()
        for place in places:
            for case in (
                self.by_local_identifier.get((place, local)),
                self.by_steis_number.get((place, steis, review_type)),
            ):
                if case is not None and self.allocated.get(case[0], ccg_id) in places:
                    found.add(case[0])
        return found

    def line_of(self, ccg_id: UUID) -> list[UUID]:
        """A CCG and those that are earlier."""
        return [ccg_id, *self.earlier.get(ccg_id, ())]


def known_cases(session: Session, access: Access, lookups: Lookups) -> KnownCases:
    """Every case under which the person may record, as far as its numbers go."""
    organisations, today = lookups.organisations, lookups.today
    places = [place.id for place in access.line_of_current_ccgs(today)]
    known = KnownCases(
        AskedOneByOne(session),
        {
            place: sorted(organisations.predecessors_of(place, today) | organisations.split_from(place, today))
            for place in places
        },
    )
    places = [*places, *(earlier for those in known.earlier.values() for earlier in those)]
    numbers = select(
        CaseReview.ccg_id,
        CaseReview.local_identifier,
        CaseReview.steis_number,
        CaseReview.review_type_id,
        CaseReview.id,
        CaseReview.reference,
        CaseReview.allocated_to_id,
    ).where(CaseReview.ccg_id.in_(places), CaseReview.withdrawn_at.is_(None))
    for row in session.execute(numbers, execution_options={"yield_per": 1000}):
        known._note(row[0], row[1], row[2], row[3], (row[4], row[5]))
        if row[6] is not None:
            known.allocated[row[4]] = row[6]
    return known


def cases_called(session: Session, ids: Iterable[UUID]) -> dict[UUID, CaseReview]:
    """Cases by their ids."""
    return {case.id: case for case in session.scalars(select(CaseReview).where(CaseReview.id.in_(list(ids))))}


def _reference(case: tuple[UUID, str] | None, besides: CaseReview | None) -> str | None:
    return case[1] if case is not None and (besides is None or case[0] != besides.id) else None
