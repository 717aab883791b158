"""Correlations of numeric columns, pair by pair, and how they differ between two sides.

A correlation is Pearson's r over the rows in which both columns have a value, from exact integers. The values were rounded to
whole units, of which there are bounds, and never more than that: with e_i the errors of a column and a_i its rounded values,
both less their means, the angle between the columns of exact and of rounded values is at most asin(‖e‖ / ‖a‖), as the exact
ones lie within ‖e‖ of a. Angles obey the triangle inequality, and r is the cosine of the angle between two columns, so that
r lies between cos(θ + δ) and cos(θ - δ), where δ is the sum of the two. ‖e‖² is at most (1/2 + 2**-12)² times the number of
values that are no whole units; of whole numbers there are none, and r is exact.

Intervals and p-values rest on R. Fisher's transformation atanh r, which for pairs that are normal together is normal with the
variance 1/(n - 3) (1921); with heavy tails the true variance is larger. The interval of a difference is that of G. Zou,
"Toward using confidence intervals to compare correlations" (2007). Both allow for the bounds of r on top.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift import wide
from lakedrift.profiles import Profile
from lakedrift.summaries.comoments import Comoments
from lakedrift.threshold import false_discovery_rate

__all__ = ["CHANGES", "Changes", "Correlations", "changes", "correlations_of", "table_of"]

Floats = NDArray[np.float64]
Words = NDArray[np.object_]

LARGEST_ERROR = 0.5 + 2.0**-12  # of a rounded value, in units
ROUNDED = 2.0**-40  # what floating arithmetic adds to bounds that differ, amply
FEWEST = 4  # rows for an interval
NORMAL_95 = 1.959963984540054
LARGEST = math.nextafter(1.0, 0.0)
OK = "ok"
CHANGES: dict[str, Any] = {
    **dict.fromkeys(("feature_a", "feature_b"), pl.String),
    **dict.fromkeys(("reference", "current", "change", "lower", "upper", "pvalue", "qvalue"), pl.Float64),
    **dict.fromkeys(("n_reference", "n_current"), pl.Int64),
    "status": pl.String,
}


@dataclass(frozen=True, eq=False)
class Correlations:
    """The correlations of a side, by pairs of its k columns.

    Attributes
    ----------
    names
        The columns.
    n
        (k, k) in how many rows both have a value.
    r, low, high
        (k, k) the correlation of the rounded values, and the bounds of that of the exact ones; NaN and [-1, 1] where there is
        none.
    status
        (k, k) `ok`; `too_few_rows`, fewer than 4; `constant`, where one of the two varies by less than a unit, or not at all;
        `beyond_range`, where values of one that are infinite or too far away were left out, and r is that of the others.
    """

    names: tuple[str, ...]
    n: NDArray[np.int64]
    r: Floats
    low: Floats
    high: Floats
    status: NDArray[np.object_]

    @classmethod
    def of(cls, names: Sequence[str], state: Comoments) -> Self:
        """Return the correlations of the columns of a state."""
        n = state.counts[:, :1] - state.counts[:, 1:]
        covariances, variances = _scaled(state, n)
        products = variances.astype(np.float64) * variances.T.astype(np.float64)
        known = (n >= FEWEST) & (products > 0)
        r = np.full(n.shape, np.nan)
        r[known] = np.clip(covariances.astype(np.float64)[known] / np.sqrt(products[known]), -1.0, 1.0)
        status = np.full(n.shape, OK, object)
        beyond = state.beyond > 0
        status[beyond[:, None] | beyond] = "beyond_range"
        status[products <= 0] = "constant"
        status[n < FEWEST] = "too_few_rows"
        return cls(tuple(names), n, r, *_bounds(r, _angles(state, n, variances)), status)


@dataclass(frozen=True, eq=False)
class Changes:
    """How correlations differ between two sides, pair by pair, (n_pairs,) each.

    Attributes
    ----------
    first, second
        The columns of each pair, in the order of the names.
    reference, current, change
        Its correlation on either side, and the current less the reference's; NaN where there is none.
    lower, upper
        The interval of 95 % of the change, widened by the bounds of both correlations.
    pvalue
        Whether so great a change is by chance, at the least favourable correlations within their bounds.
    n_reference, n_current
        In how many rows both columns have a value.
    status
        That of `Correlations`, with the side, where it is not `ok` on both: `constant_in_reference`; or `missing_in_current`,
        where a side does not have both columns.
    """

    first: NDArray[np.object_]
    second: NDArray[np.object_]
    reference: Floats
    current: Floats
    change: Floats
    lower: Floats
    upper: Floats
    pvalue: Floats
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]
    status: NDArray[np.object_]


def changes(reference: Correlations, current: Correlations) -> Changes:
    """Return how the correlations differ, of all pairs of columns that either side has."""
    names = sorted({*reference.names, *current.names})
    at = np.triu_indices(len(names), 1)
    before, now = (_pairs(side, names, at) for side in (reference, current))
    change = now.r - before.r
    lower, upper = (np.where(np.isnan(change), np.nan, side) for side in _interval(before, now))
    first, second = (np.array(names, object)[places] for places in at)
    status = np.array([_joined(*pair) for pair in zip(before.status, now.status, strict=True)], object)
    pvalue = _pvalue(before, now)
    return Changes(first, second, before.r, now.r, change, lower, upper, pvalue, before.n, now.n, status)


def correlations_of(profile: Profile) -> Correlations | None:
    """Return the correlations of a profile, None where it has none; of several sets of columns that of the most rows."""
    states = [(names, state) for (_, names), state in profile.states.items() if isinstance(state, Comoments)]
    if not states:
        return None
    return Correlations.of(*max(states, key=lambda one: (int(one[1].rows[0]), one[0])))


def table_of(found: Changes) -> pl.DataFrame:
    """Return a row a pair, as `CHANGES`, the greatest change first and those without one last."""
    columns = (found.first, found.second, found.reference, found.current, found.change, found.lower, found.upper)
    weighed = found.pvalue, false_discovery_rate(found.pvalue)
    counted = found.n_reference, found.n_current, found.status
    table = pl.DataFrame(
        {name: values.tolist() for name, values in zip(CHANGES, (*columns, *weighed, *counted), strict=True)}, schema=CHANGES
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    return table.sort(pl.col("change").abs(), descending=True, nulls_last=True, maintain_order=True)


def _scaled(state: Comoments, n: NDArray[np.int64]) -> tuple[Words, Words]:
    """Return n² times the covariances, (k, k), and n² times the variance of the row's column where the other has a value."""
    sums, lost, products = (wide.integers(words) for words in (state.sums, state.squares, state.products))
    count = n.astype(object)
    totals = sums[:, :1] - sums[:, 1:]
    squares = products.diagonal()[:, None] - lost
    return count * products - totals * totals.T, count * squares - totals * totals


