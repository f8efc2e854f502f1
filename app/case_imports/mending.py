"""The file of the lines that are to be mended: as they were given, each with what is wrong, ready to be given again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extracts.download import safe_copy, taken_off
from models import CaseImport, StagedCase
from models.enumerations import LineOutcome

from .headings import ITEMS, LINE, TO_MEND


def to_mend(session: Session, one: CaseImport) -> IO[bytes]:
    """A temporary file, at its beginning: the file's own headings after two more, which are not read again."""
    return safe_copy(_rows(session, one))


def _rows(session: Session, one: CaseImport) -> Iterator[list[str]]:
    kept = [position for position, heading in enumerate(one.headings) if heading not in (LINE, TO_MEND)]
    yield [LINE, TO_MEND, *(one.headings[position] for position in kept)]
    wrong = (
        select(StagedCase)
        .where(StagedCase.import_id == one.id, StagedCase.outcome == LineOutcome.WRONG)
        .order_by(StagedCase.number)
        .execution_options(yield_per=500)
    )
    for line in session.scalars(wrong):
        said = [
            f"{ITEMS[name].label}: {sentence}" if name else sentence
            for name, sentences in line.problems.items()
            for sentence in sentences
        ]
        cells = [taken_off(line.cells[at]) if at < len(line.cells) else "" for at in kept]
        # More cells than headings: they are what is wrong, and without them the rest would be taken as it stands.
        beyond = [taken_off(cell) for cell in line.cells[len(one.headings) :]]
        yield [str(line.number), ". ".join(said), *cells, *beyond]
