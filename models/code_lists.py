"""Lists of codes that administrators keep: review types, themes, designated professionals.

The official lists are not published; these follow recognised public classifications. An entry is never deleted: it
gets an end date, still shows on old cases, and cannot be chosen on new ones.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .base import HasId, Versioned, db
from .declarations import SERVICE, Files, Item, Search, item

SECTION = "Entry"


class CodeListEntry(HasId, Versioned):
    """One entry of a code list."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[CheckConstraint, ...]:
        return (
            CheckConstraint(
                "active_to IS NULL OR active_from IS NULL OR active_to >= active_from",
                name=f"a_{cls.__tablename__}_ends_after_it_begins",  # type: ignore[attr-defined]
            ),
            CheckConstraint(
                "replaced_by_id IS NULL OR (replaced_by_id <> id AND active_to IS NOT NULL)",
                name=f"another_replaces_a_{cls.__tablename__}_that_ended",  # type: ignore[attr-defined]
            ),
        )

    label: Mapped[str] = item(
        String(120),
        about=Item(
            label="Label",
            definition="What people read and choose.",
            source=SERVICE,
            section=SECTION,
            required=True,
            in_list=True,
            sortable=True,
            search=Search.BEGINNING,
            files=Files.DOWNLOAD,
        ),
    )
    code: Mapped[str] = item(
        String(40),
        unique=True,
        about=Item(
            label="Code",
            definition="What stands for the entry in other systems. It does not change.",
            source=SERVICE,
            section=SECTION,
            in_form=False,
            in_list=True,
            sortable=True,
            search=Search.BEGINNING,
            files=Files.DOWNLOAD,
        ),
    )
    definition: Mapped[str] = item(
        String(1000),
        default="",
        about=Item(
            label="Definition",
            definition="When the entry is the right one.",
            source=SERVICE,
            section=SECTION,
            hint="One or two sentences that help somebody to choose.",
            files=Files.DOWNLOAD,
        ),
    )
    group: Mapped[str] = item(
        "group_label",
        String(60),
        default="",
        about=Item(
            label="Group",
            definition="Entries of one group stand together in the list.",
            source=SERVICE,
            section=SECTION,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    active_from: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Active from",
            definition="The first day on which the entry can be chosen. Empty: always.",
            source=SERVICE,
            section=SECTION,
            in_list=True,
            sortable=True,
            files=Files.DOWNLOAD,
        ),
    )
    active_to: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Active to",
            definition="The last day on which the entry can be chosen. Old cases keep it.",
            source=SERVICE,
            section=SECTION,
            hint="Leave empty while the entry is in use.",
            in_list=True,
            sortable=True,
            files=Files.DOWNLOAD,
        ),
    )
    position: Mapped[int] = item(
        Integer,
        default=0,
        about=Item(
            label="Position",
            definition="Where the entry stands in its list, lowest first.",
            source=SERVICE,
            section=SECTION,
            required=True,
            in_list=True,
            sortable=True,
            files=Files.DOWNLOAD,
        ),
    )

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr
    def replaced_by_id(cls) -> Mapped[UUID | None]:
        """The entry that is chosen instead, once this one has ended."""
        return mapped_column(ForeignKey(f"{cls.__tablename__}.id"))  # type: ignore[attr-defined]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    def is_active_on(self, day: date) -> bool:
        """Whether the entry can be chosen on a day, first and last day included."""
        return (self.active_from is None or self.active_from <= day) and (
            self.active_to is None or self.active_to >= day
        )


class ReviewType(CodeListEntry, db.Model):
    """A type of statutory review. A rapid review may grow into a full one."""

    __tablename__ = "review_type"

    is_rapid_review: Mapped[bool] = item(
        default=False,
        about=Item(
            label="Rapid review",
            definition="Whether other reviews can grow out of reviews of this type.",
            source=SERVICE,
            section=SECTION,
            in_form=False,
            files=Files.DOWNLOAD,
        ),
    )


class Theme(CodeListEntry, db.Model):
    """A kind of abuse or vulnerability."""

    __tablename__ = "theme"


class DesignatedProfessional(CodeListEntry, db.Model):
    """The post of the professional who leads on the review."""

    __tablename__ = "designated_professional"


CODE_LISTS: dict[str, type[ReviewType | Theme | DesignatedProfessional]] = {
    "review_type": ReviewType,
    "theme": Theme,
    "designated_professional": DesignatedProfessional,
}
