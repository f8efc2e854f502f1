"""The texts of corpus.txt, by kind, and how they are written into addresses and forms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote_from_bytes

# Lower case and letters alone: a name of an element or attribute stays as it is, and so does a folded word.
MARKER = "qxhostile"
# What the templates of the corpus would make of it, if anything ran them.
WORKED_OUT = str(1237 * 4561)

_MANY = re.compile(r"(\d+) x (.+)")


def read_corpus() -> dict[str, list[str]]:
    """The texts by kind, in the order of the file."""
    kinds: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "corpus.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace(" ", "").isalpha() and len(line) > 5:
            texts = kinds.setdefault(line[1:-1], [])
        elif line and not line.startswith("# "):
            texts.append(_text_of(line))
    return kinds


def _text_of(line: str) -> str:
    many = _MANY.fullmatch(line)
    times, written = (int(many[1]), many[2]) if many else (1, line)
    text: str = ast.literal_eval("'" + re.sub(r"(?<!\\)((?:\\\\)*)'", r"\1\\'", written) + "'")
    return text.replace("MARKER", MARKER) * times


KINDS = read_corpus()
TEXTS = [text for texts in KINDS.values() for text in texts]


def as_bytes(text: str) -> bytes:
    r"""Text as a hostile browser sends it: \udcXX are bytes of their own, other halves of characters go as they are."""
    return b"".join(map(_character, text))


def _character(character: str) -> bytes:
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00])
    return character.encode("utf-8", "surrogatepass")


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs as a query, or as the body of a form."""
    return "&".join(f"{quote_from_bytes(as_bytes(n), '')}={quote_from_bytes(as_bytes(v), '')}" for n, v in pairs)
