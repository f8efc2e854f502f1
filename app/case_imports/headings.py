"""Which column of a file is which data item: headings are matched forgivingly, and what they are called is declared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.imports.texts import NotUsable
from models import CaseReview
from models.declarations import Item, items_of

ITEMS = {item.name: item for item in items_of(CaseReview) if item.in_form}
# Columns that the service puts before the lines that are to be mended.
LINE, TO_MEND = "Line", "What to mend"


@dataclass(frozen=True)
class Columns:
    """Where each data item stands, by position; headings that are not read are those `left_out`.

    A CCG may stand under its code and under its name: the code counts.
    """

    items: dict[int, str]
    left_out: list[str]


def plain(text: str) -> str:
    """A heading or an answer as it is compared: small letters and digits, the rest of it left out."""
    return re.sub(r"[^a-z0-9]+", " ", unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")).strip()


def _known() -> dict[str, str]:
    found: dict[str, str] = {}
    for item in ITEMS.values():
        for called in (item.name, item.label, item.question, *item.headings, *item.also_called):
            if called:
                found.setdefault(plain(called), item.name)
    return found


_KNOWN = _known()
_OF_THE_SERVICE = {plain(heading) for item in items_of(CaseReview) if not item.in_form for heading in item.headings} | {
    plain(LINE),
    plain(TO_MEND),
}


def match(cells: Sequence[object]) -> Columns:
    """The columns of a heading line. Raises NotUsable where it is none, one stands twice, or a needed one lacks."""
    items: dict[int, str] = {}
    left_out: list[str] = []
    stands: dict[str, str] = {}
    for position, cell in enumerate(cells):
        heading = " ".join(str(cell or "").split())
        if not heading:
            continue
        name = _KNOWN.get(plain(re.sub(r"\((required|needed|optional)\)", "", heading, flags=re.IGNORECASE)))
        if name is None:
            if plain(heading) not in _OF_THE_SERVICE:
                left_out.append(heading[:80])
        elif name in stands and name != "ccg":
            raise NotUsable(f"Two columns are for the same thing: {stands[name]} and {heading}.")
        elif name not in stands or "code" in plain(heading).split():
            items = {at: one for at, one in items.items() if one != name} | {position: name}
            stands[name] = heading
    if not items:
        raise NotUsable("The first line must name the columns, as the template does. None of its headings is known.")
    lacking = [
        heading_of(item)
        for item in ITEMS.values()
        if item.required and item.name not in stands and item.name not in NOT_NEEDED
    ]
    if lacking:
        raise NotUsable(f"The file lacks these columns: {', '.join(lacking)}.")
    return Columns(items, left_out)


# Where a file has no such column, the form's own first answer counts; the CCG is the one for which the file is given.
NOT_NEEDED = {"ccg", "status", "publication", "media_interest"}


def heading_of(item: Item) -> str:
    """The heading of an item in the template: that of the service's files. Of the CCG its code's."""
    return next((heading for heading, of in item.headings.items() if of == "code"), next(iter(item.headings)))
