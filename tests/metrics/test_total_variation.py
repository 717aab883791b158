"""Total variation distance, against exact fractions."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracles import distances, pvalues, views
from strategies import counted_twice

from lakedrift.metrics import total_variation


@given(sides=counted_twice())
def test_statistic__equals_the_oracle(sides):
    expected = distances.total_variation(*sides)
    assert total_variation.statistic(*views.bins(*sides)) == pytest.approx([expected], rel=1e-12, abs=1e-12)


@given(sides=counted_twice())
def test_pvalue__is_that_of_the_chi_square_test(sides):
    reference, current = views.bins(*sides)
    expected = pvalues.homogeneity(*sides)
    found = total_variation.METRIC.pvalue(reference, current, total_variation.statistic(reference, current))
    assert found == pytest.approx([expected], rel=1e-6, abs=1e-300)


def test_statistic__of_disjoint_sides_is_one():
    assert total_variation.statistic(*views.bins([3, 0, 4], [0, 9, 0])) == [1.0]
