"""The audit: who did what, when and from where. For administrators and analysts; it holds no word of a case."""

from __future__ import annotations

from app.access.permissions import Permission
from models import AuditEvent

from .base import TrackerView


class AuditView(TrackerView):
    """The list of events, the newest first."""

    list_of = AuditEvent
    address = "audit"
    title = "Audit"
    one, many = "event", "events"
    reads, downloads = Permission.AUDIT_READ, Permission.AUDIT_READ
    search_hint = "The beginning of a name, an address or a reference"
    newest_first = "at"

    def name_of(self, row: AuditEvent) -> str:
        return f"{row.action.label}, event {str(row.id)[:8]}"
