"""The exact values in chosen cells, against a Counter."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import keys_of
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.fitting import fit
from lakedrift.multiset import AT_A_TIME
from lakedrift.summaries.values import Values

EVERY_VALUE = st.lists(st.one_of(st.none(), strategies.numbers("float64")), max_size=40)


def kept(state: Values) -> dict[int, int]:
    keys, counts = state.kept
    assert (keys[1:] > keys[:-1]).all()
    return dict(zip(keys.tolist(), counts.tolist(), strict=True))


@given(data=st.data(), sample=strategies.samples("float64"), values=EVERY_VALUE)
def test_update__keeps_the_values_of_the_chosen_cells_and_counts_the_others(data, sample, values):
    binning = fit(sample)
    valid = np.array([value for value in values if value is not None and value == value])
    keys = keys_of(valid, "double")
    cells = np.searchsorted(binning.edges, keys, side="right") - 1
    wanted = np.unique(data.draw(st.lists(st.sampled_from([0, 7, *cells.tolist()]))))
    state = Values.new(binning, wanted.astype(np.int64))
    state.update(data.draw(strategies.arrow_numbers("float64", values)))
    chosen = np.isin(cells, wanted)
    assert kept(state) == Counter(keys[chosen].tolist())
    assert state.others[0] == np.count_nonzero(~chosen)


def test_update__more_values_than_are_sorted_at_a_time():
    values = np.random.default_rng(1).integers(0, 500, AT_A_TIME + 70_000).astype(np.float64)
    binning = fit(values[:1_000])
    state = Values.new(binning, np.arange(binning.n_cells))
    for start in range(0, len(values), 70_000):
        state.update(pa.array(values[start : start + 70_000]))
    assert kept(state) == Counter(keys_of(values, "double").tolist())


def test_merge__of_other_cells_is_refused():
    binning = fit(np.array([1.0]))
    with pytest.raises(IncompatibleProfilesError):
        Values.new(binning, np.array([1])).merge(Values.new(binning, np.array([2])))
