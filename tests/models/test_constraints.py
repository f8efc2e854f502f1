"""Every named constraint is broken once, on both databases: what must never be false, the database refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, Enum, Table, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from models import (
    CaseReview,
    Extract,
    Membership,
    Organisation,
    OrganisationName,
    Person,
    QueryAnswer,
    Redaction,
    SignOff,
    Succession,
    Theme,
    db,
)
from models.append_only import ADDED_AND_NEVER_CHANGED
from tests.conftest import add_case
from tests.databases import new_app, unguarded

Break = Callable[[Session], Any]


def case_with(**changes: Any) -> Break:
    """Changes columns of a saved case, past the rules."""

    def run(session: Session) -> None:
        case = session.query(CaseReview).one()
        found = {column: value(session) if callable(value) else value for column, value in changes.items()}
        for column, value in found.items():
            setattr(case, column, value)

    return run


def second_case(**same: str) -> Break:
    """Adds a copy of the saved case that shares some columns with it, and differs where a key would clash."""

    def run(session: Session) -> None:
        first = session.query(CaseReview).one()
        values = {column.key: getattr(first, column.key) for column in CaseReview.__mapper__.column_attrs}
        values |= {"id": uuid4(), "reference": "SCR-99999999", "local_identifier": "OTHER", "steis_number": "OTHER"}
        values |= {column: getattr(first, column) for column in same}
        session.add(CaseReview(**values))

    return run


def second_case_beside_it(**same: str) -> Break:
    """As `second_case`, where both were allocated to one CCG."""

    def run(session: Session) -> None:
        session.query(CaseReview).one().allocated_to_id = organisation(session, "16C")
        session.flush()
        second_case(**same)(session)

    return run


def added(make: Callable[[Session], Any]) -> Break:
    return lambda session: session.add(make(session))


def organisation(session: Session, code: str, kind: str = "ccg") -> Any:
    return session.query(Organisation).filter_by(code=code, kind=kind).one().id


def theme(code: str) -> Callable[[Session], Any]:
    return lambda session: session.query(Theme).filter_by(code=code).one().id


ONE_ID = uuid4()


def somebody(session: Session, account: str) -> Any:
    return session.query(Person).filter_by(subject=account).one().id


def an_extract(session: Session, **changes: Any) -> Extract:
    moment = datetime(2022, 1, 1, tzinfo=UTC)
    return Extract(
        **{
            "quarter": "2021-22-Q3",
            "number": 1,
            "cut_off": moment,
            "opening_cut_off": moment,
            "drawn_by_id": somebody(session, "analyst"),
            "schema_version": "1",
            "rows": 0,
            "size": 0,
            "sha256": "x",
            "cases_sha256": "x",
            "drawn_with": "x",
        }
        | changes
    )


def extracts(*each: dict[str, Any]) -> Break:
    def run(session: Session) -> None:
        for changes in each:
            session.add(an_extract(session, **changes))
            session.flush()
            session.expunge_all()

    return run


def signed_off(drawn_by: str, by: str) -> Break:
    """An extract that the analyst drew, signed off as if it were somebody else's."""

    def run(session: Session) -> None:
        session.add(an_extract(session, id=ONE_ID))
        session.flush()
        session.add(
            SignOff(extract_id=ONE_ID, drawn_by_id=somebody(session, drawn_by), signed_off_by_id=somebody(session, by))
        )

    return run


def asked(ccg: str = "84H", /, **changes: Any) -> Break:
    """A request to strike words out, as it waits but for some changes. People are named by their accounts."""

    def run(session: Session) -> None:
        people = {name: somebody(session, value) for name, value in changes.items() if name.endswith("by_id")}
        session.add(
            Redaction(
                **{
                    "ccg_id": organisation(session, ccg),
                    "case_id": session.query(CaseReview).one().id,
                    "words": "somebody",
                    "reason": "x",
                    "asked_by_id": somebody(session, "ccg-84H"),
                }
                | changes
                | people
            )
        )

    return run


DECIDED: dict[str, Any] = {"decided_at": datetime(2022, 1, 1, tzinfo=UTC), "decided_by_id": "analyst"}


def in_an_unknown_state(session: Session) -> None:
    asked(state="striking", **DECIDED)(session)
    session.flush()
    session.execute(text("UPDATE redaction SET state = 'other'"))


def sql(statement: str) -> Break:
    return lambda session: session.execute(text(statement))


