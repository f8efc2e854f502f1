"""Putting the demo into a database: every constraint holds, and a second time changes nothing."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from app.access.row_scope import every_organisation
from models import CaseReview, Organisation, Person, Setting, version_of
from seeds.cases.past import versions_of
from seeds.demo_cases import demo_cases, seed_demo, seed_demo_cases


def count_cases(session):
    return session.scalar(select(func.count()).select_from(CaseReview))


def test_every_demo_case_is_stored_as_it_was_made(seeded, day, cases):
    assert seed_demo_cases(seeded, day) == len(cases)
    seeded.expire_all()

    stored = {row.reference: row for row in seeded.scalars(select(CaseReview))}
    for number, case in enumerate(cases):
        row = stored[case.reference]
        assert (row.ccg.code, row.review_type.code, row.theme_1.code) == (case.ccg, case.review_type, case.theme_1)
        assert (row.overview, row.lessons, row.latest_update) == (case.overview, case.lessons, case.latest_update)
        assert (row.created_at, row.changed_at, row.version) == (
            case.created_at,
            case.changed_at,
            len(versions_of(case, number)),
        )
        assert (row.converted_from.reference if row.converted_from else None) == case.converted_from


def test_the_day_of_first_seeding_is_kept_and_a_second_seeding_adds_nothing(seeded):
    first, later = date(2021, 6, 16), date(2023, 1, 9)
    added = seed_demo(seeded, first)

    assert (added.people, added.cases) == (12, len(demo_cases(first)))
    again = seed_demo(seeded, later)
    assert (again.people, again.cases) == (0, 0)
    setting = seeded.scalars(select(Setting).where(Setting.name == "demo_first_seeded_on")).one()
    assert setting.value == "2021-06-16"


def test_every_version_is_signed_by_the_lead_of_its_ccg(fresh_app):
    """Also where the same person changed the case before."""
    with fresh_app.app_context(), every_organisation("test") as session:
        seed_demo_cases(session, date(2022, 2, 1))
        lead = session.scalars(select(Person.id).where(Person.subject == "ccg-84H")).one()
        version = version_of(CaseReview)
        of_durham = select(version.changed_by_id, version.by_service).join(
            Organisation, Organisation.id == version.ccg_id
        )
        found = set(session.execute(of_durham.where(Organisation.code == "84H")).all())
    assert found == {(lead, True)}


def test_where_there_is_a_case_no_demo_case_is_added(seeded):
    seed_demo_cases(seeded, date(2022, 2, 28))
    before = count_cases(seeded)

    assert seed_demo_cases(seeded, date(2022, 3, 1)) == 0
    assert count_cases(seeded) == before
