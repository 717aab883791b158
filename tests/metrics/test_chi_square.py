"""Pearson's chi-square, against exact fractions and SciPy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from scipy import stats
from strategies import counted_twice

from lakedrift.metrics import chi_square


@given(sides=counted_twice())
def test_statistic__equals_the_oracle(sides):
    expected, _ = distances.chi_square(*sides)
    rounding = 4e-16 * math.sqrt(expected * sum(map(sum, sides)))
    assert chi_square.statistic(*views.bins(*sides)) == pytest.approx([expected], rel=1e-12, abs=1e-12 + rounding)


def test_pvalue__equals_scipy_and_the_oracle():
    sides = [120, 70, 300, 60], [250, 80, 610, 90]
    reference, current = views.bins(*sides)
    statistic = chi_square.statistic(reference, current)
    found = chi_square.METRIC.pvalue(reference, current, statistic)
    assert found == pytest.approx([stats.chi2_contingency(sides, correction=False).pvalue], rel=1e-12)
    assert found == pytest.approx([pvalues.chi_square_tail(float(statistic[0]), 3)], rel=1e-12)


def test_pvalue__of_one_bin_is_one():
    sides = views.bins([0, 3], [0, 5])
    assert chi_square.METRIC.pvalue(*sides, chi_square.statistic(*sides)) == [1.0]


def test_pvalue__of_a_thousandfold_beyond_is_tiny_and_not_zero_too_early():
    sides = views.bins([1_000, 0], [0, 300])
    found = chi_square.METRIC.pvalue(*sides, chi_square.statistic(*sides))
    assert found == pytest.approx([pvalues.chi_square_tail(1_300.0, 1)], rel=1e-9)
