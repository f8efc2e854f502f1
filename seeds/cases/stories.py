"""How many demo cases there are of each type of review and each theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

TYPES = {
    "sar_mandatory": 27,
    "sar_discretionary": 9,
    "sar_in_rapid_time": 6,
    "dhr": 16,
    "dhr_16_or_17": 2,
    "rapid_review": 21,
    "lcspr": 11,
    "ncspr": 1,
    "thematic_or_joint": 5,
    "other": 2,
}
# Before reviews in rapid time, and with the last of the serious case reviews.
TYPES_BEFORE_MERGERS = {
    "sar_mandatory": 30,
    "sar_discretionary": 10,
    "dhr": 22,
    "dhr_16_or_17": 2,
    "rapid_review": 10,
    "lcspr": 10,
    "scr": 7,
    "thematic_or_joint": 6,
    "other": 3,
}
FAMILIES = {
    "sar_mandatory": ("adult",),
    "sar_discretionary": ("adult",),
    "sar_in_rapid_time": ("adult",),
    "dhr": ("dhr",),
    "dhr_16_or_17": ("dhr_young",),
    "rapid_review": ("child",),
    "lcspr": ("child",),
    "ncspr": ("child",),
    "scr": ("child",),
    "thematic_or_joint": ("adult", "child"),
    "other": ("adult", "child"),
}
THEMES = {
    "adult": {
        "self_neglect": 30,
        "neglect": 24,
        "organisational_abuse": 15,
        "homelessness": 13,
        "adult_mental_ill_health": 13,
        "suicide_or_self_harm": 12,
        "financial_abuse": 11,
        "substance_misuse": 11,
        "physical_abuse": 10,
        "chronic_ill_health": 9,
        "domestic_abuse": 8,
        "impaired_mobility": 8,
        "sexual_abuse": 6,
        "transition": 6,
        "modern_slavery": 6,
        "psychological_abuse": 6,
        "sexual_exploitation": 5,
        "discriminatory_abuse": 5,
        "looked_after_or_care_leaver": 3,
        "forced_marriage": 3,
        "other": 3,
        "honour_based_abuse": 2,
        "radicalisation": 2,
        "fgm": 2,
    },
    "child": {
        "nai_under_1": 24,
        "child_neglect": 20,
        "sudi": 19,
        "child_criminal_exploitation": 13,
        "extrafamilial_harm": 13,
        "child_sexual_abuse": 12,
        "suicide_or_self_harm": 11,
        "child_sexual_exploitation": 10,
        "parental_mental_ill_health": 10,
        "fatal_maltreatment": 9,
        "looked_after_or_care_leaver": 8,
        "domestic_abuse": 6,
        "child_emotional_abuse": 6,
        "substance_misuse": 6,
        "chronic_ill_health": 5,
        "radicalisation": 3,
        "transition": 3,
        "fgm": 3,
        "homelessness": 3,
        "forced_marriage": 2,
        "honour_based_abuse": 2,
        "impaired_mobility": 1,
        "modern_slavery": 1,
        "other": 2,
    },
    "dhr": {
        "domestic_abuse": 78,
        "honour_based_abuse": 6,
        "adult_mental_ill_health": 8,
        "parental_mental_ill_health": 2,
        "substance_misuse": 3,
        "forced_marriage": 3,
    },
    "dhr_young": {"domestic_abuse": 1},
}


@dataclass(frozen=True)
class Story:
    """A case to be told: its type of review, which family of situations it comes from, and its main theme."""

    review_type: str
    family: str
    theme: str


def deal(shares: Mapping[str, int], total: int, least: int) -> list[str]:
    """`total` names in proportion to their shares, each at least `least` times while there are enough."""
    whole = sum(shares.values())
    counts = {name: max(least, share * total // whole) for name, share in shares.items()}
    by_share = sorted(shares, key=lambda name: -shares[name])
    index = 0
    while sum(counts.values()) != total:
        name = by_share[index % len(by_share)]
        if sum(counts.values()) < total:
            counts[name] += 1
        elif counts[name] > least:
            counts[name] -= 1
        index += 1
    return [name for name, count in counts.items() for _ in range(count)]


def deal_stories(types: Mapping[str, int], total: int, least: int, rng: Random) -> list[Story]:
    """`total` stories, shuffled."""
    review_types = deal(types, total, max(1, least))
    told = [(one, FAMILIES[one][index % len(FAMILIES[one])]) for index, one in enumerate(review_types)]
    stories = []
    for family, shares in THEMES.items():
        themes = deal(shares, sum(1 for _, other in told if other == family), min(least, min(shares.values())))
        rng.shuffle(themes)
        stories += [
            Story(review_type, family, theme)
            for (review_type, _), theme in zip((one for one in told if one[1] == family), themes, strict=True)
        ]
    rng.shuffle(stories)
    return stories
