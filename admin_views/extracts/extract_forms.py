"""What is asked when an extract is drawn, and when its receipt is noted."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from app.nhsuk.fields import ChoiceField, LineField, Option
from app.nhsuk.forms import AskingForm, NHSForm
from app.rules import dates
from app.rules.quarters import ClocksChanged, Quarter, moment_in_england, quarter_named, quarter_of
from app.rules.words import in_words
from models.declarations import SERVICE, Item, Kind

# As far back as the reference lists go.
FIRST_QUARTER = Quarter(2019, 1)
NOT_A_MOMENT = "Cut-off must be a date and a time, such as 9/7/2021 17:00"
CLOCKS_CHANGED = "The clocks changed in that hour. Enter a time before or after it"
_TIME = re.compile(r"(.+?)[ ,T]+(\d{1,2}):(\d{2})", re.ASCII)


class QuarterField(ChoiceField):
    """One of the quarters that are offered, by its name."""

    def value_of(self, typed: str) -> str | None:
        return typed or None


class DrawForm(NHSForm):
    """The quarter, why it is drawn again, and another cut-off than its end."""

    quarter = QuarterField(
        Item(
            name="quarter",
            label="Quarter",
            question="Which quarter?",
            hint="Quarters of the financial year. Q1 is April to June.",
            definition="The quarter of the extract.",
            source=SERVICE,
            kind=Kind.CODE,
            required=True,
            problem="Select the quarter",
        )
    )
    reason = LineField(
        Item(
            name="reason",
            label="Reason",
            question="Why is it drawn again? (needed if it was drawn before)",
            definition="Why the quarter is drawn again.",
            source=SERVICE,
            max_length=1000,
        )
    )
    cut_off = LineField(
        Item(
            name="cut_off",
            label="Cut-off",
            question="Cut-off, if not the end of the quarter (optional)",
            hint="For example, 9/7/2021 17:00. At least 5 minutes ago.",
            definition="What became known at this moment or later is not in the extract.",
            source=SERVICE,
            max_length=60,
        )
    )
    chosen_quarter: Quarter
    chosen_cut_off: datetime | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        holds = bool(super().validate(extra_validators))
        if not self.ask_for_what_is_missing() or not self.quarter.data:
            return False
        self.chosen_quarter = quarter_named(self.quarter.data)
        if self.cut_off.data:
            try:
                self.chosen_cut_off = read_moment(self.cut_off.data)
            except ClocksChanged:
                self.add_problems({"cut_off": [CLOCKS_CHANGED]})
                return False
            if self.chosen_cut_off is None:
                self.add_problems({"cut_off": [NOT_A_MOMENT]})
                holds = False
        return holds


class ReceiptForm(AskingForm):
    """What the transfer service answered."""

    receipt = LineField(
        Item(
            name="receipt",
            label="Receipt",
            question="Receipt from Secure Electronic File Transfer",
            hint="Its number or reference, as it stands in the answer.",
            definition="What the transfer service answered when the extract was sent.",
            source=SERVICE,
            required=True,
            problem="Enter the receipt",
            max_length=200,
        )
    )


def offer_quarters(form: DrawForm, drawn: dict[str, int], today: date) -> None:
    """Offers every quarter that has begun, the newest first, and says which was drawn."""
    options, quarter = [], quarter_of(today)
    while quarter >= FIRST_QUARTER:
        ended = "" if quarter.last_day < today else ", not ended yet"
        number = f", drawn as number {drawn[quarter.name]}" if quarter.name in drawn else ""
        days = f"{in_words(quarter.first_day)} to {in_words(quarter.last_day)}"
        options.append(Option(quarter.name, f"{quarter.name}: {days}{ended}{number}"))
        quarter = quarter.previous
    form["quarter"].options = options


def read_moment(typed: str) -> datetime | None:
    """A moment as people type it, on England's clock: a day and a time, or a day alone, which is meant to its end.

    Raises ClocksChanged for a time that was left out, or came twice.
    """
    match = _TIME.fullmatch(typed.strip())
    day = dates.read((match[1] if match else typed, "", ""), "Cut-off").value
    if day is None:
        return None
    if match is None:
        return moment_in_england(day + timedelta(days=1), time())
    hour, minute = int(match[2]), int(match[3])
    return moment_in_england(day, time(hour, minute)) if hour < 24 and minute < 60 else None
