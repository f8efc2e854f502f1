"""Plans as they are kept: changes of organisations in words that a database holds, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from app.rules.reorganisation import DAY, Change, What


def as_kept(plan: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes as values that JSON knows; what is empty is left out."""
    return [_kept(change) for change in plan]


def _kept(change: Change) -> dict[str, Any]:
    values = {
        "what": change.what.name,
        "kind": change.kind,
        "code": change.code,
        "day": change.day and change.day.isoformat(),
        "name": change.name,
        "other": change.other and list(change.other),
        "closed_on": change.closed_on and change.closed_on.isoformat(),
        "ons_code": change.ons_code,
        "plural": change.plural,
        "parent_kind": change.parent_kind,
        "line": change.line,
    }
    return {name: value for name, value in values.items() if value}


def from_kept(plan: Sequence[dict[str, Any]]) -> list[Change]:
    """The changes that `as_kept` wrote."""
    return [
        Change(
            what=What[one["what"]],
            kind=one["kind"],
            code=one.get("code", ""),
            day=_day(one.get("day")),
            name=one.get("name", ""),
            other=(one["other"][0], one["other"][1]) if one.get("other") else None,
            closed_on=_day(one.get("closed_on")),
            ons_code=one.get("ons_code", ""),
            plural=one.get("plural", ""),
            parent_kind=one.get("parent_kind", ""),
            line=one.get("line", 0),
        )
        for one in plan
    ]


def first_day_of(plan: Iterable[Change]) -> date | None:
    """The first day on which anything is different; None where a day is still to be said."""
    days = [change.day + DAY if change.what is What.CLOSED else change.day for change in plan if change.day]
    return min(days, default=None)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
