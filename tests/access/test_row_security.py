"""PostgreSQL's own row-level security: on every table that holds rows of a CCG, and for every role that may sign in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from app.config import WrongSetting
from app.database import prepare
from models import CaseReview, OwnedByCCG, db, version_of, versioned_models
from models.base import owned_models
from models.row_security import APPEND_ONLY_TABLES, APPLICATION, ENGLAND, OWNER, UNDONE_TABLES
from tests.conftest import add_case
from tests.databases import PASSWORD, unguarded
from tests.visitor import Visitor

THREADS, SECONDS = 32, 10

# Tables whose rows belong to no CCG. Whoever adds a table says here that nothing of a case is in it, or has its
# migration call `row_security.protect`.
OF_NO_CCG = {
    "access_decision",
    "alembic_version",
    "audit_event",
    "audit_seal",
    "extract",
    "extract_drawing",
    "extract_receipt",
    "extract_sign_off",
    "audit_sealed",
    "designated_professional",
    "grant_of_role",
    "organisation",
    "organisation_kind",
    "extract_redaction",
    "organisation_membership",
    "organisation_name",
    "organisation_succession",
    "reorganisation",
    "person",
    "review_type",
    "saved_view",
    "setting",
    "sign_in_attempt",
    "sign_in_session",
    "theme",
    "used_form_token",
    "used_logout_token",
    *(version_of(model).__tablename__ for model in versioned_models() if not issubclass(model, OwnedByCCG)),
}


def rows(app: Flask, statement: str) -> list[Any]:
    with unguarded(app) as session:
        return list(session.execute(text(statement)))


TABLES = """
SELECT relname, relrowsecurity AND relforcerowsecurity,
       (SELECT array_agg(cmd || ' ' || array_to_string(roles, ',')) FROM pg_policies WHERE tablename = relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm', 'v')
"""


@pytest.mark.postgresql
def test_every_table_that_holds_rows_of_a_ccg_has_policies_and_force(postgresql_app: Flask) -> None:
    found = {name: (forced, policies) for name, forced, policies in rows(postgresql_app, TABLES)}
    assert found.keys() >= OF_NO_CCG
    # The words of every CCG at once: for transactions that read, and that write for, all of England.
    # The owner takes them away where a redaction is under way, by a function that says so.
    forced, policies = found["extract_part"]
    assert forced and sorted(policies) == [f"ALL {OWNER}", f"INSERT {ENGLAND}", f"SELECT {ENGLAND}"]
    # Read in a scope as cases are, and written by the owner's triggers alone.
    forced, policies = found["case_count"]
    assert forced and sorted(policies) == [f"ALL {OWNER}", "SELECT public", f"SELECT {ENGLAND}"]
    for name in found.keys() - OF_NO_CCG - {"extract_part", "case_count"}:
        model = next(one for one in owned_models() if one.__tablename__ == name)
        commands = ["SELECT", "INSERT", "UPDATE", *(["DELETE"] if model.may_be_deleted else [])]
        forced, policies = found[name]
        assert forced and sorted(policies or []) == sorted(f"{c} {role}" for c in commands for role in EVERYBODY), (
            f"{name} lacks policies. Call row_security.protect in its migration, or name it in OF_NO_CCG in"
            " tests/access/test_row_security.py if it holds nothing of a case."
        )
    with_a_ccg = {name for (name,) in rows(postgresql_app, COLUMNS)}
    assert not with_a_ccg & OF_NO_CCG
    assert {table.name for table in db.metadata.tables.values() if "ccg_id" in table.columns} <= with_a_ccg


EVERYBODY = ("public", ENGLAND)
COLUMNS = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'ccg_id'"
RIGHTS = f"""
SELECT grantee, table_name, array_agg(privilege_type::text) FROM information_schema.table_privileges
WHERE table_schema = 'public' AND grantee IN ('{APPLICATION}', '{ENGLAND}', 'PUBLIC') GROUP BY 1, 2
"""


@pytest.mark.postgresql
def test_the_application_may_do_no_more_than_it_needs(postgresql_app: Flask) -> None:
    rights = {(role, table): set(may) for role, table, may in rows(postgresql_app, RIGHTS)}
    for role in (APPLICATION, ENGLAND):
        assert rights[role, "case_review"] == {"SELECT", "INSERT", "UPDATE"}
        assert rights[role, "alembic_version"] == {"SELECT"}
        for table in APPEND_ONLY_TABLES:
            assert rights[role, table] == {"SELECT", "INSERT"}
    assert not [table for role, table in rights if role == "PUBLIC"]
    assert rights[APPLICATION, "review_type"] == {"SELECT", "INSERT", "UPDATE"}
    # Those go when the reorganisation that made them is undone; their versions stay.
    for table in UNDONE_TABLES:
        assert rights[APPLICATION, table] == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    for function in (
        "rare_case_ids(text[], text, text)",
        "ids_with_very_rare_words(text[])",
        "strike_out(uuid, uuid, text, text, text, text, text)",
    ):
        executes = f"SELECT has_function_privilege('public', '{function}', 'EXECUTE')"
        assert rows(postgresql_app, executes) == [(False,)]
    temporary = f"SELECT has_database_privilege('{APPLICATION}', current_database(), 'TEMP')"
    assert rows(postgresql_app, temporary) == [(False,)]
    owned = rows(postgresql_app, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owned == [(OWNER,)]


@pytest.fixture
def roles(postgresql_app: Flask) -> Iterator[dict[str, str]]:
    """The address of the database for logins of every kind."""
    names = {
        "a_superuser": "SUPERUSER",
        "a_bypasser": "BYPASSRLS",
        "a_climber": "IN ROLE CURRENT_USER",
        "an_heir": f"IN ROLE {OWNER}",
        "a_wide_one": f"IN ROLE {ENGLAND}",
        "a_second_login": f"IN ROLE {APPLICATION}",
    }
    url = make_url(postgresql_app.config["SQLALCHEMY_DATABASE_URI"])
    with unguarded(postgresql_app) as session:
        for name, how in names.items():
            session.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {how}"))
            session.execute(text(f'GRANT CONNECT ON DATABASE "{url.database}" TO {name}'))
        session.commit()
    yield {
        name: url.set(username=name, password=PASSWORD).render_as_string(hide_password=False)
        for name in (*names, OWNER, APPLICATION)
    }
    with unguarded(postgresql_app) as session:
        for name in names:
            session.execute(text(f'REVOKE CONNECT ON DATABASE "{url.database}" FROM {name}'))
            session.execute(text(f"DROP ROLE {name}"))
        session.commit()


@pytest.mark.postgresql
def test_service_mode_refuses_a_role_that_goes_past_the_policies(roles: dict[str, str]) -> None:
    refused = {
        "a_superuser": "is a superuser",
        "a_bypasser": "has BYPASSRLS",
        "a_climber": "can become a role that has BYPASSRLS",
        "an_heir": "is, or can become, the owner of tables",
        "a_wide_one": "inherits from the England-wide role",
        OWNER: "is, or can become, the owner of tables",
    }
    for name, why in refused.items():
        engine = create_engine(roles[name])
        with pytest.raises(WrongSetting, match=f"as {name}, which {why}"):
            prepare(engine, in_service=True)
        engine.dispose()
    for name in (APPLICATION, "a_second_login"):
        engine = create_engine(roles[name])
        prepare(engine, in_service=True)
        with engine.begin() as connection:
            assert connection.scalar(text("SELECT count(*) FROM case_review")) == 0
            connection.execute(text(f"SET LOCAL ROLE {ENGLAND}"))
        engine.dispose()


@pytest.mark.postgresql
def test_nobody_reads_england_without_taking_on_the_role_for_it(postgresql_app: Flask, roles: dict[str, str]) -> None:
    add_case(postgresql_app, "84H")
    engine = create_engine(roles["a_second_login"])
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM case_review")) == 0
        connection.execute(text(f"SET LOCAL ROLE {ENGLAND}"))
        assert connection.scalar(text("SELECT count(*) FROM case_review")) == 1
        assert connection.execute(text("UPDATE case_review SET comments = 'x'")).rowcount == 0
        connection.commit()
        assert connection.scalar(text("SELECT count(*) FROM case_review")) == 0
    engine.dispose()


@pytest.mark.postgresql
def test_the_roles_are_made_by_one_command_and_again_without_harm(
    postgresql_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(postgresql_app.extensions["unguarded"].url.render_as_string(hide_password=False))
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        role = APPLICATION if name == "DATABASE_URL" else OWNER
        monkeypatch.setenv(name, make_url(address).set(username=role, password=PASSWORD).render_as_string(False))
    result: Result = postgresql_app.test_cli_runner().invoke(args=["make-database-roles"])
    assert "Set DATABASE_ADMIN_URL" in result.output
    monkeypatch.setenv("DATABASE_ADMIN_URL", address)
    result = postgresql_app.test_cli_runner().invoke(args=["make-database-roles"])
    assert result.exit_code == 0, result.output
    assert f"Passwords set: {APPLICATION}, {OWNER}" in result.output
    roles = rows(postgresql_app, "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'tracker%' ORDER BY 1")
    assert roles == [(APPLICATION, True), (ENGLAND, False), (OWNER, True)]
    others = "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
    assert rows(postgresql_app, others) == [(False,)]


def addresses_of(case: CaseReview) -> list[str]:
    return ["/cases/", f"/cases/details/?id={case.id}", "/cases/export/csv/"]


def test_people_at_the_same_time_see_only_their_own(either_app: Flask) -> None:
    """Threads that alternate between two people for ten seconds, against one process."""
    cases = {"ccg-84H": add_case(either_app, "84H"), "ccg-16C": add_case(either_app, "16C")}
    cookies = {account: Visitor(either_app).sign_in(account).client.get_cookie("tracker") for account in cases}
    ends = time.monotonic() + SECONDS

    def work(number: int) -> int:
        visitors = {account: Visitor(either_app) for account in cases}
        for account, visitor in visitors.items():
            visitor.client.set_cookie("tracker", cookies[account].value)  # type: ignore[union-attr]
        pages = [(account, address) for account, case in cases.items() for address in addresses_of(case)]
        for answers, (account, address) in enumerate(cycle(pages)):
            if time.monotonic() > ends:
                return answers
            answer = visitors[account].get(address)
            shown = {one.reference for one in cases.values() if one.reference in answer.text}
            assert (answer.status_code, shown) == (200, {cases[account].reference}), f"{account} {address}"
        return 0

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) > THREADS
