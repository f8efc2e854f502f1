"""What failed and where, without what was said: errors quote rows, parameters and typed values."""

from __future__ import annotations

from traceback import extract_tb


def what_failed(error: BaseException) -> str:
    """Which errors followed from which, and where. What one says stands there only where its class is `FOR_THE_LOG`."""
    lines = []
    one: BaseException | None = error
    while one is not None:
        origin = getattr(one, "orig", None)
        details = getattr(origin, "diag", None)
        named = getattr(details, "constraint_name", None) or getattr(origin, "sqlite_errorname", None) or ""
        said = f": {one}" if getattr(type(one), "FOR_THE_LOG", False) else ""
        lines.append(f"{type(one).__qualname__} {named}{said}".strip())
        frames = extract_tb(one.__traceback__)
        ours = [frame for frame in frames if "site-packages" not in frame.filename]
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in [*ours, *frames[-1:]]]
        one = one.__cause__ or one.__context__
    return "\n".join(lines)
