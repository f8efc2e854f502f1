"""The text in a file that somebody gives, whatever it is: small enough, in a known encoding, and text."""

from __future__ import annotations

import csv
import io
import zipfile

LARGEST = 20 * 1024 * 1024
ZIP = b"PK\x03\x04"


class NotUsable(Exception):
    """A file that is not read at all. The words say why, and what to give instead.

    Of several files `about` is the field of the one that is meant, "" for the first.
    """

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


def not_csv(line: int, problem: csv.Error) -> NotUsable:
    """What is wrong with a line that the csv module does not understand, as somebody sees it in the file."""
    said = str(problem)
    if "expected after" in said:
        return NotUsable(f"Line {line} has a quotation mark in the middle of a cell. Take it out, or write it twice.")
    if "end of data" in said:
        return NotUsable(f"Line {line} has a quotation mark that is not closed.")
    if "field limit" in said:
        return NotUsable(
            f"Line {line} has a cell of more than {csv.field_size_limit():,} characters,"
            " or a quotation mark that is not closed."
        )
    return NotUsable(f"Line {line} is not CSV.")


def text_of(data: bytes, *, ending: str = ".csv") -> str:
    """The text of a file, or of the one file of that ending in a zip. Raises NotUsable, with a sentence.

    UTF-8 with or without a mark, or else Windows-1252, which spreadsheets of England still write.
    """
    if data.startswith(ZIP):
        data = _unzipped(data, ending)
    if len(data) > LARGEST:
        raise NotUsable(f"The file is larger than {LARGEST // (1024 * 1024)} MB.")
    if not data.strip():
        raise NotUsable("The file is empty.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise NotUsable("The file is in UTF-16. Save it as CSV in UTF-8.")
    if b"\0" in data:
        raise NotUsable("The file holds what no text holds. It may be damaged, or of another kind.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise NotUsable("The file is in an encoding that is not known. Save it as CSV in UTF-8.") from None


def _unzipped(data: bytes, ending: str) -> bytes:
    """The one file in a zip. What it says of its size is not believed: no more is unpacked than may be read."""
    if len(data) > LARGEST:
        raise NotUsable(f"The file is larger than {LARGEST // (1024 * 1024)} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if one.filename.lower().endswith(ending) and not one.is_dir()]
            if not inside:
                raise NotUsable(f"The file is no {ending[1:].upper()}, and no zip that holds one.")
            if len(inside) > 1:
                raise NotUsable(f"The zip holds {len(inside)} files that end in {ending}. Give the one that you mean.")
            if inside[0].flag_bits & 1:
                raise NotUsable("The zip asks for a password.")
            with archive.open(inside[0]) as file:
                found = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as problem:
        raise NotUsable("The zip is damaged, or packed in a way that is not known.") from problem
    except Exception as problem:
        if isinstance(problem, NotUsable):
            raise
        raise NotUsable("The zip is damaged, or packed in a way that is not known.") from problem
    return found
