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

from .asked import found_or_404
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
    """A quarter of a CCG, whether it has confirmed it, and where it does."""

    ccg: Place
    quarter: Quarter
    state: str
    is_confirmed: bool
    url: str


@dataclass(frozen=True)
class FindingShown:
    """A sentence about a case, with the answer, and where to give one."""

    reference: str
    url: str
    ccg: str
    sentence: str
    answer: str
    answer_url: str
    change_url: str


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
        confirmed_by = [] if confirms or ccg else self._confirmations_by_ccg(quarter)
        page: str = self.render(
            "data_quality/index.html",
            title="Data quality",
            page_title=f"Data quality: {ccg.name}" if ccg else "Data quality",
            caption=ccg.name if ccg else "",
            is_too_much=is_too_much,
            most=MOST_CASES,
            summary=summary,
            errors=[self._shown(one) for one in shown if one.finding.is_error],
            queries=[self._shown(one) for one in shown if one.waits],
            answered=[self._shown(one) for one in shown if one.answer is not None],
            several_ccgs=len({one.ccg_id for one in shown}) > 1,
            confirmations=_own_confirmations() if confirms else _confirmations_of([ccg]) if ccg else [],
            confirms=confirms,
            confirmed_by=confirmed_by,
            choices=self._choices() if is_too_much and not confirmed_by else None,
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
            flash(f"Your answer about {case.reference} is saved", "success")
            return redirect(self.get_url(".index"))
        page: str = self.render(
            "extracts/form.html",
            title=found.finding.sentence,
            page_title=f"{case.reference}: {found.finding.sentence}",
            caption=case.reference,
            form=form,
            submit="Save",
            explanation="If the case is wrong, change it. If it is right, say why.",
            link=(f"Open case {case.reference}", url_for("cases.details_view", id=case.id, url=self.get_url(".index"))),
            back_url=self.get_url(".index"),
        )
        return page

    @expose("/confirm/", methods=("GET", "POST"))
    def confirm(self) -> ResponseReturnValue:
        """Shows what is confirmed for a quarter of one of the person's CCGs, and confirms it."""
        if not may(Permission.QUARTER_CONFIRM):
            abort(403)
        ccg, quarter = _to_confirm_or_404()
        line = {ccg.id, *lookups().organisations.predecessors_of(ccg.id, lookups().today)}
        rows = list(findings_now(db.session(), clock.now(), lookups(), line))
        unanswered = sum(one.waits for _, found in rows for one in found)
        form = NHSForm()
        if form.is_submitted() and form.validate():
            confirming.confirm(
                db.session(),
                ccg.id,
                quarter,
                cases=len(rows),
                unanswered=unanswered,
                by=current_access().person,
                at=clock.now(),
            )
            db.session.commit()
            flash(f"{quarter.in_words} is confirmed for {ccg.name}", "success")
            return redirect(self.get_url(".index"))
        page: str = self.render(
            "extracts/form.html",
            title=f"Confirm {quarter.in_words}",
            page_title=f"Confirm {quarter.in_words}: {ccg.name}",
            caption=ccg.name,
            form=form,
            submit="Confirm",
            explanation=_what_is_confirmed(quarter, len(rows), unanswered),
            back_url=self.get_url(".index"),
        )
        return page

    def _asked_about_or_404(self) -> tuple[CaseReview, Query, Found]:
        case = found_or_404(lambda key: db.session.get(CaseReview, key))
        query = next((one for one in Query if one == request.args.get("query")), None)
        if query is None or not may(Permission.QUARTER_CONFIRM) or not current_access().scope.may_change(case):
            abort(404)
        for one in _findings({case.held_by_id}):
            if one.case_id == case.id and one.finding.query == query:
                return case, query, one
        abort(404)

    def _shown(self, found: Found) -> FindingShown:
        place = lookups().organisations.places[found.ccg_id]
        may_answer = found.finding.query is not None and may(Permission.QUARTER_CONFIRM)
        answer = found.answer
        return FindingShown(
            found.reference,
            url_for("cases.details_view", id=found.case_id, url=_here()),
            place.name,
            f"{found.finding.about}: {found.finding.sentence}" if found.finding.is_error else found.finding.sentence,
            f"{answer.note} ({answer.answered_by.name}, {nhs_moment(answer.answered_at)})" if answer else "",
            self.get_url(".answer_view", id=found.case_id, query=found.finding.query) if may_answer else "",
            url_for("cases.edit_view", id=found.case_id)
            if found.finding.is_error and may(Permission.CASE_WRITE)
            else "",
        )

    def _choices(self) -> TableOf:
        """The CCGs to choose from, where no other table leads to them."""
        ccgs = current_access().readable_ccgs
        rows: list[list[Cell]] = [[(f"{one.name} ({one.code})", self.get_url(".index", ccg=one.code))] for one in ccgs]
        return TableOf("CCGs to choose from", ["CCG"], rows)

    def _confirmations_by_ccg(self, quarter: Quarter) -> list[TableOf]:
        """The CCGs in scope that have not confirmed a quarter, who are to be asked, and those that have."""
        given = confirming.confirmations_of(db.session(), quarter)
        asked = _asked_to_confirm(quarter)
        missing, done = [one for one in asked if one.id not in given], [one for one in asked if one.id in given]

        def link(ccg: Place) -> Cell:
            return f"{ccg.name} ({ccg.code})", self.get_url(".index", ccg=ccg.code)

        return [
            TableOf(f"Not confirmed by {count_of(len(missing), 'CCG')}", ["CCG"], [[link(one)] for one in missing]),
            TableOf(
                f"Confirmed by {count_of(len(done), 'CCG')}",
                ["CCG", "Confirmed", "Cases then", "Queries without an answer then"],
                [
                    [
                        link(one),
                        *words(
                            f"{nhs_moment(given[one.id].confirmed_at)}, {given[one.id].confirmed_by.name}",
                            f"{given[one.id].cases:,}",
                            f"{given[one.id].unanswered:,}",
                        ),
                    ]
                    for one in done
                ],
            ),
        ]


def _here() -> str:
    """The address of this page, as a case names its way back."""
    asked = request.query_string.decode()
    return f"{request.path}?{asked}" if asked else request.path


def _asked_to_confirm(quarter: Quarter) -> list[Place]:
    """The CCGs in scope that confirm a quarter, by name."""
    expected = confirming.expected_of(lookups(), quarter)
    return sorted((one for one in current_access().readable_ccgs if one.id in expected), key=lambda one: one.name)


def _to_confirm_or_404() -> tuple[Place, Quarter]:
    """The CCG and the quarter in the address or the form, where this person confirms it."""
    name, code = request.values.get("quarter"), request.values.get("ccg")
    quarter = next((one for one in confirming.to_be_confirmed(clock.today()) if one.name == name), None)
    ccg = next((one for one in _own_ccgs() if one.code == code), None)
    if quarter is None or ccg is None or ccg.id not in confirming.expected_of(lookups(), quarter):
        abort(404)
    return ccg, quarter


def _what_is_confirmed(quarter: Quarter, cases: int, unanswered: int) -> list[str]:
    """What a CCG says by confirming, with the numbers that go with it."""
    recorded = count_of(cases, "case") if cases else "No case"
    has = "has" if unanswered == 1 else "have"
    waiting = (
        f" {count_of(unanswered, 'query', 'queries')} {has} no answer. You can still confirm." if unanswered else ""
    )
    early = f" This quarter ends on {in_words(quarter.last_day)}." if quarter.last_day >= clock.today() else ""
    return [
        f"{recorded} {'is' if cases < 2 else 'are'} recorded.{waiting}{early}",
        "You confirm that every case is recorded and up to date, or that there is nothing to report.",
    ]


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
        (f"Confirm {one.quarter.in_words}", address, one.ccg.name if len(current_access().granted_on) > 1 else "")
        for one in _own_confirmations()
        if not one.is_confirmed and one.quarter.last_day < clock.today()
    ]
    found = list(_findings(None)) if cases <= MOST_CASES else []
    errors, waiting = sum(one.finding.is_error for one in found), sum(one.waits for one in found)
    if errors:
        rows.append((f"Correct {count_of(errors, 'error')}", address, ""))
    if waiting:
        rows.append((f"Answer {count_of(waiting, 'query', 'queries')}", address, ""))
    return rows


