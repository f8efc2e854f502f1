"""Files that come in: published lists of organisations for administrators."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from sqlalchemy import select

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.imports import change_files
from app.imports.texts import NotUsable
from app.nhsuk.fields import UploadField
from app.nhsuk.forms import AskingForm, NHSForm
from app.organisations.taking_in import Given, take_in_changes, take_in_lists
from app.rules.reorganisation import What
from app.rules.words import listed
from models import Reorganisation, db
from models.declarations import SERVICE, Item, Kind
from models.enumerations import ReorganisationSource

from ..organisations.reorganisations import state_of
from ..tables import TableOf, words

MOST_SHOWN = 20
OF_FILES = (ReorganisationSource.ODS_FILES, ReorganisationSource.CHANGE_FILE)


def _file(name: str, question: str, hint: str, problem: str, *, required: bool = True) -> Any:
    return UploadField(
        Item(
            name=name,
            label=question,
            hint=hint,
            definition=question,
            source=SERVICE,
            kind=Kind.LINE,
            required=required,
            problem=problem,
        ),
        accept=".csv,.zip",
    )


class ListsForm(AskingForm):
    """The files of the Organisation Data Service."""

    ccgs = _file(
        "ccgs",
        "CCGs (eccg.csv)",
        "As it is published, or the zip that holds it",
        "Choose eccg.csv, or the zip that holds it",
    )
    successions = _file(
        "successions", "Who took over from whom (succ.csv, optional)", "As it is published", "", required=False
    )


class ChangesForm(AskingForm):
    """A file of changes."""

    changes = _file(
        "changes", "File of changes", "A CSV with the headings of the template", "Choose the file of changes"
    )


class ImportsView(BaseView):
    """What can be imported, and what was."""

    def __init__(self) -> None:
        super().__init__(name="Imports", endpoint="imports", url="/imports")

    def is_accessible(self) -> bool:
        return may(Permission.REFERENCE_WRITE) or may(Permission.CASE_WRITE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The kinds of import that a person may make, and the newest of them."""
        newest = (
            select(Reorganisation)
            .where(Reorganisation.source.in_(OF_FILES))
            .order_by(Reorganisation.proposed_at.desc(), Reorganisation.id)
            .limit(MOST_SHOWN)
        )
        keeps_lists = may(Permission.REFERENCE_WRITE)
        of_cases = [("Cases from a spreadsheet", url_for("case_imports.index"), "Historic cases, or many at once")]
        of_lists = [
            ("Lists of the Organisation Data Service", self.get_url(".lists_view"), "eccg.csv and succ.csv"),
            ("A file of changes", self.get_url(".changes_view"), "For what no published list says"),
        ]
        page: str = self.render(
            "imports/index.html",
            title="Imports",
            links=[*(of_cases if may(Permission.CASE_WRITE) else []), *(of_lists if keeps_lists else [])],
            files=TableOf(
                "Files about organisations",
                ["What", "Files", "State"],
                [
                    [
                        (one.title, url_for("reorganisations.details_view", id=one.id)),
                        *words(", ".join(file["name"] for file in one.files), state_of(one)),
                    ]
                    for one in (db.session.scalars(newest) if keeps_lists else ())
                ],
            ),
        )
        return page

    @expose("/lists/", methods=("GET", "POST"))
    def lists_view(self) -> ResponseReturnValue:
        """Takes in the lists as they are published."""
        self._refuse_others()
        form = ListsForm()
        if form.is_submitted() and form.validate():
            given, more = _given(form["ccgs"]), _given(form["successions"])
            if given is not None:
                try:
                    return self._proposed(take_in_lists(db.session(), given, more, **_doing()))
                except NotUsable as problem:
                    form.add_problems({problem.about or "ccgs": [str(problem)]})
        return self._form(
            form,
            "Lists of the Organisation Data Service",
            [
                "The next page shows what is new, closed, renamed, moved or merged. Nothing changes yet.",
                "An STP or region that is new is added first, from its list.",
            ],
        )

    @expose("/changes/", methods=("GET", "POST"))
    def changes_view(self) -> ResponseReturnValue:
        """Takes in a file of changes."""
        self._refuse_others()
        form = ChangesForm()
        if form.is_submitted() and form.validate() and (given := _given(form["changes"])):
            try:
                return self._proposed(take_in_changes(db.session(), given, **_doing()))
            except NotUsable as problem:
                form.add_problems({"changes": [str(problem)]})
        return self._form(
            form,
            "A file of changes",
            [
                "For reorganisations that no published list says, such as a new kind of organisation that takes over."
                " The next page shows what would happen. Nothing changes until you apply it.",
                "Each line is one change. The column “What happens” holds one of these:"
                f" {listed([one.value for one in What])}.",
            ],
            ("Get the template", self.get_url(".template_view")),
        )

    @expose("/changes/template.csv")
    def template_view(self) -> ResponseReturnValue:
        """An empty file of changes."""
        self._refuse_others()
        headers = {"Content-Disposition": "attachment; filename=changes.csv"}
        return Response(change_files.template(), mimetype="text/csv", headers=headers)

    def _refuse_others(self) -> None:
        if not may(Permission.REFERENCE_WRITE):
            abort(403)

    def _proposed(self, plan: Reorganisation) -> ResponseReturnValue:
        db.session.commit()
        return redirect(url_for("reorganisations.details_view", id=plan.id))

    def _form(
        self, form: NHSForm, title: str, explanation: list[str], link: tuple[str, str] | None = None
    ) -> ResponseReturnValue:
        page: str = self.render(
            "extracts/form.html",
            title=title,
            caption="Imports",
            form=form,
            submit="Read the file",
            explanation=explanation,
            link=link,
            back_url=self.get_url(".index"),
        )
        return page


def _given(field: Any) -> Given | None:
    return Given(field.data.filename, field.data.read()) if field.data is not None else None


def _doing() -> dict[str, Any]:
    return {
        "known": lookups().organisations,
        "by": current_access().person,
        "at": clock.now(),
        "today": lookups().today,
    }
