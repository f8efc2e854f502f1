"""Copies of the whole database, and the proof that a copy is equal.

For an administrator of the database, from the command line: this goes past every scope, and nothing of the service
calls it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotCopy(Exception):
    """A copy that cannot be made or used. The message says why and what to do."""


def sums_file(file: Path) -> Path:
    """Where the checksums of a backup are."""
    return file.with_name(f"{file.name}.checksums")


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A file to write to that takes its name when it is complete, and that only its owner reads. Raises CannotCopy."""
    if file.exists():
        raise CannotCopy(f"{file} is there already. Give another name.")
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(file)
    except OSError as problem:
        raise CannotCopy(f"{file} cannot be written: {problem.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)
