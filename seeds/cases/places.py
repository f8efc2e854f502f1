"""Where the demo cases are recorded: CCGs, when each was open, and the partnerships of its area."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from models.enumerations import PartnershipKind

from ..files import day_or_none, read_rows, read_text

COMMISSIONERS = {
    PartnershipKind.SAFEGUARDING_ADULTS_BOARD: ("adults", ("{area} Safeguarding Adults Board",)),
    PartnershipKind.SAFEGUARDING_CHILDREN_PARTNERSHIP: ("children", ("{area} Safeguarding Children Partnership",)),
    PartnershipKind.COMMUNITY_SAFETY_PARTNERSHIP: ("community", ("{area} Community Safety Partnership",)),
    PartnershipKind.JOINT: ("", ("{area} Safeguarding Adults Board and Safeguarding Children Partnership",)),
    PartnershipKind.OTHER: ("", ("{area} Learning Review Group", "{area} Health and Wellbeing Board")),
}


@dataclass(frozen=True)
class Place:
    """A CCG, as a place where cases are recorded. `line` is the code of the CCG that answers for it now."""

    ccg: str
    line: str
    cases: int
    opened_on: date
    closed_on: date | None
    areas: tuple[str, ...]
    named: tuple[tuple[str, tuple[str, ...]], ...]

    def choose_partnership(self, kind: PartnershipKind, rng: Random) -> str:
        """The name of a partnership of this kind: the area's own, or the usual one."""
        column, usual = COMMISSIONERS[kind]
        own = dict(self.named).get(column, ())
        return rng.choice(own) if own else rng.choice(usual).format(area=rng.choice(self.areas))


@cache
def places() -> tuple[Place, ...]:
    ccgs = {row["code"]: row for row in read_rows("ccgs.csv")}
    successor = {row["predecessor"]: row["successor"] for row in read_rows("successions.csv")}
    return tuple(
        Place(
            ccg=row["ccg"],
            line=successor.get(row["ccg"], row["ccg"]),
            cases=int(row["cases"]),
            opened_on=date.fromisoformat(ccgs[row["ccg"]]["opened_on"]),
            closed_on=day_or_none(ccgs[row["ccg"]]["closed_on"]),
            areas=tuple(row["areas"].split("|")),
            named=tuple(
                (column, tuple(row[column].split("|"))) for column in ("adults", "children", "community") if row[column]
            ),
        )
        for row in csv.DictReader(read_text("places.csv").splitlines())
    )
