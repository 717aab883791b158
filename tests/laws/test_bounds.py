"""Bounds: lower <= exact <= upper, always, whatever the values, the sample that the grid was fitted to, and the two grids.

LAKEDRIFT_BOUNDS_CASES sets how many cases are tried, 500 by default.
"""

from __future__ import annotations

import math
import os
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hard_columns import SHAPES
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import distances, reported, samples
from scipy import stats
from strategies import DTYPES
from strategies import samples as hostile_samples

from lakedrift.binning import Binning
from lakedrift.columns import type_name
from lakedrift.feature import Feature
from lakedrift.fitting import fit
from lakedrift.measure import measures
from lakedrift.metric import Bins, discover, metric
from lakedrift.pairing import Pair
from lakedrift.summaries.numeric import Numeric

ROUNDING = 1e-11  # of a sum over tens of thousands of cells, each addition rounded the same way
ON_BINS_OR_CELLS = {name: one for name, one in discover().items() if one.view is Bins or one.by_grid}
CASES = -(-int(os.environ.get("LAKEDRIFT_BOUNDS_CASES", "500")) // len(SHAPES))


def size(random: np.random.Generator) -> int:
    return int(np.exp(random.uniform(0.0, np.log(5_000.0))))


def moved(random: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return values as they are, shifted a little, or cut off; of the same type."""
    kind = random.integers(4)
    if kind == 1 and values.dtype.kind == "f":
        return np.clip(values, -1e30, 1e30) * values.dtype.type(1.01)
    if kind == 2:
        return np.sort(values)[: max(1, len(values) // 2)]
    return np.where(random.random(len(values)) < 0.1, values[:1], values) if kind == 3 else values


def grids(random: np.random.Generator, reference: np.ndarray, current: np.ndarray) -> tuple[Binning, Binning]:
    """Return the grids of both sides: one that suits, one that suits neither, or two fitted apart."""
    part = np.sort(reference)[: random.integers(0, len(reference) + 1)] if random.random() < 0.5 else reference
    kind = random.integers(3)
    cells, others = (1 << int(bits) for bits in random.integers(8, 15, 2))
    if kind == 0:
        return (fit(part, cells),) * 2
    strange = fit(list(SHAPES.values())[random.integers(len(SHAPES))](random, 300), cells)
    if kind == 1 and strange.axis == "double":
        return strange, strange
    return fit(part, cells), fit(current, others)


def pair_of(sides: tuple[np.ndarray, np.ndarray], binnings: tuple[Binning, Binning]) -> Pair:
    states = tuple(Numeric.new(binning) for binning in binnings)
    for state, values in zip(states, sides, strict=True):
        state.update(pa.array(values))
    features = tuple(Feature("x", "numeric", type_name(pa.array(values).type)) for values in sides)
    return Pair(features, states, tuple(np.array([len(values)]) for values in sides))


def cases(shape: str):
    random = np.random.default_rng([len(shape), *shape.encode()])
    for _ in range(CASES):
        reference = SHAPES[shape](random, size(random))
        current = moved(random, SHAPES[shape](random, size(random)))
        yield (reference, current), grids(random, reference, current)


@pytest.mark.parametrize("shape", SHAPES)
def test_bounds__hold_the_exact_distances(shape):
    for sides, binnings in cases(shape):
        pair = pair_of(sides, binnings)
        cells = pair.cells
        assert all(side.counts.sum() == len(values) for side, values in zip(cells, sides, strict=True))
        _, lower, upper = (float(bound[0]) for bound in metric("ks").bounded(*cells))
        exact = samples.ks(*sides)
        assert lower <= float(exact) <= upper
        assert lower <= float(metric("ks").statistic(*cells)[0]) <= upper
        if np.isfinite(sides[0]).all() and np.isfinite(sides[1]).all():
            assert_wasserstein_within(*sides, cells)
        if binnings[0].axis == binnings[1].axis:
            assert_bins_hold(pair, sides)


def assert_bins_hold(pair: Pair, sides: tuple[np.ndarray, np.ndarray]) -> None:
    """Whatever the grids, the counts in the bins reported are those of the values, but for what is said to be astray."""
    columns = [values.tolist() for values in sides]
    if pair.aligned.axis == "double" and sides[0].dtype.kind in "iu":
        columns = [[int(float(value)) for value in column] for column in columns]  # the double axis rounds integers
    (before, now), (reference, current) = reported.recounted(pair.bins, columns), pair.bins
    assert reference.counts[0].tolist() == before
    assert current.counts[0].tolist() == now or current.astray is not None
    assert_astray_holds(current, np.cumsum(now)[: len(current.edges or ())].tolist())


def assert_wasserstein_within(reference, current, cells) -> None:
    largest = max(float(np.abs(values.astype(np.float64)).max()) for values in (reference, current))
    exponent = math.frexp(largest)[1] + 1  # SciPy would pass the largest double, or lose the least
    scaled = (np.ldexp(values.astype(np.float64), -exponent) for values in (reference, current))
    exact = double(stats.wasserstein_distance(*scaled), exponent)
    _, lower, upper = (float(bound[0]) for bound in metric("wasserstein").bounded(*cells))
    slack = 4e-15 * largest + 1e-322
    assert lower <= exact * (1 + ROUNDING) + slack
    assert exact <= upper * (1 + ROUNDING) + slack


def double(number: float, exponent: int) -> float:
    return math.ldexp(number / 4, exponent) * 4


@pytest.mark.parametrize("sign", [1, -1])
def test_bounds__where_two_integers_share_a_key(sign):
    """A grid of the double axis has cells of one key beyond 2**53 as well, and there a key stands for several integers."""
    grid = fit(sign * np.array([2**53 - 2, 2**53 - 1]))
    sides = np.full(9, sign * 2**53), np.full(9, sign * (2**53 + 1))
    assert grid.axis == "double"
    _, lower, upper = metric("ks").bounded(*pair_of(sides, (grid, grid)).cells)
    assert lower[0] <= float(samples.ks(*sides)) == 1.0 == upper[0]


RETYPED = [
    ("int64", "float64"),
    ("float64", "int64"),
    ("uint64", "int64"),
    ("int64", "uint64"),
    ("uint64", "float64"),
    ("float32", "uint64"),
]


@pytest.mark.parametrize(("before", "after"), RETYPED)
def test_bounds__hold_across_the_axes_of_retyped_columns(before, after):
    random = np.random.default_rng(1)
    for _ in range(CASES):
        sides = tuple(retyped(random, dtype, int(random.integers(1, 80))) for dtype in (before, after))
        pair = pair_of(sides, tuple(fit(values) for values in sides))
        _, lower, upper = (float(bound[0]) for bound in metric("ks").bounded(*pair.cells))
        assert lower <= float(distances.ks(*(values.tolist() for values in sides))) <= upper
        assert_wasserstein_within(*sides, pair.cells)
        for measure in measures(pair.sides, ON_BINS_OR_CELLS, 0):
            assert measure.lower[0] <= measure.statistic[0] <= measure.upper[0], measure.metric
        if pair.kind == "numeric":
            assert_astray_holds(pair.bins[1], [sum(value < edge for value in sides[1].tolist()) for edge in pair.bins[1].edges])


def assert_astray_holds(bins: Bins, below: list[int]) -> None:
    """The counts below the edges are exact, or off by no more than is said to be astray, and to the side that is said."""
    off = np.cumsum(bins.counts[0])[: len(below)] - below
    astray = np.zeros_like(off) if bins.astray is None else bins.astray[0]
    assert ((np.minimum(astray, 0) <= off) & (off <= np.maximum(astray, 0))).all()


def retyped(random: np.random.Generator, dtype: str, n: int) -> np.ndarray:
    """Return small numbers, some with a fraction where the type has any, and some so great that integers need an axis."""
    sign = 1 if dtype == "uint64" else random.choice([-1, 1], n)
    small = random.choice([0, 0, 1, 2, 3, 50], n) * sign + (
        random.choice([0.0, 0.25, 0.5], n) if dtype.startswith("float") else 0
    )
    great = random.choice([2**53 - 1, 2**53, 2**53 + 1, 2**60, 2**63 - 1], n) * sign
    return np.where(random.random(n) < 0.7, small.astype(dtype) * np.dtype(dtype).type(1), great.astype(dtype))


@pytest.mark.parametrize("shape", SHAPES)
def test_oracle__is_the_one_of_small_samples(shape):
    random = np.random.default_rng(3)
    x, y = (SHAPES[shape](random, n) for n in (30, 41))
    assert samples.ks(x, y) == distances.ks(x.tolist(), y.tolist())
    assert samples.ks(x, x) == Fraction(0)


@pytest.mark.parametrize("shape", SHAPES)
def test_bounds__of_grids_fitted_apart_hold_what_one_grid_gives(shape):
    random = np.random.default_rng([2, *shape.encode()])
    for _ in range(CASES):
        sides = SHAPES[shape](random, size(random)), moved(random, SHAPES[shape](random, size(random)))
        own, other = (fit(values, 1 << int(random.integers(6, 15))) for values in sides)
        if own.axis == other.axis:
            assert_one_grid_within(pair_of(sides, (own, own)), pair_of(sides, (own, other)))


@settings(max_examples=200)
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_bounds__of_hostile_values_hold_what_one_grid_gives(data, dtype):
    sides = tuple(data.draw(hostile_samples(dtype, min_size=1)) for _ in range(2))
    own, other = (fit(data.draw(st.sampled_from([values, sides[0][:3], sides[1][:3]]))) for values in sides)
    if own.axis == other.axis:
        assert_one_grid_within(pair_of(sides, (own, own)), pair_of(sides, (own, other)))


def assert_one_grid_within(like: Pair, apart: Pair) -> None:
    """What both sides on the grid of the reference give lies within the bounds that grids fitted apart give."""
    if like.kind == "numeric" or apart.own.astray is None:
        assert like.kind == apart.kind
        assert [bins.labels for bins in like.bins] == [bins.labels for bins in apart.bins]
        for measure, other in zip(*(measures(pair.sides, ON_BINS_OR_CELLS, 0) for pair in (like, apart)), strict=True):
            assert other.lower[0] <= other.statistic[0] <= other.upper[0], measure.metric
            assert other.lower[0] <= measure.statistic[0] <= other.upper[0], measure.metric
            least, greatest = (float(pvalue[0]) for pvalue in other.pvalues)
            assert least * (1 - ROUNDING) <= measure.pvalue[0] <= greatest * (1 + ROUNDING) + 1e-300, measure.metric
