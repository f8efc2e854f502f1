"""Reading the narratives, and turning a pattern such as "[a nurse|a doctor] visited {p}" into a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

from ..files import read_text

SITUATION_FILES = ("care_act", "child", "vulnerability", "further")
CHOICE = re.compile(r"\[([^\[\]]+)\]")
FLAGS = frozenset({"died", "alive", "crime", "married", "younger"})
NOT_YOUNGER = re.compile(r"fift|sixt|late forties|forty-")

PRONOUNS = {
    "f": {"he": "she", "him": "her", "his": "her"},
    "m": {"he": "he", "him": "him", "his": "his"},
    "p": {"he": "they", "him": "them", "his": "their"},
}


@dataclass(frozen=True)
class Situation:
    """One thing that happened: who it may happen to, what else it is about, and the pattern of its text."""

    family: str
    theme: str
    also: tuple[str, ...]
    pool: str
    flags: frozenset[str]
    pattern: str


@dataclass(frozen=True)
class Pair:
    """Two hand-written overviews of one incident."""

    review_type: str
    themes: tuple[str, ...]
    flags: frozenset[str]
    first: str
    second: str


def read_sections(name: str) -> dict[str, list[str]]:
    """The lines of a file below each `= heading`."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in read_text(name).splitlines():
        if line.startswith("= ") and not line.startswith("= Overall"):
            lines = sections.setdefault(line[2:], [])
        elif line:
            lines.append(line)
    return sections


@cache
def situations() -> tuple[Situation, ...]:
    found = []
    for name in SITUATION_FILES:
        for theme, lines in read_sections(f"situations/{name}.txt").items():
            for heading, pattern in zip(lines[::2], lines[1::2], strict=True):
                who, _, also = heading.removeprefix("@ ").partition("/")
                family, pool, *flags = who.split()
                found.append(Situation(family, theme, tuple(also.split()), pool, frozenset(flags), pattern))
    return tuple(found)


@cache
def people() -> dict[str, tuple[str, ...]]:
    """Who an incident may be about, by pool and sex: `elder f`."""
    return {pool: tuple(lines) for pool, lines in read_sections("people.txt").items()}


def read_pairs(name: str) -> tuple[Pair, ...]:
    lines = read_text(name).splitlines()
    pairs = []
    for heading, first, second in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        review_type, *words = heading.removeprefix("@ ").split()
        themes = tuple(word for word in words if word not in FLAGS)
        pairs.append(Pair(review_type, themes, FLAGS.intersection(words), first, second))
    return tuple(pairs)


def choose_words(pattern: str, rng: Random) -> str:
    """One of the words in every [one|other]."""
    return CHOICE.sub(lambda found: rng.choice(found[1].split("|")), pattern)


def fill(pattern: str, slots: Mapping[str, str], rng: Random) -> str:
    """The pattern with its choices made and its {slots} filled."""
    return choose_words(pattern, rng).format_map(slots)


def choose_person(situation: Situation, rng: Random) -> dict[str, str]:
    """The slots of a person who fits the situation: {p}, and the pronouns, each also with a capital."""
    pool, _, sex = situation.pool.partition("_")
    sex = sex or rng.choice([one for one in "fmp" if f"{pool} {one}" in people()])
    fitting = [
        person
        for person in people()[f"{pool} {sex}"]
        if not ("married" in situation.flags and "widow" in person)
        and not ("younger" in situation.flags and NOT_YOUNGER.search(person))
    ]
    slots = {"p": rng.choice(fitting), **PRONOUNS[sex]}
    return slots | {name.capitalize(): words[0].upper() + words[1:] for name, words in slots.items()}
