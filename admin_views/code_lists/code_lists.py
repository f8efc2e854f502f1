"""The code lists: administrators keep their entries, everybody else looks up what they mean."""

from __future__ import annotations

from typing import Any

from flask import abort, flash
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access.current import may
from app.access.permissions import Permission
from app.nhsuk.forms import NHSForm
from app.rules.words import in_words
from models import CodeListEntry, DesignatedProfessional, ReviewType, Theme, db
from models.code_lists import SECTION
from models.declarations import Kind

from ..base import TrackerView

STALE = "Somebody else has changed this entry since you opened it. Open it again to see their changes"


class CodeListView(TrackerView):
    """A code list: administrators reword, order and end-date its entries; everybody else looks up what they mean."""

    reads = downloads = Permission.REFERENCE_READ
    writes = Permission.REFERENCE_WRITE
    section_order = (SECTION,)
    lowest_first = "position"
    search_hint = "A label or code, or its beginning"

    def name_of(self, row: CodeListEntry) -> str:
        return row.label

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
