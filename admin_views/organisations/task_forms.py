"""What an administrator is asked when an organisation is to change, and the plan that is made of the answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.access.lookups import Lookups
from app.nhsuk.fields import ChoiceField, DateField, LineField, Option, TextField
from app.nhsuk.forms import AskingForm, NHSForm
from app.rules.reorganisation import DAY, Change, Key, What, named
from app.rules.succession import Organisations, Place
from models.declarations import SERVICE, Item, Kind

LONGEST_NAME = 200


def _line(name: str, label: str, question: str, hint: str, problem: str, *, longest: int, required: bool = True) -> Any:
    return LineField(
        Item(
            name=name,
            label=label,
            question=question,
            hint=hint,
            definition=label,
            source=SERVICE,
            kind=Kind.LINE,
            required=required,
            problem=problem,
            max_length=longest,
        )
    )


def _day(name: str, label: str, hint: str) -> Any:
    return DateField(
        Item(
            name=name,
            label=label,
            hint=f"{hint} It may lie ahead. For example, 1 4 2022",
            definition=label,
            source=SERVICE,
            kind=Kind.DATE,
            required=True,
            problem=f"Enter the {label.lower()}",
        )
    )


def _part_of(required: bool = True, hint: str = "") -> Any:
    return ChoiceField(
        Item(
            name="part_of",
            label="Part of",
            question="What is it part of?",
            hint=hint,
            definition="What the organisation is part of.",
            source=SERVICE,
            kind=Kind.ORGANISATION,
            required=required,
            problem="Select what it is part of",
        )
    )


def _new_name(required: bool = True, hint: str = "As it is to be shown. For example, NHS County Durham CCG") -> Any:
    return _line("name", "Name", "Name", hint, "Enter the name", longest=LONGEST_NAME, required=required)


def _code(question: str = "ODS code", hint: str = "For example, 84H") -> Any:
    return _line("code", "ODS code", question, hint, f"Enter the {question}", longest=12)


def _ons_code() -> Any:
    return _line("ons_code", "ONS code", "ONS code (optional)", "For example, E38000234", "", longest=9, required=False)


class AddForm(AskingForm):
    """A new organisation."""

    code, name, ons_code, part_of = _code(), _new_name(), _ons_code(), _part_of()
    first_day = _day("first_day", "First day", "The day on which it opens.")


class RenameForm(AskingForm):
    """Another name from a day on."""

    name, ons_code = _new_name(), _ons_code()
    first_day = _day("first_day", "First day", "The first day on which it has the new name.")


class MoveForm(AskingForm):
    """Part of something else from a day on."""

    part_of = _part_of()
    first_day = _day("first_day", "First day", "The first day on which it is part of the other.")


class CloseForm(AskingForm):
    """A last day, and nobody who takes over."""

    last_day = _day("last_day", "Last day", "The last day on which it is open.")


class MergeForm(AskingForm):
    """Several become one, new or there already."""

    codes = _line(
        "codes", "Codes", "ODS codes of those that merge", "With spaces between them. For example, 84H 16C",
        "Enter the ODS codes of those that merge", longest=1000,
    )  # fmt: skip
    code = _code("ODS code of the one that takes over", "A new code, or the code of one that is there already")
    name = _new_name(required=False, hint="Only if the code is new. Otherwise leave it empty")
    part_of = _part_of(required=False, hint="Only if the code is new. Otherwise leave it at None")
    ons_code = _ons_code()
    first_day = _day("first_day", "First day", "The first day after the merger.")


class SplitForm(AskingForm):
    """One becomes several."""

    successors = TextField(
        Item(
            name="successors",
            label="Those that take over",
            question="Who takes over?",
            hint="One a line: its ODS code and, for a new one, a comma and its name. For example, 9Z9, NHS Dales CCG",
            definition="Who takes over.",
            source=SERVICE,
            kind=Kind.TEXT,
            required=True,
            problem="Enter who takes over",
            max_length=4000,
        )
    )
    first_day = _day("first_day", "First day", "The first day after the split.")


class NotUnderstood(Exception):
    """An answer that no plan can be made of. `about` is its field."""

    def __init__(self, sentence: str, about: str) -> None:
        super().__init__(sentence)
        self.about = about


Answers = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One thing that is done about organisations. `of_one` where it begins at an organisation's page."""

    name: str
    title: str
    form: type[NHSForm]
    plan: Callable[[Answers, str, Place | None, Organisations], list[Change]]
    of_one: bool
    explanation: str = ""


