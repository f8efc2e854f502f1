"""Finds what there is to attack: walks through the pages of the service, following every link, and notes the
parameters of addresses and the fields of forms that the pages' own HTML names. A new page is found like every other.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit
from xml.etree.ElementTree import Element

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.visitor import Visitor

from .markup import read_page, wrong_with

# How often a page is looked at with other values in its address: those with forms may have others each time.
MOST_LOOKS, MOST_LOOKS_AT_FORMS = 1, 4
NOT_FOLLOWED = ("nhsuk.static", "admin.static")


@dataclass(frozen=True)
class Form:
    """A form that posts: where to, what stands in it, and which of its fields are files."""

    endpoint: str
    address: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.fields))


@dataclass
class Page:
    """An address as a link gives it, and every parameter that links and forms anywhere give to its page."""

    endpoint: str
    address: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class Map:
    """What one account finds. `wrong` says what was wrong with the pages that it saw on its way."""

    account: str
    pages: dict[str, Page] = field(default_factory=dict)
    forms: dict[tuple[str, tuple[str, ...]], Form] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    # How many pages showed the marker that stands in every row: a walk that saw none looked for nothing.
    shown: set[str] = field(default_factory=set)


def walk(app: Flask, account: str, marker: str, begin: Sequence[str] = ()) -> Map:
    """Follows every link that an account is shown, from the home page and some others on. `account` "" is nobody."""
    visitor = Visitor(app).sign_in(account) if account else Visitor(app)
    router = app.url_map.bind("localhost")
    posting = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    found = Map(account)
    looks: Counter[str] = Counter()
    seen: set[str] = set()
    ahead = deque(["/", "/sign-in/", *begin])

    def endpoint_of(address: str, method: str) -> str:
        try:
            return str(router.match(urlsplit(address).path or "/", method=method)[0])
        except HTTPException:
            return ""

    while ahead:
        address = ahead.popleft()
        endpoint = endpoint_of(address, "GET")
        asked = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        if not endpoint or endpoint in NOT_FOLLOWED:
            continue
        page = found.pages.setdefault(endpoint, Page(endpoint, address))
        page.parameters |= asked
        most = MOST_LOOKS_AT_FORMS if endpoint in posting else MOST_LOOKS
        if address in seen or (looks[endpoint] >= most and address not in begin):
            continue
        seen.add(address)
        looks[endpoint] += 1
        answer = visitor.get(address)
        found.wrong += [f"{account} GET {address}: {one}" for one in wrong_with(answer)]
        if answer.location:
            ahead.append(urljoin(address, answer.location))
        if answer.mimetype != "text/html":
            continue
        if marker in answer.text.lower():
            found.shown.add(endpoint)
        tree = read_page(answer.text)
        for link in tree.iter("a"):
            if (href := link.get("href", "")) and not href.startswith("#"):
                ahead.append(urljoin(address, href))
        for form in tree.iter("form"):
            _note(found, form, address, endpoint_of)
    return found


def _note(found: Map, form: Element, address: str, endpoint_of: Callable[[str, str], str]) -> None:
    """Notes a form: one that posts as it would be sent, one that asks as parameters of its page."""
    target = urljoin(address, form.get("action", "") or address)
    posts = form.get("method", "get").lower() == "post"
    endpoint = endpoint_of(target, "POST" if posts else "GET")
    if not endpoint:
        found.wrong.append(f"{address} has a form that leads nowhere: {target}")
        return
    fields = tuple(_fields_of(form))
    if not posts:
        page = found.pages.setdefault(endpoint, Page(endpoint, target))
        page.parameters |= dict(fields)
        return
    files = tuple(one.get("name", "") for one in form.iter("input") if one.get("type") == "file")
    kept = Form(endpoint, target, fields, files)
    found.forms.setdefault((endpoint, (*kept.names, *files)), kept)


def _fields_of(form: Element) -> list[tuple[str, str]]:
    """The fields with what stands in them; each name at least once, whether a browser would send it or not."""
    sent: list[tuple[str, str]] = []
    for one in form.iter():
        name, kind = one.get("name", ""), one.get("type", "")
        if not name or kind == "file":
            continue
        if one.tag == "input" and (kind not in ("radio", "checkbox") or "checked" in one.attrib):
            sent.append((name, one.get("value", "")))
        elif one.tag == "textarea":
            sent.append((name, "".join(one.itertext()).removeprefix("\n")))
        elif one.tag == "select":
            options = list(one.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options[-1:]
            sent += [(name, option.get("value", "")) for option in chosen]
        elif one.tag == "button" and one.get("value"):
            sent.append((name, one.get("value", "")))
    known = {name for name, _ in sent}
    for one in form.iter("input"):
        name = one.get("name", "")
        if name and one.get("type") in ("radio", "checkbox") and name not in known:
            known.add(name)
            sent.append((name, one.get("value", "on")))
    return sent


def the_rest(app: Flask, maps: Iterable[Map]) -> Map:
    """Every route to which no link and no form led, with every parameter and field that is known from others."""
    maps = list(maps)
    linked = {endpoint for found in maps for endpoint in found.pages}
    posted = {endpoint for found in maps for endpoint, _ in found.forms}
    parameters = {
        name: value for found in maps for page in found.pages.values() for name, value in page.parameters.items()
    }
    fields = {name: value for found in maps for form in found.forms.values() for name, value in form.fields}
    rest = Map("")
    for rule in app.url_map.iter_rules():
        address = re.sub("<[^>]*>", "x", rule.rule)
        if "GET" in (rule.methods or ()) and rule.endpoint not in linked:
            rest.pages[rule.endpoint] = Page(rule.endpoint, address, dict(parameters))
        if "POST" in (rule.methods or ()) and rule.endpoint not in posted:
            rest.forms[rule.endpoint, ()] = Form(rule.endpoint, address, tuple(fields.items()))
    return rest


def walk_to_forms(visitor: Visitor, address: str) -> list[Form]:
    """The forms of one page that post, but for the one that signs out; their endpoint is where they lead to."""
    found = Map("")
    for form in read_page(visitor.get(address).text).iter("form"):
        _note(found, form, address, lambda target, method: target)
    return [form for form in found.forms.values() if "/sign-out" not in form.address]
