"""Redactions: asking for words to be struck out of a case, and deciding what somebody else has asked for."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from sqlalchemy import ColumnElement, Select, or_, select

from app.access import audit, clock, readings
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.nhsuk.fields import LineField, TextField
from app.nhsuk.forms import AskingForm
from app.nhsuk.wording import nhs_moment
from app.redaction import requests
from app.redaction.carrying_out import approve
from app.redaction.places import find
from app.redaction.requests import CannotDecide
from app.rules.redaction import LONGEST, tidied
from models import CaseReview, Redaction, db
from models.declarations import SERVICE, Item, Kind
from models.enumerations import AuditAction, RedactionState, Role

from .asked import found_or_404
from .tables import TableOf, words

WORDS = Item(
    name="words",
    label="Words to strike out",
    question="Which words?",
    hint="As they stand in the case, such as a name. Capital letters and line breaks do not matter.",
    definition="The words that should never have been entered. They are kept until somebody else has decided.",
    source=SERVICE,
    required=True,
    problem="Enter the words to strike out",
    max_length=LONGEST,
)
REASON = Item(
    name="reason",
    label="Reason",
    question="Why?",
    hint="For example, it is the name of a child. Do not repeat the words: the reason is kept.",
    definition="Why the words should never have been entered.",
    source=SERVICE,
    kind=Kind.TEXT,
    required=True,
    problem="Enter the reason",
    max_length=1000,
)
Row = TypeVar("Row", CaseReview, Redaction)
NOT_FOUND = "These words are not in the case, its history or anything kept with it"
MOST_SHOWN = 200


class AskForm(AskingForm):
    """The words, and why they should go."""

    words = LineField(WORDS)
    reason = TextField(REASON)


class RedactionView(BaseView):
    """For CCGs and analysts. One asks, another decides."""

    def __init__(self) -> None:
        super().__init__(name="Redactions", endpoint="redactions", url="/redactions")

    def is_accessible(self) -> bool:
        return may(Permission.REDACTION_DECIDE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What waits, and what has become of the others, the newest first."""
        redactions = list(db.session.scalars(_newest_first().limit(MOST_SHOWN + 1)))
        page: str = self.render(
            "redactions/list.html",
            title="Redactions",
            redactions=TableOf(
                "Requests to strike words out",
                ["Case", "CCG", "Asked", "State"],
                [self._row(one) for one in redactions[:MOST_SHOWN]],
            ),
            most=MOST_SHOWN if len(redactions) > MOST_SHOWN else None,
        )
        return page

    def _row(self, redaction: Redaction) -> list[tuple[str, str | None]]:
        return [
            (redaction.case.reference, self.get_url(".details_view", id=redaction.id)),
            *words(
                lookups().organisations.places[redaction.ccg_id].name,
                f"{nhs_moment(redaction.asked_at)}, {redaction.asked_by.name}",
                _state_of(redaction),
            ),
        ]

    @expose("/ask/", methods=("GET", "POST"))
    def ask_view(self) -> ResponseReturnValue:
        """Asks for words to be struck out of a case of the person's own CCGs."""
        case = _case_or_404()
        if not (may(Permission.REDACTION_ASK) and current_access().scope.may_change(case)):
            abort(403)
        _note_opening(case.id)
        form = AskForm()
        if form.is_submitted() and form.validate():
            typed, reason = tidied(form["words"].data), form["reason"].data
            problems = requests.problems_with(typed, reason)
            if not problems and not find(db.session(), case, typed):
                problems = {"words": NOT_FOUND}
            if not problems:
                redaction = requests.ask(db.session(), case, typed, reason, by=current_access().person, at=clock.now())
                db.session.commit()
                flash("Asked for. Somebody else decides", "success")
                return redirect(self.get_url(".details_view", id=redaction.id))
            form.add_problems({field: [problem] for field, problem in problems.items()})
        page: str = self.render(
            "extracts/form.html",
            title="Strike words out of this case",
            page_title=f"Strike words out: {case.reference}",
            caption=case.reference,
            form=form,
            submit="Ask for it",
            explanation=(
                "For words that should never have been entered, such as a name. Once somebody else approves, they are"
                " struck out of the case, its history, drafts, answers and extracts. This cannot be undone."
            ),
            back_url=url_for("cases.details_view", id=case.id),
        )
        return page

    @expose("/details/", methods=("GET", "POST"))
    def details_view(self) -> ResponseReturnValue:
        """One request: the words where they stand, while it waits; the decision; what has become of it."""
        redaction = _one_or_404()
        problem = ""
        if request.method == "POST":
            try:
                return self._decided(redaction)
            except CannotDecide as error:
                db.session.rollback()
                problem = str(error)
                redaction = _one_or_404()
        waits = redaction.state is RedactionState.ASKED
        if waits:
            _note_opening(redaction.case_id)
        page: str = self.render(
            "redactions/details.html",
            title="Strike words out" if waits else "Redaction",
            page_title=f"Redaction: {redaction.case.reference}",
            caption=redaction.case.reference,
            redaction=redaction,
            problem=problem,
            facts=_facts(redaction),
            found=find(db.session(), redaction.case, redaction.words) if waits and redaction.words else None,
            is_own=redaction.asked_by_id == current_access().person_id,
            case_url=url_for("cases.details_view", id=redaction.case_id),
            back_url=self.get_url(".index"),
        )
        return page

    def _decided(self, redaction: Redaction) -> ResponseReturnValue:
        decision, person = request.form.get("decision"), current_access().person
        if decision == "approve":
            db.session.rollback()
            flash(f"Struck out: {approve(redaction.id, by=person)}", "success")
        elif decision == "refuse":
            own = redaction.asked_by_id == person.id
            requests.refuse(redaction, by=person, at=clock.now())
            flash("Taken back" if own else "Refused", "success")
        else:
            abort(400)
        return redirect(self.get_url(".details_view", id=redaction.id))


