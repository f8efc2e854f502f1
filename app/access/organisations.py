"""Reads the organisations of the database into the plain facts that the rules reason about."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules.succession import KindOfPlace, Organisations, Part, Place, Takeover
from models import Membership, Organisation, OrganisationKind, OrganisationName, Succession

from .history import Reader, as_now


def read_organisations(session: Session, day: date, rows: Reader = as_now) -> Organisations:
    """Every organisation with its memberships and successions; names are those in force on `day`.

    `rows` reads them as they are, or as they were known at a moment.
    """
    names: dict[object, str] = {}
    dated_names = rows(OrganisationName, "organisation_id", "name", "valid_from", "valid_to")
    for owner, name, valid_from, valid_to in session.execute(dated_names):
        in_force = (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)
        if in_force or owner not in names:
            names[owner] = name
    places = {
        row.id: Place(row.id, row.kind, row.code, names.get(row.id, row.code), row.opened_on, row.closed_on)
        for row in session.execute(rows(Organisation, "id", "kind", "code", "opened_on", "closed_on"))
    }
    parts = session.execute(rows(Membership, "child_id", "parent_id", "valid_from", "valid_to"))
    takeovers = session.execute(rows(Succession, "predecessor_id", "successor_id", "effective_on"))
    kinds = [
        KindOfPlace(one.code, one.label, one.plural, one.parent_kind, one.may_hold_cases, one.position)
        for one in session.scalars(select(OrganisationKind).order_by(OrganisationKind.position, OrganisationKind.code))
    ]
    return Organisations(
        places=places,
        parts=tuple(Part(*row) for row in parts),
        takeovers=tuple(Takeover(*row) for row in takeovers),
        case_kinds=frozenset(kind.code for kind in kinds if kind.may_hold_cases),
        kinds={kind.code: kind for kind in kinds},
    )
