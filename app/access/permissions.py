"""Role to permission. A person may do what any of their roles allows; nothing is allowed that is not written here."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from models.enumerations import Role


class Permission(StrEnum):
    CASE_READ = "see cases"
    CASE_WRITE = "record and change cases"
    CASE_DOWNLOAD = "download cases"
    THEMES_READ = "see themes, and search in what was learned"
    DICTIONARY_READ = "read the data dictionary"
    REFERENCE_READ = "see the reference lists"
    REFERENCE_WRITE = "keep the reference lists"
    EXTRACT_DRAW = "draw and download quarterly extracts"
    EXTRACT_SIGN_OFF = "sign off quarterly extracts that somebody else drew"
    AUDIT_READ = "read who did what"
    QUARTER_READ = "see queries about cases, and which CCGs have confirmed a quarter"
    QUARTER_CONFIRM = "answer queries and confirm quarters"
    REDACTION_ASK = "ask for words to be struck out of a case"
    REDACTION_DECIDE = "decide what somebody else has asked to strike out"
    PEOPLE_KEEP = "keep people and what they are granted"


_EVERYBODY = {Permission.DICTIONARY_READ, Permission.REFERENCE_READ}
_READS_CASES = {Permission.CASE_READ, Permission.CASE_DOWNLOAD, Permission.THEMES_READ, Permission.QUARTER_READ}
_EXTRACTS = {Permission.EXTRACT_DRAW, Permission.EXTRACT_SIGN_OFF}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.CCG_EDITOR: frozenset(
        _EVERYBODY
        | _READS_CASES
        | {
            Permission.CASE_WRITE,
            Permission.QUARTER_CONFIRM,
            Permission.REDACTION_ASK,
            Permission.REDACTION_DECIDE,
        }
    ),
    Role.OVERSIGHT: frozenset(_EVERYBODY | _READS_CASES),
    Role.ANALYST: frozenset(
        _EVERYBODY | _READS_CASES | _EXTRACTS | {Permission.AUDIT_READ, Permission.REDACTION_DECIDE}
    ),
    Role.ADMINISTRATOR: frozenset(
        _EVERYBODY | {Permission.REFERENCE_WRITE, Permission.AUDIT_READ, Permission.PEOPLE_KEEP}
    ),
}


def reads_cases(role: Role) -> bool:
    """Whether a role sees the words of cases. An administrator's role cannot be held together with one that does."""
    return Permission.CASE_READ in ROLE_PERMISSIONS[role]


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """What the holder of some roles may do. Administrator beside a role that reads cases counts for nothing."""
    held = set(roles)
    if any(reads_cases(role) for role in held):
        held.discard(Role.ADMINISTRATOR)
    return frozenset(permission for role in held for permission in ROLE_PERMISSIONS[role])
