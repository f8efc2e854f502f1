"""Quarterly extracts: facts that were drawn, frozen and kept as they were sent. Rows are added and never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, Moment, db, stored, utc_now
from .enumerations import DrawingState
from .people import Person
from .redactions import ExtractRedaction


class Extract(HasId, db.Model):
    """A package as it was drawn. `cut_off` and `opening_cut_off` are the first moments that it no longer knows of.

    The hashes are SHA-256 in hexadecimal: of the package, and of the cases' file in it. `opening` is the extract whose
    closing state this one begins with, where one was signed off.
    """

    __tablename__ = "extract"
    __table_args__ = (
        UniqueConstraint("quarter", "number", name="an_extract_of_a_quarter_has_a_number_of_its_own"),
        UniqueConstraint("drawn_with", name="a_form_draws_one_extract"),
        UniqueConstraint("id", "drawn_by_id", name="an_extract_is_known_with_who_drew_it"),
        CheckConstraint("number >= 1", name="extracts_are_numbered_from_1"),
        CheckConstraint("number = 1 OR reason <> ''", name="an_extract_that_is_drawn_again_says_why"),
        CheckConstraint("opening_cut_off <= cut_off", name="an_extract_opens_before_it_closes"),
    )

    quarter: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]
    cut_off: Mapped[datetime] = mapped_column(Moment)
    opening_cut_off: Mapped[datetime] = mapped_column(Moment)
    opening_id: Mapped[UUID | None] = mapped_column(ForeignKey("extract.id"))
    drawn_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    drawn_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    schema_version: Mapped[str] = mapped_column(String(40))
    rows: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    cases_sha256: Mapped[str] = mapped_column(String(64))
    # The hash of the one-time token of the form, where it was drawn with one.
    drawn_with: Mapped[str | None] = mapped_column(String(64))

    opening: Mapped[Extract | None] = relationship(remote_side="Extract.id")
    drawn_by: Mapped[Person] = relationship()
    sign_off: Mapped[SignOff | None] = relationship(back_populates="extract")
    receipts: Mapped[list[Receipt]] = relationship(back_populates="extract", order_by="Receipt.noted_at")
    redactions: Mapped[list[ExtractRedaction]] = relationship(order_by=ExtractRedaction.number, lazy="selectin")

    @property
    def kept_as(self) -> tuple[int, str]:
        """Size and SHA-256 of the bytes that are kept: those that were drawn, or what redactions have left of them."""
        newest = self.redactions[-1] if self.redactions else self
        return newest.size, newest.sha256


class ExtractPart(db.Model):
    """A stretch of a package's bytes. Together, in order, they are the package."""

    __tablename__ = "extract_part"

    extract_id: Mapped[UUID] = mapped_column(ForeignKey("extract.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SignOff(db.Model):
    """A second person has looked at an extract and answers for it."""

    __tablename__ = "extract_sign_off"
    __table_args__ = (
        ForeignKeyConstraint(
            ["extract_id", "drawn_by_id"], ["extract.id", "extract.drawn_by_id"], name="signed_off_as_it_was_drawn"
        ),
        CheckConstraint("signed_off_by_id <> drawn_by_id", name="nobody_signs_off_what_they_drew"),
    )

    extract_id: Mapped[UUID] = mapped_column(primary_key=True)
    drawn_by_id: Mapped[UUID]
    signed_off_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    signed_off_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    extract: Mapped[Extract] = relationship(back_populates="sign_off")
    signed_off_by: Mapped[Person] = relationship()


class Receipt(HasId, db.Model):
    """What the transfer service answered when an extract was sent. A correction is a further receipt."""

    __tablename__ = "extract_receipt"

    extract_id: Mapped[UUID] = mapped_column(ForeignKey("extract.id"), index=True)
    receipt: Mapped[str] = mapped_column(String(200))
    noted_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    extract: Mapped[Extract] = relationship(back_populates="receipts")
    noted_by: Mapped[Person] = relationship()


class Drawing(HasId, db.Model):
    """An extract that somebody asked for, while it is drawn beside the request. Its person's alone.

    `claim` is a word of whoever draws it at present, and `alive_at` when that was last heard of. `form_token` is the
    one-time token of the form, with which the same extract is drawn once.
    """

    __tablename__ = "extract_drawing"
    __table_args__ = (
        CheckConstraint("(state = 'drawn') = (extract_id IS NOT NULL)", name="what_was_drawn_is_an_extract"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    quarter: Mapped[str] = mapped_column(String(10))
    cut_off: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    form_token: Mapped[str] = mapped_column(String(100))
    state: Mapped[DrawingState] = mapped_column(
        stored(DrawingState, "drawing_state_is_known"), default=DrawingState.ASKED
    )
    why: Mapped[str] = mapped_column(String(1000), default="")
    cases_in_all: Mapped[int] = mapped_column(default=0)
    cases_done: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    extract_id: Mapped[UUID | None] = mapped_column(ForeignKey("extract.id"))
    claim: Mapped[str] = mapped_column(String(40), default="")
    alive_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
