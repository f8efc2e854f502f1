"""What is prepared for sharing: the numbers are those of plain Python, protected, and nobody can work one back out."""

from __future__ import annotations

import csv
import io
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from flask import Flask
from scipy.optimize import linprog
from scipy.sparse import lil_array

from admin_views.themes.sharing_charts import of_rapid_reviews
from app.access.current import current_access, lookups
from app.rules.protection import ENOUGH, NEAREST, SMALL, Level, Shown, rounded
from app.rules.quarters import Quarter
from app.themes.presets import Area, Span, areas_for, spans_at
from app.themes.sharing import Fact, prepare, protected_together
from models import db
from models.enumerations import Status
from tests.conftest import TODAY
from tests.themes.test_counts import Plain, as_account, days_of, some_cases
from tests.visitor import Visitor

YEAR, QUARTER = Span(tuple(Quarter(2020, number) for number in (1, 2, 3, 4))), Span((Quarter(2020, 4),))
RAPID = frozenset({"rapid"})


def areas() -> dict[str, Area]:
    return {one.name: one for one in areas_for(current_access().readable_ccgs, lookups())}


# What a reader works out: the least and the most that each count can be, by linear programming


def belong_together(exact: Mapping[Fact, int], span: Span, rapid: frozenset[Any]) -> Iterator[dict[Fact, int]]:
    """What everybody knows, each as weights of counts that add up to at most zero; said here again."""
    for name in {span.name, *(quarter.name for quarter in span.quarters)}:
        of = {table: [one for one in exact if (one.span, one.chart) == (name, table)] for table in TABLES}
        everything = Fact(name, "cases", "all")
        rapid_ones = Fact(name, "cases", "rapid")
        signed, published, whole, grown = (
            Fact(name, "times", row) for row in ("signed_off", "published", "whole", "grown")
        )
        for table in ("states", "types", "areas"):
            yield {everything: 1} | dict.fromkeys(of[table], -1)
            yield {everything: -1} | dict.fromkeys(of[table], 1)
        yield {everything: 1} | dict.fromkeys(of["themes"], -1)
        yield {everything: -3} | dict.fromkeys(of["themes"], 1)
        yield {rapid_ones: 1} | {one: -1 for one in of["types"] if one.row in rapid}
        yield {rapid_ones: -1} | {one: 1 for one in of["types"] if one.row in rapid}
        yield from ({theme: 1, everything: -1} for theme in of["themes"])
        yield from ({grown: 1, rapid_ones: -1}, {signed: 1, everything: -1}, {published: 1, signed: -1})
        yield from ({published: 1, whole: -1}, {published: -1, whole: 1})
        yield {Fact(name, "states", Status.CLOSED): 1, signed: -1}
    if span.is_year:
        for fact in exact:
            if fact.span == span.name:
                parts = [fact._replace(span=quarter.name) for quarter in span.quarters]
                weights = dict.fromkeys([part for part in parts if part in exact], 1)
                yield {fact: -1} | weights
                yield {fact: 1} | {part: -weight for part, weight in weights.items()}


STATUS = {status.value: status for status in Status}
TABLES = ("states", "types", "areas", "themes")


