"""Every template renders, as a page that a browser and a screen reader can make sense of."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid5

import pytest
from flask.testing import FlaskClient

from app.nhsuk import theme
from app.nhsuk.paging import pages_around
from tests.nhsuk.sample import NAMESPACE, PAGES

ROW = uuid5(NAMESPACE, "1")
ADDRESSES = [
    "/reviews/",
    "/reviews/?status=open&page=1&sort=0&desc=1",
    "/reviews/?search=nothing",
    "/reviews/new/",
    f"/reviews/edit/?id={ROW}",
    f"/reviews/details/?id={ROW}",
    "/admin/",
    "/pages/act",
    "/pages/messages",
    *(f"/pages/{page}" for page in PAGES),
]
VOID = set("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905


class Page(HTMLParser):
    """What a page is made of, as far as these tests ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def values(self, attribute: str, tag: str = "") -> list[str]:
        return [attrs[attribute] or "" for name, attrs in self.tags if attribute in attrs and (not tag or name == tag)]


@pytest.fixture(params=ADDRESSES)
def page(request, client: FlaskClient) -> Page:
    answer = client.get(request.param)
    assert answer.status_code == 200
    return Page(answer.text)


def test_a_page_has_one_main_heading_and_a_title(page: Page) -> None:
    found = Counter(tag for tag, _ in page.tags)
    assert (found["h1"], found["main"]) == (1, 1)


def test_tags_are_closed_in_order(page: Page) -> None:
    assert page.unbalanced == []


def test_no_two_elements_have_the_same_id(page: Page) -> None:
    assert [name for name, times in Counter(page.values("id")).items() if times > 1] == []


@pytest.mark.parametrize("attribute", ["for", "aria-describedby", "aria-labelledby", "data-tracker-reveals"])
def test_what_points_to_an_id_finds_it(page: Page, attribute: str) -> None:
    ids = set(page.values("id"))
    assert [value for value in page.values(attribute) if not set(value.split()) <= ids] == []


def test_every_input_has_a_label(page: Page) -> None:
    labelled = set(page.values("for"))
    asked = [
        attrs for tag, attrs in page.tags if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden"
    ]
    assert [attrs for attrs in asked if attrs.get("id") not in labelled] == []


def test_nothing_is_styled_or_scripted_in_line(page: Page) -> None:
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert "javascript:" not in "".join(page.values("href"))


def test_every_form_that_changes_something_carries_a_csrf_token(page: Page) -> None:
    posts = [attrs for tag, attrs in page.tags if tag == "form" and attrs.get("method") == "post"]
    assert page.values("name", "input").count("csrf_token") == len(posts)


def test_nothing_is_fetched_from_elsewhere(page: Page) -> None:
    fetched = [*page.values("src"), *page.values("href", "link")]
    assert fetched
    assert [address for address in fetched if not address.startswith("/static/nhsuk/")] == []


def test_no_none_or_undefined_shows(page: Page, request) -> None:
    values = [value for _, attrs in page.tags for value in attrs.values() if value]
    assert [value for value in values if value in ("None", "undefined")] == []


def test_a_form_that_is_sent_back_says_so_in_its_title(client: FlaskClient) -> None:
    page = client.post("/pages/act", data={}).text
    assert "<title>Error: Withdraw the case – Safeguarding Case Review Tracker – NHS</title>" in page
    assert 'href="#reason"' in page
    assert "nhsuk-button--warning" in page


def test_a_sorted_column_says_how_and_sorts_the_other_way(client: FlaskClient) -> None:
    page = client.get("/reviews/?sort=0").text
    assert 'aria-sort="ascending"' in page
    assert "desc=1" in page
    assert 'aria-sort="descending"' in client.get("/reviews/?sort=0&desc=1").text


def test_a_link_of_a_row_has_the_rows_name(client: FlaskClient) -> None:
    assert 'Change<span class="nhsuk-u-visually-hidden"> SCR-7KQX3M00</span>' in client.get("/reviews/").text


def test_the_filter_form_keeps_order_and_page_size(client: FlaskClient) -> None:
    page = client.get("/reviews/").text
    assert '<input type="hidden" name="sort" value="0">' in page
    assert '<input type="hidden" name="desc" value="1">' in page


def test_the_filter_panel_folds_and_says_how_many_are_chosen(client: FlaskClient) -> None:
    """Open, it would push the rows that somebody has just chosen off the screen."""
    nothing, something = (client.get(f"/reviews/{query}").text for query in ("", "?status=open"))
    assert Page(nothing).values("open", "details") == Page(something).values("open", "details") == []
    assert "Filter (2 chosen)" in something and "chosen)" not in nothing


def test_the_download_is_offered_only_where_there_is_something(client: FlaskClient) -> None:
    assert "/reviews/export/csv/" in client.get("/reviews/").text
    empty = client.get("/reviews/?search=nothing").text
    assert "/reviews/export/csv/" not in empty
    assert "No cases match. Change or clear the filters." in empty


def test_messages_say_of_what_kind_they_are(client: FlaskClient) -> None:
    page = client.get("/pages/messages").text
    for words in ("The case was saved", "There is a problem", "Important"):
        assert words in page


def test_flask_admins_own_sentence_does_not_stand_above_the_error_summary(client: FlaskClient) -> None:
    page = client.post("/reviews/new/", data={"incident_date": "x"}).text
    assert "Failed to create record" not in page


def test_no_template_of_flask_admins_own_can_be_found(app) -> None:
    assert "admin/model/inline_form.html" not in app.jinja_env.list_templates()


def test_undeclared_words_in_a_template_escape(app) -> None:
    with app.test_request_context("/"):
        template = app.jinja_env.get_template("error.html")
        assert "<b>" not in template.render(title="<b>", lines=["<b>"], link=("<b>", '"><b>'))


@pytest.mark.parametrize(
    ("page", "pages", "offered"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, None, 9]),
        (4, 9, [1, 2, 3, 4, 5, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (6, 9, [1, None, 5, 6, 7, 8, 9]),
        (9, 9, [1, None, 8, 9]),
    ],
)
def test_the_pager_offers_the_first_the_last_and_those_beside(page: int, pages: int, offered: list[int | None]) -> None:
    assert pages_around(page, pages) == offered


def test_a_file_is_asked_for_by_its_hashed_name(app, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text('{"tracker.css": "tracker.1f0c9a2e.css"}')
    monkeypatch.setattr(theme, "DIST", tmp_path)
    theme._hashed_names.cache_clear()
    try:
        with app.test_request_context("/"):
            assert theme.asset("tracker.css") == "/static/nhsuk/tracker.1f0c9a2e.css"
            assert theme.asset("tracker.js") == "/static/nhsuk/tracker.js"
    finally:
        theme._hashed_names.cache_clear()