def a_view(*, times: int = 1, name: str = "'x'") -> Break:
    """Adds a saved view, and the same again a second time."""
    return lambda session: [
        session.execute(
            text(
                "INSERT INTO saved_view (id, person_id, screen, name, query, created_at)"
                f" SELECT '{number:032x}', id, 'cases', {name}, '', created_at FROM person LIMIT 1"
            )
        )
        for number in range(times)
    ]


def decided(decision: str, *, quarter: str = "NULL", times: int = 1) -> Break:
    """Adds a decision about somebody's access, past the session; the same again a second time."""
    return lambda session: [
        session.execute(
            text(
                "INSERT INTO access_decision (id, person_id, decision, quarter, decided_at, decided_by_id)"
                f" SELECT '{number:032x}', id, {decision}, {quarter}, created_at, id FROM person LIMIT 1"
            )
        )
        for number in range(times)
    ]


def a_draft(*, times: int = 1, **changes: str) -> Break:
    """Adds a draft of a new case, past the session; the same again a second time."""
    values = {
        "person_id": "person.id",
        "form": "'new'",
        "case_id": "NULL",
        "form_token": "'x'",
        "fields": "'{}'",
        "saved_at": "created_at",
        "ccg_id": "(SELECT id FROM organisation WHERE kind = 'ccg' ORDER BY code LIMIT 1)",
    } | changes

    def run(session: Session) -> None:
        for number in range(times):
            named = {"id": f"'{number:032x}'"} | values
            session.execute(
                text(f"INSERT INTO draft ({', '.join(named)}) SELECT {', '.join(named.values())} FROM person LIMIT 1")
            )

    return run


DAY = date(2021, 8, 1)


def a_seal(*, first_position: int = 1, times: int = 1) -> Break:
    """As many seals of the same hash."""
    return sql(
        "INSERT INTO audit_seal (number, sealed_at, covers_to, first_position, last_position, previous_hash, hash)"
        + " UNION ALL".join(
            f" SELECT {number}, created_at, created_at, {first_position}, 1, '', 'same'"
            " FROM person WHERE subject = 'administrator'"
            for number in range(times)
        )
    )


CLOSED = {"status": "closed", "date_closed": date(2022, 1, 1)}
ENDS_BEFORE_IT_BEGINS = "SET active_from = '2021-01-02', active_to = '2021-01-01'"


def a_plan(source: str = "'task'", state: str = "'proposed'", **more: str) -> Break:
    """A reorganisation that says what it should not."""
    said = {"applied_at": "NULL", "applied_by_id": "NULL", "undone_at": "NULL", "undone_by_id": "NULL"} | more
    return sql(
        "INSERT INTO reorganisation (id, title, source, state, plan, files, left_out, closes_most, proposed_at,"
        f" {', '.join(said)}) SELECT id, '', {source}, {state}, '[]', '[]', '[]', (1 = 0), created_at,"
        f" {', '.join(said.values())} FROM person LIMIT 1"
    )


def a_drawing(state: str) -> Break:
    """An extract that is drawn beside the request, in a state that it cannot be in."""
    return sql(
        "INSERT INTO extract_drawing (id, person_id, quarter, reason, form_token, state, why, cases_in_all, cases_done,"
        f" asked_at, claim, alive_at) SELECT id, id, '2021-22-Q1', '', 'token', '{state}', '', 0, 0, created_at, '',"
        " created_at FROM person LIMIT 1"
    )


def a_file(state: str = "given", applied_at: str = "NULL", done: int = 0, times: int = 1, outcome: str = "") -> Break:
    """A file of cases that says what it should not, and a line of it."""

    def add(session: Session) -> None:
        for number in range(times):
            session.execute(
                text(
                    "INSERT INTO case_import (id, person_id, file_name, sha256, form_token, state, why, headings,"
                    " positions, lines_in_all, lines_done, added, changed, given_at, applied_at, claim, alive_at,"
                    " ccg_id)"
                    f" SELECT '{number:032x}', person.id, '', '', 'x', '{state}', '', '[]', '[]', 0, {done}, 0, 0,"
                    f" created_at, {applied_at}, '', created_at, organisation.id FROM person, organisation"
                    " WHERE organisation.code = '84H' LIMIT 1"
                )
            )
        if outcome:
            session.execute(
                text(
                    "INSERT INTO staged_case (import_id, number, outcome, cells, problems, warnings, has_warnings,"
                    f" differences, ccg_id) SELECT id, 1, '{outcome}', '[]', '[]', '[]', (1 = 0), '[]', ccg_id"
                    " FROM case_import"
                )
            )

    return add


