"""One page after the other, ours, stock and the floor by turns."""

from __future__ import annotations

import os
import time

from flask import Flask
from flask.testing import FlaskClient

from app.factory import create_app
from tests.databases import Database, new_app
from tests.visitor import Visitor

from . import stock
from .asking import Asked
from .floor import Floor, ccgs_of
from .pages import ACCOUNTS, Page
from .printing import Measured, line

# Rounds of each page; no more begin once they took as long as this, but a few there are always.
ROUNDS = int(os.environ.get("ROUNDS", "15"))
FEWEST, SECONDS = min(3, ROUNDS), 8.0


def measure(database: Database, pages: list[Page], scopes: list[str]) -> list[Measured]:
    """Prints a line for each page in each scope."""
    found: list[Measured] = []
    app = new_app(database)
    floor = Floor(app, database)
    for scope in scopes:
        with Asked(ours, database, ACCOUNTS[scope]) as service, Asked(theirs, database, scope) as other:
            for page in pages:
                if scope in page.scopes:
                    found.append(measured(page, scope, service, other, floor))
                    print(line(found[-1]), flush=True)
    return found


def measured(page: Page, scope: str, service: Asked, other: Asked, floor: Floor) -> Measured:
    """Ours, stock and floor by turns. The first of each is for the caches."""
    facts, result = floor.facts(scope), Measured(scope, page.group, page.name)
    ends = time.monotonic() + SECONDS
    for turn in range(ROUNDS + 1):
        if turn > FEWEST and time.monotonic() > ends:
            break
        here = page.ours(facts)
        result.ours.append(service.save(here) if page.saves else service.get(here))
        if page.stock is not None:
            there = stock.address(page.stock(facts), facts.case_id)
            result.stock.append(other.save(there) if page.saves else other.get(there))
        if page.has_floor:
            result.floor.append(floor.ask(page, scope))
    del result.ours[:1], result.stock[:1], result.floor[:1]
    return result


def ours(database: Database, account: str) -> tuple[Flask, FlaskClient]:
    """The service with somebody signed in."""
    app = create_app(database.settings)
    return app, Visitor(app).sign_in(account).client


def theirs(database: Database, scope: str) -> tuple[Flask, FlaskClient]:
    """Stock Flask-Admin on the same database. On PostgreSQL it is held to no policy."""
    app = stock.create_stock(database.unguarded_url, ccgs_of(new_app(database), ACCOUNTS[scope]))
    return app, app.test_client()
