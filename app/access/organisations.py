"""Reads the organisations of the database into the plain facts that the rules reason about."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules.succession import Organisations, Part, Place, Takeover
from models import Membership, Organisation, OrganisationKind, OrganisationName, Succession


def read_organisations(session: Session, day: date) -> Organisations:
    """Every organisation with its memberships and successions; names are those in force on `day`."""
    names: dict[object, str] = {}
    for owner, name, valid_from, valid_to in session.execute(
        select(
            OrganisationName.organisation_id,
            OrganisationName.name,
            OrganisationName.valid_from,
            OrganisationName.valid_to,
        )
    ):
        in_force = (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)
        if in_force or owner not in names:
            names[owner] = name
    places = {
        row.id: Place(row.id, row.kind, row.code, names.get(row.id, row.code), row.opened_on, row.closed_on)
        for row in session.execute(
            select(
                Organisation.id, Organisation.kind, Organisation.code, Organisation.opened_on, Organisation.closed_on
            )
        )
    }
    parts = session.execute(
        select(Membership.child_id, Membership.parent_id, Membership.valid_from, Membership.valid_to)
    )
    takeovers = session.execute(select(Succession.predecessor_id, Succession.successor_id, Succession.effective_on))
    case_kinds = session.scalars(select(OrganisationKind.code).where(OrganisationKind.may_hold_cases))
    return Organisations(
        places=places,
        parts=tuple(Part(*row) for row in parts),
        takeovers=tuple(Takeover(*row) for row in takeovers),
        case_kinds=frozenset(case_kinds),
    )
