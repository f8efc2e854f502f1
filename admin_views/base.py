"""What every generated view shares: its declaration and its pages, all from a model's declared items.

A screen is a declaration: `list_of`, who may read and write, and words. Flask-Admin routes and calls; this class
answers each of its questions from the declared items, and leaves no door of its own open.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from app.access.current import lookups, may
from app.access.permissions import Permission
from app.nhsuk.form_converter import form_class_for
from app.nhsuk.forms import NHSForm
from models import db

from .history import ShowsHistory
from .lists import list_download, list_page
from .presenters import html_for, value_of


class TrackerView(ShowsHistory):
    """A list of a model's rows with their pages, generated from its declared items."""

    # What a screen declares beside what `ListView` asks of it.
    reads: ClassVar[Permission]
    writes: ClassVar[Permission | None] = None
    downloads: ClassVar[Permission | None] = None
    section_order: ClassVar[tuple[str, ...]] = ()
    # Endpoints of pages, beside its list, to which a row's page leads back.
    led_here_from: ClassVar[tuple[str, ...]] = ()

    # What Flask-Admin is told for every view.
    can_view_details = True
    can_delete = False
    # Doors of Flask-Admin that are not offered: without a route they do not exist.
    delete_view = action_view = ajax_lookup = ajax_update = None

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

    # What Flask-Admin asks at start-up

    def get_details_columns(self) -> list[tuple[str, str]]:
        return [(item.name, item.label) for item in self.items]

    def get_export_columns(self) -> list[tuple[str, str]]:
        return self.get_details_columns()

    def scaffold_form(self) -> type[NHSForm]:
        form_class = form_class_for(self.list_of)
        form_class.section_order = self.section_order
        return form_class

    # The pages

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs.update(list_page.context_of(self, kwargs))
        page: str = super().render(template, **kwargs)
        return page

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
            "history_url": self.get_url(".history_view", id=row.id) if self.has_history else None,
            "linked": [],
            "back_url": self.return_url(),
        }

    def return_url(self) -> str:
        """The list as the person left it, or another page that leads here, if the address names it; else the list."""
        wanted = request.values.get("url", "")
        index: str = self.get_url(".index_view")
        known = (index, *(self.get_url(endpoint) for endpoint in self.led_here_from))
        return wanted if wanted.partition("?")[0] in known and wanted.isprintable() else index

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
        details = self.get_url(".details_view", id=row.id)
        if self.validate_form(form) and self.update_model(form, row):
            return redirect(details)
        return self.render(
            self.edit_template,
            form=form,
            title=f"Change {self.one}",
            page_title=f"Change {self.one}: {self.name_of(row)}",
            caption=self.name_of(row),
            return_url=details,
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
        return list_download.sent(
            chosen, self.list_of, self.address, self.title, self.what_is_asked(args.search, args.filters)
        )
