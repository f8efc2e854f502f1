"""Cases from a spreadsheet: given, shown line by line, and saved at once or not at all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, current_app, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from sqlalchemy import select

from app.access import clock, readings
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.case_imports import jobs, mending, template, working
from app.case_imports.headings import ITEMS, match
from app.cases import writing
from app.imports.texts import NotUsable
from app.nhsuk.fields import ChoiceField, Option, UploadField
from app.nhsuk.forms import AskingForm, NHSForm
from app.nhsuk.wording import nhs_moment
from app.rules.words import count_of, listed
from models import CaseImport, CaseReview, StagedCase, db
from models.declarations import SERVICE, Item, Kind
from models.enumerations import AuditAction, ImportState, LineOutcome

from ..asked import found_or_404
from ..cases.case_form import label_of, new_token
from ..tables import TableOf, words

LINES_ON_A_PAGE = 50
# A file of more bytes is worked on beside the request, and its page says how far it is.
WITHIN_THE_REQUEST = 200_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = {
    LineOutcome.WRONG: "To mend",
    LineOutcome.NEW: "New",
    LineOutcome.CHANGED: "Changed",
    LineOutcome.THERE: "Already there",
}

ONCE_SAVED = {LineOutcome.NEW: "Added"}
# What the last column of the lines says.
SAYS = {
    LineOutcome.WRONG: "What to mend",
    LineOutcome.NEW: "What to check",
    LineOutcome.CHANGED: "What changes",
    LineOutcome.THERE: "What to check",
}
LINES_NAMED = 10
NOT_CONFIRMED = "Confirm that nothing in the file identifies somebody"


class CasesForm(AskingForm):
    """The file, and the CCG for which it is given."""

    ccg = ChoiceField(
        Item(
            name="ccg",
            label="CCG",
            question="Which CCG are the cases of?",
            hint="It counts for lines that name no CCG",
            definition="The CCG for which the file is given.",
            source=SERVICE,
            kind=Kind.ORGANISATION,
            required=True,
            problem="Select the CCG",
        )
    )
    cases = UploadField(
        Item(
            name="cases",
            label="File of cases",
            question="File of cases",
            hint="An XLSX or CSV made from the template, of up to 50,000 lines and 50 MB",
            definition="The cases.",
            source=SERVICE,
            kind=Kind.LINE,
            required=True,
            problem="Choose the file",
        ),
        accept=".csv,.xlsx",
    )


class CaseImportsView(BaseView):
    """For safeguarding leads: the cases of their own CCGs."""

    def __init__(self) -> None:
        super().__init__(name="Import cases", endpoint="case_imports", url="/imports/cases")

    def is_accessible(self) -> bool:
        return may(Permission.CASE_WRITE)

    def is_visible(self) -> bool:
        return False  # Imports leads here

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Asks for a file."""
        form, access = CasesForm(), current_access()
        form["ccg"].options = [Option(place.id, label_of(place)) for place in access.current_ccgs]
        if not form.is_submitted():
            form.form_token.data = new_token()
        if len(access.current_ccgs) == 1 and form["ccg"].data is None:
            form["ccg"].process_data(access.current_ccgs[0].id)
        if form.is_submitted() and form.validate() and (given := self._given(form)):
            return redirect(self.get_url(".details_view", id=given.id))
        own = working.of_person(db.session(), by=access.person_id)
        page: str = self.render(
            "imports/cases.html",
            title="Import cases",
            may_import=bool(access.current_ccgs),
            most=working.MOST_IMPORTS,
            form=form,
            submit="Check the file",
            templates=[
                ("Template for a spreadsheet (XLSX)", self.get_url(".template_xlsx_view"), "With lists to choose from"),
                ("Template as CSV", self.get_url(".template_csv_view"), "The headings alone"),
            ],
            files=TableOf(
                "Files of the last 24 hours",
                ["File", "Given", "State"],
                [
                    [
                        (one.file_name, self.get_url(".details_view", id=one.id)),
                        *words(nhs_moment(one.given_at), one.state.label),
                    ]
                    for one in own
                ],
            ),
            back_url=url_for("imports.index"),
        )
        return page

    def _given(self, form: NHSForm) -> CaseImport | None:
        token, file = str(form.form_token.data or ""), form["cases"].data
        if not writing.is_token(token):
            form.form_token.data = new_token()
            form.add_problems({"": ["The form was not complete. Choose the file again"]})
            return None
        try:
            given = working.give(
                db.session(),
                file.stream,
                file.filename,
                ccg_id=form["ccg"].data,
                form_token=token,
                by=current_access(),
                at=clock.now(),
            )
        except NotUsable as problem:
            db.session.rollback()
            form.add_problems({"cases": [str(problem)]})
            form.form_token.data = new_token()
            return None
        size = file.stream.seek(0, 2)
        self._work(given, ImportState.CHECKING, beside=size > WITHIN_THE_REQUEST)
        return given

    def _work(self, one: CaseImport, state: ImportState, *, beside: bool) -> None:
        """Claims an import and works on it; what somebody else works on is left to them."""
        session = db.session()
        word = working.claim(session, one, to=state, at=clock.now())
        if word:
            jobs.start(
                current_app._get_current_object(),  # type: ignore[attr-defined]
                one.id,
                word,
                state,
                access=current_access(),
                lookups=lookups(),
                beside=beside and not current_app.testing,
            )

    @expose("/details/", methods=("GET", "POST"))
    def details_view(self) -> ResponseReturnValue:
        """What each line would do. Nothing is saved before the button is pressed."""
        one = self._one_or_404()
        problem = ""
        if request.method == "POST":
            problem = self._apply(one)
            if not problem:
                return redirect(self.get_url(".details_view", id=one.id))
            one = self._one_or_404()
        stopped = jobs.has_stopped(one, clock.now())
        counted = working.counts(db.session(), one)
        outcome = _asked_for(counted)
        number = _page_number()
        lines, more = self._lines(one, outcome, number)
        if any(line["differences"] for line in lines):
            readings.note(
                AuditAction.SEARCHED, about="case_import", details=f"Lines of a file that change {len(lines)} cases"
            )
        page: str = self.render(
            "imports/cases_details.html",
            title=one.file_name,
            page_title=f"Error: {one.file_name}" if problem else f"{one.state.label}: {one.file_name}",
            caption="Import cases",
            one=one,
            problem={"text": problem or one.why, "href": "#confirm_identifiers" if problem == NOT_CONFIRMED else ""},
            state=one.state,
            states=ImportState,
            stopped=stopped,
            working=one.state in (ImportState.GIVEN, ImportState.CHECKING, ImportState.APPLYING) and not stopped,
            done=count_of(one.lines_done, "line"),
            written=_how_far(one.lines_done, counted[LineOutcome.NEW] + counted[LineOutcome.CHANGED]),
            tabs=[
                (
                    ONCE_SAVED.get(each, label) if one.state is ImportState.APPLIED else label,
                    counted[each],
                    self._address(one, each),
                    each is outcome,
                )
                for each, label in SHOWN.items()
            ],
            lines=lines,
            says=SAYS[outcome] if any(line["problems"] or line["differences"] for line in lines) else "",
            left_out=match(one.headings).left_out,
            page=number,
            previous_url=self._address(one, outcome, number - 1) if number > 1 else None,
            next_url=self._address(one, outcome, number + 1) if more else None,
            warned=_named(self._warned(one)),
            found=_what_was_found(counted),
            button=_what_is_saved(counted[LineOutcome.NEW], counted[LineOutcome.CHANGED]),
            wrong=count_of(counted[LineOutcome.WRONG], "line"),
            has_wrong=bool(counted[LineOutcome.WRONG]),
            saved=_was_saved(one),
            is_news="show" not in request.args,
            cases_url=url_for("cases.index_view"),
            template_url=self.get_url(".template_xlsx_view"),
            mend_url=self.get_url(".mend_view", id=one.id),
            throw_away_url=self.get_url(".throw_away_view", id=one.id),
            back_url=self.get_url(".index"),
        )
        return page

    def _apply(self, one: CaseImport) -> str:
        """Saves the good lines. Gives what stands against it."""
        if one.state is ImportState.APPLIED:
            flash("This file has been saved already", "info")
            return ""
        if jobs.has_stopped(one, clock.now()) or one.state is ImportState.GIVEN:
            state = ImportState.APPLYING if one.state is ImportState.APPLYING else ImportState.CHECKING
            self._work(one, state, beside=True)
            return ""
        if self._warned(one) and request.form.get("confirm_identifiers") != "yes":
            return NOT_CONFIRMED
        if one.state is ImportState.CHECKED:
            self._work(one, ImportState.APPLYING, beside=one.lines_in_all > LINES_ON_A_PAGE * 10)
        return ""

    def _lines(self, one: CaseImport, outcome: LineOutcome, number: int) -> tuple[list[dict[str, Any]], bool]:
        chosen = (
            select(StagedCase)
            .where(StagedCase.import_id == one.id, StagedCase.outcome == outcome)
            .order_by(StagedCase.number)
            .offset((number - 1) * LINES_ON_A_PAGE)
            .limit(LINES_ON_A_PAGE + 1)
        )
        found = list(db.session.scalars(chosen))
        ids = {line.case_id for line in found if line.case_id}
        known = db.session.execute(select(CaseReview.id, CaseReview.reference).where(CaseReview.id.in_(ids)))
        references = {row.id: row.reference for row in known}
        positions = {item: int(position) for position, item in one.positions.items()}
        return [_shown(line, positions, references) for line in found[:LINES_ON_A_PAGE]], len(found) > LINES_ON_A_PAGE

    def _warned(self, one: CaseImport) -> list[int]:
        """The lines that would be saved and look as if they identified somebody."""
        return working.warned_lines(db.session(), one) if one.state is ImportState.CHECKED else []

    @expose("/mend.csv")
    def mend_view(self) -> ResponseReturnValue:
        """The lines that are to be mended, each with what is wrong, ready to be given again."""
        one = self._one_or_404()
        file = mending.to_mend(db.session(), one)
        return send_file(file, mimetype="text/csv", as_attachment=True, download_name="cases-to-mend.csv", max_age=0)

    @expose("/throw-away/", methods=("POST",))
    def throw_away_view(self) -> ResponseReturnValue:
        """Erases a file that is not wanted any more. What was saved from it stays."""
        working.throw_away(db.session(), self._one_or_404())
        db.session.commit()
        flash("The file was erased here. Cases that were saved from it stay", "success")
        return redirect(self.get_url(".index"))

    @expose("/template.csv")
    def template_csv_view(self) -> ResponseReturnValue:
        """The headings."""
        headers = {"Content-Disposition": "attachment; filename=cases.csv"}
        return Response(template.as_csv(), mimetype="text/csv", headers=headers)

    @expose("/template.xlsx")
    def template_xlsx_view(self) -> ResponseReturnValue:
        """The headings with lists to choose from, and what they mean."""
        headers = {"Content-Disposition": "attachment; filename=cases.xlsx"}
        return Response(template.as_xlsx(lookups(), current_access()), mimetype=XLSX, headers=headers)

    def _address(self, one: CaseImport, outcome: LineOutcome, number: int = 1) -> str:
        more = {"show": outcome.value, **({"page": number} if number > 1 else {})}
        return f"{self.get_url('.details_view', id=one.id)}&{urlencode(more)}"

    def _one_or_404(self) -> CaseImport:
        return found_or_404(lambda key: working.find(db.session(), key, by=current_access().person_id))


