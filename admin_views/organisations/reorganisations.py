"""How organisations change: a guided task or a file proposes, a rehearsal shows, and one button applies."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_moment
from app.organisations import reorganising
from app.organisations.plans import from_kept
from app.organisations.rehearsing import Rehearsal, Touched, rehearse
from app.organisations.reorganising import NotDone
from app.organisations.wording import names_in, sentence_for
from app.rules import dates
from app.rules.reorganisation import CannotBe, Change, Key, What, closes_most, named, planned
from app.rules.succession import Place
from app.rules.words import count_of, in_words
from models import Reorganisation, db
from models.enumerations import ReorganisationSource, ReorganisationState

from ..asked import found_or_404
from ..tables import TableOf, words
from .task_forms import TASKS, NotUnderstood, Task, offer_parents, title_for

MOST_SHOWN = 100
MEANT = "Say that this is meant: most of them would close"
NOTHING_CHOSEN = "Select what to apply"


class ReorganisationView(BaseView):
    """For administrators: what was planned about organisations, and what became of it."""

    def __init__(self) -> None:
        super().__init__(name="Reorganisations", endpoint="reorganisations", url="/reorganisations")

    def is_accessible(self) -> bool:
        return may(Permission.REFERENCE_WRITE)

    def is_visible(self) -> bool:
        return False  # the lists of organisations and the home page lead here

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every plan, the newest first."""
        newest = select(Reorganisation).order_by(Reorganisation.proposed_at.desc(), Reorganisation.id)
        found = list(db.session.scalars(newest.limit(MOST_SHOWN + 1)))
        page: str = self.render(
            "reorganisations/list.html",
            title="Reorganisations",
            plans=TableOf(
                "Reorganisations",
                ["What", "From", "State"],
                [
                    [
                        (one.title, self.get_url(".details_view", id=one.id)),
                        *words(in_words(one.effective_on) if one.effective_on else "", state_of(one)),
                    ]
                    for one in found[:MOST_SHOWN]
                ],
            ),
            most=MOST_SHOWN if len(found) > MOST_SHOWN else None,
        )
        return page

    @expose("/plan/", methods=("GET", "POST"))
    def plan_view(self) -> ResponseReturnValue:
        """Asks what is to happen to organisations of a kind, or to one of them."""
        task, kind, place = _asked_for()
        form = task.form()
        offer_parents(form, kind, lookups())
        if not form.is_submitted() and "codes" in form:
            # From the page of an organisation that is to merge with others.
            begun = {one.code for one in lookups().organisations.of_kind(kind)} & {request.args.get("codes", "")}
            form["codes"].process_data(" ".join(begun))
        if form.is_submitted() and form.validate():
            proposed = self._propose(task, kind, place, form)
            if proposed is not None:
                return redirect(self.get_url(".details_view", id=proposed.id))
        known = lookups().organisations
        title = f"{task.title} {place.name}" if place else f"{task.title} {known.kinds[kind].plural}"
        if task.name == "add":
            title = f"Add {_with_article(known.kinds[kind].label)}"
        page: str = self.render(
            "extracts/form.html",
            title=title,
            caption=f"{place.kind.upper()} {place.code}" if place else "",
            form=form,
            submit="See what would happen",
            explanation=[
                task.explanation,
                _part_of_now(task, place),
                "Nothing changes yet: the next page shows what would happen.",
            ],
            back_url=_page_of(place, kind),
        )
        return page

    def _propose(self, task: Task, kind: str, place: Place | None, form: NHSForm) -> Reorganisation | None:
        """The plan, kept; None, with the reason on the form, where it cannot be."""
        known = lookups().organisations
        try:
            plan = task.plan(form.values, kind, place, known)
            planned(plan, known)
        except NotUnderstood as problem:
            form.add_problems({problem.about: [str(problem)]})
            return None
        except CannotBe as problem:
            form.add_problems({"": [str(problem)]})
            return None
        proposed = reorganising.propose(
            db.session(),
            title_for(task, kind, place, form.values, known),
            plan,
            source=ReorganisationSource.TASK,
            by=current_access().person,
            at=clock.now(),
            closes_most=closes_most(plan, known, lookups().today),
        )
        db.session.commit()
        return proposed

    @expose("/details/", methods=("GET", "POST"))
    def details_view(self) -> ResponseReturnValue:
        """What a plan would do, with counts; the button that does it; once applied, what was done."""
        plan = _one_or_404()
        problems: list[tuple[str, str]] = []
        if request.method == "POST":
            problems = self._apply(plan)
            if not problems:
                return redirect(self.get_url(".details_view", id=plan.id))
            plan = _one_or_404()
        changes = from_kept(plan.plan)
        proposed = plan.state is ReorganisationState.PROPOSED
        access, lists = current_access(), lookups()
        page: str = self.render(
            "reorganisations/details.html",
            title=plan.title,
            caption="Reorganisation",
            page_title=f"Error: {plan.title}" if problems else plan.title,
            problems=[{"text": text, "href": f"#{field}"} if field else {"text": text} for text, field in problems],
            wrong={field: text for text, field in problems if field},
            facts=_facts(plan),
            changes=_shown(changes),
            choosing=proposed and plan.source is not ReorganisationSource.TASK,
            left_out=TableOf(
                "Lines that were left out", ["Line", "Why"], [words(*map(str, one)) for one in plan.left_out]
            ),
            rehearsal=_tables_of(
                rehearse(changes, lists.organisations, by=access.person_id, today=lists.today), _split_by(changes)
            )
            if proposed and changes
            else None,
            proposed=proposed,
            closes_most=plan.closes_most and proposed,
            is_taken_over=plan.state is not ReorganisationState.UNDONE
            and any(one.what is What.TAKEN_OVER and one.kind in lists.organisations.case_kinds for one in changes),
            first_day=in_words(plan.effective_on) if plan.effective_on else "",
            typed=request.form,
            undo_url=self.get_url(".undo_view", id=plan.id) if plan.state is ReorganisationState.APPLIED else None,
            back_url=self.get_url(".index"),
        )
        return page

    def _apply(self, plan: Reorganisation) -> list[tuple[str, str]]:
        """Applies what was chosen. Gives what stands against it, with the id of the field that can mend it."""
        chosen, problems = _chosen(plan)
        if plan.closes_most and request.form.get("meant") != "yes":
            problems.append((MEANT, "meant"))
        if problems:
            return problems
        try:
            reorganising.apply(
                db.session(), plan, chosen, by=current_access().person, at=clock.now(), today=lookups().today
            )
            db.session.commit()
        except CannotBe as problem:
            db.session.rollback()
            return [(str(problem), "")]
        except NotDone as problem:
            db.session.rollback()
            flash(str(problem), "info")
            return [] if plan.state is ReorganisationState.APPLIED else [(str(problem), "")]
        flash(f"Applied: {count_of(len(chosen), 'change')}", "success")
        return []

    @expose("/undo/", methods=("GET", "POST"))
    def undo_view(self) -> ResponseReturnValue:
        """Takes a plan back that was applied, while no extract goes by it."""
        plan = _one_or_404()
        problem = ""
        if request.method == "POST" and plan.state is ReorganisationState.APPLIED:
            try:
                reorganising.undo(db.session(), plan, by=current_access().person, at=clock.now(), today=lookups().today)
                db.session.commit()
                flash("Undone. Everything is as it was before", "success")
                return redirect(self.get_url(".details_view", id=plan.id))
            except NotDone as refused:
                db.session.rollback()
                problem, plan = str(refused), _one_or_404()
        if plan.state is not ReorganisationState.APPLIED:
            if plan.state is ReorganisationState.UNDONE:
                flash("This is undone already", "info")  # a second press, or a page that was kept open
            return redirect(self.get_url(".details_view", id=plan.id))
        page: str = self.render(
            "reorganisations/undo.html",
            title=f"Undo: {plan.title}",
            caption="Reorganisation",
            problem=problem,
            changes=_shown(from_kept(plan.plan)),
            back_url=self.get_url(".details_view", id=plan.id),
        )
        return page


