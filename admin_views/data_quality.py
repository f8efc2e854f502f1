"""Data quality: what is wrong or asked about cases, answers to it, and which CCGs have confirmed a quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.extracts import confirming
from app.extracts.quality import Found, findings_now
from app.nhsuk.fields import TextField
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_moment
from app.rules import case_rules
from app.rules.quarters import Quarter, quarter_named
from app.rules.succession import Place
from app.rules.words import count_of, in_words
from models import CaseReview, db
from models.case_review import NO_IDENTIFIERS
from models.declarations import SERVICE, Item, Kind
from models.enumerations import Query

from .tables import Cell, TableOf, words

# More are not looked through while somebody waits for a page about all of them: they choose a CCG first.
MOST_CASES = 2000
NOTE = Item(
    name="note",
    label="Answer",
    question="Answer",
    hint=f"For NHS England, in a sentence. {NO_IDENTIFIERS}",
    definition="What the CCG says to the query.",
    source=SERVICE,
    kind=Kind.TEXT,
    required=True,
    problem="Enter an answer",
    max_length=1000,
)


class AnswerForm(NHSForm):
    """What a CCG says to a query."""

    note = TextField(NOTE)

    def validate(self, extra_validators: object = None) -> bool:
        holds = bool(super().validate(extra_validators))
        self.ask_for_what_is_missing()
        self.add_warnings(case_rules.warnings_about({"note": self.note.data}, items=[NOTE]))
        return holds and not self.error_summary()


@dataclass(frozen=True)
class ConfirmationShown:
    """A quarter of a CCG, and who confirmed it when. `may_confirm` where this person can."""

    ccg: Place
    quarter: Quarter
    state: str
    is_confirmed: bool


@dataclass(frozen=True)
class FindingShown:
    """A sentence about a case, with the answer, and where to give one."""

    reference: str
    url: str
    ccg: str
    sentence: str
    answer: str
    answer_url: str


class DataQualityView(BaseView):
    """For whoever sees cases; CCGs answer and confirm."""

    def __init__(self) -> None:
        super().__init__(name="Data quality", endpoint="data_quality", url="/data-quality")

    def is_accessible(self) -> bool:
        return may(Permission.QUARTER_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Errors and queries of the cases in scope, or of one CCG; for a CCG, its quarters; for others, whose."""
        ccg = _ccg_asked_for()
        scope = None if ccg is None else {ccg.id}
        is_too_much = ccg is None and confirming.cases_in_scope(db.session()) > MOST_CASES
        found = [] if is_too_much else list(_findings(scope))
        confirms = may(Permission.QUARTER_CONFIRM)
        # Who sees many CCGs counts first, and reads of one.
        summary = _counted(found) if not confirms and ccg is None else None
        shown = [] if summary else found
        quarter = _quarter_asked_for()
        table = None if confirms or ccg else self._table(quarter)
        page: str = self.render(
            "data_quality/index.html",
            title="Data quality",
            caption=ccg.name if ccg else "",
            is_too_much=is_too_much,
            most=MOST_CASES,
            summary=summary,
            errors=[self._shown(one) for one in shown if one.finding.is_error],
            queries=[self._shown(one) for one in shown if one.waits],
            answered=[self._shown(one) for one in shown if one.answer is not None],
            confirmations=_own_confirmations() if confirms else [],
            confirm_url=self.get_url(".confirm"),
            table=table,
            choices=self._choices() if is_too_much and table is None else None,
            quarter=quarter,
            quarters=_quarters(),
            back_url=self.get_url(".index") if ccg else "",
        )
        return page

    @expose("/answer/", methods=("GET", "POST"))
    def answer_view(self) -> ResponseReturnValue:
        """Asks for the answer to a query about a case."""
        if not may(Permission.QUARTER_CONFIRM):
            abort(403)
        case, query, found = self._asked_about_or_404()
        form = AnswerForm()
        if form.is_submitted() and form.validate():
            confirming.answer(db.session(), case, query, form["note"].data, by=current_access().person, at=clock.now())
            db.session.commit()
            flash(f"Answered: {found.finding.sentence}, {case.reference}", "success")
            return redirect(self.get_url(".index"))
        page: str = self.render(
            "extracts/form.html",
            title=found.finding.sentence,
            caption=case.reference,
            form=form,
            submit="Save",
            explanation="The answer stands beside the query in the extract of this quarter.",
            back_url=self.get_url(".index"),
        )
        return page

    @expose("/confirm/", methods=("POST",))
    def confirm(self) -> ResponseReturnValue:
        """Confirms a quarter of one of the person's CCGs, also when there is nothing to report."""
        if not may(Permission.QUARTER_CONFIRM):
            abort(403)
        quarter = next(
            (one for one in confirming.to_be_confirmed(clock.today()) if one.name == request.form.get("quarter")), None
        )
        ccg = next((one for one in _own_ccgs() if one.code == request.form.get("ccg")), None)
        if quarter is None or ccg is None or ccg.id not in confirming.expected_of(lookups(), quarter):
            abort(404)
        line = {ccg.id, *lookups().organisations.predecessors_of(ccg.id, lookups().today)}
        rows = list(findings_now(db.session(), clock.now(), lookups(), line))
        confirming.confirm(
            db.session(),
            ccg.id,
            quarter,
            cases=len(rows),
            unanswered=sum(one.waits for _, found in rows for one in found),
            by=current_access().person,
            at=clock.now(),
        )
        db.session.commit()
        flash(f"{quarter.name} confirmed for {ccg.name}", "success")
        return redirect(self.get_url(".index"))

    def _asked_about_or_404(self) -> tuple[CaseReview, Query, Found]:
        try:
            case = db.session.get(CaseReview, UUID(request.args.get("id", "")))
        except ValueError:
            case = None
        query = next((one for one in Query if one == request.args.get("query")), None)
        if (
            case is None
            or query is None
            or not may(Permission.QUARTER_CONFIRM)
            or not current_access().scope.may_write(case.ccg_id)
        ):
            abort(404)
        for one in _findings({case.ccg_id}):
            if one.case_id == case.id and one.finding.query == query:
                return case, query, one
        abort(404)

    def _shown(self, found: Found) -> FindingShown:
        place = lookups().organisations.places[found.ccg_id]
        may_answer = found.finding.query is not None and may(Permission.QUARTER_CONFIRM)
        answer = found.answer
        return FindingShown(
            found.reference,
            url_for("cases.details_view", id=found.case_id),
            place.name,
            f"{found.finding.about}: {found.finding.sentence}" if found.finding.is_error else found.finding.sentence,
            f"{answer.note} ({answer.answered_by.name}, {nhs_moment(answer.answered_at)})" if answer else "",
            self.get_url(".answer_view", id=found.case_id, query=found.finding.query) if may_answer else "",
        )

    def _choices(self) -> TableOf:
        """The CCGs to choose from, where no other table leads to them."""
        ccgs = current_access().readable_ccgs
        rows: list[list[Cell]] = [[(f"{one.name} ({one.code})", self.get_url(".index", ccg=one.code))] for one in ccgs]
        return TableOf("CCGs to choose from", ["CCG"], rows)

    def _table(self, quarter: Quarter) -> TableOf:
        """Which CCGs in scope have confirmed a quarter: those that have not come first."""
        given = confirming.confirmations_of(db.session(), quarter)
        expected = confirming.expected_of(lookups(), quarter)
        rows = []
        for ccg in sorted(
            (one for one in current_access().readable_ccgs if one.id in expected),
            key=lambda one: (one.id in given, one.name),
        ):
            here = given.get(ccg.id)
            cells = (
                (
                    f"{nhs_moment(here.confirmed_at)}, {here.confirmed_by.name}",
                    f"{here.cases:,}",
                    f"{here.unanswered:,}",
                )
                if here
                else ("Not confirmed", "", "")
            )
            rows.append([(f"{ccg.name} ({ccg.code})", self.get_url(".index", ccg=ccg.code)), *words(*cells)])
        done = sum(one in given for one in expected)
        caption = f"{quarter.name}: confirmed by {done} of {count_of(len(rows), 'CCG')}"
        return TableOf(caption, ["CCG", "Confirmed", "Cases then", "Queries without an answer"], rows)


