"""Two instances of the service on one PostgreSQL, and one of them goes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.databases import Database

from .keeping import what_became_of
from .people import Person, under_load
from .servers import Gunicorn
from .table import Measured

pytestmark = [pytest.mark.faults, pytest.mark.postgresql]


def test_nobody_is_signed_out_and_a_form_of_one_is_taken_by_the_other(
    postgresql: Database, serve: Callable[..., Gunicorn], look: Callable[[Database], Flask], measured: Measured
) -> None:
    first, second = serve(postgresql), serve(postgresql)
    people = [Person(first.address).sign_in(account) for account in ("ccg-84H", "ccg-16C", "analyst", "administrator")]
    forms = [person.a_case(f"Opened at the first, number {n}.", f"MOVED-{n}") for n, person in enumerate(people[:2])]
    with under_load([second.address, first.address], people=4) as load:
        load.wait_for(6)
        first.kill()
        for person in (*people, *load.people):
            person.address = second.address
        still = [person.get("/").status_code for person in people]
        sent = [person.post("/cases/new/", form).status_code for person, form in zip(people, forms, strict=False)]
        load.wait_for(6)
    assert still == [200] * len(people)
    assert sent == [302, 302]
    assert not load.wrong, f"{load.wrong}\n{second.said_of('answered 500', 'Traceback')}"
    found = what_became_of(load, look(postgresql))
    assert found.all_once, found
    measured(
        "One of two instances on one PostgreSQL killed (-9), 4 people record cases at both",
        "Nobody is signed out; a form opened at one can be sent to the other; nothing lost",
        f"{len(people)} of {len(people)} still signed in, 2 of 2 forms taken, {len(load.saved)} saved,"
        f" {load.lost_answers} answers lost; {found}",
    )
