"""The demo cases: several hundred invented reviews, every type, theme and state.

`demo_cases` is pure: the same day and seed give the same cases. The other functions put them into a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.history import dating_back
from models import CaseReview, DesignatedProfessional, Person, ReviewType, Setting, Theme
from models.people import DEMO_ISSUER

from .cases.case import DemoCase
from .cases.checking import check_cases
from .cases.finishing import Finisher
from .cases.numbers import Numbers
from .cases.past import versions_of
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
    """Add the demo cases with their past where there is no case yet, and say how many.

    The session must see every CCG's rows.
    """
    if session.scalar(select(CaseReview.id).limit(1)) is not None:
        return 0
    cases = demo_cases(first_seeded_on)
    check_cases(cases, first_seeded_on)
    ids = _Ids.read(session)
    known: dict[str, CaseReview] = {}
    with dating_back(session) as known_since:
        # A link names the id of its rapid review, so the rapid reviews get theirs first.
        for number, case in enumerate(cases):
            for version in versions_of(case, number):
                known_since(version.known_from)
                row = known.setdefault(case.reference, CaseReview())
                for name, value in ids.columns_of(version.case, known).items():
                    setattr(row, name, value)
                row.changed_by_id, row.change_reason, row.change_id = ids.leads.get(case.ccg), version.reason, uuid4()
                session.add(row)
                session.flush()
    return len(known)


@dataclass(frozen=True)
class _Ids:
    """The ids that stand for the codes of the demo cases, and the person who leads for a CCG where there is one."""

    ccgs: dict[str, UUID]
    types: dict[str, UUID]
    themes: dict[str | None, UUID]
    professionals: dict[str | None, UUID]
    leads: dict[str, UUID]

    @classmethod
    def read(cls, session: Session) -> _Ids:
        ccgs = {code: id_ for (kind, code), id_ in organisation_ids(session).items() if kind == "ccg"}
        people = session.execute(select(Person.subject, Person.id).where(Person.issuer == DEMO_ISSUER))
        return cls(
            ccgs,
            {one.code: one.id for one in session.scalars(select(ReviewType))},
            {one.code: one.id for one in session.scalars(select(Theme))},
            {one.code: one.id for one in session.scalars(select(DesignatedProfessional))},
            {subject.removeprefix("ccg-"): id_ for subject, id_ in people},
        )

    def columns_of(self, case: DemoCase, known: dict[str, CaseReview]) -> dict[str, Any]:
        """The columns of a case's row."""
        source = known[case.converted_from] if case.converted_from else None
        return {
            **{name: getattr(case, name) for name in SAME_WORDS},
            "ccg_id": self.ccgs[case.ccg],
            "review_type_id": self.types[case.review_type],
            "theme_1_id": self.themes[case.theme_1],
            "theme_2_id": self.themes.get(case.theme_2),
            "theme_3_id": self.themes.get(case.theme_3),
            "designated_professional_id": self.professionals.get(case.designated_professional),
            "converted_from_id": source.id if source else None,
            "converted_from_ccg_id": source.ccg_id if source else None,
        }