def _findings(ccgs: set[UUID] | None) -> Iterator[Found]:
    for _, found in findings_now(db.session(), clock.now(), lookups(), ccgs):
        yield from found


def _counted(found: list[Found]) -> TableOf:
    """How many findings there are of each kind, and how many wait for an answer."""
    kinds: dict[tuple[str, str], list[int]] = {}
    for one in found:
        counted = kinds.setdefault(("Error" if one.finding.is_error else "Query", one.finding.about), [0, 0])
        counted[0] += 1
        counted[1] += one.waits
    return TableOf(
        "Errors and queries",
        ["Check", "Kind", "Cases", "Without an answer"],
        [
            words(about, kind, f"{counted[0]:,}", f"{counted[1]:,}" if kind == "Query" else "")
            for (kind, about), counted in sorted(kinds.items())
        ],
    )


def for_home(cases: int) -> list[tuple[str, str, str]]:
    """What a CCG is reminded of on arrival: quarters to confirm, errors, queries. `cases` is how many it has."""
    address = url_for("data_quality.index")
    rows = [
        (f"Confirm {one.quarter.name}", address, f"{one.ccg.name}. {one.state}")
        for one in _own_confirmations()
        if not one.is_confirmed and one.quarter.last_day < clock.today()
    ]
    found = list(_findings(None)) if cases <= MOST_CASES else []
    errors, waiting = sum(one.finding.is_error for one in found), sum(one.waits for one in found)
    if errors:
        rows.append((count_of(errors, "error"), address, "A rule is broken"))
    if waiting:
        rows.append((f"{count_of(waiting, 'query', 'queries')} without an answer", address, ""))
    return rows


