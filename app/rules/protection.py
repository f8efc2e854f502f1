"""Small numbers protected, so that nothing that is shown gives one back.

1 to 7 are shown as `*`, other counts rounded to the nearest 5, zero as it is. That alone is not enough: twelve themes
of one case each, with a total of 12, are all known. So whatever narrows a count to fewer than ENOUGH possible values is
starred too, totals first. Where stars that hide 1 to 7 still tell it (six themes of one case each, in a total of 6),
one of them comes to stand for any number: it is `*` as well, and nothing but that it is not zero follows from it.

The reader is taken to be one who knows of each other `*` whether it hides 1 to 7 or protects a neighbour, and how all
the counts belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import Any, TypeVar

SMALL, NEAREST, ENOUGH = 7, 5, 4
# What is aimed at: relations one by one tell a little less than all of them at once.
MARGIN = {False: 5, True: 6}
Key = Hashable
K = TypeVar("K", bound=Hashable)
Interval = tuple[float, float]


class Level(IntEnum):
    """How much of a count is shown, from all that may be to nothing. The last two look the same."""

    SHOWN = 0
    STARRED = 1
    LEFT_OUT = 2


@dataclass(frozen=True)
class Relation:
    """What everybody knows: `least` times the whole is at most the sum of its parts, and that at most `most` times it.

    Parts that make up a whole: 1 and 1. Up to three themes a case: 1 and 3. A part of something: 0 and 1.
    """

    whole: Key
    parts: tuple[Key, ...]
    least: int = 1
    most: int = 1


@dataclass(frozen=True)
class Shown:
    """A count as it is shown: `number` is None where it is starred or left out."""

    level: Level
    number: int | None = None

    def __str__(self) -> str:
        return "*" if self.number is None else f"{self.number}"


# Zero is shown as it is.
NOTHING = Shown(Level.SHOWN, 0)


def protected(
    counts: Mapping[K, int], relations: Sequence[Relation], given: Mapping[K, Shown] | None = None
) -> dict[K, Shown]:
    """Every count as it may be shown. The same counts and relations give the same answer.

    `given` are counts of which it is settled how they are shown, for example those of the quarters of a year: they
    stay as they are, and others are hidden for them. Everything else hidden, they tell no more than they did alone.
    """
    table = _Table(counts, relations, given or {})
    while (narrowed := table.narrowed()) is not None:
        table.hide_for(narrowed)
    return {key: table.shown(key) for key in counts}


def rounded(count: int) -> int:
    """To the nearest 5."""
    return (count + NEAREST // 2) // NEAREST * NEAREST


class _Table:
    """The counts with how much of each is shown, and what a reader can work out."""

    def __init__(self, counts: Mapping[Any, int], relations: Sequence[Relation], given: Mapping[Any, Shown]) -> None:
        self.counts: dict[Key, int] = dict(counts)
        self.relations, self.given = list(relations), given
        self.level = {key: Level.STARRED if 1 <= count <= SMALL else Level.SHOWN for key, count in counts.items()}
        self.level |= {key: shown.level for key, shown in given.items()}
        self.about: dict[Key, list[Relation]] = defaultdict(list)
        for relation in relations:
            for key in (relation.whole, *relation.parts):
                self.about[key].append(relation)
        self.known = self._worked_out()

    def shown(self, key: Key) -> Shown:
        level = self.level[key]
        return Shown(level, rounded(self.counts[key]) if level is Level.SHOWN else None)

    def narrowed(self) -> Key | None:
        """A count over zero of which too few values are possible, if it is shown at all."""
        for key, (low, high) in self.known.items():
            if (
                self.counts[key]
                and self.level[key] < Level.LEFT_OUT
                and high - low + 1 < MARGIN[self.level[key] is Level.STARRED]
            ):
                return key
        return None

    def hide_for(self, key: Key) -> None:
        """Shows less of one count that tells of another: of the nearest first, of totals before parts.

        A total that its parts tell is starred itself, then left out.
        """
        if key not in self.given and any(one.whole == key for one in self.about[key]):
            self.level[key] = Level(self.level[key] + 1)
            self.known = self._worked_out()
            return
        waiting, seen = [key], {key}
        while waiting:
            target = waiting.pop(0)
            for relation in sorted(self.about[target], key=lambda one: self._width_by(one, target)):
                others = [one for one in (relation.whole, *relation.parts) if one != target and self.counts[one]]
                for level in (Level.STARRED, Level.LEFT_OUT):
                    victims = [
                        one for one in others if one != key and one not in self.given and self.level[one] < level
                    ]
                    if victims:
                        victim = max(victims, key=lambda one: (one == relation.whole, self.counts[one]))
                        self.level[victim] = level
                        self.known = self._worked_out()
                        return
                waiting += [one for one in others if one not in seen]
                seen.update(others)
        if key in self.given:
            raise ValueError(f"What is given tells {key!r} by itself.")
        # Nothing else is left that could tell: what is still narrow goes itself.
        self.level[key] = Level.LEFT_OUT
        self.known = self._worked_out()

    def _own(self, key: Key) -> Interval:
        """What is shown of a count says by itself."""
        count, level = self.counts[key], self.level[key]
        if count == 0:
            return 0, 0
        if level is Level.LEFT_OUT:
            return 1, inf
        if level is Level.STARRED:
            return (1, SMALL) if count <= SMALL else (SMALL + 1, inf)
        return max(SMALL + 1, rounded(count) - NEAREST // 2), rounded(count) + NEAREST // 2

    def _worked_out(self) -> dict[Key, Interval]:
        """What all that is shown says of each count together, relation by relation until nothing more comes of it."""
        known = {key: self._own(key) for key in self.counts}
        waiting = dict.fromkeys(self.relations)
        while waiting:
            relation = next(iter(waiting))
            del waiting[relation]
            for key, interval in _said_by(relation, known).items():
                low, high = max(known[key][0], interval[0]), min(known[key][1], interval[1])
                if (low, high) != known[key]:
                    known[key] = low, high
                    waiting |= dict.fromkeys(self.about[key])
        return known

    def _width_by(self, relation: Relation, key: Key) -> float:
        low, high = _said_by(relation, self.known).get(key, (0, inf))
        return high - low


def _said_by(relation: Relation, known: Mapping[Key, Interval]) -> dict[Key, Interval]:
    """What one relation says of each of its counts, from what is known of the others."""
    lows, highs = sum(known[one][0] for one in relation.parts), sum(known[one][1] for one in relation.parts)
    whole = known[relation.whole]
    found: dict[Key, Interval] = {
        relation.whole: (-(-lows // relation.most), highs // relation.least if relation.least and highs < inf else inf)
    }
    for part in relation.parts:
        low, high = known[part]
        others_high = highs - high if highs < inf else sum(known[one][1] for one in relation.parts if one != part)
        found[part] = (relation.least * whole[0] - others_high, relation.most * whole[1] - (lows - low))
    return found
