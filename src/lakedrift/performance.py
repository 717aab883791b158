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

    @property
    def rows(self) -> Counts:
        """How many rows there are, (n,)."""
        total: Counts = self.counts.sum(axis=(1, 2))
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
    """

    rows: Counts
    error: Floats
    size: Floats
    square: Floats
    label: Floats
    label_square: Floats


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
