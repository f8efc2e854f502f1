"""What administrators are asked when they give and end grants, and shut somebody out or let them in."""

from __future__ import annotations

from typing import Any

from app.access.lookups import Lookups
from app.nhsuk.fields import ChoiceField, DateField, Option, TextField
from app.nhsuk.forms import AskingForm, NHSForm
from app.rules.granting import holds_on
from models.declarations import SERVICE, Item, Kind, OnlyWhen
from models.enumerations import Labelled, Role
from models.organisations import CCG, COUNTRY, REGION, STP

# The kinds in the order in which they are offered; others, which take their place, come after them.
KINDS = {CCG: "CCGs", STP: "STPs", REGION: "Regions", COUNTRY: "England"}


class Ending(Labelled):
    """When a grant is to end."""

    NOW = "now", "Now"
    LATER = "later", "At the end of a day"


class GrantForm(AskingForm):
    """A role, where, and until when."""

    role = ChoiceField(
        Item(
            name="role",
            label="Role",
            question="Which role?",
            definition="What the person may do.",
            source=SERVICE,
            kind=Kind.CHOICE,
            choices=Role,
            required=True,
        )
    )
    organisation = ChoiceField(
        Item(
            name="organisation",
            label="Organisation",
            question="On which organisation?",
            hint="A lead is for a CCG. Oversight is for an STP, a region or England. The others are for England.",
            definition="Where the role holds.",
            source=SERVICE,
            kind=Kind.ORGANISATION,
            required=True,
            problem="Select the organisation",
        )
    )
    ends_on = DateField(
        Item(
            name="ends_on",
            label="Last day",
            question="Last day (optional)",
            hint="The last day on which it holds. For example, 31 3 2022",
            definition="The last day on which it holds.",
            source=SERVICE,
            kind=Kind.DATE,
        )
    )


class EndForm(NHSForm):
    """Now, or at the end of a day."""

    when = ChoiceField(
        Item(
            name="when",
            label="When",
            question="When is it to end?",
            definition="When the grant is to end.",
            source=SERVICE,
            kind=Kind.CHOICE,
            choices=Ending,
            required=True,
            problem="Select when it is to end",
        )
    )
    ends_on = DateField(
        Item(
            name="ends_on",
            label="Last day",
            hint="The last day on which it holds. For example, 31 3 2022",
            definition="The last day on which it holds.",
            source=SERVICE,
            kind=Kind.DATE,
            only_when=OnlyWhen("when", Ending.LATER),
        )
    )

    def validate(self, extra_validators: Any = None) -> bool:
        holds = self.ask_for_what_is_missing() and bool(super().validate(extra_validators))
        if holds and self.when.data is Ending.LATER and self.ends_on.data is None:
            self.add_problems({"ends_on": ["Enter the last day"]})
            return False
        return holds


class ReasonForm(AskingForm):
    """Why somebody is shut out, or let in again."""

    reason = TextField(
        Item(
            name="reason",
            label="Reason",
            question="Why?",
            hint="For example, left the CCG on 31 March. The reason is kept.",
            definition="Why the person is shut out, or let in again.",
            source=SERVICE,
            kind=Kind.TEXT,
            required=True,
            problem="Enter the reason",
            max_length=1000,
        )
    )


def offer_organisations(form: GrantForm, lookups: Lookups) -> None:
    """Offers every organisation that is open today and on which some role holds, by kind."""
    known = lookups.organisations
    position = {kind: number for number, kind in enumerate(KINDS)}
    offered = sorted(
        (
            place
            for place in known.places.values()
            if place.is_open_on(lookups.today) and any(holds_on(role, place, known) for role in Role)
        ),
        key=lambda place: (position.get(place.kind, len(position)), place.kind, place.name, place.code),
    )
    form["organisation"].options = [
        Option(place.id, f"{place.name} ({place.code})", group=KINDS.get(place.kind, place.kind)) for place in offered
    ]
