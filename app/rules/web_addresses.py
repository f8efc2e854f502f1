"""Addresses on the web that may be trusted with a secret, and names of what stands there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# This very machine: what is sent there goes over no line.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# The name of an Application Load Balancer of AWS; its first group is the region.
ARN_OF_LOAD_BALANCER = re.compile(
    r"arn:aws(?:-[a-z]+)*:elasticloadbalancing:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:loadbalancer/app/[\w-]+/[0-9a-f]+",
    re.ASCII,
)


def is_safe(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way: https, or this very machine."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False
