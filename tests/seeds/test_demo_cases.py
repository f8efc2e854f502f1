"""The demo cases as values: how many of what, and none implausible. Checked apart from the code that made them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from models.enumerations import MediaInterest, PartnershipKind, Publication, Status
from seeds.cases.checking import check_cases
from seeds.demo_cases import demo_cases
from seeds.files import day_or_none, read_rows

CCGS = {row["code"]: row for row in read_rows("ccgs.csv")}
STP_OF = {row["ccg"]: row["stp"] for row in read_rows("ccg_memberships.csv")}
REGION_OF = {row["code"]: row["region"] for row in read_rows("stps.csv")}
THEMES = {row["code"] for row in read_rows("themes.csv")}
REVIEW_TYPES = {row["code"] for row in read_rows("review_types.csv")}
PROFESSIONALS = {row["code"] for row in read_rows("designated_professionals.csv")}
LINE = {row["predecessor"]: row["successor"] for row in read_rows("successions.csv")}

ADULT_TYPES = {"sar_mandatory", "sar_discretionary", "sar_in_rapid_time"}
CHILD_TYPES = {"rapid_review", "lcspr", "ncspr", "scr"}
DHR_TYPES = {"dhr", "dhr_16_or_17"}
CHILDREN_ONLY = {
    "fatal_maltreatment",
    "nai_under_1",
    "child_sexual_abuse",
    "child_sexual_exploitation",
    "child_criminal_exploitation",
    "extrafamilial_harm",
    "sudi",
    "child_neglect",
    "child_emotional_abuse",
}
ADULTS_ONLY = {
    "sexual_abuse",
    "psychological_abuse",
    "financial_abuse",
    "discriminatory_abuse",
    "organisational_abuse",
    "neglect",
    "self_neglect",
    "sexual_exploitation",
    "adult_mental_ill_health",
}


def themes_of(case):
    return [theme for theme in (case.theme_1, case.theme_2, case.theme_3) if theme]


def not_withdrawn(cases):
    return [case for case in cases if case.withdrawn_at is None]


def is_historic(case):
    return bool(CCGS[case.ccg]["closed_on"])


def test_the_same_seed_gives_the_same_cases(day, cases):
    assert tuple(demo_cases(day)) == cases


def test_another_seed_gives_other_cases(cases, day):
    assert tuple(demo_cases(day, random_seed=7)) != cases


def test_a_day_before_the_ccgs_of_2021_have_settled_is_refused():
    with pytest.raises(ValueError, match="can be seeded from"):
        demo_cases(date(2021, 5, 31))


def test_the_form_would_take_every_case(cases, day):
    check_cases(cases, day)


def test_there_are_about_480_cases_and_60_of_ccgs_that_have_merged(cases):
    historic = [case for case in cases if is_historic(case)]

    assert 460 <= len(cases) <= 510
    assert len(historic) == 60
    assert all(date(2019, 4, 1) <= case.date_added <= date(2021, 3, 31) for case in historic)
    assert {LINE[case.ccg] for case in historic} >= {"84H", "16C", "93C"}
    assert any(case.date_added.isoformat() == CCGS[case.ccg]["closed_on"] for case in historic)


def test_most_cases_were_added_in_the_last_nine_quarters_and_some_in_each_of_the_last_eight(cases, day):
    months = day.year * 12 + (day.month - 1) // 3 * 3 - 27
    first = date(months // 12, months % 12 + 1, 1)
    quarters = Counter(
        (case.date_added.year, (case.date_added.month - 1) // 3)
        for case in cases
        if not is_historic(case) and first <= case.date_added < day
    )

    assert sum(quarters.values()) == sum(not is_historic(case) for case in cases)
    assert len(quarters) >= 8


def test_every_ccg_that_is_current_has_a_case_and_the_demo_editors_have_many(cases):
    counts = Counter(case.ccg for case in cases)
    current = {code for code, row in CCGS.items() if not row["closed_on"]}

    assert current <= set(counts)
    assert (counts["84H"], counts["16C"], counts["93C"]) == (45, 35, 40)
    assert sum(count for ccg, count in counts.items() if STP_OF[ccg] == "QHM") >= 120
    assert sum(count for ccg, count in counts.items() if REGION_OF[STP_OF[ccg]] == "Y63") >= 160
    assert {REGION_OF[STP_OF[ccg]] for ccg in counts} == set(REGION_OF.values())


def test_every_ccg_was_open_when_the_case_was_added(cases):
    for case in cases:
        row = CCGS[case.ccg]
        closed_on = day_or_none(row["closed_on"])
        assert date.fromisoformat(row["opened_on"]) <= case.date_added
        assert closed_on is None or case.date_added <= closed_on


def test_every_type_theme_partnership_media_interest_and_professional_occurs(cases):
    types = Counter(case.review_type for case in cases)
    main = Counter(case.theme_1 for case in cases)

    assert set(types) == REVIEW_TYPES - {"dardr"} and min(types.values()) >= 2
    assert set(main) == THEMES and min(main.values()) >= 2
    assert {case.partnership_kind for case in cases} == set(PartnershipKind)
    assert {case.media_interest for case in cases} == set(MediaInterest)
    assert {case.designated_professional for case in cases} == PROFESSIONALS | {None}
    assert sum(case.theme_2 is not None for case in cases) > len(cases) / 2
    assert sum(case.theme_3 is not None for case in cases) > len(cases) / 5


def test_every_state_occurs(cases, day):
    shown = not_withdrawn(cases)
    opened = [case for case in shown if case.status is Status.OPEN]
    stale = [case for case in opened if (day - case.latest_update_on).days > 90]
    signed_off = [case for case in opened if case.report_signed_off_on and not case.publication_date]
    planned = [case for case in opened if case.publication_date and case.publication_date > day]
    published = [case for case in opened if case.publication_date and case.publication_date < day]
    closed = [case for case in shown if case.status is Status.CLOSED]
    public = [case for case in closed if case.publication is Publication.PUBLIC]

    assert len(opened) >= 120
    assert 0.13 <= len(stale) / len(opened) <= 0.27
    assert len(signed_off) >= 5
    assert len(planned) >= 3
    assert len(published) >= 1
    assert len([case for case in public if case.report_link]) >= 40
    assert len([case for case in closed if case.publication is Publication.EMBARGOED]) >= 40
    assert 7 <= len(cases) - len(shown) <= 10


def test_a_withdrawn_case_has_a_reason_of_its_own_and_nothing_grows_out_of_it(cases):
    withdrawn = [case for case in cases if case.withdrawn_at]

    assert len({case.withdrawn_reason for case in withdrawn}) == len(withdrawn)
    assert all(case.withdrawn_at.date() >= case.date_added for case in withdrawn)
    assert not {case.reference for case in withdrawn} & {case.converted_from for case in cases}


def test_a_case_has_a_steis_number_a_local_identifier_or_both_each_given_once(cases):
    has = Counter((bool(case.steis_number), bool(case.local_identifier)) for case in cases)
    local = Counter((case.ccg, case.local_identifier) for case in cases if case.local_identifier)
    steis = Counter((case.ccg, case.steis_number, case.review_type) for case in cases if case.steis_number)

    assert set(has) == {(True, True), (True, False), (False, True)} and min(has.values()) >= 30
    assert max(local.values()) == max(steis.values()) == 1


def test_references_are_readable_and_given_once(cases):
    assert len({case.reference for case in cases}) == len(cases)
    assert all(
        case.reference.startswith("SCR-")
        and len(case.reference) == 12
        and set(case.reference[4:]) <= set("346789BCDFGHJKMPQRTVWXY")
        for case in cases
    )


def test_nothing_but_a_planned_publication_lies_ahead(cases, day):
    for case in cases:
        assert case.incident_date <= case.date_added < day
        assert case.date_added <= case.latest_update_on < day
        assert case.created_at <= case.changed_at and case.changed_at.date() < day
        assert case.created_at.date() == case.date_added
        assert case.report_signed_off_on is None or case.incident_date < case.report_signed_off_on < day
        if case.date_closed:
            assert case.incident_date < case.report_signed_off_on <= case.date_closed < day
            assert case.publication_date is None or case.publication_date <= case.date_closed
        if case.publication_date and case.publication_date >= day:
            assert case.status is Status.OPEN


def test_about_twelve_rapid_reviews_grew_into_full_reviews_of_the_same_incident(cases):
    known = {case.reference: case for case in cases}
    full = [case for case in cases if case.converted_from]

    assert 10 <= len(full) <= 14
    for case in full:
        rapid = known[case.converted_from]
        assert rapid.review_type == "rapid_review" and case.review_type in {"lcspr", "ncspr", "thematic_or_joint"}
        assert (rapid.ccg, rapid.steis_number, rapid.incident_date) == (case.ccg, case.steis_number, case.incident_date)
        assert rapid.steis_number and rapid.date_added < case.date_added
        assert themes_of(rapid) == themes_of(case)


def test_four_pairs_of_cases_look_like_duplicates_and_one_of_them_is_in_county_durham(cases):
    alike = defaultdict(list)
    for case in cases:
        alike[case.ccg, case.incident_date, case.review_type].append(case)
    pairs = [found for found in alike.values() if len(found) > 1]

    assert len(pairs) == 4 and all(len(found) == 2 for found in pairs)
    assert "84H" in {found[0].ccg for found in pairs}


def test_cases_stand_in_the_order_in_which_they_were_added(cases):
    assert all(one.date_added <= other.date_added for one, other in pairwise(cases))


def test_themes_fit_the_type_of_review(cases):
    for case in cases:
        themes = set(themes_of(case))
        if case.review_type in ADULT_TYPES:
            assert not themes & (CHILDREN_ONLY | {"parental_mental_ill_health"}), case
        if case.review_type in CHILD_TYPES:
            assert not themes & ADULTS_ONLY, case
        if case.review_type == "dhr":
            assert "domestic_abuse" in themes and not themes & CHILDREN_ONLY, case
        if case.review_type == "dhr_16_or_17":
            assert case.theme_1 == "domestic_abuse", case


def test_the_words_of_the_overview_fit_the_theme(cases):
    babies = ("bab", "week", "month", "twin", "born", "infant", "mother", "newborn", "neonatal", "father")
    for case in cases:
        words = case.overview.casefold()
        if case.theme_1 in ("nai_under_1", "sudi"):
            assert any(word in words for word in babies), case.overview
        if case.review_type in DHR_TYPES:
            assert any(
                word in words
                for word in ("kill", "death", "died", "dead", "murder", "fatally", "manslaughter", "own life", "victim")
            ), case.overview


def test_the_kind_of_partnership_fits_the_type_of_review(cases):
    expected = {
        **dict.fromkeys(ADULT_TYPES, PartnershipKind.SAFEGUARDING_ADULTS_BOARD),
        **dict.fromkeys(CHILD_TYPES, PartnershipKind.SAFEGUARDING_CHILDREN_PARTNERSHIP),
        **dict.fromkeys(DHR_TYPES, PartnershipKind.COMMUNITY_SAFETY_PARTNERSHIP),
        "thematic_or_joint": PartnershipKind.JOINT,
    }
    for case in cases:
        if case.review_type != "other":
            assert case.partnership_kind is expected[case.review_type]


def test_a_rapid_review_is_recorded_within_days_of_the_incident(cases):
    for case in cases:
        if case.review_type == "rapid_review":
            assert case.date_added - case.incident_date <= timedelta(days=21)


def test_links_lead_to_example_addresses_only(cases):
    assert all(case.report_link.startswith("https://www.example.org/") for case in cases if case.report_link)
