"""Your account: who you are here, what you may do, and where you are signed in. For everybody who is signed in."""

from __future__ import annotations

from flask import current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from flask_login import current_user

from app.access import clock
from app.access.current import current_access, is_signed_in, lookups
from app.nhsuk.wording import nhs_date
from app.people import sessions
from app.rules.words import count_of, in_words
from models import db

from ..tables import TableOf, words


class AccountView(BaseView):
    """A page of one's own, which no menu shows: the name at the top leads to it."""

    def __init__(self) -> None:
        super().__init__(name="Your account", endpoint="account", url="/account")

    def is_accessible(self) -> bool:
        return is_signed_in()

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Who the service takes the person for, and every browser in which they are signed in."""
        person, today, places = current_access().person, lookups().today, lookups().organisations.places
        held = sorted(
            (places[one.organisation_id].name, one.role.label, one) for one in person.grants if one.holds_on(today)
        )
        page: str = self.render(
            "account.html",
            title="Your account",
            facts=[
                ("Name", person.name),
                ("Email address", person.email),
                ("Known since", nhs_date(person.created_at)),
            ],
            grants=TableOf(
                "What you may do",
                ["Role", "Organisation", "Since", "Until"],
                [
                    words(
                        role,
                        name,
                        nhs_date(one.granted_at),
                        in_words(one.ends_on) if one.ends_on else "No last day",
                    )
                    for name, role, one in held
                ],
            ),
            sessions=sessions.open_sessions(db.session(), person.id, current_app.config, at=clock.now()),
            own_session=current_user.id_hash,
            end_session_url=self.get_url(".end_session_view"),
        )
        return page

    @expose("/end-session/", methods=("POST",))
    def end_session_view(self) -> ResponseReturnValue:
        """Ends another session of one's own, or all others. The one in use ends by signing out."""
        person_id, which, own = current_access().person_id, request.form.get("session", ""), current_user.id_hash
        if which == "all":
            ended = sessions.end_all(db.session(), person_id, by=person_id, at=clock.now(), but=own)
        else:
            ended = int(
                which != own and sessions.end_one(db.session(), person_id, which[:64], by=person_id, at=clock.now())
            )
        db.session.commit()
        done = f"{count_of(ended, 'session')} ended" if ended else "This session had ended already"
        flash(done, "success" if ended else "info")
        return redirect(self.get_url(".index"))
