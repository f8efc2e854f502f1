"""What we store: tables, named constraints, migrations. No screens, and of Flask only flask_sqlalchemy's `db`."""

from .audit import AuditEvent, AuditSeal, SealedEvent
from .base import OwnedByCCG, Versioned, db
from .case_counts import CaseCount
from .case_review import CaseReview, Section
from .code_lists import CODE_LISTS, CodeListEntry, DesignatedProfessional, ReviewType, Theme
from .data_quality import QuarterConfirmation, QueryAnswer
from .drafts import Draft
from .extracts import Drawing, Extract, ExtractPart, Receipt, SignOff
from .history import make_version_models, version_of, versioned_models
from .imports import CaseImport, ImportPart, StagedCase
from .organisations import Membership, Organisation, OrganisationKind, OrganisationName, Succession
from .people import AccessDecision, Grant, Person, Setting, SignInSession, UsedFormToken
from .redactions import ExtractRedaction, Redaction
from .reorganisations import Reorganisation
from .saved_views import SavedView
from .sign_in import SignInAttempt, UsedLogoutToken

make_version_models()

__all__ = [
    "CODE_LISTS",
    "AccessDecision",
    "AuditEvent",
    "AuditSeal",
    "CaseCount",
    "CaseImport",
    "CaseReview",
    "CodeListEntry",
    "DesignatedProfessional",
    "Draft",
    "Drawing",
    "Extract",
    "ExtractPart",
    "ExtractRedaction",
    "Grant",
    "ImportPart",
    "Membership",
    "Organisation",
    "OrganisationKind",
    "OrganisationName",
    "OwnedByCCG",
    "Person",
    "QuarterConfirmation",
    "QueryAnswer",
    "Receipt",
    "Redaction",
    "Reorganisation",
    "ReviewType",
    "SavedView",
    "SealedEvent",
    "Section",
    "Setting",
    "SignInAttempt",
    "SignInSession",
    "SignOff",
    "StagedCase",
    "Succession",
    "Theme",
    "UsedFormToken",
    "UsedLogoutToken",
    "Versioned",
    "db",
    "version_of",
    "versioned_models",
]
