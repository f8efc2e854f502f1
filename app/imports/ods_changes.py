"""What a list of the Organisation Data Service would change: compared with what is known, and nothing is written.

The file does not say when a CCG was renamed or moved to another STP: somebody who knows gives that date. What
contradicts what is known is a problem, in a sentence with its line, and no change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.rules.reorganisation import DAY, Change, What, named
from app.rules.succession import Organisations, Place
from app.rules.words import in_words
from models.organisations import CCG, REGION, STP

from .ods_files import CCGRow, LeftOut, SuccessionRow

# Words that stay as they are where a name in capitals is written as a name.
CAPITALS, SMALL = {"NHS", "CCG", "STP"}, {"and", "in", "of", "on", "the", "under", "upon", "with"}


@dataclass(frozen=True)
class Comparison:
    """What a list would change, and what of it contradicts what is known."""

    changes: list[Change] = field(default_factory=list)
    problems: list[LeftOut] = field(default_factory=list)

    def of(self, what: What) -> list[Change]:
        return [change for change in self.changes if change.what is what]


def compare(
    ccgs: Sequence[CCGRow], successions: Iterable[SuccessionRow], known: Organisations, today: date
) -> Comparison:
    """What the rows of `eccg.csv` and `succ.csv` would change of what is known."""
    places = {place.code: place for place in known.places.values() if place.kind == CCG}
    found = Comparison()
    for row in ccgs:
        place = places.get(row.code)
        try:
            found.changes.extend(_of_new(row, known, today) if place is None else _of(place, row, known, today))
        except _Contradiction as problem:
            found.problems.append(LeftOut(row.line, str(problem)))
    listed = {row.code for row in ccgs}
    found.problems.extend(
        LeftOut(0, f"{named(place)} is open and not in the file")
        for place in sorted(places.values(), key=lambda one: one.code)
        if place.is_open_on(today) and place.code not in listed
    )
    _add_successions(found, successions, ccgs, places, known)
    return found


def written_as_a_name(name: str) -> str:
    """A name in capitals as people write it: "NHS COUNTY DURHAM CCG" as "NHS County Durham CCG"."""
    if not name.isupper():
        return name
    words = re.split(r"([\s-])", name)  # with what stands between them
    return "".join(_written(word, is_first=number == 0) for number, word in enumerate(words))


def _written(word: str, *, is_first: bool) -> str:
    if word in CAPITALS:
        return word
    if word.lower() in SMALL and not is_first:
        return word.lower()
    return word.title().replace("'S", "'s")


class _Contradiction(Exception):
    """A row that cannot be so, with what is known."""


def _of_new(row: CCGRow, known: Organisations, today: date) -> list[Change]:
    if row.opened_on is None:
        raise _Contradiction(f"{row.code} is new and has no open date")
    _check_stp(row, known, row.opened_on)
    name = written_as_a_name(row.name)
    return [Change(What.ADDED, CCG, row.code, row.opened_on, name, (STP, row.stp), row.closed_on, line=row.line)]


def _of(place: Place, row: CCGRow, known: Organisations, today: date) -> list[Change]:
    changes = []
    if row.opened_on and place.opened_on and row.opened_on != place.opened_on:
        raise _Contradiction(f"{named(place)} opened on {in_words(place.opened_on)}, not {in_words(row.opened_on)}")
    if place.closed_on is not None:
        if row.closed_on != place.closed_on:
            said = f"on {in_words(row.closed_on)}" if row.closed_on else "not at all"
            raise _Contradiction(f"{named(place)} closed on {in_words(place.closed_on)}, {said} in the file")
        return []
    if row.closed_on is not None:
        changes.append(Change(What.CLOSED, CCG, row.code, row.closed_on, line=row.line))
    if row.name.casefold() != place.name.casefold():
        changes.append(Change(What.RENAMED, CCG, row.code, name=written_as_a_name(row.name), line=row.line))
    at = known.above(place.id, STP, today)
    if at is None or at.code != row.stp:
        _check_stp(row, known, today)
        changes.append(Change(What.MOVED, CCG, row.code, other=(STP, row.stp), line=row.line))
    return changes


def _check_stp(row: CCGRow, known: Organisations, day: date) -> None:
    """The STP is known and open, and lies in the region that the file says."""
    stp = next((one for one in known.places.values() if (one.kind, one.code) == (STP, row.stp)), None)
    if stp is None:
        raise _Contradiction(f"{row.stp}, of which {row.code} would be part, is not known. Add the STP first")
    if not stp.is_open_on(day):
        raise _Contradiction(f"{row.stp}, of which {row.code} would be part, is not open on {in_words(day)}")
    region = known.above(stp.id, REGION, day)
    if region is not None and region.code != row.region:
        raise _Contradiction(f"{row.stp} lies in {region.code}, not in {row.region}")


def _add_successions(
    found: Comparison,
    successions: Iterable[SuccessionRow],
    ccgs: Sequence[CCGRow],
    places: dict[str, Place],
    known: Organisations,
) -> None:
    closing = {code: place.closed_on for code, place in places.items()}
    closing |= {row.code: row.closed_on for row in ccgs if row.code not in places}
    closing |= {change.code: change.day for change in found.of(What.CLOSED)}
    there = {(takeover.predecessor, takeover.successor): takeover.effective_on for takeover in known.takeovers}
    follows = {
        known.places[before].code: known.places[after].code for before, after in there
    }  # a split has several; any of them shows a loop
    for row in successions:
        if row.old not in closing or row.new not in closing:
            continue  # of another kind of organisation
        old, new = places.get(row.old), places.get(row.new)
        day = there.get((old.id, new.id)) if old and new else None
        if day == row.effective_on:
            continue
        problem = ""
        closed_on = closing[row.old]
        if day is not None:
            problem = f"{row.new} took over from {row.old} on {in_words(day)}, not {in_words(row.effective_on)}"
        elif closed_on is None:
            problem = f"{row.new} would take over from {row.old}, which does not close"
        elif closed_on + DAY != row.effective_on:
            problem = (
                f"{row.old} closes on {in_words(closed_on)}, and {row.new} would take over on"
                f" {in_words(row.effective_on)}"
            )
        elif _leads_to(row.new, row.old, follows):
            problem = f"{row.new} would take over from {row.old}, which took over from it"
        if problem:
            found.problems.append(LeftOut(row.line, problem))
            continue
        follows[row.old] = row.new
        found.changes.append(
            Change(What.TAKEN_OVER, CCG, row.old, row.effective_on, other=(CCG, row.new), line=row.line)
        )


def _leads_to(code: str, end: str, follows: dict[str, str]) -> bool:
    seen = set()
    while code in follows and code not in seen:
        seen.add(code)
        code = follows[code]
    return code == end
