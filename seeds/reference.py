"""Kinds of organisation, England, regions, STPs and CCGs, and the three code lists.

Seeding adds what is missing and changes nothing that is there: an organisation or entry that is known by its code keeps
whatever an administrator has made of it. The caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.history import LISTS_KNOWN_SINCE, dating_back, sign
from models import (
    DesignatedProfessional,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationName,
    ReviewType,
    Succession,
    Theme,
)

from .files import day_or_none, read_rows

ENGLAND = "ENGLAND"
FIRST_DAY = date(2019, 4, 1)  # The first day that the lists cover; see data/README.md.

KINDS = (
    ("country", "Country", "Countries", None, False),
    ("region", "Region", "Regions", "country", False),
    ("stp", "STP", "STPs", "region", False),
    ("ccg", "CCG", "CCGs", "stp", True),
)

Ids = dict[tuple[str, str], UUID]


@dataclass(frozen=True)
class SeedCounts:
    """How many rows a seeding added."""

    kinds: int = 0
    organisations: int = 0
    memberships: int = 0
    successions: int = 0
    review_types: int = 0
    themes: int = 0
    designated_professionals: int = 0

    def __str__(self) -> str:
        """For example "112 successions"; "nothing to add" when all is there."""
        added = [(field.name.replace("_", " "), getattr(self, field.name)) for field in fields(self)]
        return ", ".join(f"{count} {name}" for name, count in added if count) or "nothing to add"


def seed_reference(session: Session) -> SeedCounts:
    """Add the reference rows that are missing, and say how many there were of each. They are known since FIRST_DAY."""
    with dating_back(session) as known_since:
        known_since(LISTS_KNOWN_SINCE)
        sign(session, None, "reference seeds")
        return _add_all(session)


def _add_all(session: Session) -> SeedCounts:
    kinds = _add_kinds(session)
    organisations = _add_organisations(session)
    ids = organisation_ids(session)
    return SeedCounts(
        kinds=kinds,
        organisations=organisations,
        memberships=_add_memberships(session, ids),
        successions=_add_successions(session, ids),
        review_types=_add_entries(session, ReviewType, "review_types.csv"),
        themes=_add_entries(session, Theme, "themes.csv"),
        designated_professionals=_add_entries(session, DesignatedProfessional, "designated_professionals.csv"),
    )


def organisation_ids(session: Session) -> Ids:
    """The id of every organisation, by kind and ODS code."""
    rows = session.execute(select(Organisation.kind, Organisation.code, Organisation.id))
    return {(kind, code): id_ for kind, code, id_ in rows}


def _add_kinds(session: Session) -> int:
    known = set(session.scalars(select(OrganisationKind.code)))
    missing = [
        OrganisationKind(
            code=code, label=label, plural=plural, parent_kind=parent, may_hold_cases=holds_cases, position=position
        )
        for position, (code, label, plural, parent, holds_cases) in enumerate(KINDS)
        if code not in known
    ]
    return _add(session, missing)


def _add_organisations(session: Session) -> int:
    known = organisation_ids(session)
    return _add(session, [one for one in _all_organisations() if (one.kind, one.code) not in known])


def _all_organisations() -> list[Organisation]:
    england = Organisation(kind="country", code=ENGLAND, names=[OrganisationName(name="England", ons_code="E92000001")])
    regions = [
        Organisation(
            kind="region", code=row["code"], names=[OrganisationName(name=row["name"], ons_code=row["ons_code"])]
        )
        for row in read_rows("regions.csv")
    ]
    stp_names: dict[str, list[OrganisationName]] = {}
    for row in read_rows("stp_names.csv"):
        name = OrganisationName(
            name=row["name"],
            ons_code=row["ons_code"],
            valid_from=day_or_none(row["valid_from"]),
            valid_to=day_or_none(row["valid_to"]),
        )
        stp_names.setdefault(row["stp"], []).append(name)
    stps = [Organisation(kind="stp", code=row["code"], names=stp_names[row["code"]]) for row in read_rows("stps.csv")]
    return [england, *regions, *stps, *(_ccg(row) for row in read_rows("ccgs.csv"))]


def _ccg(row: dict[str, str]) -> Organisation:
    opened_on = day_or_none(row["opened_on"])
    # A closed CCG keeps its name, so the name has no end.
    name = OrganisationName(name=row["name"], ons_code=row["ons_code"], valid_from=opened_on)
    return Organisation(
        kind="ccg", code=row["code"], opened_on=opened_on, closed_on=day_or_none(row["closed_on"]), names=[name]
    )


def _add_memberships(session: Session, ids: Ids) -> int:
    placed = set(session.scalars(select(Membership.child_id)))
    england = ids["country", ENGLAND]
    wanted = [
        *(
            Membership(child_id=ids["region", row["code"]], parent_id=england, valid_from=FIRST_DAY)
            for row in read_rows("regions.csv")
        ),
        *(
            Membership(child_id=ids["stp", row["code"]], parent_id=ids["region", row["region"]], valid_from=FIRST_DAY)
            for row in read_rows("stps.csv")
        ),
        *(
            Membership(
                child_id=ids["ccg", row["ccg"]],
                parent_id=ids["stp", row["stp"]],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=day_or_none(row["valid_to"]),
            )
            for row in read_rows("ccg_memberships.csv")
        ),
    ]
    # Whoever has been placed once, here or by an import, is left where they are.
    return _add(session, [one for one in wanted if one.child_id not in placed])


def _add_successions(session: Session, ids: Ids) -> int:
    succeeded = set(session.scalars(select(Succession.predecessor_id)))
    wanted = [
        Succession(
            predecessor_id=ids["ccg", row["predecessor"]],
            successor_id=ids["ccg", row["successor"]],
            effective_on=date.fromisoformat(row["effective_on"]),
        )
        for row in read_rows("successions.csv")
    ]
    return _add(session, [one for one in wanted if one.predecessor_id not in succeeded])


def _add_entries(session: Session, code_list: type[ReviewType | Theme | DesignatedProfessional], file: str) -> int:
    known = set(session.scalars(select(code_list.code)))
    missing = [_entry(code_list, row) for row in read_rows(file) if row["code"] not in known]
    return _add(session, missing)


def _entry(
    code_list: type[ReviewType | Theme | DesignatedProfessional], row: dict[str, str]
) -> ReviewType | Theme | DesignatedProfessional:
    entry = code_list(
        code=row["code"],
        label=row["label"],
        definition=row["definition"],
        group=row["group"],
        active_from=day_or_none(row["active_from"]),
        active_to=day_or_none(row["active_to"]),
        position=int(row["position"]),
    )
    if isinstance(entry, ReviewType):
        entry.is_rapid_review = row["is_rapid_review"] == "true"
    return entry


def _add(session: Session, rows: Sequence[object]) -> int:
    session.add_all(rows)
    session.flush()
    return len(rows)
