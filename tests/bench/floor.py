"""The database's own floor: the bare SQL that answers the same question, past the service and past every guard."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import ColumnElement, Select, and_, create_engine, func, select, text, true
from sqlalchemy import update as change
from sqlalchemy.orm import Session

from app.access.clock import today
from app.access.organisations import read_organisations
from app.access.people import access_of
from models import CaseReview, DesignatedProfessional, Organisation, Person, ReviewType, Theme, db
from seeds.generated_cases import ABSENT_WORD, COMMON_WORD, RARE_WORD
from tests.databases import Database, unguarded

from .pages import ACCOUNTS, CASE, PAGE_SIZE, SAVED_IN, Facts, Page

WITH_A_WORD = {
    "postgresql": "search_words @@ to_tsquery('simple', '{word}:*')",
    "sqlite": (
        "case_review.id IN (SELECT case_id FROM case_search_row WHERE id IN"
        " (SELECT rowid FROM case_search WHERE case_search MATCH '\"{word}\" *'))"
    ),
}


def ccgs_of(app: Flask, account: str) -> list[Any] | None:
    """The CCGs whose cases an account sees; None for England."""
    with app.app_context():
        person = db.session.scalars(select(Person).where(Person.subject == account)).one()
        scope = access_of(person, read_organisations(db.session(), today()), today()).scope
        return None if scope.reads_everything else sorted(scope.readable)


class Floor:
    """Asks the database itself, on a connection of its own."""

    def __init__(self, app: Flask, database: Database) -> None:
        self._app = app
        self._engine = create_engine(database.unguarded_url)
        self._scopes = {scope: ccgs_of(app, account) for scope, account in ACCOUNTS.items()}
        self._facts = self._find_facts()

    def facts(self, scope: str) -> Facts:
        return self._facts[scope]

    def _find_facts(self) -> dict[str, Facts]:
        dialect = self._engine.dialect.name
        with unguarded(self._app) as session:
            ids: dict[str, Any] = {
                row.code: row.id
                for model in (ReviewType, Theme, DesignatedProfessional)
                for row in session.execute(select(model.code, model.id))
            }
            ids["84H"] = session.scalar(select(Organisation.id).filter_by(kind="ccg", code="84H"))
            ids |= {
                code: ccgs_of(self._app, account) for code, account in {"QHM": "stp-QHM", "Y63": "region-Y63"}.items()
            }
            for word in (RARE_WORD, COMMON_WORD, ABSENT_WORD):
                ids[word] = text(WITH_A_WORD[dialect].format(word=word))
            case_id = session.scalars(
                select(CaseReview.id)
                .where(CaseReview.ccg_id == ids["84H"], CaseReview.status == "open", self._of(SAVED_IN))
                .order_by(CaseReview.date_added.desc(), CaseReview.id)
                .limit(1)
            ).one()
            return {scope: Facts(self._count(session, scope), case_id, ids) for scope in ACCOUNTS}

    def _count(self, session: Session, scope: str) -> int:
        return session.scalar(select(func.count()).select_from(CaseReview).where(self._of(scope))) or 0

    def _of(self, scope: str) -> ColumnElement[bool]:
        ccgs = self._scopes[scope]
        return and_(CASE.withdrawn_at.is_(None), true() if ccgs is None else CASE.ccg_id.in_(ccgs))

    def questions(self, page: Page, scope: str) -> list[Any]:
        """The statements that answer a page's question: how many, and which; or its own."""
        facts = self._facts[scope]
        if page.saves:
            return [change(CASE.id.table).where(CASE.id == facts.case_id)]
        if page.floor is not None:
            return [page.floor(facts).where(self._of(scope))]
        where = (self._of(scope), *([page.where(facts)] if page.where else []))
        rows: Select[Any] = select(*CASE).where(*where).order_by(*page.order).limit(PAGE_SIZE).offset(page.start(facts))
        return [select(func.count()).select_from(CASE.id.table).where(*where), rows]

    def ask(self, page: Page, scope: str) -> float:
        """Milliseconds."""
        questions = self.questions(page, scope)
        if page.saves:
            words = {"latest_update": f"The panel has met at {time.time()}.", "change_id": uuid4()}
            questions = [questions[0].values(words | {"version": CASE.version + 1})]
        compiled = [
            str(one.compile(dialect=self._engine.dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
            for one in questions
        ]
        with self._engine.connect() as connection:
            cursor = connection.connection.cursor()
            begun = time.perf_counter()
            for statement in compiled:
                cursor.execute(statement)
                if not page.saves:
                    cursor.fetchall()
            connection.connection.commit()
            return (time.perf_counter() - begun) * 1000
