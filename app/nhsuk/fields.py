"""Form fields, one for each kind of data item. They read what was typed; whether it may be is for the rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import groupby
from typing import Any, ClassVar
from uuid import UUID

from flask import request
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.utils import unset_value

from app.rules import dates, typed_text
from models.declarations import Item

from . import widgets

MOST_RADIOS = 6


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen. `group` puts it under a heading in a select."""

    value: Any
    label: str
    hint: str = ""
    group: str = ""

    @property
    def key(self) -> str:
        """What stands for the answer in the form."""
        return str(self.value)


class ItemField(Field):
    """A field that asks for one declared item. What a form leaves out keeps the value it had."""

    typed: str = ""

    def __init__(self, item: Item, **more: Any) -> None:
        super().__init__(label=item.asked, description=item.hint, **more)
        self.item = item
        self.warnings: list[str] = []

    @property
    def message(self) -> str:
        """What stands beside the field: its problems, or else its warnings, in one line."""
        return ". ".join(self.errors or self.warnings)

    @property
    def first_id(self) -> str:
        """The id of the input to which an error leads."""
        return str(self.id)

    @property
    def is_empty(self) -> bool:
        return self.data in (None, "")

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """What is sent for the field as it stands: each input's name and what is typed in it."""
        return [(str(self.name), str(self.typed))]

    def refuse(self, sentence: str) -> None:
        """Notes what is wrong with the typed words themselves."""
        self.process_errors.append(sentence)


class LineField(ItemField):
    """One line of text; "" where empty."""

    widget = staticmethod(widgets.line)
    look: ClassVar[dict[str, Any]] = {}
    read = staticmethod(typed_text.on_one_line)

    def __init__(self, item: Item, **more: Any) -> None:
        self.data: Any = ""
        self.typed = ""
        self.max_length = item.max_length
        super().__init__(item, **more)

    def process_data(self, value: Any) -> None:
        self.data = self.typed = str(value) if value else ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        value = self.read(valuelist[0])
        self.typed, self.data = typed_text.shown(value), value
        if problem := typed_text.problem_with(value, self.item.label, self.max_length):
            self.data = ""
            self.refuse(problem)


class LinkField(LineField):
    """A web address. Which ones are allowed is for the rules."""

    look: ClassVar[dict[str, Any]] = {"type": "url", "inputmode": "url", "spellcheck": False}


class TextField(LineField):
    """Several lines of text, with line breaks as \\n."""

    widget = staticmethod(widgets.text)
    read = staticmethod(typed_text.regular)

    @property
    def rows(self) -> int:
        return 8 if (self.max_length or 0) > 1000 else 4


class NumberField(LineField):
    """A whole number; None where empty."""

    look: ClassVar[dict[str, Any]] = {"inputmode": "numeric", "width": 5, "spellcheck": False}

    def process_data(self, value: Any) -> None:
        self.data = value
        self.typed = "" if value is None else str(value)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        value = typed_text.on_one_line(valuelist[0]).replace(",", "")
        self.typed, self.data = typed_text.shown(value), None
        # Nine digits fit every database's integer.
        if re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            self.data = int(value)
        elif value:
            self.refuse(f"{self.item.label} must be a whole number, such as 12")


class CaseField(LineField):
    """The reference of another case, however it is spaced and capitalised."""

    look: ClassVar[dict[str, Any]] = {"width": 20, "autocapitalize": "characters", "spellcheck": False}
    read = staticmethod(typed_text.case_reference)

    def process_data(self, value: Any) -> None:
        super().process_data(getattr(value, "reference", value))


class UploadField(ItemField):
    """A file that somebody gives; None where there is none. Browsers never fill it in again."""

    widget = staticmethod(widgets.upload)

    def __init__(self, item: Item, *, accept: str = "", **more: Any) -> None:
        self.data: FileStorage | None = None
        self.accept = accept
        super().__init__(item, **more)

    @property
    def inputs(self) -> list[tuple[str, str]]:
        return []

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        given = request.files.get(self.name) if formdata is not None else None
        self.data = given if given is not None and given.filename else None


