"""Fisher's exact test against whole numbers, and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import pvalues
from scipy import stats

from lakedrift_kernels import hypergeometric

SHARE = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
FEW_OF_MANY = st.integers(10**6, 10**10).flatmap(lambda n: st.tuples(st.integers(0, 40), st.just(n)))


def two_shares(*columns: int) -> float:
    found = np.full(1, -1.0)
    hypergeometric.two_shares(*(np.array([count], np.int64) for count in columns), found)
    return float(found[0])


@given(reference=st.one_of(SHARE, FEW_OF_MANY), current=st.one_of(SHARE, FEW_OF_MANY))
def test_two_shares__equals_the_oracle_and_is_symmetric(reference, current):
    found = two_shares(*reference, *current)
    if min(sum((reference[0], current[0])), reference[1], current[1]) <= 100:
        assert found == pytest.approx(pvalues.fisher(*reference, *current), rel=1e-9, abs=1e-300)
    assert found == two_shares(*current, *reference)
    assert found == two_shares(reference[1] - reference[0], reference[1], current[1] - current[0], current[1])


@pytest.mark.parametrize("columns", [(3, 1_000, 9, 200), (90, 1_000, 31, 500), (70, 100, 20, 100), (500, 10_000, 90, 1_000)])
def test_two_shares__is_twice_a_tail_of_scipy(columns):
    r, n, c, m = columns
    law = stats.hypergeom(n + m, r + c, m)
    assert two_shares(*columns) == pytest.approx(min(1.0, 2 * min(law.sf(c - 1), law.cdf(c))), rel=1e-9)


@pytest.mark.parametrize(("columns", "expected"), [((0, 0, 1, 2), math.nan), ((1, 2, 0, 0), math.nan), ((0, 5, 0, 7), 1.0)])
def test_two_shares__at_the_margins(columns, expected):
    assert two_shares(*columns) == pytest.approx(expected, nan_ok=True)
    assert two_shares(5, 10, 500, 1_000) == 1.0
