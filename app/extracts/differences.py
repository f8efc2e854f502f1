"""What differs, row by row, between two extracts: by reference, from the files as they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .package import rows_of
from .schema import CASES


@dataclass(frozen=True)
class Difference:
    """A case that is in one alone, or says something else. `changes` are (heading, before, after)."""

    reference: str
    what: str
    changes: tuple[tuple[str, str, str], ...] = ()


ADDED, GONE, CHANGED = "Added", "No longer in the extract", "Changed"


def differences(before: IO[bytes], after: IO[bytes]) -> Iterator[Difference]:
    """Every case that differs from one package to the other, in the order of references."""
    old, new = rows_of(before, CASES), rows_of(after, CASES)
    old_headings, headings = next(old), next(new)
    one, other = next(old, None), next(new, None)
    while one or other:
        if one and (not other or one[0] < other[0]):
            yield Difference(one[0], GONE)
            one = next(old, None)
        elif other and (not one or other[0] < one[0]):
            yield Difference(other[0], ADDED)
            other = next(new, None)
        elif one and other:
            then = dict(zip(old_headings, one, strict=True))
            changes = tuple(
                (heading, then.get(heading, ""), value)
                for heading, value in zip(headings, other, strict=True)
                if then.get(heading, "") != value
            )
            if changes:
                yield Difference(other[0], CHANGED, changes)
            one, other = next(old, None), next(new, None)