def state_of(plan: Reorganisation) -> str:
    """What has become of a plan, when, and by whom."""
    if plan.state is ReorganisationState.UNDONE:
        return f"Undone, {nhs_moment(plan.undone_at)}, {plan.undone_by.name if plan.undone_by else ''}"
    if plan.state is ReorganisationState.APPLIED:
        return f"Applied, {nhs_moment(plan.applied_at)}, {plan.applied_by.name if plan.applied_by else ''}"
    who = f", {plan.proposed_by.name}" if plan.proposed_by else ""
    return f"Not applied. Planned {nhs_moment(plan.proposed_at)}{who}"


def _asked_for() -> tuple[Task, str, Place | None]:
    """The task, the kind and, where it begins at one, the organisation that the address names; 404 for any other."""
    task = TASKS.get(request.args.get("task", ""))
    known = lookups().organisations
    if task is None:
        abort(404)
    if not task.of_one:
        kind = request.args.get("kind", "")
        if kind not in known.kinds or known.kinds[kind].parent is None:
            abort(404)
        return task, kind, None
    place = found_or_404(known.places.get)
    if known.kinds[place.kind].parent is None:
        abort(404)
    return task, place.kind, place


def _page_of(place: Place | None, kind: str) -> str:
    known = lookups().organisations
    level = next((one for one in ("region", "stp", "ccg") if known.stands_for(kind, one)), "ccg")
    if place is None:
        return url_for(f"{level}s.index_view")
    return url_for(f"{level}s.details_view", id=place.id)


