"""Files about organisations become plans: read, compared with what is known, and proposed. Nothing else changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PureWindowsPath
from typing import Any

from sqlalchemy.orm import Session

from app.imports.change_files import read_changes
from app.imports.ods_changes import compare
from app.imports.ods_files import LeftOut, SuccessionRow, read_ccgs, read_successions
from app.imports.texts import NotUsable
from app.rules.reorganisation import Change, What, closes_most
from app.rules.succession import Organisations
from app.rules.words import count_of
from models import Person, Reorganisation
from models.enumerations import ReorganisationSource

from . import reorganising

LONGEST_FILE_NAME = 100


@dataclass(frozen=True)
class Given:
    """A file as somebody gave it."""

    name: str
    data: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """Its name without any path, its size in bytes, and its SHA-256."""
        name = "".join(c for c in PureWindowsPath(self.name).name if c.isprintable()).strip() or "Without a name"
        return {
            "name": name[:LONGEST_FILE_NAME],
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }


def take_in_lists(
    session: Session,
    ccgs: Given,
    successions: Given | None,
    *,
    known: Organisations,
    by: Person | None,
    at: datetime,
    today: date,
) -> Reorganisation:
    """Proposes what `eccg.csv` and `succ.csv` would change. The caller commits. Raises NotUsable with a sentence."""
    listed = read_ccgs(ccgs.data)
    try:
        taken = read_successions(successions.data) if successions else None
    except NotUsable as problem:
        raise NotUsable(str(problem), about="successions") from None
    rows: Sequence[SuccessionRow] = taken.rows if taken else ()
    found = compare(listed.rows, rows, known, today)
    left_out = [
        *_of_file("eccg.csv", listed.rejected),
        *_of_file("succ.csv", taken.rejected if taken else ()),
        *_of_file("", found.problems),
    ]
    return reorganising.propose(
        session,
        _title("Lists of the Organisation Data Service", found.changes),
        found.changes,
        source=ReorganisationSource.ODS_FILES,
        by=by,
        at=at,
        files=[given.facts for given in (ccgs, successions) if given],
        left_out=left_out,
        closes_most=closes_most(found.changes, known, today),
    )


def take_in_changes(
    session: Session, given: Given, *, known: Organisations, by: Person | None, at: datetime, today: date
) -> Reorganisation:
    """Proposes what a file of changes says, without what is known already. The caller commits. Raises NotUsable."""
    read = read_changes(given.data)
    changes = [change for change in read.rows if not is_known(change, known)]
    return reorganising.propose(
        session,
        _title("A file of changes", changes),
        changes,
        source=ReorganisationSource.CHANGE_FILE,
        by=by,
        at=at,
        files=[given.facts],
        left_out=_of_file("", read.rejected),
        closes_most=closes_most(changes, known, today),
    )


def is_known(change: Change, known: Organisations) -> bool:
    """Whether what a change says is so already, so that the same file again changes nothing."""
    places = {(place.kind, place.code): place for place in known.places.values()}
    place, other = places.get(change.key), places.get(change.other) if change.other else None
    if change.what is What.KIND:
        return change.kind in known.kinds
    if place is None:
        return False
    if change.what is What.ADDED:
        return place.opened_on == change.day
    if change.what is What.CLOSED:
        return place.closed_on == change.day
    if change.what is What.RENAMED:
        return place.name == change.name
    if other is None:
        return False
    if change.what is What.MOVED:
        return any(
            (part.child, part.parent, part.valid_from) == (place.id, other.id, change.day) for part in known.parts
        )
    return any((one.predecessor, one.successor) == (place.id, other.id) for one in known.takeovers)


def _title(what: str, changes: Sequence[Change]) -> str:
    return f"{what}: {count_of(len(changes), 'change')}"


def _of_file(name: str, lines: Sequence[LeftOut]) -> list[tuple[int | str, str]]:
    return [(f"{name} {one.line}".strip() if one.line else name, one.reason) for one in lines]
