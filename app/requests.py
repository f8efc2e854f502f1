"""A request as the service takes it: bounded before it is looked at, and readable whatever bytes it holds."""

from __future__ import annotations

import re
from typing import IO, Any

from flask import Request, current_app
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class BoundedForms(FormDataParser):
    """Reads forms. Those that are not sent in parts are bounded too, which Werkzeug does not do."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> _Parsed:
        if self.max_form_memory_size is not None and (content_length or 0) > self.max_form_memory_size:
            raise RequestEntityTooLarge
        found: _Parsed = super()._parse_urlencoded(
            _Counted(stream, current_app.config["MAX_FORM_FIELDS"]),  # type: ignore[arg-type]
            mimetype,
            content_length,
            options,
        )
        return found

    def _parse_multipart(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> _Parsed:
        found: _Parsed = super()._parse_multipart(stream, mimetype, content_length, options)
        if any(name is None for part in found[1:] for name in part):
            raise BadRequest("A part has no name.")
        return found


class _Counted:
    """The body of a form, which is not read where it has too many fields."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most = stream, most

    def read(self) -> bytes:
        body = self._stream.read()
        if body.count(b"&") >= self._most:
            raise RequestEntityTooLarge
        return body


class TrackerRequest(Request):
    """What Flask hands to every view as `request`."""

    form_data_parser_class = BoundedForms

    def __init__(self, environ: dict[str, Any], **more: Any) -> None:
        super().__init__(environ, **more)
        # Bytes that should have been written as %FF are read as if they had been: Werkzeug reads ASCII alone.
        self.query_string = _BEYOND_ASCII.sub(_as_written, self.query_string)

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except (ParseException, NoMoreData) as error:  # the server reads the body while it is being asked for
            raise BadRequest("The body is not written as one.") from error


def _as_written(found: re.Match[bytes]) -> bytes:
    return f"%{ord(found[0]):02X}".encode()