def _ccg_asked_for() -> Place | None:
    """The CCG in the address. 404 for one that the person does not see."""
    code = request.args.get("ccg")
    if not code:
        return None
    ccg = next((one for one in current_access().readable_ccgs if one.code == code), None)
    if ccg is None:
        abort(404)
    return ccg


def _quarters() -> list[Quarter]:
    """The quarters that can be looked at, the newest first."""
    quarters = confirming.to_be_confirmed(clock.today())[::-1]
    while len(quarters) < 9:
        quarters.append(quarters[-1].previous)
    return quarters


def _quarter_asked_for() -> Quarter:
    """The quarter in the address, or the one that has ended last."""
    try:
        return quarter_named(request.args.get("quarter", ""))
    except ValueError:
        return confirming.to_be_confirmed(clock.today())[0]


def _own_ccgs() -> list[Place]:
    """The CCGs for which the person confirms: their current ones, and for quarters in which they were, those before."""
    return sorted(current_access().line_of_current_ccgs(lookups().today), key=lambda one: (one.name, one.code))


def _own_confirmations() -> list[ConfirmationShown]:
    shown = []
    for quarter in confirming.to_be_confirmed(clock.today()):
        given = confirming.confirmations_of(db.session(), quarter)
        expected = confirming.expected_of(lookups(), quarter)
        ends = f"ends on {in_words(quarter.last_day)}" if quarter.last_day >= clock.today() else "has ended"
        for ccg in _own_ccgs():
            if ccg.id in expected:
                here = given.get(ccg.id)
                state = (
                    f"Confirmed on {nhs_moment(here.confirmed_at)} by {here.confirmed_by.name}"
                    if here
                    else f"Not confirmed, {ends}"
                )
                shown.append(ConfirmationShown(ccg, quarter, state, here is not None))
    return shown
