"""People who use a server that breaks: they send a form again until they know that it was saved."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import requests

from tests.visitor import Form

NOT_AVAILABLE = "The tracker is not available"
ALREADY_SAVED = "You have already saved this form"
RECORDED = "Recorded under load"
PATIENCE = 240  # seconds, on a machine that has other things to do
CASE = {
    "partnership_name": "County Durham Safeguarding Adults Partnership",
    "partnership_kind": "safeguarding_adults_board",
    "incident_date-day": "1",
    "incident_date-month": "8",
    "incident_date-year": "2021",
}


class Person:
    """Somebody with a browser of their own, over the network."""

    def __init__(self, address: str) -> None:
        self.address, self.browser = address, requests.Session()
        self.browser.trust_env = False  # no proxy between here and here

    def sign_in(self, account: str = "ccg-84H") -> Person:
        fields = self.form_on("/sign-in/", "/sign-in/demo").fields | {"account": account}
        answer = self.post("/sign-in/demo", fields)
        assert answer.status_code == 302, f"{account} could not sign in: {answer.status_code}"
        return self

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.browser.get(self.address + path, allow_redirects=False, timeout=PATIENCE, **more)

    def post(self, path: str, fields: dict[str, str], **more: Any) -> requests.Response:
        return self.browser.post(self.address + path, data=fields, allow_redirects=False, timeout=PATIENCE, **more)

    def form_on(self, path: str, action: str | None = None) -> Form:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        return Form(answer.text, action)

    def a_case(self, overview: str, local_identifier: str) -> dict[str, str]:
        """A form for a new case, filled in and ready to be sent."""
        form = self.form_on("/cases/new/")
        chosen = {name: next(one for one in form.options[name] if one) for name in ("review_type", "theme_1")}
        return form.fields | CASE | chosen | {"overview": overview, "local_identifier": local_identifier}


def last_quarter(form: Form) -> str:
    """The newest quarter that has ended, of those that a form offers: the newest of all has not."""
    return [one for one in form.options["quarter"] if one][1]


def plainly_unavailable(answer: requests.Response) -> bool:
    """Whether an answer is the page that says so: 503, when to try again, no trace of what failed."""
    return (
        answer.status_code == 503
        and answer.headers.get("Retry-After", "").isdigit()
        and NOT_AVAILABLE in answer.text
        and "Traceback" not in answer.text
        and answer.headers["Content-Type"].startswith("text/html")
    )


@dataclass
class Load:
    """What several people saw who recorded cases, one after another, while something broke.

    `saved` are the overviews whose saving was acknowledged, `saved_unheard` how many of them only when the form was
    sent again; `lost_answers` how often no answer came, `refused` how often the plain page of 503 did, and `wrong`
    whatever else came that should not.
    """

    people: list[Person]
    saved: list[str] = field(default_factory=list)
    saved_unheard: int = 0
    lost_answers: int = 0
    refused: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    slowest_refusal: float = 0.0
    last_saved_at: list[float] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _given_up: threading.Event = field(default_factory=threading.Event)

    def record_cases(self, person: Person, name: str) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            self._record_one(person, f"{RECORDED} by {name}, number {number}.", f"{name}-{number}")

    def _record_one(self, person: Person, overview: str, local_identifier: str) -> None:
        """Opens the form and sends it until it is known to be saved; also when nobody wants more."""
        fields: dict[str, str] | None = None
        for _ in range(600):
            if (fields is None and self._over.is_set()) or self._given_up.is_set():
                return
            begun = time.monotonic()
            try:
                if fields is None:
                    answer = person.get("/cases/new/")
                    if answer.status_code == 200:
                        form = Form(answer.text)
                        chosen = {name: next(x for x in form.options[name] if x) for name in ("review_type", "theme_1")}
                        more = {"overview": overview, "local_identifier": local_identifier}
                        fields = form.fields | CASE | chosen | more
                        continue
                else:
                    answer = person.post("/cases/new/", fields)
                    if answer.status_code == 302 and "/cases/" in answer.headers["Location"]:
                        return self._note_saved(overview, unheard=False)
                    if answer.status_code == 200 and ALREADY_SAVED in answer.text:
                        return self._note_saved(overview, unheard=True)
            except (requests.ConnectionError, requests.Timeout):
                with self._lock:
                    self.lost_answers += 1
                time.sleep(0.1)
                continue
            with self._lock:
                if plainly_unavailable(answer):
                    self.refused += 1
                    self.slowest_refusal = max(self.slowest_refusal, time.monotonic() - begun)
                else:
                    self.wrong[f"{answer.request.method} answered {answer.status_code}"] += 1
            time.sleep(0.2)
        with self._lock:
            self.wrong["given up"] += 1

    def _note_saved(self, overview: str, *, unheard: bool) -> None:
        with self._lock:
            self.saved.append(overview)
            self.saved_unheard += unheard
            self.last_saved_at.append(time.monotonic())

    def wait_for(self, more: int, *, within: float = 60) -> None:
        """Waits until so many more cases are saved."""
        wanted, until = len(self.saved) + more, time.monotonic() + within
        while len(self.saved) < wanted:
            assert time.monotonic() < until, f"Only {len(self.saved)} of {wanted} were saved in time. {self.wrong}"
            time.sleep(0.02)

    def first_saved_after(self, moment: float) -> float:
        """Seconds from a moment until the next case was saved."""
        return min(at for at in self.last_saved_at if at > moment) - moment


@contextmanager
def under_load(addresses: list[str], *, people: int = 4) -> Iterator[Load]:
    """Several people record cases while the block runs; after it each finishes the case that they are at."""
    signed_in = [Person(addresses[number % len(addresses)]).sign_in() for number in range(people)]
    load = Load(signed_in)
    threads = [
        threading.Thread(target=load.record_cases, args=(person, f"L{number}-{time.time_ns()}"), daemon=True)
        for number, person in enumerate(signed_in)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    except BaseException:
        load._given_up.set()
        raise
    finally:
        load._over.set()
        for thread in threads:
            thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits for an answer"


def lines_of_cases(count: int, name: str) -> list[dict[str, str]]:
    """Lines of a file of new cases, each of its own."""
    first = date(2021, 3, 1)
    return [
        {
            "local_identifier": f"{name}-{number}",
            "overview": f"{name}, line {number}.",
            "incident_date": f"{first + timedelta(days=number % 90):%d/%m/%Y}",
        }
        for number in range(count)
    ]