def _asked_for(counted: dict[LineOutcome, int]) -> LineOutcome:
    """The lines that the address asks for; else the first sort of which there are any, those to mend first."""
    asked = request.args.get("show", "")
    named = next((one for one in LineOutcome if one.value == asked), None)
    return named or next((one for one in SHOWN if counted[one]), LineOutcome.NEW)


def _page_number() -> int:
    typed = request.args.get("page", "1")
    return max(1, min(int(typed), 1000)) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 1


def _shown(line: StagedCase, positions: dict[str, int], references: dict[UUID, str]) -> dict[str, Any]:
    def given(name: str) -> str:
        at = positions.get(name, -1)
        return line.cells[at] if 0 <= at < len(line.cells) else ""

    said = line.problems if line.outcome is LineOutcome.WRONG else line.warnings
    return {
        "number": line.number,
        "called": given("local_identifier") or given("steis_number") or given("incident_date"),
        "case": references.get(line.case_id) if line.case_id else None,
        "url": url_for("cases.details_view", id=line.case_id) if line.case_id in references else None,
        "problems": [
            (ITEMS[name].label if name else "", given(name)[:200] if name else "", sentence)
            for name, sentences in said.items()
            for sentence in sentences
        ],
        # Of a case that has gone out of sight since, such as to another CCG after a split, nothing is told any more.
        "differences": [(label, before[:300], after[:300]) for label, before, after in line.differences]
        if line.case_id in references
        else [],
    }


