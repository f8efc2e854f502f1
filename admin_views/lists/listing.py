"""The questions of a list: which rows, in which order, from which address.

Flask-Admin routes and calls; each question is answered from the declared items. `base.py` adds the pages.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, g, request
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from jinja2 import pass_context
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy import case as when

from app.access import readings
from app.access.current import lookups
from app.cases.counts import Counts
from app.cases.searching import rows_with
from models import db
from models.declarations import Item, Kind, items_of
from models.enumerations import AuditAction

from ..presenters import short_date, value_of, words_for
from . import columns, ordering
from .filters import TrackerFilter, filters_for

MOST_FILTERS = 40
FURTHEST_PAGE = 1_000_000
# Stands for an id in an address that is made once for all rows.
ANY_ROW = "ID-OF-THE-ROW"


class ListView(ModelView):
    """The rows of a model as a list. A screen derives from `TrackerView`, which says who may come in."""

    # What a screen declares of its list.
    list_of: ClassVar[Any]
    address: ClassVar[str]
    title: ClassVar[str]
    one: ClassVar[str]
    many: ClassVar[str]
    search_hint: ClassVar[str] = ""
    create_text: ClassVar[str] = ""
    newest_first: ClassVar[str | None] = None
    lowest_first: ClassVar[str | None] = None
    named_filters: ClassVar[tuple[TrackerFilter, ...]] = ()

    # What Flask-Admin is told for every list.
    named_filter_urls = True
    can_set_page_size = True
    page_size_options = (20, 50, 100)
    column_display_pk = False

    def __init__(self) -> None:
        self.items = items_of(self.list_of)
        self.by_name = {item.name: item for item in self.items}
        super().__init__(
            self.list_of, db, name=self.title, endpoint=self.address.replace("-", "_"), url=f"/{self.address}"
        )

    # What Flask-Admin asks at start-up

    def get_list_columns(self) -> list[tuple[str, str]]:
        return [(item.name, item.label) for item in columns.in_order(self.items)]

    def get_sortable_columns(self) -> dict[str, str]:
        return {item.name: item.name for item in self.items if item.sortable}

    def scaffold_list_columns(self) -> list[str]:
        return [name for name, _ in self.get_list_columns()]

    def scaffold_auto_joins(self) -> list[Any]:
        return []

    def init_search(self) -> bool:
        return any(item.search for item in self.items)

    def get_filters(self) -> list[TrackerFilter]:
        found: list[TrackerFilter] = [one for item in self.items if item.filterable for one in filters_for(item)]
        return [*found, *self.named_filters]

    # The rows

    def chosen_rows(self, search: str | None, filters: list[tuple[int, str, str]] | None) -> Select[Any]:
        """The rows that a search and filters choose, in no order. Row scope comes on top, in the session."""
        statement = select(self.list_of).where(*self.standing_conditions(filters or []))
        if search and search.strip():
            statement = statement.where(self.found_by(search))
        for index, _, value in filters or []:
            statement = statement.where(self._filters[index].condition(self.list_of, value, lookups()))
        return statement

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        """Conditions of the list itself, for example one kind of organisation."""
        return []

    def found_by(self, search: str) -> ColumnElement[bool]:
        return rows_with(search, self.list_of, self.items)

    def what_is_asked(self, search: str | None, filters: list[tuple[int, str, str]] | None) -> str:
        """By what a list is searched and filtered, for the audit: never the words or the values."""
        asked = ["searched words"] if search and search.strip() else []
        return ", ".join(dict.fromkeys([*asked, *(self._filters[index].label for index, _, _ in filters or [])]))

    def get_list(
        self,
        page: int | None,
        sort_column: str | None,
        sort_desc: bool,
        search: str | None,
        filters: Any,
        execute: bool = True,
        page_size: int | None = None,
    ) -> tuple[int, list[Any]]:
        chosen = self.chosen_rows(search, filters)
        if asked := self.what_is_asked(search, filters):
            readings.note(AuditAction.SEARCHED, about=self.address, details=f"{self.title}: {asked}")
        session = db.session()
        known = None if search or filters else self.known_counts()
        count = known.total if known else self.how_many(chosen)
        size = page_size or self.page_size
        start = min(page or 0, max(0, (count - 1) // size)) * size
        loads = columns.loads_for(self.list_of, columns.shown(request.args, self.items), self.items)
        item = self._sorted_by(sort_column)
        if known and item is None:
            chosen, start = self.near(chosen, start, known)
        elif known and item is not None and count > ordering.MANY:
            rows = self._walked(chosen.options(*loads), item, start, size, descending=bool(sort_desc))
            if rows is not None:
                return count, rows
        # Rows that are passed over or sorted are so in an index, where it can be: only those of the page are read.
        sooner = known is None and self._is_sorted_sooner(count, filters or [])
        ids = self._ids_in_order(chosen, sort_column, bool(sort_desc), sort_first=sooner).limit(size).offset(start)
        ordered = self.in_order(select(self.list_of).where(self.list_of.id.in_(ids)), sort_column, bool(sort_desc))
        return count, list(session.scalars(ordered.options(*loads)))

    def _ids_in_order(
        self, chosen: Select[Any], column: str | None, descending: bool, *, sort_first: bool
    ) -> Select[Any]:
        if not sort_first:
            found = self.in_order(chosen, column, descending)
            return found.with_only_columns(self.list_of.id, maintain_column_froms=True)
        by, descending = self._order(column, descending)
        rows = chosen.with_only_columns(self.list_of.id, by.label("by"), maintain_column_froms=True)
        return ordering.of_few(rows, descending=descending)

    def _is_sorted_sooner(self, count: int, filters: list[tuple[int, str, str]]) -> bool:
        """Whether rows that were chosen are sorted sooner than they are met one by one in the order of an index.

        Few are, and so are those of long ago in a list that begins with the newest.
        """
        of_long_ago = any(self._filters[index].chooses_long_ago for index, _, _ in filters)
        return count <= (ordering.MANY_OF_LONG_AGO if of_long_ago else ordering.MANY)

    def _walked(self, chosen: Select[Any], item: Item, start: int, size: int, *, descending: bool) -> list[Any] | None:
        column = getattr(self.list_of, item.column)
        parts = ordering.parts_of(column, self.ranked(item), self.list_of.id, descending=descending)
        return None if parts is None else ordering.walk(db.session(), chosen, parts, start, size)

    def how_many(self, chosen: Select[Any]) -> int:
        return db.session().scalar(chosen.with_only_columns(func.count(), maintain_column_froms=True)) or 0

    def known_counts(self) -> Counts | None:
        """How many rows the whole list has, where that is kept."""
        return None

    def near(self, chosen: Select[Any], start: int, counts: Counts) -> tuple[Select[Any], int]:
        """Fewer rows, among which the one at a position of the list is found sooner, and its position among them."""
        return chosen, start

    @pass_context
    def get_list_value(self, context: Any, model: Any, name: str) -> str | Markup:
        item = self.by_name[name]
        value = value_of(item, model)
        if item.kind is Kind.DATE:
            return short_date(value)
        words = words_for(item, value, lookups())
        return columns.shortened(words) if item.kind is Kind.TEXT else words

    def name_of(self, row: Any) -> str:
        """What a row is called in links and headings."""
        return str(getattr(row, self.items[0].column))

    def actions_on_row(self, row: Any) -> list[tuple[str, str]]:
        """What can be done with a row in the list: (words, address)."""
        return [("Change", self.url_of_row(".edit_view", row))] if self.can_edit else []

    def url_of_row(self, endpoint: str, row: Any, **arguments: Any) -> str:
        """The address of a page of a row. Of many rows in one request the address is made once."""
        made = g.setdefault("urls_of_rows", {})
        key = (self.endpoint, endpoint, *arguments.items())
        if key not in made:
            made[key] = self.get_url(endpoint, id=ANY_ROW, **arguments)
        return str(made[key].replace(ANY_ROW, str(row.id), 1))

    # Their order

    def in_order(self, statement: Select[Any], column: str | None, descending: bool) -> Select[Any]:
        """The rows in the order of one item, then by id: the same on every page and on both databases."""
        by, descending = self._order(column, descending)
        return statement.order_by(*ordering.by_and_id(by, self.list_of.id, descending=descending))

    def _order(self, column: str | None, descending: bool) -> tuple[Any, bool]:
        """What is sorted by, and whether from the highest on."""
        if (item := self._sorted_by(column)) is not None:
            return self.order_of(item), descending
        if self.newest_first is not None:
            return self.order_of(self.by_name[self.newest_first]), True
        return self.order_of(self.by_name.get(self.lowest_first or "", self.items[0])), False

    def _sorted_by(self, column: str | None) -> Item | None:
        return self.by_name[column] if column is not None and column in self._sortable_columns else None

    def order_of(self, item: Item) -> Any:
        """What an item is sorted by: code lists and organisations by the words that people read."""
        column, ranked = getattr(self.list_of, item.column), self.ranked(item)
        return when({value: rank for rank, value in enumerate(ranked)}, value=column) if ranked else column

    def ranked(self, item: Item) -> list[Any] | None:
        """The values of an item's list in the order of the words that people read; None where it has no list."""
        if item.kind is Kind.CODE:
            return [entry.id for entry in sorted(lookups().codes[item.code_list].values(), key=lambda one: one.label)]
        if item.kind is Kind.ORGANISATION:
            return [place.id for place in lookups().organisations.case_holders()]
        if item.kind is Kind.CHOICE and item.choices is not None:
            return list(item.choices)
        return None

    # The address

    def _get_list_extra_args(self) -> ViewArgs:
        """What the address says, as far as the list understands it. Read once: what is left out is said once."""
        if "list_args" not in g:
            g.list_args = self._read_list_args()
        args: ViewArgs = g.list_args
        return args

    def _read_list_args(self) -> ViewArgs:
        args = super()._get_list_extra_args()
        args.page = args.page if 0 <= args.page < FURTHEST_PAGE else 0
        args.sort_desc = 1 if args.sort_desc else None
        args.search = "".join(c for c in args.search if c.isprintable())[:200] if args.search else None
        column = self._get_column_by_idx(args.sort)
        if column is None or column[0] not in self._sortable_columns:
            args.sort = None
        chosen = columns.asked_for(request.args, self.items)
        args.extra_args = {"columns": ",".join(chosen)} if chosen else {}
        return args

    def _get_list_filter_args(self) -> list[tuple[int, str, str]]:
        """The filters of the address: those that are known and whose value makes sense. The rest is left out, aloud."""
        found: list[tuple[int, str, str]] = []
        left_out: list[str] = []
        for arg, value in list(request.args.items())[: MOST_FILTERS * 2]:
            key = arg[3:].split("_", 1)[-1] if arg.startswith("flt") and "_" in arg else None
            if key is None or not value.strip():
                continue
            index, one = self._filter_args.get(key, (0, None))
            try:
                if one is None or len(found) >= MOST_FILTERS or not value.strip().isprintable():
                    raise ValueError(key)
                one.condition(self.list_of, value.strip(), lookups())
            except (ValueError, OverflowError):
                left_out.append(one.label if one else "an unknown filter")
            else:
                found.append((index, one.label, value.strip()))
        if left_out and request.endpoint == f"{self.endpoint}.export":
            abort(400)  # a file without a filter that was asked for would hold rows that nobody meant to download
        if left_out:
            g.filters_left_out = True
            flash(f"Left out, because the value was not understood: {', '.join(dict.fromkeys(left_out))}", "error")
        return sorted(found)

    def _get_filters(self, filters: Any) -> dict[str, str]:
        """Filters as arguments of an address: `flt_status_is=open`."""
        return {f"flt_{self.get_filter_arg(index, self._filters[index])}": value for index, _, value in filters or []}
