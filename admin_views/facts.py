"""What a view knows of its request: whose it is, what day it is, and the lists that its words come from."""

from __future__ import annotations

from flask import g

from app.access import clock
from app.access.current import current_access
from app.access.lookups import Lookups, read_codes
from models import db


def lookups() -> Lookups:
    """Organisations and code lists, read once for each request."""
    found: Lookups | None = g.get("lookups")
    if found is None:
        found = Lookups(current_access().organisations, read_codes(db.session()), clock.today())
        g.lookups = found
    return found
