"""The cases: list, details, form, download."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.access.visibility import who_can_see
from app.cases import allocating, conditions, duplicates
from app.cases.counts import Counts, counts_of
from app.cases.searching import cases_with
from app.cases.timeline import done_between, timeline_of
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_moment
from models import CaseReview, Section, db
from models.declarations import Item, Kind
from models.enumerations import Status

from ..lists.filters import NamedFilter
from ..themes import learning
from ..themes.theme_filters import THEME_FILTERS
from . import case_allocation, case_conflict, case_drafts, case_form, case_saving
from .case_actions import ACTIONS, CaseAction
from .case_allocation import AllocatesCases, OfASplit
from .case_bulk import UpdatesSeveral
from .case_drafts import KeepsDrafts
from .case_openings import NotesOpenings

SIGNALS = "Needs attention"


class CaseReviewView(NotesOpenings, KeepsDrafts, UpdatesSeveral, AllocatesCases):
    """Everything a CCG does with its cases."""

    list_of = CaseReview
    address = "cases"
    title = "Cases"
    one, many = "case", "cases"
    reads, writes, downloads = Permission.CASE_READ, Permission.CASE_WRITE, Permission.CASE_DOWNLOAD
    details_template = "cases/details.html"
    search_hint = "Words in the overview, update and lessons, or the beginning of a reference or number"
    newest_first = "date_added"
    section_order = tuple(Section)
    led_here_from = ("data_quality.index",)
    named_filters = (
        NamedFilter("no_update_for_90_days", "No update for 90 days", SIGNALS, conditions.has_no_update),
        NamedFilter(
            "signed_off_but_not_published",
            "Report signed off but not published",
            SIGNALS,
            conditions.is_signed_off_but_not_published,
        ),
        NamedFilter("possible_duplicate", "Possible duplicate", SIGNALS, duplicates.may_be_a_duplicate),
        OfASplit("waits_for_allocation", "Waits for allocation", SIGNALS, conditions.waits_for_allocation),
        OfASplit("newly_allocated", "Allocated, not changed since", SIGNALS, allocating.is_newly_allocated),
        NamedFilter("withdrawn", "Withdrawn", SIGNALS, conditions.is_withdrawn),
        *THEME_FILTERS,
    )

    @property
    def can_create(self) -> bool:
        return may(Permission.CASE_WRITE) and bool(current_access().current_ccgs)

    # The list

    def standing_conditions(self, filters: list[tuple[int, str, str]]) -> list[ColumnElement[bool]]:
        """Withdrawn cases are shown only to those who ask for them."""
        names = {getattr(self._filters[index], "of", None) for index, _, _ in filters}
        return [] if conditions.is_withdrawn in names else [conditions.is_recorded(lookups())]

    def known_counts(self) -> Counts | None:
        return counts_of(db.session())

    def near(self, chosen: Select[Any], start: int, counts: Counts) -> tuple[Select[Any], int]:
        """The newest cases come first, so those of later months can be left out."""
        day, position = counts.place_of(start)
        return (chosen.where(CaseReview.date_added <= day), position) if day and start else (chosen, start)

    def ranked(self, item: Item) -> list[Any] | None:
        """Of CCGs those alone whose cases the person may see any of."""
        if item.kind is Kind.ORGANISATION:
            return [place.id for place in current_access().readable_ccgs]
        return super().ranked(item)

    def found_by(self, search: str) -> ColumnElement[bool]:
        return cases_with(search, db.session())

    def name_of(self, row: CaseReview) -> str:
        return row.reference

    def may_change(self, case: CaseReview) -> bool:
        return may(Permission.CASE_WRITE) and current_access().scope.may_change(case)

    def actions_on_row(self, row: CaseReview) -> list[tuple[str, str]]:
        if not self.may_change(row) or row.is_withdrawn:
            return []
        return [("Change", self.url_of_row(".edit_view", row))]

    # Details

    def details_context(self, row: CaseReview) -> dict[str, Any]:
        context = super().details_context(row)
        actions = [
            (action.button, self.get_url(f".{name}_view", id=row.id))
            for name, action in ACTIONS.items()
            if self.may_change(row) and action.fits(row)
        ]
        if case_allocation.waits_or_was_allocated(row):
            words = "Allocate to another" if row.allocated_to_id else "Allocate"
            actions.append((words, self.get_url(".allocate_view", id=row.id)))
        linked = [("Grew out of", row.converted_from)] if row.converted_from else []
        linked += [("Grew into", case) for case in row.grown_into]
        return context | {
            "page_title": f"Case {row.reference}",
            "caption": "Case",
            "actions": [*context["actions"], *actions],
            "tag": ("Withdrawn", "red") if row.is_withdrawn else (row.status.label, _COLOURS[row.status]),
            "notice": (
                f"This case was withdrawn on {nhs_moment(row.withdrawn_at)}: {row.withdrawn_reason}"
                if row.withdrawn_at
                else case_allocation.waiting_words(row)
            ),
            "linked": [
                (case.reference, self.get_url(".details_view", id=case.id), f"{how} this {case.review_type.label}")
                for how, case in linked
            ],
            "last_change": _last_change(row),
            "events": self.events_of(row),
            "viewers": self.viewers_of(row),
            "alike": learning.like(row),
            "openings_url": self.get_url(".opened_view", id=row.id),
            "redaction_url": (
                self.get_url("redactions.ask_view", id=row.id)
                if may(Permission.REDACTION_ASK) and self.may_change(row)
                else None
            ),
        }

    def events_of(self, row: CaseReview) -> list[dict[str, Any]]:
        """The timeline of the case, each linked review with its address."""
        return [
            vars(event)
            | {
                "link": event.case.reference if event.case else "",
                "url": self.get_url(".details_view", id=event.case.id) if event.case else "",
            }
            for event in timeline_of(row, lookups().today)
        ]

    def viewers_of(self, row: CaseReview) -> list[tuple[str, str]]:
        """Who can see the case, for those who manage it: (role and organisation, why)."""
        if not self.may_change(row):
            return []
        return [
            (f"{viewer.role.label}: {viewer.place.name}", viewer.because)
            for viewer in who_can_see(row.ccg_id, lookups().organisations, lookups().today, row.allocated_to_id)
        ]

    def event_between(self, before: Any, after: Any) -> str:
        return done_between(before, after)

    def sections_of(self, row: CaseReview) -> list[tuple[str, list[tuple[str, str | Markup]]]]:
        """Without what says nothing: the withdrawal of a case in use, the current CCG where it is the same."""
        silent = set() if row.is_withdrawn else {"withdrawn_at", "withdrawn_reason"}
        if lookups().organisations.current_of(row.held_by_id, lookups().today) == row.ccg_id:
            silent.add("current_ccg")
        labels = {self.by_name[name].label for name in silent}
        return [
            (title, [(label, value) for label, value in rows if label not in labels])
            for title, rows in super().sections_of(row)
        ]

    # Recording and changing

    def render(self, template: str, **kwargs: Any) -> str:
        if str(request.endpoint) in case_drafts.FORMS:
            kwargs["kept"] = case_drafts.kept_of(kwargs["form"])
            if kwargs["form"].conflict is not None:
                template, kwargs["problems"] = "cases/conflict.html", case_conflict.problems_on(kwargs["form"])
        return super().render(template, **kwargs)

    def create_form(self, obj: Any = None) -> NHSForm:
        access, today = current_access(), lookups().today
        typed = case_drafts.as_typed(case_drafts.asked_for())
        form: NHSForm = self._create_form_class(data=case_form.starting_values(access, today), **typed)
        case_form.give_token(form)
        case_form.offer(form, access, lookups(), None)
        form.case = None
        return form

    def edit_form(self, obj: CaseReview | None = None) -> NHSForm:
        if obj is None or not self.may_change(obj):
            abort(403)
        typed = case_drafts.as_typed(case_drafts.asked_for(obj))
        form: NHSForm = self._edit_form_class(data=case_form.saved_values(obj), **typed)
        # A closed case is opened again by its own page, which asks for the reason.
        case_form.without(form, ["ccg"] + (["status"] if obj.status == Status.CLOSED else []))
        if obj.converted_from_id is not None and obj.converted_from is None:
            case_form.without(form, ["converted_from"])  # a link that this person cannot see stays as it is
        case_form.give_token(form, obj)
        case_form.offer(form, current_access(), lookups(), obj)
        form.case = obj
        return form

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """The form; a withdrawn case leads to its page, which offers to bring it back."""
        case: CaseReview = self.one_or_404()
        if request.method == "GET" and case.is_withdrawn and self.may_change(case):
            flash(f"Case {case.reference} {case_saving.WITHDRAWN}", "info")
            return redirect(self.get_url(".details_view", id=case.id))
        return self.change(case)

    def validate_form(self, form: NHSForm) -> bool:
        return form.is_submitted() and case_saving.may_be_saved(form)

    def create_model(self, form: NHSForm) -> CaseReview | None:
        return case_saving.record(form)

    def update_model(self, form: NHSForm, model: CaseReview) -> bool:
        return case_saving.change(form) is not None

    # Closing, opening again, withdrawing, bringing back

    @expose("/close/", methods=("GET", "POST"))
    def close_view(self) -> ResponseReturnValue:
        return self.act("close")

    @expose("/reopen/", methods=("GET", "POST"))
    def reopen_view(self) -> ResponseReturnValue:
        return self.act("reopen")

    @expose("/withdraw/", methods=("GET", "POST"))
    def withdraw_view(self) -> ResponseReturnValue:
        return self.act("withdraw")

    @expose("/bring-back/", methods=("GET", "POST"))
    def bring_back_view(self) -> ResponseReturnValue:
        return self.act("bring_back")

    def act(self, name: str) -> ResponseReturnValue:
        """A page that does one thing to one case, and asks only what that needs."""
        action: CaseAction = ACTIONS[name]
        case: CaseReview = self.one_or_404()
        if not self.may_change(case):
            abort(403)
        details = self.get_url(".details_view", id=case.id)
        form = action.form(case, case_drafts.as_typed(case_drafts.asked_for(case)))
        if not action.fits(case) and not form.is_submitted():
            flash(f"Case {case.reference} is already {action.state}", "info")
            return redirect(details)
        form.case = case
        case_form.give_token(form, case)
        if form.is_submitted() and case_saving.may_be_done(form, action) and case_saving.do(form, action):
            return redirect(details)
        return self.render(
            "cases/act.html",
            title=action.title,
            page_title=f"{action.title}: {case.reference}",
            caption=case.reference,
            form=form,
            explanation=action.explanation,
            submit_text=action.button,
            submit_class="nhsuk-button--warning" if name == "withdraw" else "",
            back_url=details,
        )


_COLOURS = {Status.OPEN: "blue", Status.CLOSED: "grey"}


def _last_change(case: CaseReview) -> str:
    by = f" by {case.changed_by.name}" if case.changed_by else ""
    why = f": {case.change_reason}" if case.change_reason else ""
    return f"Version {case.version}, saved {nhs_moment(case.changed_at)}{by}{why}"
