"""Quarters: their names, their days, and midnight in England."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.quarters import (
    ClocksChanged,
    Quarter,
    moment_in_england,
    moment_named,
    quarter_at,
    quarter_named,
    quarter_of,
)


@pytest.mark.parametrize(
    ("name", "first_day", "last_day"),
    [
        ("2021-22-Q1", date(2021, 4, 1), date(2021, 6, 30)),
        ("2021-22-Q2", date(2021, 7, 1), date(2021, 9, 30)),
        ("2021-22-Q3", date(2021, 10, 1), date(2021, 12, 31)),
        ("2021-22-Q4", date(2022, 1, 1), date(2022, 3, 31)),
        ("1999-00-Q4", date(2000, 1, 1), date(2000, 3, 31)),
    ],
)
def test_a_quarter_has_a_name_and_days(name, first_day, last_day):
    quarter = quarter_named(name)
    assert (quarter.first_day, quarter.last_day, quarter.name) == (first_day, last_day, name)
    assert quarter_of(first_day) == quarter_of(last_day) == quarter


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2021, 6, 30, 22, 59, 59, 999999, UTC), "2021-22-Q1"),
        (datetime(2021, 6, 30, 23, 0, tzinfo=UTC), "2021-22-Q2"),
        (datetime(2021, 6, 30, 23, 30, tzinfo=UTC), "2021-22-Q2"),
        # In winter England keeps UTC.
        (datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC), "2021-22-Q3"),
        (datetime(2022, 1, 1, tzinfo=UTC), "2021-22-Q4"),
        # The clocks go forward on 27 March, inside a quarter.
        (datetime(2022, 3, 31, 23, 0, tzinfo=UTC), "2022-23-Q1"),
    ],
)
def test_a_moment_lies_in_the_quarter_of_its_day_in_england(moment, name):
    assert quarter_at(moment).name == name


@given(
    st.integers(0, 95 * 366 * 86_400_000_000).map(
        lambda n: datetime(1995, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
    )
)
def test_every_moment_lies_in_one_quarter_and_quarters_meet(moment):
    quarter = quarter_at(moment)
    assert quarter.begins <= moment < quarter.ends
    assert quarter_at(quarter.begins) == quarter == quarter_named(quarter.name)
    assert quarter_at(quarter.begins - timedelta(microseconds=1)) == quarter.previous
    assert quarter.next.previous == quarter


@pytest.mark.parametrize(
    "text", ["", "2021-22", "2021-23-Q1", "2021-22-Q0", "2021-22-Q5", "2021-22-q1", " 2021-22-Q1", "2021-22-Q1\n",
             "0000-01-Q1", "9999-00-Q4", "\uff12\uff10\uff12\uff11-22-Q1", "2021/22 Q1"]
)  # fmt: skip
def test_what_is_no_name_of_a_quarter_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="named like 2021-22-Q1"):
        quarter_named(text)


def test_quarters_stand_in_order_of_time():
    assert sorted([Quarter(2022, 1), Quarter(2021, 4), Quarter(2021, 2)])[0].name == "2021-22-Q2"


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("2021-22-Q1", 91 * 24),
        ("2021-22-Q2", 92 * 24),
        # One hour comes twice on 31 October.
        ("2021-22-Q3", 92 * 24 + 1),
        # One hour is left out on 27 March.
        ("2021-22-Q4", 90 * 24 - 1),
        # 29 February, and the hour that is left out on 31 March, its last day.
        ("2023-24-Q4", 91 * 24 - 1),
    ],
)
def test_a_quarter_has_the_hours_that_england_had(name, hours):
    quarter = quarter_named(name)
    assert quarter.ends - quarter.begins == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        (date(2022, 3, 27), time(0, 59), datetime(2022, 3, 27, 0, 59, tzinfo=UTC)),
        (date(2022, 3, 27), time(2), datetime(2022, 3, 27, 1, 0, tzinfo=UTC)),
        (date(2021, 10, 31), time(0, 59), datetime(2021, 10, 30, 23, 59, tzinfo=UTC)),
        (date(2021, 10, 31), time(2), datetime(2021, 10, 31, 2, 0, tzinfo=UTC)),
        (date(2024, 2, 29), time(23, 59), datetime(2024, 2, 29, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_time_on_englands_clock_is_a_moment(day, at, moment):
    assert moment_in_england(day, at) == moment
    assert moment_named(f"{day.isoformat()}T{at.isoformat()}") == moment


@pytest.mark.parametrize("day", [date(2022, 3, 27), date(2021, 10, 31)], ids=["left out", "twice"])
@pytest.mark.parametrize("at", [time(1), time(1, 30), time(1, 59, 59)], ids=str)
def test_a_time_that_was_not_there_or_came_twice_is_none(day, at):
    with pytest.raises(ClocksChanged):
        moment_in_england(day, at)
    with pytest.raises(ValueError, match="The clocks changed in that hour"):
        moment_named(f"{day.isoformat()}T{at.isoformat()}")
    named = moment_named(f"{day.isoformat()}T{at.isoformat()}+00:00")
    assert named == datetime.combine(day, at, UTC)