def for_home_of_readers() -> list[tuple[str, str, str]]:
    """How many CCGs in scope have confirmed the quarter that has ended last."""
    quarter = confirming.to_be_confirmed(clock.today())[0]
    asked, given = _asked_to_confirm(quarter), confirming.confirmations_of(db.session(), quarter)
    text = f"{sum(one.id in given for one in asked):,} of {count_of(len(asked), 'CCG')} confirmed {quarter.in_words}"
    return [(text, url_for("data_quality.index"), "")] if asked else []


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
    return _confirmations_of(_own_ccgs())


def _confirmations_of(ccgs: list[Place]) -> list[ConfirmationShown]:
    """The last quarter and the present one of some CCGs."""
    shown = []
    for quarter, given in confirming.confirmations_of_each(
        db.session(), confirming.to_be_confirmed(clock.today())
    ).items():
        expected = confirming.expected_of(lookups(), quarter)
        waits = f"Ends on {in_words(quarter.last_day)}" if quarter.last_day >= clock.today() else "Not confirmed yet"
        for ccg in ccgs:
            if ccg.id in expected:
                here = given.get(ccg.id)
                state = f"Confirmed on {nhs_moment(here.confirmed_at)} by {here.confirmed_by.name}" if here else waits
                url = url_for("data_quality.confirm", quarter=quarter.name, ccg=ccg.code)
                shown.append(ConfirmationShown(ccg, quarter, state, here is not None, url))
    return shown
