"""What is in the database afterwards, past every guard: each case once, with all that belongs to it, or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from app.access.clock import today
from app.access.row_scope import every_organisation
from models import AuditEvent, CaseReview, UsedFormToken, version_of
from models.enumerations import AuditAction
from seeds.generated_cases import first_seeded_day, generated_cases, store_cases
from tests.bench.extracts import known_from
from tests.databases import unguarded

from .people import RECORDED, Load


@dataclass(frozen=True)
class Found:
    """Of the cases that people were told were saved: how many are not there, are there twice, or lack a part."""

    lost: int
    twice: int
    half_done: int
    unheard: int

    @property
    def all_once(self) -> bool:
        return not (self.lost or self.twice or self.half_done)

    def __str__(self) -> str:
        return (
            f"{self.lost} lost, {self.twice} twice, {self.half_done} half done; "
            f"{self.unheard} saved without its person hearing so, until they sent the form again"
        )


def what_became_of(load: Load, app: Flask) -> Found:
    """Compares what was acknowledged with what is there. Cases of files, and generated ones, are no part of it."""
    with unguarded(app) as session:
        recorded = CaseReview.overview.startswith(RECORDED)
        kept = session.execute(select(CaseReview.id, CaseReview.overview).where(recorded)).all()
        versions = Counter(session.scalars(select(version_of(CaseReview).id)))
        added = Counter(session.scalars(select(AuditEvent.about_id).where(AuditEvent.action == AuditAction.CASE_ADDED)))
        tokens = Counter(session.scalars(select(UsedFormToken.case_id)))
    times = Counter(overview for _, overview in kept)
    assert len(set(load.saved)) == len(load.saved) > 0
    return Found(
        lost=sum(not times[overview] for overview in load.saved),
        twice=sum(number > 1 for number in times.values()),
        half_done=sum(not versions[key] == added[key] == tokens[key] == 1 for key, _ in kept),
        unheard=load.saved_unheard,
    )


def add_past_cases(app: Flask, number: int) -> None:
    """Generated cases that are known since years ago, so that the extract of any newer quarter has them."""
    with known_from(app, "2021-05-01T09:00:00"), app.app_context(), every_organisation("faults") as session:
        for _ in store_cases(session, generated_cases(number, 1, first_seeded_day(session, today()))):
            pass