def says(count: int, shown: Shown) -> tuple[float, float]:
    """What one count says by itself, to somebody who knows of each star whether it stands for 1 to 7."""
    if count == 0:
        return 0, 0
    if shown.level is Level.LEFT_OUT:
        return 1, math.inf
    if shown.number is None:
        return (1, SMALL) if count <= SMALL else (SMALL + 1, math.inf)
    return max(SMALL + 1, shown.number - NEAREST // 2), shown.number + NEAREST // 2


def given_back(
    exact: Mapping[Fact, int], shown: Mapping[Fact, Shown], span: Span, rapid: frozenset[Any]
) -> dict[Fact, tuple[float, float]]:
    """The counts of which fewer than four values are possible, with the least and the most."""
    exact = dict(exact)
    if span.is_year:
        year: Counter[Fact] = Counter()
        for fact, number in exact.items():
            year[fact._replace(span=span.name)] += number
        exact |= year
    assert exact.keys() == shown.keys()
    at = {fact: index for index, fact in enumerate(exact)}
    known = list(belong_together(exact, span, rapid))
    weights = lil_array((len(known), len(at)))
    for row, relation in enumerate(known):
        assert sum(weight * exact[fact] for fact, weight in relation.items()) <= 0, relation
        for fact, weight in relation.items():
            weights[row, at[fact]] = weight
    bounds = [says(number, shown[fact]) for fact, number in exact.items()]
    found = {}
    for fact, number in exact.items():
        if not number or shown[fact].level is Level.LEFT_OUT:
            continue
        target = np.zeros(len(at))
        target[at[fact]] = 1
        least, most = (
            linprog(sign * target, A_ub=weights.tocsr(), b_ub=np.zeros(len(known)), bounds=bounds) for sign in (1, -1)
        )
        low, high = least.fun, math.inf if most.status == 3 else -most.fun
        assert low - 1e-6 <= number <= high + 1e-6
        if high < math.inf and math.floor(high + 1e-6) - math.ceil(low - 1e-6) + 1 < ENOUGH:
            found[fact] = low, high
    return found


def invented(chance: random.Random, span: Span) -> Counter[Fact]:
    """Counts as cases make them, of an area of any size."""
    themes, types, parts = chance.choice((3, 8, 20)), chance.choice((2, 4, 9)), chance.choice((1, 2, 5))
    mean, found = chance.choice((3, 8, 12, 30, 80)), Counter[Fact]()
    for quarter in span.quarters:
        rows: list[tuple[str, Any]] = [("cases", "all"), ("cases", "rapid")]
        rows += [("states", status) for status in Status]
        rows += [("times", row) for row in ("signed_off", "published", "whole", "grown")]
        rows += [("areas", part) for part in range(parts)]
        found.update(dict.fromkeys((Fact(quarter.name, *row) for row in rows), 0))
        for _ in range(chance.choice((0, mean, chance.randrange(2 * mean)))):
            signed = chance.random() < 0.5
            published, closed = signed and chance.random() < 0.5, signed and chance.random() < 0.5
            type_ = min(chance.randrange(types), chance.randrange(types)) or "rapid"
            of_case: list[tuple[str, Any]] = [("cases", "all"), ("types", type_), ("areas", chance.randrange(parts))]
            of_case.append(("states", Status.CLOSED if closed else Status.OPEN))
            of_case += [("themes", one) for one in chance.sample(range(themes), chance.choice((1, 1, 2, 3)))]
            of_case += [("times", "signed_off")] * signed + [("times", "published"), ("times", "whole")] * published
            if type_ == "rapid":
                of_case += [("cases", "rapid"), *[("times", "grown")] * chance.choice((0, 1))]
            found.update(Fact(quarter.name, *row) for row in of_case)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_count_is_given_back_by_all_that_is_shown(seed: int) -> None:
    chance = random.Random(seed)
    span = YEAR if seed % 3 else QUARTER
    exact = invented(chance, span)
    shown = protected_together(exact, span, RAPID)
    assert given_back(exact, shown, span, RAPID) == {}
    for fact, number in exact.items():
        assert str(shown[fact]) in ("*", f"{rounded(number)}")
        assert str(shown[fact]) == "*" or not 1 <= number <= SMALL


@pytest.mark.parametrize("sizes", [[1] * 12, [7] * 4])
def test_the_simplest_traps(sizes: list[int]) -> None:
    """Twelve types of one case each with a total of 12; four of seven with 28."""
    all_, zero = sum(sizes), [("cases", "rapid"), ("states", Status.CLOSED)]
    zero += [("times", row) for row in ("signed_off", "published", "whole", "grown")]
    rows: dict[tuple[str, Any], int] = dict.fromkeys(zero, 0)
    rows |= {("cases", "all"): all_, ("states", Status.OPEN): all_, ("areas", 1): all_}
    for number, size in enumerate(sizes):
        rows |= {("types", number): size, ("themes", number): size}
    exact = {Fact(QUARTER.name, *row): number for row, number in rows.items()}
    shown = protected_together(exact, QUARTER, RAPID)
    assert str(shown[Fact(QUARTER.name, "cases", "all")]) == "*"
    assert given_back(exact, shown, QUARTER, RAPID) == {}


def test_a_year_never_changes_how_its_quarters_are_shown() -> None:
    for seed in range(20):
        exact = invented(random.Random(seed), YEAR)
        year = protected_together(exact, YEAR, RAPID)
        for quarter in YEAR.quarters:
            alone = {fact: number for fact, number in exact.items() if fact.span == quarter.name}
            for fact, shown in protected_together(alone, Span((quarter,)), RAPID).items():
                assert year[fact] == shown


# The numbers of the service


def plain_counts(app: Flask, cases: list[dict[str, Any]], area: Area, span: Span) -> dict[Fact, int]:
    """Every count of a quarter or a year, by plain comparison."""
    args = {"from": span.quarters[0].name, "to": span.quarters[-1].name, "area_as": "today"}
    if area.place.kind != "country":
        args[area.place.kind] = area.place.code
    plain, found = Plain(app, cases, args, None), Counter[Fact]()
    part = {"country": "region", "region": "stp", "stp": "ccg"}[area.place.kind]
    by_code = {one.code: one.id for one in area.parts}
    for one in plain.chosen:
        rows: list[tuple[str, Any]] = [("cases", "all"), ("states", STATUS[one["status"]])]
        rows.append(("types", one["review_type_id"]))
        rows += [("areas", by_code[plain.area(one, part)]), *(("themes", theme) for theme in plain.themes(one))]
        signed = one["report_signed_off_on"]
        published = one["publication_date"] and one["publication_date"] <= TODAY
        rows += [("times", "signed_off")] * bool(signed) + [("times", "published"), ("times", "whole")] * bool(
            published
        )
        if one["rapid"]:
            grown = any(other["source"] == one["id"] for other in plain.cases)
            rows += [("cases", "rapid"), *[("times", "grown")] * grown]
        found.update(Fact(span.name, *row) for row in rows)
    first, last = span.quarters[0].first_day, span.quarters[-1].last_day
    for step in ("date_closed", "report_signed_off_on", "publication_date"):
        found[Fact(span.name, "steps", step)] = sum(
            bool(one[step]) and first <= one[step] <= min(last, TODAY) for one in plain.any_time
        )
    return found


@pytest.mark.parametrize("account", ["england", "region-Y63", "stp-QHM"])
def test_what_is_shown_is_what_plain_python_counts_and_gives_nothing_back(either_app: Flask, account: str) -> None:
    cases = some_cases(either_app, random.Random(11))
    compared = 0
    with as_account(either_app, account):
        found_areas = areas()
        prepared = {
            (area.name, span): prepare(db.session(), area, span, lookups())
            for area in list(found_areas.values())[:6]
            for span in (YEAR, QUARTER)
        }
        rapid = frozenset(one.id for one in lookups().codes["review_type"].values() if one.is_rapid_review)
    for (name, span), protected in prepared.items():
        area = found_areas[name]
        quarters: dict[Fact, int] = {}
        for quarter in span.quarters:
            quarters |= plain_counts(either_app, cases, area, Span((quarter,)))
        year = plain_counts(either_app, cases, area, span)
        exact = {fact: (quarters | year).get(fact, 0) for fact in protected.shown}
        assert {fact for fact, number in (quarters | year).items() if number} <= exact.keys()
        for fact, number in exact.items():
            assert str(protected.shown[fact]) in ("*", f"{rounded(number)}"), fact
            assert str(protected.shown[fact]) == "*" or not 1 <= number <= SMALL
            compared += bool(number)
        of_quarters = {fact: n for fact, n in exact.items() if fact.span in {one.name for one in span.quarters}}
        assert given_back(of_quarters, protected.shown, span, rapid) == {}
        for row, days in protected.medians.items():
            assert exact[Fact(span.name, "times", row)] > SMALL
            assert protected.of(span, "times", row).number == days.cases
            assert {days.lower % 1, days.median % 1, days.upper % 1} == {0}
    assert compared > 20


def test_a_median_is_that_of_the_cases(app: Flask) -> None:
    cases = some_cases(app, random.Random(11))
    with as_account(app, "england"):
        england = areas()["country-ENGLAND"]
        found = prepare(db.session(), england, YEAR, lookups()).medians["signed_off"]
    plain = Plain(app, cases, {"from": "2020-21-Q1", "to": "2020-21-Q4", "area_as": "today"}, None)
    days = days_of([one for one in plain.chosen if one["report_signed_off_on"]], "date_added", "report_signed_off_on")
    assert found.median == round(float(np.quantile(days, 0.5)))
    assert found.lower == round(float(np.quantile(days, 0.25)))


def test_only_spans_that_ended_and_areas_that_lie_in_scope_as_a_whole_are_offered(app: Flask) -> None:
    spans = spans_at(TODAY)
    assert (spans[0].name, spans[-5].name) == ("2021-22-Q3", "2020-21")
    assert all(one.quarters[-1].last_day < TODAY for one in spans)
    for account, kinds in {
        "england": {"country": 1, "region": 7, "stp": 42},
        "region-Y63": {"region": 1, "stp": 4},
        "stp-QHM": {"stp": 1},
        "ccg-84H": {},
        "two-ccgs": {},
    }.items():
        with as_account(app, account):
            assert Counter(one.place.kind for one in areas().values()) == kinds, account


# The page and its files


def test_files_say_what_the_page_says_and_are_named_protected(app: Flask) -> None:
    some_cases(app, random.Random(11))
    visitor = Visitor(app).sign_in("england")
    for args in ({"area": "region-Y63", "period": "2020-21"}, {"area": "country-ENGLAND", "period": "2020-21-Q4"}):
        page = visitor.get("/themes/sharing/", query_string=args).text
        assert "Small numbers are protected" in page
        keys = ["steps", "states", "themes", "types", "areas", "rapid", "times"]
        keys += ["quarters", "themes-by-quarter"] if args["period"] == "2020-21" else []
        for key in keys:
            answer = visitor.get("/themes/sharing/csv/", query_string=args | {"table": key})
            name = (
                f"sharing-{args['area'].partition('-')[2]}-{args['period']}-{key}-protected-on-{TODAY.isoformat()}.csv"
            )
            assert f'filename="{name}"' in answer.headers["Content-Disposition"]
            _, *rows = csv.reader(io.StringIO(answer.text, newline=""))
            for row in rows:
                assert row[0].replace("'", "&#39;").replace("&", "&amp;") in page or "&" in row[0]
                if key != "times":
                    assert all(cell == "*" or int(cell) % NEAREST == 0 for cell in row[1:])
        assert "/cases/?" not in page  # no number leads to its cases


def test_what_is_printed_to_be_shared_does_not_say_that_nobody_else_may_see_it(app: Flask) -> None:
    visitor = Visitor(app).sign_in("england")
    assert "and nobody else" in visitor.get("/themes/").text
    page = visitor.get("/themes/sharing/").text
    assert "and nobody else" not in page
    assert "Prepared for sharing: small numbers are protected." in page


def test_where_there_is_no_case_nothing_is_called_protected(app: Flask) -> None:
    visitor = Visitor(app).sign_in("stp-QHM")
    page = visitor.get("/themes/sharing/").text
    assert "0 rapid reviews were added; none became a full review." in page
    assert "Number protected" not in page
    assert "Each band holds" not in page


@pytest.mark.parametrize(
    ("rapid", "grown", "sentence"),
    [
        (15, 10, "15 rapid reviews were added; 10 became a full review."),
        (1200, None, "1,200 rapid reviews were added; a protected number became a full review."),
        (None, None, "A protected number of rapid reviews were added; a protected number became a full review."),
        (None, 0, "A protected number of rapid reviews were added; none became a full review."),
    ],
)
def test_what_became_of_rapid_reviews_is_said_with_what_is_shown(
    rapid: int | None, grown: int | None, sentence: str
) -> None:
    assert of_rapid_reviews(Shown(Level.SHOWN, rapid), Shown(Level.SHOWN, grown)) == sentence


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ("ccg-84H", 403),
        ("two-ccgs", 403),
        ("administrator", 403),
        ("no-access", 403),
        ("stp-QHM", 200),
        ("analyst", 200),
    ],
)
def test_who_reads_no_whole_area_prepares_nothing(app: Flask, account: str, status: int) -> None:
    visitor = Visitor(app).sign_in(account)
    for address in ("/themes/sharing/", "/themes/sharing/csv/?table=steps"):
        assert visitor.get(address).status_code == status
    if account.startswith(("ccg", "stp")):
        assert ("/themes/sharing/" in visitor.get("/themes/").text) == (status == 200)


def test_an_area_out_of_scope_and_nonsense_are_left_out(app: Flask) -> None:
    visitor = Visitor(app).sign_in("stp-QHM")
    for args in ({"area": "stp-QMJ"}, {"area": "region-Y63"}, {"area": "country-ENGLAND"}, {"area": "%00\x00"}):
        page = visitor.get("/themes/sharing/", query_string=args).text
        assert "Left out, because it was not understood: area" in page
        assert visitor.get("/themes/sharing/csv/", query_string=args | {"table": "steps"}).status_code == 400
    for period in ("2021-22-Q4", "2021-22", "1066", "2021-22-Q3 or so"):
        page = visitor.get("/themes/sharing/", query_string={"period": period}).text
        assert "Left out, because it was not understood: period" in page
    assert visitor.get("/themes/sharing/csv/?table=nothing").status_code == 404
