"""The addresses that stay fixed for those who call the service, as an OpenAPI description; for schemathesis.

Which there are is said here. What they take is asked of the service: methods of its routes, parameters of its lists,
fields of its forms.
"""

from __future__ import annotations

from typing import Any

from flask import Flask

from models import CaseReview
from models.declarations import items_of

ADDRESSES = (
    "/", "/cases/", "/cases/new/", "/cases/details/", "/cases/edit/", "/cases/history/", "/cases/export/csv/",
    "/data-quality/", "/data-dictionary/", "/themes/", "/extracts/", "/ccgs/", "/stps/", "/regions/", "/review-types/",
    "/theme-list/", "/designated-professionals/", "/people/", "/audit/", "/imports/", "/sign-in/", "/sign-in/callback",
    "/sign-in/demo", "/sign-out", "/sign-in/back-channel-logout", "/health/live", "/health/ready",
)  # fmt: skip
OF_ONE_CASE = ("/cases/details/", "/cases/edit/", "/cases/history/")
ANSWERS = ("200", "302", "400", "403", "404", "405", "413", "429")
TEXT = {"type": "string"}
Schema = dict[str, Any]


def describe(app: Flask, *, csrf_token: str = "", case_ids: tuple[str, ...] = ()) -> Schema:
    """The description. With a form token the forms in it get as far as their fields; ids are those of cases that exist.

    Raises LookupError where an address is not there.
    """
    return {
        "openapi": "3.0.3",
        "info": {"title": "Safeguarding Case Review Tracker", "version": "1"},
        "paths": {
            address: {
                method.lower(): _operation(app, address, method, csrf_token, case_ids)
                for method in methods_of(app, address)
            }
            for address in ADDRESSES
        },
    }


def methods_of(app: Flask, address: str) -> list[str]:
    """GET, POST or both. Raises LookupError where the address is not there."""
    router = app.url_map.bind("localhost")
    found = [one for one in ("GET", "POST") if router.test(address, one)]
    if not found:
        raise LookupError(f"{address} is one of the addresses that stay fixed, and is not there.")
    return found


def _operation(app: Flask, address: str, method: str, csrf_token: str, case_ids: tuple[str, ...]) -> Schema:
    names = _parameters_of(app, address) if method == "GET" or address in OF_ONE_CASE else {}
    if address in OF_ONE_CASE:
        names["id"] = {"enum": list(case_ids)} if case_ids else {"type": "string", "format": "uuid"}
    described: Schema = {
        "parameters": [
            {"name": name, "in": "query", "required": name == "id", "schema": schema} for name, schema in names.items()
        ],
        "responses": {code: _answer(code, address) for code in ANSWERS},
    }
    if method == "POST":
        body = {"type": "object", "properties": _fields_of(address, csrf_token), "required": ["csrf_token"]}
        described["requestBody"] = {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": body}},
        }
    return described


def _parameters_of(app: Flask, address: str) -> dict[str, Schema]:
    """What the lists take, and those pages that are asked something."""
    numbers = {name: {"type": "integer"} for name in ("page", "page_size", "sort", "desc")}
    for view in app.extensions["admin"][0]._views:
        if hasattr(view, "list_of") and address in (f"{view.url}/", f"{view.url}/export/csv/"):
            return numbers | {"search": TEXT, "columns": TEXT} | {f"flt_{arg}": TEXT for arg in view._filter_args}
    asked = {
        "/themes/": ("show", "from", "to", "theme", "status", "ccg", "area_as", "quarters_by"),
        "/data-quality/": ("ccg", "quarter"),
        "/sign-in/": ("next", "anew"),
        "/sign-in/callback": ("state", "code", "error", "iss"),
    }
    return dict.fromkeys(asked.get(address, ()), TEXT)


def _fields_of(address: str, csrf_token: str) -> dict[str, Schema]:
    fields: dict[str, Schema] = {"csrf_token": {"enum": [csrf_token]} if csrf_token else TEXT}
    if address.startswith("/cases/"):
        fields |= {item.name: TEXT for item in items_of(CaseReview) if item.in_form}
        return fields | {"version": TEXT, "form_token": TEXT}
    if address == "/sign-out":
        return {"csrf_token": TEXT}  # a token that holds would end the session of the run
    return fields | dict.fromkeys(("account", "next", "logout_token"), TEXT)


def _answer(code: str, address: str) -> Schema:
    kinds = ["text/html"]
    if code == "200":
        kinds = {"/cases/export/csv/": ["text/csv"], "/health/live": [], "/health/ready": []}.get(address, kinds)
    content = {kind: {"schema": TEXT} for kind in kinds} or {"application/json": {"schema": {"type": "object"}}}
    headers = ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control")
    return {
        "description": "An answer in words",
        "content": content,
        "headers": {name: {"required": True, "schema": TEXT} for name in headers},
    }
