"""A person at a browser without JavaScript: follows links, fills in forms, reads pages."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse


class Form(HTMLParser):
    """The fields of a page's form that posts to an address (or of its main form), as a browser would send them."""

    def __init__(self, html: str, action: str | None = None) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()
        self._wanted = action
        self._inside = False
        self._select: str | None = None
        self._textarea: str | None = None
        self.options: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = given.get("action", "")
            posts = given.get("method", "").lower() == "post"
            self._inside = posts and (action == self._wanted if self._wanted else "/sign-out" not in action)
        if not self._inside:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self.names.add(name)
            if given.get("type") in ("radio", "checkbox"):
                self.options.setdefault(name, []).append(given.get("value", "on"))
                if "checked" in given:
                    self.fields[name] = given.get("value", "on")
            elif given.get("type") != "submit":
                self.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            self.names.add(name)
        elif tag == "option" and self._select:
            self.options.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in given or self._select not in self.fields:
                self.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            self.names.add(name)
            self.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            if self._textarea and self.fields[self._textarea].startswith("\n"):
                self.fields[self._textarea] = self.fields[self._textarea][1:]
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._inside and self._textarea:
            self.fields[self._textarea] += data


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def sign_in(self, account: str) -> Visitor:
        """Signs in to a demo account as a person does: opens the page, presses the button."""
        answer = self.post_form("/sign-in/", {"account": account}, action="/sign-in/demo")
        assert answer.status_code == 302, f"{account} could not sign in: {answer.status_code}"
        return self

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.client.get(address, buffered=True, **more)

    def form_on(self, address: str, action: str | None = None) -> Form:
        """The form of a page."""
        answer = self.get(address)
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"
        return Form(answer.text, action)

    def post_form(
        self, address: str, changes: dict[str, str] | None = None, action: str | None = None, **more: Any
    ) -> TestResponse:
        """Opens a page, changes fields of its form, and sends it."""
        fields = self.form_on(address, action).fields | (changes or {})
        return self.post(action or address, fields, **more)

    def post(self, address: str, fields: dict[str, str], **more: Any) -> TestResponse:
        return self.client.post(address, data=fields, **more)
