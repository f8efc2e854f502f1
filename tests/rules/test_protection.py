"""Small numbers protected: what a reader can work out from everything shown, by trying every possibility."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import ceil, floor, inf
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.rules.protection import ENOUGH, SMALL, Level, Relation, Shown, protected, rounded

Key = Hashable


def words_of(counts: dict[Any, int], relations: Sequence[Relation]) -> dict[Any, str]:
    return {key: str(shown) for key, shown in protected(counts, relations).items()}


def test_what_is_shown_of_a_count_by_itself() -> None:
    counts = {number: number for number in (0, 1, 7, 8, 12, 13, 1002)}
    assert words_of(counts, []) == {0: "0", 1: "*", 7: "*", 8: "10", 12: "10", 13: "15", 1002: "1000"}


@pytest.mark.parametrize("parts", [[1] * 12, [7] * 4, [1] * 10, [7] * 5])
def test_a_total_that_would_give_its_parts_back_is_hidden(parts: list[int]) -> None:
    counts: dict[Any, int] = {"all": sum(parts), **dict(enumerate(parts))}
    relation = Relation("all", tuple(range(len(parts))))
    shown = protected(counts, [relation])
    assert shown["all"].level > Level.SHOWN
    no_value_is_given_back(counts, [relation], shown)


def test_where_stars_alone_still_tell_the_total_is_left_out() -> None:
    """Six of one case each: that the total is a small number too leaves one or two for each of them."""
    counts: dict[Any, int] = {"all": 6, **dict.fromkeys(range(6), 1)}
    shown = protected(counts, [Relation("all", tuple(range(6)))])
    assert shown["all"].level is Level.LEFT_OUT
    assert {str(shown[part]) for part in range(6)} == {"*"}


def test_a_total_that_tells_nothing_is_shown() -> None:
    counts = {"all": 60, "a": 20, "b": 33, "c": 4, "d": 3}
    assert words_of(counts, [Relation("all", ("a", "b", "c", "d"))]) == {
        "all": "60", "a": "20", "b": "35", "c": "*", "d": "*",
    }  # fmt: skip


def test_a_total_of_another_table_is_hidden_too() -> None:
    """Twelve themes of one case, and the same twelve cases by quarter: neither total nor quarter gives them back."""
    themes, quarters = [f"t{n}" for n in range(12)], ["q1", "q2"]
    counts: dict[Any, int] = {"all": 12, **dict.fromkeys(themes, 1), "q1": 12, "q2": 0}
    relations = [Relation("all", tuple(themes)), Relation("all", tuple(quarters))]
    shown = protected(counts, relations)
    assert (str(shown["all"]), str(shown["q1"]), str(shown["q2"])) == ("*", "*", "0")
    no_value_is_given_back(counts, relations, shown)


# Every possibility, tried one by one


def possible(
    counts: Mapping[Any, int], relations: Sequence[Relation], shown: Mapping[Any, Shown], most: int
) -> dict[Any, set[int]]:
    """The values of each count in all the ways in which everything shown can be true, none over `most`."""
    ranges = {}
    for key, count in counts.items():
        one = shown[key]
        if count == 0:
            ranges[key] = [0]
        elif one.level is Level.LEFT_OUT:
            ranges[key] = list(range(1, most + 1))
        elif one.level is Level.STARRED:
            ranges[key] = list(range(1, SMALL + 1) if count <= SMALL else range(SMALL + 1, most + 1))
        else:
            number = one.number or 0
            ranges[key] = list(range(max(SMALL + 1, number - 2), number + 3))
    found: dict[Any, set[int]] = {key: set() for key in counts}
    for way in _ways(list(counts), ranges, relations, {}):
        for key, value in way.items():
            found[key].add(value)
    return found


def _ways(
    keys: list[Any], ranges: Mapping[Any, list[int]], relations: Sequence[Relation], so_far: dict[Any, int]
) -> Iterator[dict[Any, int]]:
    if len(so_far) == len(keys):
        yield dict(so_far)
        return
    key = keys[len(so_far)]
    for value in ranges[key]:
        so_far[key] = value
        if all(_can_hold(relation, so_far, ranges) for relation in relations):
            yield from _ways(keys, ranges, relations, so_far)
        del so_far[key]


def _can_hold(relation: Relation, so_far: Mapping[Any, int], ranges: Mapping[Any, list[int]]) -> bool:
    low = sum(so_far.get(part, ranges[part][0]) for part in relation.parts)
    high = sum(so_far.get(part, ranges[part][-1]) for part in relation.parts)
    whole_low, whole_high = (so_far.get(relation.whole, ranges[relation.whole][at]) for at in (0, -1))
    return relation.least * whole_low <= high and low <= relation.most * whole_high


def no_value_is_given_back(
    counts: Mapping[Any, int], relations: Sequence[Relation], shown: Mapping[Any, Shown]
) -> None:
    """Of each count over zero that is shown or starred at least four values are possible, the true one among them."""
    most = max(2 * sum(counts.values()), 4 * SMALL) if len(counts) < 6 else max(counts.values()) + 9
    if len(counts) > 6:
        narrow_by_intervals(counts, relations, shown)
        return
    for key, values in possible(counts, relations, shown, most).items():
        assert counts[key] in values
        if counts[key] and shown[key].level < Level.LEFT_OUT:
            assert len(values) >= ENOUGH, (key, values, {one: str(how) for one, how in shown.items()})


def narrow_by_intervals(counts: Mapping[Any, int], relations: Sequence[Relation], shown: Mapping[Any, Shown]) -> None:
    """The same by intervals, for more counts than can be tried: a second way to work out what a reader knows."""
    known: dict[Any, list[float]] = {}
    for key, count in counts.items():
        one = shown[key]
        if one.level is Level.SHOWN and count:
            known[key] = [max(8, rounded(count) - 2), rounded(count) + 2]
        elif one.level is Level.STARRED:
            known[key] = [1, 7] if count <= 7 else [8, inf]
        else:
            known[key] = [0, 0] if count == 0 else [1, inf]
    for _ in range(60):
        for relation in relations:
            low = sum(known[one][0] for one in relation.parts)
            known[relation.whole][0] = max(known[relation.whole][0], low / relation.most)
            for part in relation.parts:
                rest = sum(known[one][0] for one in relation.parts if one != part)
                rest_high = sum(known[one][1] for one in relation.parts if one != part)
                known[part][1] = min(known[part][1], relation.most * known[relation.whole][1] - rest)
                known[part][0] = max(known[part][0], relation.least * known[relation.whole][0] - rest_high)
            if relation.least:
                high = sum(known[one][1] for one in relation.parts)
                known[relation.whole][1] = min(known[relation.whole][1], high / relation.least)
    for key, (low, high) in known.items():
        assert low <= counts[key] <= high
        if counts[key] and shown[key].level < Level.LEFT_OUT:
            assert high == inf or floor(high) - ceil(low) + 1 >= ENOUGH, key


COUNT = st.integers(0, 24)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=2, max_size=4))
def test_no_part_of_a_total_is_given_back(parts: list[int]) -> None:
    counts: dict[Any, int] = {"all": sum(parts), **dict(enumerate(parts))}
    relations = [Relation("all", tuple(range(len(parts))))]
    no_value_is_given_back(counts, relations, protected(counts, relations))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=3), st.integers(0, 30))
def test_nothing_is_given_back_by_two_tables_of_one_total(parts: list[int], split: int) -> None:
    total = sum(parts)
    assume(total > 0 and split <= total)
    counts: dict[Any, int] = {"all": total, **dict(enumerate(parts)), "x": split, "y": total - split}
    relations = [Relation("all", tuple(range(len(parts)))), Relation("all", ("x", "y"))]
    no_value_is_given_back(counts, relations, protected(counts, relations))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_nothing_is_given_back_by_a_grid_with_its_totals(data: st.DataObject) -> None:
    """Themes by quarter, with the totals of both, and how many themes a case can have."""
    rows, columns = data.draw(st.integers(2, 6)), data.draw(st.integers(2, 5))
    cells = {(row, column): data.draw(COUNT) for row in range(rows) for column in range(columns)}
    counts: dict[Any, int] = dict(cells)
    relations = []
    for row in range(rows):
        counts["row", row] = sum(cells[row, column] for column in range(columns))
        relations.append(Relation(("row", row), tuple((row, column) for column in range(columns))))
    for column in range(columns):
        themes = [cells[row, column] for row in range(rows)]
        counts["cases", column] = max([*themes, -(-sum(themes) // 3)])
        in_column = tuple((row, column) for row in range(rows))
        relations.append(Relation(("cases", column), in_column, least=1, most=3))
        relations += [Relation(("cases", column), (one,), least=0) for one in in_column]
    counts["all"] = sum(counts["cases", column] for column in range(columns))
    relations.append(Relation("all", tuple(("cases", column) for column in range(columns))))
    shown = protected(counts, relations)
    narrow_by_intervals(counts, relations, shown)
    assert protected(counts, relations) == shown
