"""The charts that are prepared for sharing. A protected number is not given to a chart at all, and none is a link."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any
from uuid import UUID

from app.access.lookups import CodeEntry, Lookups
from app.nhsuk.charts import PROTECTED, Bar, Bars, Cell, Grid, GridRow, OverTime, Period, Range, Ranges, Series
from app.nhsuk.charts.chart import Chart
from app.rules.protection import Shown
from app.rules.quarters import Quarter
from app.themes.presets import PARTS, Area, Span
from app.themes.sharing import ALL, AREAS, CASES, GROWN, RAPID, STATES, STEPS, THEMES, TIMES, TYPES, Protected
from models.enumerations import Status
from models.organisations import CCG, REGION, STP

from .theme_charts import DATES, MANY_PLACES

PART_WORDS = {REGION: "region", STP: "STP", CCG: "CCG"}
EACH_ITS_OWN = "Each step is counted by its own date, so that a case may have been added before the period."
TIME_WORDS = {
    "signed_off": "Added to signed off",
    "published": "Signed off to published",
    "whole": "Added to published",
    GROWN: "Rapid review to full review",
}


def charts_for(found: Protected, area: Area, span: Span, lookups: Lookups) -> list[Chart]:
    """Every chart of an area in a span."""
    part = PART_WORDS[PARTS[area.level]]
    types, themes = (_label_in(lookups.codes[name]) for name in ("review_type", "theme"))
    parts: dict[Hashable, str] = {place.id: f"{place.name} ({place.code})" for place in area.parts}
    by_theme = found.rows_of(span, THEMES, themes)
    rapid, grown = found.of(span, CASES, RAPID), found.of(span, TIMES, GROWN)
    charts: list[Chart] = [
        _bars(
            "steps",
            "What happened",
            "Step",
            [(label, _step(found, span, name)) for name, label in DATES.items()],
            note=EACH_ITS_OWN,
        ),
        _bars(
            "states",
            "Open and closed now, of the cases added",
            "Status",
            [(status.label, found.of(span, STATES, status)) for status in Status],
        ),
        _bars(
            "themes",
            "Themes",
            "Theme",
            [(themes(row), found.of(span, THEMES, row)) for row in by_theme],
            note=MANY_PLACES,
        ),
        _bars(
            "types",
            "Types of review",
            "Type of review",
            [(types(row), found.of(span, TYPES, row)) for row in found.rows_of(span, TYPES, types)],
        ),
        _bars(
            "areas",
            f"Cases by {part}",
            f"{part[:1].upper()}{part[1:]}",
            [(name, found.of(span, AREAS, row)) for row, name in parts.items()]
            + [("None", shown) for shown in [found.of(span, AREAS, None)] if str(shown) != "0"],
        ),
        _bars(
            "rapid",
            "Rapid reviews that became a full review",
            "Rapid reviews",
            [("All", rapid), ("Became a full review", grown)],
            summary=of_rapid_reviews(rapid, grown),
        ),
        Ranges(
            "times",
            "How long it takes",
            head="From, to",
            note="In whole days. Left out for fewer than 8 cases, and where their number is protected.",
            rows=[_range(found, span, name, label) for name, label in TIME_WORDS.items()],
        ),
    ]
    if span.is_year:
        charts[1:1] = [
            OverTime(
                "quarters",
                "What happened, by quarter",
                head="Quarter",
                note=EACH_ITS_OWN,
                periods=[Period.of(quarter) for quarter in span.quarters],
                series=[
                    Series(label, [_cell(_step(found, quarter, name)) for quarter in span.quarters])
                    for name, label in DATES.items()
                ],
            )
        ]
        charts[4:4] = [
            Grid(
                "themes-by-quarter",
                "Themes by quarter",
                head="Theme",
                note=MANY_PLACES,
                columns=[quarter.name for quarter in span.quarters],
                rows=[
                    GridRow(themes(row), [_cell(found.of(quarter, THEMES, row)) for quarter in span.quarters])
                    for row in by_theme
                ],
            )
        ]
    return charts


def _step(found: Protected, span: Span | Quarter, name: str) -> Shown:
    return found.of(span, CASES, ALL) if name == "date_added" else found.of(span, STEPS, name)


def _bars(
    key: str, title: str, head: str, rows: Iterable[tuple[str, Shown]], *, note: str = "", summary: str = ""
) -> Bars:
    found = [Bar(name, _cell(shown)) for name, shown in rows]
    return Bars(key, title, head=head, note=note, summary=summary, now="Cases", rows=found)


def of_rapid_reviews(rapid: Shown, grown: Shown) -> str:
    """What became of them, in a sentence of no more than is shown."""
    how_many = "A protected number of" if rapid.number is None else f"{rapid.number:,}"
    became = "a protected number" if grown.number is None else f"{grown.number:,}" if grown.number else "none"
    return f"{how_many} rapid reviews were added; {became} became a full review."


def _range(found: Protected, span: Span, name: str, label: str) -> Range:
    cases, days = _cell(found.of(span, TIMES, name)), found.medians.get(name)
    if cases.value == 0:
        # Nothing is protected where there is nothing.
        return Range(label, Cell(None), Cell(None), Cell(None), cases)
    if days is None:
        return Range(label, Cell(PROTECTED), Cell(PROTECTED), Cell(PROTECTED), cases)
    return Range(label, Cell(days.lower), Cell(days.median), Cell(days.upper), cases)


def _cell(shown: Shown) -> Cell:
    return Cell(PROTECTED if shown.number is None else shown.number)


def _label_in(entries: dict[UUID, CodeEntry]) -> Any:
    return lambda row: entries[row].label
