"""The themes view: each number leads to as many cases, files say what the page says, and nothing foreign is counted."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g

from admin_views.themes import theme_charts
from admin_views.themes.theme_charts import Links, rows_of
from admin_views.themes.themes import SHOWN
from app.access.current import begin, current_access, lookups
from app.nhsuk.charts import Bars, Cell, Grid, OverTime
from app.rules.quarters import quarter_of
from app.themes.choice import read_choice
from app.themes.counts import Counts
from models import Person, db
from tests.conftest import TODAY, add_case
from tests.themes.test_counts import CHOICES, some_cases
from tests.visitor import Visitor

CHOSEN = {
    **CHOICES,
    "a pair of a theme": {"theme": "neglect", "theme_place": "any", **CHOICES["a year"]},
    "first and more": {"theme_place": "first", "status": "open", "area_as": "today", **CHOICES["everything"]},
}


def charts_of(app: Flask, account: str, show: str, args: dict[str, str]) -> list[Any]:
    with app.test_request_context("/themes/"):
        begin(db.session(), db.session.query(Person).filter_by(subject=account).one())
        read = read_choice(args, current_access().readable_ccgs, lookups())
        links = Links(read.choice, lookups())
        found = list(SHOWN[show][1](Counts(db.session(), read.choice, lookups()), links))
        g.pop("access")
        return found


def numbers_of(chart: Any) -> Iterator[tuple[str, Cell]]:
    """Each number of a chart that leads somewhere, with the name of its row."""
    if isinstance(chart, Bars):
        for row in chart.rows:
            yield from ((row.name, cell) for cell in (row.now, row.before) if cell is not None)
    elif isinstance(chart, Grid):
        yield from ((row.name, cell) for row in chart.rows for cell in row.cells)
    elif isinstance(chart, OverTime):
        yield from ((one.name, cell) for one in chart.series for cell in one.cells)


@pytest.mark.parametrize("account", ["england", "ccg-84H"])
def test_each_number_leads_to_as_many_cases(app: Flask, account: str) -> None:
    some_cases(app, random.Random(7))
    visitor, chance, followed = Visitor(app).sign_in(account), random.Random(7), 0
    for name, args in list(CHOSEN.items())[:: 1 if account == "england" else 3]:
        for show in SHOWN:
            for chart in charts_of(app, account, show, args):
                found = [(row, cell) for row, cell in numbers_of(chart) if cell.value]
                for row, cell in chance.sample(found, min(1, len(found))):
                    assert cell.href, (name, chart.key, row)
                    page = visitor.get(cell.href)
                    said = re.search(r'tracker-results__count">([\d,]+) case', page.text)
                    assert said, (name, chart.key, row, cell.href)
                    assert int(said[1]) == cell.value, (name, chart.key, row, cell.href)
                    assert "not understood" not in page.text
                    followed += 1
    assert followed > 30


def test_a_file_says_what_the_page_says(app: Flask) -> None:
    some_cases(app, random.Random(7))
    visitor = Visitor(app).sign_in("england")
    for show in SHOWN:
        for chart in charts_of(app, "england", show, CHOICES["everything"]):
            answer = visitor.get(
                "/themes/csv/", query_string=CHOICES["everything"] | {"show": show, "table": chart.key}
            )
            assert list(csv.reader(io.StringIO(answer.text, newline=""))) == rows_of(chart)
            assert f'filename="themes-{chart.key}-exact-' in answer.headers["Content-Disposition"]
            page = visitor.get("/themes/", query_string=CHOICES["everything"] | {"show": show}).text
            for row in rows_of(chart)[1:3]:
                assert row[0].replace("'", "&#39;") in page


def test_an_empty_period_says_so_and_nonsense_is_named(app: Flask) -> None:
    visitor = Visitor(app).sign_in("ccg-84H")
    for show in SHOWN:
        page = visitor.get("/themes/", query_string={"show": show, "from": "1999-00-Q1", "to": "1999-00-Q1"})
        assert page.status_code == 200
    said = visitor.get("/themes/?show=x&from=soon&theme=%00&level=moon&ccg=93C&table=%F0").text
    assert "Left out, because it was not understood: CCG, Theme, quarter" in said
    assert visitor.get("/themes/csv/?show=overview&table=nothing").status_code == 404
    assert visitor.get("/themes/csv/?show=overview&table=states&from=soon").status_code == 400


@pytest.mark.parametrize(("account", "status"), [("administrator", 403), ("no-access", 403), ("stp-QHM", 200)])
def test_who_reads_no_case_reads_no_themes(app: Flask, account: str, status: int) -> None:
    visitor = Visitor(app).sign_in(account)
    for address in ("/themes/", "/themes/csv/?show=overview&table=states"):
        assert visitor.get(address).status_code == status


def test_areas_are_those_of_the_highest_level_of_which_there_are_several(app: Flask) -> None:
    add_case(app, "84H")
    add_case(app, "16C")
    assert "Cases by region" in Visitor(app).sign_in("england").get("/themes/?show=areas").text
    assert "Cases by STP" in Visitor(app).sign_in("region-Y63").get("/themes/?show=areas").text
    page = Visitor(app).sign_in("england").get("/themes/?show=areas&level=ccg").text
    assert "Cases by CCG" in page
    assert theme_charts.LEVEL_WORDS["ccg"] in page


def test_a_period_is_said_in_months_and_one_that_lasts_is_not_taken_for_whole(app: Flask) -> None:
    visitor = Visitor(app).sign_in("england")
    ended = visitor.get("/themes/?from=2020-21-Q1&to=2020-21-Q4").text
    assert "April 2020 to March 2021 (2020-21-Q1 to 2020-21-Q4), by date added.<" in ended
    assert "July to September 2020 (2020-21-Q2)" in visitor.get("/themes/?from=2020-21-Q2&to=2020-21-Q2").text
    assert f"{quarter_of(TODAY).name} is not over yet." in visitor.get("/themes/").text


def test_a_file_says_on_its_own_which_quarters_it_is_of(app: Flask) -> None:
    answer = (
        Visitor(app).sign_in("england").get("/themes/csv/?show=overview&table=themes&from=2020-21-Q1&to=2020-21-Q4")
    )
    assert answer.text.splitlines()[0] == 'Theme,Cases,"The period before, 2019-20-Q1 to 2019-20-Q4"'
    assert "-2020-21-Q1-to-2020-21-Q4-on-" in answer.headers["Content-Disposition"]


def test_a_number_that_is_read_by_itself_says_what_it_counts_and_says_it_once(app: Flask) -> None:
    add_case(app, "84H")
    page = Visitor(app).sign_in("england").get("/themes/?from=2018-19-Q1").text
    names = {re.sub(r"<[^>]+>", "", name) for name in re.findall(r'<a [^>]*href="/cases/\?[^>]*>(.*?)</a>', page)}
    assert "1 case, Open" in names
    assert not any(name.endswith(", Cases") for name in names)