def _part_of_now(task: Task, place: Place | None) -> str:
    """What an organisation that is to move is part of."""
    parent = lookups().organisations.parent_of(place.id, lookups().today) if place and task.name == "move" else None
    return f"It is part of {named(parent)} now." if parent else ""


def _with_article(label: str) -> str:
    spelled = label.split()[0].isupper()
    vowel = label[0] in "AEFHILMNORSX" if spelled else label[0].lower() in "aeiou"
    return f"{'an' if vowel else 'a'} {label}" if spelled else f"{'an' if vowel else 'a'} {label.lower()}"


def _one_or_404() -> Reorganisation:
    people = (Reorganisation.proposed_by, Reorganisation.applied_by, Reorganisation.undone_by)
    options = [joinedload(person) for person in people]
    return found_or_404(lambda key: db.session.get(Reorganisation, key, options=options, populate_existing=True))


def _chosen(plan: Reorganisation) -> tuple[list[Change], list[tuple[str, str]]]:
    """The changes that were ticked, with the dates that were typed, and what is wrong with those."""
    changes = from_kept(plan.plan)
    if plan.source is ReorganisationSource.TASK:
        return changes, []
    ticked = set(request.form.getlist("take"))
    chosen: list[Change] = []
    problems: list[tuple[str, str]] = []
    for number, change in enumerate(changes):
        if str(number) not in ticked:
            continue
        if change.lacks_a_day:
            day = _typed_day(request.form.get(f"day-{number}", ""))
            if day is None:
                problems.append((f"Enter the date for {change.code}, such as 1/4/2022", f"day-{number}"))
                continue
            change = replace(change, day=day)
        chosen.append(change)
    if not ticked:
        problems.append((NOTHING_CHOSEN, "take-0"))
    return chosen, problems


def _typed_day(typed: str) -> date | None:
    return dates.read([typed, "", ""], "Date").value if typed.strip() else None


def _shown(changes: list[Change]) -> list[dict[str, Any]]:
    names = names_in(changes, lookups().organisations)
    return [
        {"number": number, "words": sentence_for(change, names), "asks_day": change.lacks_a_day, "code": change.code}
        for number, change in enumerate(changes)
    ]


def _facts(plan: Reorganisation) -> list[tuple[str, str]]:
    facts = [("State", state_of(plan)), ("Source", plan.source.label)]
    if plan.effective_on:
        facts.insert(0, ("First day", in_words(plan.effective_on)))
    return facts + [(one["name"], f"{count_of(one['size'], 'byte')}. SHA-256 {one['sha256']}") for one in plan.files]


def _split_by(changes: list[Change]) -> set[Key]:
    """The organisations from which several take over."""
    counted = Counter(change.key for change in changes if change.what is What.TAKEN_OVER)
    return {key for key, number in counted.items() if number > 1}


def _waiting(one: Touched) -> str:
    """What becomes of the cases of an organisation that is split."""
    closed = one.cases - one.open_cases
    cases = f"{count_of(one.open_cases, 'open case')} and {count_of(closed, 'closed case')}"
    if not one.people:
        return (
            f"Nobody holds {named(one.place)}, so nobody could allocate its {cases}, and no successor would see them."
            " Under People, give it to somebody first."
        )
    who = f"{count_of(one.people, 'person', 'people')} who {'holds' if one.people == 1 else 'hold'} it"
    return f"{cases} of {named(one.place)} wait until the {who} allocate them. Until then no successor sees them."


def _tables_of(found: Rehearsal, split: set[Key]) -> dict[str, Any]:
    return {
        "waiting": [_waiting(one) for one in found.touched if one.cases and (one.place.kind, one.place.code) in split],
        "touched": TableOf(
            "What it touches today",
            ["Organisation", "Cases", "Open", "People", "Grants"],
            [
                words(
                    f"{one.place.name} ({one.place.code})",
                    *(f"{number:,}" for number in (one.cases, one.open_cases, one.people, one.grants)),
                )
                for one in found.touched
            ],
        ),
        "late": count_of(found.late, "case") if found.late else "",
        "extracts": ", ".join(found.extracts),
    }
