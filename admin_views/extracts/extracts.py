"""Quarterly extracts: what was drawn, drawing another, looking into one, signing it off, sending it."""

from __future__ import annotations

from itertools import islice
from typing import IO

from flask import Flask, abort, current_app, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from sqlalchemy import select

from app.access import clock, readings
from app.access.current import current_access, may
from app.access.permissions import Permission
from app.cases import writing
from app.extracts import drawing, keeping, package
from app.extracts.differences import ADDED, CHANGED, GONE, Difference, differences
from app.extracts.download import safe_copy
from app.extracts.quarterly_extract import CannotDraw
from app.extracts.schema import CASES
from app.nhsuk.forms import NHSForm
from app.nhsuk.wording import nhs_date
from app.rules.quarters import quarter_named
from app.rules.words import count_of
from models import Drawing, Extract, db
from models.enumerations import AuditAction, DrawingState

from ..asked import found_or_404
from ..cases import case_form
from ..tables import Cell, TableOf, words
from . import extract_facts
from .extract_forms import DrawForm, ReceiptForm, offer_quarters

# Of more cases an extract is drawn beside the request, and a page says how far it is.
WITHIN_THE_REQUEST = 5_000
MOST_DIFFERENCES = 200
MOST_COLUMNS = 2
OF_EVERY_SAVE = {"Version", "Last changed at"}
PROBLEM = "The bytes that are kept are not those that were drawn. Do not send this extract, and tell NHS Digital"

NOT_SIGNED_OFF = "This extract has not been signed off. Have it signed off before it is sent"


