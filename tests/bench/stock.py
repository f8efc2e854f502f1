"""Stock Flask-Admin on the same table: a `ModelView` with its defaults, and nothing of the service.

What it needs beside the defaults is named here: which columns are searched and filtered; that the three columns of ids
by which the service sorts stand in the list too; and, for a scope that is not England, the condition that its
documentation gives for restricting rows. It has no relationships: with them its edit form loads every case.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import Column, ForeignKey, MetaData, Table, Uuid, create_engine, func
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

from models import CaseReview

SEARCHED = ("overview", "latest_update", "lessons", "reference", "steis_number", "local_identifier")
FILTERED = (
    *("status", "date_added", "partnership_kind", "incident_date", "media_interest", "report_signed_off_on"),
    *("publication_date", "publication", "date_closed"),
)
SORTED_BY_ID = ("ccg_id", "review_type_id", "theme_1_id")


class Base(DeclarativeBase):
    metadata = MetaData()


# What its keys lead to; nothing asks for it.
Table("elsewhere", Base.metadata, Column("id", Uuid(as_uuid=False), primary_key=True))


def _plain(column: Column[Any]) -> Column[Any]:
    keys = [ForeignKey("elsewhere.id")] if column.foreign_keys else []
    # Ids as text: those of an address are, and stock does not convert them.
    type_ = Uuid(as_uuid=False) if isinstance(column.type, Uuid) else column.type
    return Column(column.name, type_, *keys, primary_key=column.primary_key, nullable=column.nullable)


class StockCase(Base):
    __table__ = Table("case_review", Base.metadata, *(_plain(one) for one in CaseReview.__table__.columns))


COLUMNS = [
    *(one.name for one in StockCase.__table__.columns if not (one.primary_key or one.foreign_keys)),
    *SORTED_BY_ID,
]


class StockView(ModelView):
    column_list = COLUMNS
    column_searchable_list = SEARCHED
    column_filters = FILTERED
    can_view_details = True
    named_filter_urls = True  # so that addresses can be read; it costs nothing


class StockViewOf(StockView):
    """As its documentation restricts rows: the two queries of the list."""

    ccgs: list[Any]

    def get_query(self) -> Any:
        return super().get_query().filter(StockCase.__table__.columns.ccg_id.in_(self.ccgs))

    def get_count_query(self) -> Any:
        return self.session.query(func.count("*")).filter(StockCase.__table__.columns.ccg_id.in_(self.ccgs))


def create_stock(url: str, ccgs: list[Any] | None) -> Flask:
    """An application with the list of a scope at `/cases/`. None is England."""
    app = Flask("stock")
    app.secret_key = "a key for measurements"
    session = scoped_session(sessionmaker(create_engine(url)))
    app.teardown_appcontext(lambda error: session.remove())
    view = StockView if ccgs is None else type("View", (StockViewOf,), {"ccgs": list(map(str, ccgs))})
    Admin(app, url="/admin").add_view(view(StockCase, session, url="/cases"))
    return app


def address(asked: dict[str, Any] | str, case_id: UUID) -> str:
    """The address of the list with some arguments (`sort` is the name of a column), or of a page of a case."""
    if isinstance(asked, str):
        return f"/cases/{asked}/?id={case_id}"
    if "sort" in asked:
        asked = asked | {"sort": COLUMNS.index(asked["sort"])}
    return f"/cases/?{urlencode(asked)}"