def _added(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    return [_opening(kind, answers, known)]


def _opening(kind: str, answers: Answers, known: Organisations) -> Change:
    parent = known.places.get(answers["part_of"]) if answers["part_of"] else None
    if parent is None:
        raise NotUnderstood("Select what it is part of", "part_of")
    return Change(
        What.ADDED,
        kind,
        _code_of(answers["code"], "code"),
        answers["first_day"],
        answers["name"],
        (parent.kind, parent.code),
        ons_code=answers.get("ons_code", ""),
    )


def _renamed(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    return [Change(What.RENAMED, *_key(place), answers["first_day"], answers["name"], ons_code=answers["ons_code"])]


def _moved(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    parent = known.places[answers["part_of"]]
    return [Change(What.MOVED, *_key(place), answers["first_day"], other=(parent.kind, parent.code))]


def _closed(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    return [Change(What.CLOSED, *_key(place), answers["last_day"])]


def _merged(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    into, day = _code_of(answers["code"], "code"), answers["first_day"]
    codes = [code for code in dict.fromkeys(re.split(r"[\s,;]+", answers["codes"].strip().upper())) if code != into]
    there = {one.code: one for one in known.places.values() if one.kind == kind}
    unknown = [code for code in codes if code not in there]
    if unknown or not codes:
        raise NotUnderstood(f"No {known.kinds[kind].label} has the code {', '.join(unknown[:5])}", "codes")
    plan = []
    if into not in there:
        if not answers["name"]:
            raise NotUnderstood(f"Enter the name of {into}, which is new", "name")
        plan.append(_opening(kind, answers, known))
    elif answers["name"] or answers["part_of"]:
        raise NotUnderstood(f"The code {into} is that of {there[into].name}. Leave name and part of empty", "name")
    for code in codes:
        plan += _handed_over(there[code], (kind, into), day, known)
    return plan


def _split(answers: Answers, kind: str, place: Place | None, known: Organisations) -> list[Change]:
    own, day = _key(place), answers["first_day"]
    there = {one.code for one in known.places.values() if one.kind == kind}
    parent = known.parent_of(place.id, day - DAY) if place else None
    plan: list[Change] = [Change(What.CLOSED, *own, day - DAY)]
    for line in answers["successors"].splitlines():
        if not line.strip():
            continue
        written, _, name = line.partition(",")
        code = _code_of(written, "successors")
        if code not in there:
            if not name.strip() or parent is None:
                raise NotUnderstood(f"Enter the name of {code} after a comma: it is new", "successors")
            plan.append(
                Change(What.ADDED, kind, code, day, " ".join(name.split())[:LONGEST_NAME], (parent.kind, parent.code))
            )
        plan.append(Change(What.TAKEN_OVER, *own, day, other=(kind, code)))
    if sum(change.what is What.TAKEN_OVER for change in plan) < 2:
        raise NotUnderstood("Enter two or more that take over, one a line", "successors")
    return plan


def _handed_over(place: Place, into: Key, day: date, known: Organisations) -> list[Change]:
    """A place closes, its successor takes over, and what is part of it moves along."""
    inside = [
        known.places[part.child]
        for part in known.parts
        if part.parent == place.id and part.valid_to is None and known.places[part.child].closed_on is None
    ]
    return [
        *(Change(What.MOVED, one.kind, one.code, day, other=into) for one in inside),
        Change(What.CLOSED, place.kind, place.code, day - DAY),
        Change(What.TAKEN_OVER, place.kind, place.code, day, other=into),
    ]


TASKS = {
    task.name: task
    for task in (
        Task("add", "Add", AddForm, _added, of_one=False),
        Task(
            "merge", "Merge", MergeForm, _merged, of_one=False,
            explanation="Those that merge close the day before, and people of the one that takes over see their cases.",
        ),
        Task("rename", "Rename", RenameForm, _renamed, of_one=True),
        Task("move", "Move", MoveForm, _moved, of_one=True),
        Task(
            "split", "Split", SplitForm, _split, of_one=True,
            explanation="It closes the day before. Its cases wait until people who hold it give each to one of those"
            " that take over, and until then none of those sees it. A new one is part of what this one is part of, and"
            " can be moved later.",
        ),
        Task(
            "close", "Close", CloseForm, _closed, of_one=True,
            explanation="Nobody takes over: people who hold it go on seeing its cases. Where somebody takes over,"
            " choose Merge or Split instead.",
        ),
    )
}  # fmt: skip


def offer_parents(form: NHSForm, kind: str, lookups: Lookups) -> None:
    """Offers what an organisation of a kind can be part of: those that are open, or open later."""
    if "part_of" not in form:
        return
    known = lookups.organisations
    parent = known.kinds[kind].parent
    form["part_of"].options = [
        Option(place.id, named(place))
        for place in sorted(known.places.values(), key=lambda one: (one.name, one.code))
        if place.kind == parent and (place.closed_on is None or place.closed_on >= lookups.today)
    ]


def title_for(task: Task, kind: str, place: Place | None, answers: Answers, known: Organisations) -> str:
    """What the plan is called in the list of all."""
    label = known.kinds[kind].label
    if task.name == "add":
        return f"Add {label} {answers['name']} ({answers['code'].strip().upper()})"
    if task.name == "merge":
        return f"Merge {' '.join(answers['codes'].upper().split())} into {answers['code'].strip().upper()}"
    return f"{task.title} {named(place)}" if place else task.title


def _key(place: Place | None) -> Key:
    if place is None:
        raise LookupError("This begins at an organisation's page.")
    return place.kind, place.code


def _code_of(written: str, about: str) -> str:
    code = "".join(written.split()).upper()
    if not re.fullmatch(r"[0-9A-Z]{3,12}", code, re.ASCII):
        raise NotUnderstood(f"Enter an ODS code of letters and digits, such as 84H, not {written.strip()[:40]}", about)
    return code
