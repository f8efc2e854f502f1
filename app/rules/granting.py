"""Which role holds on which organisation, and what the claims of an identity provider grant.

Claims are what somebody else sends: they count where they say exactly one thing, letter for letter, and are ignored,
with the reason, everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.rules.succession import Organisations, Place
from models.enumerations import Role

# The kind of England, as `models.organisations` has it; a test compares.
COUNTRY = "country"
# Nobody has as many roles and organisations as this. A claim that names more counts for nothing.
MOST_ENTRIES = 200
LONGEST_ENTRY = 100
LONGEST_SHOWN = 60


class Why(StrEnum):
    """Why something that a claim names is ignored."""

    NOT_A_LIST = "not a list of texts"
    TOO_MANY = f"more than {MOST_ENTRIES} entries"
    NOT_TEXT = "not a text"
    TOO_LONG = f"longer than {LONGEST_ENTRY} characters"
    NOT_A_PAIR = "not a role, a colon and a code"
    UNKNOWN_ROLE = "unknown role"
    UNKNOWN_CODE = "unknown code"
    WRONG_KIND = "the role does not hold on this kind of organisation"
    NOT_OPEN_YET = "the organisation has not opened yet"
    ENDED = "the organisation has closed, and no single one took over from it"
    SEVERAL_PLACES = "the code stands for several organisations"
    SEVERAL_ROLES = "a role without its organisation counts only where it is the only entry"
    NO_ORGANISATION = "no organisation is named for the role"
    NOT_USED = "organisations count only beside a single role without its organisation"
    READS_CASES = "an administrator cannot hold a role that reads cases"


@dataclass(frozen=True)
class Ignored:
    """An entry, as it can be shown, and why it counts for nothing."""

    entry: str
    why: Why


@dataclass(frozen=True)
class Meaning:
    """What claims grant: roles, each on an organisation. And what of them was ignored, in their order."""

    pairs: frozenset[tuple[Role, Place]]
    ignored: tuple[Ignored, ...]


def holds_on(role: Role, place: Place, known: Organisations) -> bool:
    """Whether a role is granted on organisations of this kind.

    A CCG's lead on what may hold cases: CCGs, and whatever takes their place. Oversight on what is above them: STPs,
    regions, England. The others on England alone.
    """
    if role is Role.CCG_EDITOR:
        return place.kind in known.case_kinds
    if role is Role.OVERSIGHT:
        return place.kind not in known.case_kinds
    return place.kind == COUNTRY


def meaning_of(
    roles: object,
    organisations: object,
    known: Organisations,
    today: date,
    *,
    reads_cases: Callable[[Role], bool],
    held: frozenset[Role] = frozenset(),
) -> Meaning:
    """What two claims grant on a day: `roles`, and `organisations` that stand apart; None where one is not sent.

    An entry `role:code` is a pair. A single role without a code is paired with each of the organisations apart; more
    than one entry never is, for nobody could say which of them goes with which organisation. `held` are roles that the
    person has by other ways.
    """
    ignored: list[Ignored] = []
    named, apart = _entries(roles, "roles", ignored), _entries(organisations, "organisations", ignored)
    pairs: list[tuple[str, Role, str]] = []
    alone: list[Role] = []
    for entry in named.texts:
        role, problem = _role_of(entry)
        if problem is not None:
            ignored.append(_said(entry, problem))
        elif role is not None and ":" in entry:
            pairs.append((entry, role, entry.partition(":")[2]))
        elif role is not None:
            alone.append(role)
    if alone and named.count > 1:
        ignored += [_said(role.value, Why.SEVERAL_ROLES) for role in alone]
    elif alone and not apart.texts:
        ignored.append(_said(alone[0].value, Why.NO_ORGANISATION))
    elif alone:
        pairs += [(code, alone[0], code) for code in apart.texts]
    elif apart.texts:
        ignored.append(Ignored("organisations", Why.NOT_USED))
    granted: dict[tuple[Role, Place], str] = {}
    for entry, role, code in pairs:
        place = place_for(role, code, known, today)
        if isinstance(place, Why):
            ignored.append(_said(entry, place))
        else:
            granted.setdefault((role, place), entry)
    if any(reads_cases(role) for role in {*held, *(role for role, _ in granted)}):
        for role, place in [one for one in granted if not reads_cases(one[0])]:
            ignored.append(_said(granted.pop((role, place)), Why.READS_CASES))
    return Meaning(frozenset(granted), tuple(ignored))


def place_for(role: Role, code: str, known: Organisations, today: date) -> Place | Why:
    """The one organisation that a code stands for where a role is granted on it, or why there is none.

    A code that has closed stands for whoever took over, along the whole line of succession.
    """
    called = [place for place in known.places.values() if place.code == code]
    if not called:
        return Why.UNKNOWN_CODE
    fitting = [place for place in called if holds_on(role, place, known)]
    if not fitting:
        return Why.WRONG_KIND
    current = {place for place in fitting if place.is_open_on(today)}
    if not current:
        answering = {known.places[known.current_of(place.id, today)] for place in fitting}
        current = {place for place in answering if place.is_open_on(today) and holds_on(role, place, known)}
    if len(current) == 1:
        return current.pop()
    if current:
        return Why.SEVERAL_PLACES
    ahead = any(place.opened_on is not None and today < place.opened_on for place in fitting)
    return Why.NOT_OPEN_YET if ahead else Why.ENDED


@dataclass(frozen=True)
class _Entries:
    """The entries of a claim that are texts, each once; and how many different things it names."""

    texts: list[str]
    count: int


def _entries(claim: object, name: str, ignored: list[Ignored]) -> _Entries:
    """A claim is a list of texts; one text stands for a list of it. Of a claim that is too long nothing counts."""
    if claim is None:
        return _Entries([], 0)
    entries = [claim] if isinstance(claim, str) else claim
    if not isinstance(entries, list):
        ignored.append(Ignored(name, Why.NOT_A_LIST))
        return _Entries([], 0)
    if len(entries) > MOST_ENTRIES:
        ignored.append(Ignored(name, Why.TOO_MANY))
        return _Entries([], 0)
    texts: list[str] = []
    odd = 0
    for entry in entries:
        if not isinstance(entry, str):
            ignored.append(Ignored(f"one of {name}", Why.NOT_TEXT))
        elif len(entry) > LONGEST_ENTRY:
            ignored.append(_said(entry, Why.TOO_LONG))
        else:
            texts.append(entry)
            continue
        odd += 1
    texts = list(dict.fromkeys(texts))
    return _Entries(texts, len(texts) + odd)


def _role_of(entry: str) -> tuple[Role | None, Why | None]:
    word, colon, code = entry.partition(":")
    if colon and (not code or ":" in code):
        return None, Why.NOT_A_PAIR
    try:
        return Role(word), None  # type: ignore[call-arg]
    except ValueError:
        return None, Why.UNKNOWN_ROLE


def _said(entry: str, why: Why) -> Ignored:
    """Of what somebody else sends, what can be shown: on one line, and not all of it where it is long."""
    plain = "".join(c if c.isprintable() else "?" for c in entry)
    return Ignored(plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…", why)
