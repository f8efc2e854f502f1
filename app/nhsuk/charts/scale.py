"""A scale with round steps, and where a number stands on it."""

from __future__ import annotations

from dataclasses import dataclass

MOST_STEPS = 5
# In per cent: one case in a million is still to be seen.
SHORTEST = 0.5


@dataclass(frozen=True)
class Scale:
    """Whole steps of one size from the lowest to the highest."""

    lowest: int
    highest: int
    step: int

    @property
    def ticks(self) -> list[int]:
        return list(range(self.lowest, self.highest + 1, self.step))

    def at(self, number: float) -> float:
        """How far along the scale a number stands, in per cent."""
        return percent((number - self.lowest) / (self.highest - self.lowest))


def scale_for(lowest: float, highest: float) -> Scale:
    """The shortest scale of at most five steps of 1, 2 or 5 (times 10, 100, …) that holds zero and both numbers."""
    lowest, highest = min(lowest, 0), max(highest, 0)
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            first, last = int(lowest // step) * step, -int(-highest // step) * step
            if (last - first) // step <= MOST_STEPS:
                return Scale(first, max(last, first + step), step)
        power *= 10


def percent(share: float) -> float:
    """A share as an SVG writes it: two decimals are finer than a screen."""
    return round(100 * share, 2)
