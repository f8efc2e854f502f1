"""`make hostile`: sqlmap and schemathesis against the real server with the demo's cases, on SQLite and on PostgreSQL
(or on the one that is named: `python -m tests.hostile PostgreSQL`).

Everything happens on 127.0.0.1, on databases made for it. Prints what was tried, and ends with 1 where something was
found, where the server answered 500 or more, or where sqlmap overlooks a page that does leak.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask

from models import CaseReview, db
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app, unguarded
from tests.visitor import Form

from .markup import read_page
from .openapi import describe
from .serving import ROOT, Server, serve

DATABASES: dict[str, Any] = {"SQLite": SQLiteDatabases, "PostgreSQL": PostgreSQLDatabases}
LEVEL, RISK = 2, 1
EXAMPLES = os.environ.get("EXAMPLES", "30")
ACCOUNT = "analyst"
# How many runs of sqlmap attack one server at the same time.
AT_ONCE = 4
CLEAN = "all tested parameters do not appear to be injectable"
# What schemathesis looks for. Not that odd values are refused: a list leaves them out, and says so.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance"


def main() -> int:
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        if sqlmap_finds_a_leak(Path(folder)):
            print("sqlmap finds the page that leaks", flush=True)
        else:
            wrong.append("sqlmap did not find the page that leaks")
        for name in sys.argv[1:] or DATABASES:
            here = Path(folder) / name
            here.mkdir()
            with DATABASES[name](here).fresh() as database:
                wrong += [f"{name}: {one}" for one in attack(name, database, here)]
    print("\n".join(wrong) or "Nothing was found.")
    return 1 if wrong else 0


def attack(name: str, database: Database, folder: Path) -> Iterator[str]:
    """Runs both programs against a server on a database; gives a sentence for everything that is wrong."""
    environment = os.environ | database.settings | {"FLASK_APP": "wsgi"}
    subprocess.run([sys.executable, "-m", "flask", "seed", "demo"], cwd=ROOT, env=environment, check=True)
    app = new_app(database)
    with ExitStack() as open_ones:
        server = open_ones.enter_context(serve(database.settings, folder))
        cookie, token = sign_in(server)
        as_somebody = f"--cookie={cookie}", f"--dbms={name}"
        form = urlencode({"csrf_token": token, "account": ACCOUNT, "next": "/cases/"})
        runs: list[tuple[str, ...]] = [(f"{server.url}/sign-in/demo", f"--data={form}", *as_somebody)]
        runs += [(f"{server.url}{address}", *as_somebody) for address in (*searched(app), *filtered(server, cookie))]
        with ThreadPoolExecutor(AT_ONCE) as together:
            for wrong in together.map(lambda run: sqlmap(folder, *run), runs):
                yield from wrong
        yield from schemathesis(app, server, folder, cookie, token)
        yield from statuses(server)
    with app.app_context():
        db.engine.dispose()


def sign_in(server: Server) -> tuple[str, str]:
    """The cookie and the form token of somebody who is signed in."""
    browser = requests.Session()
    fields = Form(browser.get(f"{server.url}/sign-in/", timeout=30).text, "/sign-in/demo").fields
    browser.post(f"{server.url}/sign-in/demo", fields | {"account": ACCOUNT}, timeout=30)
    page = browser.get(f"{server.url}/sign-in/", timeout=30).text
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
    return cookie, Form(page, "/sign-in/demo").fields["csrf_token"]


def searched(app: Flask) -> list[str]:
    """The list and the search in learning, with a value in each parameter that finds something, and not much."""
    with unguarded(app) as session:
        case = session.query(CaseReview).filter(CaseReview.lessons != "").first()
        assert case is not None
        words = {"search": " ".join(case.lessons.split()[:3]), "theme": "", "status": "", "page": "1"}
        return [
            f"/cases/?search={case.reference}&page=0&page_size=20&sort=1&desc=1&columns=status,ccg",
            f"/themes/learning/?{urlencode(words)}",
        ]


def filtered(server: Server, cookie: str) -> Iterator[str]:
    """The list by each filter that its page offers, with a value that it offers, or that finds something."""
    page = read_page(requests.get(f"{server.url}/cases/", headers={"Cookie": cookie}, timeout=60).text)
    for one in page.iter():
        name = one.get("name", "")
        if one.tag in ("select", "input") and name.startswith("flt_"):
            offered = [option.get("value", "") for option in one.iter("option")] + [one.get("value", "")]
            day = "2000-01-01" if name.endswith("_from") else "2040-01-01"
            yield f"/cases/?{urlencode({name: next(filter(None, offered), day)})}"


def program(name: str) -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        sys.exit(
            f"{name} is not here. Install it with: .venv/bin/python -m pip install -r tests/hostile/requirements.txt"
        )
    return found


def run_sqlmap(folder: Path, address: str, *more: str) -> str:
    """What sqlmap says about an address."""
    command = [program("sqlmap"), "-u", address, f"--level={LEVEL}", f"--risk={RISK}", "--batch", "--drop-set-cookie"]
    command += [
        "--flush-session",
        "--disable-coloring",
        "--skip=csrf_token",
        f"--output-dir={tempfile.mkdtemp(dir=folder)}",
    ]
    return subprocess.run([*command, *more], capture_output=True, text=True, cwd=folder, check=False).stdout


def sqlmap(folder: Path, address: str, *more: str) -> list[str]:
    """Attacks an address; a sentence where something was found."""
    said = run_sqlmap(folder, address, *more)
    clean = CLEAN in said
    tested = sorted(set(re.findall(r"testing for SQL injection on \w+ parameter '(\w+)'", said)))
    print(f"sqlmap {address[:120]}: {', '.join(tested)}: {'clean' if clean else 'FOUND'}", flush=True)
    return [] if clean and tested else [f"sqlmap on {address}:\n{said[-3000:]}"]


def sqlmap_finds_a_leak(folder: Path) -> bool:
    with serve({}, folder, application="tests.hostile.leaking:app", ready="/?id=1") as server:
        # Nothing that takes time: here that would be blobs of half a gigabyte.
        return "is vulnerable" in run_sqlmap(folder, f"{server.url}/?id=1", "--technique=BU", "--dbms=SQLite")


def schemathesis(app: Flask, server: Server, folder: Path, cookie: str, token: str) -> Iterator[str]:
    with unguarded(app) as session:
        ids = tuple(str(one) for (one,) in session.query(CaseReview.id).limit(3))
    written = folder / "openapi.json"
    written.write_text(json.dumps(describe(app, csrf_token=token, case_ids=ids)), encoding="utf-8")
    command = [program("schemathesis"), "run", str(written), f"--url={server.url}", f"--header=Cookie: {cookie}"]
    command += [f"--checks={CHECKS}", f"--max-examples={EXAMPLES}", "--seed=1", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    print(
        "schemathesis:",
        *re.findall(r"^ *(?:Test cases|Operations|API Operations|Seed|\S+ phases).*$", done.stdout, re.M),
    )
    print(done.stdout[-1500:], flush=True)
    if done.returncode:
        yield f"schemathesis:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"


def statuses(server: Server) -> Iterator[str]:
    """How the server answered all of it."""
    asked = server.answers()
    print(f"{len(asked)} requests, by status: {dict(sorted(Counter(one.status for one in asked).items()))}")
    print(f"the slowest took {max(one.seconds for one in asked):.2f} seconds")
    for one in asked:
        if one.status >= 500:
            yield f"{one.method} {one.path} answered {one.status}"


if __name__ == "__main__":
    sys.exit(main())
