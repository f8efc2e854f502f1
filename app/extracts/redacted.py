"""What a redaction leaves of a package: the same cases and totals, without the words, and a line that says so."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import IO

from models import CaseReview, Extract

from . import package
from .columns import columns_of
from .package import IN_MEMORY, MANIFEST, WORDS, csv_file, digest_of, in_utc
from .schema import CASES, QUALITY, TOTALS

# Takes the name of a case's column, or ANSWER, and a text that stands under it; gives it without the words.
Strike = Callable[[str, str], str]
ANSWER = "answer"


def without_words(
    file: IO[bytes], extract: Extract, reference: str, strike: Strike, *, at: datetime
) -> IO[bytes] | None:
    """The package of an extract with words struck out of one case; None where they are not in it.

    A temporary file, which the caller closes. Rows of other cases, control totals and the order of rows stay as they
    are. Manifest and checksums are those of the files as they are now; the manifest and the words name the hash of the
    package as it was drawn, which the extract's record keeps.
    """
    with ExitStack() as files:
        csvs = {name: files.enter_context(csv_file()) for name in (CASES, TOTALS, QUALITY)}
        columns = {column.heading: column.item.column for column in columns_of(CaseReview, download=False)}
        changed = 0
        for name, (_, text) in csvs.items():
            rows = package.rows_of(file, name)
            headings = next(rows)
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(headings)
            if name == CASES:
                under = [columns.get(heading, "") for heading in headings]
            else:
                under = [ANSWER if name == QUALITY and heading == "Answer" else "" for heading in headings]
            for row, was_changed in _struck(rows, reference if name != TOTALS else "", under, strike):
                writer.writerow(row)
                changed += was_changed
        if not changed:
            return None
        plain = {name: binary for name, (binary, _) in csvs.items()}
        redacted: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        package.zip_members(redacted, plain, _words(file, extract, plain, at))
        return redacted


def _struck(
    rows: Iterator[list[str]], reference: str, under: Sequence[str], strike: Strike
) -> Iterator[tuple[list[str], bool]]:
    for row in rows:
        if not reference or row[0] != reference:
            yield row, False
            continue
        struck = [strike(what, cell) if what else cell for what, cell in zip(under, row, strict=True)]
        yield struck, struck != row


def _words(file: IO[bytes], extract: Extract, files: dict[str, IO[bytes]], at: datetime) -> dict[str, bytes]:
    with package.members_of(file) as archive:
        described = json.loads(archive.read(MANIFEST))
        readme = archive.read(WORDS).decode()
    for resource in described["resources"]:
        was = resource["hash"].removeprefix("sha256:")
        resource["bytes"], digest = digest_of(files[resource["path"]])
        resource["hash"] = f"sha256:{digest}"
        readme = readme.replace(was, digest)
    described["sha256AsDrawn"] = extract.sha256
    described.setdefault("redactedAt", []).append(in_utc(at))
    readme += f"Words were struck out on {in_utc(at)}. SHA-256 of the package as it was drawn: {extract.sha256}\n"
    return {MANIFEST: package.manifest_of(described), WORDS: readme.encode()}
