"""The package that is sent: one zip with the cases, the control totals, what was found about the data, and a manifest.

Made anew from the same files it has the same bytes: members in a fixed order, without the time of day. The three CSV
files depend on the quarter, the cut-off and where the walk begins; number, reason and moment stand in the manifest,
the words and the checksums.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import queue
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from app.access.lookups import Lookups
from app.rules.quarters import Quarter
from app.rules.words import count_of

from . import schema
from .schema import CASES, QUALITY, TOTALS

IN_MEMORY = 1024 * 1024
AT_ONCE = 256 * 1024
# How many pieces may wait to be packed.
AHEAD = 4
# Level 6 takes four times as long, for a fifth of the size.
LEVEL = 1
# What a zip says of a file's time where nothing is to be said: the first day that it knows.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
MANIFEST, WORDS, SUMS = "datapackage.json", "README.txt", "SHA256SUMS"


@dataclass(frozen=True)
class About:
    """What is known of an extract beside its data. `confirmed` of `ccgs` had confirmed the quarter by then."""

    quarter: Quarter
    number: int
    cut_off: datetime
    opening_cut_off: datetime
    opening: str
    drawn_at: datetime
    drawn_by: str
    reason: str
    rows: int
    confirmed: int
    ccgs: int


def file_name(quarter: str, number: int, *, is_signed_off: bool) -> str:
    """For example `S-CRT_2021-22-Q1_v1.zip`; with UNSIGNED until a second person has signed it off."""
    return f"S-CRT_{quarter}_v{number}{'' if is_signed_off else '_UNSIGNED'}.zip"


@contextmanager
def csv_file() -> Iterator[tuple[IO[bytes], IO[str]]]:
    """A temporary file without a name, gone with the process that made it; and a way to write text into it."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        yield file, text
        text.detach()


def digest_of(file: IO[bytes]) -> tuple[int, str]:
    """A file's size in bytes and its SHA-256."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(AT_ONCE):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


class Packing:
    """A zip while it is written, with the size and SHA-256 of each file that went into it.

    What is packed is digested and compressed in a thread of its own: both leave other threads alone meanwhile.
    """

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._archive = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self.known: dict[str, tuple[int, str]] = {}

    def __enter__(self) -> Packing:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()
        self.file.close()

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A function that takes the bytes of a file, piece by piece. One file at a time."""
        digest, size = hashlib.sha256(), 0
        pieces: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        problems: list[BaseException] = []

        def pack(member: IO[bytes]) -> None:
            while (piece := pieces.get()) is not None:
                if problems:
                    continue  # whoever gives the next piece is told
                try:
                    digest.update(piece)
                    member.write(piece)
                except BaseException as problem:  # a full disk, for one
                    problems.append(problem)

        def give(piece: bytes) -> None:
            nonlocal size
            if problems:
                raise problems[0]
            size += len(piece)
            pieces.put(piece)

        with self._archive.open(_member(name), "w", force_zip64=True) as member:
            thread = threading.Thread(target=pack, args=(member,), name=f"packing {name}", daemon=True)
            thread.start()
            try:
                yield give
            finally:
                pieces.put(None)
                thread.join()
            if problems:
                raise problems[0]
        self.known[name] = size, digest.hexdigest()

    def add(self, name: str, file: IO[bytes]) -> None:
        """Packs a file from its beginning."""
        file.seek(0)
        with self.member(name) as give:
            while piece := file.read(AT_ONCE):
                give(piece)

    def write_to(self, package: IO[bytes], words: dict[str, bytes]) -> None:
        """Writes the zip elsewhere, with what is said about its files, and the checksums of all. Can be done again."""
        self._archive.close()
        sums = {name: digest for name, (_, digest) in self.known.items()} | {
            name: hashlib.sha256(text).hexdigest() for name, text in words.items()
        }
        words = words | {SUMS: "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()}
        self.file.seek(0)
        shutil.copyfileobj(self.file, package, AT_ONCE)
        with zipfile.ZipFile(package, "a", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            for name, text in words.items():
                archive.writestr(_member(name), text)


def write_package(package: IO[bytes], packing: Packing, about: About, lists: Lookups) -> None:
    """Writes the zip. The three CSV files have been packed."""
    fields = {
        CASES: schema.fields_of_cases(lists),
        TOTALS: schema.fields_of_totals(),
        QUALITY: schema.fields_of_quality(),
    }
    resources = [schema.resource(name, fields[name], *packing.known[name]) for name in fields]
    packing.write_to(package, {MANIFEST: _manifest(about, resources), WORDS: _words(about, packing.known[CASES][1])})


def zip_members(package: IO[bytes], files: dict[str, IO[bytes]], words: dict[str, bytes]) -> None:
    """Writes the zip: the files, what is said about them, and the checksums of all."""
    with Packing() as packing:
        for name, file in files.items():
            packing.add(name, file)
        packing.write_to(package, words)


def members_of(package: IO[bytes]) -> zipfile.ZipFile:
    """A package that was written, to be read."""
    package.seek(0)
    return zipfile.ZipFile(package)


def rows_of(package: IO[bytes], name: str) -> Iterator[list[str]]:
    """The rows of one of its CSV files, the headings first."""
    with members_of(package) as archive, archive.open(name) as member:
        yield from csv.reader(io.TextIOWrapper(member, encoding="utf-8", newline=""))


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _NO_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def _manifest(about: About, resources: list[dict[str, Any]]) -> bytes:
    described = {
        "profile": "tabular-data-package",
        "name": f"s-crt-{about.quarter.name.lower()}-v{about.number}",
        "title": f"Safeguarding case reviews, {about.quarter.name}, number {about.number}",
        "description": "Every statutory safeguarding review that was recorded and not withdrawn at the cut-off.",
        "version": schema.schema_version(),
        "created": in_utc(about.drawn_at),
        "contributors": [{"title": about.drawn_by, "role": "author"}],
        "quarter": about.quarter.name,
        "number": about.number,
        "reason": about.reason,
        "cutOff": in_utc(about.cut_off),
        "openingCutOff": in_utc(about.opening_cut_off),
        "resources": resources,
    }
    return manifest_of(described)


def manifest_of(described: dict[str, Any]) -> bytes:
    """A manifest's bytes."""
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()


def _words(about: About, digest: str) -> bytes:
    again = f"Drawn again, number {about.number}: {about.reason}\n" if about.number > 1 else ""
    return f"""Safeguarding case reviews, {about.quarter.name}, number {about.number}

Every statutory safeguarding review that was recorded and not withdrawn, as it was known at the cut-off.
Cases: {about.rows:,}
Cut-off: {in_utc(about.cut_off)} (what became known at that moment or later is not in it)
The walk begins at: {in_utc(about.opening_cut_off)} ({about.opening})
Drawn: {in_utc(about.drawn_at)} by {about.drawn_by}
{again}Quarter confirmed when it was drawn by {count_of(about.confirmed, "CCG")} of {about.ccgs}

{CASES}           one row a case, in the order of references
{TOTALS}  from the opening to the closing of each area
{QUALITY}    errors and queries about the cases
{MANIFEST}    what each column means (Frictionless Data Package)
{SUMS}          check with: sha256sum -c {SUMS}

Text stands as it was entered, character by character: a cell may begin with = + - or @.
Open the files with a program that takes every cell as text, not by double click.
SHA-256 of {CASES}: {digest}
""".encode()


def in_utc(moment: datetime) -> str:
    """A moment as the manifest says it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z").replace(".000000Z", "Z")
