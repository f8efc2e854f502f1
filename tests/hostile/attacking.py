"""Sends hostile texts to everything that a walk found: parameters of addresses, fields of forms, files."""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from tests.visitor import Visitor

from .corpus import as_bytes, encoded
from .markup import wrong_with
from .walking import Form, Map, Page

# In seconds of this process's own time. The slowest honest page takes a quarter of it.
MOST_TIME = 2.0
Pairs = list[tuple[str, str]]


class Attacker:
    """Somebody who is signed in and sends what no browser would."""

    def __init__(self, app: Flask, account: str) -> None:
        self.app, self.account = app, account
        self.wrong: list[str] = []
        self.asked: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self._come_in()

    def _come_in(self) -> None:
        self.visitor = Visitor(self.app)
        if self.account:
            self.visitor.sign_in(self.account)
        self.token = self.visitor.form_on("/sign-in/", "/sign-in/demo").fields["csrf_token"]

    def ask(self, endpoint: str, method: str, address: str, **more: Any) -> TestResponse:
        """Makes a request, and notes what is wrong with the answer. Signs in again where the last one ended that."""
        begun = time.process_time()
        try:
            answer = self.visitor.client.open(address, method=method, buffered=True, **more)
        except Exception as error:
            self.wrong.append(f"{self.account} {method} {address[:300]}: {type(error).__name__} leaves the service")
            raise
        took = time.process_time() - begun
        said = f"{self.account} {method} {address[:300]} {str(more.get('data', ''))[:300]}"
        self.asked[endpoint] += 1
        self.slowest = max(self.slowest, (took, said))
        self.wrong += [f"{said}: {one}" for one in wrong_with(answer)]
        if took > MOST_TIME:
            self.wrong.append(f"{said}: it takes {took:.1f} seconds")
        if self.account and (answer.location or "").startswith("/sign-in/"):
            self._come_in()
        return answer

    def get(self, page: Page, pairs: Iterable[tuple[str, str]]) -> TestResponse:
        """Asks a page with parameters."""
        return self.ask(page.endpoint, "GET", f"{urlsplit(page.address).path}?{encoded(pairs)}")

    def post(self, form: Form, pairs: Pairs, files: Sequence[tuple[str, str, bytes]] = ()) -> TestResponse:
        """Sends a form, with the tokens that it needs."""
        tokens = {"csrf_token": self.token, "form_token": uuid4().hex}
        sent = [(name, tokens.get(name, value)) for name, value in pairs]
        if files or form.files:
            body, kind = multipart(sent, files)
        else:
            body, kind = encoded(sent).encode(), "application/x-www-form-urlencoded"
        return self.ask(form.endpoint, "POST", form.address, data=body, content_type=kind)


def multipart(pairs: Iterable[tuple[str, str]], files: Iterable[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A body of fields, and of files as (field, file's name, content), with its type."""
    boundary, body = uuid4().hex.encode(), io.BytesIO()
    for name, value in pairs:
        body.write(b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n' % (boundary, as_bytes(name)))
        body.write(as_bytes(value) + b"\r\n")
    for name, file_name, content in files:
        said = as_bytes(file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A"))
        body.write(b'--%b\r\nContent-Disposition: form-data; name="%b"; ' % (boundary, as_bytes(name)))
        body.write(b'filename="%b"\r\nContent-Type: text/csv\r\n\r\n%b\r\n' % (said, content))
    body.write(b"--%b--\r\n" % boundary)
    return body.getvalue(), f"multipart/form-data; boundary={boundary.decode()}"


def attack_in_turns(found: Map, attacker: Attacker, texts: Sequence[str], *, rounds: int, seed: int) -> None:
    """Each page and form a few times, each time with other fields spoilt and the next texts of the corpus."""
    chance, nexts = random.Random(seed), cycle(texts)

    def spoilt(pairs: Pairs) -> Pairs:
        """About a third of them, at least one, with every one spoilt now and then."""
        lot = chance.choice((0.15, 0.4, 1))
        sure = chance.randrange(len(pairs)) if pairs else 0
        return [
            (name, next(nexts) if chance.random() < lot or number == sure else value)
            for number, (name, value) in enumerate(pairs)
        ]

    for _ in range(rounds):
        for page in found.pages.values():
            attacker.get(page, [*spoilt(list(page.parameters.items())), (next(nexts), next(nexts))])
        for form in _in_order(found):
            attacker.post(form, spoilt(_without_tokens(form)) + _tokens(form), _files(form, nexts))


def attack_one_by_one(found: Map, attacker: Attacker, texts: Sequence[str]) -> None:
    """Every text in every parameter and every field, the others as they were found. Takes minutes."""
    for page in found.pages.values():
        for name in page.parameters or {"id": ""}:
            for text in texts:
                attacker.get(page, (page.parameters | {name: text}).items())
    for form in _in_order(found):
        fields = _without_tokens(form)
        for name in dict.fromkeys(name for name, _ in fields):
            for text in texts:
                pairs = [(one, text if one == name else value) for one, value in fields]
                attacker.post(form, pairs + _tokens(form), _files(form, iter(["x", "y"])))


def _in_order(found: Map) -> Iterator[Form]:
    """Those that end somebody's session, or shut somebody out, come last."""
    last = ("sign_in.", "account.", "people.")
    yield from sorted(found.forms.values(), key=lambda form: form.endpoint.startswith(last))


def _without_tokens(form: Form) -> Pairs:
    return [(name, value) for name, value in form.fields if name not in ("csrf_token", "form_token")]


def _tokens(form: Form) -> Pairs:
    return [(name, value) for name, value in form.fields if name in ("csrf_token", "form_token")]


def _files(form: Form, nexts: Iterator[str]) -> list[tuple[str, str, bytes]]:
    return [(name, next(nexts), as_bytes(next(nexts))) for name in form.files]


def parameters_of(address: str) -> Pairs:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
