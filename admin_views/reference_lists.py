"""The reference lists: organisations to look up, code lists to keep."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash
from markupsafe import Markup
from sqlalchemy import ColumnElement, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access.current import lookups, may
from app.access.lookups import Lookups
from app.access.permissions import Permission
from app.nhsuk.forms import NHSForm
from app.rules.words import in_words
from models import CodeListEntry, DesignatedProfessional, Organisation, ReviewType, Theme, db
from models.code_lists import SECTION
from models.declarations import Kind
from models.organisations import CCG, REGION, STP

from .base import TrackerView
from .filters import NamedFilter


def _is_current(known: Lookups) -> ColumnElement[bool]:
    return or_(Organisation.closed_on.is_(None), Organisation.closed_on >= known.today)


STALE = "Somebody else has changed this entry since you opened it. Open it again to see their changes"


class OrganisationView(TrackerView):
    """One kind of organisation, with what it is part of and whom it took over from."""

    list_of = Organisation
    kind: ClassVar[str]
    reads = downloads = Permission.REFERENCE_READ
    search_hint = "A name or code, or its beginning"
    named_filters = (NamedFilter("current", "Current", "", _is_current),)

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        return [Organisation.kind == self.kind]

    def name_of(self, row: Organisation) -> str:
        return f"{row.name} ({row.code})"

    def get_one(self, id: Any) -> Organisation | None:
        row: Organisation | None = super().get_one(id)
        return row if row is not None and row.kind == self.kind else None

    def sections_of(self, row: Organisation) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        known = lookups().organisations
        part_of: list[tuple[str, str | Markup]] = [
            ("Part of", f"{known.places[part.parent].name}, {_from_to(part.valid_from, part.valid_to)}")
            for part in sorted(known.parts, key=lambda part: part.valid_from)
            if part.child == row.id
        ]
        succession: list[tuple[str, str | Markup]] = [
            (words, f"{known.places[other].name} ({known.places[other].code}) on {in_words(takeover.effective_on)}")
            for takeover in known.takeovers
            for here, other, words in (
                (takeover.successor, takeover.predecessor, "Took over from"),
                (takeover.predecessor, takeover.successor, "Taken over by"),
            )
            if here == row.id
        ]
        names: list[tuple[str, str | Markup]] = [
            ("Name", f"{name.name}, {_from_to(name.valid_from, name.valid_to)}")
            for name in row.names
            if len(row.names) > 1
        ]
        sections = super().sections_of(row)
        return sections + [
            (title, rows)
            for title, rows in (("Membership", part_of), ("Succession", succession), ("Names", names))
            if rows
        ]


class CCGView(OrganisationView):
    kind, address, title, one, many = CCG, "ccgs", "CCGs", "CCG", "CCGs"


class STPView(OrganisationView):
    kind, address, title, one, many = STP, "stps", "STPs", "STP", "STPs"


class RegionView(OrganisationView):
    kind, address, title, one, many = REGION, "regions", "Regions", "region", "regions"


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


def _from_to(first: Any, last: Any) -> str:
    since = f"from {in_words(first)}" if first else "from before 1 April 2019"
    return f"{since} to {in_words(last)}" if last else since
