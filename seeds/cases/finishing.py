"""Making whole cases out of drafts: partnerships, numbers, publication and the remaining texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from random import Random

from models.enumerations import MediaInterest, PartnershipKind, Publication, Status

from ..files import read_text
from .case import DemoCase
from .numbers import ABBREVIATIONS, Numbers
from .planning import Draft
from .timing import CLOSED, WITH_LESSONS, Stage, choose_moment
from .writing import Writer

COMMISSIONING = {
    "adult": PartnershipKind.SAFEGUARDING_ADULTS_BOARD,
    "child": PartnershipKind.SAFEGUARDING_CHILDREN_PARTNERSHIP,
    "dhr": PartnershipKind.COMMUNITY_SAFETY_PARTNERSHIP,
}
MEDIA = {
    MediaInterest.NONE_KNOWN: 60,
    MediaInterest.ANTICIPATED: 15,
    MediaInterest.LOCAL: 15,
    MediaInterest.REGIONAL: 6,
    MediaInterest.NATIONAL: 4,
}
PROFESSIONALS: dict[str, dict[str | None, int]] = {
    "adult": {"adults": 70, "named_gp": 8, "mca_lead": 8, "other": 4, None: 10},
    "child": {"nurse_children": 58, "doctor_children": 20, "named_gp": 7, "other": 3, None: 12},
    "dhr": {"adults": 56, "nurse_children": 12, "named_gp": 14, "other": 4, None: 14},
    "sudi": {"doctor_child_deaths": 55, "nurse_children": 35, None: 10},
}
# There are few cases of looked-after children, so their professionals take turns.
FOR_LOOKED_AFTER_CHILDREN = ("nurse_looked_after", "doctor_looked_after", "nurse_looked_after", None)


class Finisher:
    """Finishes drafts in the order of their dates, so that numbers rise with time."""

    def __init__(self, rng: Random, writer: Writer, numbers: Numbers) -> None:
        self._rng = rng
        self._writer = writer
        self._numbers = numbers
        self._references: dict[int, str] = {}
        self._for_looked_after = cycle(FOR_LOOKED_AFTER_CHILDREN)

    def finish(self, drafts: Sequence[Draft]) -> list[DemoCase]:
        long_lessons = self._place_long_lessons(drafts)
        beginnings = self._place_beginnings(drafts)
        return [self._finish(draft, long_lessons.get(draft.order), beginnings.get(draft.order)) for draft in drafts]

    def _place_long_lessons(self, drafts: Sequence[Draft]) -> dict[int, str]:
        """Each long text goes to a finished review whose main theme it is about; several children want siblings."""
        placed = {}
        for part in read_text("long_lessons.txt").removeprefix("@ ").split("\n@ "):
            theme, _, text = part.partition("\n")
            fitting = [one for one in drafts if one.themes[0] == theme and one.stage in CLOSED]
            fitting.sort(
                key=lambda one: (
                    one.pool != "siblings",
                    one.stage is not Stage.CLOSED_PUBLIC,
                    "died" not in one.flags,
                    one.review_type == "rapid_review",
                )
            )
            self._writer.claim(text)
            placed[fitting[0].order] = text.strip()
        return placed

    def _place_beginnings(self, drafts: Sequence[Draft]) -> dict[int, str]:
        """Two updates that begin with a sign which spreadsheets take for a formula."""
        chosen = [
            one
            for one in drafts
            if one.stage is Stage.OPEN and one.review_type == "sar_mandatory" and "died" in one.flags
        ]
        return {
            draft.order: self._writer.write_beginning(number, draft.family, draft.dates)
            for number, draft in enumerate(chosen[:2])
        }

    def _finish(self, draft: Draft, long_lessons: str | None, beginning: str | None) -> DemoCase:
        rng, dates = self._rng, draft.dates
        joint = draft.review_type == "thematic_or_joint"
        family = "joint" if joint else draft.family
        reference = self._references[draft.order] = self._numbers.give_reference()
        kind = self._choose_commissioner(draft)
        draft.partnership = self._choose_partnership(draft, kind)
        steis, local = self._choose_numbers(draft)
        publication, link = self._choose_publication(draft)
        update = beginning or self._writer.write_update(
            family, draft.review_type, draft.stage, dates, draft.flags, draft.grown_into is not None
        )
        lessons = ""
        if draft.stage in WITH_LESSONS:
            lessons = long_lessons or self._writer.write_lessons(draft.family, draft.themes, draft.overview)
        comments = ""
        if draft.stage is not Stage.WITHDRAWN and rng.random() < 0.26:
            comments = self._writer.write_comments(draft.family, dates)
        created_at = choose_moment(dates.added, rng)
        changed_on = dates.withdrawn or dates.updated
        changed_at = choose_moment(changed_on, rng)
        if changed_at <= created_at:
            changed_at = created_at + timedelta(seconds=1 if dates.withdrawn is None else 1500)
        return DemoCase(
            reference=reference,
            status=Status.CLOSED if draft.stage in CLOSED else Status.OPEN,
            date_added=dates.added,
            ccg=draft.place.ccg,
            partnership_kind=kind,
            partnership_name=draft.partnership,
            steis_number=steis,
            local_identifier=local,
            review_type=draft.review_type,
            incident_date=dates.incident,
            overview=draft.overview,
            theme_1=draft.themes[0],
            theme_2=draft.themes[1] if len(draft.themes) > 1 else None,
            theme_3=draft.themes[2] if len(draft.themes) > 2 else None,
            media_interest=self._choose_media(draft),
            latest_update=update,
            latest_update_on=dates.updated,
            report_signed_off_on=dates.signed_off,
            publication_date=dates.published,
            report_link=link,
            lessons=lessons,
            publication=publication,
            date_closed=dates.closed,
            designated_professional=self._choose_professional(draft),
            converted_from=self._references[draft.grown_from.order] if draft.grown_from else None,
            comments=comments,
            created_at=created_at,
            changed_at=changed_at,
            withdrawn_at=changed_at if dates.withdrawn else None,
            withdrawn_reason=draft.withdrawn_reason,
        )

    def _choose_commissioner(self, draft: Draft) -> PartnershipKind:
        if draft.review_type == "thematic_or_joint":
            return PartnershipKind.JOINT
        if draft.review_type == "other" and self._rng.random() < 0.6:
            return PartnershipKind.OTHER
        return COMMISSIONING[draft.family]

    def _choose_partnership(self, draft: Draft, kind: PartnershipKind) -> str:
        if draft.grown_from and kind is not PartnershipKind.JOINT:
            return draft.grown_from.partnership
        return draft.place.choose_partnership(kind, self._rng)

    def _choose_numbers(self, draft: Draft) -> tuple[str | None, str | None]:
        """A StEIS number, a local identifier, or both. A review shares the StEIS number of its rapid review."""
        rng, added = self._rng, draft.dates.added
        linked = bool(draft.grown_from or draft.grown_into)
        has_steis = linked or rng.random() < (0.55 if draft.family == "dhr" else 0.78)
        has_local = not has_steis or rng.random() < 0.55
        if draft.grown_from:
            draft.steis = draft.grown_from.steis
        elif has_steis:
            draft.steis = self._numbers.give_steis(added)
        local = self._numbers.give_local(draft.place.ccg, draft.review_type, added) if has_local else None
        return draft.steis, local

    def _choose_publication(self, draft: Draft) -> tuple[Publication, str | None]:
        rng = self._rng
        if draft.stage is Stage.CLOSED_EMBARGOED:
            return Publication.EMBARGOED, None
        if draft.stage is Stage.PLANNED:
            return Publication.PUBLIC, None
        if draft.stage in (Stage.CLOSED_PUBLIC, Stage.PUBLISHED):
            return Publication.PUBLIC, self._make_link(draft) if rng.random() < 0.92 else None
        if draft.stage is Stage.SIGNED_OFF and rng.random() < 0.3:
            return Publication.EMBARGOED, None
        return Publication.NOT_DECIDED, None

    def _make_link(self, draft: Draft) -> str:
        board = re.sub(r"[^a-z]+", "-", draft.partnership.lower()).strip("-")
        kind, published = ABBREVIATIONS[draft.review_type].lower(), draft.dates.published or draft.dates.added
        return f"https://www.example.org/{board}/published-reviews/{kind}-{published:%Y-%m}-{self._rng.randint(1, 9)}"

    def _choose_media(self, draft: Draft) -> MediaInterest:
        if draft.review_type == "ncspr":
            return MediaInterest.NATIONAL
        return self._rng.choices(list(MEDIA), list(MEDIA.values()))[0]

    def _choose_professional(self, draft: Draft) -> str | None:
        theme = draft.themes[0] if draft.family == "child" else ""
        if theme == "looked_after_or_care_leaver":
            return next(self._for_looked_after)
        weights = PROFESSIONALS.get(theme, PROFESSIONALS[draft.family])
        return self._rng.choices(list(weights), list(weights.values()))[0]
