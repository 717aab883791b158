"""Kolmogorov-Smirnov distance: the greatest difference of the two cumulative distributions.

D = max over x of |F(x) - G(x)|, in [0, 1], symmetric, unchanged by any strictly increasing map of the values; ±inf are
ordered values like any other. At the borders of cells F and G are known exactly; inside a cell they may differ by at most the
smaller of the masses more, which bounds D from both sides. The statistic is the attained lower bound.

The p-value is the limit law's, P(K > D sqrt(n m / (n + m))) (Kolmogorov 1933, Smirnov 1939): conservative for discrete data,
and right for samples of any size beyond a few hundred. SciPy's `ks_2samp` is wrong where n m / (n + m) passes 2**31.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lakedrift.metric import Cells, Counts, Floats, Known, Metric
from lakedrift_kernels import ecdf

__all__ = ["METRIC", "bounded", "doubts", "pvalue", "statistic"]

EXACT_INTEGERS = 1 << 53
AT_A_TIME = 1 << 20  # values of both sides that are compared
SLACK = 1e-9  # of the distance: which cells may matter is asked with floats, so ask a little too many


def statistic(reference: Cells, current: Cells) -> Floats:
    """Return the distance attained at a border of cells, (n_groups,), in [0, 1]."""
    return bounded(reference, current)[0]


def bounded(reference: Cells, current: Cells) -> tuple[Floats, Floats, Floats]:
    """Return the attained, the least and the greatest possible distance, (n_groups,) each, equal where no cell is in doubt."""
    attained, reachable = np.zeros((2, len(reference.counts), 2), np.int64)
    closed = reference.single if reference.known is None else reference.single | reference.known.cells
    ecdf.ks_cells(reference.counts, current.counts, closed, attained, reachable)
    sizes = reference.rows, current.rows
    lower, upper = _quotients(attained, *sizes), _quotients(reachable, *sizes)
    if reference.known is not None and current.known is not None:
        inside = _quotients(_peaks(reference, current, reference.known, current.known), *sizes)
        lower, upper = np.maximum(lower, inside), np.maximum(upper, inside)
    return lower, lower, upper


def doubts(reference: Cells, current: Cells) -> NDArray[np.bool_]:
    """Return the cells, (n_cells,), inside which the distance on the whole lake could pass what is attained at the borders."""
    sizes = [side.counts[0].sum() if len(side.counts) else 0 for side in (reference, current)]
    if not all(sizes):
        return np.zeros(len(reference.single), bool)
    f, h = (side.counts[0] / size for side, size in zip((reference, current), sizes, strict=True))
    after = np.cumsum(f) - np.cumsum(h)
    inside = np.maximum(np.abs(after + h), np.abs(after - f))
    matter: NDArray[np.bool_] = ~reference.single & (inside > np.abs(after).max() * (1 - SLACK)) & (f > 0) & (h > 0)
    return matter


def pvalue(reference: Cells, current: Cells, statistic: Floats) -> Floats:
    """Return the probability of a distance of at least `statistic` between samples of one distribution."""
    from scipy import special

    n, m = (side.rows.astype(np.float64) for side in (reference, current))
    effective = np.divide(n * m, n + m, out=np.zeros_like(n), where=n + m > 0)
    return np.asarray(special.kolmogorov(np.sqrt(effective) * statistic), np.float64)


def _peaks(reference: Cells, current: Cells, one: Known, other: Known) -> Counts:
    """Return the cumulative counts of both sides, (n_groups, 2), at the known value where these are farthest apart.

    Values are known of the whole lake, the first group; of others, the counts are 0.
    """
    peaks = np.zeros((len(reference.counts), 2), np.int64)
    counts = np.stack([reference.counts[0], current.counts[0]], axis=1)
    cumulative = np.cumsum(counts, axis=0)
    before = (cumulative - counts)[one.cells]
    peaks[0] = _farthest(one, other, before, cumulative[-1])
    return peaks


def _farthest(one: Known, other: Known, before: Counts, sizes: Counts) -> list[int]:
    """Return the cumulative counts of both sides at the known value where these are farthest apart, or zeros."""
    n, m = sizes.tolist()
    found = [[0, 0]]
    for cells, xs, ys in _pieces(one, other):
        pair = np.zeros(2, np.int64)
        x, y = ((side.keys[span], side.counts[span].astype(np.int64)) for side, span in ((one, xs), (other, ys)))
        ecdf.ks_values(*x, *y, one.ends[cells], before[cells], sizes, pair)
        found.append(pair.tolist())
    return max(found, key=lambda pair: abs(pair[0] * m - pair[1] * n))


def _pieces(one: Known, other: Known) -> Iterator[tuple[slice, slice, slice]]:
    """Yield some known cells at a time, and the values of either side in them, whose counts are wide for a moment only."""
    stops = np.stack([np.searchsorted(side.keys, one.ends, side="right") for side in (one, other)], axis=1)
    full = np.flatnonzero(np.diff(stops.sum(axis=1) // AT_A_TIME, append=-1))
    start = [0, 0, 0]
    for cell in full.tolist():
        stop = [cell + 1, *stops[cell].tolist()]
        cells, xs, ys = map(slice, start, stop)
        yield cells, xs, ys
        start = stop


def _quotients(pairs: Counts, reference: Counts, current: Counts) -> Floats:
    """|c1 / n - c2 / m|, correctly rounded: a quotient of Python integers is, and one of integers that doubles hold."""
    quotients = np.full(len(reference), np.nan)
    held = (reference > 0) & (current > 0)
    small = held & (reference.astype(np.float64) * current < EXACT_INTEGERS)
    gaps = np.abs(pairs[small, 0] * current[small] - pairs[small, 1] * reference[small])
    quotients[small] = gaps / (reference[small] * current[small])
    for place in np.flatnonzero(held & ~small).tolist():
        (c1, c2), n, m = pairs[place].tolist(), int(reference[place]), int(current[place])
        quotients[place] = abs(c1 * m - c2 * n) / (n * m)
    return quotients


METRIC = Metric(Cells, statistic, bounded, pvalue, doubts=doubts, range=(0.0, 1.0), symmetric=True)
