"""What people see: one screen a file. This is the menu."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, url_for
from flask_admin import Admin
from flask_login import current_user

from app.access.current import current_access, is_signed_in, may
from app.access.permissions import Permission
from app.imports.spreadsheets import LARGEST_FILE
from app.imports.texts import LARGEST
from app.nhsuk.theme import NHS_THEME

from .audit import AuditView
from .base import TrackerView
from .cases.case_drafts import FORMS
from .cases.cases import CaseReviewView
from .code_lists.code_lists import CodeListView, DesignatedProfessionalView, ReviewTypeView, ThemeView
from .data_dictionary import DataDictionaryView
from .data_quality import DataQualityView
from .extracts.extracts import ExtractView
from .home import HomeView
from .imports.cases import CaseImportsView
from .imports.imports import ImportsView
from .organisations.organisations import CCGView, OrganisationView, RegionView, STPView
from .organisations.reorganisations import ReorganisationView
from .people.account import AccountView
from .people.people import PeopleView
from .redactions import RedactionView
from .themes.learning import LearningView
from .themes.sharing import SharingView
from .themes.themes import ThemesView

VIEWS: tuple[
    type[
        TrackerView
        | DataDictionaryView
        | DataQualityView
        | ExtractView
        | ImportsView
        | LearningView
        | RedactionView
        | SharingView
        | ThemesView
    ],
    ...,
] = (
    CaseReviewView,
    ThemesView,
    LearningView,
    SharingView,
    DataQualityView,
    ExtractView,
    ImportsView,
    CCGView,
    STPView,
    RegionView,
    ReviewTypeView,
    ThemeView,
    DesignatedProfessionalView,
    PeopleView,
    AuditView,
    RedactionView,
    DataDictionaryView,
)
CASE_FORMS = FORMS
# Pages that ask for a sign-in of the last minutes, and what one must hold to be asked: those that change what people
# may do, and the one that signs an extract off.
NEEDS_RECENT_SIGN_IN = {
    **{
        f"people.{page}_view": Permission.PEOPLE_KEEP for page in ("create", "grant", "end", "deactivate", "reactivate")
    },
    # Who takes over from whom says who sees whose cases.
    "reorganisations.details_view": Permission.REFERENCE_WRITE,
    "reorganisations.undo_view": Permission.REFERENCE_WRITE,
    "extracts.sign_off_view": Permission.EXTRACT_SIGN_OFF,
}
# Pages that take files, with the bytes that one request may have there. Everywhere else it is MAX_CONTENT_LENGTH.
LARGEST_UPLOAD = {
    "imports.lists_view": 2 * LARGEST + 1024 * 1024,
    "imports.changes_view": LARGEST + 1024 * 1024,
    "case_imports.index": LARGEST_FILE + 1024 * 1024,
}
# Forms that check their own token, so that a stale one keeps what was typed.
OWN_TOKEN_CHECK = frozenset(
    {*FORMS, *(f"{endpoint}.edit_view" for endpoint in ("review_types", "theme_list", "designated_professionals"))}
)


def init_app(app: Flask) -> None:
    """Adds every screen to the service."""
    admin = Admin(app, name="Safeguarding Case Review Tracker", index_view=HomeView(), theme=NHS_THEME)
    for view in (*VIEWS, CaseImportsView, ReorganisationView, AccountView):
        admin.add_view(view())

    @app.context_processor
    def frame() -> dict[str, Any]:
        """What stands around every page: who is signed in, and where they can go."""
        if not is_signed_in() or not current_user.is_authenticated:
            return {"person": None, "navigation": [], "footer_links": []}
        access = current_access()
        shown = [
            view
            for view in admin._views
            if view.is_visible() and not isinstance(view, AccountView) and view.is_accessible()
        ]
        links = [(view, _link_to(view)) for view in shown if access.permissions]
        return {
            "person": {
                "name": access.name,
                "organisation": ", ".join(place.name for place in access.granted_on[:2]),
                "role": ", ".join(sorted(role.label for role in access.roles)),
            },
            "navigation": [link for view, link in links if not in_footer(view)],
            "footer_links": [link for view, link in links if in_footer(view)],
        }


def in_footer(view: Any) -> bool:
    """Reference lists stand in the menu of those who keep them, and in the footer of everybody else."""
    keeps = may(Permission.REFERENCE_WRITE)
    return isinstance(view, OrganisationView | CodeListView | DataDictionaryView | RedactionView) and not keeps


def _link_to(view: Any) -> dict[str, Any]:
    return {
        "text": view.name,
        "href": url_for(f"{view.endpoint}.{view._default_view}"),
        "current": request.blueprint == view.endpoint,
    }
