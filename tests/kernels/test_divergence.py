from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances

from lakedrift_kernels import divergence

KERNELS = [divergence.psi, divergence.total_variation, divergence.jensen_shannon]
COUNTS = st.one_of(st.integers(0, 5), st.integers(0, 10_000), st.integers(5 * 10**9, 10**10))
SIDES = st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=12).filter(lambda bins: all(map(any, zip(*bins, strict=True))))


def measure(kernel, reference, current) -> float:
    out = np.full(1, -1.0)
    kernel(np.array([reference], np.int64), np.array([current], np.int64), out)
    return float(out[0])


@pytest.mark.parametrize("kernel", KERNELS)
@given(bins=SIDES)
def test_divergence__equals_the_oracle(kernel, bins):
    reference, current = zip(*bins, strict=True)
    expected = getattr(distances, kernel.__name__)(reference, current)
    assert measure(kernel, reference, current) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@given(bins=SIDES)
def test_divergence__is_symmetric_and_zero_on_itself(kernel, bins):
    reference, current = zip(*bins, strict=True)
    assert measure(kernel, reference, current) == measure(kernel, current, reference)
    assert measure(kernel, reference, reference) == 0.0


@pytest.mark.parametrize("kernel", [divergence.total_variation, divergence.jensen_shannon])
@given(bins=SIDES, factor=st.integers(1, 10_000))
def test_divergence__is_a_function_of_shares_between_zero_and_one(kernel, bins, factor):
    reference, current = zip(*bins, strict=True)
    assert 0.0 <= measure(kernel, reference, current) <= 1.0
    assert measure(kernel, reference, [factor * count for count in reference]) == 0.0


@pytest.mark.parametrize("kernel", [divergence.total_variation, divergence.jensen_shannon])
def test_divergence__of_disjoint_bins_is_one_and_no_more(kernel):
    thirtieths = [1] * 30 + [0] * 30  # thirty of them, rounded, add up to more than one
    assert measure(kernel, thirtieths, thirtieths[::-1]) == 1.0


@pytest.mark.parametrize("step", [1, 7, 1_000, 10**6, 10**9])
def test_jensen_shannon__keeps_its_precision_on_near_identical_sides(step):
    reference, current = [2**33, 2**33], [2**33 - step, 2**33 + step]
    expected = distances.jensen_shannon(reference, current)
    assert 0.0 < measure(divergence.jensen_shannon, reference, current) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_jensen_shannon__where_its_two_forms_meet():
    for smaller in range(330, 337):
        expected = distances.jensen_shannon([smaller, 1000 - smaller], [1000 - smaller, smaller])
        actual = measure(divergence.jensen_shannon, [smaller, 1000 - smaller], [1000 - smaller, smaller])
        assert actual == pytest.approx(expected, rel=1e-14, abs=0.0)


def test_psi__on_paper():
    assert measure(divergence.psi, [9, 0, 1], [1, 0, 9]) == pytest.approx(2 * (8 / 11) * math.log(9.5 / 1.5), rel=1e-15)


def test_psi__leaves_out_bins_empty_on_both_sides():
    assert measure(divergence.psi, [9, 0, 1, 0], [1, 0, 9, 0]) == measure(divergence.psi, [9, 1], [1, 9])


@pytest.mark.parametrize("kernel", KERNELS)
def test_divergence__groups_are_independent_and_empty_sides_nan(kernel):
    reference = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 1], [0, 0, 0]])
    current = np.array([[3, 2, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    out = np.full(4, -1.0)
    kernel(reference, current, out)
    assert out[0] == measure(kernel, reference[0], current[0])
    assert np.isnan(out[1:]).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_divergence__no_groups_and_no_bins(kernel):
    kernel(np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64), np.zeros(0))
    assert math.isnan(measure(kernel, [], []))
