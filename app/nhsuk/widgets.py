"""How each field looks: the design system's own macros, called through the application's Jinja environment.

Those macros took most of the time of a form, and most fields look alike each time: what a macro made is kept, unless
somebody's words are in it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import current_app
from markupsafe import Markup

if TYPE_CHECKING:
    from .fields import CaseField, ChoiceField, DateField, ItemField, LineField, TextField, UploadField

QUESTION = {"size": "s"}


def component(name: str, macro: str, params: dict[str, Any]) -> Markup:
    """What a macro of the design system makes of its parameters: `component("date-input", "dateInput", {...})`."""
    template = current_app.jinja_env.get_template(f"nhsuk/components/{name}/macro.jinja")
    return Markup(getattr(template.module, macro)(params))  # noqa: S704 - the macros escape


class Asked:
    """The parameters of a macro, as what they are told apart by: in the same order, with the same types."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.key = _frozen(params)
        self.hash = hash(self.key)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and self.key == other.key


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _frozen(one)) for name, one in value.items())
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    # Words and Markup of the same letters are equal, and are not written alike; neither are 1 and True.
    return type(value), value


@lru_cache(maxsize=2000)
def _kept(name: str, macro: str, asked: Asked) -> Markup:
    return component(name, macro, asked.params)


def field_component(field: ItemField, name: str, macro: str, params: dict[str, Any]) -> Markup:
    """The component of a field. What people write is not kept in memory, nor what is said of it."""
    if _holds_words(field):
        return component(name, macro, params)
    return _kept(name, macro, Asked(params))


def _holds_words(field: ItemField) -> bool:
    """Whether anything is in a field but a choice of its own or part of a date, or in those that it reveals."""
    options = {option.key for option in getattr(field, "options", ())}
    revealed = [one for fields in getattr(field, "revealed", {}).values() for one in fields]
    return (
        bool(field.message)
        or any(typed not in options and not re.fullmatch(r"[0-9]{0,4}", typed) for _, typed in field.inputs)
        or any(_holds_words(one) for one in revealed)
    )


def line(field: LineField | CaseField, **more: Any) -> Markup:
    """One line to type in, as wide as what is expected."""
    return field_component(field, "input", "input", _common(field) | {"value": field.typed} | field.look | more)


def text(field: TextField, **more: Any) -> Markup:
    """Several lines, with the number of characters that are left."""
    params = _common(field) | {"value": field.typed, "rows": field.rows}
    if field.max_length:
        limit = {
            "maxlength": field.max_length,
            "textareaDescriptionText": f"You can enter up to {field.max_length:,} characters",
        }
        return field_component(field, "character-count", "characterCount", params | limit | more)
    return field_component(field, "textarea", "textarea", params | more)


def upload(field: UploadField, **more: Any) -> Markup:
    """A file to choose."""
    look = {"attributes": {"accept": field.accept}} if field.accept else {}
    html = component("file-upload", "fileUpload", _common(field) | look | more)
    # The design system's script would make a button of it whose name does not begin with what it shows (WCAG 2.5.3).
    return html.replace(' data-module="nhsuk-file-upload"', Markup(""))


def day_month_year(field: DateField, **more: Any) -> Markup:
    """Three short lines, one for each part of a date."""
    parts = [
        {
            "id": field.part_id(part),
            "name": field.part_name(part),
            "label": part.capitalize(),
            "value": value,
            "width": 4 if part == "year" else 2,
            "error": bool(field.message) and (part in field.wrong or not field.wrong),
            "autocomplete": "off",
        }
        for part, value in zip(field.PARTS, field.parts, strict=True)
    ]
    params = _grouped(field) | {"id": field.id, "items": parts} | more
    return field_component(field, "date-input", "dateInput", params)


def choice(field: ChoiceField, **more: Any) -> Markup:
    """Radios for a few options, a select for many or for those that come in groups; nothing to choose for one."""
    if field.is_settled:
        return _rendered("settled.html", field=field, option=field.options[0])
    if field.has_radios:
        params = _grouped(field) | {"idPrefix": field.id, "items": _radios(field)} | more
        html = field_component(field, "radios", "radios", params)
        # The design system's script would give radios an aria-expanded, which WCAG does not allow: ours reveals.
        return html.replace(' data-aria-controls="', Markup(' data-tracker-reveals="'))
    return _rendered("select.html", field=field, groups=field.groups, params=_common(field) | more)


def _radios(field: ChoiceField) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for option in field.options:
        nested = Markup().join(inner() for inner in field.revealed.get(option.key, []))
        items.append(
            {
                "value": option.key,
                "text": option.label,
                "hint": option.hint,
                "checked": option.key == field.typed,
                "conditional": {"html": nested} if nested else {},
            }
        )
    return items


def _rendered(template: str, **context: Any) -> Markup:
    return Markup(current_app.jinja_env.get_template(f"fields/{template}").render(**context))  # noqa: S704


def _common(field: ItemField) -> dict[str, Any]:
    return {
        "id": field.id,
        "name": field.name,
        "label": {"text": field.label.text, **QUESTION},
        "hint": field.description,
        "errorMessage": field.message,
        "autocomplete": "off",
    }


def _grouped(field: ItemField) -> dict[str, Any]:
    return {
        "name": field.name,
        "fieldset": {"legend": {"text": field.label.text, **QUESTION}},
        "hint": {"text": field.description, "id": f"{field.id}-hint"} if field.description else {},
        "errorMessage": {"text": field.message, "id": f"{field.id}-error"} if field.message else {},
    }
