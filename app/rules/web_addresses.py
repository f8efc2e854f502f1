"""Addresses on the web that may be trusted with a secret."""

from __future__ import annotations

from urllib.parse import urlsplit

# This very machine: what is sent there goes over no line.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_safe(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way: https, or this very machine."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False
