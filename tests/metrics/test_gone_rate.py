"""Share of rows whose category is gone, against exact fractions of binomial coefficients."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import views

from lakedrift.metric import Bins
from lakedrift.metrics import gone_rate

SIDE = st.lists(st.integers(0, 200), min_size=4, max_size=4)
COMMON, RARE = [500, 300, 150, 50], [900, 97, 2, 1]


def chances(reference: list[int], current: list[int]) -> dict[int, Fraction]:
    """Return the probability of each category that the current side lacks, times the number of categories."""
    n, m, number = sum(reference), sum(current), sum(count > 0 for count in reference)
    return {
        place: min(Fraction(comb(n, hits), comb(n + m, hits)) * number, Fraction(1))
        for place, hits in enumerate(reference)
        if hits and not current[place]
    }


@given(reference=SIDE, current=SIDE)
def test_statistic__and_pvalue_equal_the_oracle(reference, current):
    sides = views.bins(reference, current)
    statistic = gone_rate.statistic(*sides)
    pvalue = gone_rate.pvalue(*sides, statistic)
    if not (any(reference) and any(current)):
        assert np.isnan([statistic, pvalue]).all()
        return
    probable = chances(reference, current)
    gone = sum(reference[place] for place, chance in probable.items() if chance <= Fraction(1, 20))
    assert statistic == pytest.approx([gone / sum(reference)])
    assert pvalue == pytest.approx([float(min(probable.values(), default=1))], rel=1e-9)


def test_told__names_what_is_gone_the_greatest_first():
    before, after, detail = gone_rate.told(*views.bins(COMMON, [900, 0, 0, 0]))
    assert (before.tolist(), after.tolist()) == ([0.3], [0.0])
    assert detail == {"gone": ["bin 1", "bin 2", "bin 3"], "n_gone": 3}
    assert gone_rate.named(*views.bins(COMMON, [900, 0, 0, 0])).tolist() == [1]


def test_told__what_is_rare_is_not_missed():
    sides = views.bins(RARE, [900, 100, 0, 0])
    assert gone_rate.told(*sides)[2] == {}
    assert gone_rate.named(*sides).tolist() == [4]
    assert gone_rate.statistic(*sides).tolist() == [0.0]


def test_statistic__nulls_are_no_category():
    labels = ("a", "b", "null")
    sides = Bins(np.array([[500, 300, 200]]), labels), Bins(np.array([[500, 300, 0]]), labels)
    assert gone_rate.statistic(*sides).tolist() == [0.0]


def test_applies__to_categories():
    counts = np.array([[5, 5]])
    assert gone_rate.applies(Bins(counts, ("a", "b")), Bins(counts, ("a", "b")))
    assert not gone_rate.applies(Bins(counts, ("< 1", "≥ 1"), (1.0,)), Bins(counts, ("< 1", "≥ 1"), (1.0,)))


@pytest.mark.parametrize(("n", "m"), [(300, 300), (5_000, 100), (100, 5_000)])
def test_pvalue__rare_categories_that_come_and_go_are_no_evidence(n, m):
    random = np.random.default_rng(4)
    found = []
    for _ in range(300):
        one, other = (np.bincount(np.minimum(random.geometric(0.05, size), 100), minlength=101) for size in (n, m))
        sides = views.bins(one.tolist(), other.tolist())
        found.append(gone_rate.pvalue(*sides, gone_rate.statistic(*sides))[0])
    assert np.mean(np.array(found) <= 0.05) < 0.06
