"""The files that a browser asks for: taken from the NHS design system, and our own, with a hash in each name.

`python -m app.nhsuk.assets` reads `node_modules/` and writes `app/nhsuk/static/dist/`:

    names.json                              {"tracker.css": "tracker.1f0c9a2e.css", ...}
    nhsuk-frontend.min.3f2a91bc.css         no web fonts: Arial takes their place, so that no request leaves the origin
    nhsuk-frontend.min.8c01d7aa.js
    tracker.1f0c9a2e.css, tracker.….js      our own; they may name a file beside them as "./nhsuk-frontend.min.js"
    assets/                                 the images and the manifest, under the design system's own names

A hashed name changes with its content, so a browser may keep the file for ever.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "node_modules/nhsuk-frontend/dist/nhsuk"
STATIC = Path(__file__).parent / "static"

DESIGN_SYSTEM = "nhsuk-frontend.min.css", "nhsuk-frontend.min.js"
# Each after those that it imports.
OUR_OWN = "tracker.css", "unsaved.js", "session.js", "tracker.js"
MADE_FROM = "made-from.sha256"

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
# The maps are not served, and a browser's tools would ask for them.
SOURCE_MAP = re.compile(r"(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*\Z")
URL = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")


class AssetsAreWrong(Exception):
    """The design system is missing, or asks for something that would not be there."""


def build(source: Path, target: Path) -> None:
    """Write to `target` what `source`, the `dist/nhsuk` folder of nhsuk-frontend, and the folder above `target` hold.

    Does nothing when `target` was made from the same files. `target` appears whole or not at all: it is built beside
    its place and moved there. Raises AssetsAreWrong and leaves `target` as it was.
    """
    own = target.parent
    if not all((source / name).is_file() for name in DESIGN_SYSTEM):
        raise AssetsAreWrong(f"nhsuk-frontend is not in {source}. Run: make assets")
    made_from = _digest(source, own)
    if _was_made_from(made_from, target):
        return
    own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=own) as folder:
        new, old = Path(folder) / "new", Path(folder) / "old"
        shutil.copytree(source / "assets", new / "assets")
        _write_hashed(source, own, new)
        _check(new)
        (new / MADE_FROM).write_text(made_from)
        try:
            if target.exists():
                target.rename(old)
            new.rename(target)
        except OSError:
            # Another process may have put the same files there since.
            if not _was_made_from(made_from, target):
                raise


def _was_made_from(made_from: str, target: Path) -> bool:
    noted = target / MADE_FROM
    return noted.is_file() and noted.read_text() == made_from


def _inputs(source: Path, own: Path) -> Iterator[tuple[str, Path]]:
    """Every file that the result depends on, under a name that does not depend on where it lies."""
    yield "assets.py", Path(__file__)
    for name in DESIGN_SYSTEM:
        yield name, source / name
    for path in sorted((source / "assets").rglob("*")):
        if path.is_file():
            yield path.relative_to(source).as_posix(), path
    for name in OUR_OWN:
        if (own / name).is_file():
            yield name, own / name


def _digest(source: Path, own: Path) -> str:
    lines = (f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in _inputs(source, own))
    return sha256("".join(lines).encode()).hexdigest()


def _write_hashed(source: Path, own: Path, target: Path) -> None:
    files = [source / name for name in DESIGN_SYSTEM]
    files += [own / name for name in OUR_OWN if (own / name).is_file()]
    names: dict[str, str] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        text = _without_outside_requests(text) if path.parent == source else _with_hashed_names(text, names)
        content = text.encode()
        names[path.name] = f"{path.stem}.{sha256(content).hexdigest()[:8]}{path.suffix}"
        (target / names[path.name]).write_bytes(content)
    (target / "names.json").write_text(json.dumps(names, indent=2) + "\n")


def _without_outside_requests(text: str) -> str:
    text = SOURCE_MAP.sub("", FONT_FACE.sub("", text))
    # The design system expects its images at the root of the site.
    return text.replace("url(/assets/", "url(assets/")


def _with_hashed_names(text: str, names: dict[str, str]) -> str:
    for name, hashed in names.items():
        text = text.replace(f"./{name}", f"./{hashed}")
    return text


def _check(folder: Path) -> None:
    """Every file that a style sheet or the manifest asks for is there."""
    asked = [
        (path, url)
        for path in folder.glob("*.css")
        for url in URL.findall(path.read_text(encoding="utf-8"))
        if not url.startswith("data:")
    ]
    manifest = folder / "assets/manifest.json"
    asked += [(manifest, icon["src"]) for icon in json.loads(manifest.read_text())["icons"]]
    missing = sorted({f"{url} (in {path.name})" for path, url in asked if not (path.parent / url).is_file()})
    if missing:
        raise AssetsAreWrong(f"Not among the files: {', '.join(missing)}")


if __name__ == "__main__":
    try:
        build(SOURCE, STATIC / "dist")
    except AssetsAreWrong as problem:
        raise SystemExit(str(problem)) from None
