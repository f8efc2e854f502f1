"""Which cases may break a rule, asked of many at a time: those of which the rules have nothing to say are left out.

The rules are in `app/rules`, and they alone say what is wrong. This only knows when they say nothing, which is so of
nearly every case, and takes a hundredth of their time to tell. Whatever it does not know is for the rules to judge; a
test compares the two on random cases. A rule that is added to `case_rules` is added here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from operator import or_
from typing import Any

from sqlalchemy.orm import Session

from app.access.lookups import Lookups
from app.database import value_of_plain
from app.rules.case_rules import is_web_address
from app.rules.data_quality import DAYS_TO_PUBLICATION, DAYS_WITHOUT_UPDATE, OTHER
from app.rules.identifiers import may_identify
from models.declarations import Item, Kind
from models.enumerations import Publication, Status

from .cells import Cells, Remembered

_DATES = ("date_added", "incident_date", "report_signed_off_on", "publication_date", "date_closed")
_THEMES = ("theme_1_id", "theme_2_id", "theme_3_id")
_ANSWERS = ("status", "publication", "report_link", "converted_from_id", "steis_number", "local_identifier")
Plain = Mapping[str, Cells]


class Sieve:
    """Judges cases of a moment, given as `plain_rows` gives them, column by column by the columns' names.

    `model` is what the columns are those of, `items` the items that the rules check.
    """

    def __init__(self, session: Session, model: Any, items: Sequence[Item], lists: Lookups) -> None:
        self._items = [item for item in items if item.in_form]
        self._texts = [item.column for item in self._items if item.kind in (Kind.TEXT, Kind.LINE)]
        self._today = lists.today.toordinal()
        value_of = {name: value_of_plain(session, getattr(model, name)) for name in (*_DATES, "ccg_id", "theme_1_id")}
        # Days are counted, and none is 0.
        to_day = value_of["date_added"]
        self._days = Remembered(lambda plain: 0 if plain is None else to_day(plain).toordinal())
        self._spans = Remembered(lambda plain: _span(plain, value_of["ccg_id"], lists))
        id_of = value_of["theme_1_id"]
        self._is_in_doubt = {
            item.column: Remembered(partial(_is_in_doubt, item, id_of, lists))
            for item in self._items
            if item.kind is Kind.CODE
        }
        others = {entry.id for entry in lists.codes["theme"].values() if entry.code == OTHER}
        self._is_other = Remembered(lambda plain: plain is not None and id_of(plain) in others)

    # Errors

    def may_break_a_rule(self, plain: Plain) -> list[bool]:
        """Of each case, whether a rule may be broken: False only where none is."""
        may = self._dates_and_answers(plain)
        for item in self._items:
            cells, most = plain[item.column], item.max_length or 0
            if item.required and (None in cells or "" in cells):
                may = [one or cell is None or cell == "" for one, cell in zip(may, cells, strict=True)]
            if most and max((len(cell) for cell in cells if cell), default=0) > most:
                may = [one or len(cell or "") > most for one, cell in zip(may, cells, strict=True)]
            if item.kind is Kind.CODE:
                may = list(map(or_, may, map(self._is_in_doubt[item.column].__getitem__, cells)))
        return may

    def _dates_and_answers(self, plain: Plain) -> list[bool]:
        today, days = self._today, self._days.__getitem__
        spans, opened, closed = self._spans.__getitem__, Status.OPEN.value, Status.CLOSED.value
        public, embargoed = Publication.PUBLIC.value, Publication.EMBARGOED.value
        rows = zip(
            zip(*(map(days, plain[name]) for name in _DATES), strict=True),
            map(spans, plain["ccg_id"]),
            zip(*(plain[name] for name in _THEMES), strict=True),
            zip(*(plain[name] for name in _ANSWERS), strict=True),
            strict=True,
        )
        return [
            not (
                0 < incident <= added <= today
                and first <= added <= last
                and (not signed_off or incident <= signed_off <= today)
                and (not published or 0 < signed_off <= published)
                and (
                    closed_on == 0
                    if status == opened
                    else status == closed
                    and incident < closed_on <= today
                    and published <= today
                    and (published > 0 if publication == public else publication == embargoed and signed_off > 0)
                )
                and (not link or (publication == public and is_web_address(link)))
                and source is None
                and (steis or local)
                and (two is None or two != one)
                and (three is None or (two is not None and three != two and three != one))
            )
            for (added, incident, signed_off, published, closed_on), (first, last), (one, two, three), (
                status,
                publication,
                link,
                source,
                steis,
                local,
            ) in rows
        ]

    # Queries

    def may_be_asked(self, plain: Plain) -> list[bool]:
        """Of each case, whether anything may be asked about it, but for its texts and what looks like it."""
        today, days = self._today, self._days.__getitem__
        no_update, to_publish = today - DAYS_WITHOUT_UPDATE, today - DAYS_TO_PUBLICATION
        opened, embargoed = Status.OPEN.value, Publication.EMBARGOED.value
        is_other = self._is_other.__getitem__
        rows = zip(
            *(map(days, plain[name]) for name in ("latest_update_on", "report_signed_off_on", "publication_date")),
            plain["status"],
            plain["publication"],
            *(map(is_other, plain[name]) for name in _THEMES),
            strict=True,
        )
        return [
            one
            or two
            or three
            or (status == opened and updated <= no_update)
            or (0 < signed_off <= to_publish and publication != embargoed and (not published or published > today))
            for updated, signed_off, published, status, publication, one, two, three in rows
        ]

    def may_identify(self, plain: Plain) -> list[bool]:
        """Of each case, whether a text of it may look as if it identified somebody."""
        texts = zip(*(plain[name] for name in self._texts), strict=True)
        return [may_identify(list(filter(None, one))) for one in texts]


def _span(plain: Any, id_of: Any, lists: Lookups) -> tuple[int, int]:
    """The first and the last day, counted, on which a CCG took cases; no day of one that is not known."""
    place = lists.organisations.places.get(id_of(plain)) if plain is not None else None
    if place is None:
        return (1, 0)
    return (place.opened_on or date.min).toordinal(), (place.closed_on or date.max).toordinal()


def _is_in_doubt(item: Item, id_of: Any, lists: Lookups, plain: Any) -> bool:
    """Whether an entry may not be chosen on every day; of none, whether there must be one."""
    if plain is None:
        return item.required
    entry = lists.codes[item.code_list].get(id_of(plain))
    return entry is None or entry.active_from is not None or entry.active_to is not None
