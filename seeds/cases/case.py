"""A demo case as plain values, under the names of the data items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from models.enumerations import MediaInterest, PartnershipKind, Publication, Status


@dataclass(frozen=True, kw_only=True)
class DemoCase:
    """`ccg` is an ODS code; type, themes and professional are codes of the lists; `converted_from` is a reference."""

    reference: str
    status: Status
    date_added: date
    ccg: str
    partnership_kind: PartnershipKind
    partnership_name: str
    steis_number: str | None
    local_identifier: str | None
    review_type: str
    incident_date: date
    overview: str
    theme_1: str
    theme_2: str | None
    theme_3: str | None
    media_interest: MediaInterest
    latest_update: str
    latest_update_on: date
    report_signed_off_on: date | None
    publication_date: date | None
    report_link: str | None
    lessons: str
    publication: Publication
    date_closed: date | None
    designated_professional: str | None
    converted_from: str | None
    comments: str
    created_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
