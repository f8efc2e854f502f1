"""Whether the process lives, and whether it can do its work. For load balancers: no sign-in, no session, no audit."""

from __future__ import annotations

import logging
from functools import cache

from alembic.script import ScriptDirectory
from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.config import MIGRATIONS
from app.database import schema_version

blueprint = Blueprint("health", __name__, url_prefix="/health")
log = logging.getLogger(__name__)


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    return {"status": "ok"}


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """Ready when the database answers and the migrations of this code were run."""
    try:
        current = schema_is_current()
    except SQLAlchemyError as problem:
        log.warning("The database does not answer: %s", type(problem).__qualname__)
        return {"status": "unavailable", "why": "database"}, 503
    return {"status": "ok"} if current else ({"status": "unavailable", "why": "migrations"}, 503)


def schema_is_current() -> bool:
    """Whether the database has all that this code needs.

    In an upgrade the migrations run first, while the code before is still serving. A version that this code does not
    know is one of a later release, which leaves it what it needs (README, "Upgrades"). Raises SQLAlchemyError.
    """
    version = schema_version()
    head, known = _versions()
    return version is not None and (version == head or version not in known)


@cache
def _versions() -> tuple[str | None, frozenset[str]]:
    """The newest migration of this code, and all of them."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return scripts.get_current_head(), frozenset(one.revision for one in scripts.walk_revisions())