def _angles(state: Comoments, n: NDArray[np.int64], variances: Words) -> Floats:
    """Return by how much the angle between two columns may be off, (k, k), at most π."""
    rounded = np.minimum(n, state.rounded[:, None])
    spread = np.sqrt(np.maximum(variances, 0).astype(np.float64))  # √n ‖a‖
    error = LARGEST_ERROR * np.sqrt(rounded * n.astype(np.float64))
    ratio = np.divide(error, spread, out=np.where(error > 0, 1.0, 0.0), where=spread > 0)
    angle = np.where(ratio < 1.0, np.arcsin(np.minimum(ratio, 1.0)), np.pi)
    both: Floats = np.minimum(angle + angle.T, np.pi)
    return both


def _bounds(r: Floats, angle: Floats) -> tuple[Floats, Floats]:
    """Return the least and the greatest correlation so many radians away."""
    theta = np.arccos(r)
    low, high = np.cos(np.minimum(theta + angle, np.pi)), np.cos(np.maximum(theta - angle, 0.0))
    low, high = (np.where(angle > 0, side + slack, r) for side, slack in ((low, -ROUNDED), (high, ROUNDED)))
    return np.where(np.isnan(r), -1.0, np.maximum(low, -1.0)), np.where(np.isnan(r), 1.0, np.minimum(high, 1.0))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """A side of `Changes`."""

    n: NDArray[np.int64]
    r: Floats
    low: Floats
    high: Floats
    status: list[str]

    @property
    def error(self) -> Floats:
        """The standard error of atanh r."""
        error: Floats = 1.0 / np.sqrt(np.maximum(self.n - 3.0, 1.0))
        return error


def _pairs(side: Correlations, names: Sequence[str], at: tuple[NDArray[Any], NDArray[Any]]) -> _Pairs:
    """Return the pairs of names on a side; those that it lacks are `missing`."""
    place = {name: number for number, name in enumerate(side.names)}
    places = np.array([place.get(name, -1) for name in names])
    first, second = places[at[0]], places[at[1]]
    lacks = (first < 0) | (second < 0)
    n, r, low, high, status = (matrix[first, second] for matrix in (side.n, side.r, side.low, side.high, side.status))
    n, r, status = np.where(lacks, 0, n), np.where(lacks, np.nan, r), np.where(lacks, "missing", status)
    return _Pairs(n, r, np.where(lacks, -1.0, low), np.where(lacks, 1.0, high), status.tolist())


def _joined(before: str, now: str) -> str:
    if before != OK:
        return f"{before}_in_reference"
    return OK if now == OK else f"{now}_in_current"


def _interval(before: _Pairs, now: _Pairs) -> tuple[Floats, Floats]:
    """Return Zou's interval of the difference."""
    (low_before, high_before), (low_now, high_now) = (
        (np.tanh(_atanh(side.low) - NORMAL_95 * side.error), np.tanh(_atanh(side.high) + NORMAL_95 * side.error))
        for side in (before, now)
    )
    change = now.r - before.r
    lower = change - np.hypot(now.r - low_now, high_before - before.r)
    upper = change + np.hypot(high_now - now.r, before.r - low_before)
    return np.maximum(lower, -2.0), np.minimum(upper, 2.0)


def _pvalue(before: _Pairs, now: _Pairs) -> Floats:
    """Return the p-value of the smallest difference that the bounds of both allow; NaN where there is none."""
    from scipy import special

    apart = np.maximum(_atanh(now.low) - _atanh(before.high), _atanh(before.low) - _atanh(now.high))
    pvalue: Floats = 2.0 * special.ndtr(-np.maximum(apart, 0.0) / np.hypot(before.error, now.error))
    return np.where(np.isnan(now.r - before.r), np.nan, pvalue)


def _atanh(r: Floats) -> Floats:
    return np.arctanh(np.clip(r, -LARGEST, LARGEST))
