"""Organisations as dated data: kinds, names, membership and succession.

An ODS code identifies an organisation only together with its kind: in July 2022 integrated care boards took over the
codes of STPs. The key is therefore an id, and (kind, code) is unique. A date that ends something is the last day in
force; what follows starts the day after.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, column, func, or_, select
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column, relationship

from .base import HasId, Versioned, db
from .declarations import Files, Item, Search, item

ODS = "Organisation Data Service"
ONS = "Office for National Statistics"

# The kinds that the code must know. What else there is to know of a kind stands in its row.
COUNTRY, REGION, STP, CCG = "country", "region", "stp", "ccg"


def _one_open(name: str, of: str) -> Index:
    """At most one row without an end for each organisation."""
    still = column("valid_to").is_(None)
    return Index(name, of, unique=True, sqlite_where=still, postgresql_where=still)


class OrganisationKind(db.Model):
    """Region, STP, CCG: and whatever takes their place. `parent_kind` is the kind that it is part of."""

    __tablename__ = "organisation_kind"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    plural: Mapped[str] = mapped_column(String(60))
    parent_kind: Mapped[str | None] = mapped_column(ForeignKey("organisation_kind.code"))
    may_hold_cases: Mapped[bool] = mapped_column(default=False)
    may_be_granted_on: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class OrganisationName(HasId, Versioned, db.Model):
    """What an organisation is called, from one day to another. ONS codes change independently of ODS codes."""

    __tablename__ = "organisation_name"
    __table_args__ = (
        CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="a_name_ends_after_it_begins"
        ),
        _one_open("one_open_name_for_each_organisation", "organisation_id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    ons_code: Mapped[str | None] = mapped_column(String(9))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


CODE = Item(
    label="ODS code",
    definition="The organisation's code in the Organisation Data Service.",
    source=ODS,
    in_list=True,
    sortable=True,
    search=Search.BEGINNING,
    files=Files.DOWNLOAD,
)
NAME = Item(
    label="Name",
    definition="The organisation's name today, or its first one where it has not opened yet.",
    source=ODS,
    in_list=True,
    sortable=True,
    search=Search.BEGINNING,
    files=Files.DOWNLOAD,
)
ONS_CODE = Item(
    label="ONS code",
    definition="The code in the Office for National Statistics' register of geographic codes.",
    source=ONS,
    in_list=True,
    sortable=True,
    files=Files.DOWNLOAD,
)


PART_OF = Item(
    label="Part of",
    definition="What the organisation is part of today, or will be on its first day where it has not opened yet.",
    source=ODS,
    in_list=True,
    sortable=True,
    files=Files.DOWNLOAD,
)


class Organisation(HasId, Versioned, db.Model):
    """England, a region, an STP or a CCG. Its name is dated: `name` and `ons_code` are those in force
    today, or those of its first day while it lies ahead."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("kind", "code", name="a_code_is_used_once_in_its_kind"),
        CheckConstraint(
            "closed_on IS NULL OR opened_on IS NULL OR closed_on >= opened_on",
            name="an_organisation_closes_after_it_opens",
        ),
    )

    kind: Mapped[str] = mapped_column(ForeignKey("organisation_kind.code"))
    code: Mapped[str] = item(String(20), about=CODE)
    opened_on: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Opened",
            definition="The first day on which the organisation was in force.",
            source=ODS,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    closed_on: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Closed",
            definition="The last day on which the organisation was in force. Empty while it is current.",
            source=ODS,
            in_list=True,
            sortable=True,
            filterable=True,
            files=Files.DOWNLOAD,
        ),
    )
    if TYPE_CHECKING:
        name: Mapped[str]
        ons_code: Mapped[str | None]
        part_of: Mapped[str | None]
    names: Mapped[list[OrganisationName]] = relationship(order_by=OrganisationName.valid_from)


def _in_force_today(of: Any, about: Item) -> Any:
    today = func.current_date()
    return column_property(
        select(of)
        .where(
            OrganisationName.organisation_id == Organisation.id,
            or_(OrganisationName.valid_to.is_(None), OrganisationName.valid_to >= today),
        )
        .order_by(OrganisationName.valid_from.nulls_first())
        .limit(1)
        .correlate(Organisation)
        .scalar_subquery(),
        info={"item": about},
    )


Organisation.name = _in_force_today(OrganisationName.name, NAME)
Organisation.ons_code = _in_force_today(OrganisationName.ons_code, ONS_CODE)


class Membership(HasId, Versioned, db.Model):
    """One organisation is part of another, from one day to another."""

    __tablename__ = "organisation_membership"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="a_membership_ends_after_it_begins"),
        CheckConstraint("child_id <> parent_id", name="nothing_is_part_of_itself"),
        _one_open("one_open_membership_for_each_organisation", "child_id"),
    )

    child_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    parent_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


def _part_of_today() -> Any:
    """The name of what an organisation is part of today, or will be first."""
    today = func.current_date()
    parent = aliased(OrganisationName)
    return column_property(
        select(parent.name)
        .join(Membership, Membership.parent_id == parent.organisation_id)
        .where(
            Membership.child_id == Organisation.id,
            or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
            or_(parent.valid_to.is_(None), parent.valid_to >= today),
        )
        .order_by(Membership.valid_from, parent.valid_from.nulls_first())
        .limit(1)
        .correlate(Organisation)
        .scalar_subquery(),
        info={"item": PART_OF},
    )


Organisation.part_of = _part_of_today()


class Succession(HasId, Versioned, db.Model):
    """One organisation took over from another on a day. Several rows for one predecessor are a split."""

    __tablename__ = "organisation_succession"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id", name="a_succession_stands_once"),
        CheckConstraint("predecessor_id <> successor_id", name="nothing_succeeds_itself"),
    )

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    effective_on: Mapped[date] = mapped_column(Date)
