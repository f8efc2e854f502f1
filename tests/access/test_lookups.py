"""The reference lists are read again when one has changed, and not before."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from tests.databases import statements_of, unguarded
from tests.visitor import Visitor

CHANGES = {
    "theme": "UPDATE theme SET label = 'Reworded' WHERE code = 'neglect'",
    "review_type": "UPDATE review_type SET active_to = '2020-01-01' WHERE code = 'other'",
    "designated_professional": "UPDATE designated_professional SET position = position + 1",
    "organisation": "UPDATE organisation SET closed_on = '2022-02-13' WHERE code = '16C'",
    "organisation_kind": "UPDATE organisation_kind SET label = 'Board' WHERE code = 'stp'",
    "organisation_name": "UPDATE organisation_name SET name = 'Another' WHERE name = 'NHS County Durham CCG'",
    "organisation_membership": "DELETE FROM organisation_membership WHERE valid_to IS NOT NULL",
    "organisation_succession": "DELETE FROM organisation_succession",
}


@pytest.mark.parametrize("table", CHANGES)
def test_a_change_of_a_list_is_seen_by_the_very_next_request(fresh_either_app: Flask, table: str) -> None:
    visitor = Visitor(fresh_either_app).sign_in("ccg-84H")
    reads = f"FROM {table}"
    visitor.get("/cases/")
    with statements_of(fresh_either_app) as said:
        visitor.get("/cases/")
    assert not [one for one in said if reads in one]
    for is_kept in (False, True):
        with unguarded(fresh_either_app) as session:
            session.execute(text(CHANGES[table]))
            session.commit() if is_kept else session.rollback()
        with statements_of(fresh_either_app) as said:
            visitor.get("/cases/")
        assert bool([one for one in said if reads in one]) == is_kept
