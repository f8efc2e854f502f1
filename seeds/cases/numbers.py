"""References, StEIS numbers and local identifiers, none given twice."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

READABLE = "346789BCDFGHJKMPQRTVWXY"

ABBREVIATIONS = {
    "sar_mandatory": "SAR",
    "sar_discretionary": "SAR",
    "sar_in_rapid_time": "SAR",
    "dhr": "DHR",
    "dhr_16_or_17": "DHR",
    "rapid_review": "RR",
    "lcspr": "LCSPR",
    "ncspr": "NR",
    "thematic_or_joint": "TR",
    "scr": "SCR",
    "other": "LR",
}


class Numbers:
    """Gives out numbers; the same `rng` gives the same ones."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._references: set[str] = set()
        self._steis = rng.sample(range(1200, 29900), 1000)
        self._counted: Counter[str] = Counter()
        self._style: dict[str, int] = {}

    def give_reference(self) -> str:
        while True:
            reference = "SCR-" + "".join(self._rng.choices(READABLE, k=8))
            if reference not in self._references:
                self._references.add(reference)
                return reference

    def give_steis(self, added: date) -> str:
        return f"{added.year}/{self._steis.pop()}"

    def give_local(self, ccg: str, review_type: str, added: date) -> str:
        """The CCG's own number: every CCG has its own way of writing it, and counts its cases."""
        style = self._style.setdefault(ccg, len(self._style) % 4)
        self._counted[ccg] += 1
        count, kind = self._counted[ccg], ABBREVIATIONS[review_type]
        if style == 0:
            return f"{kind}/{added.year}/{count:02d}"
        if style == 1:
            return f"{ccg}-{added:%y}-{count:03d}"
        if style == 2:
            return f"SG{1003 + 61 * list(self._style).index(ccg) + 7 * count}"
        return f"{kind} {count} ({added.year})"