BREAKS: dict[str, Break] = {
    **{
        f"another_replaces_a_{name}_that_ended": sql(f"UPDATE {name} SET replaced_by_id = id")
        for name in ("theme", "review_type", "designated_professional")
    },
    "import_state_is_known": a_file(state="lost", applied_at="NULL"),
    "an_import_was_applied_at_a_moment": a_file(state="applied"),
    "uq_case_import_form_token": a_file(times=2),
    "line_outcome_is_known": a_file(outcome="lost"),
    "no_more_lines_are_done_than_there_are": a_file(done=1),
    "reorganisation_source_is_known": a_plan(source="'rumour'"),
    "reorganisation_state_is_known": a_plan(state="'bored'", applied_at="created_at", applied_by_id="id"),
    "it_was_applied_at_a_moment": a_plan(state="'applied'"),
    "drawing_state_is_known": a_drawing("painted"),
    "what_was_drawn_is_an_extract": a_drawing("drawn"),
    "somebody_applied_it": a_plan(state="'applied'", applied_at="created_at"),
    "it_was_undone_at_a_moment": a_plan(state="'undone'", applied_at="created_at", applied_by_id="id"),
    "somebody_undid_it": a_plan(state="'undone'", applied_at="created_at", applied_by_id="id", undone_at="created_at"),
    "allocated_to_another_ccg": sql("UPDATE case_review SET allocated_to_id = ccg_id"),
    "status_is_known": sql("UPDATE case_review SET status = 'lost'"),
    "partnership_kind_is_known": sql("UPDATE case_review SET partnership_kind = 'club'"),
    "media_interest_is_known": sql("UPDATE case_review SET media_interest = 'some'"),
    "publication_is_known": sql("UPDATE case_review SET publication = 'leaked'"),
    "role_is_known": sql("UPDATE grant_of_role SET role = 'owner'"),
    "session_end_is_known": sql(
        "INSERT INTO sign_in_session (id_hash, person_id, started_at, seen_at, ended_at, ended_because)"
        " SELECT 'x', id, created_at, created_at, created_at, 'bored' FROM person LIMIT 1"
    ),
    "audit_action_is_known": sql(
        "INSERT INTO audit_event (id, at, action, address, from_address, reference)"
        " SELECT id, created_at, 'bored', '', '', '' FROM person LIMIT 1"
    ),
    "a_seal_closes_some_events": a_seal(first_position=2),
    "uq_audit_seal_hash": a_seal(times=2),
    "uq_audit_sealed_event_id": sql(
        "INSERT INTO audit_sealed (position, event_id, digest) SELECT 1, id, '' FROM organisation WHERE code = '84H'"
        " UNION ALL SELECT 2, id, '' FROM organisation WHERE code = '84H'"
    ),
    "access_decided_is_known": decided("'bored'"),
    "a_quarter_is_what_is_confirmed": decided("'confirmed'"),
    "who_is_shut_out_or_let_in_is_told_why": decided("'deactivated'"),
    "a_quarter_is_confirmed_once_for_each_person": decided("'confirmed'", quarter="'2021-22-Q4'", times=2),
    "a_view_is_saved_once_under_its_name": a_view(times=2),
    "a_saved_view_has_a_name": a_view(name="''"),
    "a_draft_is_of_a_known_form": a_draft(form="'scribble'", case_id="person.id"),
    "only_a_draft_of_a_new_case_has_none": a_draft(form="'edit'"),
    "a_draft_is_of_a_case_of_its_ccg": a_draft(form="'edit'", case_id="person.id"),
    "a_form_is_kept_once": a_draft(times=2),
    "an_ended_session_says_why": sql(
        "INSERT INTO sign_in_session (id_hash, person_id, started_at, seen_at, ended_at)"
        " SELECT 'x', id, created_at, created_at, created_at FROM person LIMIT 1"
    ),
    "closed_needs_a_closing_date": case_with(status="closed", publication="embargoed", report_signed_off_on=DAY),
    "open_must_not_have_a_closing_date": case_with(date_closed=date(2022, 1, 1)),
    "closed_is_published_or_embargoed_and_signed_off": case_with(**CLOSED),
    "closed_after_the_incident": case_with(
        status="closed", date_closed=DAY, publication="embargoed", report_signed_off_on=DAY
    ),
    "added_not_before_the_incident": case_with(date_added=date(2021, 7, 31)),
    "signed_off_not_before_the_incident": case_with(report_signed_off_on=date(2021, 7, 31)),
    "publication_needs_a_signed_off_report": case_with(publication_date=date(2022, 1, 1)),
    "published_not_before_signed_off": case_with(
        report_signed_off_on=date(2022, 1, 2), publication_date=date(2022, 1, 1)
    ),
    "a_link_only_when_public": case_with(report_link="https://example.org"),
    "a_link_is_http_or_https": case_with(report_link="javascript:alert(1)", publication="public"),
    "a_steis_number_or_a_local_identifier": case_with(local_identifier=None, steis_number=None),
    "a_steis_number_is_not_blank": case_with(steis_number=""),
    "a_local_identifier_is_not_blank": case_with(local_identifier=""),
    "themes_are_filled_in_order": case_with(theme_3_id=theme("self_neglect")),
    "themes_are_all_different": case_with(theme_2_id=theme("neglect")),
    "withdrawn_with_a_reason": case_with(withdrawn_at=datetime(2022, 1, 1, tzinfo=UTC)),
    "converted_from_names_its_ccg": case_with(converted_from_ccg_id=lambda session: organisation(session, "84H")),
    "converted_from_a_case_of_that_ccg": case_with(
        converted_from_id=uuid4(), converted_from_ccg_id=lambda session: organisation(session, "84H")
    ),
    "not_converted_from_itself": sql("UPDATE case_review SET converted_from_id = id, converted_from_ccg_id = ccg_id"),
    "overview_is_1_to_4000_characters": case_with(overview=""),
    "latest_update_is_at_most_4000_characters": case_with(latest_update="x" * 4001),
    "lessons_are_at_most_10000_characters": case_with(lessons="x" * 10001),
    "comments_are_at_most_4000_characters": case_with(comments="x" * 4001),
    "a_partnership_has_a_name": case_with(partnership_name=""),
    "uq_case_review_reference": second_case(reference="same"),
    "a_local_identifier_is_used_once_in_its_ccg": second_case(local_identifier="same"),
    "a_steis_number_is_used_once_in_its_ccg_and_type": second_case(steis_number="same"),
    "a_local_identifier_is_used_once_where_it_was_allocated": second_case_beside_it(local_identifier="same"),
    "a_steis_number_is_used_once_where_it_was_allocated": second_case_beside_it(steis_number="same"),
    "a_case_is_known_with_its_ccg": second_case(id="same"),
    "a_name_ends_after_it_begins": sql(
        "UPDATE organisation_name SET valid_from = '2021-01-02', valid_to = '2021-01-01'"
    ),
    "one_open_name_for_each_organisation": added(
        lambda session: OrganisationName(organisation_id=organisation(session, "84H"), name="Another")
    ),
    "a_code_is_used_once_in_its_kind": added(lambda session: Organisation(kind="ccg", code="84H")),
    "an_organisation_closes_after_it_opens": sql("UPDATE organisation SET closed_on = '2013-01-01' WHERE code = '84H'"),
    "a_membership_ends_after_it_begins": sql("UPDATE organisation_membership SET valid_to = '2001-01-01'"),
    "nothing_is_part_of_itself": sql("UPDATE organisation_membership SET parent_id = child_id"),
    "one_open_membership_for_each_organisation": added(
        lambda session: Membership(
            child_id=organisation(session, "84H"), parent_id=organisation(session, "QHM", "stp"), valid_from=DAY
        )
    ),
    "a_succession_stands_once": added(
        lambda session: Succession(
            predecessor_id=organisation(session, "00J"), successor_id=organisation(session, "84H"), effective_on=DAY
        )
    ),
    "nothing_succeeds_itself": sql("UPDATE organisation_succession SET successor_id = predecessor_id"),
    "a_subject_is_known_once_to_its_issuer": sql("UPDATE person SET subject = 'same'"),
    "a_grant_is_given_once": sql(
        "INSERT INTO grant_of_role (id, person_id, role, organisation_id, granted_at)"
        " SELECT other_id, person_id, role, organisation_id, granted_at FROM grant_of_role"
        " CROSS JOIN (SELECT id AS other_id FROM theme LIMIT 1) AS other LIMIT 1"
    ),
    "a_review_type_ends_after_it_begins": sql(f"UPDATE review_type {ENDS_BEFORE_IT_BEGINS}"),
    "a_theme_ends_after_it_begins": sql(f"UPDATE theme {ENDS_BEFORE_IT_BEGINS}"),
    "a_designated_professional_ends_after_it_begins": sql(f"UPDATE designated_professional {ENDS_BEFORE_IT_BEGINS}"),
    "an_extract_of_a_quarter_has_a_number_of_its_own": extracts({}, {"drawn_with": "y"}),
    "a_form_draws_one_extract": extracts({}, {"number": 2, "reason": "Again"}),
    "an_extract_is_known_with_who_drew_it": extracts(
        {"id": ONE_ID}, {"id": ONE_ID, "number": 2, "reason": "Again", "drawn_with": "y"}
    ),
    "an_extract_that_is_drawn_again_says_why": extracts({"number": 2}),
    "extracts_are_numbered_from_1": extracts({"number": 0, "reason": "Again"}),
    "an_extract_opens_before_it_closes": extracts({"opening_cut_off": datetime(2023, 1, 1, tzinfo=UTC)}),
    "nobody_signs_off_what_they_drew": signed_off("analyst", "analyst"),
    "signed_off_as_it_was_drawn": signed_off("second-analyst", "england"),
    "an_answer_is_about_a_case_of_its_ccg": added(
        lambda session: QueryAnswer(
            ccg_id=organisation(session, "16C"),
            case_id=session.query(CaseReview).one().id,
            query="duplicate",
            note="x",
            answered_by_id=somebody(session, "analyst"),
        )
    ),
    "a_redaction_is_of_a_case_of_its_ccg": asked("16C"),
    "redaction_state_is_known": in_an_unknown_state,
    "the_words_are_forgotten_once_it_is_decided": asked(state="refused", **DECIDED),
    "somebody_has_decided_it": asked(state="striking"),
    "it_was_decided_at_a_moment": asked(state="striking", decided_by_id="analyst"),
    "nobody_decides_what_they_asked_for": asked(
        words=None, **DECIDED | {"state": "refused", "decided_by_id": "ccg-84H"}
    ),
    "uq_review_type_code": sql("UPDATE review_type SET code = 'same'"),
    "uq_theme_code": sql("UPDATE theme SET code = 'same'"),
    "uq_designated_professional_code": sql("UPDATE designated_professional SET code = 'same'"),
}
# Keys that cannot be broken without breaking the primary key, which PostgreSQL names first; and a trigger before it.
PRIMARY_KEYS_FIRST = {
    "a_case_is_known_with_its_ccg": "pk_case_review",
    "an_extract_is_known_with_who_drew_it": "pk_extract",
}
# Named by the design and kept by a trigger.
TRIGGERS: dict[str, Break] = {
    "CCG never changes": lambda session: session.execute(
        text("UPDATE case_review SET ccg_id = (SELECT id FROM organisation WHERE code = '16C')")
    ),
}


