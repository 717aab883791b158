"""What a measure of performance is: a function of what a model said and what came true, over all groups at once.

It is one file of `performances/` with a constant `PERFORMANCE`; the file name is its name everywhere. It reads one view of one
side, and knows nothing of the other side or of limits. Definitions and names are those of scikit-learn.

Standard errors are by the delta method: of a statistic s that does not change when all counts k_c are multiplied alike,
Var(s) ≈ Σ_c k_c (∂s/∂k_c)², since by Euler's theorem Σ_c k_c ∂s/∂k_c = 0 (A. Agresti, "Categorical Data Analysis", 16.1).
"""

from __future__ import annotations

import functools
import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chances", "Decisions", "Performance", "Residuals", "over", "performances"]

PACKAGE = "lakedrift.performances"
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Decisions:
    """What was decided.

    Attributes
    ----------
    right, wrong
        (n,) rows with a label and a prediction.
    counts
        (n, n_classes, n_classes) the same rows, label by prediction; None where there are too many classes.
    worth
        (n, n_classes, n_classes) sums of their values; None where there is no such column, or too many classes.
    positive
        The place of the positive class of two; None where there are more.
    """

    right: Counts
    wrong: Counts
    counts: Counts | None
    worth: Floats | None = None
    positive: int | None = None

    @property
    def rows(self) -> Counts:
        """How many rows there are, (n,)."""
        return self.right + self.wrong

    @property
    def hits(self) -> tuple[Counts, Counts, Counts]:
        """Rows of each class that are predicted so, labelled so, and that are right, (n, n_classes) each.

        Of two classes, those of the positive one only: (n, 1).
        """
        counts = np.zeros((len(self.right), 0, 0), np.int64) if self.counts is None else self.counts
        found = counts.sum(axis=1), counts.sum(axis=2), np.diagonal(counts, axis1=1, axis2=2)
        if self.positive is None:
            return found
        at = slice(self.positive, self.positive + 1)
        return found[0][:, at], found[1][:, at], found[2][:, at]

    def share(self, of: Counts) -> Floats:
        """Return the share of rows that are right, (n,), of those that `hits` has of each class, in the mean of classes."""
        predicted, labelled, right = self.hits
        if self.positive is not None:
            return over(right, of)[:, 0]
        return over(np.nan_to_num(over(right, of)).sum(axis=1), (predicted + labelled > 0).sum(axis=1))

    def share_variance(self, of: Counts) -> Floats:
        """Return the variance of `share`, (n,): of shares p of n each, p (1 - p) / n, and of their mean."""
        predicted, labelled, right = self.hits
        each = np.nan_to_num(over(right * over(of - right, of), of.astype(np.float64) ** 2))
        return over(each.sum(axis=1), (predicted + labelled > 0).sum(axis=1).astype(np.float64) ** 2)


@dataclass(frozen=True, eq=False)
class Chances:
    """What was thought to be likely.

    Attributes
    ----------
    counts
        (n, n_cells, 2) rows by score, in ascending order: where the event did not come, and where it came.
    low, high
        (n_cells,) between which the scores of a cell lie; the same where it holds one value.
    """

    counts: Counts
    low: Floats
    high: Floats

    @functools.cached_property
    def rows(self) -> Counts:
        """How many rows there are, (n,)."""
        total: Counts = self.counts.sum(axis=(1, 2))
        return total

    @functools.cached_property
    def without(self) -> Floats:
        """Rows by cell where the event did not come, (n, n_cells)."""
        return self.counts[:, :, 0].astype(np.float64)

    @functools.cached_property
    def came(self) -> Floats:
        """Rows by cell where it came, (n, n_cells)."""
        return self.counts[:, :, 1].astype(np.float64)

    def mean(self, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Return between what the mean over the rows lies, (n,) each, of what lies between two numbers in each cell.

        Parameters
        ----------
        least, most
            (2, n_cells) where the event did not come, and where it came.
        """
        lower, upper = (over(self._total(numbers), self.rows) for numbers in (least, most))
        return lower, upper

    def mean_variance(self, least: Floats, most: Floats) -> Floats:
        """Return the variance of that mean, (n,), as if all were in the middle of the two."""
        middle = (least + most) / 2
        apart = middle[:, np.newaxis] - over(self._total(middle), self.rows)[:, np.newaxis]
        return over(self._total(apart**2), self.rows.astype(np.float64) ** 2)

    def _total(self, numbers: Floats) -> Floats:
        total: Floats = (self.without * numbers[0]).sum(axis=1) + (self.came * numbers[1]).sum(axis=1)
        return total


@dataclass(frozen=True, eq=False)
class Residuals:
    """How far off numbers were, (n,) each.

    Attributes
    ----------
    rows
        Those with a label and a prediction.
    error, size, square
        Sums of prediction less label, of its absolute value, and of its square.
    label, label_square
        Sums of the labels less some number, and of the squares of that.
    fourths
        (5, n) sums of e⁴, e² y, e² y², y³ and y⁴, of errors e and labels y less that number; NaN where they are not known.
    """

    rows: Counts
    error: Floats
    size: Floats
    square: Floats
    label: Floats
    label_square: Floats
    fourths: Floats

    def mean_variance(self, total: Floats) -> Floats:
        """Return the variance, (n,), of the mean of errors, or of their sizes, of which the sum is given."""
        return over(np.maximum(over(self.square, self.rows) - over(total, self.rows) ** 2, 0.0), self.rows)


@dataclass(frozen=True)
class Performance:
    """A measure of performance.

    Attributes
    ----------
    view
        What it reads: `Decisions`, `Chances` or `Residuals`.
    statistic
        view -> (n,), NaN where it cannot be said.
    bounds
        view -> the lower and upper bound of the exact statistic; None where `statistic` is exact.
    variance
        view -> (n,) of the statistic as an estimate; None where it is not known.
    higher_is_better
        Whether more is better; None where what is nearer to 0 is.
    relative
        Whether a drop is told as a share of the reference, as of what has a unit.
    binary
        Whether it makes sense of two classes only.
    range
        The least and the greatest value.
    told
        view -> what else is worth knowing of the one row of a whole lake; None for nothing.
    """

    view: type[Decisions] | type[Chances] | type[Residuals]
    statistic: Callable[[Any], Floats]
    bounds: Callable[[Any], tuple[Floats, Floats]] | None = None
    variance: Callable[[Any], Floats] | None = None
    higher_is_better: bool | None = True
    relative: bool = False
    binary: bool = False
    range: tuple[float, float] = (0.0, 1.0)
    told: Callable[[Any], dict[str, Any]] | None = None

    def loss(self, values: Floats) -> Floats:
        """Return values so that more is worse."""
        if self.higher_is_better is None:
            return np.abs(values)
        return -values if self.higher_is_better else values


def performances() -> Mapping[str, Performance]:
    """Return every measure by name, sorted: one a file of `performances/`."""
    package = importlib.import_module(PACKAGE)
    return {name: _load(name) for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__))}


def over(numerator: Any, denominator: Any) -> Floats:
    """Return quotients, NaN where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    quotient: Floats = np.divide(above, below, out=np.full(above.shape, math.nan), where=below != 0)
    return quotient


@functools.cache
def _load(name: str) -> Performance:
    found = getattr(importlib.import_module(f"{PACKAGE}.{name}"), "PERFORMANCE", None)
    if not isinstance(found, Performance):
        msg = f"{PACKAGE}.{name} has no PERFORMANCE of type Performance"
        raise TypeError(msg)
    return found
