"""The demo accounts."""

from __future__ import annotations

from sqlalchemy import select

from models import Grant, Organisation, Person
from models.enumerations import Role
from models.people import DEMO_ISSUER
from seeds.demo_people import DEMO_PEOPLE, seed_demo_people

EDITOR, OVERSIGHT = Role.CCG_EDITOR, Role.OVERSIGHT


def test_every_demo_account_has_the_grants_of_the_design(seeded):
    assert seed_demo_people(seeded) == 12
    people = seeded.scalars(select(Person).where(Person.issuer == DEMO_ISSUER)).all()

    assert {one.subject: {(grant.role, grant.organisation.code) for grant in one.grants} for one in people} == {
        "ccg-84H": {(EDITOR, "84H")},
        "ccg-16C": {(EDITOR, "16C")},
        "ccg-93C": {(EDITOR, "93C")},
        "two-ccgs": {(EDITOR, "84H"), (EDITOR, "16C")},
        "stp-QHM": {(OVERSIGHT, "QHM")},
        "region-Y63": {(OVERSIGHT, "Y63")},
        "england": {(OVERSIGHT, "ENGLAND")},
        "analyst": {(Role.ANALYST, "ENGLAND")},
        "second-analyst": {(Role.ANALYST, "ENGLAND")},
        "administrator": {(Role.ADMINISTRATOR, "ENGLAND")},
        "second-administrator": {(Role.ADMINISTRATOR, "ENGLAND")},
        "no-access": set(),
    }


def test_demo_people_have_different_names_and_example_addresses():
    assert len({one.name for one in DEMO_PEOPLE}) == len(DEMO_PEOPLE)
    assert all(one.email.endswith("@example.nhs.uk") and one.email.isascii() for one in DEMO_PEOPLE)


def test_seeding_people_again_does_not_give_back_a_grant_that_was_taken_away(seeded):
    seed_demo_people(seeded)
    grant = seeded.scalars(
        select(Grant)
        .join(Grant.person)
        .join(Grant.organisation)
        .where(Person.subject == "two-ccgs", Organisation.code == "16C")
    ).one()
    seeded.delete(grant)
    seeded.flush()
    seeded.expire_all()

    assert seed_demo_people(seeded) == 0
    person = seeded.scalars(select(Person).where(Person.subject == "two-ccgs")).one()
    assert [one.organisation.code for one in person.grants] == ["84H"]
