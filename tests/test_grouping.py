"""Groupings: sorted, aligned by what their groups are called, and added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import segment
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.grouping import Grouping, sorted_groups
from lakedrift.summaries.presence import Presence
from lakedrift.summary import Codes
from lakedrift.window import ALL_TIME, NO_TIME, Every

VALUES = st.sampled_from([None, "", "a", "b", "é", "a/b", "__HIVE_DEFAULT_PARTITION__"])
ROWS = st.lists(st.tuples(VALUES, VALUES, st.sampled_from([NO_TIME, 0, 86_400_000_000])), max_size=12)
KEY = ("presence", ("x",))


def grouped(rows: list[tuple[str | None, str | None, int]]) -> Grouping:
    """Group rows by what they say, one by one."""
    columns = {"0": pl.String, "1": pl.String, "window": pl.Int64}
    table = sorted_groups(pl.DataFrame(rows, schema=columns, orient="row"))
    places = {group: place for place, group in enumerate(table.iter_rows())}
    codes = Codes.of(np.array([places[row] for row in rows], np.int32), len(places))
    state = Presence.new(len(places))
    column = pa.array([None if row[0] is None else 1 for row in rows], pa.int64())
    state.update_groups(state.located(column, Presence.new()), codes)
    values, windows = (table["0"], table["1"]), table["window"].to_numpy()
    return Grouping(("p", "q"), values, windows, codes.rows, MappingProxyType({KEY: state}), Every.parse("1d"))


def counted(grouping: Grouping) -> dict[tuple[str, int], tuple[int, int, int]]:
    state = grouping.state("x")
    groups = zip(grouping.labels(), grouping.windows.tolist(), strict=True)
    counts = zip(grouping.rows.tolist(), state.rows.tolist(), state.null.tolist(), strict=True)
    return dict(zip(groups, counts, strict=True))


@given(ROWS, ROWS)
def test_merge__is_the_grouping_of_all_rows(one, other):
    merged, whole = grouped(one).merge(grouped(other)), grouped(one + other)
    assert merged.table().equals(whole.table(), null_equal=True)
    assert counted(merged) == counted(whole)
    assert list(counted(merged)) == list(counted(whole))


@given(ROWS)
def test_merge__empty_changes_nothing(rows):
    grouping = grouped(rows)
    assert len(grouping.empty()) == 0
    assert counted(grouping.merge(grouping.empty())) == counted(grouping.empty().merge(grouping)) == counted(grouping)


LABELS = st.frozensets(st.tuples(VALUES, VALUES).map(lambda pair: segment.label(("p", "q"), pair)), max_size=6)


def folded(grouping: Grouping, kept: frozenset[str] | None) -> Grouping:
    """Join all segments but these, as a census does that knows these; None joins none."""
    if kept is None:
        return grouping
    joined = replace(grouping.joined(kept), folded=True)
    return replace(joined, absent=kept - joined.named)


def known(grouping: Grouping) -> tuple[object, ...]:
    return counted(grouping), grouping.folded, grouping.absent


@given(st.lists(st.tuples(ROWS, st.none() | LABELS), min_size=3, max_size=3))
def test_merge__of_folded_ones_names_what_is_all_there(parts):
    one, two, three = (folded(grouped(rows), kept) for rows, kept in parts)
    named = [kept for _, kept in parts if kept is not None]
    expected = folded(grouped([row for rows, _ in parts for row in rows]), frozenset.intersection(*named) if named else None)
    assert known(one.merge(two).merge(three)) == known(three.merge(two.merge(one))) == known(expected)
    assert known(one.merge(one.empty())) == known(one.empty().merge(one)) == known(one)


@given(ROWS)
def test_labels__tell_all_groups_apart(rows):
    grouping = grouped(rows)
    expected = Counter(rows)
    assert len(counted(grouping)) == len(grouping) == len(expected)
    assert sorted(n for n, *_ in counted(grouping).values()) == sorted(expected.values())


def test_take__keeps_the_order():
    grouping = grouped([("b", None, 0), (None, "", 0), ("a", "x", NO_TIME), ("a", "x", 0)])
    assert grouping.labels().to_list()[0] == "p=__HIVE_DEFAULT_PARTITION__/q="
    taken = grouping.take(np.array([3, 0]))
    assert taken.labels().to_list() == ["p=__HIVE_DEFAULT_PARTITION__/q=", "p=b/q=__HIVE_DEFAULT_PARTITION__"]
    assert taken.rows.tolist() == [1, 1]


def test_labels__of_the_whole_lake():
    windows = np.array([ALL_TIME])
    assert Grouping((), (), windows, np.array([3]), MappingProxyType({})).labels().to_list() == [""]


def test_merge__of_other_keys_is_an_error():
    one = grouped([("a", "b", 0)])
    other = Grouping(("p",), one.values[:1], one.windows, one.rows, one.states, one.every)
    with pytest.raises(IncompatibleProfilesError, match="'p', 'q' every 1d"):
        one.merge(other)
