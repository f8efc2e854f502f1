"""Charts, drawn on the server as SVG with their numbers in a table: one object makes both.

    cases = Bars("themes", "Themes", rows=[Bar("Neglect", Cell(42, "/cases/?…"), Cell(30))], head="Theme", …)
    {{ chart | drawn }} in a template, or draw(chart)

The SVG holds marks alone, in per cent of its width, so that text keeps its size on a narrow screen. It carries no style
attribute and no script, which the Content-Security-Policy forbids. The kinds: Bars, OverTime, Grid, Ranges.
"""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup

from .bars import Bar, Bars
from .chart import Chart
from .figures import CASES, DAYS, NOT_KNOWN, PROTECTED, Cell, Unit
from .grid import Grid, GridRow
from .over_time import OverTime, Period, Series
from .ranges import Range, Ranges

__all__ = [
    "CASES",
    "DAYS",
    "NOT_KNOWN",
    "PROTECTED",
    "Bar",
    "Bars",
    "Cell",
    "Grid",
    "GridRow",
    "OverTime",
    "Period",
    "Range",
    "Ranges",
    "Series",
    "Unit",
    "draw",
]


def draw(chart: Chart) -> Markup:
    """The chart, its sentence and its table, as HTML for a page of the service."""
    return Markup(render_template(f"charts/{chart.template}.html", chart=chart))  # noqa: S704 - the template escapes
