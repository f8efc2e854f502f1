"""After a split: people of the CCG that was split give each of its cases to one of those that took over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
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
STALE = "Case {} has been changed since you opened this page, so nothing was allocated. Open it, then allocate again"
SAME_NUMBER = (
    "One of these cases has the number of another case that was allocated there, so nothing was allocated."
    " Change one of the two numbers first"
)
SAVED_AT_THE_SAME_MOMENT = "Somebody saved one of these cases at the same moment, so nothing was allocated. Try again"
REORGANISED = "{} has been reorganised since you opened this page, so nothing was allocated. Go back to Home"
_FIRST = {"cases": "#case-1", "to": "#to-1"}
TABS = {Which.OPEN: "Open, waiting", Which.CLOSED: "Closed, waiting", Which.ALLOCATED: "Allocated"}
NONE = {
    Which.OPEN: "No open case waits.",
    Which.CLOSED: "No closed case waits.",
    Which.ALLOCATED: "No case has been allocated yet.",
}


class OfASplit(NamedFilter):
    """A condition that is offered only where a CCG was split."""

    def is_offered(self, lookups: Lookups) -> bool:
        return bool(lookups.organisations.splits_on(lookups.today))


class AllocatesCases(TrackerView):
    """The address of the list of cases at which those of a CCG that was split are allocated."""

    @expose("/allocate/", methods=("GET", "POST"))
    def allocate_view(self) -> ResponseReturnValue:
        """Shows the cases of a CCG that was split, a page at a time, and gives those that were selected to one.

        With `id` it is about that one case, from its own page and back to it.
        """
        if not may(Permission.CASE_WRITE):
            abort(403)
        one = self._one_or_none()
        split = _split_or_404(one)
        known, today = lookups().organisations, lookups().today
        successors = known.may_answer_after_a_split(split.id, today)
        which = next((each for each in Which if each == request.values.get("show")), Which.OPEN)
        here = self.get_url(".details_view", id=one.id) if one else self._list_of(split, which)
        form = NHSForm()
        to = next((each for each in successors if str(each.id) == request.form.get("to")), None)
        seen = dict(each.split(" ", 1) for each in request.form.getlist("case") if " " in each)
        problems: dict[str, str] = {}
        if form.is_submitted() and form.validate():
            problems = ({} if seen else {"cases": CHOOSE_CASES}) | ({} if to else {"to": CHOOSE_ONE})
            if to is not None and not problems:
                refused = self._allocate(split, to, seen)
                if not refused:
                    flash(_done(len(seen), to, split), "success")
                    return redirect(here)
                problems = {"cases": refused}
        counted = allocating.how_many(db.session(), split, known, today)
        pages = max(1, -(-counted[which] // AT_ONCE))
        place = min(_page_number(), pages - 1)
        page: str = self.render(
            "cases/allocate.html",
            title="Allocate this case" if one else "Allocate cases",
            page_title=f"{'Error: ' if problems else ''}"
            + (f"Allocate this case: {one.reference}" if one else f"Allocate cases: {split.name}"),
            caption=one.reference if one else split.name,
            form=form,
            problems=problems,
            summary=[{"text": text, "href": _FIRST[name]} for name, text in problems.items()],
            successors=[(str(each.id), allocating.name_of(each, known, today)) for each in successors],
            to=str(to.id) if to else "",
            one=one,
            is_with=known.places[one.held_by_id].name if one and one.allocated_to_id else "",
            tabs=[(label, self._list_of(split, tab), counted[tab], tab == which) for tab, label in TABS.items()],
            cases=[
                (
                    case,
                    self.get_url(".details_view", id=case.id),
                    known.places[case.held_by_id].name,
                    str(case.id) in seen or request.args.get("select") == "all",
                )
                for case in self._cases(split, which, place)
            ]
            if one is None
            else [],
            empty_words=NONE[which],
            closed_waiting=count_of(counted[Which.CLOSED], "closed case", "closed cases")
            if which is Which.OPEN and counted[Which.CLOSED]
            else "",
            closed_url=self._list_of(split, Which.CLOSED),
            select_all_url=self._list_of(split, which, page=place or None, select="all"),
            page=place,
            pages=pages,
            page_url=lambda number: self._list_of(split, which, page=number or None),
            back_url=here if one else self.get_url("admin.index"),
        )
        return page

    def _list_of(self, split: Place, which: Which, **more: Any) -> str:
        address: str = self.get_url(".allocate_view", ccg=split.code, show=which, **more)
        return address

    def _cases(self, split: Place, which: Which, place: int) -> Sequence[CaseReview]:
        """One page of cases, the oldest first."""
        conditions = allocating.cases_of(split, which, lookups().organisations, lookups().today)
        return db.session.scalars(
            select(CaseReview)
            .where(*conditions)
            .order_by(CaseReview.date_added, CaseReview.reference)
            .offset(place * AT_ONCE)
            .limit(AT_ONCE)
        ).all()

    def _one_or_none(self) -> CaseReview | None:
        """The case that the address names, if it names one; 404 where it is not one to allocate."""
        if "id" not in request.args:
            return None
        case: CaseReview | None = self.get_one(request.args["id"])
        if case is None or not waits_or_was_allocated(case):
            abort(404)
        return case

    def _allocate(self, split: Place, to: Place, seen: dict[str, str]) -> str:
        """Gives the selected cases to one, all or none. Says what stands against it. 404 for one that is not there."""
        access, session = current_access(), db.session()
        known, today = lookups().organisations, lookups().today
        line, called = {split.id, *known.predecessors_of(split.id, today)}, allocating.name_of(to, known, today)
        cases = []
        if not allocating.still_answers(session, to, split, today):
            session.rollback()
            return REORGANISED.format(split.name)
        for typed in list(seen)[:AT_ONCE]:
            case = self.get_one(typed)
            if case is None or case.ccg_id not in line or not access.scope.may_write(case.ccg_id):
                abort(404)
            if str(case.version) != seen[typed] and case.allocated_to_id != to.id:
                return STALE.format(case.reference)
            cases.append(case)
        try:
            allocating.allocate(cases, to, called, by=access.person, at=clock.now())
            session.commit()
        except StaleDataError:
            session.rollback()
            return SAVED_AT_THE_SAME_MOMENT
        except IntegrityError:
            session.rollback()
            return SAME_NUMBER
        return ""


def _done(number: int, to: Place, split: Place) -> str:
    """What was done, and how many still wait."""
    left = allocating.how_many(db.session(), split, lookups().organisations, lookups().today)[Which.OPEN]
    still = f"{count_of(left, 'open case')} still {'waits' if left == 1 else 'wait'}" if left else "No open case waits"
    return f"{count_of(min(number, AT_ONCE), 'case')} allocated to {to.name}. {still}"


def _page_number() -> int:
    typed = request.args.get("page", "0")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0


def waits_or_was_allocated(case: CaseReview) -> bool:
    """Whether a case of a CCG that was split is one that the person who is signed in gives to a successor."""
    split = lookups().organisations.current_of(case.ccg_id, lookups().today)
    return not case.is_withdrawn and may_allocate(split)


def waiting_words(case: CaseReview) -> str:
    """That a case waits to be allocated, and who does not see it; "" where it does not wait."""
    known, today = lookups().organisations, lookups().today
    split = known.current_of(case.held_by_id, today)
    if not known.was_split(split, today):
        return ""
    names = [one.name for one in known.may_answer_after_a_split(split, today)]
    return (
        f"This case waits to be allocated, because {known.places[split].name} was split."
        f" Until then it is not seen by {' or by '.join(names)}."
    )


def may_allocate(place: UUID) -> bool:
    """Whether the person who is signed in allocates the cases of a CCG that was split."""
    return may(Permission.CASE_WRITE) and place in {
        one.id for one in allocating.splits_of(current_access(), lookups().today)
    }


def _split_or_404(one: CaseReview | None) -> Place:
    """The CCG of a case, or the one in the address if the person is still granted on it, or else the first such."""
    if one is not None:
        known = lookups().organisations
        return known.places[known.current_of(one.ccg_id, lookups().today)]
    splits, code = allocating.splits_of(current_access(), lookups().today), request.args.get("ccg", "")
    found = [one for one in splits if one.code == code] if code else splits
    if not found:
        abort(404)
    return found[0]
