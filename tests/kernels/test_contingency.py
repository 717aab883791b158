from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances
from scipy import stats

from lakedrift_kernels import contingency

COUNTS = st.one_of(st.integers(0, 5), st.integers(0, 10_000), st.integers(5 * 10**9, 10**10))
SIDES = st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=12).filter(lambda bins: all(map(any, zip(*bins, strict=True))))
SHARE = st.one_of(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(5 * 10**9, 10**10).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)


def chi_square(reference, current) -> tuple[float, int]:
    statistic, dof = np.full(1, -1.0), np.full(1, -1)
    contingency.chi_square(np.array([reference], np.int64), np.array([current], np.int64), statistic, dof)
    return float(statistic[0]), int(dof[0])


def two_shares(reference_hits, reference_n, current_hits, current_n) -> float:
    statistic = np.full(1, -1.0)
    columns = (reference_hits, reference_n, current_hits, current_n)
    contingency.two_shares(*(np.array([count], np.int64) for count in columns), statistic)
    return float(statistic[0])


def within_rounding(expected: float, rows: int):
    """Two rounded shares an ulp off each change the statistic X² by about 1e-16 sqrt(X² rows)."""
    return pytest.approx(expected, rel=1e-12, abs=1e-12 + 4e-16 * math.sqrt(expected * rows))


@given(bins=SIDES)
def test_chi_square__equals_the_oracle(bins):
    reference, current = zip(*bins, strict=True)
    statistic, dof = chi_square(reference, current)
    expected, expected_dof = distances.chi_square(reference, current)
    assert statistic == within_rounding(expected, sum(reference) + sum(current))
    assert dof == expected_dof


@given(bins=SIDES, factor=st.integers(1, 10_000))
def test_chi_square__is_symmetric_and_zero_on_equal_shares(bins, factor):
    reference, current = zip(*bins, strict=True)
    assert chi_square(reference, current) == chi_square(current, reference)
    assert chi_square(reference, [factor * count for count in reference])[0] == 0.0


def test_chi_square__equals_scipy():
    table = np.array([[12, 7, 30, 1], [25, 3, 61, 9]])
    expected = stats.chi2_contingency(table, correction=False)
    assert chi_square(*table) == (pytest.approx(expected.statistic, rel=1e-13), expected.dof)


def test_chi_square__of_a_two_by_two_table_has_no_continuity_correction():
    assert chi_square([12, 5], [7, 9])[0] == pytest.approx(
        stats.chi2_contingency([[12, 5], [7, 9]], correction=False).statistic
    )


@pytest.mark.parametrize("counts", [[5], [0, 5, 0]])
def test_chi_square__of_one_nonempty_bin_is_zero(counts):
    assert chi_square(counts, [3 * count for count in counts]) == (0.0, 0)


def test_chi_square__groups_are_independent_and_empty_sides_nan():
    reference = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 1], [0, 0, 0]])
    current = np.array([[3, 2, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    statistic, dof = np.full(4, -1.0), np.full(4, -1)
    contingency.chi_square(reference, current, statistic, dof)
    assert (statistic[0], dof[0]) == chi_square(reference[0], current[0])
    assert np.isnan(statistic[1:]).all()
    assert dof.tolist() == [2, 0, 1, 0]


def test_chi_square__no_groups_and_no_bins():
    contingency.chi_square(np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64), np.zeros(0), np.zeros(0, np.int64))
    statistic, dof = chi_square([], [])
    assert (math.isnan(statistic), dof) == (True, 0)


@given(reference=SHARE, current=SHARE)
def test_two_shares__equals_the_oracle_and_is_symmetric(reference, current):
    expected = distances.two_shares(*reference, *current)
    assert two_shares(*reference, *current) == within_rounding(expected, reference[1] + current[1])
    assert two_shares(*reference, *current) == two_shares(*current, *reference)


@given(reference=SHARE, current=SHARE)
def test_two_shares__does_not_care_which_rows_are_called_hits(reference, current):
    statistic = two_shares(*reference, *current)
    flipped = two_shares(reference[1] - reference[0], reference[1], current[1] - current[0], current[1])
    assert flipped == within_rounding(statistic, reference[1] + current[1])


def test_two_shares__equals_scipy():
    expected = stats.chi2_contingency([[12, 88], [31, 110]], correction=True).statistic
    assert two_shares(12, 100, 31, 141) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param((0, 10, 0, 20), 0.0, id="no hit"),
        pytest.param((10, 10, 20, 20), 0.0, id="no miss"),
        pytest.param((3, 10, 6, 20), 0.0, id="same share"),
        pytest.param((5, 10, 6, 11), 0.0, id="closer than the correction"),
        pytest.param((0, 0, 6, 20), math.nan, id="no reference"),
        pytest.param((3, 10, 0, 0), math.nan, id="no current"),
        pytest.param((0, 0, 0, 0), math.nan, id="no rows"),
    ],
)
def test_two_shares__at_the_margins(columns, expected):
    assert two_shares(*columns) == pytest.approx(expected, abs=0.0, nan_ok=True)


def test_two_shares__no_groups():
    contingency.two_shares(*(np.zeros(0, np.int64) for _ in range(4)), np.zeros(0))


@given(bins=SIDES)
def test_join_rare__keeps_all_rows_and_leaves_no_bin_with_few(bins):
    reference, current = (np.array([side], np.int64) for side in zip(*bins, strict=True))
    joined = np.full_like(reference, -1), np.full_like(current, -1)
    contingency.join_rare(reference, current, 10.0, *joined)
    assert [side.sum() for side in joined] == [reference.sum(), current.sum()]
    sizes = joined[0].sum(), joined[1].sum()
    expected = (joined[0] + joined[1])[0] * (min(sizes) / sum(sizes))
    held = expected[expected > 0]
    assert len(held) == 1 or (held >= 10.0).all()
