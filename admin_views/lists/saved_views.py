"""Views that people save: a list's filters, order and columns under a name of their own, for themselves alone.

The words of a search are not saved: they may say something of a case.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access.current import current_access, lookups
from app.nhsuk.fields import LineField
from app.nhsuk.forms import NHSForm
from models import SavedView, db
from models.declarations import SERVICE, Item
from models.saved_views import LONGEST_NAME, LONGEST_QUERY

from . import columns
from .listing import ListView

MOST_VIEWS = 30
TOO_MANY = f"You have {MOST_VIEWS} saved views of this list. Delete one first"
TOO_LONG = "This view has too many filters to be saved. Take some out"


class ViewForm(NHSForm):
    """What a view is to be called."""

    name = LineField(
        Item(
            name="name",
            label="Name",
            question="What should this view be called?",
            hint="For example, Open child reviews. Only you see it.",
            definition="What the person calls the view.",
            source=SERVICE,
            required=True,
            problem="Enter a name for the view",
            max_length=LONGEST_NAME,
        )
    )

    def validate(self, extra_validators: Any = None) -> bool:
        holds: bool = super().validate(extra_validators)
        return self.ask_for_what_is_missing() and holds


class SavesViews(ListView):
    """The addresses of a list at which its views are saved and deleted."""

    def saved_views(self) -> list[SavedView]:
        """The person's own views of this list, by name."""
        mine = select(SavedView).where(
            SavedView.person_id == current_access().person_id, SavedView.screen == self.address
        )
        return sorted(db.session.scalars(mine), key=lambda view: view.name.casefold())

    def query_of_view(self) -> str:
        """What the address says that a view keeps, as far as the list understands it."""
        args = self._get_list_extra_args()
        kept = {
            **self._get_filters(args.filters),
            "sort": args.sort,
            "desc": args.sort_desc,
            "page_size": size if (size := self.get_safe_page_size(args.page_size)) != self.page_size else None,
            "columns": ",".join(columns.asked_for(request.args, self.items)),
        }
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})

    @expose("/views/new/", methods=("GET", "POST"))
    def save_view(self) -> ResponseReturnValue:
        """Saves the view in the address under a name. The same name again takes its place."""
        query, form = self.query_of_view(), ViewForm()
        back = self.get_url(".index_view") + (f"?{query}" if query else "")
        if form.is_submitted() and form.validate():
            problem = _store(self.saved_views(), self.address, form.name.data, query)
            if problem is None:
                flash(f"View “{form.name.data}” saved", "success")
                return redirect(back)
            form.add_problems({"": [problem]})
        page: str = self.render(
            "saved_view.html",
            title="Save this view",
            form=form,
            view=self.words_of_view(),
            submit="Save",
            back_url=back,
        )
        return page

    @expose("/views/delete/", methods=("GET", "POST"))
    def delete_saved_view(self) -> ResponseReturnValue:
        """Asks, and deletes one of the person's views."""
        view = next((one for one in self.saved_views() if str(one.id) == request.args.get("view")), None)
        if view is None:
            abort(404)
        if request.method == "POST":
            db.session.delete(view)
            db.session.commit()
            flash(f"View “{view.name}” deleted", "success")
            return redirect(self.get_url(".index_view"))
        page: str = self.render(
            "saved_view.html",
            title=f"Delete the view “{view.name}”?",
            form=None,
            view=[],
            submit="Delete",
            back_url=f"{self.get_url('.index_view')}?{view.query}",
        )
        return page

    def words_of_view(self) -> list[tuple[str, str]]:
        """The view in the address in words: its filters, order and columns."""
        args, known = self._get_list_extra_args(), lookups()
        rows = [(label, self._filters[index].words_for(value, known)) for index, label, value in args.filters or []]
        column = self._get_column_by_idx(args.sort)
        if column:
            rows.append(("Sorted by", column[1] + (", descending" if args.sort_desc else "")))
        chosen = columns.asked_for(request.args, self.items)
        if chosen:
            rows.append(("Columns", ", ".join(self.by_name[name].label for name in chosen)))
        return rows


def _store(views: list[SavedView], screen: str, name: str, query: str) -> str | None:
    """Saves a view, in place of one of the same name whatever its case. A sentence where it cannot be."""
    if len(query) > LONGEST_QUERY:
        return TOO_LONG
    view = next((one for one in views if one.name.casefold() == name.casefold()), None)
    if view is None:
        if len(views) >= MOST_VIEWS:
            return TOO_MANY
        view = SavedView(person_id=current_access().person_id, screen=screen)
        db.session.add(view)
    view.name, view.query = name, query
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()  # pressed twice: the first press has saved it
    return None
