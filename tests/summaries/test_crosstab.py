"""Categories by group: names and buckets that agree with the frequencies of the whole lake."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.encoding import Encoded
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.summaries import frequencies
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summary import Codes

ROWS = st.lists(st.tuples(st.none() | strategies.STRINGS, st.integers(0, 2)), max_size=40)
NAMES = st.sets(strategies.STRINGS, max_size=4)


def counted(rows, names, encoding="string", data=None) -> Crosstab:
    values = [value for value, _ in rows]
    array = pa.array(values, pa.string()) if data is None else data.draw(strategies.arrow_strings(encoding, values))
    state = Crosstab.new(sorted(names), 4, 3)
    state.update_groups(Encoded.of(array), Codes.of(np.array([group for _, group in rows], np.int32), 3))
    return state


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), rows=ROWS, names=NAMES)
def test_update_groups__counts_by_name_and_bucket(encoding, data, rows, names):
    state = counted(rows, names, encoding, data)
    for group in range(3):
        own = [value for value, code in rows if code == group]
        tally = Counter(own)
        assert state.rows[group] == len(own)
        assert state.null[group] == tally[None]
        assert dict(zip(state.names, state.counts[group].tolist(), strict=True)) == {name: tally[name] for name in state.names}
        assert state.valid[group] == len(own) - tally[None]


@pytest.mark.parametrize("most", [1 << 16, 2])
@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), batches=st.lists(st.lists(st.none() | strategies.STRINGS, max_size=20), max_size=3), heavy=NAMES)
def test_located__counts_the_whole_lake_as_its_own_state_does(most, encoding, data, batches, heavy):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequencies, "MOST_VALUES", most)
        alone, whole = Frequencies.new(sorted(heavy)), Frequencies.new(sorted(heavy))
        for values in batches:
            array = data.draw(strategies.arrow_strings(encoding, values))
            alone.update(array)
            located = Crosstab.new((), 4).located(array, whole)
            texts = located.column().dictionary.cast(pa.string()).to_pylist()
            assert [None if code < 0 else texts[code] for code in located.codes.tolist()] == values
        assert whole.to_arrow().equals(alone.to_arrow(), check_metadata=True)


@pytest.mark.parametrize("array", [pa.array([True, None, False]), pa.array([7, None, 7]), pa.array([-0.0, 0.0, 1.5, None])])
def test_located__of_what_is_no_text(array):
    alone, whole = Frequencies.new(), Frequencies.new()
    alone.update(array)
    Crosstab.new((), 4).located(array, whole)
    assert whole.to_arrow().equals(alone.to_arrow(), check_metadata=True)


@pytest.mark.parametrize("most", [1 << 16, 2])
@given(rows=ROWS, names=NAMES, heavy=NAMES)
def test_sums_to__the_frequencies_of_the_same_rows_and_no_others(most, rows, names, heavy):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequencies, "MOST_VALUES", most)
        whole, other = Frequencies.new(sorted(heavy)), Frequencies.new(sorted(heavy))
        whole.update(pa.array([value for value, _ in rows], pa.string()))
        other.update(pa.array([value for value, _ in rows] + ["one more"], pa.string()))
        state = counted(rows, names)
        assert state.sums_to(whole)
        assert not state.sums_to(other)


@given(ROWS, ROWS, NAMES, NAMES)
def test_merge__of_other_names_has_those_of_both(one, other, names, others):
    merged = counted(one, names)
    merged.merge(counted(other, others))
    assert merged.to_arrow().equals(counted(one + other, names & others).to_arrow(), check_metadata=True)


def test_merge__of_other_buckets_is_an_error():
    with pytest.raises(IncompatibleProfilesError, match="buckets"):
        Crosstab.new((), 4).merge(Crosstab.new((), 5))


@given(ROWS, NAMES)
def test_gathered__sums_groups(rows, names):
    state = counted(rows, names)
    joined = state.gathered(np.array([0, 2, 2, 3]), np.array([0, 2, 1]))
    recoded = [(value, {0: 0, 1: 2, 2: 0}[group]) for value, group in rows]
    assert joined.to_arrow().equals(counted(recoded, names).to_arrow(), check_metadata=True)


def test_update_groups__truths():
    state = Crosstab.new(("false", "true"), 4, 2)
    state.update_groups(Encoded.of(pa.array([True, None, False, True])), Codes.of(np.array([0, 0, 1, 1], np.int32), 2))
    assert state.counts.tolist() == [[0, 1], [1, 1]]
    assert state.buckets.sum() == 0
    assert state.null.tolist() == [1, 0]
