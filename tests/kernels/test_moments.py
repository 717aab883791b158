from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from oracles import sums

from lakedrift_kernels import moments
from lakedrift_kernels._jit import kernel

add_near = kernel(moments.add_near)
REACH = 2**31
VALUES = st.lists(strategies.numbers("float64").filter(lambda value: value == value), max_size=40)
CENTRES = strategies.numbers("float64").filter(math.isfinite)
SCALES = st.integers(-1000, 1000).map(lambda exponent: math.ldexp(1.0, exponent))

# As plain Python, NumPy warns where a double overflows on its way to infinity, which is not near and so meant.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")


def add(batches, centre, scale) -> tuple[np.ndarray, np.ndarray]:
    near, far = np.zeros(5, np.int64), np.zeros((moments.EXPONENTS, 7), np.int64)
    for values in batches:
        add_near(np.array(values, np.float64), len(values), centre, scale, near)
        moments.add_far(np.array(values, np.float64), len(values), centre, scale, far)
    return near, far


def steps(value: float, centre: float, scale: float) -> float:
    """Return how many units a value lies from the centre, as a whole number, or infinity."""
    with np.errstate(over="ignore"):
        return float(np.rint((np.float64(value) - centre) * scale))


def expected_near(values, centre, scale) -> list[int]:
    whole = [int(step) for step in (steps(value, centre, scale) for value in values) if abs(step) < REACH]
    return [len(whole), *sums.digits(sum(whole), 2), *sums.digits(sum(z * z for z in whole), 2)]


def far_sums(far: np.ndarray) -> tuple[int, Fraction, Fraction]:
    count, total, squares = 0, Fraction(0), Fraction(0)
    for row in np.flatnonzero(far.any(axis=1)).tolist():
        unit = Fraction(2) ** (row - moments.EXPONENT_BIAS - 53)
        count += int(far[row, 0])
        total += sums.number(far[row, 1:3]) * unit
        squares += sums.number(far[row, 3:]) * unit**2
    return count, total, squares


@given(values=VALUES, centre=CENTRES, scale=SCALES)
def test_moments__sums_whole_steps_near_the_centre(values, centre, scale):
    near, _ = add([values], centre, scale)
    assert near.tolist() == expected_near(values, centre, scale)


@given(values=VALUES, centre=CENTRES, scale=SCALES)
def test_moments__sums_far_values_exactly(values, centre, scale):
    _, far = add([values], centre, scale)
    distant = [Fraction(value) for value in values if math.isfinite(value) and not abs(steps(value, centre, scale)) < REACH]
    assert far_sums(far) == (len(distant), sum(distant), sum(value * value for value in distant))
    assert ((far[:, [2, 4, 5, 6]] >= 0) & (far[:, [2, 4, 5, 6]] < sums.BASE)).all()


@given(values=VALUES, centre=CENTRES, scale=SCALES, data=st.data())
def test_moments__no_order_and_no_split_changes_a_digit(values, centre, scale, data):
    shuffled = data.draw(st.permutations(values))
    cut = data.draw(st.integers(0, len(values)))
    whole, parts = add([values], centre, scale), add([shuffled[:cut], shuffled[cut:]], centre, scale)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])


@given(values=st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=1, max_size=40))
def test_moments__of_whole_numbers_is_exact(values):
    near, far = add([values], 0.0, 1.0)
    assert near.tolist() == [len(values), *sums.digits(sum(values), 2), *sums.digits(sum(z * z for z in values), 2)]
    assert not far.any()


def test_moments__ten_thousand_largest_steps_do_not_overflow():
    values = np.full(10_000, 2.0**31 - 1)
    near, _ = add([values, -values, values], 0.0, 1.0)
    z = 2**31 - 1
    assert near.tolist() == [30_000, *sums.digits(10_000 * z, 2), *sums.digits(30_000 * z * z, 2)]


def test_moments__a_mean_of_1e9_keeps_a_spread_of_one():
    values = 1e9 + np.random.default_rng(1).normal(size=1_000)
    near, far = add([values], 1e9, 2.0**25)
    mean, variance = sums.mean_and_variance(values)
    total, squares = (sums.number(near[at : at + 2]) for at in (1, 3))
    assert not far.any()
    assert 1e9 + total / 1_000 / 2**25 == pytest.approx(float(mean), abs=2.0**-26)
    assert (squares / 1_000 - (total / 1_000) ** 2) / 4**25 == pytest.approx(float(variance), rel=1e-7)


def test_moments__infinities_are_left_out():
    near, far = add([[math.inf, 1.0, -math.inf]], 0.0, 1.0)
    assert near.tolist() == [1, 0, 1, 0, 1]
    assert not far.any()


@pytest.mark.parametrize(
    "value", [5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 2.2250738585072014e-308, 0.0]
)
def test_moments__the_least_and_the_greatest_double_are_far_and_exact(value):
    _, far = add([[value]], 1.0, 2.0**60)
    assert far_sums(far) == (1, Fraction(value), Fraction(value) ** 2)
