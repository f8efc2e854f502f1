"""The charts of the themes view, from its counts. Each number leads to the list of the cases that it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import request, url_for

from app.access.current import current_access
from app.access.lookups import CodeEntry, Lookups
from app.nhsuk.charts import Bar, Bars, Cell, Grid, GridRow, OverTime, Period, Range, Ranges, Series
from app.nhsuk.charts.chart import Chart
from app.rules.quarters import Quarter
from app.rules.succession import Place
from app.rules.words import count_of, in_words
from app.themes.choice import Choice
from app.themes.counts import AGES, Counts, Quartiles
from app.themes.filters import LEVELS
from models.enumerations import Status

LEVEL_WORDS = {"region": "Regions", "stp": "STPs", "ccg": "CCGs"}
DATES = {
    "date_added": "Added",
    "date_closed": "Closed",
    "report_signed_off_on": "Signed off",
    "publication_date": "Published",
}
MOST_PAIRS = 30
MOST_COLUMNS = 8
MANY_PLACES = "A case counts under each of its themes, up to three."


@dataclass(frozen=True)
class Links:
    """Makes the addresses of the lists of cases behind the numbers of a choice."""

    choice: Choice
    lookups: Lookups

    def cell(self, number: int, **more: Any) -> Cell:
        """A number with the address of its cases; of none there is no list."""
        return Cell(number, self.to(**more) if number else "")

    def to(
        self,
        *,
        at_any_time: bool = False,
        days: tuple[str, date | None, date | None] | None = None,
        theme: CodeEntry | None = None,
        both: tuple[CodeEntry, ...] = (),
        area: tuple[str, Place] | None = None,
        **more: str,
    ) -> str:
        """The address of the list of cases that were chosen and have a theme, two in any place, an area, and so on.

        `days` are a date of cases and the first and last day of it, both included.
        """
        filters = self._of_choice()
        _, column = self.choice.counted_by
        spans = [] if at_any_time else [(column.key, self.choice.begins.first_day, self.choice.ends.last_day)]
        for name, first, last in [*spans, *([days] if days else [])]:
            _narrow(filters, name, first, last)
        if area is not None:
            level, place = area
            filters[f"{level}_today_is" if self.choice.is_as_today else f"{level}_is"] = place.code
        self._add_themes(filters, theme, both)
        filters |= {f"{name}_is": value for name, value in more.items()}
        args: dict[str, Any] = {f"flt_{name}": value for name, value in filters.items()}
        return url_for("cases.index_view", **args)

    def _of_choice(self) -> dict[str, str]:
        values = self.choice.values
        filters = {
            f"{name}_is": values[name] for name in ("review_type", "partnership_kind", "status") if name in values
        }
        for level in LEVELS:
            if level in values:
                filters[f"{level}_today_is" if self.choice.is_as_today else f"{level}_is"] = values[level]
        return filters

    def _add_themes(self, filters: dict[str, str], theme: CodeEntry | None, both: tuple[CodeEntry, ...]) -> None:
        """The themes that a case must have: those of the choice and of a row where they count, two in any place."""
        counting = [code for code in (self.choice.values.get("theme", ""), theme.code if theme else "") if code]
        anywhere = [one.code for one in both]
        if self.choice.is_first_only:
            if counting:
                filters["main_theme_is"] = counting[-1]
        else:
            anywhere += counting
        names = ("theme_1_is", "other_theme_is", "third_theme_is")
        filters |= dict(zip(names, dict.fromkeys(anywhere), strict=False))


def _narrow(filters: dict[str, str], name: str, first: date | None, last: date | None) -> None:
    """Adds the days of a date to filters, where the narrower of two spans holds."""
    if first is not None:
        filters[f"{name}_from"] = max(first.isoformat(), filters.get(f"{name}_from", ""))
    if last is not None:
        filters[f"{name}_to"] = min(last.isoformat(), filters.get(f"{name}_to", "9999"))


def overview(counts: Counts, links: Links) -> list[Chart]:
    """Open and closed; what happened in each quarter; themes beside the period before."""
    choice, today = counts.choice, counts.lookups.today
    states = counts.states()
    quarters = counts.by_quarter()
    begins, ends = choice.before
    ranked = counts.ranked()
    return [
        Bars(
            "states",
            "Open and closed now",
            summary=f"{count_of(states[Status.OPEN][0], 'case')} open, {states[Status.CLOSED][0]:,} closed.",
            head="Status",
            rows=[
                *(
                    Bar(state.label, links.cell(states[state][0], at_any_time=True, status=state.value))
                    for state in Status
                ),
                *(
                    Bar(f"{state.label}, of the period", links.cell(states[state][1], status=state.value))
                    for state in Status
                ),
            ],
        ),
        OverTime(
            "quarters",
            "Added, closed, signed off and published",
            head="Quarter",
            note="By the date of each. Publications that are planned are left out.",
            periods=[Period.of(quarter) for quarter in quarters],
            series=[
                Series(
                    label,
                    [
                        links.cell(
                            here[name], at_any_time=True, days=(name, quarter.first_day, min(quarter.last_day, today))
                        )
                        for quarter, here in quarters.items()
                    ],
                )
                for name, label in DATES.items()
            ],
        ),
        Bars(
            "themes",
            "Themes",
            head="Theme",
            before="Before",
            before_in_words=f"the period before, {span_of(begins, ends)}",
            note="" if choice.is_first_only else MANY_PLACES,
            rows=[
                Bar(
                    one.theme.label,
                    links.cell(one.cases, theme=one.theme),
                    links.cell(
                        one.before,
                        theme=one.theme,
                        at_any_time=True,
                        days=(choice.counted_by[1].key, begins.first_day, ends.last_day),
                    ),
                )
                for one in ranked
            ],
        ),
    ]


def by_quarter(counts: Counts, links: Links) -> list[Chart]:
    """Themes in each quarter."""
    found = counts.themes_by_quarter()
    column = counts.choice.counted_by[1].key
    return [
        Grid(
            "themes-by-quarter",
            "Themes by quarter",
            head="Theme",
            note="" if counts.choice.is_first_only else MANY_PLACES,
            columns=[quarter.name for quarter in counts.choice.quarters],
            rows=[
                GridRow(
                    theme.label,
                    [
                        links.cell(
                            found[theme.id].get(quarter, 0),
                            theme=theme,
                            days=(column, quarter.first_day, quarter.last_day),
                        )
                        for quarter in counts.choice.quarters
                    ],
                )
                for theme in _by_number(counts, {key: sum(row.values()) for key, row in found.items()})
            ],
        )
    ]


def by_area(counts: Counts, links: Links) -> list[Chart]:
    """Cases, and the most frequent themes, of each region, STP or CCG."""
    level = level_of(links)
    areas, themes = counts.by_area(level), counts.themes_by_area(level)
    in_order = sorted((one for one in areas if one is not None), key=lambda one: (-areas[one][0], one.name))
    totals: dict[Any, int] = {}
    for row in themes.values():
        for key, number in row.items():
            totals[key] = totals.get(key, 0) + number
    columns = _by_number(counts, totals)[:MOST_COLUMNS]
    head = LEVEL_WORDS[level][:-1]
    by = _small(head)
    nowhere = areas.get(None, (0, 0))[0]
    note = f"{nowhere:,} of the cases are of a CCG that is part of none." if nowhere else ""
    return [
        Bars(
            "areas",
            f"Cases by {by}",
            head=head,
            note=note,
            rows=[Bar(_name_of(one), links.cell(areas[one][0], area=(level, one))) for one in in_order],
        ),
        Grid(
            "themes-by-area",
            f"Themes by {by}",
            head=head,
            note=f"The {MOST_COLUMNS} most frequent themes." if len(totals) > MOST_COLUMNS else "",
            columns=[theme.label for theme in columns],
            rows=[
                GridRow(
                    _name_of(one),
                    [links.cell(themes[one].get(theme.id, 0), theme=theme, area=(level, one)) for theme in columns],
                )
                for one in in_order
                if one in themes
            ],
        ),
    ]


def together(counts: Counts, links: Links) -> list[Chart]:
    """Which themes meet in one case."""
    pairs = counts.pairs()
    return [
        Bars(
            "pairs",
            "Themes that meet in one case",
            head="Themes",
            note=f"The {MOST_PAIRS} most frequent of {len(pairs)} pairs." if len(pairs) > MOST_PAIRS else "",
            rows=[
                Bar(f"{one.label} and {_small(other.label)}", links.cell(cases, both=(one, other)))
                for one, other, cases in pairs[:MOST_PAIRS]
            ],
        )
    ]


def types(counts: Counts, links: Links) -> list[Chart]:
    """Types of review, and what became of rapid reviews."""
    rapid = counts.rapid_reviews()
    return [
        Bars(
            "types",
            "Types of review",
            head="Type of review",
            rows=[Bar(one.type.label, links.cell(one.cases, review_type=one.type.code)) for one in counts.types()],
        ),
        Bars(
            "types-open",
            "Open, by type of review",
            head="Type of review",
            rows=[
                Bar(one.type.label, links.cell(one.open, review_type=one.type.code, status=Status.OPEN.value))
                for one in counts.types()
            ],
        ),
        Bars(
            "rapid",
            "Rapid reviews that became a full review",
            summary=f"{rapid.grown:,} of {count_of(rapid.cases, 'rapid review')} became a full review."
            if rapid.cases
            else "There are no rapid reviews.",
            head="Rapid reviews",
            rows=[
                Bar("All", links.cell(rapid.cases, rapid_review="yes")),
                Bar("Became a full review", links.cell(rapid.grown, rapid_review="yes", grown="yes")),
            ],
        ),
        Ranges(
            "rapid-days",
            "How fast a rapid review became a full review",
            head="From one date added to the other",
            rows=_ranges([("Rapid review to full review", rapid.days)]),
        ),
    ]


def times(counts: Counts, links: Links) -> list[Chart]:
    """How long it takes from one step to the next, and how long open cases have been open."""
    found, today = counts.times(), counts.lookups.today
    return [
        Ranges(
            "times",
            "How long it takes",
            head="From, to",
            note="A report that was signed off before its case was added counts with days below zero.",
            rows=_ranges(
                [
                    ("Added to signed off", found["signed_off"]),
                    ("Signed off to published", found["published"]),
                    ("Added to published", found["whole"]),
                ]
            ),
        ),
        Bars(
            "ages",
            "How long open cases have been open",
            head="Since the date added",
            note="Open cases of all times, whatever the period.",
            rows=[
                Bar(
                    label,
                    links.cell(
                        number,
                        at_any_time=True,
                        status=Status.OPEN.value,
                        days=(
                            "date_added",
                            today - timedelta(days=high) if high is not None else None,
                            today - timedelta(days=low),
                        ),
                    ),
                )
                for (low, high, label), number in zip(AGES, counts.ages(), strict=True)
            ],
        ),
    ]


def level_of(links: Links) -> str:
    """The level of areas that is asked for, or else the highest of which there are several."""
    asked = request.args.get("level", "")
    if asked in LEVEL_WORDS and has_several(links, asked):
        return asked
    return next((level for level in LEVEL_WORDS if has_several(links, level)), "ccg")


def has_several(links: Links, level: str) -> bool:
    """Whether there is more than one area of a level in what was chosen."""
    chosen = links.choice.values
    ccgs = [
        ccg
        for ccg in current_access().ccgs_as_today(links.lookups.today)
        if all(
            (at := links.choice.area_of(ccg.id, above, links.lookups)) is not None and at.code == chosen[above]
            for above in LEVELS
            if above in chosen
        )
    ]
    return len({links.choice.area_of(ccg.id, level, links.lookups) for ccg in ccgs} - {None}) > 1


def rows_of(chart: Chart) -> list[list[str]]:
    """The numbers of a chart as rows of text, the headings first."""
    if isinstance(chart, Bars):
        # Away from the page, "Before" would not say what was before.
        before = chart.before_in_words or chart.before
        head = [chart.head, chart.now, *([f"{before[:1].upper()}{before[1:]}"] if before else [])]
        return [
            head,
            *([row.name, _plain(row.now), *([_plain(row.before)] if row.before else [])] for row in chart.rows),
        ]
    if isinstance(chart, Grid):
        return [[chart.head, *chart.columns], *([row.name, *map(_plain, row.cells)] for row in chart.rows)]
    if isinstance(chart, OverTime):
        return [
            [chart.head, *(one.name for one in chart.series)],
            *(
                [period.name, *(_plain(one.cells[number]) for one in chart.series)]
                for number, period in enumerate(chart.periods)
            ),
        ]
    if isinstance(chart, Ranges):
        return [
            [chart.head, "Lower quartile", "Median", "Upper quartile", chart.count],
            *([row.name, *(_plain(cell) for cell in row[1:])] for row in chart.rows),
        ]
    raise TypeError(f"{type(chart).__name__} is not known here.")


def _plain(cell: Cell) -> str:
    value: float | str | None = cell.value
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return "" if value is None else str(value)


def _ranges(found: list[tuple[str, Quartiles | None]]) -> list[Range]:
    return [
        Range(name, Cell(one.lower), Cell(one.median), Cell(one.upper), Cell(one.cases))
        if one
        else Range(name, Cell(None), Cell(None), Cell(None), Cell(0))
        for name, one in found
    ]


def _by_number(counts: Counts, totals: dict[Any, int]) -> list[CodeEntry]:
    entries = counts.lookups.codes["theme"]
    return sorted((entries[key] for key in totals), key=lambda one: (-totals[one.id], one.label))


def span_of(begins: Quarter, ends: Quarter) -> str:
    """The names of quarters, both included."""
    return begins.name if begins == ends else f"{begins.name} to {ends.name}"


def _name_of(place: Place) -> str:
    closed = f", closed {in_words(place.closed_on)}" if place.closed_on else ""
    return f"{place.name} ({place.code}{closed})"


def _small(label: str) -> str:
    """A label in the middle of a sentence."""
    return label if label[1:2].isupper() else f"{label[:1].lower()}{label[1:]}"
