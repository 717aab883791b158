"""What a metric is: a function of the reference and the current side of one feature, over all groups at once.

A metric is one file of `metrics/` with a constant `METRIC`; the file name is its name everywhere. It says which view of the
two sides it reads, and knows nothing of limits: those are a `Threshold`.
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

from lakedrift.errors import UnknownNameError
from lakedrift.feature import Feature, Kind

__all__ = ["SLOTS", "Bins", "Cells", "Known", "Metric", "Presence", "Sides", "Told", "discover", "metric"]

PACKAGE = "lakedrift.metrics"
SLOTS = ("null", "NaN")  # labels of bins that are no values
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Told = tuple[Floats, Floats, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Bins:
    """One side of a feature in a few bins, the same on both sides.

    Numeric features have unions of cells whose borders lie nearest the reference deciles, others a bin a category; null and
    NaN are bins of their own where either side has them.

    Attributes
    ----------
    counts
        (n_groups, n_bins).
    labels
        What is in each bin, for people.
    edges
        For numeric features, the inner borders: bin i holds values in [edges[i - 1], edges[i]). Integers beyond 2**53 have
        integers for borders. None for other features.
    shared
        Of a feature of very many categories, (n_bins,): the bin is a bucket that several may share. None where there is none.
    astray
        (n_groups, n_edges) of a side whose grid lacks some of the edges: the rows of the cell that an edge lies in. They are
        counted below it and may lie above; where negative, so many are counted above and may lie below. None where every
        count is exact.
    """

    counts: Counts
    labels: tuple[str, ...]
    edges: tuple[float, ...] | None = None
    shared: NDArray[np.bool_] | None = None
    astray: Counts | None = None

    @functools.cached_property
    def rows(self) -> Counts:
        """How many rows the bins hold, (n_groups,)."""
        return _summed(self.counts)

    @functools.cached_property
    def shares(self) -> Floats:
        """Counts over their sum, (n_groups, n_bins); NaN where there are no rows."""
        total = self.rows[:, None]
        shares: Floats = np.divide(self.counts, total, out=np.full(self.counts.shape, np.nan), where=total > 0)
        return shares


@dataclass(frozen=True, eq=False)
class Known:
    """One side's exact values in some cells, of the whole lake.

    Attributes
    ----------
    cells
        (n_cells,): the values of this cell are known.
    ends
        The last key of each such cell, ascending.
    keys, counts
        (n_values,) the distinct values as keys, ascending, and how often each occurs, of any unsigned type.
    valued
        What values keys stand for, as doubles.
    """

    cells: NDArray[np.bool_]
    ends: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    counts: NDArray[Any]
    valued: Callable[[NDArray[np.uint64]], Floats]


@dataclass(frozen=True, eq=False)
class Cells:
    """One side of a numeric feature in fine ordered cells, the same on both sides.

    Attributes
    ----------
    counts
        (n_groups, n_cells) of the valid values, ±inf among them.
    edges
        (n_cells + 1,) ascending: the least value of each cell and, last, the greatest value of all.
    single
        (n_cells,): the cell can hold one value only, `edges` of it.
    known
        Exact values in some of the cells, where a second scan fetched them.
    astray
        (n_groups, n_cells - 1) as of `Bins`, by inner border, where these are cells of another grid than this side's.
    """

    counts: Counts
    edges: Floats
    single: NDArray[np.bool_]
    known: Known | None = None
    astray: Counts | None = None

    @functools.cached_property
    def rows(self) -> Counts:
        """How many values the cells hold, (n_groups,)."""
        return _summed(self.counts)


@dataclass(frozen=True, eq=False)
class Presence:
    """One side's rows by what they lack, (n_groups,) each.

    Attributes
    ----------
    rows
        All rows of the lake.
    missing
        Rows of files that do not have the column.
    null, nan, infinite
        Rows whose value is so.
    unseen
        Rows whose category the reference certainly does not have.
    unsure
        Rows whose category shares a bucket with one that the reference has: it may be another.
    once
        Rows whose category the reference has once: each would be unseen if it were left out.
    """

    rows: Counts
    missing: Counts
    null: Counts
    nan: Counts
    infinite: Counts
    unseen: Counts
    unsure: Counts
    once: Counts


@dataclass(frozen=True, eq=False)
class Sides:
    """Both sides of one feature as metrics read them, over all groups.

    Attributes
    ----------
    features
        The feature as each side has it.
    kind
        How it is judged.
    valid
        How many valid values each side has, (n_groups,) each.
    cells, own_cells, bins, presence
        The views; None where the feature has none. `cells` have exact counts, `own_cells` are those of the reference's grid.
    whole
        Whether they are of the whole lake, one group, whose counts are told in detail.
    """

    features: tuple[Feature, Feature]
    kind: Kind
    valid: tuple[Counts, Counts]
    cells: tuple[Cells, Cells] | None
    own_cells: tuple[Cells, Cells] | None
    bins: tuple[Bins, Bins] | None
    presence: tuple[Presence, Presence]
    whole: bool = True


@dataclass(frozen=True)
class Metric:
    """A measure of change: functions of both sides of a feature, (reference, current), or of what `joint` makes of them.

    Attributes
    ----------
    view
        What it reads of each side: `Bins`, `Cells` or `Presence`.
    statistic
        (reference, current) -> (n_groups,); NaN where a side is empty, 0 where the sides are equal.
    bounded
        (reference, current) -> `statistic` and, from the same work, the lower and upper bound of the exact one; None where it
        is exact.
    pvalue
        (reference, current, statistic) -> the probability of a statistic as large by chance alone; None where none is known.
    told
        (reference, current) -> the same in units people think in, for either side, and details worth knowing; None for the
        medians of numbers and the share of the category that changed most.
    applies
        (reference, current) -> whether there is anything to say; None for always.
    named
        (reference, current) -> (n_groups,) the bin to name, or the number of bins for none; None where no bin is meant.
    doubts
        (reference, current) -> (n_cells,) the cells whose exact values would settle the bounds; None where nothing would.
    pvalues
        (reference, current) -> the least and the greatest such probability, (n_groups,) each, where the statistic is not exact,
        of whatever else may be so; None where it falls as the statistic grows and depends on nothing else that is uncertain.
    range
        The least and the greatest value.
    symmetric
        Whether exchanging the sides of the same view changes nothing.
    by_grid
        Whether its cells are to be those of the reference's grid, though the counts of the current side may not be exact there.
    joint
        (reference, current) -> both as one, which the functions above then take in their place: with what several of them rest
        on, worked out once. None where they take the two.
    """

    view: type[Bins] | type[Cells] | type[Presence]
    statistic: Callable[..., Floats]
    bounded: Callable[..., tuple[Floats, Floats, Floats]] | None = None
    pvalue: Callable[..., Floats] | None = None
    told: Callable[..., Told] | None = None
    applies: Callable[..., bool] | None = None
    named: Callable[..., Counts] | None = None
    doubts: Callable[..., NDArray[np.bool_]] | None = None
    pvalues: Callable[..., tuple[Floats, Floats]] | None = None
    range: tuple[float, float] = (0.0, math.inf)
    symmetric: bool = False
    by_grid: bool = False
    joint: Callable[[Any, Any], Any] | None = None

    def read(self, reference: Any, current: Any) -> tuple[Any, ...]:
        """Return both sides as its functions take them."""
        return (reference, current) if self.joint is None else (self.joint(reference, current),)


def metric(name: str) -> Metric:
    """Return the metric called `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the nearest name is the hint.
    """
    known = discover()
    if name not in known:
        raise UnknownNameError.among(what="metric", name=name, known=known)
    return known[name]


def discover() -> Mapping[str, Metric]:
    """Return every metric by name, sorted: one a file of `metrics/`."""
    package = importlib.import_module(PACKAGE)
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    return {name: _load(name) for name in names}


def _summed(counts: Counts) -> Counts:
    total: Counts = counts.sum(axis=1)
    return total


@functools.cache
def _load(name: str) -> Metric:
    found = getattr(importlib.import_module(f"{PACKAGE}.{name}"), "METRIC", None)
    if not isinstance(found, Metric):
        msg = f"{PACKAGE}.{name} has no METRIC of type Metric"
        raise TypeError(msg)
    return found
