"""Plans that are applied and undone: on both databases, from the lists of 2019 to those of today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.access.history import as_at as rows_as_at
from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.row_scope import every_organisation
from app.extracts.schema import QUALITY, TOTALS
from app.imports.change_files import read_changes
from app.imports.ods_changes import compare
from app.imports.ods_files import read_ccgs, read_successions
from app.organisations import reorganising
from app.organisations.plans import as_kept, from_kept
from app.organisations.reorganising import NotDone
from app.rules.reorganisation import CannotBe, Change, What, closes_most
from app.rules.succession import Organisations
from models import Grant, Organisation, OrganisationName, Person, Reorganisation, version_of
from models.enumerations import ReorganisationSource, ReorganisationState, Role
from tests.conftest import NOW, TODAY, add_case
from tests.databases import unguarded
from tests.histories import IN_Q1, bytes_of, draw, history
from tests.ods import BEFORE, BETWEEN, as_at, eccg_csv, files_of, succ_csv, the_end_of_ccgs

APRIL = date(2022, 4, 1)
DAY = timedelta(days=1)


@pytest.fixture
def session(fresh_either_app: Flask) -> Iterator[Session]:
    with fresh_either_app.app_context(), every_organisation("test") as found:
        yield found


def person(session: Session, account: str) -> Person:
    return session.scalars(select(Person).where(Person.subject == account)).one()


def apply(session: Session, plan: Sequence[Change], today: date = TODAY) -> Reorganisation:
    by = person(session, "administrator")
    proposed = reorganising.propose(session, "A test", plan, source=ReorganisationSource.TASK, by=by, at=NOW)
    session.flush()
    reorganising.apply(session, proposed, plan, by=by, at=NOW, today=today)
    session.commit()
    return proposed


def in_words(known: Organisations) -> Any:
    """Everything that is known of organisations, without the ids."""
    place = {id_: (one.kind, one.code) for id_, one in known.places.items()}
    return (
        {(one.kind, one.code): (one.name, one.opened_on, one.closed_on) for one in known.places.values()},
        {(place[one.child], place[one.parent], one.valid_from, one.valid_to) for one in known.parts},
        {(place[one.predecessor], place[one.successor], one.effective_on) for one in known.takeovers},
    )


def codes_seen(known: Organisations, role: Role, code: str, day: date) -> set[str]:
    """The codes of the CCGs whose cases somebody sees on a day."""
    granted = next(one for one in known.places.values() if one.code == code)
    somebody = Person(name="Somebody", grants=[Grant(role=role, organisation_id=granted.id)])
    somebody.is_active = True
    return {known.places[id_].code for id_ in access_of(somebody, known, day).scope.readable}


def merger(*before: str, into: str = "9Z9", day: date = APRIL) -> list[Change]:
    return [
        Change(What.ADDED, "ccg", into, day, "NHS Tees and Durham CCG", ("stp", "QHM"), ons_code="E38000999"),
        *(Change(What.CLOSED, "ccg", code, day - DAY) for code in before),
        *(Change(What.TAKEN_OVER, "ccg", code, day, other=("ccg", into)) for code in before),
    ]


def test_the_published_lists_lead_from_2019_to_the_seeded_list(session: Session, fresh_either_app: Flask) -> None:
    with unguarded(fresh_either_app) as database:
        database.execute(text("DELETE FROM grant_of_role"))
        database.commit()
    seeded = read_organisations(session, TODAY)
    reorganising._write(session, seeded, as_at(seeded, BEFORE))
    session.commit()
    current = lambda known, day: sum(one.kind == "ccg" and one.is_open_on(day) for one in known.places.values())  # noqa: E731
    assert current(read_organisations(session, BEFORE), BEFORE) == 191
    for published_on, count in ((BETWEEN, 135), (date(2021, 4, 1), 106)):
        ccgs, successions = files_of(seeded, published_on)
        read, taken = read_ccgs(eccg_csv(ccgs)), read_successions(succ_csv(successions))
        assert (read.rejected, taken.rejected) == ([], [])
        known = read_organisations(session, published_on - DAY)
        found = compare(read.rows, taken.rows, known, published_on - DAY)
        assert found.problems == []
        apply(session, found.changes, published_on)
        known = read_organisations(session, published_on)
        assert current(known, published_on) == count
        again = compare(read.rows, taken.rows, known, published_on)
        assert (again.changes, again.problems) == ([], [])
    now = read_organisations(session, TODAY)
    assert in_words(now) == in_words(seeded)
    for day in (date(2020, 3, 31), BETWEEN, date(2021, 3, 31), date(2021, 4, 1)):
        for role, code in (
            (Role.CCG_EDITOR, "84H"), (Role.CCG_EDITOR, "00D"), (Role.CCG_EDITOR, "93C"),
            (Role.OVERSIGHT, "QHM"), (Role.OVERSIGHT, "QMJ"), (Role.OVERSIGHT, "Y63"),
        ):  # fmt: skip
            assert codes_seen(now, role, code, day) == codes_seen(seeded, role, code, day)


def test_a_merger_is_applied_once_and_undone(session: Session, fresh_either_app: Flask) -> None:
    before = read_organisations(session, APRIL)
    applied = apply(session, merger("84H", "16C"))
    known = read_organisations(session, APRIL)
    assert {"84H", "16C"} <= codes_seen(known, Role.CCG_EDITOR, "9Z9", APRIL)
    assert codes_seen(known, Role.CCG_EDITOR, "9Z9", APRIL - DAY) == {"9Z9"}
    with pytest.raises(NotDone, match="applied already"):
        reorganising.apply(
            session, applied, merger("84H", "16C"), by=person(session, "administrator"), at=NOW, today=TODAY
        )
    session.rollback()
    reorganising.undo(session, applied, by=person(session, "second-administrator"), at=NOW, today=TODAY)
    session.commit()
    assert in_words(read_organisations(session, APRIL)) == in_words(before)
    assert applied.state is ReorganisationState.UNDONE
    with pytest.raises(NotDone, match="nothing to undo"):
        reorganising.undo(session, applied, by=person(session, "administrator"), at=NOW, today=TODAY)
    session.rollback()
    # The history knows of both, and who they were.
    versions = version_of(Organisation)
    known_as = session.scalars(select(versions.change).where(versions.code == "9Z9").order_by(versions.number)).all()
    assert (known_as[0], known_as[-1]) == ("added", "deleted")
    assert session.scalars(rows_as_at(Organisation, NOW.replace(year=2100)).where(versions.code == "9Z9")).all() == []


def test_a_merger_with_a_case_under_its_new_ccg_stays(session: Session, fresh_either_app: Flask) -> None:
    applied = apply(session, merger("84H", "16C", day=date(2022, 2, 1)))
    add_case(fresh_either_app, "9Z9", date_added=date(2022, 2, 2))
    with pytest.raises(NotDone, match="recorded under an organisation"):
        reorganising.undo(session, applied, by=person(session, "administrator"), at=NOW, today=TODAY)
    session.rollback()
    assert any(one.code == "9Z9" for one in read_organisations(session, APRIL).places.values())


def test_a_merger_is_not_undone_once_an_extract_was_drawn(session: Session, fresh_either_app: Flask) -> None:
    applied = apply(session, merger("84H", "16C"))
    draw(fresh_either_app)
    with pytest.raises(NotDone, match="An extract has been drawn since"):
        reorganising.undo(session, applied, by=person(session, "administrator"), at=NOW, today=TODAY)


def test_a_name_has_its_day_and_goes_back(session: Session) -> None:
    renamed = Change(What.RENAMED, "ccg", "84H", APRIL, "NHS Durham CCG")
    applied = apply(session, [renamed])
    name = lambda day: next(p.name for p in read_organisations(session, day).places.values() if p.code == "84H")  # noqa: E731
    assert (name(APRIL - DAY), name(APRIL)) == ("NHS County Durham CCG", "NHS Durham CCG")
    ons = session.scalars(select(OrganisationName.ons_code).where(OrganisationName.name == "NHS Durham CCG")).one()
    assert ons is not None
    with pytest.raises(CannotBe, match="Choose a later day"):
        apply(session, [Change(What.RENAMED, "ccg", "84H", APRIL - DAY, "NHS Other CCG")])
    session.rollback()
    reorganising.undo(session, applied, by=person(session, "administrator"), at=NOW, today=TODAY)
    session.commit()
    assert name(APRIL) == "NHS County Durham CCG"


def test_what_is_refused_changes_nothing(session: Session) -> None:
    before = in_words(read_organisations(session, TODAY))
    plan = [*merger("84H", "16C"), Change(What.CLOSED, "stp", "QHM", APRIL)]
    with pytest.raises(CannotBe, match="Move it first"):
        apply(session, plan)
    session.rollback()
    assert in_words(read_organisations(session, TODAY)) == before
    assert session.scalars(select(Reorganisation)).all() == []


def test_a_plan_is_kept_as_it_is() -> None:
    plan = [
        *merger("84H"),
        Change(What.KIND, "icb", "", name="ICB", plural="ICBs", parent_kind="region", other=("stp", ""), line=7),
        Change(What.ADDED, "ccg", "X", BEFORE, "X", ("stp", "QHM"), closed_on=BETWEEN),
    ]
    assert from_kept(as_kept(plan)) == plan


def test_nobody_is_blamed_for_what_another_did(session: Session) -> None:
    """Each change is signed by whoever the session says, also where a row goes."""
    applied = apply(session, merger("84H"))
    reorganising.undo(session, applied, by=person(session, "administrator"), at=NOW, today=TODAY)
    session.commit()
    versions = version_of(OrganisationName)
    found = session.scalars(select(versions).where(versions.name == "NHS Tees and Durham CCG")).all()
    # The version that says that the row went is the database's own; the one before says who took it away.
    assert [one.by_service for one in found] == [True, True, False]


def test_the_end_of_ccgs_is_one_more_file(fresh_either_app: Flask) -> None:
    """106 CCGs close and hand over to another kind, some under codes that STPs and CCGs had before."""
    app = fresh_either_app
    with history(app) as past:
        recorded_under = past.add("84H", IN_Q1).ccg_id
    drawn = draw(app)
    with app.app_context(), every_organisation("test") as session:
        known = read_organisations(session, TODAY)
        read = read_changes(the_end_of_ccgs(known))
        assert read.rejected == []
        assert closes_most(read.rows, known, TODAY)
        apply(session, read.rows)
        day = date(2022, 7, 1)
        after = read_organisations(session, day)
        assert sum(one.kind == "ccg" and one.is_open_on(day) for one in after.places.values()) == 0
        assert sum(one.kind == "sub_icb" and one.is_open_on(day) for one in after.places.values()) == 106
        new = after.places[after.current_of(recorded_under, day)]
        assert (new.kind, new.code, new.id != recorded_under) == ("sub_icb", "84H", True)
        assert after.current_of(recorded_under, day - DAY) == recorded_under
        icb = after.above(new.id, "stp", day)
        assert icb is not None and (icb.kind, icb.code) == ("icb", "QHM")
        # People granted on the successor, or on the board above it, see what the CCG and those before it recorded.
        for granted, role in ((new, Role.CCG_EDITOR), (icb, Role.OVERSIGHT)):
            somebody = Person(name="Somebody", is_active=True, grants=[Grant(role=role, organisation_id=granted.id)])
            assert recorded_under in access_of(somebody, after, day).scope.readable
            assert recorded_under not in access_of(somebody, after, day - DAY).scope.readable
    again = draw(app, reason="The lists have changed")
    assert (again.rows, again.cases_sha256) == (1, drawn.cases_sha256)
    quality, totals = (bytes_of(app, again, name) for name in (QUALITY, TOTALS))
    assert quality == bytes_of(app, drawn, QUALITY)
    assert totals == bytes_of(app, drawn, TOTALS)
