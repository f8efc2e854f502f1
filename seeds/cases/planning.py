"""Which demo cases there are: where, of what kind, when, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .grammar import Pair, read_pairs, read_sections
from .places import Place, places
from .stories import FAMILIES, TYPES, TYPES_BEFORE_MERGERS, Story, deal_stories
from .timing import (
    FIRST_DAY,
    Dates,
    Stage,
    choose_dates,
    choose_day,
    choose_duration,
    choose_incident,
    choose_stage,
    first_day_of_window,
)
from .writing import Writer

# The mergers of April 2021 are the last in the lists, and a demo is not set up before them.
EARLIEST = date(2021, 6, 1)
BEFORE_MERGERS = 60
LAST_SERIOUS_CASE_REVIEW = date(2019, 9, 29)

# Hand-written stories have a fixed place, in the order of their files.
PAIR_PLACES = ("84H", "84H", "16C", "16C", "93C", "93C", "13T", "15F", "15E", "26A", "15N", "72Q")
DUPLICATE_PLACES = ("84H", "93C", "00P", "52R")
SPECIAL_PLACES = ("00L", "11M", "15C")
# The last reason speaks of a predecessor, so the last place has one.
WITHDRAWN_PLACES = ("84H", "16C", "93C", "00L", "15F", "91Q", "12F", "06H", "36J")


@dataclass
class Draft:
    """A case on its way: where, what, when, and its overview."""

    place: Place
    review_type: str
    family: str
    themes: list[str]
    flags: frozenset[str]
    pool: str
    overview: str
    stage: Stage
    dates: Dates
    grown_from: Draft | None = None
    grown_into: Draft | None = None
    partnership: str = ""
    steis: str | None = None
    withdrawn_reason: str | None = None
    order: int = field(default=0)


class Planner:
    """Plans the cases of one demo. The same day and the same `rng` give the same cases."""

    def __init__(self, first_seeded_on: date, rng: Random, writer: Writer) -> None:
        if first_seeded_on < EARLIEST:
            raise ValueError("Demo cases can be seeded from 1 June 2021 on: some CCGs open two months before.")
        self._rng = rng
        self._writer = writer
        self._first = first_day_of_window(first_seeded_on)
        self._last = first_seeded_on - timedelta(days=1)
        self._places = {place.ccg: place for place in places()}
        self._taken: set[tuple[str, date, str]] = set()

    def plan(self) -> list[Draft]:
        left = {place.ccg: place.cases for place in places() if place.cases}
        drafts: list[Draft] = []
        for pair, ccg in zip(read_pairs("pairs.txt"), PAIR_PLACES, strict=True):
            drafts += self._plan_conversion(pair, self._places[ccg])
        for pair, ccg in zip(read_pairs("duplicates.txt"), DUPLICATE_PLACES, strict=True):
            drafts += self._plan_duplicates(pair, self._places[ccg])
        for (heading, lines), ccg in zip(read_sections("special.txt").items(), SPECIAL_PLACES, strict=True):
            drafts.append(self._plan_special(heading, lines[0], self._places[ccg]))
        for draft in drafts:
            left[draft.place.ccg] -= 1
        drafts += self._plan_rest(left)
        drafts += self._plan_before_mergers()
        for order, draft in enumerate(drafts):
            draft.order = order
        return sorted(drafts, key=lambda one: (one.dates.added, one.order))

    def _plan_rest(self, left: dict[str, int]) -> list[Draft]:
        slots = [self._places[ccg] for ccg, count in left.items() for _ in range(count)]
        stories = deal_stories(TYPES, len(slots), 2, self._rng)
        withdrawn = dict(zip(WITHDRAWN_PLACES, read_sections("withdrawals.txt")["reasons"], strict=True))
        drafts = []
        for place, story in zip(slots, stories, strict=True):
            added = choose_day(max(self._first, place.opened_on), self._last, self._rng)
            drafts.append(self._plan_story(place, story, added, withdrawn.pop(place.ccg, None)))
        return drafts

    def _plan_before_mergers(self) -> list[Draft]:
        """Cases from April 2019 to March 2021 under CCGs that have since merged. One is added on its CCG's last day."""
        merged = [place for place in places() if place.closed_on]
        of_demo_editors = [place for place in merged if place.line in ("84H", "16C", "93C")]
        slots = of_demo_editors + merged
        while len(slots) < BEFORE_MERGERS:
            slots.append(self._rng.choice(merged))
        drafts = []
        stories = deal_stories(TYPES_BEFORE_MERGERS, BEFORE_MERGERS, 0, self._rng)
        on_last_day = next(number for number, story in enumerate(stories) if story.review_type != "scr")
        for number, (place, story) in enumerate(zip(slots, stories, strict=True)):
            last = LAST_SERIOUS_CASE_REVIEW if story.review_type == "scr" else place.closed_on or self._last
            added = choose_day(FIRST_DAY, last, self._rng)
            if number == on_last_day:
                added = last
            stage = Stage.STALE if number in (3, 19, 31) and story.review_type != "rapid_review" else None
            drafts.append(self._plan_story(place, story, added, stage=stage))
        return drafts

    def _plan_story(
        self, place: Place, story: Story, added: date, withdrawn_reason: str | None = None, stage: Stage | None = None
    ) -> Draft:
        situation, overview = self._writer.write_overview(story.family, story.theme, story.review_type, place.line)
        wanted = self._rng.choices((0, 1, 2), (20, 40, 40))[0]
        themes = [story.theme, *situation.also[:wanted]]
        if story.family.startswith("dhr") and "domestic_abuse" not in themes:
            themes[1:] = ["domestic_abuse", *themes[1:2]]
        incident = self._choose_incident(place.ccg, story.review_type, added)
        duration = choose_duration(story.review_type, self._rng)
        if withdrawn_reason:
            stage = Stage.WITHDRAWN
        stage = stage or choose_stage(story.review_type, (self._last - added).days, duration, self._rng)
        return Draft(
            place=place,
            review_type=story.review_type,
            family="dhr" if story.family == "dhr_young" else story.family,
            themes=themes,
            flags=situation.flags,
            pool=situation.pool,
            overview=overview,
            stage=stage,
            dates=choose_dates(stage, incident, added, duration, self._last, self._rng),
            withdrawn_reason=withdrawn_reason,
        )

    def _choose_incident(self, ccg: str, review_type: str, added: date) -> date:
        """A day on which this CCG has no other case of this type: chance must make no likely duplicate."""
        while True:
            incident = choose_incident(review_type, added, self._rng)
            if (ccg, incident, review_type) not in self._taken:
                self._taken.add((ccg, incident, review_type))
                return incident

    def _written(self, place: Place, pair: Pair, overview: str, review_type: str, stage: Stage, dates: Dates) -> Draft:
        self._writer.claim(overview)
        self._taken.add((place.ccg, dates.incident, review_type))
        family = FAMILIES[review_type][-1]
        return Draft(place, review_type, family, list(pair.themes), pair.flags, "", overview, stage, dates)

    def _plan_conversion(self, pair: Pair, place: Place) -> list[Draft]:
        """A rapid review, closed within weeks, and the full review that grew out of it."""
        earliest = max(self._first, place.opened_on)
        added = choose_day(earliest, self._last - timedelta(days=110), self._rng)
        incident = self._choose_incident(place.ccg, "rapid_review", added)
        taken = self._rng.randint(18, 60)
        dates = choose_dates(Stage.CLOSED_EMBARGOED, incident, added, taken, self._last, self._rng)
        rapid = self._written(place, pair, pair.first, "rapid_review", Stage.CLOSED_EMBARGOED, dates)
        full_added = choose_day(added + timedelta(days=taken), added + timedelta(days=taken + 14), self._rng)
        duration = choose_duration(pair.review_type, self._rng)
        stage = choose_stage(pair.review_type, (self._last - full_added).days, duration, self._rng)
        dates = choose_dates(stage, incident, full_added, duration, self._last, self._rng)
        full = self._written(place, pair, pair.second, pair.review_type, stage, dates)
        full.grown_from, rapid.grown_into = rapid, full
        return [rapid, full]

    def _plan_duplicates(self, pair: Pair, place: Place) -> list[Draft]:
        """The same incident recorded twice within days by two colleagues."""
        added = choose_day(self._last - timedelta(days=45), self._last - timedelta(days=12), self._rng)
        incident = choose_incident(pair.review_type, added, self._rng)
        again = choose_day(added + timedelta(days=1), added + timedelta(days=6), self._rng)
        return [
            self._written(
                place,
                pair,
                overview,
                pair.review_type,
                Stage.OPEN,
                choose_dates(Stage.OPEN, incident, day, 0, self._last, self._rng),
            )
            for overview, day in ((pair.first, added), (pair.second, again))
        ]

    def _plan_special(self, heading: str, overview: str, place: Place) -> Draft:
        _, review_type, *words = heading.split()
        flags = frozenset({"died", "alive", "crime"}.intersection(words))
        pair = Pair(review_type, tuple(word for word in words if word not in flags), flags, overview, "")
        earliest = max(self._first, place.opened_on)
        added = choose_day(earliest, self._last - timedelta(days=1), self._rng)
        duration = choose_duration(review_type, self._rng)
        stage = choose_stage(review_type, (self._last - added).days, duration, self._rng)
        incident = self._choose_incident(place.ccg, review_type, added)
        dates = choose_dates(stage, incident, added, duration, self._last, self._rng)
        return self._written(place, pair, overview, review_type, stage, dates)
