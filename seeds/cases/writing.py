"""The free texts of the demo cases. No two begin with the same 60 characters."""

from __future__ import annotations

import re
from calendar import month_name
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from .grammar import Situation, choose_person, fill, read_sections, situations
from .timing import Dates, Stage, choose_day

BEGINNING = 60

# How the reviewing group and its lead are called: adults, children, domestic homicide, and both at once.
GROUPS = {"adult": "review subgroup", "child": "case review group", "dhr": "review panel", "joint": "joint panel"}
LEADS = {"adult": "independent reviewer", "child": "lead reviewer", "dhr": "independent chair", "joint": "lead author"}

UPDATES_BY_STAGE = {
    Stage.STALE: "waiting",
    Stage.SIGNED_OFF: "signed_off",
    Stage.PLANNED: "planned",
    Stage.PUBLISHED: "published_open",
    Stage.CLOSED_PUBLIC: "closed_public",
    Stage.CLOSED_EMBARGOED: "closed_embargoed",
    Stage.WITHDRAWN: "open_new",
}
LATE_LEAD = "One finding matters more than the rest:"


def say_day(day: date | None) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}" if day else ""


def say_month_after(day: date, months: int) -> str:
    index = day.year * 12 + day.month - 1 + months
    return f"{month_name[index % 12 + 1]} {index // 12}"


