"""Extracts that were drawn: their bytes as they were sent, who signed them off, what the transfer service answered."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import audit, clock
from app.access.row_scope import OutsideScope, scope_of
from app.database import strike_out
from app.rules.quarters import Quarter
from models import Extract, ExtractPart, ExtractRedaction, Person, Receipt, Redaction, SignOff
from models.enumerations import AuditAction

from . import package
from .package import IN_MEMORY
from .schema import CASES

PART = 1024 * 1024

SIGNED_OFF_ALREADY = "This extract has been signed off already"


class Damaged(Exception):
    """The bytes that are kept are not those that were drawn."""


class CannotSignOff(Exception):
    """An extract is not signed off; the words say why."""


def sign_off(session: Session, extract_id: UUID, *, by: Person) -> SignOff:
    """A second person signs an extract off; the caller commits, and rolls back where CannotSignOff is raised.

    The database refuses whoever drew it as well, and a second signature. Only for who reads all of England: bytes that
    are not those that were drawn are not signed.
    """
    extract = session.get(Extract, extract_id)
    if extract is None:
        raise CannotSignOff("There is no such extract")
    if extract.drawn_by_id == by.id:
        raise CannotSignOff("You drew this extract. Somebody else signs it off")
    if extract.sign_off is not None:
        raise CannotSignOff(SIGNED_OFF_ALREADY)
    try:
        verified(session, extract).close()
    except Damaged as problem:
        raise CannotSignOff(str(problem)) from None
    signature = SignOff(
        extract_id=extract.id, drawn_by_id=extract.drawn_by_id, signed_off_by_id=by.id, signed_off_at=clock.now()
    )
    session.add(signature)
    note(session, AuditAction.EXTRACT_SIGNED_OFF, extract, by=by)
    try:
        session.flush()
    except IntegrityError:  # somebody else was quicker
        raise CannotSignOff(SIGNED_OFF_ALREADY) from None
    return signature


def note(session: Session, action: AuditAction, extract: Extract, *, by: Person, details: str = "") -> None:
    """Writes down what was done with an extract, in the session's transaction."""
    audit.write(
        session,
        action,
        by=by.id,
        at=clock.now(),
        about=Extract.__tablename__,
        about_id=extract.id,
        details=f"{extract.quarter} number {extract.number}{details}",
    )


def note_receipt(session: Session, extract: Extract, receipt: str, *, by: Person) -> None:
    """Notes what the transfer service answered; the caller commits."""
    note(session, AuditAction.EXTRACT_RECEIPT, extract, by=by)
    session.add(Receipt(extract_id=extract.id, receipt=receipt, noted_by_id=by.id, noted_at=clock.now()))


def store_parts(session: Session, extract_id: UUID, file: IO[bytes]) -> None:
    """Writes the bytes of a package; the caller commits."""
    file.seek(0)
    position = 0
    while content := file.read(PART):
        part = ExtractPart(extract_id=extract_id, position=position, content=content)
        session.add(part)
        session.flush()
        session.expunge(part)
        position += 1


def replace_bytes(session: Session, extract: Extract, redaction: Redaction, file: IO[bytes], *, at: datetime) -> None:
    """Puts what a redaction that is under way has left of a package in its place; the caller commits."""
    size, digest = package.digest_of(file)
    with package.members_of(file) as archive, archive.open(CASES) as cases:
        cases_digest = hashlib.file_digest(cases, "sha256").hexdigest()  # type: ignore[arg-type]
    extract.redactions.append(
        ExtractRedaction(
            number=len(extract.redactions) + 1,
            redaction_id=redaction.id,
            struck_at=at,
            size=size,
            sha256=digest,
            cases_sha256=cases_digest,
        )
    )
    session.flush()
    strike_out(session, redaction, "extract", extract.id)
    store_parts(session, extract.id, file)


def verified(session: Session, extract: Extract) -> IO[bytes]:
    """The package as it is kept, a temporary file at its beginning. Raises Damaged where its bytes are others.

    They are those that were drawn, or what redactions have left of them.
    """
    file = bytes_of(session, extract)
    if package.digest_of(file) != extract.kept_as:
        file.close()
        raise Damaged(f"The bytes of {extract.quarter} number {extract.number} are not those that were drawn.")
    file.seek(0)
    return file


def bytes_of(session: Session, extract: Extract) -> IO[bytes]:
    """The package as it is kept, in a temporary file at its beginning. Only for who reads all of England."""
    if not scope_of(session).reads_everything:
        raise OutsideScope("An extract holds the cases of all of England.")
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
    parts = select(ExtractPart.content).where(ExtractPart.extract_id == extract.id).order_by(ExtractPart.position)
    for content in session.scalars(parts, execution_options={"yield_per": 1}):
        file.write(content)
    file.seek(0)
    return file


def write_to(session: Session, extract: Extract, path: Path) -> None:
    """Writes the package to a path, whole or not at all. Raises FileExistsError where there is something already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with verified(session, extract) as package_file:
        try:
            _write_without_a_name(package_file, path)
        except FileExistsError:
            raise
        except (AttributeError, OSError):  # a file system, or a system, that has no files without a name
            package_file.seek(0)
            _write_beside(package_file, path)


def _write_without_a_name(package_file: IO[bytes], path: Path) -> None:
    """Gives the file its name when all is in it; before that it is gone with the process."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with os.fdopen(os.open(path.parent, os.O_TMPFILE | os.O_RDWR, 0o600), "wb") as file:
            _copy(package_file, file)
            # With a folder named, Python asks the system to follow the link to the open file.
            os.link(f"/proc/self/fd/{file.fileno()}", path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _write_beside(package_file: IO[bytes], path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part") as file:
        _copy(package_file, file)
        os.link(file.name, path)


def _copy(package_file: IO[bytes], file: IO[bytes]) -> None:
    shutil.copyfileobj(package_file, file)
    file.flush()
    os.fsync(file.fileno())


def latest_signed_off(session: Session, quarter: Quarter) -> Extract | None:
    """The extract of a quarter with the highest number among those that were signed off."""
    signed = select(Extract).join(SignOff, SignOff.extract_id == Extract.id).where(Extract.quarter == quarter.name)
    return session.scalars(signed.order_by(Extract.number.desc()).limit(1)).first()
