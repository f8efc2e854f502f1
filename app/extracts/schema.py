"""The files of a package and their fields, from the declarations, as a Frictionless Data Package says them.

Source: Data Package standard, version 1 (specs.frictionlessdata.io): data package, tabular data resource, table schema.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from app.access.lookups import Lookups
from models import CaseReview
from models.declarations import Item, Kind
from models.enumerations import Query

from .columns import FileColumn, columns_of
from .control_totals import LEVELS, headings

CASES, TOTALS, QUALITY = "cases.csv", "control-totals.csv", "data-quality.csv"
TITLES = {CASES: "Cases", TOTALS: "Control totals", QUALITY: "Data quality"}
Field = dict[str, Any]

_TYPES = {
    Kind.DATE: ("date", "default"),
    Kind.MOMENT: ("datetime", "default"),
    Kind.NUMBER: ("integer", "default"),
    Kind.LINK: ("string", "uri"),
}
QUALITY_FIELDS: list[Field] = [
    {"name": "Reference", "description": "The case.", "constraints": {"required": True}},
    {"name": "CCG code", "description": "The CCG under which it was recorded.", "constraints": {"required": True}},
    {
        "name": "Current CCG code",
        "description": "The CCG that answers for the case.",
        "constraints": {"required": True},
    },
    {
        "name": "Level",
        "description": "An error breaks a rule; a query asks.",
        "constraints": {"required": True, "enum": ["error", "query"]},
    },
    {
        "name": "Check",
        "description": "Of an error the data item; of a query what is asked: "
        + "; ".join(query.label for query in Query)
        + ".",
        "constraints": {"required": True},
    },
    {"name": "Sentence", "description": "What was found.", "constraints": {"required": True}},
    {
        "name": "Answer",
        "description": "What the CCG answered to the query since the quarter began, before the cut-off.",
    },
]


def fields_of_cases(lists: Lookups) -> list[Field]:
    """Every column of the cases' file: name, title, type, format, constraints and definition."""
    return [_field(column, lists) for column in columns_of(CaseReview, download=False)]


def fields_of_totals() -> list[Field]:
    """Every column of the control totals."""
    level, code, name, *numbers = headings()
    return [
        _with_type({"name": level, "constraints": {"required": True, "enum": list(LEVELS.values())}}),
        _with_type({"name": code, "description": "ODS code; ENGLAND for the whole."}),
        _with_type({"name": name, "constraints": {"required": True}}),
        *(
            {
                "name": heading,
                "title": heading,
                "type": "integer",
                "format": "default",
                "description": "A number of cases.",
                "constraints": {"required": True, "minimum": 0},
            }
            for heading in numbers
        ),
    ]


def schema_version() -> str:
    """Says which columns the cases' file has: another as soon as one is added or changed, whoever does it."""
    columns = [
        [column.heading, column.item.name, column.attribute, str(column.item.kind)]
        for column in columns_of(CaseReview, download=False)
    ]
    return "1." + hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:8]


def resource(name: str, fields: list[Field], size: int, digest: str) -> dict[str, Any]:
    """A file of the package. `size` in bytes, `digest` its SHA-256 in hexadecimal."""
    described: dict[str, Any] = {
        "name": name.removesuffix(".csv"),
        "path": name,
        "title": TITLES[name],
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\r\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        },
        "schema": {"fields": fields, "missingValues": [""]},
    }
    if name == CASES:
        described["schema"]["primaryKey"] = ["Reference"]
    return described


def fields_of_quality() -> list[Field]:
    """Every column of the errors and queries."""
    return [_with_type(field) for field in QUALITY_FIELDS]


def _with_type(field: Field) -> Field:
    return {"name": field["name"], "title": field["name"], "type": "string", "format": "default", **field}


def _field(column: FileColumn, lists: Lookups) -> Field:
    item = column.item
    type_, format_ = _TYPES.get(item.kind, ("string", "default"))
    described: Field = {
        "name": column.heading,
        "title": item.label if not column.attribute or item.kind is Kind.CODE else f"{item.label} {column.attribute}",
        "type": type_,
        "format": format_,
        "description": item.definition,
    }
    constraints = _constraints(item, column, lists)
    return described | ({"constraints": constraints} if constraints else {})


def _constraints(item: Item, column: FileColumn, lists: Lookups) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if item.required or column.heading in ("Reference", "Version", "Last changed at", "Current CCG code"):
        found["required"] = True
    if column.heading == "Reference":
        found |= {"unique": True, "pattern": "SCR-[0-9A-Z]{8}"}
    if item.max_length:
        found["maxLength"] = item.max_length
    if item.choices is not None:
        found["enum"] = [choice.label for choice in item.choices]
    elif item.kind is Kind.CODE:
        found["enum"] = [entry.label for entry in lists.codes[item.code_list].values()]
    return found
