"""What every generated view shares: list, filters, details, form and download, all from a model's declarations.

A screen is a declaration: `list_of`, who may read and write, and words. Flask-Admin routes and calls; this class
answers each of its questions from the declared items, and leaves no door of its own open.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar
from uuid import UUID

from flask import abort, flash, g, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from jinja2 import pass_context
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, asc, desc, func, nulls_last, select
from sqlalchemy import case as when

from app.access import clock
from app.access.current import current_access, may
from app.access.permissions import Permission
from app.cases.searching import rows_with
from app.extracts.download import write_csv
from app.nhsuk.form_converter import form_class_for
from app.nhsuk.forms import NHSForm
from app.rules.words import count_of
from models import db
from models.declarations import Item, Kind, items_of

from .facts import lookups
from .filters import FilterField, FilterGroup, NamedFilter, TrackerFilter, filters_for
from .presenters import html_for, value_of, words_for

MOST_FILTERS = 40
FURTHEST_PAGE = 1_000_000


class TrackerView(ModelView):
    """A list of a model's rows, generated from its declared items."""

    # What a subclass declares.
    list_of: ClassVar[Any]
    address: ClassVar[str]
    title: ClassVar[str]
    one: ClassVar[str]
    many: ClassVar[str]
    reads: ClassVar[Permission]
    writes: ClassVar[Permission | None] = None
    downloads: ClassVar[Permission | None] = None
    search_hint: ClassVar[str] = ""
    newest_first: ClassVar[str | None] = None
    lowest_first: ClassVar[str | None] = None
    named_filters: ClassVar[tuple[NamedFilter, ...]] = ()
    section_order: ClassVar[tuple[str, ...]] = ()

    # What Flask-Admin is told for every view.
    named_filter_urls = True
    can_view_details = True
    can_delete = False
    can_set_page_size = True
    page_size_options = (20, 50, 100)
    column_display_pk = False
    # Doors of Flask-Admin that are not offered: without a route they do not exist.
    delete_view = action_view = ajax_lookup = ajax_update = None

    def __init__(self) -> None:
        self.items = items_of(self.list_of)
        self.by_name = {item.name: item for item in self.items}
        super().__init__(
            self.list_of, db, name=self.title, endpoint=self.address.replace("-", "_"), url=f"/{self.address}"
        )

    # Who may come in

    def is_accessible(self) -> bool:
        return may(self.reads)

    @property
    def can_create(self) -> bool:
        return False

    @property
    def can_edit(self) -> bool:
        return self.writes is not None and may(self.writes)

    @property
    def can_export(self) -> bool:
        return self.downloads is not None and may(self.downloads)

    # What Flask-Admin asks at start-up, answered from the declarations

    def get_list_columns(self) -> list[tuple[str, str]]:
        return [(item.name, item.label) for item in self.items if item.in_list]

    def get_sortable_columns(self) -> dict[str, str]:
        return {item.name: item.name for item in self.items if item.sortable}

    def get_details_columns(self) -> list[tuple[str, str]]:
        return [(item.name, item.label) for item in self.items]

    def get_export_columns(self) -> list[tuple[str, str]]:
        return self.get_details_columns()

    def scaffold_list_columns(self) -> list[str]:
        return [name for name, _ in self.get_list_columns()]

    def scaffold_auto_joins(self) -> list[Any]:
        return []

    def init_search(self) -> bool:
        return any(item.search for item in self.items)

    def get_filters(self) -> list[TrackerFilter]:
        found: list[TrackerFilter] = [one for item in self.items if item.filterable for one in filters_for(item)]
        return [*found, *self.named_filters]

    def scaffold_form(self) -> type[NHSForm]:
        form_class = form_class_for(self.list_of)
        form_class.section_order = self.section_order
        return form_class

    # The list

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

    def in_order(self, statement: Select[Any], column: str | None, descending: bool) -> Select[Any]:
        """The rows in the order of one item, then by id: the same on every page and on both databases."""
        if column is not None and column in self._sortable_columns:
            by = self.order_of(self.by_name[column])
        elif self.newest_first is not None:
            by, descending = self.order_of(self.by_name[self.newest_first]), True
        else:
            by, descending = self.order_of(self.by_name.get(self.lowest_first or "", self.items[0])), False
        direction = desc(by) if descending else asc(by)
        # Without "nulls last" where there are none, so that an index can give the order.
        if getattr(by, "nullable", True):
            direction = nulls_last(direction)
        return statement.order_by(direction, self.list_of.id.desc() if descending else self.list_of.id)

    def order_of(self, item: Item) -> Any:
        """What an item is sorted by: code lists and organisations by the words that people read."""
        column = getattr(self.list_of, item.column)
        if item.kind is Kind.CODE:
            ranked = sorted(lookups().codes[item.code_list].values(), key=lambda entry: entry.label)
            ranks = {entry.id: rank for rank, entry in enumerate(ranked)}
        elif item.kind is Kind.ORGANISATION:
            ranks = {place.id: rank for rank, place in enumerate(lookups().organisations.case_holders())}
        elif item.kind is Kind.CHOICE and item.choices is not None:
            ranks = {choice: rank for rank, choice in enumerate(item.choices)}
        else:
            return column
        return when(ranks, value=column) if ranks else column

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
        session = db.session()
        count = session.scalar(chosen.with_only_columns(func.count(), maintain_column_froms=True)) or 0
        size = page_size or self.page_size
        start = min(page or 0, max(0, (count - 1) // size)) * size
        rows = session.scalars(self.in_order(chosen, sort_column, bool(sort_desc)).limit(size).offset(start))
        return count, list(rows)

    def get_one(self, id: Any) -> Any:
        """One row in scope, or None: for an id that never was, one out of scope, and nonsense alike."""
        try:
            key = UUID(str(id))
        except ValueError:
            return None
        return db.session().get(self.list_of, key)

    def one_or_404(self) -> Any:
        row = self.get_one(request.args.get("id", ""))
        if row is None:
            abort(404)
        return row

    # The address

    def _get_list_extra_args(self) -> ViewArgs:
        args = super()._get_list_extra_args()
        args.page = args.page if 0 <= args.page < FURTHEST_PAGE else 0
        args.sort_desc = 1 if args.sort_desc else None
        args.search = "".join(c for c in args.search if c.isprintable())[:200] if args.search else None
        column = self._get_column_by_idx(args.sort)
        if column is None or column[0] not in self._sortable_columns:
            args.sort = None
        args.extra_args = {}
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

    # The pages

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs.update(self.list_context(kwargs))
        page: str = super().render(template, **kwargs)
        return page

    def list_context(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the list page needs beside Flask-Admin's own context."""
        args = given["active_filters"] or []
        count, size = given["count"], given["page_size"]
        columns = [
            (name, label)
            for name, label in self._list_columns
            if self.by_name[name].kind is not Kind.ORGANISATION or len(current_access().readable_ccgs) > 1
        ]
        return {
            "title": self.title,
            "caption": self.title,
            "page": min(given["page"] or 0, max(0, (count - 1) // size)),
            "list_columns": columns,
            "column_index": {name: index for index, (name, _) in enumerate(self._list_columns)},
            "panel": self.panel(args),
            "chosen": self.chosen_tags(args, given),
            "clear_url": self.get_url(".index_view", **self._kept(given, with_search=True)),
            "kept": list(self._kept(given, with_search=False).items()),
            "count_text": count_of(count, self.one, self.many),
            "download_url": self.get_url(
                ".export", export_type="csv", **self._kept(given, with_search=True), **given["filter_args"]
            )
            if self.can_export and not g.get("filters_left_out")
            else None,
            "can_create": self.can_create,
            "create_text": f"Record a {self.one}",
            "empty_message": self.empty_message(bool(args or given["search"])),
            "search_hint": self.search_hint,
            "row_actions": self.actions_on_row if self.can_edit else None,
            "row_name": self.name_of,
            "details_url": lambda row: self.get_url(".details_view", id=row.id, url=given["return_url"]),
        }

    def _kept(self, given: dict[str, Any], *, with_search: bool) -> dict[str, Any]:
        kept = {
            "sort": given["sort_column"],
            "desc": given["sort_desc"],
            "page_size": given["page_size"] if given["page_size"] != self.page_size else None,
        }
        if with_search:
            kept["search"] = given["search"]
        return {name: value for name, value in kept.items() if value not in (None, "")}

    def panel(self, chosen: list[tuple[int, str, str]]) -> list[FilterGroup]:
        """The filter panel, grouped by section, with what is chosen."""
        values = {index: value for index, _, value in chosen}
        groups: dict[str, list[FilterField]] = defaultdict(list)
        for index, one in enumerate(self._filters):
            if one.is_offered(lookups()):
                arg = f"flt_{self.get_filter_arg(index, one)}"
                groups[one.section].append(one.field(arg, values.get(index, ""), lookups()))
        return [FilterGroup(title, fields) for title, fields in groups.items()]

    def chosen_tags(self, chosen: list[tuple[int, str, str]], given: dict[str, Any]) -> list[tuple[str, str]]:
        """Each chosen filter in words, with the address of the list without it."""
        tags = []
        for index, label, value in chosen:
            rest = self._get_filters([one for one in chosen if one[0] != index])
            url = self.get_url(".index_view", **self._kept(given, with_search=True), **rest)
            tags.append((f"{label}: {self._filters[index].words_for(value, lookups())}", url))
        return tags

    def empty_message(self, is_filtered: bool) -> str:
        if is_filtered:
            return f"No {self.many} match. Take out a filter or change the search."
        return f"There are no {self.many} yet."

    def name_of(self, row: Any) -> str:
        """What a row is called in links and headings."""
        return str(getattr(row, self.items[0].column))

    def actions_on_row(self, row: Any) -> list[tuple[str, str]]:
        """What can be done with a row in the list: (words, address)."""
        return [("Change", self.get_url(".edit_view", id=row.id))] if self.can_edit else []

    @pass_context
    def get_list_value(self, context: Any, model: Any, name: str) -> str | Markup:
        item = self.by_name[name]
        return words_for(item, value_of(item, model), lookups())

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """One row, section by section."""
        row = self.one_or_404()
        return self.render(self.details_template, **self.details_context(row))

    def details_context(self, row: Any) -> dict[str, Any]:
        return {
            "model": row,
            "title": self.name_of(row),
            "caption": self.title,
            "sections": self.sections_of(row),
            "actions": [(text, url) for text, url in self.actions_on_row(row)],
            "tag": None,
            "notice": None,
            "linked": [],
            "back_url": self.return_url(),
        }

    def return_url(self) -> str:
        """The list as the person left it, if the address names it; else the list."""
        wanted = request.args.get("url", "")
        index: str = self.get_url(".index_view")
        return wanted if wanted.startswith(f"{index}?") else index

    def sections_of(self, row: Any) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        """Every item in words, by section; items of no section come first."""
        sections: dict[str, list[tuple[str, str | Markup]]] = {title: [] for title in self.section_order}
        for item in self.items:
            html = html_for(item, value_of(item, row), lookups())
            sections.setdefault(item.section or "Details", []).append((item.label, html))
        return [(title, rows) for title, rows in sections.items() if rows]

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """A form for a new row."""
        if not self.can_create:
            abort(403)
        form = self.create_form()
        if self.validate_form(form):
            row = self.create_model(form)
            if row:
                return redirect(self.get_url(".details_view", id=row.id))
        return self.render(
            self.create_template,
            form=form,
            title=f"Record a {self.one}",
            return_url=self.return_url(),
            submit_text="Save",
            caption=None,
            model=None,
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """A form to change a row."""
        return self.change(self.one_or_404())

    def change(self, row: Any) -> ResponseReturnValue:
        """The form to change a row, or the row's page once it is saved."""
        if not self.can_edit:
            abort(403)
        form = self.edit_form(row)
        if self.validate_form(form) and self.update_model(form, row):
            return redirect(self.get_url(".details_view", id=row.id))
        return self.render(
            self.edit_template,
            form=form,
            title=f"Change {self.one}",
            caption=self.name_of(row),
            return_url=self.get_url(".details_view", id=row.id),
            submit_text="Save",
            model=row,
        )

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> ResponseReturnValue:
        """The list on screen as a CSV file, every row of it."""
        if export_type != "csv":
            abort(404)
        if not self.can_export:
            abort(403)
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        chosen = self.in_order(
            self.chosen_rows(args.search, args.filters), column[0] if column else None, bool(args.sort_desc)
        )
        file = write_csv(db.session(), chosen, self.list_of, lookups())
        length = file.seek(0, 2)
        file.seek(0)
        response = send_file(
            file,
            mimetype="text/csv",
            as_attachment=True,
            download_name=f"{self.address}-{clock.today().isoformat()}.csv",
            max_age=0,
        )
        response.content_length = length
        return response
