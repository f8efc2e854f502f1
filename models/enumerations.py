"""Words that are stored: each value is what stands in the database, each label what people read."""

from enum import StrEnum


class Labelled(StrEnum):
    """A stored word and its label: `OPEN = "open", "Open"`."""

    label: str

    def __new__(cls, value: str, label: str) -> "Labelled":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Status(Labelled):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Publication(Labelled):
    """Whether the review's report is public."""

    NOT_DECIDED = "not_decided", "Not decided"
    PUBLIC = "public", "Public"
    EMBARGOED = "embargoed", "Embargoed"


class MediaInterest(Labelled):
    NONE_KNOWN = "none_known", "None known"
    ANTICIPATED = "anticipated", "Anticipated"
    LOCAL = "local", "Local"
    REGIONAL = "regional", "Regional"
    NATIONAL = "national", "National"


class PartnershipKind(Labelled):
    """The statutory partnership that commissions the review."""

    SAFEGUARDING_ADULTS_BOARD = "safeguarding_adults_board", "Safeguarding Adults Board"
    SAFEGUARDING_CHILDREN_PARTNERSHIP = "safeguarding_children_partnership", "Safeguarding Children Partnership"
    COMMUNITY_SAFETY_PARTNERSHIP = "community_safety_partnership", "Community Safety Partnership"
    JOINT = "joint", "Joint"
    OTHER = "other", "Other"


class Role(Labelled):
    CCG_EDITOR = "ccg_editor", "CCG safeguarding lead"
    OVERSIGHT = "oversight", "Oversight"
    ANALYST = "analyst", "Analyst"
    ADMINISTRATOR = "administrator", "Administrator"


class CaseForm(Labelled):
    """The forms that are about one case; each label says what was being done."""

    NEW = "new", "Recording a case"
    EDIT = "edit", "Changing"
    CLOSE = "close", "Closing"
    REOPEN = "reopen", "Reopening"
    WITHDRAW = "withdraw", "Withdrawing"
    BRING_BACK = "bring_back", "Bringing back"


class SessionEnd(Labelled):
    """Why a signed-in session ended before its time."""

    SIGNED_OUT = "signed_out", "Signed out"
    REPLACED = "replaced", "Replaced by a new sign-in"
    DEACTIVATED = "deactivated", "Person deactivated"


class Change(Labelled):
    """What made a version of a row."""

    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    DELETED = "deleted", "Deleted"


class Query(Labelled):
    """What the service asks a CCG about a case that breaks no rule; each label is the sentence that asks."""

    NO_UPDATE = "no_update", "No update for 90 days"
    NOT_PUBLISHED = "not_published", "Signed off over 60 days ago, neither published nor embargoed"
    THEME_OTHER = "theme_other", "A theme is “other”"
    DUPLICATE = "duplicate", "Likely duplicate"
    IDENTIFIERS = "identifiers", "Text that looks as if it says who somebody is"


class AuditAction(Labelled):
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_REFUSED = "sign_in_refused", "Could not sign in"
    SIGNED_OUT = "signed_out", "Signed out"
    OPENED = "opened", "Opened a case"
    SEARCHED = "searched", "Searched"
    DOWNLOADED = "downloaded", "Downloaded"
    ADDED = "added", "Recorded a case"
    CHANGED = "changed", "Changed a case"
    CLOSED = "closed", "Closed a case"
    REOPENED = "reopened", "Opened a case again"
    WITHDRAWN = "withdrawn", "Withdrew a case"
    BROUGHT_BACK = "brought_back", "Brought a case back"
    LIST_CHANGED = "list_changed", "Changed a reference list"
    GRANT_CHANGED = "grant_changed", "Changed what somebody may do"
    QUERY_ANSWERED = "query_answered", "Answered a query about a case"
    QUARTER_CONFIRMED = "quarter_confirmed", "Confirmed a quarter"
    EXTRACT_DRAWN = "extract_drawn", "Drew an extract"
    EXTRACT_SIGNED_OFF = "extract_signed_off", "Signed off an extract"
    EXTRACT_DOWNLOADED = "extract_downloaded", "Downloaded an extract"
    RECEIPT_NOTED = "receipt_noted", "Noted the receipt of a transfer"
    NOT_FOUND = "not_found", "Asked for a record that is not there, or not theirs"
    REFUSED = "refused", "Asked for a page that their role does not include"
    EVERY_ORGANISATION = "every_organisation", "Worked on the rows of every organisation, outside a request"
