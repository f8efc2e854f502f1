"""Any number of generated cases, to measure the service with: a million take no more memory than a thousand.

`generated_cases` is pure: the same day and seed give the same cases, and fewer of them are the first of more. Texts are
put together from the narratives without regard to whether they fit, and from an invented vocabulary whose word number
n occurs about 1/n as often as its first. To search for there are

* COMMON_WORD, in about every second case,
* RARE_WORD, in one of 100,000 cases: the 778th, the 100,778th and so on,
* ABSENT_WORD, in none, nor does a word begin with it.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate, islice
from random import Random
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import CaseReview, DesignatedProfessional, ReviewType, Setting, Theme
from models.enumerations import MediaInterest, PartnershipKind, Publication, Status

from .cases.case import DemoCase
from .cases.finishing import COMMISSIONING, FOR_LOOKED_AFTER_CHILDREN, MEDIA, PROFESSIONALS
from .cases.grammar import choose_person, choose_words, fill, read_sections, situations
from .cases.numbers import READABLE
from .cases.places import Place, places
from .cases.planning import EARLIEST, LAST_SERIOUS_CASE_REVIEW
from .cases.stories import FAMILIES, THEMES, TYPES, TYPES_BEFORE_MERGERS
from .cases.timing import (
    CLOSED,
    FIRST_DAY,
    WITH_LESSONS,
    Dates,
    Stage,
    choose_dates,
    choose_day,
    choose_duration,
    choose_incident,
    choose_moment,
    choose_stage,
)
from .cases.writing import GROUPS, LEADS, UPDATES_BY_STAGE, say_day, say_month_after
from .demo_cases import FIRST_SEEDED_ON, SAME_WORDS
from .files import day_or_none, read_rows
from .reference import organisation_ids

COMMON_WORD = "review"
RARE_WORD = "quillarby"
ABSENT_WORD = "xanthquay"
RARE_ONCE_IN, RARE_FIRST = 100_000, 777

# Every case of every seed has a number of its own, and its reference, StEIS number and local identifier follow from
# it: no two cases can meet on a unique key, whichever seeds a database has seen.
REFERENCES = len(READABLE) ** 8
MOST_CASES = len(READABLE) ** 5
LAST_SEED = REFERENCES // MOST_CASES - 1
_SPREAD = 48_397_304_197  # Has no factor in common with REFERENCES, so that no two numbers give one reference.
_FIRST_NUMBER = 100_000  # Above every number of the demo cases.

CHUNK = 5_000
WORDS = 120_000
WITHDRAWN = 0.02
CONVERTED = 0.08  # Of the rapid reviews that are closed.
GROWN_TYPES = ("lcspr", "lcspr", "lcspr", "thematic_or_joint", "ncspr")

# How many cases in a million, and of the CCGs that have closed together.
OF_84H, OF_A_CURRENT_CCG, OF_CLOSED_CCGS = 9_000, 9_000, 46_000

Value = TypeVar("Value")


class CannotGenerate(ValueError):
    """What was asked for cannot be generated, or not here. The message says why."""


class Weighted(Generic[Value]):
    """Values to choose from, some more often than others."""

    def __init__(self, weights: Mapping[Value, float]) -> None:
        self._values = list(weights)
        self._sums = list(accumulate(weights.values()))

    def choose(self, rng: Random) -> Value:
        return self._values[bisect(self._sums, rng.random() * self._sums[-1])]


@dataclass(frozen=True, kw_only=True)
class GeneratedCase(DemoCase):
    """A case with its keys, which do not depend on the database either."""

    id: UUID
    change_id: UUID
    converted_from_id: UUID | None


@dataclass(frozen=True)
class Told:
    """An overview without its reason, and the slots of the person it is about."""

    themes: tuple[str, ...]
    person: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Progress:
    """How far storing has come. Left out are cases whose reference another case has been given by chance."""

    done: int = 0
    added: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        said = f"{self.added:,} added" if self.added else "nothing to add"
        if there := self.done - self.added - self.left_out:
            said += f", {there:,} were there"
        if self.left_out:
            said += f", {self.left_out:,} left out because another case has their reference"
        return said


def generated_cases(count: int, seed: int, today: date) -> Iterator[GeneratedCase]:
    """`count` cases as seen on this day, in no order of time. A rapid review stands before what grew out of it.

    Raises CannotGenerate before June 2021, as the demo does, and for numbers that would give a reference twice.
    """
    if today < EARLIEST:
        raise CannotGenerate("Cases can be generated from 1 June 2021 on: some CCGs open two months before.")
    if not (0 <= count <= MOST_CASES and 0 <= seed <= LAST_SEED):
        raise CannotGenerate(f"There are at most {MOST_CASES:,} cases for each seed, and seeds up to {LAST_SEED:,}.")
    return islice(_Generator(seed, today).cases(), count)


def first_seeded_day(session: Session, today: date) -> date:
    """The day from which the demo counts. Kept when this is the first time, so that a later day gives the same."""
    setting = session.scalar(select(Setting).where(Setting.name == FIRST_SEEDED_ON))
    if setting is None:
        setting = Setting(name=FIRST_SEEDED_ON, value=today.isoformat())
        session.add(setting)
    return date.fromisoformat(setting.value)


def store_cases(session: Session, cases: Iterable[GeneratedCase], chunk: int = CHUNK) -> Iterator[Progress]:
    """Adds the cases that are not there yet, and commits and tells after each chunk.

    The session must see every CCG's rows. Raises CannotGenerate where the reference lists are missing.
    """
    rows = _Rows(session)
    remaining, progress, left_out = iter(cases), Progress(), set[UUID]()
    while batch := list(islice(remaining, chunk)):
        references = [case.reference for case in batch]
        found = session.execute(select(CaseReview.reference, CaseReview.id).where(CaseReview.reference.in_(references)))
        known = {row.reference: row.id for row in found}
        left_out |= {case.id for case in batch if known.get(case.reference, case.id) != case.id}
        left_out |= {case.id for case in batch if case.converted_from_id in left_out}
        new = [rows.make(case) for case in batch if case.reference not in known and case.id not in left_out]
        if new:
            # Without render_nulls, every pattern of empty values would make a statement of its own.
            session.execute(insert(CaseReview), new, execution_options={"render_nulls": True})
        session.commit()
        progress = Progress(progress.done + len(batch), progress.added + len(new), len(left_out))
        yield progress


class _Rows:
    """Makes rows of cases: codes become the keys that they have in this database."""

    def __init__(self, session: Session) -> None:
        self._ccgs = {code: id_ for (kind, code), id_ in organisation_ids(session).items() if kind == "ccg"}
        self._types = _keys(session, ReviewType)
        self._themes = _keys(session, Theme)
        self._professionals = _keys(session, DesignatedProfessional)
        if not (self._ccgs and self._types and self._themes and self._professionals):
            raise CannotGenerate("The reference lists are missing. Add them first: flask seed reference")

    def make(self, case: GeneratedCase) -> dict[str, Any]:
        values = vars(case)
        row = {name: values[name] for name in SAME_WORDS}
        ccg = self._ccgs[case.ccg]
        row.update(
            id=case.id,
            change_id=case.change_id,
            ccg_id=ccg,
            review_type_id=self._types[case.review_type],
            theme_1_id=self._themes[case.theme_1],
            theme_2_id=self._themes[case.theme_2] if case.theme_2 else None,
            theme_3_id=self._themes[case.theme_3] if case.theme_3 else None,
            designated_professional_id=self._professionals[case.designated_professional]
            if case.designated_professional
            else None,
            converted_from_id=case.converted_from_id,
            converted_from_ccg_id=ccg if case.converted_from_id else None,
        )
        return row


def _keys(session: Session, code_list: type[ReviewType | Theme | DesignatedProfessional]) -> dict[str, UUID]:
    return {row.code: row.id for row in session.execute(select(code_list.code, code_list.id))}


class _Generator:
    """Generates the cases of one seed, one after the other."""

    def __init__(self, seed: int, today: date) -> None:
        self._rng = Random(seed)  # noqa: S311 (invented cases, not secrets)
        self._number = seed * MOST_CASES
        self._last = today - timedelta(days=1)
        self._places = _places()
        self._types = Weighted(TYPES)
        self._types_with_scr = Weighted(TYPES | {"scr": TYPES_BEFORE_MERGERS["scr"]})
        self._themes = {family: Weighted(shares) for family, shares in THEMES.items()}
        self._media = Weighted(MEDIA)
        self._professionals = {group: Weighted(shares) for group, shares in PROFESSIONALS.items()} | {
            "looked_after_or_care_leaver": Weighted(Counter(FOR_LOOKED_AFTER_CHILDREN))
        }
        self._texts = _Texts(self._rng)

    def cases(self) -> Iterator[GeneratedCase]:
        grown_from: GeneratedCase | None = None
        while True:
            case = self._make(grown_from)
            yield case
            self._number += 1
            grown_from = case if self._grows(case) else None

    def _grows(self, case: GeneratedCase) -> bool:
        if case.review_type != "rapid_review" or case.date_closed is None or not case.steis_number:
            return False
        return self._rng.random() < CONVERTED

    def _make(self, grown_from: GeneratedCase | None) -> GeneratedCase:
        rng = self._rng
        if grown_from is None or (added := self._day_after(grown_from)) is None:
            grown_from = None
            place = self._places.choose(rng)
            added = choose_day(max(FIRST_DAY, place.opened_on), self._last_day(place), rng)
            types = self._types_with_scr if added <= LAST_SERIOUS_CASE_REVIEW else self._types
            review_type = types.choose(rng)
            incident = choose_incident(review_type, added, rng)
        else:
            place, incident = _all_places()[grown_from.ccg], grown_from.incident_date
            review_type = rng.choice(GROWN_TYPES)
        family = "child" if grown_from else rng.choice(FAMILIES[review_type])
        theme = grown_from.theme_1 if grown_from else self._themes[family].choose(rng)
        duration = choose_duration(review_type, rng)
        stage = choose_stage(review_type, (self._last - added).days, duration, rng)
        if rng.random() < WITHDRAWN:
            stage = Stage.WITHDRAWN
        dates = choose_dates(stage, incident, added, duration, self._last, rng)
        return self._finish(place, review_type, family, theme, stage, dates, grown_from)

    def _day_after(self, rapid_review: GeneratedCase) -> date | None:
        """A day soon after a rapid review was closed, if its CCG still takes cases then."""
        closed_on = rapid_review.date_closed
        last = self._last_day(_all_places()[rapid_review.ccg])
        if closed_on is None or closed_on > last:
            return None
        return choose_day(closed_on, min(last, closed_on + timedelta(days=14)), self._rng)

    def _last_day(self, place: Place) -> date:
        return min(self._last, place.closed_on or self._last)

    def _finish(
        self,
        place: Place,
        review_type: str,
        family: str,
        theme: str,
        stage: Stage,
        dates: Dates,
        grown_from: GeneratedCase | None,
    ) -> GeneratedCase:
        rng, texts, reference = self._rng, self._texts, reference_of(self._number)
        told = rng.choice(_told(family, theme))
        themes: list[str | None] = [theme, *told.themes[: rng.choice((0, 1, 1, 2, 2))], None, None]
        group = "dhr" if family == "dhr_young" else family
        kind = self._choose_commissioner(review_type, group)
        number = _FIRST_NUMBER + self._number
        has_steis = rng.random() < 0.75
        steis = grown_from.steis_number if grown_from else f"{dates.added.year}/{number}" if has_steis else None
        publication, link = self._choose_publication(stage, reference)
        created_at = choose_moment(dates.added, rng)
        changed_at = max(choose_moment(dates.withdrawn or dates.updated, rng), created_at + timedelta(seconds=1))
        rare = self._number % MOST_CASES % RARE_ONCE_IN == RARE_FIRST
        return GeneratedCase(
            id=_random_id(rng),
            change_id=_random_id(rng),
            reference=reference,
            status=Status.CLOSED if stage in CLOSED else Status.OPEN,
            date_added=dates.added,
            ccg=place.ccg,
            partnership_kind=kind,
            partnership_name=place.choose_partnership(kind, rng),
            steis_number=steis,
            local_identifier=f"{place.ccg}/{number}" if steis is None or rng.random() < 0.55 else None,
            review_type=review_type,
            incident_date=dates.incident,
            overview=texts.write_overview(told, review_type) + (f" The file is marked {RARE_WORD}." if rare else ""),
            theme_1=theme,
            theme_2=themes[1],
            theme_3=themes[2],
            media_interest=MediaInterest.NATIONAL if review_type == "ncspr" else self._media.choose(rng),
            latest_update=texts.write_update(group, stage, dates),
            latest_update_on=dates.updated,
            report_signed_off_on=dates.signed_off,
            publication_date=dates.published,
            report_link=link,
            lessons=texts.write_lessons(group, [one for one in themes if one]) if stage in WITH_LESSONS else "",
            publication=publication,
            date_closed=dates.closed,
            designated_professional=self._choose_professional(group, theme),
            converted_from=grown_from.reference if grown_from else None,
            converted_from_id=grown_from.id if grown_from else None,
            comments=texts.write_comments(group) if rng.random() < 0.26 else "",
            created_at=created_at,
            changed_at=changed_at,
            withdrawn_at=changed_at if dates.withdrawn else None,
            withdrawn_reason=texts.write_reason() if dates.withdrawn else None,
        )

    def _choose_commissioner(self, review_type: str, family: str) -> PartnershipKind:
        if review_type == "thematic_or_joint":
            return PartnershipKind.JOINT
        if review_type == "other" and self._rng.random() < 0.6:
            return PartnershipKind.OTHER
        return COMMISSIONING[family]

    def _choose_professional(self, family: str, theme: str) -> str | None:
        by_theme = family == "child" and theme in self._professionals
        return self._professionals[theme if by_theme else family].choose(self._rng)

    def _choose_publication(self, stage: Stage, reference: str) -> tuple[Publication, str | None]:
        chance = self._rng.random()
        if stage is Stage.CLOSED_EMBARGOED:
            return Publication.EMBARGOED, None
        if stage in (Stage.CLOSED_PUBLIC, Stage.PUBLISHED):
            link = f"https://www.example.org/published-reviews/{reference.lower()}.pdf" if chance < 0.92 else None
            return Publication.PUBLIC, link
        if stage is Stage.PLANNED or chance > 0.99:
            return Publication.PUBLIC, None
        if chance < (0.3 if stage is Stage.SIGNED_OFF else 0.02):
            return Publication.EMBARGOED, None
        return Publication.NOT_DECIDED, None


def reference_of(number: int) -> str:
    """The reference of a case by its number among the cases of all seeds; different for each number."""
    rest, letters = number * _SPREAD % REFERENCES, ""
    for _ in range(8):
        rest, letter = divmod(rest, len(READABLE))
        letters += READABLE[letter]
    return "SCR-" + letters


def _random_id(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


@cache
def _all_places() -> dict[str, Place]:
    """Every CCG of the lists. Those without a demo case have the partnerships that their name suggests."""
    known = {place.ccg: place for place in places()}
    return {
        row["code"]: known.get(row["code"])
        or Place(
            ccg=row["code"],
            line=row["code"],
            cases=0,
            opened_on=date.fromisoformat(row["opened_on"]),
            closed_on=day_or_none(row["closed_on"]),
            areas=(row["name"].removeprefix("NHS ").removesuffix(" CCG"),),
            named=(),
        )
        for row in read_rows("ccgs.csv")
    }


@cache
def _places() -> Weighted[Place]:
    """The CCGs by size: the same for every seed, and uneven, but for County Durham."""
    rng = Random(0)  # noqa: S311
    spread = {place: rng.uniform(0.5, 1.5) for place in _all_places().values()}
    current = [place for place in spread if place.closed_on is None and place.ccg != "84H"]
    closed = [place for place in spread if place.closed_on is not None]
    of_current = OF_A_CURRENT_CCG * len(current) / sum(spread[place] for place in current)
    of_closed = OF_CLOSED_CCGS / sum(spread[place] for place in closed)
    return Weighted(
        {_all_places()["84H"]: OF_84H}
        | {place: spread[place] * of_current for place in current}
        | {place: spread[place] * of_closed for place in closed}
    )


@cache
def _told(family: str, theme: str) -> tuple[Told, ...]:
    """What may have happened, in some dozens of wordings."""
    rng = Random(f"{family} {theme}")  # noqa: S311
    fitting = [one for one in situations() if (one.family, one.theme) == (family, theme)]
    return tuple(
        Told(situation.also, person, fill(situation.pattern, person, rng))
        for situation in fitting
        for person in (choose_person(situation, rng) for _ in range(8))
    )


def invented_word(number: int) -> str:
    """The invented word of this number, from 1: seven letters, such as "kalomin"; different for each number."""
    consonants, vowels = "bdfghklmnprstvwy", "aeiou"
    rest, word = number * 196_613 % 80**3, ""
    for _ in range(3):
        rest, syllable = divmod(rest, 80)
        word += consonants[syllable // 5] + vowels[syllable % 5]
    return word + "nrstlm"[number % 6]


@cache
def _vocabulary() -> tuple[str, ...]:
    return tuple(invented_word(number) for number in range(1, WORDS + 1))


class _Wordings:
    """The narratives with their choices made, each in several wordings. They are put together without regard to fit."""

    def __init__(self) -> None:
        self._rng = Random(1)  # noqa: S311
        common = read_sections("lessons/common.txt")
        self.reasons = self._word_all(read_sections("reasons.txt"))
        self.updates = self._word_all(read_sections("updates.txt"))
        self.comments = self._word_all(read_sections("comments.txt"))
        self.withdrawals = read_sections("withdrawals.txt")["reasons"]
        self.common = self._word_all({family: common[family] for family in ("adult", "child", "dhr", "closing")})
        self.lessons = {
            theme: [pattern.format(found=found, should=should) for pattern in worded for found, should in leads]
            for leads in [list(zip(common["found"], common["should"], strict=False))]
            for theme, worded in self._word_all(read_sections("lessons/themes.txt")).items()
        }

    def _word_all(self, sections: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {
            name: [worded for pattern in lines for worded in self._word(pattern)] for name, lines in sections.items()
        }

    def _word(self, pattern: str) -> list[str]:
        """Some wordings of a pattern, without what says when it fits: "(died) ..."."""
        plain = pattern.partition(") ")[2] if pattern.startswith("(") else pattern
        return list(dict.fromkeys(choose_words(plain, self._rng) for _ in range(6)))


@cache
def _wordings() -> _Wordings:
    return _Wordings()


# Each day is said hundreds of times; writing it anew took a tenth of the time.
_say = cache(say_day)


@cache
def _say_next_month(day: date) -> str:
    return say_month_after(day, 1)


class _Texts:
    """Writes the free texts."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._wordings = _wordings()
        self._vocabulary = _vocabulary()

    def _invent(self, opening: str, least: int, most: int) -> str:
        """A sentence of invented words, of which word number n comes about 1/n as often as the first."""
        random, vocabulary = self._rng.random, self._vocabulary
        count = least + int(random() * (most - least + 1))
        return f"{opening} {', '.join([vocabulary[int(WORDS ** random()) - 1] for _ in range(count)])}."

    def write_overview(self, told: Told, review_type: str) -> str:
        text = told.text
        if self._rng.random() < 0.5:
            text += " " + self._rng.choice(self._wordings.reasons[review_type]).format_map(told.person)
        return text + self._invent(" Named in the records:", 2, 6)

    def write_update(self, family: str, stage: Stage, dates: Dates) -> str:
        rng, lead = self._rng, LEADS[family]
        kind = UPDATES_BY_STAGE.get(stage)
        if kind is None:
            age = (dates.updated - dates.added).days
            kind = "open_new" if age < 45 else "open_mid" if age < 240 else "open_late"
        article = "an" if lead[0] in "aeiou" else "a"
        published = _say(dates.published)
        slots = {
            "on": _say(dates.updated),
            "next": _say_next_month(dates.updated),
            "signed": _say(dates.signed_off),
            "published": published,
            "planned": published,
            "closed": _say(dates.closed),
            "group": GROUPS[family],
            "board": "Board" if family == "adult" else "partnership",
            "chair": lead,
            "a_chair": f"{article} {lead}",
            "A_chair": f"{article.capitalize()} {lead}",
        }
        text = rng.choice(self._wordings.updates[f"{kind} all"]).format_map(slots)
        return text + self._invent(" Asked to take part:", 4, 8)

    def write_lessons(self, family: str, themes: Sequence[str]) -> str:
        rng, wordings = self._rng, self._wordings
        sentences = rng.sample(wordings.lessons[themes[0]], 2)
        sentences += [rng.choice(wordings.lessons[theme]) for theme in themes[1:]]
        sentences += rng.sample(wordings.common[family], 2)
        sentences.append(self._invent("Parts were played by", 6, 14))
        sentences.append(rng.choice(wordings.common["closing"]))
        return " ".join(sentences)

    def write_comments(self, family: str) -> str:
        return self._rng.choice(self._wordings.comments[family])

    def write_reason(self) -> str:
        return self._rng.choice(self._wordings.withdrawals)
