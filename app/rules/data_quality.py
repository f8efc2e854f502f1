"""What is wrong with a recorded case, and what may be: errors break a rule, queries ask.

An error comes from a list that changed, or from a write past the form. A query is answered with a note, and asked
again in the next quarter. The days are those of the user requirement for the quarterly extract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.declarations import Item
from models.enumerations import Publication, Query, Status

from .case_rules import problems_with, warnings_about
from .words import in_words

DAYS_WITHOUT_UPDATE = 90
DAYS_TO_PUBLICATION = 60
OTHER = "other"
QUERIED = ("status", "report_signed_off_on", "publication_date", "publication")


@dataclass(frozen=True)
class Finding:
    """A sentence about a case. `query` is what is asked, None for an error; `about` the label of what it is about."""

    about: str
    sentence: str
    query: Query | None = None

    @property
    def is_error(self) -> bool:
        return self.query is None


def findings_about(
    values: Mapping[str, Any],
    today: date,
    *,
    items: Sequence[Item],
    updated_on: date,
    codes: Iterable[str],
    twins: Sequence[str],
) -> list[Finding]:
    """What there is to say about a recorded case, errors first.

    `values` are as `case_rules.problems_with` takes them, `codes` those of its themes, `twins` the references of cases
    that look like it, in the order of their names.
    """
    return [
        *errors_in(values, today, items=items),
        *queries_about(values, today, updated_on=updated_on, codes=codes, twins=twins),
        *identifiers_in(values, items=items),
    ]


def errors_in(values: Mapping[str, Any], today: date, *, items: Sequence[Item]) -> list[Finding]:
    """The rules that a recorded case breaks."""
    labels = {item.name: item.label for item in items}
    return [
        Finding(labels[name], sentence)
        for name, sentences in problems_with(values, today, items=items).items()
        for sentence in sentences
    ]


def queries_about(
    values: Mapping[str, Any], today: date, *, updated_on: date, codes: Iterable[str], twins: Sequence[str]
) -> list[Finding]:
    """What is asked about a recorded case, its texts left out. Of its values: `QUERIED`."""
    found = []
    if values.get("status") == Status.OPEN and updated_on <= today - timedelta(days=DAYS_WITHOUT_UPDATE):
        found.append(_query(Query.NO_UPDATE, f"No update since {in_words(updated_on)}"))
    if _waits_for_publication(values, today):
        found.append(
            _query(
                Query.NOT_PUBLISHED,
                f"Report signed off on {in_words(values['report_signed_off_on'])}, and neither published nor embargoed",
            )
        )
    if OTHER in codes:
        found.append(_query(Query.THEME_OTHER, "A theme is “other”"))
    if twins:
        found.append(_query(Query.DUPLICATE, f"Looks like the same review as {_listed(twins)}"))
    return found


def identifiers_in(values: Mapping[str, Any], *, items: Iterable[Item]) -> list[Finding]:
    """What is asked about texts that look as if they identified somebody."""
    warnings = warnings_about(values, items=items).values()
    return [_query(Query.IDENTIFIERS, sentence) for sentences in warnings for sentence in sentences]


def _query(query: Query, sentence: str) -> Finding:
    return Finding(query.label, sentence, query)


def _waits_for_publication(values: Mapping[str, Any], today: date) -> bool:
    signed_off, published = values.get("report_signed_off_on"), values.get("publication_date")
    return (
        signed_off is not None
        and signed_off <= today - timedelta(days=DAYS_TO_PUBLICATION)
        and values.get("publication") != Publication.EMBARGOED
        and (published is None or published > today)
    )


def _listed(references: Sequence[str]) -> str:
    shown = list(references[:3])
    if len(references) > 3:
        shown[2:] = [f"{len(references) - 2} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
