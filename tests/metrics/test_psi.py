"""Population stability index, against fifty digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from strategies import counted_twice

from lakedrift.metrics import psi


@given(sides=counted_twice())
def test_statistic__equals_the_oracle(sides):
    expected = distances.psi(*sides)
    assert psi.statistic(*views.bins(*sides)) == pytest.approx([expected], rel=1e-12, abs=1e-12)


@given(sides=counted_twice())
def test_pvalue__is_that_of_the_chi_square_test(sides):
    reference, current = views.bins(*sides)
    expected = pvalues.homogeneity(*sides)
    found = psi.METRIC.pvalue(reference, current, psi.statistic(reference, current))
    assert found == pytest.approx([expected], rel=1e-6, abs=1e-300)


def test_statistic__of_an_empty_bin_counts_half_a_row():
    assert psi.statistic(*views.bins([9, 0], [0, 9])) == pytest.approx([2 * 0.9 * 2.9444389791664403], rel=1e-15)
