"""The past of the demo cases: versions in order that keep every rule, and lead to the case."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from models.enumerations import Status
from seeds.cases.checking import check_cases
from seeds.cases.past import versions_of


def test_versions_follow_each_other_and_end_with_the_case(cases):
    for number, case in enumerate(cases):
        versions = versions_of(case, number)
        moments = [version.known_from for version in versions]
        assert moments == sorted(set(moments)), case.reference
        assert moments[0] == case.created_at
        assert versions[-1].case == case
        assert all(version.case.changed_at == version.known_from for version in versions)


def test_every_version_keeps_the_rules_of_its_day(cases, day):
    """A rapid review that another case grew out of is asked about as it is at the end."""
    final = {case.reference: case for case in cases}
    for number, case in enumerate(cases):
        for version in versions_of(case, number):
            source = [final[version.case.converted_from]] if version.case.converted_from else []
            check_cases([*source, replace(version.case)], day)


def test_cases_were_withdrawn_for_a_while_and_closed_too_early(cases):
    pasts = [versions_of(case, number) for number, case in enumerate(cases)]
    brought_back = [
        past for past in pasts if any(v.case.withdrawn_at for v in past[:-1]) and not past[-1].case.withdrawn_at
    ]
    reopened = [
        past
        for past in pasts
        if [Status.CLOSED, Status.OPEN] in [[a.case.status, b.case.status] for a, b in pairwise(past)]
    ]
    assert len(brought_back) >= 3
    assert len(reopened) >= 3
    assert all(version.reason for past in brought_back for version in past if version.case.withdrawn_at)
