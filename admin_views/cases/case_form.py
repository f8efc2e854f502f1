"""The case form: what it offers, what it holds at first, and what is made of what was typed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.access.lookups import Lookups
from app.access.people import Access
from app.nhsuk.fields import ChoiceField, Option
from app.nhsuk.forms import NHSForm
from app.rules.case_rules import Problems
from app.rules.succession import Place
from app.rules.words import in_words
from models import CaseReview
from models.declarations import Kind, items_of
from models.enumerations import MediaInterest, Publication, Status

FORM_ITEMS = {item.name: item for item in items_of(CaseReview) if item.in_form}
ABOVE_A_CCG = [item for item in items_of(CaseReview) if item.part_of]


def new_token() -> str:
    """A one-time form token: 128 random bits."""
    return secrets.token_urlsafe(16)


def give_token(form: NHSForm, case: CaseReview | None = None, *, anew: bool = False) -> None:
    """Gives a form that is shown `anew` a token, and the version of its case. One that was sent, or kept, has them."""
    if (anew or not form.is_submitted()) and not form.form_token.data:
        form.form_token.data = new_token()
        form.version.data = str(case.version) if case is not None else ""


def starting_values(access: Access, today: date) -> dict[str, Any]:
    """What a new form holds: today, open, nothing decided; the CCG where there is only one."""
    return {
        "date_added": today,
        "status": Status.OPEN,
        "publication": Publication.NOT_DECIDED,
        "media_interest": MediaInterest.NONE_KNOWN,
        "ccg": access.current_ccgs[0].id if len(access.current_ccgs) == 1 else None,
    }


def saved_values(case: CaseReview) -> dict[str, Any]:
    """What the form of a saved case holds: each field as it would be typed."""
    values = {name: getattr(case, item.column) for name, item in FORM_ITEMS.items() if item.kind is not Kind.CASE}
    for name, item in FORM_ITEMS.items():
        if item.kind is Kind.CASE:
            linked = getattr(case, name)
            values[name] = linked.reference if linked else ""
    return values


def is_changed(typed: Mapping[str, Any], case: CaseReview) -> bool:
    """Whether values, as they would be typed, differ from those of a saved case."""
    saved = saved_values(case)
    return any((value or None) != (saved[name] or None) for name, value in typed.items())


def offer(form: NHSForm, access: Access, lookups: Lookups, case: CaseReview | None) -> None:
    """Fills the choices that only this request knows: code lists as on the date added, and the person's CCGs."""
    added = typed_date_added(form) or (case.date_added if case is not None else lookups.today)
    for field in form.item_fields:
        item = field.item
        if not isinstance(field, ChoiceField):
            continue
        if item.kind is Kind.CODE:
            kept = getattr(case, item.column) if case is not None else None
            field.options = [
                Option(entry.id, entry.label, hint=entry.definition, group=entry.group)
                for entry in lookups.codes[item.code_list].values()
                if entry.is_active_on(added) or entry.id == kept
            ]
        elif item.kind is Kind.ORGANISATION:
            field.options = [
                Option(place.id, label_of(place), hint=part_of(place, lookups))
                for place in ccgs_offered(access, added, lookups.today)
            ]


def offer_those_open(form: NHSForm, access: Access, lookups: Lookups) -> None:
    """After a CCG was refused: offers those that were open on the date added, and chooses none of them."""
    field, added = form._fields.get("ccg"), typed_date_added(form)
    if isinstance(field, ChoiceField) and added is not None:
        open_then = access.may_record_under(added, lookups.today)
        field.options = [Option(place.id, label_of(place), hint=part_of(place, lookups)) for place in open_then]
        field.data, field.typed = None, ""


def typed_date_added(form: NHSForm) -> date | None:
    """The date added as it stands in the form, if it makes sense."""
    field = form._fields.get("date_added")
    typed = field.data if field is not None else None
    return typed if isinstance(typed, date) else None


def ccgs_offered(access: Access, added: date, today: date) -> list[Place]:
    """The person's current CCGs, and the CCGs they took over from where the date added lies before."""
    earlier = access.may_record_under(added, today) if added < today else []
    return list(dict.fromkeys([*access.current_ccgs, *earlier]))


def label_of(place: Place) -> str:
    """A CCG by name and code; a closed one says until when it was open."""
    closed = f", until {in_words(place.closed_on)}" if place.closed_on else ""
    return f"{place.name} ({place.code}{closed})"


def typed_values(form: NHSForm) -> dict[str, Any]:
    """What was typed, by item name."""
    return {name: value for name, value in form.values.items() if name in FORM_ITEMS}


def on_fields(problems: Problems, form: NHSForm) -> Problems:
    """Problems moved to a field that is on this form: a CCG that cannot be changed is mended by the date added."""
    shown: Problems = {}
    for name, sentences in problems.items():
        where = name if name in form._fields else "date_added" if name == "ccg" else ""
        shown.setdefault(where if where in form._fields else "", []).extend(sentences)
    return shown


def part_of(place: Place, lookups: Lookups) -> str:
    """The STP and region that follow from a CCG."""
    above = [(item.label, lookups.place_of(item, place.id)) for item in ABOVE_A_CCG]
    return ". ".join(f"{label}: {one.name} ({one.code})" for label, one in above if one)


def without(form: NHSForm, names: Iterable[str]) -> NHSForm:
    """The form with some questions taken out."""
    for name in names:
        if name in form._fields:
            del form[name]
    return form
