"""The demo cases: several hundred invented reviews, every type, theme and state.

`demo_cases` is pure: the same day and seed give the same cases. The other functions put them into a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CaseReview, DesignatedProfessional, ReviewType, Setting, Theme

from .cases.case import DemoCase
from .cases.checking import check_cases
from .cases.finishing import Finisher
from .cases.numbers import Numbers
from .cases.planning import Planner
from .cases.writing import Writer
from .demo_people import seed_demo_people
from .reference import organisation_ids

FIRST_SEEDED_ON = "demo_first_seeded_on"
SAME_WORDS = (
    "reference",
    "status",
    "date_added",
    "partnership_kind",
    "partnership_name",
    "steis_number",
    "local_identifier",
    "incident_date",
    "overview",
    "media_interest",
    "latest_update",
    "latest_update_on",
    "report_signed_off_on",
    "publication_date",
    "report_link",
    "lessons",
    "publication",
    "date_closed",
    "comments",
    "created_at",
    "changed_at",
    "withdrawn_at",
    "withdrawn_reason",
)


@dataclass(frozen=True)
class DemoCounts:
    """How many rows a demo seeding added."""

    people: int
    cases: int

    def __str__(self) -> str:
        return f"{self.people} people, {self.cases} cases" if self.people or self.cases else "nothing to add"


def demo_cases(first_seeded_on: date, random_seed: int = 20210616) -> list[DemoCase]:
    """The demo cases as seen on this day, oldest first. A rapid review stands before the review that grew out of it.

    Raises ValueError before June 2021: the lists end with the mergers of April 2021.
    """
    rng = Random(random_seed)  # noqa: S311 (invented cases, not secrets)
    writer = Writer(rng)
    drafts = Planner(first_seeded_on, rng, writer).plan()
    return Finisher(rng, writer, Numbers(rng)).finish(drafts)


def seed_demo(session: Session, today: date) -> DemoCounts:
    """Add the demo people and cases. The day of the first seeding is kept, and later runs go by it."""
    setting = session.scalar(select(Setting).where(Setting.name == FIRST_SEEDED_ON))
    if setting is None:
        setting = Setting(name=FIRST_SEEDED_ON, value=today.isoformat())
        session.add(setting)
    first_seeded_on = date.fromisoformat(setting.value)
    return DemoCounts(people=seed_demo_people(session), cases=seed_demo_cases(session, first_seeded_on))


def seed_demo_cases(session: Session, first_seeded_on: date) -> int:
    """Add the demo cases where there is no case yet, and say how many. The session must see every CCG's rows."""
    if session.scalar(select(CaseReview.id).limit(1)) is not None:
        return 0
    cases = demo_cases(first_seeded_on)
    check_cases(cases, first_seeded_on)
    known: dict[str, CaseReview] = {}
    rows = _rows(session, cases, known)
    # A link names the id of its rapid review, so the rapid reviews get theirs first.
    for case, row in rows:
        known[case.reference] = row
        session.add(row)
        session.flush()
    return len(known)


def _rows(
    session: Session, cases: list[DemoCase], known: dict[str, CaseReview]
) -> Iterator[tuple[DemoCase, CaseReview]]:
    ccgs = {code: id_ for (kind, code), id_ in organisation_ids(session).items() if kind == "ccg"}
    types = {one.code: one.id for one in session.scalars(select(ReviewType))}
    themes = {one.code: one.id for one in session.scalars(select(Theme))}
    professionals = {one.code: one.id for one in session.scalars(select(DesignatedProfessional))}
    for case in cases:
        rapid_review = known[case.converted_from] if case.converted_from else None
        yield (
            case,
            CaseReview(
                **{name: getattr(case, name) for name in SAME_WORDS},
                ccg_id=ccgs[case.ccg],
                review_type_id=types[case.review_type],
                theme_1_id=themes[case.theme_1],
                theme_2_id=themes[case.theme_2] if case.theme_2 else None,
                theme_3_id=themes[case.theme_3] if case.theme_3 else None,
                designated_professional_id=professionals[case.designated_professional]
                if case.designated_professional
                else None,
                converted_from_id=rapid_review.id if rapid_review else None,
                converted_from_ccg_id=rapid_review.ccg_id if rapid_review else None,
            ),
        )
