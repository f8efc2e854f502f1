"""The demo accounts: invented people, who exist in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Grant, Person
from models.enumerations import Role
from models.people import DEMO_ISSUER

from .reference import ENGLAND, organisation_ids


@dataclass(frozen=True)
class DemoPerson:
    """An account, who it belongs to, and what is granted: role, kind of organisation, ODS code."""

    account: str
    name: str
    email: str
    grants: tuple[tuple[Role, str, str], ...] = ()


DEMO_PEOPLE = (
    DemoPerson(
        "ccg-84H", "Margaret Thirlwell", "margaret.thirlwell@example.nhs.uk", ((Role.CCG_EDITOR, "ccg", "84H"),)
    ),
    DemoPerson("ccg-16C", "Imran Qureshi", "imran.qureshi@example.nhs.uk", ((Role.CCG_EDITOR, "ccg", "16C"),)),
    DemoPerson("ccg-93C", "Folasade Adeyemi", "folasade.adeyemi@example.nhs.uk", ((Role.CCG_EDITOR, "ccg", "93C"),)),
    DemoPerson(
        "two-ccgs",
        "Siobhán O'Donnell",
        "siobhan.odonnell@example.nhs.uk",
        ((Role.CCG_EDITOR, "ccg", "84H"), (Role.CCG_EDITOR, "ccg", "16C")),
    ),
    DemoPerson("stp-QHM", "Rebecca Armstrong", "rebecca.armstrong@example.nhs.uk", ((Role.OVERSIGHT, "stp", "QHM"),)),
    DemoPerson(
        "region-Y63", "David Hargreaves", "david.hargreaves@example.nhs.uk", ((Role.OVERSIGHT, "region", "Y63"),)
    ),
    DemoPerson(
        "england", "Priya Raghunathan", "priya.raghunathan@example.nhs.uk", ((Role.OVERSIGHT, "country", ENGLAND),)
    ),
    DemoPerson(
        "analyst", "Tomasz Wiśniewski", "tomasz.wisniewski@example.nhs.uk", ((Role.ANALYST, "country", ENGLAND),)
    ),
    DemoPerson("second-analyst", "Grace Mbeki", "grace.mbeki@example.nhs.uk", ((Role.ANALYST, "country", ENGLAND),)),
    DemoPerson(
        "administrator", "Helen Pargeter", "helen.pargeter@example.nhs.uk", ((Role.ADMINISTRATOR, "country", ENGLAND),)
    ),
    DemoPerson(
        "second-administrator",
        "Owen Llewellyn",
        "owen.llewellyn@example.nhs.uk",
        ((Role.ADMINISTRATOR, "country", ENGLAND),),
    ),
    DemoPerson("no-access", "Caroline Beech", "caroline.beech@example.nhs.uk"),
)


def seed_demo_people(session: Session) -> int:
    """Add the demo accounts that are missing, with their grants, and say how many. Needs the reference rows."""
    known = set(session.scalars(select(Person.subject).where(Person.issuer == DEMO_ISSUER)))
    missing = [one for one in DEMO_PEOPLE if one.account not in known]
    ids = organisation_ids(session)
    for one in missing:
        grants = [Grant(role=role, organisation_id=ids[kind, code]) for role, kind, code in one.grants]
        session.add(Person(issuer=DEMO_ISSUER, subject=one.account, name=one.name, email=one.email, grants=grants))
    session.flush()
    return len(missing)
