"""Signing in with claims: who somebody is, what they are granted, and what they lose again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.sign_in.claims import person_from
from app.sign_in.tokens import Refused
from models import AuditEvent, Grant, Organisation, Person, db, version_of
from models.enumerations import AuditAction, Role
from tests.conftest import NOW
from tests.databases import unguarded

ISSUER = "https://login.example.nhs.uk"
MARY = {"iss": ISSUER, "sub": "mary", "name": "Mary Example", "email": "mary@example.nhs.uk"}


def sign_in(app: Flask, **claims: Any) -> str:
    """Signs Mary in with some claims more; gives her id."""
    with app.app_context():
        person = person_from(db.session(), MARY | claims, at=NOW)
        db.session.commit()
        return str(person.id)


def grants(app: Flask, subject: str = "mary") -> dict[str, str]:
    """What somebody holds today, and whether the provider or an administrator gave it."""
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == subject, Person.issuer == ISSUER)).one()
        return {
            f"{one.role.value} {one.organisation.code}": "provider" if one.from_claims else "here"
            for one in person.grants
            if one.holds_on(NOW.date())
        }


def give(app: Flask, role: Role, kind: str, code: str, ends_on: date | None = None) -> None:
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == "mary", Person.issuer == ISSUER)).one()
        place = session.scalars(select(Organisation).where(Organisation.kind == kind, Organisation.code == code)).one()
        session.add(Grant(person_id=person.id, role=role, organisation_id=place.id, ends_on=ends_on))
        session.commit()


def ignored(app: Flask) -> list[str]:
    with unguarded(app) as session:
        found = select(AuditEvent).where(AuditEvent.action == AuditAction.CLAIMS_IGNORED).order_by(AuditEvent.at)
        return [one.details for one in session.scalars(found)]


def test_a_first_sign_in_makes_the_person_known(fresh_either_app: Flask) -> None:
    first = sign_in(fresh_either_app, roles=["ccg_editor:84H"])
    again = sign_in(fresh_either_app, roles=["ccg_editor:84H"])
    assert first == again
    assert grants(fresh_either_app) == {"ccg_editor 84H": "provider"}
    assert ignored(fresh_either_app) == []


def test_two_first_sign_ins_at_the_same_moment_make_one_person(fresh_either_app: Flask) -> None:
    start = Barrier(4)

    def come_in(_: int) -> str:
        start.wait()
        return sign_in(fresh_either_app, roles=["ccg_editor:84H"])

    with ThreadPoolExecutor(4) as several:
        assert len(set(several.map(come_in, range(4)))) == 1
    assert grants(fresh_either_app) == {"ccg_editor 84H": "provider"}


def test_a_role_that_is_no_longer_named_is_lost_and_comes_back(fresh_either_app: Flask) -> None:
    sign_in(fresh_either_app, roles=["ccg_editor:84H", "oversight:QHM"])
    for roles in (["oversight:QHM"], ["oversight:QHM"]):
        sign_in(fresh_either_app, roles=roles)
        assert grants(fresh_either_app) == {"oversight QHM": "provider"}
    sign_in(fresh_either_app)
    assert grants(fresh_either_app) == {}
    sign_in(fresh_either_app, roles=["ccg_editor:84H"])
    assert grants(fresh_either_app) == {"ccg_editor 84H": "provider"}
    with unguarded(fresh_either_app) as session:
        versions = version_of(Grant)
        kept = session.scalars(select(versions).where(versions.role == "ccg_editor", versions.from_claims)).all()
        assert len(kept) == 3  # given, lost, given again
        assert {one.change_reason for one in kept} == {"As the identity provider says at sign-in"}


def test_what_was_given_here_stays_where_the_provider_names_nothing(fresh_either_app: Flask) -> None:
    sign_in(fresh_either_app)
    give(fresh_either_app, Role.OVERSIGHT, "stp", "QHM")
    sign_in(fresh_either_app, roles=["nonsense"])
    assert grants(fresh_either_app) == {"oversight QHM": "here"}


def test_what_the_provider_names_takes_the_place_of_the_same_given_here(fresh_either_app: Flask) -> None:
    sign_in(fresh_either_app)
    give(fresh_either_app, Role.OVERSIGHT, "stp", "QHM", ends_on=NOW.date() - timedelta(days=1))
    give(fresh_either_app, Role.CCG_EDITOR, "ccg", "84H", ends_on=NOW.date())
    sign_in(fresh_either_app, roles=["oversight:QHM", "ccg_editor:84H"])
    assert grants(fresh_either_app) == {"oversight QHM": "provider", "ccg_editor 84H": "provider"}
    sign_in(fresh_either_app)
    assert grants(fresh_either_app) == {}


def test_what_is_ignored_is_written_down_with_the_reason(fresh_app: Flask) -> None:
    sign_in(fresh_app, roles=["administrator:ENGLAND", "ccg_editor:84H", "owner", "ccg_editor:nowhere"])
    assert grants(fresh_app) == {"ccg_editor 84H": "provider"}
    assert ignored(fresh_app) == [
        "owner: unknown role; ccg_editor:nowhere: unknown code;"
        " administrator:ENGLAND: an administrator cannot hold a role that reads cases"
    ]


def test_much_that_is_ignored_fits_one_event(fresh_app: Flask) -> None:
    sign_in(fresh_app, roles=[f"group-{number}-{'x' * 50}" for number in range(150)])
    (details,) = ignored(fresh_app)
    assert len(details) <= 500 and details.endswith(" more")


def test_a_person_with_a_case_reading_role_of_here_is_made_no_administrator(fresh_app: Flask) -> None:
    sign_in(fresh_app)
    give(fresh_app, Role.CCG_EDITOR, "ccg", "84H")
    sign_in(fresh_app, roles=["administrator:ENGLAND"])
    assert grants(fresh_app) == {"ccg_editor 84H": "here"}


def test_the_claims_have_the_names_of_the_settings(fresh_app: Flask) -> None:
    fresh_app.config.update(OIDC_ROLES_CLAIM="https://example.nhs.uk/roles", OIDC_ORGANISATIONS_CLAIM="ods")
    sign_in(fresh_app, **{"https://example.nhs.uk/roles": ["ccg_editor"], "ods": ["84H"], "roles": ["analyst:ENGLAND"]})
    assert grants(fresh_app) == {"ccg_editor 84H": "provider"}


@pytest.mark.parametrize(
    ("name", "email", "shown"),
    [
        ("Mary  Example", "mary@example.nhs.uk", ("Mary Example", "mary@example.nhs.uk")),
        (None, None, ("mary", "")),
        (["Mary"], {"a": 1}, ("mary", "")),
        ("x" * 201, "y" * 254 + "@", ("mary", "")),
        ("Mary\nExample", "no address", ("mary", "")),
        ("\ud800", "\ud800@", ("mary", "")),
        ("   ", "", ("mary", "")),
    ],
)
def test_name_and_address_are_taken_where_they_are_texts_of_sane_length(
    fresh_app: Flask, name: object, email: object, shown: tuple[str, str]
) -> None:
    sign_in(fresh_app, name=name, email=email)
    with unguarded(fresh_app) as session:
        person = session.scalars(select(Person).where(Person.subject == "mary")).one()
        assert (person.name, person.email) == shown


def test_an_address_that_changed_hands_makes_nobody_somebody_else(fresh_app: Flask) -> None:
    sign_in(fresh_app, roles=["ccg_editor:84H"])
    with fresh_app.app_context():
        other = person_from(db.session(), MARY | {"sub": "another"}, at=NOW)
        elsewhere = person_from(db.session(), MARY | {"iss": "https://other.example"}, at=NOW)
        assert other.grants == elsewhere.grants == []
        assert other.id != elsewhere.id


@pytest.mark.parametrize(
    "claims", [{"sub": ""}, {"sub": 7}, {"sub": "x" * 256}, {"iss": None}, {"sub": "a\nb"}, {"sub": ["mary"]}]
)
def test_claims_that_name_nobody_are_refused(fresh_app: Flask, claims: dict[str, Any]) -> None:
    with fresh_app.app_context(), pytest.raises(Refused):
        person_from(db.session(), MARY | claims, at=NOW)


def test_whoever_was_deactivated_is_refused_and_keeps_what_was_granted(fresh_either_app: Flask) -> None:
    sign_in(fresh_either_app, roles=["ccg_editor:84H"])
    with unguarded(fresh_either_app) as session:
        session.scalars(select(Person).where(Person.subject == "mary")).one().is_active = False
        session.commit()
    with fresh_either_app.app_context():
        with pytest.raises(Refused, match="deactivated"):
            person_from(db.session(), MARY | {"roles": ["analyst:ENGLAND"]}, at=NOW)
        db.session.rollback()
    assert grants(fresh_either_app) == {"ccg_editor 84H": "provider"}
