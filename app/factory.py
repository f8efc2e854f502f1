"""Puts the service together. Read it as a table of contents."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import admin_views
from app import about, commands, compression, errors, health
from app.access import readings
from app.config import MIGRATIONS, settings
from app.database import prepare
from app.nhsuk import theme
from app.requests import TrackerRequest
from app.sign_in import door
from app.watching import logs, metrics
from app.watching.requests import Requests
from models import db


def create_app(environment: Mapping[str, str] = os.environ) -> Flask:
    """The service as a WSGI application, with the settings of an environment.

    Raises WrongSetting where a setting is missing or weak.
    """
    app = Flask("tracker", static_folder=None)
    app.request_class = TrackerRequest
    app.config.update(settings(environment))
    logs.set_up(as_json=app.config["TRACKER_MODE"] == "service")
    if proxies := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = Requests(app.wsgi_app, app.config["REQUEST_ID_HEADER"] if proxies else "")  # type: ignore[method-assign]
    app.config["OWN_TOKEN_CHECK"] = admin_views.OWN_TOKEN_CHECK
    app.config["CASE_FORMS"] = admin_views.CASE_FORMS
    app.config["NEEDS_RECENT_SIGN_IN"] = admin_views.NEEDS_RECENT_SIGN_IN
    app.config["LARGEST_UPLOAD"] = admin_views.LARGEST_UPLOAD

    db.init_app(app)
    with app.app_context():
        in_service = app.config["TRACKER_MODE"] == "service"
        prepare(db.engine, app.config["DATABASE_WAITS"], in_service=in_service)
        metrics.watch(db.engine)
    Migrate(app, db, directory=str(MIGRATIONS), compare_type=True)

    compression.init_app(app)
    theme.init_app(app)
    errors.init_app(app)
    door.init_app(app)
    readings.init_app(app)
    admin_views.init_app(app)
    app.register_blueprint(about.blueprint)
    app.register_blueprint(health.blueprint)
    commands.init_app(app)
    return app
