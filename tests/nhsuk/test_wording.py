"""Dates and moments in the words of the NHS service manual."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.nhsuk.wording import nhs_date, nhs_moment, until


def test_a_date_is_written_out() -> None:
    assert nhs_date(date(2025, 12, 31)) == "31 December 2025"
    assert nhs_date(date(2025, 1, 1)) == "1 January 2025"


def test_nothing_is_written_for_no_date_and_no_moment() -> None:
    assert nhs_date(None) == ""
    assert nhs_moment(None) == ""


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2025, 12, 31, 10, 30, tzinfo=UTC), "31 December 2025 at 10:30am"),
        (datetime(2025, 12, 31, 9, 0, tzinfo=UTC), "31 December 2025 at 9am"),
        (datetime(2025, 12, 31, 12, 0, tzinfo=UTC), "31 December 2025 at midday"),
        (datetime(2025, 12, 31, 0, 0, tzinfo=UTC), "31 December 2025 at midnight"),
        (datetime(2025, 12, 31, 0, 5, tzinfo=UTC), "31 December 2025 at 12:05am"),
        (datetime(2025, 12, 31, 12, 5, tzinfo=UTC), "31 December 2025 at 12:05pm"),
        (datetime(2025, 12, 31, 17, 30, tzinfo=UTC), "31 December 2025 at 5:30pm"),
        # Summer time: an hour ahead of UTC.
        (datetime(2025, 6, 30, 11, 0, tzinfo=UTC), "30 June 2025 at midday"),
        (datetime(2025, 6, 30, 23, 0, tzinfo=UTC), "1 July 2025 at midnight"),
        # The night of 26 October 2025: the clocks go back at 1am UTC.
        (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), "26 October 2025 at 1:30am"),
        (datetime(2025, 10, 26, 1, 30, tzinfo=UTC), "26 October 2025 at 1:30am"),
    ],
)
def test_a_moment_is_told_by_the_clock_in_london(moment: datetime, words: str) -> None:
    assert nhs_moment(moment) == words


def test_the_day_of_a_moment_is_the_day_in_london() -> None:
    assert nhs_date(datetime(2025, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2025"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        nhs_moment(datetime(2025, 12, 31, 10, 30))  # noqa: DTZ001


def test_a_cut_off_at_midnight_is_the_end_of_a_day() -> None:
    assert until(datetime(2021, 6, 30, 23, 0, tzinfo=UTC)) == "end of 30 June 2021"
    assert until(datetime(2021, 7, 9, 16, 30, tzinfo=UTC)) == "9 July 2021 at 5:30pm"
