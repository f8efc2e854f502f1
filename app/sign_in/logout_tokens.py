"""Whether a logout token of the identity provider is believed: it ends sessions without the browser.

Source: OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .tokens import Refused, Trust, text_of, verified

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class LogoutToken:
    """Whose session ended: of a subject, of one session at the provider, or both. Either may be "", not both.

    `jti` names the token, so that it is carried out once.
    """

    subject: str
    session: str
    jti: str


def verify_logout(token: str, trust: Trust, *, now: datetime) -> LogoutToken:
    """What a logout token says, if it can be believed. Raises Refused otherwise."""
    claims = verified(token, trust, types=("JWT", "logout+jwt"), now=now)
    if "nonce" in claims:  # an ID token is no logout token
        raise Refused("has_a_nonce")
    events = claims.get("events")
    if type(events) is not dict or type(events.get(EVENT)) is not dict:
        raise Refused("missing_event")
    subject, session = (text_of(claims, name) if name in claims else "" for name in ("sub", "sid"))
    if not subject and not session:
        raise Refused("names_nobody")
    return LogoutToken(subject, session, text_of(claims, "jti"))
