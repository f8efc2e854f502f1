"""After a split: people of the CCG that was split give each of its cases to one of those that took over."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.lookups import Lookups
from app.access.permissions import Permission
from app.cases import allocating
from app.cases.allocating import Which
from app.nhsuk.forms import NHSForm
from app.rules.succession import Place
from app.rules.words import count_of
from models import CaseReview, db

from ..base import TrackerView
from ..lists.filters import NamedFilter

AT_ONCE = 50
CHOOSE_ONE, CHOOSE_CASES = "Select who takes over the cases", "Select the cases"
STALE = "Somebody else has changed one of these cases meanwhile. Nothing was allocated. Look at them again"
_FIRST = {"to": "#to-1", "cases": "#case-1"}
TABS = {Which.OPEN: "Open, waiting", Which.CLOSED: "Closed, waiting", Which.ALLOCATED: "Allocated"}


class OfASplit(NamedFilter):
    """A condition that is offered only where a CCG was split."""

    def is_offered(self, lookups: Lookups) -> bool:
        return bool(lookups.organisations.splits_on(lookups.today))


class AllocatesCases(TrackerView):
    """The address of the list of cases at which those of a CCG that was split are allocated."""

    @expose("/allocate/", methods=("GET", "POST"))
    def allocate_view(self) -> ResponseReturnValue:
        """Shows the cases of a CCG that was split, a page at a time, and gives those that were selected to one."""
        split = _split_or_404()
        known, today = lookups().organisations, lookups().today
        successors = known.may_answer_after_a_split(split.id, today)
        which = next((one for one in Which if one == request.values.get("show")), Which.OPEN)
        here = self.get_url(".allocate_view", ccg=split.code, show=which)
        form = NHSForm()
        to = next((one for one in successors if str(one.id) == request.form.get("to")), None)
        seen = dict(one.split(" ", 1) for one in request.form.getlist("case") if " " in one)
        problems: dict[str, str] = {}
        if form.is_submitted() and form.validate():
            problems = ({} if to else {"to": CHOOSE_ONE}) | ({} if seen else {"cases": CHOOSE_CASES})
            if to is not None and not problems:
                flash(*self._allocate(split, to, seen))
                return redirect(here)
        conditions = allocating.cases_of(split, which, known, today)
        cases = db.session.scalars(
            select(CaseReview).where(*conditions).order_by(CaseReview.date_added, CaseReview.reference).limit(AT_ONCE)
        ).all()
        counted = allocating.how_many(db.session(), split, known, today)
        page: str = self.render(
            "cases/allocate.html",
            title="Allocate cases",
            page_title=f"Allocate cases: {split.name}",
            caption=split.name,
            form=form,
            problems=problems,
            summary=[{"text": text, "href": _FIRST[name]} for name, text in problems.items()],
            successors=[(str(one.id), f"{one.name} ({one.code})") for one in successors],
            to=str(to.id) if to else "",
            which=which,
            tabs=[
                (label, self.get_url(".allocate_view", ccg=split.code, show=tab), counted[tab], tab == which)
                for tab, label in TABS.items()
            ],
            cases=[
                (
                    case,
                    self.get_url(".details_view", id=case.id),
                    known.places[case.held_by_id].name,
                    str(case.id) in seen,
                )
                for case in cases
            ],
            in_all=counted[which],
            back_url=self.get_url("admin.index"),
        )
        return page

    def _allocate(self, split: Place, to: Place, seen: dict[str, str]) -> tuple[str, str]:
        """Gives the selected cases to one, all or none, and says what became of them. 404 for one that is not there."""
        access, session = current_access(), db.session()
        line = {split.id, *lookups().organisations.predecessors_of(split.id, lookups().today)}
        cases = []
        for typed in list(seen)[:AT_ONCE]:
            case = self.get_one(typed)
            if case is None or case.ccg_id not in line or not access.scope.may_write(case.ccg_id):
                abort(404)
            if str(case.version) != seen[typed] and case.allocated_to_id != to.id:
                return STALE, "error"
            cases.append(case)
        try:
            allocating.allocate(cases, to, by=access.person, at=clock.now())
            session.commit()
        except StaleDataError:
            session.rollback()
            return STALE, "error"
        return f"{count_of(len(cases), 'case')} allocated to {to.name}", "success"


def may_allocate(place: UUID) -> bool:
    """Whether the person who is signed in allocates the cases of a CCG that was split."""
    return may(Permission.CASE_WRITE) and place in {
        one.id for one in allocating.splits_of(current_access(), lookups().today)
    }


def _split_or_404() -> Place:
    """The CCG in the address, if it was split and the person is still granted on it; or the only one that is so."""
    if not may(Permission.CASE_WRITE):
        abort(403)
    splits, code = allocating.splits_of(current_access(), lookups().today), request.args.get("ccg", "")
    found = [one for one in splits if one.code == code] if code else splits
    if not found:
        abort(404)
    return found[0]
