"""Whose request this is. Set once, before the view runs; nothing is allowed until it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app, g
from sqlalchemy.orm import Session

from models import Person

from .clock import today
from .history import sign
from .lookups import Lookups, known_lists
from .people import Access, access_of
from .permissions import Permission
from .row_scope import enter

P = ParamSpec("P")
R = TypeVar("R")


def begin(session: Session, person: Person) -> Access:
    """Works out a person's access for this request, and puts the session to work in their row scope."""
    access = g.access = access_for(session, person)
    return access


def access_for(session: Session, person: Person) -> Access:
    """As `begin`, for work on behalf of a person who is not signed in."""
    day = today()
    lists = known_lists(session, day, current_app.extensions.setdefault("tracker.lists", {}))
    access = access_of(person, lists.organisations, day)
    enter(session, access.scope)
    sign(session, person.id)
    g.lookups = lists
    return access


def current_access() -> Access:
    """The access of the person who is signed in. Raises 401 where nobody is."""
    access: Access | None = g.get("access")
    if access is None:
        abort(401)
    return access


def lookups() -> Lookups:
    """Organisations and code lists as at the day of this request."""
    current_access()
    found: Lookups = g.lookups
    return found


def is_signed_in() -> bool:
    return g.get("access") is not None


def may(permission: Permission) -> bool:
    """Whether the person who is signed in has a permission."""
    return is_signed_in() and current_access().may(permission)


def needs(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view that answers only those who have a permission; others get the page that says what they lack."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not may(permission):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate
