"""The form of a page: fields in sections, what is wrong with them, and the summary that leads to each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from markupsafe import Markup
from wtforms import BooleanField, Field, HiddenField

from . import widgets
from .fields import ChoiceField, ItemField, UploadField

OUT_OF_DATE = "Your page was out of date. Check what you typed and save again"
TO_CONFIRM = "I have checked: nothing in the text tells who a person is"
NOT_CONFIRMED = "Change the text, or confirm that you have checked it"


@dataclass
class FormSection:
    """Fields that stand under one heading. Those that depend on an answer stand with that answer, not here."""

    title: str
    fields: list[ItemField] = field(default_factory=list)


class NHSForm(FlaskForm):
    """A form in the NHS design system. What was typed stays when something is wrong.

    `form_token` is good for one save; `version` is that of the row as it was shown.
    """

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was posted as a form. Never a JSON body or a file, whose values are not text."""
            if formdata is _Auto:
                return request.form if form.is_submitted() else None
            return formdata

    section_order: ClassVar[tuple[str, ...]] = ()
    # Names of items in an order of their own, under no headings. Empty: as declared, section by section.
    question_order: ClassVar[tuple[str, ...]] = ()

    form_token = HiddenField()
    version = HiddenField()
    confirm_identifiers = BooleanField(TO_CONFIRM)

    def __init__(self, *args: Any, **more: Any) -> None:
        self.problems_of_form: list[str] = []
        # What somebody else saved meanwhile, where the person is to be asked about it. Set by the screens of cases.
        self.conflict: Any = None
        super().__init__(*args, **more)

    @property
    def item_fields(self) -> list[ItemField]:
        """The fields that ask for an item, in the order in which the items were declared, or in that of the form."""
        found = [one for one in self if isinstance(one, ItemField)]
        if self.question_order:
            return sorted(found, key=lambda one: self.question_order.index(one.name))
        return sorted(found, key=lambda one: (one.item.last, one.item.order))

    @property
    def values(self) -> dict[str, Any]:
        """What each item would become, by its name."""
        return {one.name: one.data for one in self.item_fields}

    @property
    def takes_a_file(self) -> bool:
        """Whether it must be sent as a form with files."""
        return any(isinstance(one, UploadField) for one in self)

    @property
    def is_confirmed(self) -> bool:
        """Whether the person says that these very texts were checked: others typed later are asked about again."""
        return self.warned_about in (self.confirm_identifiers.raw_data or [])

    @property
    def warned_about(self) -> str:
        """Stands for the texts that warn, so that a confirmation goes with them and with no other."""
        texts = [str(one.data) for one in self.item_fields if one.warnings]
        return hashlib.sha256("\0".join(texts).encode(errors="replace")).hexdigest()[:32]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        if "csrf_token" in self and self.csrf_token.errors and OUT_OF_DATE not in self.problems_of_form:
            self.problems_of_form.append(OUT_OF_DATE)
        return bool(is_valid)

    def ask_for_what_is_missing(self) -> bool:
        """Says beside each needed field that is empty what to enter. For forms that no rule checks.

        Whether nothing is missing.
        """
        missing = {
            one.name: [one.item.when_missing]
            for one in self.item_fields
            if one.item.required and one.is_empty and not one.errors
        }
        self.add_problems(missing)
        return not missing

    def add_problems(self, problems: Mapping[str, Iterable[str]]) -> None:
        """Puts sentences beside fields; under "", and where the form has no such field, on the form as a whole.

        A field whose own words could not be read keeps that sentence alone: the rules saw it as empty.
        """
        by_name = {one.name: one for one in self.item_fields}
        for name, sentences in problems.items():
            one = by_name.get(name)
            if one is None:
                self.problems_of_form += sentences
            elif not one.process_errors:
                one.errors = [*one.errors, *sentences]

    def add_warnings(self, warnings: Mapping[str, Iterable[str]]) -> None:
        """Puts sentences beside fields that the person may keep as they are, after confirming it."""
        for one in self.item_fields:
            one.warnings = [*one.warnings, *warnings.get(one.name, ())]

    @property
    def has_warnings(self) -> bool:
        return any(one.warnings for one in self.item_fields)

    def sections(self) -> list[FormSection]:
        """The fields under their headings, each conditional one with the answer that it depends on."""
        shown = self._nest()
        if self.question_order:
            return [FormSection("", shown)]
        titles = [*self.section_order, *dict.fromkeys(one.item.section for one in shown)]
        sections = {title: FormSection(title) for title in titles}
        for one in shown:
            sections[one.item.section].fields.append(one)
        return [section for section in sections.values() if section.fields]

    def _nest(self) -> list[ItemField]:
        """Hangs conditional fields on the answers they depend on; gives those that are left, in order.

        A field that would be hidden although it holds something, or something is wrong with it, stays in sight.
        """
        choices = {one.name: one for one in self.item_fields if isinstance(one, ChoiceField) and one.has_radios}
        for one in choices.values():
            one.revealed = {}
        shown = [one for one in self.item_fields if self._depends_on(one, choices) is None]
        for one in reversed(self.item_fields):
            parent = self._depends_on(one, choices)
            if parent is None or one.item.only_when is None:
                continue
            answer = str(one.item.only_when.is_)
            if parent.typed == answer or (one.is_empty and not one.message):
                parent.revealed.setdefault(answer, []).insert(0, one)
            else:
                shown.insert(shown.index(parent) + 1, one)
        return shown

    def _depends_on(self, one: ItemField, choices: Mapping[str, ChoiceField]) -> ChoiceField | None:
        return choices.get(one.item.only_when.item) if one.item.only_when else None

    def _in_order_of_page(self) -> Iterator[ItemField]:
        for section in self.sections():
            for one in section.fields:
                yield one
                if isinstance(one, ChoiceField):
                    for option in one.options:
                        yield from one.revealed.get(option.key, [])

    def error_summary(self) -> list[dict[str, str]]:
        """What is wrong, in the order of the page, as `text` and the `href` of the input that can mend it."""
        summary = [{"text": sentence, "href": ""} for sentence in self.problems_of_form]
        needs_confirmation = self.has_warnings and not self.is_confirmed
        for one in self._in_order_of_page():
            sentences = one.errors or (one.warnings if needs_confirmation else [])
            summary += [{"text": sentence, "href": f"#{one.first_id}"} for sentence in sentences]
        if needs_confirmation:
            summary.append({"text": NOT_CONFIRMED, "href": f"#{self.confirm_identifiers.id}"})
        return summary

    def hidden_fields(self) -> Markup:
        """The inputs that nobody sees."""
        return Markup("\n").join(one() for one in self if _is_hidden(one))

    def confirmation(self) -> Markup:
        """The checkbox that keeps text which looks as if it named somebody; nothing where no text does."""
        if not self.has_warnings:
            return Markup()
        one = self.confirm_identifiers
        return widgets.component(
            "checkboxes",
            "checkboxes",
            {
                "idPrefix": one.id,
                "name": one.name,
                "fieldset": {"legend": {"text": "Check for names and numbers", "size": "s"}},
                "errorMessage": {} if self.is_confirmed else {"text": NOT_CONFIRMED, "id": f"{one.id}-error"},
                "items": [{"value": self.warned_about, "text": one.label.text, "checked": self.is_confirmed}],
            },
        )


class AskingForm(NHSForm):
    """A form that no rule checks: it says by itself what is missing."""

    def validate(self, extra_validators: Any = None) -> bool:
        holds = super().validate(extra_validators)
        return self.ask_for_what_is_missing() and holds


def _is_hidden(one: Field) -> bool:
    return getattr(one.widget, "input_type", "") == "hidden"
