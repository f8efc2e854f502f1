"""Makes forms from a model's declarations: the fields Flask-Admin's own `scaffold_form` gets, and forms of our own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_admin.contrib.sqla.form import AdminModelConverter

from models.declarations import Item, Kind, items_of

from .fields import (
    CaseField,
    ChoiceField,
    DateField,
    ItemField,
    LineField,
    LinkField,
    NumberField,
    TextField,
    YesNoField,
)
from .forms import NHSForm

FIELDS: dict[Kind, type[ItemField]] = {
    Kind.LINE: LineField,
    Kind.TEXT: TextField,
    Kind.LINK: LinkField,
    Kind.DATE: DateField,
    Kind.NUMBER: NumberField,
    Kind.YES_NO: YesNoField,
    Kind.CHOICE: ChoiceField,
    Kind.CODE: ChoiceField,
    Kind.ORGANISATION: ChoiceField,
    Kind.CASE: CaseField,
}


def asked_items(model: type) -> dict[str, Item]:
    """The items of a model that a person fills in, by name, in the order of declaration."""
    return {item.name: item for item in items_of(model) if item.in_form and item.kind in FIELDS}


def field_for(item: Item) -> Any:
    """A field, not yet part of a form, that asks for an item."""
    return FIELDS[item.kind](item)


def form_class_for(model: type, base: type[NHSForm] = NHSForm, names: Iterable[str] | None = None) -> type[NHSForm]:
    """A form for a model's items: all that a person fills in, or only those named, in the order of the names."""
    items = asked_items(model)
    order = tuple(names or ())
    fields = {name: field_for(items[name]) for name in order or items}
    return type(f"{model.__name__}Form", (base,), fields | {"question_order": order})


class NHSFormConverter(AdminModelConverter):
    """Flask-Admin's `model_form_converter`: one field for each declared item, under the item's name.

    Needs no `form_columns`. A column or relationship without a declaration gets no field.
    """

    def convert(
        self, model: type, mapper: Any, name: str, prop: Any, field_args: Any = None, hidden_pk: bool = False
    ) -> Any:
        """The field of an item, or None. A foreign key is asked for under its item's name, that of the relationship."""
        item = asked_items(model).get(name)
        return field_for(item) if item else None
