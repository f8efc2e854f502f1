"""What must hold for a case, as sentences beside the item that must change.

Source: Annex A Requirements specification, "Internal processing", and the design's table of data items. The form,
the import and the seeds call the same function, so that they give the same answers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.declarations import Item, Kind
from models.enumerations import Publication, Status

from .identifiers import look_alikes
from .succession import Place
from .words import in_words

Problems = dict[str, list[str]]
NO_NUMBER = "Enter a StEIS number or a local identifier"
# One character of a host, then anything: a pattern with two runs side by side takes minutes on a long address.
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Code:
    """An entry of a code list, with the days on which it can be chosen (both included, None: no bound)."""

    id: Any
    label: str
    active_from: date | None = None
    active_to: date | None = None

    def is_active_on(self, day: date) -> bool:
        return (self.active_from is None or self.active_from <= day) and (
            self.active_to is None or day <= self.active_to
        )


@dataclass(frozen=True)
class RapidReview:
    """The case that a reference in "Converted from" leads to, as far as the writer sees it."""

    is_found: bool
    is_rapid_review: bool = False
    is_in_line: bool = False
    is_itself: bool = False
    is_of_rapid_review: bool = False


def problems_with(
    values: Mapping[str, Any], today: date, *, items: Iterable[Item], before: Mapping[str, Any] | None = None
) -> Problems:
    """What is wrong with the values of a case, by item name; empty where nothing is.

    `values` holds what each item would become: text, dates, members of the enumerations, `Code` for code lists,
    `Place` for the CCG and `RapidReview` for the case it grew out of; None or "" where empty. `items` are the declared
    items to check. `before` are the values as saved, when there are any: an entry that has ended may stay.
    """
    problems: Problems = defaultdict(list)
    checked = {item.name: item for item in items if item.in_form}
    for item in checked.values():
        _check_alone(item, values.get(item.name), problems)
    for rule in (_dates, _numbers, _themes, _report, _closing, _conversion, _place):
        rule(values, today, problems)
    _codes(values, before or {}, checked, problems)
    return {name: sentences for name, sentences in problems.items() if name in checked}


def not_said_yet(found: Problems, unread: Collection[str]) -> Problems:
    """What the rules found where some items could not be read: those have said so already.

    A number that could not be read was given, so that nobody is asked for one.
    """
    asked = {"steis_number": NO_NUMBER} if "local_identifier" in unread else {}
    left = {
        name: [sentence for sentence in sentences if sentence != asked.get(name)]
        for name, sentences in found.items()
        if name not in unread
    }
    return {name: sentences for name, sentences in left.items() if sentences}


def warnings_about(values: Mapping[str, Any], *, items: Iterable[Item]) -> Problems:
    """Free text that looks as if it held an identifier, by item name. To be confirmed, not refused."""
    found: Problems = {}
    for item in items:
        text = values.get(item.name)
        if item.in_form and item.kind in (Kind.TEXT, Kind.LINE) and isinstance(text, str):
            kinds = look_alikes(text)
            if kinds:
                found[item.name] = [f"{item.label} looks as if it contains {' and '.join(kinds)}"]
    return found


def _check_alone(item: Item, value: Any, problems: Problems) -> None:
    if value is None or value == "":
        if item.required:
            problems[item.name].append(item.when_missing)
    elif item.max_length and isinstance(value, str) and len(value) > item.max_length:
        problems[item.name].append(f"{item.label} must be {item.max_length:,} characters or fewer")


def _dates(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    added, incident = values.get("date_added"), values.get("incident_date")
    if incident and incident > today:
        problems["incident_date"].append("Incident date must be today or in the past")
    if added and added > today:
        problems["date_added"].append("Date added must be today or in the past")
    elif added and incident and incident <= today and added < incident:
        problems["date_added"].append(
            f"Date added must be the same as or after the incident date, {in_words(incident)}"
        )


def _numbers(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    if not values.get("steis_number") and not values.get("local_identifier"):
        problems["steis_number"].append(NO_NUMBER)


def _themes(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    themes = [values.get(f"theme_{number}") for number in (1, 2, 3)]
    if themes[2] is not None and themes[1] is None:
        problems["theme_2"].append("Select the second theme, or move the third theme up")
    if themes[1] is not None and themes[1] == themes[0]:
        problems["theme_2"].append("Second theme must be different from the main theme")
    if themes[2] is not None and themes[2] in themes[:2]:
        problems["theme_3"].append("Third theme must be different from the other themes")


def _report(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    incident, signed_off = values.get("incident_date"), values.get("report_signed_off_on")
    published, link = values.get("publication_date"), values.get("report_link")
    if signed_off and signed_off > today:
        problems["report_signed_off_on"].append("Date report is signed off must be today or in the past")
    elif signed_off and incident and signed_off < incident:
        problems["report_signed_off_on"].append(
            f"Date report is signed off must be the same as or after the incident date, {in_words(incident)}"
        )
    if published and not signed_off:
        problems["report_signed_off_on"].append(
            "Enter the date the report was signed off, or take out the publication date"
        )
    if published and signed_off and published < signed_off:
        problems["publication_date"].append(
            f"Publication date must be the same as or after the date the report was signed off, {in_words(signed_off)}"
        )
    if link and values.get("publication") != Publication.PUBLIC:
        problems["report_link"].append("Take out the link, or change the review to public")
    elif link and not is_web_address(link):
        problems["report_link"].append("Link to report must be a web address beginning with https:// or http://")


def is_web_address(link: str) -> bool:
    """Whether a text is the whole address of a page."""
    return _WEB_ADDRESS.fullmatch(link) is not None


def _closing(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    closed_on, incident = values.get("date_closed"), values.get("incident_date")
    if values.get("status") == Status.OPEN and closed_on:
        problems["date_closed"].append("Take out the closing date, or change the case to closed")
    if closed_on and closed_on > today:
        problems["date_closed"].append("Date closed must be today or in the past")
    elif closed_on and incident and closed_on <= incident:
        problems["date_closed"].append(f"Date closed must be after the incident date, {in_words(incident)}")
    if values.get("status") != Status.CLOSED:
        return
    published = values.get("publication_date")
    if published and published > today:
        problems["publication_date"].append(
            "Publication date must be today or in the past before the case can be closed"
        )
    if not closed_on:
        problems["date_closed"].append("Enter the date the case was closed")
    match values.get("publication"):
        case Publication.PUBLIC:
            if not published:
                problems["publication_date"].append("Enter the date the report was published")
        case Publication.EMBARGOED:
            if not values.get("report_signed_off_on"):
                problems["report_signed_off_on"].append("Enter the date the report was signed off")
        case Publication.NOT_DECIDED:
            problems["publication"].append(
                "Select whether the review is public or embargoed before the case can be closed"
            )


def _conversion(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    source = values.get("converted_from")
    if not isinstance(source, RapidReview):
        return
    if not source.is_found:
        problems["converted_from"].append("Enter the reference of a rapid review that you can see")
    elif source.is_itself:
        problems["converted_from"].append("A review cannot grow out of itself")
    elif source.is_of_rapid_review:
        problems["converted_from"].append(
            "A rapid review does not grow out of another. Change the type, or take this out"
        )
    elif not source.is_rapid_review:
        problems["converted_from"].append("Enter the reference of a rapid review. That case is another type of review")
    elif not source.is_in_line:
        problems["converted_from"].append("Enter a rapid review of the same CCG, or of a CCG that it took over from")


def _place(values: Mapping[str, Any], today: date, problems: Problems) -> None:
    ccg, added = values.get("ccg"), values.get("date_added")
    if not isinstance(ccg, Place) or not added or added > today or ccg.is_open_on(added):
        return
    if ccg.closed_on is not None and added > ccg.closed_on:
        problems["ccg"].append(
            f"{ccg.name} closed on {in_words(ccg.closed_on)}. Select the CCG that was open on {in_words(added)}"
        )
    elif ccg.opened_on is not None:
        problems["ccg"].append(
            f"{ccg.name} opened on {in_words(ccg.opened_on)}. Select the CCG that was open on {in_words(added)}"
        )


def _codes(values: Mapping[str, Any], before: Mapping[str, Any], items: Mapping[str, Item], problems: Problems) -> None:
    added = values.get("date_added")
    for name, item in items.items():
        code = values.get(name)
        if isinstance(code, Code) and added and code != before.get(name) and not code.is_active_on(added):
            problems[name].append(
                f"{code.label} could not be chosen on {in_words(added)}. Select another {item.label.lower()}"
            )
