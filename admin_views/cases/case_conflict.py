"""Somebody saved a case while somebody else was typing: both values side by side, field by field.

What only one of the two changed needs no question. Where both did, the person who saves last chooses. The choice is
made on a version: if the case has changed again, what was chosen counts as typed, and only what is new is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request
from markupsafe import Markup, escape

from app.access import clock
from app.access.current import current_access, lookups
from app.cases import drafts
from app.cases.merging import Since, changes_since
from app.cases.timeline import done_between
from app.nhsuk.fields import ItemField, LineField
from app.nhsuk.forms import NHSForm
from models import CaseReview, Draft, db
from models.declarations import Item, Kind

from ..history import names_of_people, who_and_when
from ..presenters import html_for, paragraphs
from . import case_drafts, case_form

SEEN, CHOICE = "seen", "choose-"
THEIRS, MINE, BOTH = "theirs", "mine", "both"
Words = str | Markup


@dataclass(frozen=True)
class Question:
    """An item that both changed: what it was (None: not known any more), what it is now, and what was typed."""

    name: str
    label: str
    before: Words | None
    theirs: Words
    mine: Words
    saved: str
    reason: str
    may_keep_both: bool = False
    choice: str = ""
    problem: str = ""

    @property
    def input_name(self) -> str:
        return f"{CHOICE}{self.name}"


@dataclass(frozen=True)
class Conflict:
    """What a person is shown before a form is saved that was opened on an older version.

    `taken` are the items that only others changed (label, before, now), `kept` those that only this person did.
    """

    seen: int
    steps: list[tuple[str, str]]
    questions: list[Question]
    taken: list[tuple[str, Words, Words]]
    kept: list[tuple[str, Words]]
    by: str
    inputs: list[tuple[str, str]]


def problems_on(form: NHSForm) -> list[dict[str, str]]:
    """What is wrong with a form that is shown with its conflict, as the error summary takes it."""
    missing = [{"text": one.problem, "href": f"#{one.input_name}"} for one in form.conflict.questions if one.problem]
    return [*({"text": sentence, "href": ""} for sentence in form.problems_of_form), *missing]


def settle(form: NHSForm) -> None:
    """Takes into a form what others have saved since it was opened, as far as nobody has to be asked.

    `form.conflict` is then what its person is to be shown first; None where the form is on the newest version.
    """
    case: CaseReview | None = form.case
    form.conflict = None
    if case is None or form.version.data == str(case.version):
        return
    seen = request.form.get(SEEN, "")
    if re.fullmatch(r"[0-9]{1,9}", seen) and seen != form.version.data:
        _take_over_as_chosen(form, int(seen))
    if form.version.data == str(case.version):
        return
    since = changes_since(db.session(), case, str(form.version.data or ""), case.version)
    if since is None:
        return
    both, theirs, mine = _sorted(form, since)
    if both or (theirs and mine):
        is_asked_again = seen == str(case.version)
        form.conflict = _conflict(form, since, both, theirs, mine, must_choose=is_asked_again)
    else:
        _take_over(form, since, theirs, case.version)


def _take_over_as_chosen(form: NHSForm, seen: int) -> None:
    """If every question of the page was answered: the form becomes one of the version on which the page was made."""
    since = changes_since(db.session(), form.case, str(form.version.data or ""), seen)
    if since is None:
        return
    both, theirs, _ = _sorted(form, since)
    choices = {name: _choice_of(name) for name in both}
    if all(choices.values()):
        for field in form.item_fields:
            if choices.get(field.name) == BOTH:
                _keep_both(field, since)
        _take_over(form, since, [*theirs, *(name for name, choice in choices.items() if choice == THEIRS)], seen)


def _choice_of(name: str) -> str:
    choice = request.form.get(f"{CHOICE}{name}", "")
    return choice if choice in (THEIRS, MINE) or (choice == BOTH and _is_text(name)) else ""


def _is_text(name: str) -> bool:
    return case_form.FORM_ITEMS[name].kind is Kind.TEXT


def _keep_both(field: ItemField, since: Since) -> None:
    """Puts what was typed below what somebody else saved; what both began with stands once.

    Together they may be too long: then the form says so, with the words of both in its field.
    """
    theirs, typed = str(since.now[field.name] or ""), dict(field.inputs)[field.name]
    before = str((since.before or {}).get(field.name) or "")
    mine = typed.removeprefix(before) if before and theirs.startswith(before) else typed
    field.process_errors, field.errors = [], []
    field.process_formdata([f"{theirs}\n\n{mine.strip()}"])


def _sorted(form: NHSForm, since: Since) -> tuple[list[str], list[str], list[str]]:
    """The names of the items that both changed, that others changed, and that the person of the form changed."""
    both, theirs, mine = [], [], []
    fields = {field.name: field for field in form.item_fields}
    for name, now in since.now.items():
        field, is_changed = fields.get(name), since.is_changed(name)
        if field is None:
            if is_changed and since.before is not None:
                theirs.append(name)
        elif _is_typed(field, now):
            if not is_changed:
                mine.append(name)
            elif since.before is None or _is_typed(field, since.before[name]):
                both.append(name)
            else:
                theirs.append(name)
    return both, theirs, [*mine, *(name for name in fields if name not in since.now and not fields[name].is_empty)]


def _is_typed(field: ItemField, value: Any) -> bool:
    """Whether a field holds something else than a value. What cannot be read is something else."""
    if field.process_errors:
        return True
    regular = field.read(value) if isinstance(field, LineField) and isinstance(value, str) else value
    return bool((field.data if field.data != "" else None) != (regular if regular != "" else None))


def _take_over(form: NHSForm, since: Since, names: Sequence[str], version: int) -> None:
    """Puts values that others saved into a form, which is then one of that version."""
    for field in form.item_fields:
        if field.name in names:
            field.process_data(since.now[field.name])
            field.process_errors, field.errors, field.raw_data = [], [], None
    form.version.data = str(version)
    case_form.offer(form, current_access(), lookups(), form.case)


# What the page shows


def _conflict(
    form: NHSForm, since: Since, both: list[str], theirs: list[str], mine: list[str], *, must_choose: bool
) -> Conflict:
    names = names_of_people([after for _, after in since.steps]) | {current_access().person_id: "you"}
    items = case_form.FORM_ITEMS
    fields = {field.name: field for field in form.item_fields}
    authors = {names.get(since.made_by[name].changed_by_id, "") for name in theirs}
    questions = []
    for name in both:
        made_by, choice = since.made_by[name], _choice_of(name)
        questions.append(
            Question(
                name=name,
                label=items[name].label,
                before=None if since.before is None else _words(items[name], since.before[name]),
                theirs=_words(items[name], since.now[name]),
                mine=_words_typed(fields[name]),
                saved=f"Saved {who_and_when(made_by, names)}",
                reason=made_by.change_reason or "",
                may_keep_both=_is_text(name) and not (fields[name].is_empty or since.now[name] in (None, "")),
                choice=choice,
                problem=f"Select which {_in_a_sentence(items[name].label)} to keep"
                if must_choose and not choice
                else "",
            )
        )
    return Conflict(
        seen=form.case.version,
        steps=_steps(since, names),
        questions=questions,
        taken=[(items[name].label, *_words_of_change(items[name], since)) for name in theirs],
        kept=[(fields[name].item.label, _words_typed(fields[name])) for name in mine],
        by=authors.pop() if len(authors) == 1 else "",
        inputs=_inputs(form),
    )


def _steps(since: Since, names: Mapping[UUID, str]) -> list[tuple[str, str]]:
    """What was done since the form was opened, the newest last, and why."""
    return [
        (f"{done_between(before, after)} {who_and_when(after, names)}", after.change_reason or "")
        for before, after in since.steps
    ]


def _in_a_sentence(label: str) -> str:
    return label if label[1:2].isupper() or label.startswith("StEIS") else label[0].lower() + label[1:]


def _words_of_change(item: Item, since: Since) -> tuple[Words, Words]:
    before = since.before or {}
    return _words(item, before.get(item.name)), _words(item, since.now[item.name])


def _words(item: Item, value: Any) -> Words:
    if item.kind is Kind.CASE:
        return value or ""
    return html_for(item, value, lookups())


def _words_typed(field: ItemField) -> Words:
    """What was typed, in words; letter for letter where it makes no sense."""
    if field.process_errors:
        return paragraphs(" ".join(value for _, value in field.inputs if value))
    if field.item.kind is Kind.TEXT:
        return paragraphs(str(field.data or ""))
    words = _words(field.item, field.data)
    return words or escape(" ".join(value for _, value in field.inputs if value))


def _inputs(form: NHSForm) -> list[tuple[str, str]]:
    """Everything that was typed, as the form would send it again."""
    typed = [pair for field in form.item_fields for pair in field.inputs]
    confirmed = [value for value in form.confirm_identifiers.raw_data or [] if isinstance(value, str)]
    return [*typed, *((form.confirm_identifiers.name, value) for value in confirmed[:1])]


# Nothing that was typed is lost


def keep(form: NHSForm) -> Draft | None:
    """Keeps what was typed as a draft, for somebody who cannot save it now."""
    if form.case is None or form.csrf_token.errors:
        return None
    own = [("form_token", str(form.form_token.data or "")), ("version", str(form.version.data or ""))]
    fields = {name: [value] for name, value in [*_inputs(form), *own]}
    kind = case_drafts.FORMS[str(request.endpoint)]
    return drafts.keep(db.session(), kind, fields, case=form.case, by=current_access(), at=clock.now())
