"""What is done to a case from its own page: close, open again, withdraw, bring back. Each is a declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.cases import writing
from app.nhsuk.fields import TextField
from app.nhsuk.form_converter import form_class_for
from app.nhsuk.forms import NHSForm
from models import CaseReview, Person
from models.case_review import NO_IDENTIFIERS
from models.declarations import SERVICE, Item, Kind
from models.enumerations import Status

from . import case_form


@dataclass(frozen=True)
class CaseAction:
    """One page: when it fits, what it asks, what it does. `fixed` are the values that it sets by itself.

    `form` takes the case and what a draft gives a form. `fits_withdrawn` where it is about withdrawing itself.
    """

    button: str
    title: str
    explanation: str
    done: str
    state: str
    fits: Callable[[CaseReview], bool]
    form: Callable[[CaseReview, Mapping[str, Any]], NHSForm]
    do: Callable[[CaseReview, NHSForm, Person, datetime, date], CaseReview]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    rules_must_hold: bool = True
    fits_withdrawn: bool = False


def _reason(question: str, hint: str) -> type[NHSForm]:
    about = Item(
        name="reason",
        label="Reason",
        question=question,
        hint=hint,
        definition="Why the case was changed in this way.",
        source=SERVICE,
        kind=Kind.TEXT,
        required=True,
        problem="Enter the reason",
        max_length=1000,
    )

    class ReasonForm(NHSForm):
        reason = TextField(about)

        def validate(self, extra_validators: Any = None) -> bool:
            holds: bool = super().validate(extra_validators)
            return self.ask_for_what_is_missing() and holds

    return ReasonForm


CloseForm = form_class_for(
    CaseReview,
    names=["date_closed", "publication", "report_signed_off_on", "publication_date", "report_link", "lessons"],
)
ReopenForm = _reason(
    "Why is the case opened again?", f"For example, new information has come to light. {NO_IDENTIFIERS}"
)
WithdrawForm = _reason("Why is the case withdrawn?", f"For example, it was recorded twice. {NO_IDENTIFIERS}")
BringBackForm = _reason("Why is the case brought back?", f"For example, it was withdrawn by mistake. {NO_IDENTIFIERS}")


def _close_form(case: CaseReview, typed: Mapping[str, Any]) -> NHSForm:
    return CloseForm(data=case_form.saved_values(case), **typed)


def _close(case: CaseReview, form: NHSForm, by: Person, at: datetime, today: date) -> CaseReview:
    values = case_form.typed_values(form) | {"status": Status.CLOSED}
    writing.change(case, values, by=by, at=at, today=today, source=None)
    return case


def _reopen(case: CaseReview, form: NHSForm, by: Person, at: datetime, today: date) -> CaseReview:
    values = {"status": Status.OPEN, "date_closed": None}
    writing.change(case, values, by=by, at=at, today=today, source=None, reason=form["reason"].data)
    return case


def _withdraw(case: CaseReview, form: NHSForm, by: Person, at: datetime, today: date) -> CaseReview:
    writing.withdraw(case, by=by, at=at, reason=form["reason"].data)
    return case


def _bring_back(case: CaseReview, form: NHSForm, by: Person, at: datetime, today: date) -> CaseReview:
    writing.bring_back(case, by=by, at=at, reason=form["reason"].data)
    return case


ACTIONS: dict[str, CaseAction] = {
    "close": CaseAction(
        button="Close case",
        title="Close this case",
        explanation=(
            "A closed case has a closing date. It is either public with a publication date, or embargoed with a"
            " signed-off report."
        ),
        done="closed",
        state="closed",
        fits=lambda case: case.status == Status.OPEN and not case.is_withdrawn,
        form=_close_form,
        do=_close,
        fixed={"status": Status.CLOSED},
    ),
    "reopen": CaseAction(
        button="Reopen case",
        title="Reopen this case",
        explanation="The closing date is taken out. The reason is kept.",
        done="reopened",
        state="open",
        fits=lambda case: case.status == Status.CLOSED and not case.is_withdrawn,
        form=lambda case, typed: ReopenForm(**typed),
        do=_reopen,
        fixed={"status": Status.OPEN, "date_closed": None},
    ),
    "withdraw": CaseAction(
        button="Withdraw case",
        title="Withdraw this case",
        explanation=(
            "Withdraw a case only if it was entered in error. It leaves lists and extracts, stays in the history, and"
            " can be brought back."
        ),
        done="withdrawn",
        state="withdrawn",
        fits=lambda case: not case.is_withdrawn,
        form=lambda case, typed: WithdrawForm(**typed),
        do=_withdraw,
        fits_withdrawn=True,
        rules_must_hold=False,
    ),
    "bring_back": CaseAction(
        button="Bring back case",
        title="Bring back this case",
        explanation="The case counts again, in lists and in extracts to come.",
        done="brought back",
        state="in use",
        fits=lambda case: case.is_withdrawn,
        form=lambda case, typed: BringBackForm(**typed),
        do=_bring_back,
        fits_withdrawn=True,
    ),
}
