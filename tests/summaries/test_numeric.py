"""Cells, extremes and moments of a numeric column, against looking every value up and adding fractions."""

from __future__ import annotations

import datetime
import decimal
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import sums

from lakedrift.binning import keys_of
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.fitting import fit
from lakedrift.summaries.numeric import Numeric
from lakedrift_kernels.numbers import BLOCK

LARGEST = Fraction(1.7976931348623157e308)
few = settings(max_examples=30)


def counted(array: pa.Array, sample: np.ndarray) -> Numeric:
    state = Numeric.new(fit(sample))
    state.update(array)
    return state


def searched(values: np.ndarray, state: Numeric) -> np.ndarray:
    cells = np.searchsorted(state.binning.edges, keys_of(values, state.binning.axis), side="right") - 1
    return np.bincount(cells, minlength=state.binning.n_cells)


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@few
@given(data=st.data())
def test_update__counts_every_valid_value_in_its_cell(dtype, data):
    values = data.draw(st.lists(st.one_of(st.none(), strategies.numbers(dtype)), max_size=40))
    valid = np.array([value for value in values if value is not None and value == value], dtype)
    sample = np.append(data.draw(strategies.samples(dtype)), valid[:3])
    if fit(sample).axis == "double":
        sample = data.draw(st.sampled_from([sample, np.array([0.5, -2.0]), np.array([], np.int8)]))
    state = counted(data.draw(strategies.arrow_numbers(dtype, values)), sample)
    np.testing.assert_array_equal(state.cells[0], searched(valid, state))
    keys = keys_of(valid, state.binning.axis).tolist()
    assert state.extremes[0].tolist() == [min(keys, default=2**64 - 1), max(keys, default=0)]
    assert [int(count[0]) for count in state.infinite] == [valid.tolist().count(math.inf * sign) for sign in (-1, 1)]


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@few
@given(data=st.data())
def test_moments__are_those_of_the_finite_values(dtype, data):
    values = data.draw(strategies.samples(dtype))
    sample = np.append(values[::2], data.draw(strategies.samples(dtype)))
    state = counted(pa.array(values), sample)
    expected = sums.mean_and_variance(values.tolist())
    mean, variance = state.moments()
    if expected is None:
        assert math.isnan(mean)
        assert math.isnan(variance)
        return
    step = 1 / Fraction(state.binning.scale)  # what is near is rounded to half a step: that moves the moments by no more than
    assert abs(Fraction(mean) - expected[0]) <= step + abs(expected[0]) / 2**52
    slack = sums.root_above(expected[1]) * step + step**2
    if math.isinf(variance):
        assert expected[1] + slack > LARGEST
    else:
        assert abs(Fraction(variance) - expected[1]) <= slack + expected[1] / 2**50 + Fraction(5e-324)


def test_moments__of_a_mean_of_1e9_and_a_spread_of_one():
    values = 1e9 + np.random.default_rng(1).normal(size=20_000)
    mean, variance = counted(pa.array(values), values[:1_000]).moments()
    expected = sums.mean_and_variance(values)
    assert mean == pytest.approx(float(expected[0]), rel=1e-17, abs=1e-9)
    assert variance == pytest.approx(float(expected[1]), rel=1e-7)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_moments__of_integers_beyond_2_53_are_exact(dtype):
    values = np.array([2**62, 2**62 + 1, 2**62 + 5], dtype)
    mean, variance = counted(pa.array(values), values).moments()
    assert mean == float(2**62 + 2)
    assert variance == pytest.approx(14 / 3, rel=1e-15)


def test_moments__whose_squares_pass_the_largest_double_are_infinite():
    mean, variance = counted(pa.array([1e308, -1e308]), np.array([0.0])).moments()
    assert (mean, variance) == (0.0, math.inf)


def test_update__goes_block_by_block():
    random = np.random.default_rng(1)
    values = random.normal(size=2 * BLOCK + 7)
    mask = random.random(len(values)) < 0.1
    state = counted(pa.array(values, mask=mask)[3:], values[:100])
    np.testing.assert_array_equal(state.cells[0], searched(values[3:][~mask[3:]], state))


@pytest.mark.parametrize("zeros", [[0.0, 0.0], [-0.0, 0.0], [-0.0, -0.0]])
def test_update__zero_has_no_sign(zeros):
    plain = counted(pa.array([0.0, 0.0]), np.array([0.0, 1.0]))
    assert counted(pa.array(zeros), np.array([zeros[1], 1.0])).to_arrow().equals(plain.to_arrow(), check_metadata=True)


@pytest.mark.parametrize(
    ("array", "values"),
    [
        pytest.param(pa.array([decimal.Decimal("1.5"), None, decimal.Decimal("-2.25")]), [1.5, -2.25], id="decimal"),
        pytest.param(pa.array(np.array([1.5, -np.inf, np.nan], np.float16)), [1.5, -np.inf], id="float16"),
        pytest.param(pa.array([datetime.date(1970, 1, 3), None]), [2], id="date"),
        pytest.param(pa.array([datetime.timedelta(seconds=-1)], pa.duration("s")), [-1], id="duration"),
        pytest.param(pa.array([], pa.int8()), [], id="no rows"),
        pytest.param(pa.array([None], pa.float32()), [], id="null"),
    ],
)
def test_update__takes_whatever_is_a_number(array, values):
    state = counted(array, np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(state.cells[0], searched(np.array(values, np.float64), state))
    assert state.rows[0] == len(array)


def test_merge__of_two_grids_is_refused():
    one, other = Numeric.new(fit(np.array([1.0]))), Numeric.new(fit(np.array([2.0])))
    with pytest.raises(IncompatibleProfilesError) as caught:
        one.merge(other)
    assert caught.value.exit_code == 2
    assert "like=" in str(caught.value.hint)
