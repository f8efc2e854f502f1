"""Lists: search, filters, order, pages, and whatever else an address may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


def listed(visitor: Visitor, address: str) -> list[str]:
    """The references on a page of the list, in order."""
    answer = visitor.get(address)
    assert answer.status_code == 200, answer.status_code
    rows = answer.text.partition("<tbody")[2].partition("</tbody>")[0]
    return re.findall(r'<a class="nhsuk-link" href="/cases/details/[^"]*">(SCR-[^<]+)</a>', rows)


TEXTS = {
    "SCR-33333333": {"overview": "A fall on the stairs at Zoë’s café, naïve staff.", "local_identifier": "DUR/2021/7"},
    "SCR-44444444": {"overview": "Nothing.", "latest_update": "The PANEL met about the fallen tree."},
    "SCR-66666666": {
        "overview": "Nothing.",
        "lessons": "Bruising in a non-mobile baby, Łódź.",
        "steis_number": "2021/777",
    },
}


SEARCHES = [
    ("fall", ["SCR-33333333", "SCR-44444444"]),
    ("FALL stair", ["SCR-33333333"]),
    ("zoe cafe NAIVE", ["SCR-33333333"]),
    ("zoë", ["SCR-33333333"]),
    ("łódź", ["SCR-66666666"]),
    ("Zoë’s", ["SCR-33333333"]),
    ("panel", ["SCR-44444444"]),
    ("anel", []),
    ("non-mobile", ["SCR-66666666"]),
    ("mobile bruis", ["SCR-66666666"]),
    ("nothing fall", ["SCR-44444444"]),
    ("SCR-3333", ["SCR-33333333"]),
    ("scr 6666", ["SCR-66666666"]),
    ("dur/2021", ["SCR-33333333"]),
    ("2021/77", ["SCR-66666666"]),
    ("2021/7777", []),
    ("%", []),
    ("_", []),
    ("*", []),
    ('"', []),
    ("'", []),
    ("fall OR panel", []),
    ("fall*", ["SCR-33333333", "SCR-44444444"]),
    ("overview: fall", []),
    ("fall & !panel:*", ["SCR-44444444"]),
    (") OR 1=1 --", []),
    ("NEAR(fall stairs)", []),
    ("\x00fall", ["SCR-33333333", "SCR-44444444"]),
    ("😀", []),
]


def test_search_finds_words_and_their_beginnings(durham: Visitor) -> None:
    for reference, texts in TEXTS.items():
        add_case(durham.app, "84H", reference=reference, **({"latest_update": "", "steis_number": None} | texts))
    add_case(durham.app, "16C", reference="SCR-77777777", overview="A fall in Tees Valley.")
    for typed, found in SEARCHES:
        answer = durham.client.get("/cases/", query_string={"search": typed, "sort": "0"})
        assert answer.status_code == 200, typed
        rows = answer.text.partition("<tbody")[2].partition("</tbody>")[0]
        assert re.findall(r">(SCR-[^<]+)</a>", rows) == found, typed


def test_a_change_is_found_at_once_whatever_wrote_it(durham: Visitor) -> None:
    add_case(durham.app, "84H", reference="SCR-33333333", overview="Before.")
    with unguarded(durham.app) as session:
        session.execute(text("UPDATE case_review SET overview = 'Afterwards.'"))
        session.commit()
    assert listed(durham, "/cases/?search=afterw") == ["SCR-33333333"]
    assert listed(durham, "/cases/?search=before") == []


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "flt_status_is=closed": (
        {"status": "closed", "date_closed": date(2022, 1, 1), "publication": "embargoed",
         "report_signed_off_on": date(2021, 12, 1)},
        {},
    ),
    "flt_review_type_is=dhr": ({"review_type": "dhr"}, {}),
    "flt_theme_1_is=self_neglect": ({"theme_2": "self_neglect"}, {"theme_2": "domestic_abuse"}),
    "flt_media_interest_is=national": ({"media_interest": "national"}, {"media_interest": "regional"}),
    "flt_publication_is=public": ({"publication": "public"}, {}),
    "flt_partnership_kind_is=joint": ({"partnership_kind": "joint"}, {}),
    "flt_date_added_from=2/9/2021": ({"date_added": date(2021, 9, 2)}, {"date_added": date(2021, 9, 1)}),
    "flt_date_added_to=1 September 2021": ({"date_added": date(2021, 9, 1)}, {"date_added": date(2021, 9, 2)}),
    "flt_incident_date_from=2021-08-01": ({}, {"incident_date": date(2021, 7, 31)}),
    "flt_date_closed_to=2022-01-01": (
        {"status": "closed", "date_closed": date(2022, 1, 1), "publication": "embargoed",
         "report_signed_off_on": date(2021, 12, 1)},
        {},
    ),
    "flt_no_update_for_90_days_is=yes": (
        {"latest_update_on": date(2021, 11, 16)},
        {"latest_update_on": date(2021, 11, 17)},
    ),
    "flt_signed_off_but_not_published_is=yes": (
        {"report_signed_off_on": date(2022, 1, 1), "publication_date": date(2022, 2, 15)},
        {"report_signed_off_on": date(2022, 1, 1), "publication_date": date(2022, 2, 14)},
    ),
    "flt_withdrawn_is=yes": (
        {"withdrawn_at": datetime(2022, 1, 1, tzinfo=UTC),
         "withdrawn_reason": "Entered twice."},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("address", FILTERS)
def test_a_filter_keeps_what_fits_and_nothing_else(durham: Visitor, address: str) -> None:
    fits, does_not = FILTERS[address]
    add_case(durham.app, "84H", reference="SCR-33333333", **fits)
    add_case(durham.app, "84H", reference="SCR-44444444", **does_not)
    page = durham.get(f"/cases/?{address}")
    assert listed(durham, f"/cases/?{address}") == ["SCR-33333333"]
    assert "1 case" in page.text and "Clear all" in page.text


def test_a_filter_that_makes_no_sense_is_named_and_nothing_can_be_downloaded_without_it(durham: Visitor) -> None:
    add_case(durham.app, "84H")
    page = durham.get("/cases/?flt_date_added_from=31/2/2019&flt_status_is=open").text
    assert "Left out, because the value was not understood: Date added from" in page
    assert "/cases/export/csv/" not in page
    assert "/cases/export/csv/" in durham.get("/cases/?flt_status_is=open").text


def test_possible_duplicates_are_those_that_are_not_linked(durham: Visitor) -> None:
    day = {"incident_date": date(2021, 3, 3)}
    rapid = {"review_type": "rapid_review", "theme_1": "nai_under_1", "steis_number": "2021/1"}
    add_case(durham.app, "84H", reference="SCR-33333333", **day)
    add_case(durham.app, "84H", reference="SCR-44444444", **day)
    first = add_case(durham.app, "84H", reference="SCR-66666666", **rapid)
    add_case(durham.app, "84H", reference="SCR-77777777", steis_number="2021/1", review_type="lcspr",
             theme_1="nai_under_1", converted_from_id=first.id, converted_from_ccg_id=first.ccg_id)  # fmt: skip
    add_case(durham.app, "16C", reference="SCR-88888888", **day)
    earlier = {"incident_date": date(2020, 2, 2), "date_added": date(2020, 3, 3)}
    add_case(durham.app, "00J", reference="SCR-99999999", **earlier)
    add_case(durham.app, "00D", reference="SCR-BBBBBBBB", **earlier)
    found = sorted(listed(durham, "/cases/?flt_possible_duplicate_is=yes"))
    assert found == ["SCR-33333333", "SCR-44444444", "SCR-99999999", "SCR-BBBBBBBB"]


def test_filters_search_order_and_pages_go_together(durham: Visitor) -> None:
    for number in range(45):
        add_case(durham.app, "84H", overview=f"Common words {number}.", media_interest="local")
    address = "/cases/?search=common&flt_media_interest_is=local&sort=0"
    pages = [listed(durham, f"{address}&page={page}") for page in (0, 1, 2)]
    assert [len(page) for page in pages] == [20, 20, 5]
    together = [reference for page in pages for reference in page]
    assert together == sorted(together) and len(set(together)) == 45
    assert listed(durham, f"{address}&page=99") == pages[2]
    assert len(listed(durham, f"{address}&page_size=50")) == 45
    assert listed(durham, f"{address}&desc=1")[0] == together[-1]
    second = durham.get(f"{address}&page=1").text
    assert "<title>Cases: 45 cases for “common”, page 2 of 3 – " in second
    assert re.search(r'href="/cases/\?[^"]*page=2[^"]*search=common[^"]*flt_media_interest_is=local', second)


def test_every_column_sorts_both_ways(durham: Visitor) -> None:
    add_case(durham.app, "84H", reference="SCR-33333333")
    add_case(durham.app, "84H", reference="SCR-44444444", review_type="dhr", theme_1="domestic_abuse",
             date_added=date(2021, 10, 1), incident_date=date(2021, 9, 1), latest_update_on=date(2022, 2, 1),
             status="closed", date_closed=date(2022, 2, 2), publication="embargoed",
             report_signed_off_on=date(2022, 1, 1))  # fmt: skip
    for sort in range(8):
        up, down = listed(durham, f"/cases/?sort={sort}"), listed(durham, f"/cases/?sort={sort}&desc=1")
        assert sorted(up) == ["SCR-33333333", "SCR-44444444"], sort
        assert up == down[::-1], sort


NONSENSE = [
    "page=-1", "page=99999999999999999999", "page=x", "page_size=-5", "page_size=1000000", "page_size=x",
    "sort=-1", "sort=99", "sort=x", "desc=x", "search=%00", "search=%ff%fe", "search=" + "a" * 5000,
    "flt_status_is=lost", "flt_nonsense_is=1", "flt_=", "flt", "flt0_status_is=open", "flt_status_is=",
    "flt_date_added_from=31/2/2021", "flt_date_added_from=99999-01-01", "flt_date_added_from=%00",
    "flt_ccg_is=16C", "flt_ccg_is=ZZZ", "flt_theme_1_is=%27%20OR%201=1", "flt_withdrawn_is=maybe", "id=x",
    "&".join(f"flt{number}_status_is=open" for number in range(200)),
]  # fmt: skip


@pytest.mark.parametrize("page", ["/cases/", "/cases/export/csv/"])
def test_nonsense_in_an_address_gives_a_plain_answer(durham: Visitor, page: str) -> None:
    mine = add_case(durham.app, "84H")
    theirs = add_case(durham.app, "16C", reference="SCR-77777777")
    for query in NONSENSE:
        answer = durham.get(f"{page}?{query}")
        assert answer.status_code in (200, 400, 404), query
        understood = not query.startswith("flt_") or query.endswith(("=", "_is="))
        assert answer.status_code == 200 or page != "/cases/", query
        assert answer.status_code == 400 or page == "/cases/" or understood, query
        assert theirs.reference not in answer.text, query
        if answer.status_code == 200 and "search" not in query:
            assert mine.reference in answer.text, query


IDS = ["", "x", "1", "%00", "9" * 400, "6f9619ff-8b86-4d11-b42d-00c04fc964ff", "a,b", "%ff"]


@pytest.mark.parametrize(
    "page",
    ["/cases/details/", "/cases/edit/", "/cases/close/", "/cases/reopen/", "/cases/withdraw/", "/cases/bring-back/",
     "/ccgs/details/", "/stps/details/", "/review-types/details/"],
)  # fmt: skip
def test_an_id_that_never_was_is_not_found(sign_in_as: Callable[[str], Visitor], page: str) -> None:
    visitor = sign_in_as("ccg-84H")
    assert visitor.get(page).status_code == 404
    for one in IDS:
        assert visitor.get(f"{page}?id={one}").status_code == 404, one


@pytest.mark.parametrize(
    "address",
    ["/cases/delete/", "/cases/action/", "/cases/ajax/update/", "/cases/ajax/lookup/", "/admin/static/x.js",
     "/static/admin/x.js", "/cases/export/xlsx/", "/cases/export/json/", "/stps/export/xml/"],
)  # fmt: skip
def test_doors_of_flask_admin_that_are_not_offered_do_not_exist(
    sign_in_as: Callable[[str], Visitor], address: str
) -> None:
    visitor = sign_in_as("ccg-84H")
    assert visitor.get(address).status_code in (404, 405)
    token = visitor.form_on("/", "/sign-out").fields["csrf_token"]
    assert visitor.post(address, {"csrf_token": token, "id": "1", "action": "delete"}).status_code in (404, 405)


@pytest.mark.parametrize("page", ["/ccgs/", "/review-types/", "/theme-list/", "/designated-professionals/"])
def test_nonsense_in_the_address_of_a_list_of_codes_gives_a_plain_answer(durham: Visitor, page: str) -> None:
    for query in [*NONSENSE, "flt_group_is=%00", "flt_opened_on_from=%00", "flt_current_is=%00"]:
        assert durham.get(f"{page}?{query}").status_code in (200, 400), query


def test_an_stp_is_not_found_among_ccgs(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("administrator")
    stps = visitor.get("/stps/").text
    address = re.findall(r'href="(/stps/details/[^"]+)"', stps)[0]
    stp = re.findall(r"id=([0-9a-f-]{36})", address)[0]
    assert visitor.get(f"/stps/details/?id={stp}").status_code == 200
    assert visitor.get(f"/ccgs/details/?id={stp}").status_code == 404


def test_an_organisation_shows_its_membership_and_succession(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("administrator")
    found = visitor.get("/ccgs/?search=county+durham").text
    address = re.findall(r'href="(/ccgs/details/[^"]+)"', found)[0].replace("&amp;", "&")
    page = re.sub(r"<[^>]+>", "", visitor.get(address).text)
    assert "Cumbria and North East (QHM), from 1 April 2020" in page
    assert "NHS North Durham CCG (00J) on 1 April 2020" in page
