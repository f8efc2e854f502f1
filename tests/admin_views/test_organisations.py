"""The screens on which administrators reorganise: tasks, the rehearsal, applying, undoing, and files."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.access.organisations import read_organisations
from models import AuditEvent, Grant, Organisation, Reorganisation
from models.enumerations import AuditAction, ReorganisationState
from tests.conftest import TODAY, add_case
from tests.databases import unguarded
from tests.histories import draw
from tests.ods import eccg_csv, files_of, succ_csv, the_end_of_ccgs
from tests.visitor import Visitor

FIRST = {"first_day-day": "1", "first_day-month": "4", "first_day-year": "2022"}
LAST = {"last_day-day": "31", "last_day-month": "3", "last_day-year": "2022"}


@pytest.fixture
def administrator(fresh_app: Flask) -> Visitor:
    return Visitor(fresh_app).sign_in("administrator")


def id_of(app: Flask, code: str, kind: str = "ccg") -> str:
    with unguarded(app) as session:
        return str(session.scalars(select(Organisation.id).filter_by(code=code, kind=kind)).one())


def merger(app: Flask, **more: str) -> dict[str, str]:
    return {
        "codes": "84H, 16c", "code": "9Z9", "name": "NHS Durham and Tees CCG", "part_of": id_of(app, "QHM", "stp"),
    } | FIRST | more  # fmt: skip


def planned(visitor: Visitor, fields: dict[str, str], task: str = "merge", of: str = "kind=ccg") -> str:
    """The page after a plan was asked for: what would happen, or the form with what is wrong."""
    answer = visitor.post_form(f"/reorganisations/plan/?task={task}&{of}", fields)
    return visitor.get(answer.location).text if answer.status_code == 302 else answer.text


def only_plan(app: Flask) -> Reorganisation:
    with unguarded(app) as session:
        return session.scalars(select(Reorganisation)).one()


def upload(visitor: Visitor, page: str, **files: bytes | str) -> Any:
    form = visitor.form_on(f"/imports/{page}/")
    given = {
        name: (io.BytesIO(data if isinstance(data, bytes) else data.encode()), f"{name}.csv")
        for name, data in files.items()
    }
    return visitor.client.post(f"/imports/{page}/", data=form.fields | given, content_type="multipart/form-data")


def test_a_merger_is_shown_with_counts_before_it_is_applied(administrator: Visitor) -> None:
    app = administrator.app
    add_case(app, "84H"), add_case(app, "84H", overview="Quillarby"), add_case(app, "16C")
    page = planned(administrator, merger(app))
    assert "NHS Durham and Tees CCG (9Z9) takes over from NHS County Durham CCG (84H) on 1 April 2022" in page
    assert "Not applied" in page and "Quillarby" not in page
    cells = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "NHS County Durham CCG (84H) Cases 2 Open 2 People 2 Grants 2" in cells
    plan = only_plan(app)
    assert plan.state is ReorganisationState.PROPOSED
    with unguarded(app) as session:
        events = session.scalars(select(AuditEvent).filter_by(action=AuditAction.EVERY_ORGANISATION)).all()
        assert any(event.reason == "rehearsal of a reorganisation" for event in events)
    address = f"/reorganisations/details/?id={plan.id}"
    again = token(administrator, address)
    assert "Applied: 5 changes" in administrator.post_form(address, {}, follow_redirects=True).text
    twice = administrator.post(address, again, follow_redirects=True)
    assert "This has been applied already" in twice.text
    assert "Undo this" in administrator.get(address).text
    undoing = f"/reorganisations/undo/?id={plan.id}"
    to_undo = token(administrator, undoing)
    done = administrator.post(undoing, to_undo, follow_redirects=True).text
    assert "Undone. Everything is as it was before" in done and "taken back" in done
    twice = administrator.post(undoing, to_undo, follow_redirects=True)
    assert "This is undone already" in twice.text and "There is a problem" not in twice.text
    assert administrator.get(undoing).status_code == 302
    assert "9Z9" not in administrator.get("/ccgs/export/csv/").text


def test_an_applied_merger_stays_once_an_extract_was_drawn(administrator: Visitor) -> None:
    app = administrator.app
    planned(administrator, merger(app))
    plan = only_plan(app)
    administrator.post_form(f"/reorganisations/details/?id={plan.id}", {})
    draw(app)
    page = administrator.post_form(f"/reorganisations/undo/?id={plan.id}", {}).text
    assert "An extract has been drawn since" in page


@pytest.mark.parametrize(
    ("task", "fields", "sentence"),
    [
        ("merge", {"codes": "84H 7X7"}, "No CCG has the code 7X7"),
        ("merge", {"codes": ""}, "Enter the ODS codes of those that merge"),
        ("merge", {"name": ""}, "Enter the name of 9Z9, which is new"),
        ("merge", {"part_of": ""}, "Select what it is part of"),
        ("merge", {"code": "93C"}, "93C is that of NHS North Central London CCG. Leave name and part of empty"),
        ("merge", {"code": "<b>"}, "Enter an ODS code of letters and digits, such as 84H, not &lt;b&gt;"),
        ("merge", {"first_day-month": "13"}, "First day must be a real date"),
        ("merge", {"first_day-year": "2020"}, "NHS County Durham CCG (84H) opened on 1 April 2020, after its last day"),
        ("add", {"code": "84H"}, "The code 84H is that of NHS County Durham CCG already"),
        ("rename", {"name": "NHS County Durham CCG"}, "NHS County Durham CCG (84H) has that name already"),
        ("move", {"part_of": "QHM"}, "is part of Cumbria and North East (QHM) already"),
        ("split", {"successors": "16C"}, "Enter two or more that take over, one a line"),
        ("split", {"successors": "16C\n9Z9"}, "Enter the name of 9Z9 after a comma: it is new"),
        ("close", {"last_day-year": ""}, "Last day must include a year"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_on_the_form(
    administrator: Visitor, task: str, fields: dict[str, str], sentence: str
) -> None:
    app = administrator.app
    of = "kind=ccg" if task in ("merge", "add") else f"id={id_of(app, '84H')}"
    usual = merger(app) if task in ("merge", "add") else FIRST | LAST
    if fields.get("part_of") == "QHM":
        fields = {"part_of": id_of(app, "QHM", "stp")}
    page = planned(administrator, usual | fields, task, of)
    assert sentence in page and "There is a problem" in page
    assert ("It is part of Cumbria and North East (QHM) now." in page) is (task == "move")
    with unguarded(app) as session:
        assert session.scalars(select(Reorganisation)).all() == []


def test_a_split_names_those_that_are_there_and_new_ones(administrator: Visitor) -> None:
    app = administrator.app
    page = planned(administrator, FIRST | {"successors": "16C\n9z9, NHS New  CCG"}, "split", f"id={id_of(app, '84H')}")
    assert "NHS New CCG (9Z9) opens on 1 April 2022 as part of Cumbria and North East (QHM)" in page
    assert "NHS Tees Valley CCG (16C) takes over from NHS County Durham CCG (84H) on 1 April 2022" in page


def test_a_split_says_beforehand_which_cases_wait_and_who_allocates_them(administrator: Visitor) -> None:
    app, closed = administrator.app, {"date_closed": date(2022, 1, 20), "report_signed_off_on": date(2021, 12, 1)}
    add_case(app, "84H"), add_case(app, "84H", status="closed", publication="embargoed", **closed)
    fields = FIRST | {"successors": "16C\n9Z9, NHS New CCG"}
    page = planned(administrator, fields, "split", f"id={id_of(app, '84H')}")
    waits = "1 open case and 1 closed case of NHS County Durham CCG (84H) wait until the 2 people who hold it allocate"
    assert waits in page
    assert "wait until" not in planned(administrator, merger(app))
    with unguarded(app) as session:
        session.execute(delete(Grant).where(Grant.organisation_id == UUID(id_of(app, "84H"))))
        session.commit()
    page = planned(administrator, fields, "split", f"id={id_of(app, '84H')}")
    assert "Nobody holds NHS County Durham CCG (84H), so nobody could allocate its 1 open case" in page


def test_an_organisation_that_is_open_has_no_empty_last_day(administrator: Visitor) -> None:
    for code, has in (("84H", False), ("00D", True)):
        page = administrator.get(f"/ccgs/details/?id={id_of(administrator.app, code)}").text
        assert (">Closed</dt>" in page) is has, code


def test_stps_that_merge_take_their_ccgs_along(administrator: Visitor) -> None:
    app = administrator.app
    fields = merger(app, codes="QHM QF7", code="Q9Z", name="North STP", part_of=id_of(app, "Y63", "region"))
    page = planned(administrator, fields, of="kind=stp")
    assert "NHS County Durham CCG (84H) is part of North STP (Q9Z) from 1 April 2022" in page
    administrator.post_form(f"/reorganisations/details/?id={only_plan(app).id}", {})
    with unguarded(app) as session:
        known = read_organisations(session, date(2022, 4, 1))
    at = next(one for one in known.places.values() if one.code == "84H")
    above = known.above(at.id, "stp", date(2022, 4, 1))
    assert above is not None and above.code == "Q9Z"


def test_the_lists_of_today_change_nothing(administrator: Visitor) -> None:
    app = administrator.app
    with unguarded(app) as session:
        ccgs, successions = files_of(read_organisations(session, TODAY), TODAY)
    answer = upload(administrator, "lists", ccgs=eccg_csv(ccgs), successions=succ_csv(successions))
    page = administrator.get(answer.location).text
    assert "Nothing would change: all that the file says is known" in page
    assert "SHA-256" in page and "ccgs.csv" in page


def test_what_was_chosen_of_a_list_is_applied_once(administrator: Visitor) -> None:
    app = administrator.app
    with unguarded(app) as session:
        ccgs, _ = files_of(read_organisations(session, TODAY), TODAY)
    changed = [
        row.__class__(**{**vars(row), "name": {"84H": "NHS DURHAM CCG", "16C": "NHS TEES CCG"}.get(row.code, row.name)})
        for row in ccgs
    ]
    page = administrator.get(upload(administrator, "lists", ccgs=eccg_csv(changed)).location).text
    assert page.count('name="take"') == 2
    address = f"/reorganisations/details/?id={only_plan(app).id}"
    durham = "0" if page.index("NHS Durham CCG") < page.index("NHS Tees CCG") else "1"
    refused = administrator.client.post(address, data=token(administrator, address) | {"take": durham}).text
    assert "Enter the date for 84H, such as 1/4/2022" in refused and "There is a problem" in refused
    assert "Select what to apply" in administrator.client.post(address, data=token(administrator, address)).text
    administrator.client.post(
        address, data=token(administrator, address) | {"take": durham, f"day-{durham}": "1 February 2022"}
    )
    with unguarded(app) as session:
        names = {one.code: one.name for one in read_organisations(session, TODAY).places.values()}
    assert (names["84H"], names["16C"]) == ("NHS Durham CCG", "NHS Tees Valley CCG")
    assert "NHS Tees CCG" not in administrator.get(address).text


def token(visitor: Visitor, address: str) -> dict[str, str]:
    return {"csrf_token": visitor.form_on(address).fields["csrf_token"]}


def test_a_file_that_closes_most_is_confirmed_once(administrator: Visitor) -> None:
    app = administrator.app
    with unguarded(app) as session:
        data = the_end_of_ccgs(read_organisations(session, TODAY))
    answer = upload(administrator, "changes", changes=data)
    page = administrator.get(answer.location).text
    assert "Most of them would close" in page
    everything = {"take": [str(number) for number in range(page.count('name="take"'))]}
    asked = token(administrator, answer.location)
    refused = administrator.client.post(answer.location, data=asked | everything).text
    assert "Say that this is meant: most of them would close" in refused
    assert 'href="#meant"' in refused and 'aria-describedby="meant-error"' in refused
    nothing = administrator.client.post(answer.location, data=asked).text
    assert 'href="#take-0"' in nothing and 'id="take-0-error"' in nothing
    administrator.client.post(answer.location, data=asked | everything | {"meant": "yes"})
    with unguarded(app) as session:
        known = read_organisations(session, date(2022, 7, 1))
    assert {one.kind for one in known.case_holders() if one.is_open_on(date(2022, 7, 1))} == {"sub_icb"}
    again = administrator.get(upload(administrator, "changes", changes=data).location).text
    assert "Nothing would change" in again


@pytest.mark.parametrize(
    ("page", "files", "sentence"),
    [
        ("lists", {"ccgs": "a,b,c\n"}, "The first line has 3 columns. eccg.csv has 27."),
        ("lists", {"ccgs": b"\xff\xfea\x00"}, "The file is in UTF-16. Save it as CSV in UTF-8."),
        ("lists", {"ccgs": b"PK\x03\x04nonsense"}, "The zip is damaged, or packed in a way that is not known."),
        ("lists", {}, "Choose eccg.csv"),
        ("changes", {"changes": "Kind,Code\nccg,84H\n"}, "It lacks What happens and Date."),
        ("changes", {"changes": "Kind\nccg\n"}, "It lacks What happens, Code and Date."),
        ("changes", {"changes": b"\0\0\0\0"}, "The file is in UTF-16. Save it as CSV in UTF-8."),
        ("changes", {"changes": "What happens,Kind,Code,Date\n"}, "The file has no line under its heading."),
    ],
)
def test_a_file_that_is_none_is_refused(
    administrator: Visitor, page: str, files: dict[str, Any], sentence: str
) -> None:
    answer = upload(administrator, page, **files)
    assert sentence in answer.text and "There is a problem" in answer.text


@pytest.mark.parametrize("wrong", ["ccgs", "successions"])
def test_what_is_wrong_stands_at_the_file_that_is_wrong(administrator: Visitor, wrong: str) -> None:
    with unguarded(administrator.app) as session:
        ccgs, successions = files_of(read_organisations(session, TODAY), TODAY)
    answer = upload(
        administrator, "lists", **{"ccgs": eccg_csv(ccgs), "successions": succ_csv(successions), wrong: b"\r\n"}
    )
    assert re.search(rf'href="#{wrong}">\s*The file is empty\.\s*</a>', answer.text)
    assert f'id="{wrong}-error"' in answer.text


def test_a_file_that_is_too_large_is_refused(administrator: Visitor) -> None:
    answer = upload(administrator, "changes", changes=b"x" * 22 * 1024 * 1024)
    assert answer.status_code == 413


def test_nobody_else_reorganises(fresh_app: Flask) -> None:
    for account in ("ccg-84H", "england", "analyst"):
        visitor = Visitor(fresh_app).sign_in(account)
        for address in ("/reorganisations/", "/reorganisations/plan/?task=add&kind=ccg", "/imports/lists/"):
            assert visitor.get(address).status_code == 403, (account, address)
        assert "Merge CCGs" not in visitor.get("/ccgs/").text


def test_the_list_as_on_a_day(administrator: Visitor) -> None:
    then = administrator.get("/ccgs/?flt_current_on_is=31/3/2020&search=00D").text
    assert "NHS Durham Dales, Easington and Sedgefield CCG" in then
    assert "NHS Durham Dales" not in administrator.get("/ccgs/?flt_current_on_is=1/4/2020&search=00D").text
    assert "Cumbria and North East" in administrator.get("/ccgs/?search=84H").text


def test_one_that_opens_later_is_called_what_it_will_be(administrator: Visitor) -> None:
    app = administrator.app
    planned(administrator, merger(app, **{"first_day-year": "2099"}))
    administrator.post_form(f"/reorganisations/details/?id={only_plan(app).id}", {})
    listed = administrator.get("/ccgs/?flt_current_on_is=1/4/2099&search=NHS+Durham+and+Tees").text
    assert "1 CCG for" in listed and "Cumbria and North East" in listed
    assert "NHS Durham and Tees CCG (9Z9)</h1>" in " ".join(
        administrator.get(f"/ccgs/details/?id={id_of(app, '9Z9')}").text.split()
    ).replace(" </h1>", "</h1>")


def test_one_that_is_renamed_or_moved_later_is_called_what_it_is_today(administrator: Visitor) -> None:
    app = administrator.app
    later = FIRST | {"first_day-year": "2099"}
    for task, fields in (("rename", {"name": "NHS Other CCG"}), ("move", {"part_of": id_of(app, "QF7", "stp")})):
        planned(administrator, fields | later, task, f"id={id_of(app, '84H')}")
        with unguarded(app) as session:
            plan = session.scalars(select(Reorganisation.id).order_by(Reorganisation.proposed_at.desc())).first()
        administrator.post_form(f"/reorganisations/details/?id={plan}", {})
    listed = administrator.get("/ccgs/?search=84H").text
    assert "NHS County Durham CCG" in listed and "Cumbria and North East" in listed
    assert "NHS Other CCG" not in listed and "South Yorkshire" not in listed


def test_after_a_split_the_cases_wait_and_no_successor_sees_them(administrator: Visitor) -> None:
    app = administrator.app
    case = add_case(app, "84H", overview="Quillarby")
    fields = {"successors": "16C\n9Z9, NHS New CCG", "first_day-day": "1", "first_day-month": "2"}
    planned(administrator, fields | {"first_day-year": "2022"}, "split", f"id={id_of(app, '84H')}")
    administrator.post_form(f"/reorganisations/details/?id={only_plan(app).id}", {})
    address = f"/cases/details/?id={case.id}"
    for account, sees in (("ccg-16C", 404), ("ccg-84H", 200), ("analyst", 200), ("stp-QHM", 200), ("ccg-93C", 404)):
        assert Visitor(app).sign_in(account).get(address).status_code == sees, account
    for account in ("analyst", "ccg-84H"):
        home = " ".join(re.sub(r"<[^>]+>", " ", Visitor(app).sign_in(account).get("/").text).split())
        assert "The CCGs that took over do not see these cases until they are allocated." in home, account
        assert "1 open case" in home
    assert "NHS County Durham CCG closed on 31 January 2022. New cases are recorded by NHS New CCG" in home
    assert "or NHS Tees Valley CCG. Ask an administrator for access to the CCG you work for now." in home
    assert "After a split" not in Visitor(app).sign_in("ccg-93C").get("/").text


def test_a_merger_begins_at_the_page_of_one_that_merges(administrator: Visitor) -> None:
    page = administrator.get(f"/ccgs/details/?id={id_of(administrator.app, '84H')}").text
    address = "/reorganisations/plan/?task=merge&amp;kind=ccg&amp;codes=84H"
    assert f'href="{address}">Merge</a>' in page
    assert administrator.form_on(address.replace("&amp;", "&")).fields["codes"] == "84H"
    # A code that is none of them is not repeated.
    assert administrator.form_on("/reorganisations/plan/?task=merge&kind=ccg&codes=nonsense").fields["codes"] == ""


def test_the_page_of_an_organisation_leads_to_those_around_it(administrator: Visitor) -> None:
    app = administrator.app
    page = administrator.get(f"/ccgs/details/?id={id_of(app, '84H')}").text
    for kind, code, address in (("stp", "QHM", "/stps/"), ("ccg", "00D", "/ccgs/")):
        link = f"{address}details/?id={id_of(app, code, kind)}"
        assert f'href="{link}"' in page and administrator.get(link).status_code == 200
