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
    ENDED = "ended", "Ended by the person elsewhere, or by an administrator"


class AccessDecided(Labelled):
    """What was decided about a person's access as a whole."""

    ADDED = "added", "Added"
    DEACTIVATED = "deactivated", "Deactivated"
    REACTIVATED = "reactivated", "Reactivated"
    CONFIRMED = "confirmed", "Confirmed"


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


class RedactionState(Labelled):
    """What has become of a request to strike words out. `STRIKING` stands only within the transaction that does it."""

    ASKED = "asked", "Waiting for somebody else to decide"
    STRIKING = "striking", "Under way"
    APPROVED = "approved", "Struck out"
    REFUSED = "refused", "Refused"
    TAKEN_BACK = "taken_back", "Taken back"


class AuditAction(Labelled):
    """What an event of the audit says that somebody did, or was refused."""

    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_REFUSED = "sign_in_refused", "Sign-in refused"
    SIGNED_OUT = "signed_out", "Signed out"
    SESSION_ENDED = "session_ended", "Session ended"
    NOT_FOUND = "not_found", "Asked for a record that is not there, or not theirs"
    REFUSED = "refused", "Asked for a page that their role does not include"
    EVERY_ORGANISATION = "every_organisation", "Ran a task for every organisation"
    CASE_OPENED = "case_opened", "Opened a case"
    CASE_ADDED = "case_added", "Added a case"
    CASE_CHANGED = "case_changed", "Changed a case"
    CASE_CLOSED = "case_closed", "Closed a case"
    CASE_REOPENED = "case_reopened", "Reopened a case"
    CASE_WITHDRAWN = "case_withdrawn", "Withdrew a case"
    CASE_BROUGHT_BACK = "case_brought_back", "Brought back a case"
    CASES_IMPORTED = "cases_imported", "Imported cases"
    SEARCHED = "searched", "Searched or filtered a list"
    DOWNLOADED = "downloaded", "Downloaded a list"
    LIST_CHANGED = "list_changed", "Changed a reference list"
    GRANT_CHANGED = "grant_changed", "Changed who may do what"
    EXTRACT_DRAWN = "extract_drawn", "Drew an extract"
    EXTRACT_SIGNED_OFF = "extract_signed_off", "Signed off an extract"
    EXTRACT_DOWNLOADED = "extract_downloaded", "Downloaded an extract"
    EXTRACT_RECEIPT = "extract_receipt", "Recorded the receipt of an extract"
    QUARTER_CONFIRMED = "quarter_confirmed", "Confirmed a quarter"
    QUERY_ANSWERED = "query_answered", "Answered a query"
    REDACTION_ASKED = "redaction_asked", "Asked for a redaction"
    REDACTION_APPROVED = "redaction_approved", "Approved a redaction"
    REDACTION_REFUSED = "redaction_refused", "Refused a redaction"
    CLAIMS_IGNORED = "claims_ignored", "Access that the identity provider named was ignored"
    PERSON_ADDED = "person_added", "Added a person"
    PERSON_DEACTIVATED = "person_deactivated", "Deactivated a person"
    PERSON_REACTIVATED = "person_reactivated", "Reactivated a person"
    ACCESS_CONFIRMED = "access_confirmed", "Confirmed a person’s access"


class ReorganisationSource(Labelled):
    """Where the changes of a reorganisation come from."""

    TASK = "task", "A guided task"
    ODS_FILES = "ods_files", "Files of the Organisation Data Service"
    CHANGE_FILE = "change_file", "A file of changes"


class ReorganisationState(Labelled):
    """What has become of a reorganisation."""

    PROPOSED = "proposed", "Not applied"
    APPLIED = "applied", "Applied"
    UNDONE = "undone", "Undone"


class ImportState(Labelled):
    """How far an import of cases has come."""

    GIVEN = "given", "Waiting to be read"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, not saved"
    APPLYING = "applying", "Being saved"
    APPLIED = "applied", "Saved"
    REFUSED = "refused", "Not read"


class DrawingState(Labelled):
    """How far the drawing of an extract has come."""

    ASKED = "asked", "Waiting to be drawn"
    DRAWING = "drawing", "Being drawn"
    DRAWN = "drawn", "Drawn"
    REFUSED = "refused", "Not drawn"


class LineOutcome(Labelled):
    """What a line of a file of cases would do."""

    NEW = "new", "New"
    CHANGED = "changed", "Changed"
    THERE = "there", "Already there"
    WRONG = "wrong", "To mend"
