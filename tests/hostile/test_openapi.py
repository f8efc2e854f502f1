"""The description of the addresses that stay fixed, which schemathesis is given, is that of the service."""

from __future__ import annotations

import pytest
from flask import Flask

from .openapi import ADDRESSES, describe, methods_of


def test_every_address_that_stays_fixed_is_there_with_what_it_takes(app: Flask) -> None:
    paths = describe(app, csrf_token="a token")["paths"]
    assert tuple(paths) == ADDRESSES
    names = {one["name"] for one in paths["/cases/"]["get"]["parameters"]}
    assert {"page", "sort", "search", "flt_status_is", "flt_date_added_from"} <= names
    form = paths["/cases/new/"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert {"overview", "date_added", "theme_1"} <= form["properties"].keys()
    assert form["properties"]["csrf_token"] == {"enum": ["a token"]}
    assert list(paths["/sign-out"]) == ["post"] and list(paths["/health/live"]) == ["get"]


def test_an_address_that_is_gone_is_named(app: Flask) -> None:
    with pytest.raises(LookupError, match="/gone/ is one of the addresses that stay fixed"):
        methods_of(app, "/gone/")
