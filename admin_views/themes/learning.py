"""Learning: search in the lessons, overviews and latest updates of the cases in sight, the best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from markupsafe import Markup

from app.access import readings
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.rules.folding import MOST_CHARACTERS
from app.rules.typed_text import shown
from app.rules.words import count_of
from app.themes import filters, learning
from app.themes.filters import Chosen, Filter
from app.themes.learning import Found, Hits
from app.themes.similar import Alike, cases_like
from models import CaseReview, db
from models.declarations import items_of
from models.enumerations import AuditAction

from .theme_panel import panel_of, tags_of

ADDRESS = "themes/learning"
TITLE = "Learning"
PAGE_SIZE = 20
_LABELS = {item.name: item.label for item in items_of(CaseReview)}


@dataclass(frozen=True)
class HitShown:
    """A case that was found, in words, with its passages: (where it stands, the passage with the words marked)."""

    reference: str
    url: str
    about: str
    themes: str
    tag: tuple[str, str]
    passages: list[tuple[str, Markup]]


class LearningView(BaseView):
    """For whoever reads cases."""

    def __init__(self) -> None:
        super().__init__(name=TITLE, endpoint="learning", url=f"/{ADDRESS}")

    def is_accessible(self) -> bool:
        return may(Permission.THEMES_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The search with its filters and, once there are words, a page of what holds them."""
        typed = shown(request.args.get("search", "")).strip()[:MOST_CHARACTERS]
        offered = filters.filters_for(request.args, current_access().ccgs_as_today(lookups().today), lookups())
        chosen = filters.chosen(request.args, offered)
        if chosen.left_out:
            flash(f"Left out, because the value was not understood: {', '.join(chosen.left_out)}", "error")
        hits = learning.search(db.session(), typed, chosen.conditions)
        if hits.words:
            readings.note(AuditAction.SEARCHED, about=ADDRESS, details=_what_was_asked(chosen, offered))
        pages = max(1, -(-len(hits.ids) // PAGE_SIZE))
        page = min(max(request.args.get("page", 0, int), 0), pages - 1)
        cases = learning.cases_of(db.session(), hits.ids[page * PAGE_SIZE : (page + 1) * PAGE_SIZE])
        searched = {"search": typed} if typed else {}
        choice = searched | chosen.values
        answer: str = self.render(
            "themes/learning.html",
            title=TITLE,
            page_title=_page_title(typed, hits, page, pages),
            typed=typed,
            is_searched=bool(hits.words),
            panel=panel_of(chosen.values, offered),
            tags=tags_of(chosen.values, offered, lambda values: self.get_url(".index", **searched, **values)),
            clear_url=self.get_url(".index", **searched),
            count_text=_count_of(hits),
            most=learning.MOST_RANKED if hits.is_more else None,
            hits=[_shown(case, hits) for case in cases],
            first=page * PAGE_SIZE + 1,
            page=page,
            pages=pages,
            page_url=lambda number: self.get_url(".index", **choice, **({"page": number} if number else {})),
        )
        return answer


def like(case: CaseReview) -> list[tuple[str, str, str]]:
    """Cases like one, for its page: reference, address, and what they have in common."""
    if not may(Permission.THEMES_READ):
        return []
    return [
        (one.reference, url_for("cases.details_view", id=one.id), _why(one)) for one in cases_like(db.session(), case)
    ]


def _why(one: Alike) -> str:
    types, themes = (lookups().codes[name] for name in ("review_type", "theme"))
    in_common = [
        f"same theme{'s' if len(one.themes) > 1 else ''}: {', '.join(themes[theme].label for theme in one.themes)}"
        if one.themes
        else "",
        "same type of review" if one.is_same_type else "",
        f"words in common: {', '.join(one.words)}" if one.words else "",
    ]
    why = "; ".join(filter(None, in_common))
    place = lookups().organisations.places[one.ccg_id]
    kind = "" if one.is_same_type else f", {types[one.review_type_id].label}"
    return f"{place.name}{kind}. {why[:1].upper()}{why[1:]}"


def _shown(case: CaseReview, hits: Hits) -> HitShown:
    codes, place = lookups().codes, lookups().organisations.places[case.ccg_id]
    themes = [codes["theme"][theme].label for theme in (case.theme_1_id, case.theme_2_id, case.theme_3_id) if theme]
    passages: list[Found] = learning.passages_of(case, hits.words)
    return HitShown(
        case.reference,
        url_for("cases.details_view", id=case.id),
        f"{place.name} ({place.code}), {codes['review_type'][case.review_type_id].label}",
        ", ".join(themes),
        (case.status.label, "blue" if case.status == "open" else "grey"),
        [(_LABELS[one.item], one.snippet.html) for one in passages],
    )


def _what_was_asked(chosen: Chosen, offered: list[Filter]) -> str:
    """For the audit: that words were searched, and by which filters; never the words or the values."""
    asked: list[Any] = ["searched words", *(one.label for one in offered if one.name in chosen.values)]
    return f"{TITLE}: {', '.join(asked)}"


def _count_of(hits: Hits) -> str:
    count = count_of(len(hits.ids), "case")
    return f"More than {count}" if hits.is_more else count


def _page_title(typed: str, hits: Hits, page: int, pages: int) -> str:
    if not hits.words:
        return TITLE
    place = f", page {page + 1} of {pages}" if pages > 1 else ""
    return f"{TITLE}: {_count_of(hits)} for “{typed}”{place}"
