"""Correlations against SciPy and exact fractions, on columns that break programs, and their changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lakedrift.correlation import Changes, Correlations, changes
from lakedrift.summaries.comoments import Comoments
from lakedrift.unit import Unit, fit_unit

RANDOM = np.random.default_rng(11)
N = 20_000
BELL, OTHER = RANDOM.normal(size=(2, N))


def arrow(values: np.ndarray | list[float | None] | pa.Array) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values)


def state_of(columns: Mapping[str, object], units: list[Unit] | None = None) -> Comoments:
    arrays = [arrow(values) for values in columns.values()]
    samples = [array.drop_null().to_numpy(zero_copy_only=False) for array in arrays]
    fitted = [fit_unit(values[~np.isnan(values.astype(float))]) for values in samples]
    state = Comoments.new(units or fitted)
    state.update(arrays)
    return state


def correlations(units: list[Unit] | None = None, **columns: object) -> Correlations:
    return Correlations.of(list(columns), state_of(columns, units))


def exact_square(x: np.ndarray, y: np.ndarray) -> tuple[int, Fraction]:
    """Return the sign of a correlation and its square, exactly."""
    one, other = ([Fraction(value) for value in values.tolist()] for values in (x, y))
    n = len(one)
    cross = n * sum(a * b for a, b in zip(one, other, strict=True)) - sum(one) * sum(other)
    spread = [n * sum(a * a for a in values) - sum(values) ** 2 for values in (one, other)]
    return (cross > 0) - (cross < 0), cross * cross / (spread[0] * spread[1])


HARD = {
    "bells": (BELL, 0.6 * BELL + 0.8 * OTHER),
    "far from zero": (1e9 + BELL, 1e9 + 0.1 * BELL + OTHER),
    "tiny and huge": (1e-200 * BELL, 1e200 * (BELL + OTHER)),
    "log-normal": (np.exp(2 * BELL), np.exp(BELL + OTHER)),
    "Cauchy": (BELL / OTHER, np.roll(BELL / OTHER, 1) + BELL),
    "a huge value each": (np.where(np.arange(N) == 5, 1e12, BELL), np.where(np.arange(N) == 5, -1e12, BELL)),
    "nearly all zero": (np.where(np.arange(N) % 2_000 == 0, BELL, 0.0), np.where(np.arange(N) % 1_000 == 0, BELL, 0.0)),
    "nearly collinear": (BELL, BELL + 1e-4 * OTHER),
    "opposites": (BELL, -BELL),
    "integers": (np.floor(10 * BELL).astype(np.int64), np.floor(5 * BELL + 5 * OTHER).astype(np.int64)),
    "float32": (BELL.astype(np.float32), (BELL + OTHER).astype(np.float32)),
}


@pytest.mark.parametrize("case", HARD)
def test_of__is_that_of_scipy_within_its_bounds(case):
    x, y = HARD[case]
    found = correlations(x=x, y=y)
    expected = stats.pearsonr(x.astype(float), y.astype(float)).statistic
    assert found.status[0, 1] == "ok"
    assert found.low[0, 1] - 1e-12 <= expected <= found.high[0, 1] + 1e-12
    assert found.high[0, 1] - found.low[0, 1] <= 1e-4
    assert found.r[0, 1] == pytest.approx(expected, abs=1e-6)
    assert found.r[0, 1] == found.r[1, 0]
    assert found.r.diagonal().tolist() == [1.0, 1.0]
    assert found.n.tolist() == [[N, N], [N, N]]


def test_of__integers_are_exact():
    found = correlations(x=HARD["integers"][0], y=HARD["integers"][1])
    assert (found.low == found.high).all()
    sign, square = exact_square(*HARD["integers"])
    assert found.r[0, 1] == pytest.approx(sign * math.sqrt(square), rel=1e-15)


@given(data=st.data(), exponent=st.integers(-3, 12))
def test_of__the_bounds_hold_the_exact_correlation(data, exponent):
    """Also where the unit is as coarse as the values."""
    value = st.floats(-100, 100, width=32)
    pairs = data.draw(st.lists(st.tuples(value, value), min_size=4, max_size=12))
    x, y = np.array(pairs).T
    unit = Unit(data.draw(value), 2.0**exponent)
    found = correlations([unit] * 2, x=x, y=y)
    if x.std() == 0 or y.std() == 0:
        return
    sign, square = exact_square(x, y)
    exact = sign * math.sqrt(square)
    assert found.low[0, 1] - 1e-15 <= exact <= found.high[0, 1] + 1e-15


def test_of__only_rows_that_have_both_count():
    holes = [None if place % 7 == 0 else value for place, value in enumerate(BELL.tolist())]
    others = np.where(np.arange(N) % 5 == 0, np.nan, BELL + OTHER)
    found = correlations(x=holes, y=others, z=OTHER)
    both = (np.arange(N) % 7 > 0) & (np.arange(N) % 5 > 0)
    assert found.n[0, 1] == both.sum()
    assert found.r[0, 1] == pytest.approx(stats.pearsonr(BELL[both], others[both]).statistic, abs=1e-6)
    some = np.arange(N) % 7 > 0
    assert found.r[0, 2] == pytest.approx(stats.pearsonr(BELL[some], OTHER[some]).statistic, abs=1e-6)
    assert set(found.status.ravel()) == {"ok"}


def test_of__says_why_there_is_none():
    found = correlations(
        x=BELL,
        constant=np.full(N, 3.5),
        nothing=pa.nulls(N, pa.float64()),
        few=[1.0, 2.0, 3.0] + [None] * (N - 3),
        once=[None if place % 2 == 0 else 1.0 for place in range(N)],
    )
    assert found.status[0].tolist() == ["ok", "constant", "too_few_rows", "too_few_rows", "constant"]
    assert np.isnan(found.r[0, 1:]).all()
    assert (found.low[0, 1:] == -1).all()
    assert (found.high[0, 1:] == 1).all()


def test_of__what_varies_by_less_than_a_unit_is_not_known():
    found = correlations([Unit(0.0, 1.0)] * 2, x=BELL, y=1e-3 * BELL)
    assert found.status[0, 1] == "constant"
    wide = correlations([Unit(0.0, 1.0)] * 2, x=BELL, y=0.3 * BELL)
    assert wide.status[0, 1] == "ok"
    assert (wide.low[0, 1], wide.high[0, 1]) == (-1.0, 1.0)


def test_of__infinite_values_are_left_out_and_said_to_be():
    spoiled = BELL.copy()
    spoiled[:10] = np.inf
    spoiled[10:20] = 1e300
    units = [fit_unit(BELL)] * 2
    found = correlations(units, x=spoiled, y=BELL + OTHER)
    assert found.status[0, 1] == "beyond_range"
    assert found.n[0, 1] == N - 20
    assert found.r[0, 1] == pytest.approx(stats.pearsonr(BELL[20:], (BELL + OTHER)[20:]).statistic, abs=1e-6)


@given(st.lists(st.tuples(strategies.numbers("float64"), strategies.numbers("float64")), max_size=20))
def test_of__never_fails_and_stays_in_its_range(pairs):
    x, y = np.array(pairs).reshape(-1, 2).T
    found = correlations(x=x, y=y)
    known = ~np.isnan(found.r)
    assert (np.abs(found.r[known]) <= 1).all()
    assert (found.low[known] <= found.r[known]).all()
    assert (found.r[known] <= found.high[known]).all()
    assert (known == np.isin(found.status, ["ok", "beyond_range"])).all()


# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def one_pair(before: np.ndarray, now: np.ndarray) -> Changes:
    names = [f"c{number}" for number in range(len(before))]
    return changes(*(correlations(**dict(zip(names, side, strict=True))) for side in (before, now)))


def bells(rho: float, n: int, random: np.random.Generator) -> np.ndarray:
    return random.multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], n).T


def test_changes__p_value_and_interval_by_hand():
    """Of r 0.5 and 0.7 of 103 and 203 rows: Fisher's z by its formula, Zou's interval from both intervals."""
    before, now = ({"x": BELL[:n], "y": target(BELL[:n], OTHER[:n], rho)} for n, rho in ((103, 0.5), (203, 0.7)))
    found = changes(correlations(**before), correlations(**now))
    assert found.reference[0] == pytest.approx(0.5, abs=1e-6)
    assert found.current[0] == pytest.approx(0.7, abs=1e-6)
    z = (math.atanh(0.7) - math.atanh(0.5)) / math.sqrt(1 / 100 + 1 / 200)
    assert found.pvalue[0] == pytest.approx(2 * stats.norm.sf(z), rel=1e-3)
    assert found.pvalue[0] >= 2 * stats.norm.sf(z)
    intervals = [stats.pearsonr(side["x"], side["y"]).confidence_interval(0.95) for side in (before, now)]
    lower = 0.2 - math.hypot(0.7 - intervals[1].low, intervals[0].high - 0.5)
    upper = 0.2 + math.hypot(intervals[1].high - 0.7, 0.5 - intervals[0].low)
    assert (found.lower[0], found.upper[0]) == pytest.approx((lower, upper), abs=1e-4)
    assert (found.n_reference[0], found.n_current[0]) == (103, 203)


def target(x: np.ndarray, noise: np.ndarray, rho: float) -> np.ndarray:
    """Return a column whose correlation with x is exactly rho."""
    x = (x - x.mean()) / x.std()
    rest = noise - noise.mean() - (noise @ x / len(x)) * x
    return rho * x + math.sqrt(1 - rho**2) * rest / rest.std()


def test_changes__by_chance_are_significant_as_often_as_said():
    """Of 400 pairs of sides from the same law, 5 % have p below 0.05, and 95 % an interval around 0."""
    random = np.random.default_rng(5)
    found = [one_pair(bells(0.4, 60, random), bells(0.4, 80, random)) for _ in range(400)]
    significant = sum(change.pvalue[0] < 0.05 for change in found)
    covered = sum(change.lower[0] <= 0 <= change.upper[0] for change in found)
    assert 8 <= significant <= 35
    assert 363 <= covered <= 394


def test_changes__of_a_side_with_itself_are_none():
    side = correlations(x=BELL, y=BELL + OTHER, z=BELL, constant=np.zeros(N))
    found = changes(side, side)
    assert list(zip(found.first, found.second, strict=True))[:2] == [("constant", "x"), ("constant", "y")]
    known = found.status == "ok"
    assert known.sum() == 3
    assert (found.change[known] == 0).all()
    assert (found.pvalue[known] == 1).all()
    assert (found.lower[known] <= 0).all()
    assert (found.upper[known] >= 0).all()
    assert set(found.status[~known]) == {"constant_in_reference"}


def test_changes__of_columns_that_only_one_side_has():
    found = changes(correlations(x=BELL, y=OTHER), correlations(y=OTHER, z=np.zeros(N)))
    pairs = dict(zip(zip(found.first, found.second, strict=True), found.status, strict=True))
    assert pairs == {
        ("x", "y"): "missing_in_current",
        ("x", "z"): "missing_in_reference",
        ("y", "z"): "missing_in_reference",
    }
    assert np.isnan(found.change).all()
    assert np.isnan(found.pvalue).all()


def test_changes__a_sign_that_turned_is_beyond_doubt():
    found = one_pair(np.array([BELL, BELL]), np.array([BELL, -BELL]))
    assert found.change[0] == pytest.approx(-2, abs=1e-9)
    assert found.pvalue[0] == 0
    assert found.lower[0] == pytest.approx(-2, abs=1e-9)