class Writer:
    """Writes texts and remembers how each began, so that none begins like another."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._begun: set[str] = set()
        self._told: Counter[tuple[str, str]] = Counter()
        self._common = read_sections("lessons/common.txt")
        self._lessons = read_sections("lessons/themes.txt")
        self._reasons = read_sections("reasons.txt")
        self._updates = read_sections("updates.txt")
        self._comments = read_sections("comments.txt")

    def claim(self, text: str) -> bool:
        """Whether no text has begun like this one yet. From now on one has."""
        beginning = text[:BEGINNING].casefold()
        if beginning in self._begun:
            return False
        self._begun.add(beginning)
        return True

    def _write(self, make: Callable[[], str]) -> str:
        for _ in range(400):
            text = make()
            if self.claim(text):
                return text
        raise ValueError(f"The narratives give no new beginning, only “{text[:BEGINNING]}”. Add patterns to them.")

    def write_overview(self, family: str, theme: str, review_type: str, line: str) -> tuple[Situation, str]:
        """A situation that this line of CCGs has had least, and its text."""
        fitting = [one for one in situations() if (one.family, one.theme) == (family, theme)]
        self._rng.shuffle(fitting)
        fitting.sort(key=lambda one: (self._told[line, one.pattern], self._told["", one.pattern]))
        for one in fitting:
            for _ in range(25):
                person = choose_person(one, self._rng)
                text = fill(one.pattern, person, self._rng)
                if self._rng.random() < 0.55:
                    text += " " + fill(self._rng.choice(self._reasons[review_type]), person, self._rng)
                if self.claim(text):
                    self._told[line, one.pattern] += 1
                    self._told["", one.pattern] += 1
                    return one, text
        raise ValueError(f"Every situation of {family} / {theme} has been told too often. Add one.")

    def write_update(
        self, family: str, review_type: str, stage: Stage, dates: Dates, flags: frozenset[str], converted: bool
    ) -> str:
        """Where the review stood on the day of its last update."""
        patterns = self._fitting_updates(family, self._kind_of_update(review_type, stage, dates, converted), flags)
        return self._write(lambda: fill(self._rng.choice(patterns), self._slots(family, dates), self._rng))

    def _fitting_updates(self, family: str, kind: str, flags: frozenset[str]) -> list[str]:
        found = []
        for pattern in self._updates[f"{kind} all"] + self._updates.get(f"{kind} {family}", []):
            needed, _, rest = pattern.partition(") ") if pattern.startswith("(") else ("", "", pattern)
            if not needed or needed[1:] in flags:
                found.append(rest)
        return found

    def write_beginning(self, number: int, family: str, dates: Dates) -> str:
        """An update that begins with a sign which spreadsheets take for a formula."""
        return self._write(lambda: fill(self._updates["beginnings"][number], self._slots(family, dates), self._rng))

    def _kind_of_update(self, review_type: str, stage: Stage, dates: Dates, converted: bool) -> str:
        age = (dates.updated - dates.added).days
        if review_type == "rapid_review" and stage is not Stage.WITHDRAWN:
            if converted:
                return "rapid_converted"
            if stage is Stage.CLOSED_EMBARGOED:
                return "rapid_closed"
            if stage in (Stage.OPEN, Stage.STALE):
                return "rapid_open" if age < 25 else "rapid_waiting"
        if stage is Stage.OPEN:
            pace = 3 if review_type in ("sar_in_rapid_time", "other") else 1
            return "open_new" if age * pace < 45 else "open_mid" if age * pace < 240 else "open_late"
        return UPDATES_BY_STAGE[stage]

    def _slots(self, family: str, dates: Dates) -> dict[str, str]:
        earliest = max(dates.added, dates.updated - timedelta(days=9))
        lead = LEADS[family]
        article = "An" if lead[0] in "aeiou" else "A"
        return {
            "on": say_day(choose_day(earliest, dates.updated, self._rng)),
            "next": say_month_after(dates.updated, self._rng.choice((1, 1, 2))),
            "signed": say_day(dates.signed_off),
            "published": say_day(dates.published),
            "planned": say_day(dates.published),
            "closed": say_day(dates.closed),
            "group": GROUPS[family],
            "board": "Board" if family == "adult" else "partnership",
            "chair": lead,
            "a_chair": f"{article.lower()} {lead}",
            "A_chair": f"{article} {lead}",
        }

    def write_lessons(self, family: str, themes: list[str], overview: str) -> str:
        """Three to six sentences, or a shorter paragraph and a list of recommendations."""
        return self._write(lambda: self._compose_lessons(family, themes, overview))

    def _compose_lessons(self, family: str, themes: list[str], overview: str) -> str:
        rng = self._rng
        chosen = self._choose_fitting(self._lessons[themes[0]], overview, 2)
        for theme in themes[1:]:
            if rng.random() < 0.6:
                chosen += self._choose_fitting(self._lessons[theme], overview, 1)
        leads = {name: rng.sample(self._common[name], 6) for name in ("found", "should")}
        sentences = [self._say_lesson(pattern, leads, first=index == 0) for index, pattern in enumerate(chosen)]
        sentences[1:1] = self._choose_fitting(self._common[family], overview, 1)
        if rng.random() < 0.3:
            actions = self._choose_fitting(self._common[f"actions {family}"], overview, 3)
            return " ".join(sentences[:4]) + "\nRecommendations:\n" + "\n".join(f"- {one}" for one in actions)
        if rng.random() < 0.4:
            sentences.append(fill(rng.choice(self._common["closing"]), {}, rng))
        return " ".join(sentences)

    def _choose_fitting(self, patterns: list[str], overview: str, count: int) -> list[str]:
        """Patterns for any case, and those "(word|other word) ..." whose overview has such a word: these go first."""
        general, special = [], []
        for pattern in patterns:
            if not pattern.startswith("("):
                general.append(pattern)
                continue
            words, _, rest = pattern[1:].partition(") ")
            if re.search(rf"\b(?:{words})", overview, re.IGNORECASE):
                special.append(rest)
        chosen = self._rng.sample(special, min(len(special), self._rng.randint(1, count)))
        chosen += self._rng.sample(general, count - len(chosen))
        self._rng.shuffle(chosen)
        return chosen

    def _say_lesson(self, pattern: str, leads: dict[str, list[str]], *, first: bool) -> str:
        slot, _, clause = pattern.partition(" ")
        name = slot.strip("{}")
        if name == "found" and not first and self._rng.random() < 0.5:
            return clause[0].upper() + clause[1:]
        lead = leads[name].pop()
        if lead == LATE_LEAD and not first:
            lead = leads[name].pop()
        return f"{lead} {clause}"

    def write_comments(self, family: str, dates: Dates) -> str:
        patterns = self._comments[family]

        def make() -> str:
            day = say_day(choose_day(max(dates.added, dates.updated - timedelta(days=40)), dates.updated, self._rng))
            before = self._rng.choice(("", f"{day}: ", f"{day}. ", f"Note of {day}: "))
            return before + fill(self._rng.choice(patterns), {}, self._rng)

        return self._write(make)
