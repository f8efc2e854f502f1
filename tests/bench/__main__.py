"""Every page of the service beside the same work in stock Flask-Admin and the bare SQL, by turns, in one run.

`make bench`, with CASES=1000000 unless told otherwise; DATABASES, SCOPES and PAGES ("list", "sort: ccg", …) choose
less, and BENCH_DATA keeps the databases. The service signs in to PostgreSQL as in use, with row-level security on.
Nothing here runs in `make test`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from tests.databases import compiled_templates

from .filling import CASES, KINDS, filled
from .measuring import measure
from .pages import ACCOUNTS, all_pages
from .printing import HEAD, verdicts


def main() -> None:
    compiled_templates()
    pages = [page for page in all_pages() if any(page.words.startswith(one) for one in chosen("PAGES", [""]))]
    for kind in chosen("DATABASES", KINDS):
        with filled(kind, CASES) as database:
            print(f"\n{kind}, {CASES:,} cases, milliseconds\n{HEAD}", flush=True)
            for words in verdicts(measure(database, pages, chosen("SCOPES", ACCOUNTS))):
                print(words)


def chosen(name: str, everything: Iterable[str]) -> list[str]:
    """What the environment chooses, or all."""
    return os.environ[name].split(",") if os.environ.get(name) else list(everything)


if __name__ == "__main__":
    main()