def for_home() -> list[tuple[str, str, str]]:
    """The requests of others that wait for somebody to decide."""
    waiting = _newest_first().where(
        Redaction.state == RedactionState.ASKED, Redaction.asked_by_id != current_access().person_id
    )
    return [
        (
            f"Strike words out of {one.case.reference}",
            url_for("redactions.details_view", id=one.id),
            f"Asked for by {one.asked_by.name}, {nhs_moment(one.asked_at)}",
        )
        for one in db.session.scalars(waiting.limit(10))
    ]


def _newest_first() -> Select[Redaction]:
    """The requests that the person may decide: of cases that they manage, or of all as an analyst."""
    found = select(Redaction).order_by(Redaction.asked_at.desc(), Redaction.id)
    access = current_access()
    if Role.ANALYST in access.roles:
        return found
    managed: ColumnElement[bool] = Redaction.ccg_id.in_(sorted(access.scope.writable))
    if access.scope.writable_allocated:
        allocated = CaseReview.allocated_to_id.in_(sorted(access.scope.writable_allocated))
        managed = or_(managed, Redaction.case_id.in_(select(CaseReview.id).where(allocated)))
    return found.where(managed)


def _facts(redaction: Redaction) -> list[tuple[str, str]]:
    facts = [
        *([("Words", redaction.words)] if redaction.words else []),
        ("Reason", redaction.reason),
        ("Asked for", f"{nhs_moment(redaction.asked_at)}, {redaction.asked_by.name}"),
        ("State", _state_of(redaction)),
    ]
    return facts + ([("Struck out of", redaction.found)] if redaction.found else [])


def _state_of(redaction: Redaction) -> str:
    decided = redaction.decided_by
    who = f", {nhs_moment(redaction.decided_at)}, {decided.name}" if decided else ""
    return f"{redaction.state.label}{who}"


def _note_opening(case_id: UUID) -> None:
    readings.note(AuditAction.CASE_OPENED, about=audit.CASE, about_id=case_id, details="Request to strike words out")


def _case_or_404() -> CaseReview:
    return _found_or_404(CaseReview)


def _one_or_404() -> Redaction:
    """A request in scope. 403 where the person only reads its case, under another role."""
    redaction = _found_or_404(Redaction)
    access = current_access()
    if not (Role.ANALYST in access.roles or access.scope.may_change(redaction.case)):
        abort(403)
    return redaction


def _found_or_404(model: type[Row]) -> Row:
    return found_or_404(lambda key: db.session.get(model, key))
