"""One organisation at the doors of another: a foreign case answers like one that never was, at every route."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from tests.access.doors import ACCOUNTS, World, knocks_at, open_doors, unclaimed, what_opens, without_any_guard
from tests.access.guards import SESSION_GUARDS, without
from tests.conftest import add_case
from tests.visitor import Visitor


def test_every_route_is_claimed_by_a_door_test(app: Flask) -> None:
    assert unclaimed(app) == []


def test_a_route_that_no_door_test_claims_is_named_and_so_is_a_claim_on_nothing() -> None:
    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/x/", "y", lambda: "", methods=["GET", "POST"])
    forgotten = [one for one in unclaimed(bare) if one.startswith("No door test")]
    assert [one.partition(".")[0] for one in forgotten] == [
        "No door test claims /x/ (endpoint y GET)",
        "No door test claims /x/ (endpoint y POST)",
    ]
    assert "DOORS in tests/access/doors.py claims endpoint cases.edit_view POST, which is not there." in unclaimed(bare)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_door_is_shut(either_app: Flask, account: str) -> None:
    assert open_doors(either_app, account) == []


def test_every_door_that_leads_to_cases_is_found_open_without_the_guards(app: Flask) -> None:
    """So each of the tests above can fail: nothing else would keep these requests from foreign cases."""
    leading = {knock.name for knock in knocks_at(World(app, ACCOUNTS["ccg-84H"])) if knock.leads}
    with without_any_guard(app):
        found = what_opens(app, "ccg-84H")
    assert sorted(leading - found.keys()) == []
    written = {name for name in leading if name.endswith(" POST")}
    assert len(written) == 8
    assert {name for name, why in found.items() if "it wrote to a case" in why} == written
    assert "it recorded a case" in found["cases new: CCG"]


@pytest.mark.postgresql
def test_every_door_is_shut_by_postgresql_alone(postgresql_app: Flask) -> None:
    with without(postgresql_app, *SESSION_GUARDS):
        assert open_doors(postgresql_app, "ccg-84H") == []


def test_the_guards_stand_again_afterwards(app: Flask) -> None:
    case = add_case(app, "93C")
    with without_any_guard(app):
        assert Visitor(app).sign_in("ccg-84H").get(f"/cases/details/?id={case.id}").status_code == 200
    assert Visitor(app).sign_in("ccg-84H").get(f"/cases/details/?id={case.id}").status_code == 404


def test_people_of_a_ccg_see_what_its_predecessors_recorded(either_app: Flask) -> None:
    earlier = {"date_added": date(2020, 3, 1), "incident_date": date(2020, 2, 1)}
    old = add_case(either_app, "00J", **earlier)
    other = add_case(either_app, "00C", **earlier)
    visitor = Visitor(either_app).sign_in("ccg-84H")
    assert visitor.get(f"/cases/details/?id={old.id}").status_code == 200
    assert visitor.get(f"/cases/edit/?id={old.id}").status_code == 200
    assert visitor.get(f"/cases/details/?id={other.id}").status_code == 404


@pytest.mark.parametrize(
    ("account", "seen"),
    [
        ("ccg-84H", {"84H"}),
        ("two-ccgs", {"84H", "16C"}),
        ("stp-QHM", {"84H", "16C"}),
        ("region-Y63", {"84H", "16C"}),
        ("england", {"84H", "16C", "93C"}),
        ("analyst", {"84H", "16C", "93C"}),
    ],
)
def test_each_role_sees_its_own_area(either_app: Flask, account: str, seen: set[str]) -> None:
    cases = {code: add_case(either_app, code) for code in ("84H", "16C", "93C")}
    visitor = Visitor(either_app).sign_in(account)
    found = {code for code, case in cases.items() if case.reference in visitor.get("/cases/").text}
    opened = {c for c, case in cases.items() if visitor.get(f"/cases/details/?id={case.id}").status_code == 200}
    assert found == opened == seen