def _named(lines: list[int]) -> str:
    """Lines by their numbers: "line 3", "lines 3, 4 and 8", "lines 1, 2, 3 and 40 others"."""
    if not lines:
        return ""
    named, more = [f"{number:,}" for number in lines[:LINES_NAMED]], len(lines) - LINES_NAMED
    if more > 0:
        named.append(count_of(more, "other"))
    return f"{'line' if len(lines) == 1 else 'lines'} {listed(named)}"


def _what_was_found(counted: dict[LineOutcome, int]) -> str:
    """What stands in a file that is not saved yet: "20 lines: 15 to mend, 5 new"."""
    parts = [f"{counted[each]:,} {label[:1].lower()}{label[1:]}" for each, label in SHOWN.items() if counted[each]]
    return f"{count_of(sum(counted.values()), 'line')}: {', '.join(parts)}" if parts else ""


def _what_is_saved(new: int, changed: int) -> str:
    parts = [f"add {count_of(new, 'case')}"] if new else []
    parts += [f"change {count_of(changed, 'case')}" if not new else f"change {changed:,}"] if changed else []
    said = " and ".join(parts)
    return said[:1].upper() + said[1:]


def _how_far(written: int, good: int) -> str:
    """How far saving is. SQLite says so at the end only (`applying.py`), and the first lines take a moment."""
    return f"{written:,} of {count_of(good, 'line')} so far" if written else count_of(good, "line")


def _was_saved(one: CaseImport) -> str:
    if not one.applied_at:
        return ""
    parts = [f"{count_of(one.added, 'case')} added"] if one.added else []
    if one.changed:
        parts.append(f"{one.changed:,} changed" if one.added else f"{count_of(one.changed, 'case')} changed")
    return ", ".join(parts) or "nothing was left to add or change"
