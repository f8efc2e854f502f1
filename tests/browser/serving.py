"""What the server of the browser tests shares with the tests: templates that are compiled already."""

from typing import Any

from tests.databases import compiled_templates


def post_worker_init(worker: Any) -> None:
    """Called by gunicorn in each of its processes, before the first request."""
    worker.app.callable.jinja_env.bytecode_cache = compiled_templates()
