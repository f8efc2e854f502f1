"""What may never be in an answer, whatever was asked: an error of the service, a script, a header or an address of
somebody else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.test import TestResponse

from .corpus import MARKER, WORKED_OUT

# What a browser follows or loads.
ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "srcset", "background", "ping"}
# What hostile people are told: the page, where to go on, or what was wrong with what they sent.
PLAIN = {200, 204, 206, 302, 303, 304, 308, 400, 403, 404, 405, 409, 413, 414, 415, 416, 429, 431}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def wrong_with(answer: TestResponse) -> list[str]:
    """A sentence for each thing that is wrong with an answer."""
    return [*_wrong_with_headers(answer), *_wrong_with_body(answer)]


def _wrong_with_headers(answer: TestResponse) -> Iterator[str]:
    if answer.status_code not in PLAIN:
        yield f"it answers {answer.status_code}"
    for name, value in answer.headers:
        if MARKER in name.lower() or name.lower() == "x-hostile" or re.search(r"[\x00-\x1f\x7f]", value):
            yield f"it sends a header that was typed: {name}"
        if name == "Set-Cookie" and value.startswith(MARKER):
            yield "it sets a cookie that was typed"
    if answer.mimetype in ("text/html", "image/svg+xml", "application/xhtml+xml"):
        policy = answer.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy or MARKER in policy:
            yield "its Content-Security-Policy is missing or weak"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "browsers may guess what it is"
    if answer.location and not _is_local(answer.location):
        yield f"it leads to {answer.location[:100]}"


def _is_local(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def _wrong_with_body(answer: TestResponse) -> Iterator[str]:
    body = answer.get_data()
    if answer.mimetype == "text/csv":
        yield from _wrong_with_cells(body.decode("utf-8-sig"))
    elif MARKER.encode() in body.lower() or WORKED_OUT.encode() in body:
        if WORKED_OUT.encode() in body:
            yield "a template was worked out"
        if answer.mimetype == "text/html":
            yield from wrong_with_page(body.decode())


def _wrong_with_cells(text: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            if cell.startswith(FORMULA[:-2]) and MARKER in cell:
                yield f"a spreadsheet would work out the cell {cell[:40]!r}"


@lru_cache(maxsize=4)
def read_page(html: str) -> Element:
    """A page as browsers read it."""
    page: Element = html5lib.parse(html, namespaceHTMLElements=False)
    return page


def wrong_with_page(html: str) -> Iterator[str]:
    """What became of the marker that is more than text."""
    for element in read_page(html).iter():
        tag = str(element.tag).lower()
        if MARKER in tag and "function" not in tag:
            yield f"an element is called {tag}"
        if tag in ("script", "style") and MARKER in "".join(element.itertext()).lower():
            yield f"what was typed stands in a {tag}"
        for name, value in element.attrib.items():
            attribute = str(name).lower().rpartition("}")[2]  # svg has its own href
            if MARKER in attribute:
                yield f"an attribute is called {attribute}"
            if attribute.startswith("on") or attribute == "style":
                yield f"there is an attribute {attribute}"
            if attribute in ADDRESSES and MARKER in value.lower() and not _may_lead_to(value, tag):
                yield f"{tag} leads to {value[:80]}"


def _may_lead_to(address: str, tag: str) -> bool:
    """An address of the service, or the link to a report, which people type: http and https alone."""
    stripped = re.sub(r"[\x00-\x20]", "", address)
    if re.match(r"[/?#](?![/\\])", stripped):
        return True
    return tag == "a" and re.match(r"https?://", stripped, re.IGNORECASE) is not None
