"""Checks the values of a case against the rules, with the facts that only the database knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
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


def check(
    session: Session,
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
        source = session.scalar(select(CaseReview).where(CaseReview.reference == typed))
        full["converted_from"] = _facts_of(source, full, case, lookups)
    problems = case_rules.problems_with(full, lookups.today, items=all_items, before=before)
    if case is None:
        _check_may_record(values, full, by, lookups, problems)
    _check_numbers(session, full, values, case, problems)
    review_type = full.get("review_type")
    if case is not None and case.grown_into and review_type is not None and not review_type.is_rapid_review:
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
        is_in_line=ccg is None or lookups.organisations.same_line(ccg.id, source.ccg_id, lookups.today),
        is_itself=case is not None and source.id == case.id,
        is_of_rapid_review=getattr(full.get("review_type"), "is_rapid_review", False),
    )


def _check_may_record(
    values: Mapping[str, Any], full: Mapping[str, Any], by: Access, lookups: Lookups, problems: Problems
) -> None:
    """An id outside what the person may record under answers like one that never was."""
    ccg = full.get("ccg")
    if values.get("ccg") is not None and (ccg is None or ccg not in by.line_of_current_ccgs(lookups.today)):
        problems["ccg"] = ["Select the CCG from the list"]


def _check_numbers(
    session: Session,
    full: Mapping[str, Any],
    values: Mapping[str, Any],
    case: CaseReview | None,
    problems: Problems,
) -> None:
    """The same number twice in one CCG. Asked within the person's scope; other CCGs' numbers neither clash nor show."""
    ccg, review_type = full.get("ccg"), full.get("review_type")
    if ccg is None:
        return
    same_ccg = select(CaseReview).where(CaseReview.ccg_id == ccg.id, CaseReview.withdrawn_at.is_(None))
    if case is not None:
        same_ccg = same_ccg.where(CaseReview.id != case.id)
    if number := full.get("local_identifier"):
        twin = session.scalars(same_ccg.where(CaseReview.local_identifier == number)).first()
        if twin is not None:
            problems.setdefault("local_identifier", []).append(
                f"Local identifier {number} is already used for case {twin.reference}"
            )
    if (number := full.get("steis_number")) and review_type is not None:
        twin = session.scalars(
            same_ccg.where(CaseReview.steis_number == number, CaseReview.review_type_id == review_type.id)
        ).first()
        if twin is not None:
            problems.setdefault("steis_number", []).append(
                f"StEIS number {number} is already used for case {twin.reference}, a review of the same type"
            )