class ExtractView(BaseView):
    """For analysts alone."""

    def __init__(self) -> None:
        super().__init__(name="Extracts", endpoint="extracts", url="/extracts")

    def is_accessible(self) -> bool:
        return may(Permission.EXTRACT_DRAW)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every extract, the newest quarter first."""
        extracts = sorted(db.session.scalars(select(Extract)), key=lambda one: (one.quarter, one.number), reverse=True)
        page: str = self.render(
            "extracts/list.html",
            title="Quarterly extracts",
            extracts=TableOf(
                "Extracts, the newest quarter first",
                ["Extract", "Months", "Cases", "Drawn", "Signed off", "Sent"],
                [self._row(one) for one in extracts],
            ),
            draw_url=self.get_url(".draw_view"),
            under_way=[
                (one.quarter, self.get_url(".drawing_view", id=one.id))
                for one in drawing.under_way(db.session(), by=current_access().person_id)
            ],
        )
        return page

    def _row(self, extract: Extract) -> list[Cell]:
        signed_off = extract.sign_off
        return [
            (extract_facts.name_of(extract), self.get_url(".details_view", id=extract.id)),
            *words(
                quarter_named(extract.quarter).in_words,
                f"{extract.rows:,}",
                f"{nhs_date(extract.drawn_at)}, {extract.drawn_by.name}",
                f"{nhs_date(signed_off.signed_off_at)}, {signed_off.signed_off_by.name}" if signed_off else "Not yet",
                "Yes" if extract.receipts else "Not yet",
            ),
        ]

    @expose("/draw/", methods=("GET", "POST"))
    def draw_view(self) -> ResponseReturnValue:
        """Asks for the quarter, and draws its extract."""
        form = DrawForm()
        offer_quarters(form, _drawn_so_far(), clock.today())
        case_form.give_token(form)
        if form.is_submitted() and form.validate() and writing.is_token(str(form.form_token.data or "")):
            try:
                asked = drawing.ask(
                    db.session(),
                    form.chosen_quarter,
                    reason=form["reason"].data or "",
                    cut_off=form.chosen_cut_off,
                    form_token=str(form.form_token.data),
                    by=current_access(),
                    at=clock.now(),
                )
            except CannotDraw as problem:
                form.add_problems({problem.about: [str(problem)]})
            else:
                # What is refused within the request is said on the form, which still holds what was chosen.
                asked_id, why = asked.id, self._draw(asked)
                if not why:
                    return redirect(self.get_url(".drawing_view", id=asked_id))
                form.add_problems({"": [why]})
        return self._render_form(form, "Draw an extract", "Draw", self.get_url(".index"))

    def _draw(self, asked: Drawing) -> str:
        """Draws what was asked for, or begins to. Gives why it was refused, if it was already."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        drawing_id, access = asked.id, current_access()
        drawing.start(app, db.session(), asked, access=access, beside=asked.cases_in_all > WITHIN_THE_REQUEST)
        one = drawing.find(db.session(), drawing_id, by=access.person_id)
        return one.why if one is not None and one.state is DrawingState.REFUSED else ""

    @expose("/drawing/", methods=("GET", "POST"))
    def drawing_view(self) -> ResponseReturnValue:
        """How far an extract is that is being drawn; its page, once it is there."""
        one = _drawing_or_404()
        if request.method == "POST":
            again = self.get_url(".drawing_view", id=one.id)
            self._draw(one)
            return redirect(again)
        if one.extract_id is not None:
            extract = db.session.get_one(Extract, one.extract_id)
            if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":  # not the script that only looks
                rows = count_of(extract.rows, "case")
                flash(f"{extract.quarter}, number {extract.number}, drawn with {rows}", "success")
            return redirect(self.get_url(".details_view", id=extract.id))
        stopped = one.state is DrawingState.ASKED or drawing.has_stopped(one, clock.now())
        page: str = self.render(
            "extracts/drawing.html",
            title=f"Extract of {one.quarter}",
            caption=f"Quarterly extract, {quarter_named(one.quarter).in_words}",
            state=one.state,
            refused=one.state is DrawingState.REFUSED,
            why=one.why,
            working=not stopped and one.state is DrawingState.DRAWING,
            done=f"{one.cases_done:,} of about {count_of(one.cases_in_all, 'case')}",
            draw_url=self.get_url(".draw_view"),
            back_url=self.get_url(".index"),
        )
        return page

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """One extract: its facts, control totals, what was found about the data, and what can be done with it."""
        extract = _one_or_404()
        problem, looked = "", None
        try:
            with keeping.verified(db.session(), extract) as file:
                looked = extract_facts.look_into(file, extract)
        except keeping.Damaged:
            problem = PROBLEM
        before = _number_before(extract)
        page: str = self.render(
            "extracts/details.html",
            title=f"{extract.quarter}, number {extract.number}",
            extract=extract,
            caption=f"Quarterly extract, {quarter_named(extract.quarter).in_words}",
            facts=extract_facts.facts(extract),
            facts_of_file=extract_facts.facts_of_file(extract, _file_name(extract)),
            problem=problem,
            looked=looked,
            may_sign_off=not problem and extract.sign_off is None and extract.drawn_by_id != current_access().person_id,
            drew_it=extract.sign_off is None and extract.drawn_by_id == current_access().person_id,
            before=before,
            back_url=self.get_url(".index"),
        )
        return page

    @expose("/differences/")
    def differences_view(self) -> ResponseReturnValue:
        """Row by row, what differs from the number before."""
        extract = _one_or_404()
        before = _number_before(extract)
        if before is None:
            abort(404)
        with (
            _verified_or_409(before) as old,
            _verified_or_409(extract) as new,
        ):
            found = list(islice(differences(old, new), MOST_DIFFERENCES + 1))
        # The page shows words of cases, as the file does.
        _note_download(extract, f", what differs from number {before.number} on screen")
        page: str = self.render(
            "extracts/differences.html",
            title=f"What differs from number {before.number}",
            page_title=f"{extract_facts.name_of(extract)}: what differs from number {before.number}",
            caption=f"{extract.quarter}, number {extract.number}",
            reason=extract.reason,
            found=_by_kind(found[:MOST_DIFFERENCES]),
            columns_of=_columns_of,
            is_cut=len(found) > MOST_DIFFERENCES,
            most=MOST_DIFFERENCES,
            back_url=self.get_url(".details_view", id=extract.id),
        )
        return page

    @expose("/sign-off/", methods=("GET", "POST"))
    def sign_off_view(self) -> ResponseReturnValue:
        """Asks, and signs an extract off."""
        extract = _one_or_404()
        if not may(Permission.EXTRACT_SIGN_OFF):
            abort(403)
        form = NHSForm()
        if form.is_submitted() and form.validate():
            try:
                keeping.sign_off(db.session(), extract.id, by=current_access().person)
                db.session.commit()
                flash(f"{extract.quarter}, number {extract.number}, signed off", "success")
                return redirect(self.get_url(".details_view", id=extract.id))
            except keeping.CannotSignOff as problem:
                db.session.rollback()
                form.add_problems({"": [str(problem)]})
        explanation = (
            "You confirm that you have looked at the control totals and the queries, and that this extract may be sent"
            " to NHS England."
        )
        back = self.get_url(".details_view", id=extract.id)
        return self._render_form(
            form, "Sign off this extract", "Sign off", back, explanation, extract_facts.name_of(extract)
        )

    @expose("/receipt/", methods=("GET", "POST"))
    def receipt_view(self) -> ResponseReturnValue:
        """Takes what the transfer service answered. Only what was signed off is sent."""
        extract, form = _one_or_404(), ReceiptForm()
        back = self.get_url(".details_view", id=extract.id)
        if form.is_submitted() and form.validate():
            if extract.sign_off is None:
                form.add_problems({"": [NOT_SIGNED_OFF]})
            else:
                keeping.note_receipt(db.session(), extract, form["receipt"].data, by=current_access().person)
                db.session.commit()
                flash("Receipt noted", "success")
                return redirect(back)
        return self._render_form(
            form, "Note the receipt of the transfer", "Save", back, "", extract_facts.name_of(extract)
        )

    @expose("/download/")
    def download_view(self) -> ResponseReturnValue:
        """The package as it was drawn, byte for byte."""
        extract = _one_or_404()
        _note_download(extract)
        return _sent(_verified_or_409(extract), _file_name(extract), "application/zip")

    @expose("/download-for-spreadsheets/")
    def spreadsheet_view(self) -> ResponseReturnValue:
        """The cases for people: no cell is taken for a formula."""
        extract = _one_or_404()
        with _verified_or_409(extract) as file:
            copy = safe_copy(package.rows_of(file, CASES))
        _note_download(extract, ", for spreadsheets")
        name = _file_name(extract).removesuffix(".zip") + "_for-spreadsheets.csv"
        return _sent(copy, name, "text/csv")

    def _render_form(
        self, form: NHSForm, title: str, submit: str, back: str, explanation: str = "", caption: str = ""
    ) -> str:
        page: str = self.render(
            "extracts/form.html",
            title=title,
            page_title=f"{title}: {caption}" if caption else title,
            caption=caption,
            form=form,
            submit=submit,
            explanation=explanation,
            back_url=back,
        )
        return page