class DateField(ItemField):
    """A date in three parts, posted as `name-day`, `name-month`, `name-year`; or whole, in one of them or as `name`."""

    widget = staticmethod(widgets.day_month_year)
    PARTS: ClassVar[tuple[str, ...]] = dates.PARTS

    def __init__(self, item: Item, **more: Any) -> None:
        self.data: date | None = None
        self.parts: tuple[str, ...] = ("", "", "")
        self.wrong: tuple[str, ...] = ()
        super().__init__(item, **more)

    def part_name(self, part: str) -> str:
        return f"{self.name}-{part}"

    def part_id(self, part: str) -> str:
        return f"{self.id}-{part}"

    @property
    def first_id(self) -> str:
        return self.part_id(self.wrong[0] if self.wrong else self.PARTS[0])

    @property
    def inputs(self) -> list[tuple[str, str]]:
        return [(self.part_name(part), typed) for part, typed in zip(self.PARTS, self.parts, strict=True)]

    def process_data(self, value: Any) -> None:
        self.data, self.parts, self.wrong = value, dates.in_parts(value), ()

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        names = [self.part_name(part) for part in self.PARTS]
        if formdata is None or not any(name in formdata for name in [self.name, *names]):
            return
        typed = [typed_text.shown(typed_text.on_one_line(formdata.get(name, ""))) for name in names]
        whole = typed_text.shown(typed_text.on_one_line(formdata.get(self.name, "")))
        self.raw_data = typed if any(typed) else [whole, "", ""]
        result = dates.read(self.raw_data, self.item.label)
        self.data, self.parts, self.wrong = result.value, result.parts, result.wrong
        if result.problem:
            self.refuse(result.problem)


class ChoiceField(ItemField):
    """One of a list. `options` come from the item's fixed choices, or are set for each request before validation.

    `data` is a member of the choices, or the UUID of an entry or organisation; None where nothing is chosen.
    """

    widget = staticmethod(widgets.choice)

    def __init__(self, item: Item, **more: Any) -> None:
        self.data: Any = None
        self.typed = ""
        self.options: list[Option] = [Option(member, member.label) for member in item.choices or ()]
        self.revealed: dict[str, list[ItemField]] = {}
        super().__init__(item, **more)

    @property
    def has_radios(self) -> bool:
        return len(self.options) <= MOST_RADIOS and not any(option.group for option in self.options)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to choose: the answer is needed and only one exists."""
        return (
            self.item.required
            and len(self.options) == 1
            and self.typed in ("", self.options[0].key)
            and not self.errors
        )

    @property
    def groups(self) -> list[tuple[str, list[Option]]]:
        """The options under their headings, in order; "" for those without one."""
        return [(name, list(members)) for name, members in groupby(self.options, key=lambda option: option.group)]

    def process_data(self, value: Any) -> None:
        if not isinstance(value, Enum | UUID | str | bool | None):
            value = value.id
        self.data = value
        self.typed = "" if value is None else str(value)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        self.typed = typed_text.on_one_line(typed_text.shown(valuelist[0]))
        self.data = self.value_of(self.typed)
        if self.typed and self.data is None:
            self.refuse(self.item.not_in_the_list)

    def value_of(self, typed: str) -> Any:
        """The value that the form's word stands for, or None."""
        try:
            return self.item.choices(typed) if self.item.choices else UUID(typed)  # type: ignore[call-arg]
        except ValueError:
            return None

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and not any(option.value == self.data for option in self.options):
            self.data = None
            self.errors.append(self.item.not_in_the_list)


class YesNoField(ChoiceField):
    """Yes or no, as True or False; None where neither was chosen."""

    ANSWERS: ClassVar[dict[str, bool]] = {"yes": True, "no": False}

    def __init__(self, item: Item, **more: Any) -> None:
        super().__init__(item, **more)
        self.options = [Option("yes", "Yes"), Option("no", "No")]

    def process_data(self, value: bool | None) -> None:
        self.data = value
        self.typed = {True: "yes", False: "no"}.get(value, "") if value is not None else ""

    def value_of(self, typed: str) -> bool | None:
        return self.ANSWERS.get(typed)

    def pre_validate(self, form: Any) -> None:
        """Every answer that was read is one of the two."""
