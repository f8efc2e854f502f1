"""The entry point of every WSGI server and of the `flask` command."""

from app.factory import create_app

app = create_app()
