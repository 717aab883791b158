"""Linear cells as kernels find them, against a search in the edges of the grid."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning, keys_of
from lakedrift.fitting import fit
from lakedrift.summaries.values import Values
from lakedrift_kernels import linear, numbers
from lakedrift_kernels._jit import kernel

widen, known_range = kernel(linear.widen), kernel(linear.known_range)
HOSTILE = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, np.inf, -np.inf, np.nan]
ALL_VALID = np.empty(0, np.uint8)
pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning", "ignore:invalid value encountered:RuntimeWarning"
)


def grids() -> dict[str, Binning]:
    rng = np.random.default_rng(5)
    samples = {
        "around zero": rng.normal(size=5000),
        "above zero": 3 + rng.random(5000),
        "below zero": -1e6 - 1e3 * rng.random(5000),
        "within one root": 1_000_000_000 + rng.integers(0, 100, 50),
        "wide": 1e9 * rng.normal(size=5000),
        "years": rng.integers(2000, 2024, 50),
    }
    return {name: fit(sample) for name, sample in samples.items()}


GRIDS = grids()
BINNINGS = pytest.mark.parametrize("name", [name for name, binning in GRIDS.items() if binning.linear is not None])


def values_near(binning: Binning) -> st.SearchStrategy[np.ndarray]:
    assert binning.linear is not None
    inside = st.floats(binning.linear.low, binning.linear.high)
    around = st.sampled_from(binning.linear.edges.tolist()).flatmap(
        lambda edge: st.sampled_from([edge, *np.nextafter(edge, [-np.inf, np.inf]).tolist()])
    )
    drawn = st.lists(st.one_of(inside, around, st.sampled_from(HOSTILE), st.floats()), max_size=60)
    return drawn.map(lambda found: np.array(found, np.float64))


def scratch() -> tuple[np.ndarray, ...]:
    doubles = np.empty(numbers.BLOCK)
    gathered = doubles.view()
    gathered.flags.writeable = False
    return doubles, gathered, np.empty(numbers.BLOCK, np.uint64), np.empty(numbers.BLOCK, np.int32)


def test_grids__are_linear_in_every_way():
    assert sum(binning.linear is not None for binning in GRIDS.values()) >= 5


@BINNINGS
@given(data=st.data())
def test_add_linear__puts_every_value_into_the_cell_whose_edges_it_lies_between(name, data):
    binning = GRIDS[name]
    values = data.draw(values_near(binning))
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))), bool)
    cells, extremes = np.zeros(binning.n_cells, np.int64), np.array([2**64 - 1, 0], np.uint64)
    near, far, nan = np.zeros(5, np.int64), np.zeros((0, 7), np.int64), np.zeros(1, np.int64)
    for part in np.split(np.arange(len(values)), sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=3)))):
        column, packed = values[part], np.packbits(valid[part], bitorder="little")
        packed = ALL_VALID if valid[part].all() else packed
        column.flags.writeable = packed.flags.writeable = False
        done = 0
        while done < len(column):
            state = cells, extremes, near, far, nan
            unit = binning.centre, binning.scale
            done, _ = numbers.add_linear(column, packed, 0, done, binning.lines, unit, *state, *scratch())
    kept = values[valid]
    keys = keys_of(kept[~np.isnan(kept)], "double")
    assert cells.tolist() == np.bincount(binning.cell_of(keys), minlength=binning.n_cells).tolist()
    assert nan[0] == np.isnan(kept).sum()
    assert extremes.tolist() == ([int(keys.min()), int(keys.max())] if len(keys) else [2**64 - 1, 0])


@BINNINGS
@given(data=st.data())
def test_select_linears__finds_the_values_of_the_wanted_cells(name, data):
    binning = GRIDS[name]
    values = data.draw(values_near(binning))
    values.flags.writeable = False
    wanted = np.random.default_rng(data.draw(st.integers(0, 99))).random(binning.n_cells) < 0.01
    wanted[binning.cell_of(keys_of(np.append(values[~np.isnan(values)][::2], 0.0), "double"))] = True
    selected, nan = np.empty(len(values), np.uint64), np.zeros(1, np.int64)
    doubles, gathered, _, units = scratch()
    choice = Values.new(binning, np.flatnonzero(wanted))._choice.near, wanted, selected, nan
    valid, kept = numbers.select_linears(values, ALL_VALID, 0, binning.lines, *choice, doubles, gathered, units)
    of_keys = keys_of(values[~np.isnan(values)], "double")
    assert valid == len(of_keys)
    assert nan[0] == np.isnan(values).sum()
    assert selected[:kept].tolist() == of_keys[wanted[binning.cell_of(of_keys)]].tolist()


@given(values=strategies.samples("float64"))
def test_widen__minus_zero_is_zero(values):
    doubles = np.append(values, [-0.0])
    extremes = np.array([2**64 - 1, 0], np.uint64)
    known = widen(doubles, len(doubles), extremes)
    keys = keys_of(doubles[~np.isnan(doubles)], "double")
    assert extremes.tolist() == [int(keys.min()), int(keys.max())]
    assert known == known_range(extremes) == (np.nanmin(doubles), np.nanmax(doubles))
