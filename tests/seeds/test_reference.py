"""The reference lists: what an empty service starts with, and that seeding again leaves alone what is there."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from models import (
    DesignatedProfessional,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationName,
    ReviewType,
    Succession,
    Theme,
)
from seeds.reference import SeedCounts, seed_reference


def organisation(session: Session, kind: str, code: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.kind == kind, Organisation.code == code)).one()


def codes_of(session: Session, kind: str) -> set[str]:
    return set(session.scalars(select(Organisation.code).where(Organisation.kind == kind)))


def test_seeding_adds_seven_regions_42_stps_218_ccgs_and_112_successions(session):
    counts = seed_reference(session)

    assert counts == SeedCounts(
        kinds=4,
        organisations=1 + 7 + 42 + 218,
        memberships=7 + 42 + 218,
        successions=112,
        review_types=12,
        themes=34,
        designated_professionals=9,
    )
    assert [len(codes_of(session, kind)) for kind in ("country", "region", "stp", "ccg")] == [1, 7, 42, 218]


@pytest.mark.parametrize(
    ("day", "ccgs"),
    [(date(2019, 4, 1), 191), (date(2020, 4, 1), 135), (date(2021, 4, 1), 106)],
)
def test_the_ccgs_in_force_on_a_day_are_as_many_as_the_lists_say(seeded, day, ccgs):
    in_force = select(func.count()).where(
        Organisation.kind == "ccg",
        Organisation.opened_on <= day,
        or_(Organisation.closed_on.is_(None), Organisation.closed_on >= day),
    )

    assert seeded.scalar(in_force) == ccgs


def test_the_kinds_stand_one_below_the_other_and_only_ccgs_hold_cases(seeded):
    kinds = seeded.scalars(select(OrganisationKind).order_by(OrganisationKind.position)).all()

    assert [(one.code, one.parent_kind) for one in kinds] == [
        ("country", None),
        ("region", "country"),
        ("stp", "region"),
        ("ccg", "stp"),
    ]
    assert [one.code for one in kinds if one.may_hold_cases] == ["ccg"]
    assert all(one.may_be_granted_on for one in kinds)


def test_codes_stay_text(seeded):
    ccgs, stps = codes_of(seeded, "ccg"), codes_of(seeded, "stp")

    assert {"00L", "15M", "A3A8R"} <= ccgs
    assert all(re.fullmatch(r"[0-9A-Z]{3}|[A-Z][0-9][A-Z][0-9][A-Z]", code) for code in ccgs)
    assert {"QOP", "QWO", "QOQ"} <= stps
    assert not {"Q0P", "QW0", "Q0Q"} & stps


def test_a_ccg_is_in_one_stp_although_the_list_repeats_17_of_them(seeded):
    each = select(func.count(Membership.id)).group_by(Membership.child_id)
    northumberland = organisation(seeded, "ccg", "00L")
    membership = seeded.scalars(select(Membership).where(Membership.child_id == northumberland.id)).one()

    assert set(seeded.scalars(each)) == {1}
    assert (membership.valid_from, membership.valid_to) == (date(2019, 4, 1), None)
    assert membership.parent_id == organisation(seeded, "stp", "QHM").id


def test_everything_is_part_of_england(seeded):
    parent = aliased(Organisation)
    kinds = (
        select(Organisation.kind, parent.kind)
        .join(Membership, Membership.child_id == Organisation.id)
        .join(parent, parent.id == Membership.parent_id)
        .distinct()
    )

    assert {tuple(row) for row in seeded.execute(kinds)} == {("region", "country"), ("stp", "region"), ("ccg", "stp")}


def test_a_closed_ccg_keeps_its_name_and_leaves_its_stp(seeded):
    durham = organisation(seeded, "ccg", "00J")
    name = seeded.scalars(select(OrganisationName).where(OrganisationName.organisation_id == durham.id)).one()
    membership = seeded.scalars(select(Membership).where(Membership.child_id == durham.id)).one()
    succession = seeded.scalars(select(Succession).where(Succession.predecessor_id == durham.id)).one()

    assert (durham.name, name.valid_from, name.valid_to) == ("NHS North Durham CCG", date(2013, 4, 1), None)
    assert durham.closed_on == membership.valid_to == date(2020, 3, 31)
    assert succession.successor_id == organisation(seeded, "ccg", "84H").id
    assert succession.effective_on == date(2020, 4, 1)


def test_an_stp_whose_name_changed_has_both_names(seeded):
    names = organisation(seeded, "stp", "QNX").names

    assert {(one.name, one.ons_code, one.valid_from, one.valid_to) for one in names} == {
        ("Sussex and East Surrey", "E54000033", None, date(2020, 3, 31)),
        ("Sussex Health and Care Partnership", "E54000053", date(2020, 4, 1), None),
    }
    assert (
        seeded.scalar(
            select(func.count()).where(OrganisationName.organisation_id == Organisation.id, Organisation.kind == "stp")
        )
        == 47
    )


def test_seeding_again_adds_nothing(seeded):
    assert seed_reference(seeded) == SeedCounts()


def test_seeding_again_keeps_what_an_administrator_changed(seeded):
    theme = seeded.scalars(select(Theme).where(Theme.code == "self_neglect")).one()
    theme.label, theme.active_to = "Self-neglect and hoarding", date(2022, 3, 31)
    kernow = organisation(seeded, "ccg", "11N")
    kernow.names[0].valid_to = date(2022, 3, 31)
    seeded.add(OrganisationName(organisation_id=kernow.id, name="NHS Cornwall CCG", valid_from=date(2022, 4, 1)))
    bassetlaw = seeded.scalars(
        select(Membership).where(Membership.child_id == organisation(seeded, "ccg", "02Q").id)
    ).one()
    bassetlaw.valid_to = date(2022, 6, 30)
    seeded.add(
        Membership(
            child_id=bassetlaw.child_id,
            parent_id=organisation(seeded, "stp", "QT1").id,
            valid_from=date(2022, 7, 1),
        )
    )
    seeded.flush()

    assert seed_reference(seeded) == SeedCounts()
    seeded.expire_all()
    assert (theme.label, theme.active_to) == ("Self-neglect and hoarding", date(2022, 3, 31))
    assert kernow.name == "NHS Cornwall CCG"
    assert bassetlaw.valid_to == date(2022, 6, 30)


def test_an_entry_that_is_missing_comes_back_on_its_own(seeded):
    seeded.delete(seeded.scalars(select(Theme).where(Theme.code == "other")).one())
    seeded.flush()

    assert seed_reference(seeded) == SeedCounts(themes=1)


def test_every_entry_of_a_code_list_has_its_words(seeded):
    groups = {"Care Act 2014", "Child and cross-cutting", "Vulnerability", "Other"}
    assert set(seeded.scalars(select(Theme.group))) == groups
    for code_list in (ReviewType, Theme, DesignatedProfessional):
        entries = seeded.scalars(select(code_list).order_by(code_list.position)).all()
        assert len({one.position for one in entries}) == len({one.label for one in entries}) == len(entries)
        assert all(len(one.definition) >= 60 and one.definition.endswith(".") for one in entries)


def test_rapid_reviews_of_children_are_the_only_ones_that_others_grow_out_of(seeded):
    assert seeded.scalars(select(ReviewType.code).where(ReviewType.is_rapid_review)).all() == ["rapid_review"]


def test_a_serious_case_review_can_be_chosen_until_the_transition_ended(seeded):
    review = seeded.scalars(select(ReviewType).where(ReviewType.code == "scr")).one()

    assert review.is_active_on(date(2019, 9, 29))
    assert not review.is_active_on(date(2019, 9, 30))


@pytest.mark.parametrize("day", [date(2013, 4, 1), date(2019, 4, 1), date(2021, 6, 16), date(2098, 12, 31)])
def test_a_domestic_abuse_related_death_review_cannot_be_chosen_yet(seeded, day):
    review = seeded.scalars(select(ReviewType).where(ReviewType.code == "dardr")).one()

    assert not review.is_active_on(day)
