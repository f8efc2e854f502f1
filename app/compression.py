"""What is sent is compressed: pages, style sheets, scripts and images of words. Downloads of cases go as they are."""

from __future__ import annotations

import secrets

from flask import Flask, Response, request
from flask_compress import Compress

from app.nhsuk.headers import FILES

KINDS = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
]
LONGEST_PADDING = 256


def init_app(app: Flask) -> None:
    """Compresses every answer of these kinds, in the way that the browser asks for."""
    app.config.update(
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br", "gzip"],
        # Files are sent as streams; their tags are compared all the same.
        COMPRESS_STREAMING_ENDPOINT_CONDITIONAL=[FILES],
    )
    Compress(app)
    # What is registered last is done first.
    app.after_request(pad)


def pad(response: Response) -> Response:
    """Gives a page that will be compressed a length that is another each time.

    A page holds words of its address beside its form token, and the length of the two compressed together could tell
    one from the other (BREACH). The padding stands in the page: headers go by themselves.
    """
    if response.mimetype == "text/html" and request.headers.get("Accept-Encoding"):
        padding = secrets.token_urlsafe(LONGEST_PADDING)[: secrets.randbelow(LONGEST_PADDING)]
        response.set_data(response.get_data() + f"<!-- {padding.replace('-', '_')} -->\n".encode())
    return response
