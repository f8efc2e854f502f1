"""Checks the demo cases against the rules of the service: the form and the import call the same function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from functools import cache
from uuid import NAMESPACE_OID, uuid5

from app.rules.case_rules import Code, RapidReview, problems_with
from app.rules.succession import Place
from models import CaseReview
from models.declarations import Kind, items_of

from ..files import day_or_none, read_rows
from .case import DemoCase

CODE_FILES = {
    "review_type": "review_types.csv",
    "theme": "themes.csv",
    "designated_professional": "designated_professionals.csv",
}


@cache
def _codes(code_list: str) -> dict[str, Code]:
    return {
        row["code"]: Code(row["code"], row["label"], day_or_none(row["active_from"]), day_or_none(row["active_to"]))
        for row in read_rows(CODE_FILES[code_list])
    }


@cache
def _ccgs() -> dict[str, Place]:
    return {
        row["code"]: Place(
            id=uuid5(NAMESPACE_OID, row["code"]),
            kind="ccg",
            code=row["code"],
            name=row["name"],
            opened_on=day_or_none(row["opened_on"]),
            closed_on=day_or_none(row["closed_on"]),
        )
        for row in read_rows("ccgs.csv")
    }


def check_cases(cases: Iterable[DemoCase], today: date) -> None:
    """Raises ValueError at the first case that the form would refuse."""
    # An item that was declared later is not among the invented values; its column has a default.
    told = {field.name for field in fields(DemoCase)}
    items = [item for item in items_of(CaseReview) if item.in_form and item.name in told]
    known: dict[str, DemoCase] = {}
    for case in cases:
        known[case.reference] = case
        values = {item.name: getattr(case, item.name) for item in items}
        for item in items:
            if item.kind is Kind.CODE and values[item.name]:
                values[item.name] = _codes(item.code_list)[values[item.name]]
        values["ccg"] = _ccgs()[case.ccg]
        source = known.get(case.converted_from or "")
        if case.converted_from:
            values["converted_from"] = RapidReview(
                is_found=source is not None,
                is_rapid_review=source is not None and source.review_type == "rapid_review",
                is_in_line=source is not None and source.ccg == case.ccg,
            )
        if problems := problems_with(values, today, items=items):
            raise ValueError(f"The demo case that begins “{case.overview[:60]}” breaks a rule: {problems}")
