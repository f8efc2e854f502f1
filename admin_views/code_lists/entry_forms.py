"""What an administrator is asked when an entry of a code list is added or retired."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.nhsuk.fields import ChoiceField, DateField, LineField, Option, TextField
from app.nhsuk.forms import AskingForm, NHSForm
from models import CodeListEntry
from models.declarations import SERVICE, Item, Kind

FIRST = UUID(int=0)


def _item(name: str, label: str, kind: Kind, hint: str = "", **more: Any) -> Item:
    return Item(name=name, label=label, hint=hint, definition=label, source=SERVICE, kind=kind, **more)


class AddForm(AskingForm):
    """A new entry. Its code is given once and never changes."""

    label = LineField(_item("label", "Label", Kind.LINE, "What people read and choose", required=True, max_length=120))
    code = LineField(
        _item(
            "code", "Code", Kind.LINE, "Small letters, digits and _. It never changes. For example, self_neglect",
            required=True, max_length=40,
        )
    )  # fmt: skip
    definition = TextField(
        _item("definition", "Definition", Kind.TEXT, "When the entry is the right one", max_length=1000)
    )
    group = LineField(
        _item(
            "group", "Group", Kind.LINE, "Entries of one group stand together", question="Group (optional)",
            max_length=60,
        )
    )  # fmt: skip
    after = ChoiceField(
        _item("after", "Place", Kind.CODE, question="Where does it stand?", required=True, problem="Select the place")
    )
    active_from = DateField(
        _item(
            "active_from", "Active from", Kind.DATE,
            "The first day on which it can be chosen. Leave it empty for always. For example, 1 4 2022",
            question="Active from (optional)",
        )
    )  # fmt: skip


class RetireForm(AskingForm):
    """The last day on which an entry can be chosen, and which one is chosen instead."""

    last_day = DateField(
        _item(
            "last_day", "Last day", Kind.DATE, "The last day on which it can be chosen. For example, 31 3 2022",
            required=True, problem="Enter the last day",
        )
    )  # fmt: skip
    replaced_by = ChoiceField(
        _item("replaced_by", "Replaced by", Kind.CODE, question="Which entry is chosen instead? (optional)")
    )


def offer_places(form: NHSForm, entries: Iterable[CodeListEntry]) -> None:
    """Offers the first place, and the place after each entry; the last is chosen at first."""
    in_order = sorted(entries, key=lambda one: (one.position, one.label))
    form["after"].options = [
        Option(FIRST, "First of all"),
        *(Option(one.id, f"After {one.label}", group=one.group) for one in in_order),
    ]
    if not form.is_submitted() and in_order:
        form["after"].process_data(in_order[-1].id)


def offer_replacements(form: NHSForm, entries: Iterable[CodeListEntry], entry: CodeListEntry) -> None:
    """Offers every other entry that has no end."""
    form["replaced_by"].options = [
        Option(one.id, one.label, group=one.group)
        for one in sorted(entries, key=lambda one: (one.position, one.label))
        if one.id != entry.id and one.active_to is None
    ]
