"""When things happen in a demo case: every date follows from the day it was added and the stage it has reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random

FIRST_DAY = date(2019, 4, 1)

# Days from recording to closing, by type of review.
DURATIONS = {
    "sar_mandatory": (260, 680),
    "sar_discretionary": (200, 480),
    "sar_in_rapid_time": (60, 150),
    "dhr": (380, 860),
    "dhr_16_or_17": (340, 700),
    "rapid_review": (18, 110),
    "lcspr": (220, 560),
    "ncspr": (280, 600),
    "thematic_or_joint": (300, 620),
    "scr": (240, 500),
    "other": (90, 250),
}
# Days from the incident to recording.
DELAYS = {
    "sar_mandatory": (14, 200),
    "sar_discretionary": (14, 240),
    "sar_in_rapid_time": (5, 40),
    "dhr": (7, 80),
    "dhr_16_or_17": (7, 60),
    "rapid_review": (1, 12),
    "lcspr": (20, 120),
    "ncspr": (30, 200),
    "thematic_or_joint": (30, 400),
    "scr": (60, 300),
    "other": (10, 200),
}
STALE_AFTER = 95
HOLIDAYS = {(12, 24), (12, 25), (12, 26), (12, 31), (1, 1)}


class Stage(StrEnum):
    """How far a review has come."""

    OPEN = "open"
    STALE = "open without a recent update"
    SIGNED_OFF = "signed off"
    PLANNED = "publication planned"
    PUBLISHED = "published and still open"
    CLOSED_PUBLIC = "closed and public"
    CLOSED_EMBARGOED = "closed and embargoed"
    WITHDRAWN = "withdrawn"


CLOSED = frozenset({Stage.CLOSED_PUBLIC, Stage.CLOSED_EMBARGOED})
WITH_LESSONS = CLOSED | {Stage.SIGNED_OFF, Stage.PLANNED, Stage.PUBLISHED}


@dataclass(frozen=True)
class Dates:
    """The dates of one case."""

    incident: date
    added: date
    updated: date
    signed_off: date | None = None
    published: date | None = None
    closed: date | None = None
    withdrawn: date | None = None


def first_day_of_window(first_seeded_on: date) -> date:
    """The first day of the ninth full financial-year quarter before this day. Q1 is April to June."""
    months = first_seeded_on.year * 12 + (first_seeded_on.month - 1) // 3 * 3 - 27
    return max(FIRST_DAY, date(months // 12, months % 12 + 1, 1))


def choose_day(first: date, last: date, rng: Random) -> date:
    """A day from first to last, a working day of the week where that can be had. Gives first when last is earlier."""
    span = max(0, (last - first).days)
    day = first + timedelta(days=rng.randint(0, span))
    for _ in range(6):
        if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS:
            break
        day = first + timedelta(days=rng.randint(0, span))
    return day


def choose_moment(day: date, rng: Random) -> datetime:
    """A moment in office hours."""
    return datetime.combine(day, time(8, 30), UTC) + timedelta(seconds=rng.randint(0, 8 * 3600))


def choose_incident(review_type: str, added: date, rng: Random) -> date:
    shortest, longest = DELAYS[review_type]
    if review_type != "rapid_review" and rng.random() < 0.05:
        longest = 700
    return added - timedelta(days=rng.randint(shortest, longest))


def choose_duration(review_type: str, rng: Random) -> int:
    return rng.randint(*DURATIONS[review_type])


def choose_stage(review_type: str, age: int, duration: int, rng: Random) -> Stage:
    """The stage of a case that was added `age` days ago and takes `duration` days to close."""
    chance = rng.random()
    if age >= duration:
        public = 0.06 if review_type == "rapid_review" else 0.3 if review_type == "other" else 0.72
        return Stage.CLOSED_PUBLIC if chance < public else Stage.CLOSED_EMBARGOED
    if age > 150 and review_type != "rapid_review":
        if chance < 0.16:
            return Stage.SIGNED_OFF
        if chance < 0.26:
            return Stage.PLANNED
        if chance < 0.33:
            return Stage.PUBLISHED
    if age > STALE_AFTER + 10 and chance > 0.75:
        return Stage.STALE
    return Stage.OPEN


def choose_dates(stage: Stage, incident: date, added: date, duration: int, last: date, rng: Random) -> Dates:
    """The dates of a case at this stage, none later than `last` but for a planned publication."""
    recent = max(added, last - timedelta(days=80))
    if stage is Stage.OPEN:
        return Dates(incident, added, choose_day(recent, last, rng))
    if stage is Stage.STALE:
        earliest = max(added, last - timedelta(days=290))
        return Dates(incident, added, choose_day(earliest, last - timedelta(days=STALE_AFTER), rng))
    if stage is Stage.WITHDRAWN:
        withdrawn = choose_day(added, min(last, added + timedelta(days=24)), rng)
        return Dates(incident, added, added, withdrawn=withdrawn)
    if stage in CLOSED:
        closed = added + timedelta(days=duration)
        closed -= timedelta(days=max(0, closed.weekday() - 4))
        signed_off = choose_day(closed - timedelta(days=max(1, duration // 3)), closed - timedelta(days=1), rng)
        published = choose_day(signed_off + timedelta(days=1), closed, rng) if stage is Stage.CLOSED_PUBLIC else None
        return Dates(incident, added, closed, signed_off, published, closed)
    signed_off = choose_day(recent, last - timedelta(days=12), rng)
    if stage is Stage.SIGNED_OFF:
        return Dates(incident, added, choose_day(signed_off, last, rng), signed_off)
    if stage is Stage.PLANNED:
        ahead = choose_day(last + timedelta(days=9), last + timedelta(days=75), rng)
        return Dates(incident, added, choose_day(signed_off, last, rng), signed_off, ahead)
    published = choose_day(signed_off + timedelta(days=1), last - timedelta(days=3), rng)
    return Dates(incident, added, choose_day(published, last, rng), signed_off, published)
