"""Charts: one object makes the marks and the table, and what is not known or must not be seen has no mark."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import html5lib
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

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
    draw,
)
from app.nhsuk.charts.bars import Change
from app.nhsuk.charts.chart import Chart
from app.nhsuk.charts.figures import written
from app.nhsuk.charts.over_time import LINE_OF_TEXT
from app.nhsuk.charts.scale import MOST_STEPS, scale_for
from app.rules.quarters import Quarter
from tests.nhsuk.gallery import ARABIC, CHARTS, cells, make_app, quarters

BY_KEY = {chart.key: chart for chart in CHARTS}
NEGLECT = "Neglect"
SVG = "{http://www.w3.org/2000/svg}svg"


@pytest.fixture(scope="module")
def app() -> Flask:
    return make_app()


@pytest.fixture
def drawn(app: Flask):
    """The elements of a chart, as a browser reads them: `drawn(chart).findall(".//td")`."""

    def draw_one(chart: Chart) -> Any:
        with app.test_request_context("/"):
            return html5lib.parseFragment(draw(chart), namespaceHTMLElements=False)

    return draw_one


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def number_in(cell: Any) -> str:
    """The words of a cell, without the heading that stands there on a narrow screen."""
    heading = "".join(words(one) for one in of_class(cell, "tracker-rows__heading"))
    return words(cell).removeprefix(heading).lstrip()


def of_class(root: Any, name: str) -> list[Any]:
    return [one for one in root.iter() if isinstance(one.tag, str) and name in one.get("class", "").split()]


def numbers_given(chart: Chart) -> list[Cell]:
    """All cells of a chart, in the order of its table."""
    match chart:
        case Bars():
            return [cell for row in chart.rows for cell in (row.now, row.before) if cell]
        case OverTime():
            return [one.cells[place] for place in range(len(chart.periods)) for one in chart.series]
        case Grid():
            return [cell for row in chart.rows for cell in row.cells]
        case Ranges():
            return [cell for row in chart.rows for cell in (row.median, row.lower, row.upper, row.number)]
    raise AssertionError(chart)


# One object makes both


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_every_number_stands_in_the_table_in_its_place(drawn, chart: Chart) -> None:
    found = [number_in(cell) for cell in drawn(chart).findall(".//td")]
    if isinstance(chart, Bars) and chart.before:
        found = [text for place, text in enumerate(found) if place % 3 != 2]
    given = numbers_given(chart)
    assert len(found) == len(given)
    for text, cell in zip(found, given, strict=True):
        assert re.match(rf"{re.escape(cell.text)}(?!,?\d)", text), (text, cell)


def test_a_bar_is_as_long_as_its_number(drawn) -> None:
    chart = Bars("bars", "Bars", rows=[Bar(str(one), Cell(one)) for one in (40, 10, 0)])
    assert [one.get("width") for one in of_class(drawn(chart), "tracker-mark")] == ["100.0%", "25.0%"]


def test_the_smallest_of_numbers_is_still_seen() -> None:
    chart = Bars("bars", "Bars", rows=[Bar("Many", Cell(1_000_000)), Bar("One", Cell(1)), Bar("None", Cell(0))])
    assert [chart.length(row.now) for row in chart.rows] == [100, 0.5, 0]


def test_a_column_stands_on_the_axis_and_is_as_high_as_its_number() -> None:
    chart = OverTime("time", "Time", periods=quarters(3), series=[Series("Added", cells(50, 0, 100))])
    assert [(one.y, one.height) for one in chart.columns] == [(50, 50), (0, 100)]


def test_a_line_stops_where_a_number_is_missing() -> None:
    values = cells(0, 10, None, 5, PROTECTED, 10)
    chart = OverTime("time", "Time", periods=quarters(6), series=[Series("A", values), Series("B", cells(*[0] * 6))])
    assert re.findall(r"[ML]", chart.lines[0].path) == ["M", "L", "M", "M"]
    assert len(chart.lines[0].marks) == 4
    assert chart.gaps == "2 of 12 numbers have no mark: see the table."


def test_a_band_goes_from_quartile_to_quartile() -> None:
    row = Range("Step", Cell(25), Cell(50), Cell(100), Cell(9))
    chart = Ranges("ranges", "Ranges", rows=[row])
    assert chart.band(row) == (25, 75, 50)


# What has no number


@pytest.mark.parametrize("value", [PROTECTED, NOT_KNOWN, None])
def test_what_is_no_number_has_no_mark(drawn, value: str | None) -> None:
    missing = Cell(value)
    for chart in (
        Bars("a", "A", rows=[Bar("One", missing, missing)], before="Before"),
        OverTime("b", "B", periods=quarters(1), series=[Series("One", [missing])]),
        OverTime("c", "C", periods=quarters(1), series=[Series("One", [missing]), Series("Two", [missing])]),
        Ranges("d", "D", rows=[Range("One", missing, missing, missing, missing)]),
    ):
        root = drawn(chart)
        plotted = [one for name in ("tracker-mark", "tracker-band") for one in of_class(root, name)]
        plotted += [one for svg in of_class(root, "tracker-bar") for one in of_class(svg, "tracker-before")]
        plotted += [one for svg in of_class(root, "tracker-plot") for one in of_class(svg, "tracker-point")]
        assert not plotted, chart.key
    grid = Grid("e", "E", columns=["One"], rows=[GridRow("Row", [missing])])
    assert not of_class(drawn(grid), "tracker-shade")


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (12, 10, Change("2 more", "up")),
        (1, 1_201, Change("1,200 fewer", "down")),
        (3, 3, Change("No change")),
        (0, 0, Change("No change")),
        (None, 3, Change(NOT_KNOWN)),
        (3, None, Change(NOT_KNOWN)),
        # 12 more than a number that is protected would tell it.
        (12, PROTECTED, Change(PROTECTED, spoken="Number protected")),
        (PROTECTED, 12, Change(PROTECTED, spoken="Number protected")),
        (PROTECTED, None, Change(PROTECTED, spoken="Number protected")),
    ],
)
def test_a_change_is_said_in_words(now, before, change: Change) -> None:
    row = Bar("Neglect", Cell(now), Cell(before))
    assert Bars("bars", "Bars", rows=[row], before="Before").change(row) == change


def test_a_protected_number_is_spoken_as_one(drawn) -> None:
    cell = drawn(Bars("bars", "Bars", rows=[Bar(NEGLECT, Cell(PROTECTED))])).find(".//td")
    hidden = [one for one in cell.iter("span") if one.get("aria-hidden")]
    assert [words(one) for one in hidden] == ["Cases", "*"]
    assert "Number protected" in words(cell)


# Links and names


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_a_link_says_what_it_leads_to(drawn, chart: Chart) -> None:
    names = [words(link) for link in drawn(chart).iter("a")]
    assert len(names) == len([cell for cell in numbers_given(chart) if cell.href])
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_a_links_hidden_words_follow_its_number(drawn) -> None:
    chart = Bars(
        "bars", "Bars", rows=[Bar(NEGLECT, Cell(1204, "/cases/?a=1&b=2"), Cell(1, "/"))], now="Q2", before="Q1"
    )
    links = list(drawn(chart).iter("a"))
    assert [words(link) for link in links] == ["1,204 cases, Neglect, Q2", "1 case, Neglect, Q1"]
    assert links[0].get("href") == "/cases/?a=1&b=2"


def test_names_are_escaped(drawn) -> None:
    name = "<b onclick='x'>&\""
    for chart in (
        Bars("a", name, rows=[Bar(name, Cell(1), Cell(2, name))], head=name, now=name, before=name, note=name),
        OverTime(
            "b", name, periods=[Period(name, name, name)], series=[Series(name, cells(1)), Series(name, cells(2))]
        ),
        Grid("c", name, columns=[name], rows=[GridRow(name, cells(1))]),
        Ranges("d", name, rows=[Range(name, *cells(1, 2, 3, 4))]),
    ):
        root = drawn(chart)
        assert not list(root.iter("b"))
        assert name in words(root)


# What the policy and screen readers ask for


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_a_chart_needs_nothing_that_the_policy_forbids(drawn, chart: Chart) -> None:
    for one in drawn(chart).iter():
        assert str(one.tag).rpartition("}")[2] not in ("script", "style")
        assert not [name for name in one.attrib if name == "style" or str(name).startswith("on")]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.key)
def test_a_drawing_is_named_and_described_or_hidden(drawn, chart: Chart) -> None:
    root = drawn(chart)
    by_id = {one.get("id"): one for one in root.iter() if one.get("id")}
    drawings = list(root.iter(SVG))
    inner = {nested for svg in drawings for nested in svg.iter(SVG) if nested is not svg}
    assert bool(drawings) != (chart.is_empty or isinstance(chart, Grid))
    for svg in drawings:
        if svg.get("role") == "img":
            assert words(by_id[svg.get("aria-labelledby")]) == chart.title
            assert chart.sentence in words(by_id[svg.get("aria-describedby")])
        else:
            assert svg in inner or svg.get("aria-hidden") == "true"


def test_ids_are_of_one_chart_alone(app: Flask) -> None:
    ids = re.findall(r'\bid="([^"]+)"', app.test_client().get("/").text)
    assert [name for name, times in Counter(ids).items() if times > 1] == []


# Sentences


@pytest.mark.parametrize(
    ("chart", "sentence"),
    [
        (Bars("a", "A"), "There is nothing to show."),
        (Bars("a", "A", rows=[Bar("X", Cell(0))]), "There are no cases."),
        (Bars("a", "A", rows=[Bar("X", Cell(None))]), "No number is shown."),
        (Bars("a", "A", rows=[Bar("X", Cell(1)), Bar("Y", Cell(0))]), "The highest number is 1 case: X."),
        (Bars("a", "A", rows=[Bar("X", Cell(2)), Bar("Y", Cell(2))]), "The highest number is 2 cases: X and Y."),
        (Bars("a", "A", rows=[Bar(str(one), Cell(1200)) for one in range(3)]),
         "The highest number is 1,200 cases, 3 times."),
        (Bars("a", "A", rows=[Bar("X", Cell(1))], summary="X it is."), "X it is."),
        (Bars("a", "A", rows=[Bar("X", Cell(10)), Bar("Y", Cell(PROTECTED))]),
         "The highest number shown is 10 cases: X."),
        (Bars("a", "A", rows=[Bar("X", Cell(0)), Bar("Y", Cell(PROTECTED))]), "No number above 0 is shown."),
        (Grid("a", "A", columns=["Q1", "Q2"], rows=[GridRow("X", [Cell(10), Cell(PROTECTED)])]),
         "The highest number shown is 10 cases: X, Q1."),
        (Grid("a", "A", columns=["Q1"], rows=[GridRow("X", cells(7))]), "The highest number is 7 cases: X, Q1."),
        (OverTime("a", "A", periods=[Period("Q1"), Period("Q2")], series=[Series("Added", cells(9, 4))]),
         "Added: 4 cases in Q2; the highest number was 9, in Q1."),
        (OverTime("a", "A", periods=[Period("Q1"), Period("Q2")], series=[Series("Added", cells(1, 2))]),
         "Added: 2 cases in Q2, the highest number."),
        (OverTime("a", "A", periods=[Period("Q1"), Period("Q2")], series=[Series("Added", cells(0, 0))]),
         "Added: 0 cases in Q2, as in each period."),
        (OverTime("a", "A", periods=[Period("Q1"), Period("Q2"), Period("Q3")],
                  series=[Series("Added", [Cell(PROTECTED), Cell(10), Cell(10)])]),
         "Added: 10 cases in Q3, as in each period shown."),
        (OverTime("a", "A", periods=[Period("Q1"), Period("Q2"), Period("Q3")],
                  series=[Series("Added", [Cell(PROTECTED), Cell(10), Cell(15)])]),
         "Added: 15 cases in Q3, the highest number shown."),
        (OverTime("a", "A", periods=[Period("Q1")], series=[Series("Added", cells(None))]),
         "Added: no number is shown."),
        (Ranges("a", "A", rows=[Range("X", *cells(1, 2, 3, 4)), Range("Y", *cells(0, 1, 3, 4))]),
         "The longest median is 2 days: X. The shortest is 1 day: Y."),
        (Ranges("a", "A", rows=[Range("X", *cells(1, 28.5, 30, 4))]), "The median is 28.5 days."),
        (Ranges("a", "A", rows=[Range("X", *cells(1, 28.5, 30, 4)), Range("Y", *[Cell(PROTECTED)] * 4)]),
         "The median is 28.5 days: X."),
    ],
)  # fmt: skip
def test_a_chart_says_what_it_shows(chart: Chart, sentence: str) -> None:
    assert chart.sentence == sentence


def test_a_name_from_right_to_left_does_not_pull_along_what_follows() -> None:
    chart = Bars("a", "A", rows=[Bar(ARABIC, Cell(1))])
    assert chart.sentence == f"The highest number is 1 case: \u2068{ARABIC}\u2069."


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1204, "1,204"), (1_000_000, "1,000,000"), (28.5, "28.5"), (28.04, "28"), (-3, "\N{MINUS SIGN}3")],
)
def test_numbers_have_separators(number: float, text: str) -> None:
    assert written(number) == text


def test_a_quarter_is_a_part_of_its_financial_year() -> None:
    assert Period.of(Quarter(2021, 2)) == ("2021-22-Q2", "Q2", "2021-22")


@pytest.mark.parametrize(
    ("period", "halves"),
    [
        (Period.of(Quarter(2021, 2)), ("2021-22-", "Q2")),
        (Period("March"), ("March", "")),
        (Period("Q2", "Q2"), ("", "Q2")),
    ],
)
def test_a_line_ends_within_a_quarter_after_its_year(period: Period, halves: tuple[str, str]) -> None:
    assert period.halves == halves


# Where things stand


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_scale_holds_its_numbers_in_few_round_steps(one: float, other: float) -> None:
    lowest, highest = sorted((one, other))
    scale = scale_for(lowest, highest)
    assert scale.lowest <= min(lowest, 0)
    assert scale.highest >= max(highest, 0)
    assert 2 <= len(scale.ticks) <= MOST_STEPS + 1
    assert 0 in scale.ticks
    assert scale.ticks[-1] == scale.highest
    assert str(scale.step).rstrip("0") in ("1", "2", "5")
    assert 0 <= scale.at(lowest) <= scale.at(highest) <= 100


@given(st.lists(st.one_of(st.none(), st.integers(0, 1_000_000)), min_size=2, max_size=4))
def test_letters_stand_apart_at_the_ends_of_lines(last: list[int | None]) -> None:
    chart = OverTime("time", "Time", periods=quarters(1), series=[Series("One", cells(number)) for number in last])
    ends = sorted(line.end for line in chart.lines if line.end is not None)
    assert len(ends) == len([number for number in last if number is not None])
    assert all(0 <= end <= 100 for end in ends)
    assert all(after - before >= LINE_OF_TEXT - 0.01 for before, after in pairwise(ends))


@pytest.mark.parametrize(
    ("highest", "shades"),
    [
        (0, []),
        (1, [(1, "1")]),
        (3, [(3, "3")]),
        (10, [(5, "9 to 10")]),
        (1_000_000, [(5, "800,001 to 1,000,000")]),
    ],
)
def test_a_shade_stands_for_whole_numbers(highest: int, shades: list[tuple[int, str]]) -> None:
    chart = Grid("grid", "Grid", columns=["One"], rows=[GridRow("Row", cells(highest))])
    assert chart.shades == shades


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=9))
def test_a_larger_number_is_never_lighter(numbers: list[int]) -> None:
    row = GridRow("Row", cells(*sorted(numbers)))
    chart = Grid("grid", "Grid", columns=[""] * len(numbers), rows=[row])
    found = [chart.shade(cell) for cell in row.cells]
    assert found == sorted(found, key=lambda shade: shade or 0)
    assert all(shade is not None and 0 <= shade <= 5 and (shade > 0) == bool(cell.number)
               for shade, cell in zip(found, row.cells, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("key", "looks"), [("grid", "grid.known"), ("forty", "bars.known"), ("lines", "over_time.scale_for")]
)
def test_the_largest_of_many_numbers_is_looked_for_once(drawn, monkeypatch, key: str, looks: str) -> None:
    module, name = looks.split(".")
    kind = import_module(f"app.nhsuk.charts.{module}")
    looking = Mock(wraps=getattr(kind, name))
    monkeypatch.setattr(kind, name, looking)
    drawn(replace(BY_KEY[key]))
    looking.assert_called_once()


# What cannot be drawn


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Bars("A title", "A"), "The key of a chart is of small letters"),
        (lambda: Bars("a", "A", rows=[Bar("X", Cell(-1))]), "below zero"),
        (
            lambda: Bars("a", "A", rows=[Bar("X", Cell(1), Cell(1))]),
            "Either all rows have a number of the period before",
        ),
        (lambda: Bars("a", "A", rows=[Bar("X", Cell(1))], before="Q1"), "Either all rows have a number"),
        (lambda: Grid("a", "A", columns=["Q1"], rows=[GridRow("X", cells(-1))]), "below zero"),
        (lambda: OverTime("a", "A", periods=quarters(1), series=[Series("X", cells(-1))]), "below zero"),
        (lambda: OverTime("a", "A", periods=quarters(2), series=[Series("X", cells(1))]), "for each period"),
        (lambda: OverTime("a", "A", periods=quarters(1), series=[Series("X", cells(1))] * 5), "Use Grid"),
        (lambda: Grid("a", "A", columns=["Q1"], rows=[GridRow("X", cells(1, 2))]), "for each column"),
        (lambda: Ranges("a", "A", rows=[Range("X", *cells(3, 2, 4, 9))]), "between its quartiles"),
        (lambda: Cell(float("nan")), "finite"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(make, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
