"""Checks the values of a case against the rules, with the facts that only the database knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.access.people import Access
from app.rules import case_rules
from app.rules.case_rules import Problems, RapidReview
from models import CaseReview
from models.declarations import Item, Kind, items_of


@dataclass(frozen=True)
class Checked:
    """What was found: problems that refuse, warnings that ask, and the case that `converted_from` names."""

    problems: Problems
    warnings: Problems
    converted_from: CaseReview | None


class Known(Protocol):
    """What only the database knows of other cases. Asked within somebody's scope: what lies outside is not there.

    Numbers are used once among the cases of a CCG that were allocated to the same one after a split, or to none.
    """

    def called(self, reference: str) -> CaseReview | None:
        """The case of a reference."""

    def with_local_identifier(self, ccg_id: UUID, number: str, besides: CaseReview | None) -> str | None:
        """The reference of a case that has a local identifier, and lies where the case does that is left out; without
        one, of a case of the CCG that was not allocated. None where there is none."""

    def with_steis_number(
        self, ccg_id: UUID, number: str, review_type_id: UUID, besides: CaseReview | None
    ) -> str | None:
        """As `with_local_identifier`, of a case with a StEIS number and a type of review."""


class AskedOneByOne:
    """Asks the database each question when it comes up: for a form."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def called(self, reference: str) -> CaseReview | None:
        found: CaseReview | None = self._session.scalar(select(CaseReview).where(CaseReview.reference == reference))
        return found

    def with_local_identifier(self, ccg_id: UUID, number: str, besides: CaseReview | None) -> str | None:
        return self._twin(CaseReview.ccg_id == ccg_id, CaseReview.local_identifier == number, besides=besides)

    def with_steis_number(
        self, ccg_id: UUID, number: str, review_type_id: UUID, besides: CaseReview | None
    ) -> str | None:
        return self._twin(
            CaseReview.ccg_id == ccg_id,
            CaseReview.steis_number == number,
            CaseReview.review_type_id == review_type_id,
            besides=besides,
        )

    def _twin(self, *conditions: ColumnElement[bool], besides: CaseReview | None) -> str | None:
        found = select(CaseReview.reference).where(*conditions, CaseReview.withdrawn_at.is_(None))
        found = found.where(CaseReview.allocated_to_id == (besides.allocated_to_id if besides else None))
        if besides is not None:
            found = found.where(CaseReview.id != besides.id)
        return self._session.scalars(found).first()


def check(
    known: Known,
    values: Mapping[str, Any],
    *,
    by: Access,
    lookups: Lookups,
    case: CaseReview | None = None,
    items: list[Item] | None = None,
) -> Checked:
    """Checks values as typed (ids for code lists and the CCG, a reference for `converted_from`).

    `case` is the case to be changed, None for a new one; what `values` leaves out is taken from it. `items` are those
    that the person can answer now; a problem with another one comes back under its own name all the same.
    """
    all_items = [item for item in items_of(CaseReview) if item.in_form]
    before = values_of(case, lookups) if case is not None else {}
    full: dict[str, Any] = {**before, **lookups.facts(values, all_items)}
    source = case.converted_from if case is not None else None
    typed = values.get("converted_from")
    if not typed:
        source = None
    elif source is None or source.reference != typed:
        source = known.called(typed)
        full["converted_from"] = _facts_of(source, full, case, lookups)
    problems = case_rules.problems_with(full, lookups.today, items=all_items, before=before)
    if case is None:
        _check_may_record(values, full, by, lookups, problems)
    _check_numbers(known, full, case, problems)
    review_type, was = full.get("review_type"), before.get("review_type")
    no_longer_rapid = was is not None and was.is_rapid_review and review_type and not review_type.is_rapid_review
    if case is not None and no_longer_rapid and case.grown_into:
        problems.setdefault("review_type", []).append(
            "Other reviews grew out of this rapid review, so its type cannot change"
        )
    warnings = case_rules.warnings_about(
        {name: text for name, text in values.items() if text != before.get(name)}, items=items or all_items
    )
    return Checked(problems, warnings, source)


def values_of(case: CaseReview, lookups: Lookups) -> dict[str, Any]:
    """The values of a saved case, as the rules take them."""
    items = [item for item in items_of(CaseReview) if item.in_form]
    raw = {item.name: getattr(case, item.column) for item in items if item.kind is not Kind.CASE}
    return lookups.facts(raw, items)


def _facts_of(
    source: CaseReview | None, full: Mapping[str, Any], case: CaseReview | None, lookups: Lookups
) -> RapidReview:
    if source is None or source.is_withdrawn:
        return RapidReview(is_found=False)
    ccg = full.get("ccg")
    return RapidReview(
        is_found=True,
        is_rapid_review=source.review_type.is_rapid_review,
        is_in_line=ccg is None
        or lookups.organisations.same_line(ccg.id, source.ccg_id, lookups.today)
        or lookups.organisations.same_line(case.held_by_id if case else ccg.id, source.held_by_id, lookups.today),
        is_itself=case is not None and source.id == case.id,
        is_of_rapid_review=getattr(full.get("review_type"), "is_rapid_review", False),
    )


def _check_may_record(
    values: Mapping[str, Any], full: Mapping[str, Any], by: Access, lookups: Lookups, problems: Problems
) -> None:
    """An id outside what the person may record under answers like one that never was."""
    ccg = full.get("ccg")
    if values.get("ccg") is not None and (ccg is None or not by.is_in_line(ccg.id, lookups.today)):
        problems["ccg"] = ["Select the CCG from the list"]


def _check_numbers(known: Known, full: Mapping[str, Any], case: CaseReview | None, problems: Problems) -> None:
    """The same number twice in one CCG. Asked within the person's scope; other CCGs' numbers neither clash nor show."""
    ccg, review_type = full.get("ccg"), full.get("review_type")
    if ccg is None:
        return
    if (number := full.get("local_identifier")) and (twin := known.with_local_identifier(ccg.id, number, case)):
        problems.setdefault("local_identifier", []).append(f"Local identifier {number} is already used for case {twin}")
    if (
        (number := full.get("steis_number"))
        and review_type is not None
        and (twin := known.with_steis_number(ccg.id, number, review_type.id, case))
    ):
        problems.setdefault("steis_number", []).append(
            f"StEIS number {number} is already used for case {twin}, a review of the same type"
        )
