"""The data dictionary: every data item of a case, from its declaration, as a page and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app.access.current import lookups, may
from app.access.permissions import Permission
from app.extracts.download import made_safe
from models import CaseReview, Section
from models.declarations import Files, Item, Kind, items_of

HEADINGS = {
    "name": "Name",
    "label": "Label",
    "headings": "Name in files",
    "section": "Section",
    "kind": "Kind",
    "required": "Required",
    "max_length": "Longest",
    "choices": "Values",
    "definition": "Definition",
    "source": "Source",
    "used": "Used in",
}


class DataDictionaryView(BaseView):
    """Declarations in plain sight."""

    model: type = CaseReview

    def __init__(self) -> None:
        super().__init__(name="Data dictionary", endpoint="data_dictionary", url="/data-dictionary")

    def is_accessible(self) -> bool:
        return may(Permission.DICTIONARY_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every item, by section."""
        described = [described_item(item) for item in items_of(self.model)]
        order = [*Section, *{row["section"] for row in described if row["section"] not in set(Section)}]
        groups = [(str(title), [row for row in described if row["section"] == title]) for title in order]
        page: str = self.render(
            "data_dictionary.html",
            title="Data dictionary",
            groups=[(title, rows) for title, rows in groups if rows],
            download_url=self.get_url(".download"),
        )
        return page

    @expose("/csv/")
    def download(self) -> ResponseReturnValue:
        """The same as a file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(HEADINGS.values())
        for item in items_of(self.model):
            row = described_item(item)
            writer.writerow([made_safe(_cell(row[key])) for key in HEADINGS])
        return Response(
            text.getvalue().encode(),
            mimetype="text/csv",
            headers={"Content-Disposition": "attachment; filename=data-dictionary.csv"},
        )


def described_item(item: Item) -> dict[str, Any]:
    """One declaration in words."""
    used = {
        "form": item.in_form,
        "list": item.in_list,
        "filter": item.filterable,
        "search": item.search is not None,
        "download": item.files is not Files.NONE,
        "extract": item.files is Files.ALL,
    }
    return {
        "name": item.name,
        "label": item.label,
        "headings": list(item.headings) if item.files is not Files.NONE else [],
        "section": str(item.section),
        "kind": str(item.kind),
        "required": item.required,
        "max_length": item.max_length,
        "choices": _values_of(item),
        "definition": item.definition,
        "source": item.source,
        "used": [use for use, is_used in used.items() if is_used],
    }


def _values_of(item: Item) -> list[str]:
    if item.choices is not None:
        return [choice.label for choice in item.choices]
    if item.kind is Kind.CODE:
        return [entry.label for entry in lookups().codes[item.code_list].values()]
    return []


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
