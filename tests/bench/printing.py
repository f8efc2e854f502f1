"""The table of what was measured, ratios first, and which targets were met."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .asking import Answer

COLUMNS = f"{'median':>8} {'95th':>8} {'SQL':>4} {'kB':>8} {'peak MB':>8}  "
HEAD = (
    f"{'':6} {'':44} {'ratio to':>17} | {'ours':^42} | {'stock Flask-Admin':^42} | floor\n"
    f"{'scope':6} {'page':44} {'stock':>8} {'floor':>8} | {COLUMNS} | {COLUMNS} | median"
)


@dataclass
class Measured:
    """The answers of one page in one scope."""

    scope: str
    group: str
    name: str
    ours: list[Answer] = field(default_factory=list)
    stock: list[Answer] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.ours)

    @property
    def statements(self) -> int:
        return usual_statements(self.ours)


def usual_statements(answers: Sequence[Answer]) -> int:
    """How many a page sends, most of the time: once a minute one also notes that somebody was seen."""
    return int(statistics.median_low(one.statements for one in answers))


def median(answers: Sequence[Answer]) -> float:
    return statistics.median(one.ms for one in answers)


def at_95(values: Sequence[float]) -> float:
    """The 95th centile: the smallest value that at least 95 of 100 do not exceed."""
    return sorted(values)[-(-95 * len(values) // 100) - 1]


def line(found: Measured) -> str:
    """One line of the table."""
    to_stock = f"{found.median / median(found.stock):8.3f}" if found.stock else f"{'':8}"
    to_floor = f"{found.median / statistics.median(found.floor):8.2f}" if found.floor else f"{'':8}"
    floor = f"{statistics.median(found.floor):8.1f}" if found.floor else ""
    page = f"{found.group}: {found.name}"
    return f"{found.scope:6} {page:44} {to_stock} {to_floor} | {_of(found.ours)} | {_of(found.stock)} | {floor}"


def _of(answers: Sequence[Answer]) -> str:
    if not answers:
        return " " * 42
    sent, size = usual_statements(answers), statistics.median(one.size for one in answers) / 1000
    peak = max(one.peak for one in answers)
    return f"{median(answers):8.1f} {at_95([one.ms for one in answers]):8.1f} {sent:4} {size:8.1f} {peak:8.1f}  "


@dataclass(frozen=True)
class Target:
    """What a page has to reach. `limit` is told the page and all that was measured."""

    words: str
    concerns: Callable[[Measured], bool]
    reached: Callable[[Measured, list[Measured]], float]
    limit: float


def _first_page_of_stock(found: list[Measured], scope: str) -> float:
    return next(median(one.stock) for one in found if (one.group, one.name, one.scope) == ("list", "first page", scope))


TARGETS = (
    Target(
        "list pages at most half of stock's first page of England",
        lambda one: one.group == "list",
        lambda one, found: one.median / _first_page_of_stock(found, "England"),
        0.5,
    ),
    Target(
        "list pages at most half of stock's first page of the same scope",
        lambda one: one.group == "list",
        lambda one, found: one.median / _first_page_of_stock(found, one.scope),
        0.5,
    ),
    Target(
        "search at most a twentieth of stock, England",
        lambda one: one.group == "search" and one.scope == "England",
        lambda one, found: one.median / median(one.stock),
        0.05,
    ),
    Target(
        "sort at most a twentieth of stock, England",
        lambda one: one.group == "sort" and one.scope == "England",
        lambda one, found: one.median / median(one.stock),
        0.05,
    ),
    Target("no page over 12 statements", lambda one: True, lambda one, found: one.statements, 12),
    Target(
        "themes in under a second",
        lambda one: one.group == "themes" and one.scope == "England",
        lambda one, found: one.median,
        1000,
    ),
    Target(
        "themes of a CCG in under 200 ms",
        lambda one: one.group == "themes" and one.scope == "CCG",
        lambda one, found: one.median,
        200,
    ),
)


def verdicts(found: list[Measured]) -> list[str]:
    """Each target with its worst page, and the pages that miss it."""
    lines = []
    for target in TARGETS:
        reached = sorted(
            ((target.reached(one, found), one) for one in found if target.concerns(one)), key=lambda pair: -pair[0]
        )
        if not reached:
            continue
        worst, page = reached[0]
        missed = [f"{one.scope} {one.name} {value:.3g}" for value, one in reached if value > target.limit]
        words = (
            "missed by " + ", ".join(missed) if missed else f"met; the worst is {page.scope} {page.name} {worst:.3g}"
        )
        lines.append(f"{target.words} ({target.limit:g}): {words}")
    return lines