def _one_or_404() -> Extract:
    return found_or_404(lambda key: db.session.get(Extract, key))


def _drawing_or_404() -> Drawing:
    return found_or_404(lambda key: drawing.find(db.session(), key, by=current_access().person_id))


def _verified_or_409(extract: Extract) -> IO[bytes]:
    try:
        return keeping.verified(db.session(), extract)
    except keeping.Damaged:
        abort(409, PROBLEM)


def _note_download(extract: Extract, what: str = "") -> None:
    readings.note(
        AuditAction.EXTRACT_DOWNLOADED,
        about=Extract.__tablename__,
        about_id=extract.id,
        details=f"{extract_facts.name_of(extract)}{what}",
    )


def _sent(file: IO[bytes], name: str, type_: str) -> ResponseReturnValue:
    length = file.seek(0, 2)
    file.seek(0)
    response = send_file(file, mimetype=type_, as_attachment=True, download_name=name, max_age=0)
    response.content_length = length
    return response


def _file_name(extract: Extract) -> str:
    return package.file_name(extract.quarter, extract.number, is_signed_off=extract.sign_off is not None)


def _drawn_so_far() -> dict[str, int]:
    """The highest number of each quarter that was drawn."""
    found: dict[str, int] = {}
    for quarter, number in db.session.execute(select(Extract.quarter, Extract.number)):
        found[quarter] = max(number, found.get(quarter, 0))
    return found


def _by_kind(found: list[Difference]) -> list[tuple[str, list[Difference]]]:
    """What was added, what is gone and what changed, each where there is any."""
    kinds = ((kind, [one for one in found if one.what == kind]) for kind in (ADDED, GONE, CHANGED))
    return [(kind, cases) for kind, cases in kinds if cases]


def _columns_of(difference: Difference) -> str:
    """The first columns that changed, and how many more; those that change with every save say nothing."""
    changed = [heading for heading, _, _ in difference.changes if heading not in OF_EVERY_SAVE]
    more = len(changed) - MOST_COLUMNS
    return ", ".join(changed[:MOST_COLUMNS]) + (f" and {more} more" if more > 0 else "") or difference.what


def _number_before(extract: Extract) -> Extract | None:
    """The same quarter, drawn before."""
    before: Extract | None = db.session.scalar(
        select(Extract).where(Extract.quarter == extract.quarter, Extract.number == extract.number - 1)
    )
    return before
