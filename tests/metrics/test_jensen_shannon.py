"""Jensen-Shannon divergence, against fifty digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from strategies import counted_twice

from lakedrift.metrics import jensen_shannon


@given(sides=counted_twice())
def test_statistic__equals_the_oracle(sides):
    expected = distances.jensen_shannon(*sides)
    assert jensen_shannon.statistic(*views.bins(*sides)) == pytest.approx([expected], rel=1e-12, abs=1e-12)


@given(sides=counted_twice())
def test_pvalue__is_that_of_the_chi_square_test(sides):
    reference, current = views.bins(*sides)
    expected = pvalues.homogeneity(*sides)
    found = jensen_shannon.METRIC.pvalue(reference, current, jensen_shannon.statistic(reference, current))
    assert found == pytest.approx([expected], rel=1e-6, abs=1e-300)


def test_statistic__of_disjoint_sides_is_one_bit():
    assert jensen_shannon.statistic(*views.bins([3, 0, 4], [0, 9, 0])) == [1.0]
