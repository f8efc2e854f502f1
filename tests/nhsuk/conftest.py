"""A small application with the look, one small model behind Flask-Admin, and every page that has a template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.databases import compiled_templates
from tests.nhsuk.sample import make_app


@pytest.fixture(scope="session")
def app() -> Flask:
    app = make_app()
    app.jinja_env.bytecode_cache = compiled_templates()
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def posted(app: Flask) -> Iterator[Any]:
    """Makes a form as if it had been posted: `posted(Form, {"name": "typed"})`."""
    contexts = []

    def post(form_class: type, typed: dict[str, Any] | None = None, /, **more: Any) -> Any:
        context = app.test_request_context("/", method="POST", data=typed or {})
        context.push()
        contexts.append(context)
        return form_class(meta={"csrf": False}, **more)

    yield post
    for context in reversed(contexts):
        context.pop()
