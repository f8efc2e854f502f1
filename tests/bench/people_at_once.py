"""Fifty people at once: real gunicorn with two workers on loopback, and as many signed-in clients, each with a case.

They think between 2 and 8 seconds before each click, evenly spread, so that fifty make about ten clicks a second: a
list (first page, another page, a filter, a search), a case, or a save of their own case. Two of three are leads of a
CCG, the others read a region or England; those do not save. With CASES=100000 and FOR=60 seconds unless told otherwise.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import requests

from seeds.generated_cases import COMMON_WORD, RARE_WORD
from tests.browser.conftest import _wait_for
from tests.databases import Database
from tests.journeys.conftest import free_port
from tests.visitor import Form

from .filling import KINDS, filled
from .printing import at_95

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, WORKERS, THREADS = 50, 2, 4
THINK = (2.0, 8.0)
LEADS = ("ccg-84H", "ccg-16C", "ccg-93C", "two-ccgs")
READERS = ("region-Y63", "england")
# How often each is done, of a hundred clicks.
CLICKS = {"list": 55, "details": 25, "save": 20}
LISTS = (
    *("/cases/", "/cases/?page=3", "/cases/?flt_status_is=open", "/cases/?sort=2&desc=1"),
    *(f"/cases/?search={word}" for word in (RARE_WORD, COMMON_WORD)),
)
ID = re.compile(r"/cases/details/\?id=([0-9a-f-]{36})")


class Client(threading.Thread):
    """One person: signs in, and clicks until the time is over."""

    def __init__(self, number: int, service: str, seconds: float, all_in: threading.Barrier) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self._random = random.Random(number)
        self._service, self._seconds, self._number, self._all_in = service, seconds, number, all_in
        self._session = requests.Session()
        self.may_save = number % 3 != 0
        accounts = LEADS if self.may_save else READERS
        self._account = accounts[number % len(accounts)]
        self._own = ""
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failed: list[str] = []

    def run(self) -> None:
        self._sign_in()
        self._all_in.wait()
        until = time.monotonic() + self._seconds
        while time.monotonic() < until:
            time.sleep(self._random.uniform(*THINK))
            what = self._random.choices(list(CLICKS), list(CLICKS.values()))[0]
            if what == "save" and self.may_save:
                self._save()
            else:
                address = self._random.choice(LISTS) if what != "details" else f"/cases/details/?id={self._own}"
                self._get("details" if what == "details" else "list", address)

    def _sign_in(self) -> None:
        page = self._session.get(f"{self._service}/sign-in/").text
        fields = Form(page, "/sign-in/demo").fields | {"account": self._account}
        self._session.post(f"{self._service}/sign-in/demo", fields)
        # Each has a case of their own: the n-th of the list.
        cases = ID.findall(self._session.get(f"{self._service}/cases/?flt_status_is=open&page_size=50").text)
        self._own = cases[self._number % len(cases)]

    def _get(self, what: str, address: str) -> str:
        begun = time.perf_counter()
        answer = self._session.get(self._service + address)
        self._note(what, begun, address, answer, 200)
        return answer.text

    def _save(self) -> None:
        address = f"/cases/edit/?id={self._own}"
        fields = Form(self._get("form", address)).fields
        fields["latest_update"] = f"The panel has met. Number {self._number} at {time.time()}."
        time.sleep(self._random.uniform(*THINK))
        begun = time.perf_counter()
        answer = self._session.post(self._service + address, fields, allow_redirects=False)
        self._note("save", begun, address, answer, 302)

    def _note(self, what: str, begun: float, address: str, answer: requests.Response, expected: int) -> None:
        self.times[what].append((time.perf_counter() - begun) * 1000)
        if answer.status_code != expected:
            self.failed.append(f"{what} {address}: {answer.status_code}")


def main() -> None:
    seconds = float(os.environ.get("FOR", "60"))
    number = int(os.environ.get("CASES", "100000"))
    for kind in os.environ.get("DATABASES", ",".join(KINDS)).split(","):
        with filled(kind, number) as database:
            who = f"{PEOPLE} people for {seconds:.0f} s, {WORKERS} workers of {THREADS} threads"
            print(f"\n{kind}, {number:,} cases, {who}")
            measure(database, seconds)


def measure(database: Database, seconds: float) -> None:
    """Prints how long each kind of click took, as the clients see it."""
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "python:app.serving", "--bind", f"127.0.0.1:{port}",
         "--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"],
        cwd=ROOT, env=os.environ | database.settings, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(f"{service}/health/ready", process)
        all_in = threading.Barrier(PEOPLE)
        clients = [Client(one, service, seconds, all_in) for one in range(PEOPLE)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(seconds + 120)
    finally:
        process.terminate()
        process.wait(timeout=20)
    print(f"{'':10} {'clicks':>7} {'median':>8} {'95th':>8} {'longest':>8}  milliseconds")
    for what in ("list", "details", "form", "save"):
        times = sorted(one for client in clients for one in client.times[what])
        if times:
            print(
                f"{what:10} {len(times):7} {times[len(times) // 2]:8.0f} {at_95(times):8.0f} {times[-1]:8.0f}",
                flush=True,
            )
    failed = [one for client in clients for one in client.failed]
    print(f"{len(failed)} failed {failed[:5] or ''}; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
