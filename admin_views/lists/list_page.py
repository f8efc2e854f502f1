"""What stands around the rows of a list: the filter panel, what is chosen, and the addresses that lead on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flask import g, get_template_attribute, request

from app.access.current import current_access, lookups
from app.rules.words import count_of

from . import columns
from .filters import FilterField, FilterGroup, TrackerFilter
from .listing import ListView

if TYPE_CHECKING:
    from ..base import TrackerView

# Drawn fields that a process keeps: those of some hundred scopes.
MOST_KEPT = 4000


def context_of(view: TrackerView, given: dict[str, Any]) -> dict[str, Any]:
    """What the list page needs beside Flask-Admin's own context."""
    args = given["active_filters"] or []
    count, size = given["count"], given["page_size"]
    shown = columns.shown(request.args, view.items)
    return {
        "title": view.title,
        "page_title": _page_title(view, given),
        "caption": view.title,
        "page": min(given["page"] or 0, max(0, (count - 1) // size)),
        "list_columns": [(name, view.by_name[name].label) for name in shown],
        "column_panel": columns.panel(request.args, view.items, view.section_order),
        "usual_columns_url": view.get_url(".index_view", **_state(view, given))
        if columns.asked_for(request.args, view.items)
        else None,
        "saved_views": _saved_views(view),
        "save_view_url": _save_view_url(view),
        "state": list(_state(view, given).items()),
        "column_index": {name: index for index, (name, _) in enumerate(view._list_columns)},
        "panel": _panel(view, args),
        "chosen": _tags(view, args, given),
        "clear_url": view.get_url(".index_view", **_kept(view, given, with_search=True)),
        "kept": list(_kept(view, given, with_search=False).items()),
        "count_text": count_of(count, view.one, view.many),
        "download_url": view.get_url(".export", export_type="csv", **_state(view, given))
        if view.can_export and not g.get("filters_left_out")
        else None,
        "can_create": view.can_create,
        "create_text": view.create_text or f"Record a {view.one}",
        "empty_message": _empty_message(view, bool(args or given["search"])),
        "search_hint": view.search_hint,
        "row_actions": view.actions_on_row if view.can_edit else None,
        "several_url": getattr(view, "several_url", None),
        "row_name": view.name_of,
        "details_url": lambda row: view.url_of_row(".details_view", row, url=given["return_url"]),
    }


def _page_title(view: ListView, given: dict[str, Any]) -> str:
    """The list in the title of its page: how many rows, of which search, and which page of them."""
    found = f" for “{given['search']}”" if given["search"] else ""
    pages, page = given["num_pages"] or 1, (given["page"] or 0) + 1
    place = f", page {min(page, pages)} of {pages}" if pages > 1 else ""
    return f"{view.title}: {count_of(given['count'], view.one, view.many)}{found}{place}"


def _saved_views(view: TrackerView) -> list[tuple[str, str, str | None]]:
    """The person's saved views of the list: name, address, and where the one that is on screen can be deleted."""
    here = view.query_of_view()
    return [
        (
            saved.name,
            f"{view.get_url('.index_view')}?{saved.query}",
            view.get_url(".delete_saved_view", view=saved.id) if saved.query == here else None,
        )
        for saved in view.saved_views()
    ]


def _save_view_url(view: TrackerView) -> str | None:
    """Where what is on screen can be saved, if it is more than the usual list."""
    query = view.query_of_view()
    return f"{view.get_url('.save_view')}?{query}" if query else None


def _state(view: ListView, given: dict[str, Any]) -> dict[str, Any]:
    """What the address of the list says of its rows: search, filters, order and size of the page."""
    return _kept(view, given, with_search=True, with_columns=False) | dict(given["filter_args"])


def _kept(view: ListView, given: dict[str, Any], *, with_search: bool, with_columns: bool = True) -> dict[str, Any]:
    """What an address of the list keeps beside its filters."""
    kept = {
        "sort": given["sort_column"],
        "desc": given["sort_desc"],
        "page_size": given["page_size"] if given["page_size"] != view.page_size else None,
    }
    if with_search:
        kept["search"] = given["search"]
    if with_columns:
        kept["columns"] = ",".join(columns.asked_for(request.args, view.items))
    return {name: value for name, value in kept.items() if value not in (None, "")}


def _panel(view: ListView, chosen: list[tuple[int, str, str]]) -> list[FilterGroup]:
    """The filter panel, grouped by section, with what is chosen."""
    values = {index: value for index, _, value in chosen}
    groups: dict[str, list[FilterField]] = defaultdict(list)
    for index, one in enumerate(view._filters):
        field = _field(view, one, f"flt_{view.get_filter_arg(index, one)}", values.get(index, ""))
        if field is not None:
            groups[one.section].append(field)
    return [FilterGroup(title, fields) for title, fields in groups.items()]


def _field(view: ListView, one: TrackerFilter, arg: str, value: str) -> FilterField | None:
    """One field, drawn; None where there is nothing to choose.

    A field in which nothing is chosen is the same for all who see the same, until the lists change. Some hundred CCGs
    to choose from took a third of a page's time.
    """
    if value:
        return one.field(arg, value, lookups())
    kept, key = lookups().made, (view.address, arg, current_access().scope, current_access().permissions)
    if key not in kept:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        field = one.field(arg, value, lookups()) if one.is_offered(lookups()) else None
        draw = get_template_attribute("parts/filters.html", "one")
        kept[key] = field and FilterField(arg, field.label, field.kind, value, html=draw(field))
    kept_field: FilterField | None = kept[key]
    return kept_field


def _tags(view: ListView, chosen: list[tuple[int, str, str]], given: dict[str, Any]) -> list[tuple[str, str]]:
    """Each chosen filter in words, with the address of the list without it."""
    tags = []
    for index, label, value in chosen:
        rest = view._get_filters([one for one in chosen if one[0] != index])
        url = view.get_url(".index_view", **_kept(view, given, with_search=True), **rest)
        tags.append((f"{label}: {view._filters[index].words_for(value, lookups())}", url))
    return tags


def _empty_message(view: ListView, is_filtered: bool) -> str:
    if is_filtered:
        return f"No {view.many} match. Take out a filter or change the search."
    return f"There are no {view.many} yet."