def named_constraints() -> set[str]:
    """The names of all checks, unique keys, unique indexes and composite foreign keys of the models."""
    names: set[str] = set()
    for table in db.metadata.tables.values():
        names |= _of_table(table)
    return names


def _of_table(table: Table) -> set[str]:
    names = {
        str(one.name) for one in table.constraints if isinstance(one, CheckConstraint | UniqueConstraint) and one.name
    }
    names |= {str(index.name) for index in table.indexes if index.unique}
    names |= {str(key.name) for key in table.foreign_key_constraints if len(key.columns) > 1}
    names |= {
        str(column.type.name)
        for column in table.columns
        if isinstance(column.type, Enum) and column.type.create_constraint
    }
    return names


def test_every_named_constraint_is_broken_once() -> None:
    untested = named_constraints() - set(BREAKS)
    assert not untested, f"No test breaks {sorted(untested)}. Add each to BREAKS in tests/models/test_constraints.py."


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def app_with_a_case(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """One database for all: each break is rolled back."""
    with request.getfixturevalue(f"{request.param}_databases").fresh() as database:
        app = new_app(database)
        add_case(app, "84H", steis_number="2021/1", local_identifier="A1")
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("name", [*BREAKS, *TRIGGERS])
def test_the_database_refuses(app_with_a_case: Flask, name: str) -> None:
    with unguarded(app_with_a_case) as session:
        with pytest.raises(DBAPIError) as refusal:
            (BREAKS | TRIGGERS)[name](session)
            session.flush()
        session.rollback()
    said = str(refusal.value.orig)
    if name in TRIGGERS:
        assert name in said
        return
    assert isinstance(refusal.value, IntegrityError)
    # SQLite names the columns of a unique key, not the key, and no foreign key at all.
    assert any(words in said for words in (name, "UNIQUE constraint failed", "FOREIGN KEY constraint failed")) or (
        name in PRIMARY_KEYS_FIRST and (PRIMARY_KEYS_FIRST[name] in said or ADDED_AND_NEVER_CHANGED in said)
    )
