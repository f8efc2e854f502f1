"""The code lists: administrators keep their entries, everybody else looks up what they mean."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app import code_lists
from app.access.current import current_access, may
from app.access.permissions import Permission
from app.nhsuk.forms import NHSForm
from app.rules.words import in_words
from models import CodeListEntry, DesignatedProfessional, ReviewType, Theme, db
from models.code_lists import SECTION
from models.declarations import Kind

from ..base import TrackerView
from ..tables import TableOf, words
from .entry_forms import FIRST, AddForm, RetireForm, offer_places, offer_replacements

STALE = "Somebody else has changed this entry since you opened it. Open it again to see their changes"
OUTRUN = "{} was changed after you opened that page. This is how it is now"


class CodeListView(TrackerView):
    """A code list: administrators reword, order and end-date its entries; everybody else looks up what they mean."""

    reads = downloads = Permission.REFERENCE_READ
    writes = Permission.REFERENCE_WRITE
    section_order = (SECTION,)
    lowest_first = "position"
    search_hint = "A label or code, or its beginning"

    def name_of(self, row: CodeListEntry) -> str:
        return row.label

    @property
    def can_create(self) -> bool:
        return self.can_edit

    def render(self, template: str, **context: Any) -> str:
        if template == self.list_template:
            context.setdefault("create_text", f"Add a {self.one}")
        page: str = super().render(template, **context)
        return page

    def details_context(self, row: CodeListEntry) -> dict[str, Any]:
        """Its page, with what replaces it, and what can be done about it."""
        context = super().details_context(row)
        if self.can_edit:
            ended = row.active_to is not None
            context["actions"] = [
                ("Change", self.get_url(".edit_view", id=row.id)),
                ("Use it again" if ended else "Retire", self.get_url(".retire_view", id=row.id)),
            ]
        replaces = db.session.scalars(select(self.list_of).where(self.list_of.replaced_by_id == row.id))
        context["linked_heading"] = "Replacement"
        context["linked"] = [
            (one.label, self.get_url(".details_view", id=one.id), words)
            for words, several in (
                ("Replaced by", [db.session.get(self.list_of, row.replaced_by_id)] if row.replaced_by_id else []),
                ("Replaces", replaces),
            )
            for one in several
            if one is not None
        ]
        return context

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """A form for a new entry."""
        if not self.can_create:
            abort(403)
        form = AddForm()
        offer_places(form, self._entries())
        if form.is_submitted() and form.validate():
            values = form.values
            after = None if values["after"] == FIRST else values["after"]
            try:
                entry = code_lists.add(db.session(), self.list_of, **{**values, "after": after})
                db.session.commit()
                flash(f"{entry.label} added", "success")
                return redirect(self.get_url(".details_view", id=entry.id))
            except code_lists.CannotKeep as problem:
                db.session.rollback()
                form.add_problems({problem.about: [str(problem)]})
            except IntegrityError:
                db.session.rollback()
                form.add_problems({"": ["The entry could not be saved. Check the values and save again"]})
        page: str = self.render(
            "extracts/form.html",
            title=f"Add a {self.one}",
            caption=self.title,
            form=form,
            submit="Add",
            back_url=self.get_url(".index_view"),
        )
        return page

    @expose("/retire/", methods=("GET", "POST"))
    def retire_view(self) -> ResponseReturnValue:
        """Where an entry is used, and the last day on which it can be chosen; or back into use."""
        entry = self.one_or_404()
        if not self.can_edit:
            abort(403)
        # Retiring and using again share this address: a second press of one must not do the other.
        form = NHSForm() if entry.active_to is not None else RetireForm()
        if not form.is_submitted():
            form.version.data = str(entry.version)
        elif form.version.data != str(entry.version):
            flash(OUTRUN.format(entry.label), "info")
            return redirect(self.get_url(".details_view", id=entry.id))
        if entry.active_to is not None:
            return self._use_again(entry, form)
        offer_replacements(form, self._entries(), entry)
        if form.is_submitted() and form.validate():
            by = db.session.get(self.list_of, form["replaced_by"].data) if form["replaced_by"].data else None
            try:
                code_lists.retire(db.session(), entry, form["last_day"].data, by)
                db.session.commit()
                flash(f"{entry.label} cannot be chosen after {in_words(form['last_day'].data)}", "success")
                return redirect(self.get_url(".details_view", id=entry.id))
            except code_lists.CannotKeep as problem:
                db.session.rollback()
                form.add_problems({problem.about: [str(problem)]})
            except StaleDataError:
                db.session.rollback()
                form.add_problems({"": [STALE]})
        used = code_lists.where_used(entry, by=current_access().person_id)
        page: str = self.render(
            "code_lists/retire.html",
            title=f"Retire {entry.label}",
            caption=self.title,
            form=form,
            used=_table_of(used),
            last_added=in_words(used.last_added) if used.last_added else "",
            submit="Retire",
            back_url=self.get_url(".details_view", id=entry.id),
        )
        return page

    def _use_again(self, entry: CodeListEntry, form: NHSForm) -> ResponseReturnValue:
        if form.is_submitted() and form.validate():
            code_lists.use_again(db.session(), entry)
            db.session.commit()
            flash(f"{entry.label} can be chosen again", "success")
            return redirect(self.get_url(".details_view", id=entry.id))
        page: str = self.render(
            "extracts/form.html",
            title=f"Use {entry.label} again",
            caption=self.title,
            form=form,
            submit="Use it again",
            explanation=f"It ended on {in_words(entry.active_to) if entry.active_to else ''}. It can be chosen again.",
            back_url=self.get_url(".details_view", id=entry.id),
        )
        return page

    def _entries(self) -> list[CodeListEntry]:
        return list(db.session.scalars(select(self.list_of)))

    def edit_form(self, obj: Any = None) -> NHSForm:
        form: NHSForm = self._edit_form_class(
            data={item.name: getattr(obj, item.column) for item in self.items if item.in_form}
        )
        if not form.is_submitted():
            form.version.data = str(obj.version)
        form.row = obj
        return form

    def validate_form(self, form: NHSForm) -> bool:
        if not form.is_submitted():
            return False
        if form.version.data != str(form.row.version):
            form.add_problems({"": [STALE]})
            return False
        problems = {
            field.name: [field.item.when_missing]
            for field in form.item_fields
            if field.item.required and field.data in (None, "") and not field.errors
        }
        starts, ends = form["active_from"].data, form["active_to"].data
        if starts and ends and ends < starts:
            problems["active_to"] = [f"Active to must be the same as or after active from, {in_words(starts)}"]
        holds: bool = form.validate()
        form.add_problems(problems)
        return holds and not problems

    def update_model(self, form: NHSForm, model: Any) -> bool:
        if not may(Permission.REFERENCE_WRITE):
            abort(403)
        if form["active_to"].data is None:
            model.replaced_by_id = None
        for field in form.item_fields:
            empty: Any = None if field.item.kind is Kind.DATE else ""
            setattr(model, field.item.column, empty if field.data is None else field.data)
        try:
            db.session.commit()
        except (IntegrityError, StaleDataError):
            db.session.rollback()
            form.add_problems({"": ["The entry could not be saved. Check the values and save again"]})
            return False
        flash(f"{model.label} saved", "success")
        return True


class ReviewTypeView(CodeListView):
    list_of = ReviewType
    address, title, one, many = "review-types", "Types of review", "type of review", "types of review"


class ThemeView(CodeListView):
    list_of = Theme
    address, title, one, many = "theme-list", "List of themes", "theme", "themes"


class DesignatedProfessionalView(CodeListView):
    list_of = DesignatedProfessional
    address, title = "designated-professionals", "Designated professionals"
    one, many = "designated professional", "designated professionals"


def _table_of(used: code_lists.Used) -> TableOf:
    return TableOf(
        "Where it is used",
        ["Where", "How many"],
        [
            words(where, f"{number:,}")
            for where, number in (
                ("Open cases", used.open_cases),
                ("Closed cases", used.closed_cases),
                ("Withdrawn cases", used.withdrawn_cases),
                ("Saved views", used.views),
                ("Extracts drawn since it was first used", used.extracts),
            )
        ],
    )
