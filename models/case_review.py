"""A statutory safeguarding review, with every data item of the specification.

The order of declaration is the order in files (extract and download). Words in quotation marks are the
specification's own names.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import HasId, HeldByCCG, Moment, Versioned, db, stored, utc_now
from .code_lists import DesignatedProfessional, ReviewType, Theme
from .declarations import GUIDANCE, SERVICE, Files, Item, Kind, OnlyWhen, Search, derived, item
from .enumerations import MediaInterest, PartnershipKind, Publication, Status
from .organisations import REGION, STP, Organisation
from .people import Person


class Section(StrEnum):
    """The sections of the form and of the details page, in order."""

    REVIEW = "The review"
    INCIDENT = "The incident"
    THEMES = "Themes"
    PROGRESS = "Progress and learning"
    REPORT = "Report and publication"
    STATUS = "Status"
    SERVICE = "Kept by the service"


NO_IDENTIFIERS = "Do not include names, NHS numbers, dates of birth or addresses."


def _theme(number: int, **more: Any) -> Item:
    return Item(
        label=f"Theme {number}",
        question=("Main abuse or vulnerability theme", "Second theme (optional)", "Third theme (optional)")[number - 1],
        definition=(
            f"“Abuse/vulnerability theme”, number {number} of up to three. The first is the main one, and all are"
            " different."
        ),
        kind=Kind.CODE,
        code_list="theme",
        section=Section.THEMES,
        problem=f"Select theme {number}" if number > 1 else "Select the main theme",
        headings={f"Abuse/vulnerability theme {number}": "label"},
        **more,
    )


def _among_those_not_withdrawn(name: str, *columns: str) -> Index:
    not_withdrawn = column("withdrawn_at").is_(None)
    return Index(name, *columns, sqlite_where=not_withdrawn, postgresql_where=not_withdrawn)


def _used_once(number: str, where: str, *columns: str) -> list[Index]:
    """A number is used once among the cases of a CCG that are not withdrawn, and that were allocated to none or to the
    same one after a split: those who got some of its cases do not learn the numbers of the others."""
    not_withdrawn = column("withdrawn_at").is_(None)
    of_none = and_(not_withdrawn, column("allocated_to_id").is_(None))
    of_one = and_(not_withdrawn, column("allocated_to_id").is_not(None))
    return [
        Index(
            f"a_{number}_is_used_once_in_{where}",
            *("ccg_id", number, *columns),
            unique=True,
            sqlite_where=of_none,
            postgresql_where=of_none,
        ),
        Index(
            f"a_{number}_is_used_once_where_it_was_allocated",
            *("ccg_id", "allocated_to_id", number, *columns),
            unique=True,
            sqlite_where=of_one,
            postgresql_where=of_one,
        ),
    ]


class CaseReview(HasId, HeldByCCG, Versioned, db.Model):
    """One review. It belongs for ever to the CCG under which it was recorded; it is withdrawn, never deleted."""

    __tablename__ = "case_review"
    reference: Mapped[str] = item(
        String(12),
        unique=True,
        about=Item(
            label="Reference",
            definition="Given by the service: SCR- and eight characters that are easy to read aloud. Never reused.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            in_list=True,
            sortable=True,
            search=Search.BEGINNING,
        ),
    )
    status: Mapped[Status] = item(
        stored(Status, "status_is_known"),
        default=Status.OPEN,
        about=Item(
            label="Status",
            question="Is the case open or closed?",
            definition="“Open/closed status”. Closed means that the review is complete and its outcome recorded.",
            section=Section.STATUS,
            required=True,
            problem="Select whether the case is open or closed",
            in_list=True,
            sortable=True,
            filterable=True,
            headings={"Open/closed status": ""},
        ),
    )
    date_added: Mapped[date] = item(
        Date,
        about=Item(
            label="Date added",
            question="When was the case added to the safeguarding record?",
            hint="Today, unless you are recording an older case. The CCG must have been open on that day.",
            definition="The day the case was added. Not before the incident date, and not in the future.",
            section=Section.INCIDENT,
            required=True,
            problem="Enter the date the case was added",
            in_list=True,
            sortable=True,
            filterable=True,
        ),
    )
    ccg_id: Mapped[UUID] = item(
        ForeignKey("organisation.id"),
        about=Item(
            label="CCG",
            question="Which CCG is responsible?",
            hint="The CCG on the date the case was added. This cannot be changed later.",
            definition="“CCG area” and “CCG code”: the CCG under which the case was recorded, open on the date added.",
            kind=Kind.ORGANISATION,
            section=Section.REVIEW,
            required=True,
            problem="Select the CCG",
            in_list=True,
            sortable=True,
            filterable=True,
            headings={"CCG area": "name", "CCG code": "code"},
        ),
    )
    stp = derived(
        Item(
            label="STP",
            column="ccg_id",
            definition="“STP area” and “STP code”: the STP that the CCG is part of, or was part of when it closed.",
            kind=Kind.ORGANISATION,
            part_of=STP,
            section=Section.REVIEW,
            filterable=True,
            headings={"STP area": "name", "STP code": "code"},
        )
    )
    region = derived(
        Item(
            label="Region",
            column="ccg_id",
            definition="“Region name” and “Region code”: the NHS England region that the STP is part of.",
            kind=Kind.ORGANISATION,
            part_of=REGION,
            section=Section.REVIEW,
            filterable=True,
            headings={"Region name": "name", "Region code": "code"},
        )
    )
    partnership_name: Mapped[str] = item(
        String(200),
        about=Item(
            label="Partnership or board",
            also_called=("Partnership", "Board", "CSP"),
            question="Name of the partnership, board or CSP",
            hint="For example, Durham Safeguarding Adults Partnership.",
            definition="“Designated partnership/board/CSP”: the partnership that commissions the review.",
            section=Section.REVIEW,
            required=True,
            problem="Enter the name of the partnership, board or CSP",
            headings={"Designated partnership/board/CSP": ""},
        ),
    )
    partnership_kind: Mapped[PartnershipKind] = item(
        stored(PartnershipKind, "partnership_kind_is_known"),
        about=Item(
            label="Partnership type",
            question="Which kind of partnership commissions the review?",
            definition="The kind of the designated partnership, board or CSP (Community Safety Partnership).",
            section=Section.REVIEW,
            required=True,
            problem="Select the kind of partnership",
            filterable=True,
        ),
    )
    steis_number: Mapped[str | None] = item(
        String(40),
        about=Item(
            label="StEIS number",
            also_called=("StEIS", "StEIS no", "StEIS ref", "StEIS reference"),
            question="StEIS number (if there is one)",
            hint="For example, 2021/12345. Enter this, a local identifier, or both.",
            definition="“STEIS number or local identifier”: the number in the Strategic Executive Information System.",
            section=Section.REVIEW,
            sortable=True,
            search=Search.BEGINNING,
            headings={"STEIS number": ""},
        ),
    )
    local_identifier: Mapped[str | None] = item(
        String(60),
        about=Item(
            label="Local identifier",
            also_called=("Local ID", "Local reference", "Case note number"),
            question="Local identifier (if there is one)",
            hint="For example, a case note number. Not an NHS number.",
            definition="“STEIS number or local identifier”: the CCG's own number for the case, unique within the CCG.",
            section=Section.REVIEW,
            sortable=True,
            search=Search.BEGINNING,
        ),
    )
    review_type_id: Mapped[UUID] = item(
        ForeignKey("review_type.id"),
        about=Item(
            label="Type of review",
            also_called=("Review type",),
            question="Type of review",
            definition="“Type of review”, from the list that NHS Digital keeps.",
            kind=Kind.CODE,
            code_list="review_type",
            section=Section.REVIEW,
            required=True,
            problem="Select the type of review",
            in_list=True,
            sortable=True,
            filterable=True,
            headings={"Type of review": "label"},
        ),
    )
    incident_date: Mapped[date] = item(
        Date,
        about=Item(
            label="Incident date",
            also_called=("Date of incident",),
            question="When did the incident happen?",
            hint="For example, 27 3 2021. If it went on for a time, the day it came to notice.",
            definition="“Incident date”. Not in the future.",
            section=Section.INCIDENT,
            required=True,
            problem="Enter the incident date",
            in_list=True,
            sortable=True,
            filterable=True,
        ),
    )
    overview: Mapped[str] = item(
        Text,
        about=Item(
            label="Brief overview",
            also_called=("Overview", "Summary"),
            question="Brief overview",
            hint=f"What happened, in a few sentences. {NO_IDENTIFIERS}",
            definition="“Brief overview” of the incident and why it is reviewed. Holds no identifiers.",
            section=Section.INCIDENT,
            required=True,
            problem="Enter a brief overview",
            max_length=4000,
            search=Search.WORDS,
        ),
    )
    theme_1_id: Mapped[UUID] = item(
        ForeignKey("theme.id"),
        about=_theme(
            1,
            required=True,
            in_list=True,
            sortable=True,
            filterable=True,
            filter_label="Theme, in any place",
            filtered_with=("theme_2_id", "theme_3_id"),
        ),
    )
    theme_2_id: Mapped[UUID | None] = item(ForeignKey("theme.id"), about=_theme(2))
    theme_3_id: Mapped[UUID | None] = item(ForeignKey("theme.id"), about=_theme(3))
    media_interest: Mapped[MediaInterest] = item(
        stored(MediaInterest, "media_interest_is_known"),
        default=MediaInterest.NONE_KNOWN,
        about=Item(
            label="Media interest",
            question="Is there media interest?",
            definition="“Media interest”: the widest that is known.",
            section=Section.PROGRESS,
            required=True,
            problem="Select the media interest",
            filterable=True,
        ),
    )
    latest_update: Mapped[str] = item(
        Text,
        default="",
        about=Item(
            label="Latest update",
            also_called=("Update",),
            question="Latest update (optional)",
            hint=f"Where the review stands now. {NO_IDENTIFIERS}",
            definition="“latest update”: where the review stands.",
            section=Section.PROGRESS,
            max_length=4000,
            search=Search.WORDS,
        ),
    )
    latest_update_on: Mapped[date] = item(
        Date,
        about=Item(
            label="Last updated",
            definition="The day the latest update was last changed. Set by the service, and on recording.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            in_list=True,
            sortable=True,
            files=Files.NONE,
        ),
    )
    report_signed_off_on: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Date report is signed off",
            also_called=("Data report is signed off", "Sign-off date", "Signed off"),
            question="When was the report signed off?",
            hint="Leave empty if it is not signed off yet.",
            definition="“Data report is signed off”. Not before the incident date, and not in the future.",
            section=Section.REPORT,
            problem="Enter the date the report was signed off",
            sortable=True,
            filterable=True,
        ),
    )
    publication_date: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Publication date",
            question="When was or will the report be published?",
            hint="You can enter a planned date once the report is signed off.",
            definition=(
                "“Publication date”. Needs the sign-off and is not before it. May lie ahead until the case is closed."
            ),
            section=Section.REPORT,
            problem="Enter the publication date",
            sortable=True,
            filterable=True,
        ),
    )
    report_link: Mapped[str | None] = item(
        String(2000),
        about=Item(
            label="Link to report",
            also_called=("Report link", "Link"),
            question="Link to the report",
            hint="The whole web address, beginning with https://",
            definition="“Link to report”: http or https, only when the review is public.",
            kind=Kind.LINK,
            section=Section.REPORT,
            only_when=OnlyWhen("publication", Publication.PUBLIC),
        ),
    )
    lessons: Mapped[str] = item(
        Text,
        default="",
        about=Item(
            label="Lessons learned and recommendations",
            also_called=("Lessons", "Lessons learned", "Recommendations"),
            question="Lessons learned and recommendations (optional)",
            hint=f"What others could learn from this case. {NO_IDENTIFIERS}",
            definition="“Lessons learned/recommendations”.",
            section=Section.PROGRESS,
            max_length=10000,
            search=Search.WORDS,
            headings={"Lessons learned/recommendations": ""},
        ),
    )
    publication: Mapped[Publication] = item(
        stored(Publication, "publication_is_known"),
        default=Publication.NOT_DECIDED,
        about=Item(
            label="Public or embargoed",
            question="Is the review public or embargoed?",
            definition="“Review: public or embargoed”, or not decided yet.",
            section=Section.REPORT,
            required=True,
            problem="Select whether the review is public or embargoed",
            filterable=True,
            headings={"Review: public or embargoed": ""},
        ),
    )
    date_closed: Mapped[date | None] = item(
        Date,
        about=Item(
            label="Date closed",
            also_called=("Closed on", "Closing date"),
            question="When was the case closed?",
            definition="“Date incident closed”: after the incident date and not in the future; only for a closed case.",
            section=Section.STATUS,
            problem="Enter the date the case was closed",
            sortable=True,
            filterable=True,
            only_when=OnlyWhen("status", Status.CLOSED),
            headings={"Date incident closed": ""},
        ),
    )
    designated_professional_id: Mapped[UUID | None] = item(
        ForeignKey("designated_professional.id"),
        about=Item(
            label="Designated professional",
            question="Designated professional (optional)",
            definition="The post of the professional who leads for the CCG.",
            source=GUIDANCE,
            kind=Kind.CODE,
            code_list="designated_professional",
            section=Section.REVIEW,
            filterable=True,
            headings={"Designated professional": "label"},
        ),
    )
    converted_from_id: Mapped[UUID | None] = item(
        Uuid,
        about=Item(
            label="Converted from",
            question="Rapid review that this review grew out of (optional)",
            hint="Its reference, for example SCR-7KQX3MPD.",
            definition=(
                "The rapid review that this review grew out of, of the same CCG or its line of succession; "
                "so that conversions can be counted."
            ),
            source=GUIDANCE,
            kind=Kind.CASE,
            section=Section.REVIEW,
        ),
    )
    current_ccg = derived(
        Item(
            label="Current CCG",
            column="held_by_id",
            definition=(
                "The CCG that answers for the case today: the CCG itself, or the one that took over from it; "
                "after a split the one to which the case was allocated."
            ),
            source=SERVICE,
            kind=Kind.ORGANISATION,
            answers_today=True,
            section=Section.REVIEW,
            headings={"Current CCG code": "code"},
        )
    )
    version: Mapped[int] = item(
        Integer,
        about=Item(
            label="Version",
            definition="Counts the saves of the case, from 1.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            last=True,
        ),
    )
    changed_at: Mapped[datetime] = item(
        Moment,
        default=utc_now,
        index=True,
        about=Item(
            label="Last changed",
            definition="When the case was last saved. In files: UTC, to the millisecond.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            sortable=True,
            headings={"Last changed at": ""},
            last=True,
        ),
    )
    comments: Mapped[str] = item(
        Text,
        default="",
        about=Item(
            label="Comments",
            question="Comments (optional)",
            hint=f"For your own CCG. Not part of the extract for NHS England. {NO_IDENTIFIERS}",
            definition="The CCG's own notes on the case. Left out of the extract.",
            source=GUIDANCE,
            section=Section.PROGRESS,
            max_length=4000,
            files=Files.DOWNLOAD,
            last=True,
        ),
    )
    withdrawn_at: Mapped[datetime | None] = item(
        Moment,
        about=Item(
            label="Withdrawn",
            definition="When the case was withdrawn because it had been entered in error.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            files=Files.NONE,
            last=True,
        ),
    )
    withdrawn_reason: Mapped[str | None] = item(
        String(1000),
        about=Item(
            label="Reason for withdrawal",
            definition="Why the case was withdrawn.",
            source=SERVICE,
            section=Section.SERVICE,
            in_form=False,
            files=Files.NONE,
            last=True,
        ),
    )
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    converted_from_ccg_id: Mapped[UUID | None] = mapped_column(Uuid)
    # Where several took over from the case's CCG: the one of them to which people of that CCG gave the case.
    allocated_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))

    # Read only: the column alone says whose the case is, so that it is what the row scope checks.
    ccg: Mapped[Organisation] = relationship(foreign_keys="CaseReview.ccg_id", viewonly=True)
    review_type: Mapped[ReviewType] = relationship()
    theme_1: Mapped[Theme] = relationship(foreign_keys="CaseReview.theme_1_id")
    theme_2: Mapped[Theme | None] = relationship(foreign_keys="CaseReview.theme_2_id")
    theme_3: Mapped[Theme | None] = relationship(foreign_keys="CaseReview.theme_3_id")
    designated_professional: Mapped[DesignatedProfessional | None] = relationship()
    converted_from: Mapped[CaseReview | None] = relationship(
        remote_side="CaseReview.id",
        primaryjoin="foreign(CaseReview.converted_from_id) == CaseReview.id",
        viewonly=True,
        back_populates="grown_into",
    )
    grown_into: Mapped[list[CaseReview]] = relationship(
        primaryjoin="CaseReview.id == foreign(CaseReview.converted_from_id)",
        viewonly=True,
        back_populates="converted_from",
    )
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    changed_by: Mapped[Person | None] = relationship(foreign_keys="CaseReview.changed_by_id")

    __mapper_args__ = {"version_id_col": version}

    __table_args__ = (
        # A composite key, so that a link names the CCG of the case it leads to.
        UniqueConstraint("ccg_id", "id", name="a_case_is_known_with_its_ccg"),
        ForeignKeyConstraint(
            ["converted_from_ccg_id", "converted_from_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="converted_from_a_case_of_that_ccg",
        ),
        # Every key that a person can fill begins with the CCG: the same number elsewhere neither clashes nor shows.
        *_used_once("local_identifier", "its_ccg"),
        *_used_once("steis_number", "its_ccg_and_type", "review_type_id"),
        Index("ix_case_review_ccg_id_date_added", "ccg_id", "date_added"),
        # The order of lists, with what a page in the middle of them is found by.
        _among_those_not_withdrawn("ix_case_review_date_added", "date_added", "id", "ccg_id"),
        # What lists are sorted by, where no other index begins so.
        *(
            _among_those_not_withdrawn(f"ix_case_review_by_{name}", name, "id")
            for name in (
                *("status", "review_type_id", "theme_1_id"),
                *("latest_update_on", "steis_number", "local_identifier"),
            )
        ),
        # Which themes the newest cases of a scope have is answered from here alone.
        Index(
            "ix_case_review_newest_themes",
            *("ccg_id", "date_added", "id", "withdrawn_at", "theme_1_id", "theme_2_id", "theme_3_id"),
        ),
        # Everything that the themes view counts and filters by: it reads no case.
        Index(
            "ix_case_review_counted",
            *("ccg_id", "date_added", "withdrawn_at", "status", "review_type_id", "partnership_kind"),
            *("theme_1_id", "theme_2_id", "theme_3_id", "incident_date", "date_closed", "report_signed_off_on"),
            *("publication_date", "id", "allocated_to_id"),
        ),
        Index(
            "ix_case_review_allocated_to",
            *("allocated_to_id", "date_added", "id"),
            sqlite_where=column("allocated_to_id").is_not(None),
            postgresql_where=column("allocated_to_id").is_not(None),
        ),
        # Possible duplicates. Without statistics SQLite otherwise looks through all cases of a type, for each case.
        Index("ix_case_review_same_day_and_type", "incident_date", "review_type_id", "ccg_id"),
        # What all of England is counted by: a period of a date, and what is open.
        _among_those_not_withdrawn("ix_case_review_date_closed", "date_closed", "id", "ccg_id"),
        _among_those_not_withdrawn("ix_case_review_signed_off", "report_signed_off_on", "id", "ccg_id"),
        _among_those_not_withdrawn("ix_case_review_publication", "publication_date", "id", "ccg_id"),
        _among_those_not_withdrawn("ix_case_review_status", "status", "date_added", "id", "ccg_id"),
        Index(
            "ix_case_review_converted_from",
            *("converted_from_id", "date_added", "withdrawn_at", "ccg_id"),
            sqlite_where=column("converted_from_id").is_not(None),
            postgresql_where=column("converted_from_id").is_not(None),
        ),
        Index("ix_case_review_ccg_id_incident_date", "ccg_id", "incident_date"),
        CheckConstraint("status <> 'closed' OR date_closed IS NOT NULL", name="closed_needs_a_closing_date"),
        CheckConstraint("status <> 'open' OR date_closed IS NULL", name="open_must_not_have_a_closing_date"),
        CheckConstraint(
            "status <> 'closed' OR (publication = 'public' AND publication_date IS NOT NULL)"
            " OR (publication = 'embargoed' AND report_signed_off_on IS NOT NULL)",
            name="closed_is_published_or_embargoed_and_signed_off",
        ),
        CheckConstraint("date_closed IS NULL OR date_closed > incident_date", name="closed_after_the_incident"),
        CheckConstraint("date_added >= incident_date", name="added_not_before_the_incident"),
        CheckConstraint(
            "report_signed_off_on IS NULL OR report_signed_off_on >= incident_date",
            name="signed_off_not_before_the_incident",
        ),
        CheckConstraint(
            "publication_date IS NULL OR report_signed_off_on IS NOT NULL", name="publication_needs_a_signed_off_report"
        ),
        CheckConstraint(
            "publication_date IS NULL OR report_signed_off_on IS NULL OR publication_date >= report_signed_off_on",
            name="published_not_before_signed_off",
        ),
        CheckConstraint("report_link IS NULL OR publication = 'public'", name="a_link_only_when_public"),
        CheckConstraint(
            "report_link IS NULL OR lower(report_link) LIKE 'http://_%' OR lower(report_link) LIKE 'https://_%'",
            name="a_link_is_http_or_https",
        ),
        CheckConstraint(
            "steis_number IS NOT NULL OR local_identifier IS NOT NULL", name="a_steis_number_or_a_local_identifier"
        ),
        CheckConstraint("steis_number IS NULL OR steis_number <> ''", name="a_steis_number_is_not_blank"),
        CheckConstraint("local_identifier IS NULL OR local_identifier <> ''", name="a_local_identifier_is_not_blank"),
        CheckConstraint("theme_3_id IS NULL OR theme_2_id IS NOT NULL", name="themes_are_filled_in_order"),
        CheckConstraint(
            "(theme_2_id IS NULL OR theme_2_id <> theme_1_id) AND (theme_3_id IS NULL OR"
            " (theme_3_id <> theme_1_id AND theme_3_id <> theme_2_id))",
            name="themes_are_all_different",
        ),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_with_a_reason"),
        CheckConstraint(
            "(converted_from_id IS NULL) = (converted_from_ccg_id IS NULL)", name="converted_from_names_its_ccg"
        ),
        CheckConstraint("converted_from_id IS NULL OR converted_from_id <> id", name="not_converted_from_itself"),
        CheckConstraint("allocated_to_id IS NULL OR allocated_to_id <> ccg_id", name="allocated_to_another_ccg"),
        CheckConstraint("length(overview) BETWEEN 1 AND 4000", name="overview_is_1_to_4000_characters"),
        CheckConstraint("length(latest_update) <= 4000", name="latest_update_is_at_most_4000_characters"),
        CheckConstraint("length(lessons) <= 10000", name="lessons_are_at_most_10000_characters"),
        CheckConstraint("length(comments) <= 4000", name="comments_are_at_most_4000_characters"),
        CheckConstraint("partnership_name <> ''", name="a_partnership_has_a_name"),
    )

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None
