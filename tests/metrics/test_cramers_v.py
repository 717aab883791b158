"""Cramér's V, against exact fractions and SciPy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from oracles import distances, views
from scipy.stats import contingency
from strategies import counted_twice

from lakedrift.metrics import cramers_v


@given(sides=counted_twice())
def test_statistic__equals_the_oracle(sides):
    chi_square, _ = distances.chi_square(*sides)
    assert cramers_v.statistic(*views.bins(*sides)) == pytest.approx([math.sqrt(chi_square / sum(map(sum, sides)))], abs=1e-12)


def test_statistic__equals_scipy():
    sides = [12, 7, 30, 1], [25, 3, 61, 9]
    assert cramers_v.statistic(*views.bins(*sides)) == pytest.approx(
        [contingency.association(sides, method="cramer")], rel=1e-12
    )


def test_statistic__of_disjoint_sides_is_one_whatever_their_sizes():
    assert cramers_v.statistic(*views.bins([1_000, 0], [0, 3])) == pytest.approx([1.0], abs=1e-15)
