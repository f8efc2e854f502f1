"""Every kind of chart in every state that it has, on one page with the look and the headers of the service.

To look at it: `.venv/bin/python -m tests.nhsuk.gallery` serves it on http://127.0.0.1:5064/.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, render_template_string, request

from app.nhsuk import theme
from app.nhsuk.charts import (
    NOT_KNOWN,
    PROTECTED,
    Bar,
    Bars,
    Cell,
    Grid,
    GridRow,
    OverTime,
    Period,
    Range,
    Ranges,
    Series,
    Unit,
)
from app.nhsuk.charts.chart import Chart
from app.rules.quarters import Quarter

THEMES = (
    "Neglect and acts of omission",
    "Physical abuse",
    "Self-neglect",
    "Domestic abuse",
    "Financial or material abuse",
)
SIXTY = "Sudden unexpected death in infancy, child under one, at home"
UNBROKEN = "Supercalifragilisticexpialidocious" * 2
ARABIC, HEBREW = "الإهمال وأفعال الامتناع", "הזנחה (2021)"


def quarters(count: int) -> list[Period]:
    found = [Quarter(2017, 3)]
    while len(found) < count:
        found.append(found[-1].next)
    return [Period.of(one) for one in found]


def cells(*values: float | str | None) -> list[Cell]:
    """Each number with an address; a text or None has none."""
    return [
        Cell(value) if value is None or isinstance(value, str) else Cell(value, f"/cases/?number={value}")
        for value in values
    ]


def wave(count: int, size: int, shift: int) -> list[Cell]:
    return cells(*(size + (place * 7 + shift * 5) % 11 * size // 8 for place in range(count)))


def bars(key: str, title: str, *rows: tuple[str, float | str | None, float | str | None], note: str = "") -> Bars:
    return Bars(
        key,
        title,
        rows=[Bar(name, *cells(now, before)) for name, now, before in rows],
        head="Theme",
        now="2021-22-Q3",
        before="2021-22-Q2",
        note=note,
    )


def over_time(key: str, title: str, periods: Sequence[Period], *series: tuple[str, Sequence[Cell]]) -> OverTime:
    return OverTime(key, title, periods=periods, series=[Series(*one) for one in series], head="Quarter")


def grid(key: str, title: str, columns: Sequence[str], *rows: tuple[str, Sequence[Cell]]) -> Grid:
    return Grid(key, title, columns=columns, rows=[GridRow(*row) for row in rows], head="Theme")


def ranges(key: str, title: str, *rows: tuple[str, Sequence[float | str | None]]) -> Ranges:
    return Ranges(key, title, rows=[Range(name, *cells(*values)) for name, values in rows], head="Step")


def names(periods: Sequence[Period]) -> list[str]:
    return [period.name for period in periods]


TWENTY, TWELVE, FIVE = quarters(20), quarters(12), quarters(5)
ORGANISATIONS = "London", "North East and Yorkshire", "NHS Birmingham and Solihull Clinical Commissioning Group", "East"

CHARTS: list[Chart] = [
    bars(
        "ranked",
        "Themes in the newest quarter",
        *zip(THEMES, (42, 31, 31, 12, 1), (30, 35, 31, 0, 2), strict=True),
    ),
    bars(
        "gaps",
        "Themes with long names, protected and missing numbers",
        (SIXTY, 1_000_000, 999_999),
        (UNBROKEN, 250_000, PROTECTED),
        (ARABIC, PROTECTED, 12),
        (HEBREW, None, 3),
        ("<b>Marked & “quoted”</b>", 1, None),
        ("Nothing", 0, 0),
        note="* stands for 1 to 4 cases.",
    ),
    Bars("plain", "Types of review", rows=[Bar("Safeguarding Adult Review, mandatory", Cell(7))], head="Type"),
    bars("zeros", "Themes, none of them met", ("Neglect", 0, 0), ("Physical abuse", 0, 0)),
    bars("no-rows", "Themes of no case"),
    bars("forty", "Forty themes", *((f"Theme {one}", 1 + one * 37 % 41, one * 31 % 43) for one in range(40))),
    over_time("columns", "Cases added", TWENTY, ("Added", wave(20, 40, 1))),
    over_time("columns-few", "Cases added in five quarters", FIVE, ("Added", cells(0, 1_000_000, PROTECTED, None, 5))),
    over_time("columns-one", "Cases added in one quarter", FIVE[:1], ("Added", cells(1))),
    over_time("columns-zero", "Cases closed", TWELVE, ("Closed", cells(*[0] * 12))),
    over_time("no-periods", "Cases in no quarter", [], ("Added", [])),
    over_time(
        "lines",
        "Added, closed, signed off and published",
        TWENTY,
        ("Added", wave(20, 40, 1)),
        ("Closed", wave(20, 30, 2)),
        ("Signed off", wave(20, 28, 3)),
        ("Published", cells(*[5] * 20)),
    ),
    over_time(
        "lines-gaps",
        "Lines with gaps, that meet in the end",
        TWELVE,
        (SIXTY, cells(1, 2, 3, None, None, 6, None, 8, 9, 10, 11, 12)),
        (ARABIC, cells(3, 3, 3, PROTECTED, 3, 3, 3, 3, 3, 3, 3, 12)),
        ("Unknown", cells(*[None] * 12)),
    ),
    over_time("two", "Open and closed", quarters(2), ("Open", cells(1204, 1350)), ("Closed", cells(900, 1001))),
    grid(
        "grid",
        "Themes by quarter",
        names(TWENTY),
        *((name, wave(20, 2 + place * 9, place)) for place, name in enumerate((*THEMES, SIXTY, ARABIC))),
    ),
    grid(
        "grid-organisations",
        "Themes by organisation",
        ORGANISATIONS,
        (SIXTY, cells(1, 0, PROTECTED, None)),
        ("Neglect", cells(2, 3, 4, 5)),
        (UNBROKEN, cells(0, 0, 0, 0)),
    ),
    grid("grid-large", "Large numbers", ORGANISATIONS[:2], ("Neglect", cells(1_000_000, 12))),
    grid("grid-zeros", "A grid of zeros", names(FIVE), ("Neglect", cells(*[0] * 5))),
    grid("grid-empty", "A grid of nothing", names(FIVE)),
    ranges(
        "ranges",
        "Time from step to step",
        ("From added to signed off", (91, 182, 365, 204)),
        ("From signed off to published", (7, 28.5, 60, 190)),
        ("From incident to added", (-3, 12, 40, 204)),
        (SIXTY, (PROTECTED, PROTECTED, PROTECTED, PROTECTED)),
        (ARABIC, (None, None, None, 0)),
        ("All on one day", (0, 0, 0, 1)),
    ),
    ranges("range-one", "How long open cases have been open", ("Open cases", (100, 200, 1_000_000, 12))),
    ranges("range-nothing", "Time of nothing", ("Nothing known", (NOT_KNOWN, None, None, 0))),
    ranges("range-empty", "No steps"),
    Bars(
        "own-words",
        "Reviews with a sentence of their own",
        rows=[Bar("Neglect", Cell(42))],
        head="Theme",
        unit=Unit("review", "reviews"),
        summary="Neglect is the most frequent theme, in 42 reviews.",
        level=3,
    ),
]

PAGE = """{% extends "page.html" %}{% set title = "Charts" %}
{% block content %}<h1 class="nhsuk-heading-l">Charts</h1>
{% for chart in charts %}{{ chart | drawn }}{% endfor %}{% endblock %}"""


def make_app() -> Flask:
    """An application that shows the charts at /, one of them at /?only=KEY, from right to left at /?dir=rtl."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "no secret here"
    theme.init_app(app)

    @app.get("/")
    def charts() -> str:
        only = request.args.get("only")
        page = render_template_string(PAGE, charts=[one for one in CHARTS if only in (None, one.key)])
        return page.replace("<html", '<html dir="rtl"', 1) if request.args.get("dir") == "rtl" else page

    return app


if __name__ == "__main__":
    make_app().run(port=5064)
