"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models import OrganisationKind, db

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    return {"status": "ok"}


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """Ready when the database answers and has its tables."""
    try:
        db.session.scalar(select(func.count()).select_from(OrganisationKind))
    except SQLAlchemyError:
        return {"status": "unavailable"}, 503
    return {"status": "ok"}
