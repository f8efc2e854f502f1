"""What an address asks for by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from flask import abort, request

Found = TypeVar("Found")


def found_or_404(find: Callable[[UUID], Found | None]) -> Found:
    """What is found by the id in the address; 404 where nothing is, or the id is none."""
    try:
        key = UUID(request.args.get("id", ""))
    except ValueError:
        abort(404)
    found = find(key)
    if found is None:
        abort(404)
    return found
