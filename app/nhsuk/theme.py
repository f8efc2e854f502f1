"""The theme: where templates and files come from, and what every template can use."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import KeysView, MutableMapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, url_for
from flask.templating import Environment
from flask_admin.theme import Theme
from flask_wtf.csrf import generate_csrf
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader
from jinja2.runtime import Macro
from markupsafe import Markup

from app.access.clock import now

from . import charts, headers
from .paging import pages_around
from .wording import nhs_date, nhs_moment

NHS_THEME = Theme(folder="nhsuk", base_template="admin/base.html")

HERE = Path(__file__).parent
DIST = HERE / "static" / "dist"


class Globals(ChainMap[str, Any]):
    """The names that every template knows.

    Jinja asks for all of them at each import in a template, some hundred times for a form. A ChainMap looks names up
    one by one, in Python; that took a sixth of the time of a form.
    """

    def keys(self) -> KeysView[str]:
        names: dict[str, Any] = {}
        for one in reversed(self.maps):
            names.update(one)
        return names.keys()


class Templates(Environment):
    """The templates of the service."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> Globals:
        return Globals({} if d is None else d, self.globals)


def init_app(app: Flask) -> None:
    """Gives an application the look: templates, filters, files and headers."""
    app.jinja_environment = Templates
    environment = app.jinja_env
    environment.loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), PackageLoader("nhsuk_frontend_jinja")])
    environment.undefined = ChainableUndefined
    environment.autoescape = True
    # The design system's templates are written for these.
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(drawn=charts.draw, nhs_date=nhs_date, nhs_moment=nhs_moment)
    environment.globals.update(
        asset=asset,
        csp_nonce=headers.nonce,
        csrf_token=generate_csrf,
        pages_around=pages_around,
        printed_at=now,
        same=same,
    )
    app.register_blueprint(Blueprint("nhsuk", __name__, static_folder=str(DIST), static_url_path="/static/nhsuk"))
    headers.init_app(app)


def asset(name: str) -> str:
    """The address of a file of ours or of the design system, such as "tracker.css" or "assets/images/favicon.svg"."""
    return url_for("nhsuk.static", filename=_hashed_names().get(name, name))


def same(component: Macro, params: dict[str, Any]) -> Markup:
    """A component of the design system that is the same on many pages, made once for each set of words.

    What is made is kept, so nobody's words may be among them: those of the service alone.
    """
    return _made(_Component(component, json.dumps([component.name, params], sort_keys=True)))


class _Component:
    """A component with its words; those with the same words are the same."""

    def __init__(self, component: Macro, words: str) -> None:
        self.component, self.words = component, words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Component) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)


@lru_cache(256)
def _made(one: _Component) -> Markup:
    return Markup(one.component(json.loads(one.words)[1]))  # noqa: S704 (a template has escaped it)


@cache
def _hashed_names() -> dict[str, str]:
    names = DIST / "names.json"
    return json.loads(names.read_text(encoding="utf-8")) if names.is_file() else {}
