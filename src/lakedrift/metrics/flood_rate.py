"""Share of current rows that took one value which the reference hardly has: a default that floods a column.

The greatest increase in the share of one value among those that stand alone: the reference has at most a tenth of the current
share, and either neighbouring cell holds at most a tenth of it on the current side. What moves smoothly has neighbours. In
[0, 1], not symmetric; 0 where nothing stands out.

A cell that can hold several values may be anything from no flood to one as great as its own increase; its exact values, which
a second scan fetches, settle that. The p-value is that of the 2 x 2 table of the cell against the rest, with Yates' continuity
correction (1934), times the number of cells that it was chosen from (Bonferroni); fewer than ten rows are no evidence, since
the approximation fails there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.contingency import two_shares_pvalue
from lakedrift.metric import Cells, Counts, Floats, Known, Metric, Told

__all__ = ["METRIC", "bounds", "doubts", "pvalue", "statistic", "told"]

FEW = 10  # rows
ALONE = 10  # times what is around it, and what was there before


def statistic(reference: Cells, current: Cells) -> Floats:
    """Return the increase that is certain, (n_groups,), in [0, 1]."""
    return bounds(reference, current)[0]


def bounds(reference: Cells, current: Cells) -> tuple[Floats, Floats]:
    """Return the least and the greatest increase in the share of one value, (n_groups,) each."""
    empty = np.minimum(reference.counts.sum(axis=1), current.counts.sum(axis=1)) == 0
    least, most = (_of_one_value(reference, current, certain=certain).max(axis=1, initial=0.0) for certain in (True, False))
    return np.where(empty, np.nan, least), np.where(empty, np.nan, most)


def doubts(reference: Cells, current: Cells) -> NDArray[np.bool_]:
    """Return the cells, (n_cells,), whose values could make a greater flood on the whole lake than is certain."""
    least, most = (_of_one_value(reference, current, certain=certain) for certain in (True, False))
    if not len(least):
        return np.zeros(len(reference.single), bool)
    matter: NDArray[np.bool_] = (least[0] < most[0]) & (most[0] > least[0].max(initial=0.0))
    return matter


def pvalue(reference: Cells, current: Cells, statistic: Floats) -> Floats:
    """Return the probability of such an increase of the most flooded cell by chance alone, of all cells that hold a value."""
    del statistic
    cell = np.maximum(_flooded(reference, current), 0)
    sides = (reference.counts, current.counts)
    groups = np.arange(len(cell))
    hits, others = (side[groups, cell] if side.shape[1] else np.zeros(len(cell), np.int64) for side in sides)
    chosen_from = (current.counts > 0).sum(axis=1)
    by_itself = two_shares_pvalue(hits, others, sides[0].sum(axis=1), sides[1].sum(axis=1))
    corrected = np.minimum(by_itself * np.maximum(chosen_from, 1), 1.0)
    return np.where(others < FEW, np.where(np.isnan(corrected), np.nan, 1.0), corrected)


def told(reference: Cells, current: Cells) -> Told:
    """Return the shares of the flooded cell, and of the whole lake the value, or the least and the greatest it may be."""
    cell = _flooded(reference, current)
    before, after = (_share_of(side, cell) for side in (reference, current))
    return before, after, {"value": _label(current, int(cell[0]))} if len(cell) and cell[0] >= 0 else {}


def _flooded(reference: Cells, current: Cells) -> Counts:
    """Return the cell of the greatest possible flood of each group, (n_groups,), or -1 where there is none."""
    most = _of_one_value(reference, current, certain=False)
    return np.where(most.max(axis=1, initial=0.0) > 0, most.argmax(axis=1) if most.shape[1] else -1, -1)


def _of_one_value(reference: Cells, current: Cells, *, certain: bool) -> Floats:
    """Return by how much the share of one value in each cell that stands alone grew at least or most, (n_groups, n_cells)."""
    before, after = _shares(reference), _shares(current)
    around = np.pad(after, ((0, 0), (1, 1)))
    neighbour = np.maximum(around[:, :-2], around[:, 2:])
    alone = (after >= ALONE * before) & (after >= ALONE * neighbour)
    # of several values in a cell, the reference may have all the others and not this one
    of_several = np.zeros_like(after) if certain else after
    increase = np.where(alone, np.where(current.single, after - before, of_several), 0.0)
    if len(increase) and reference.known is not None and current.known is not None:
        known = current.known.cells & ~current.single & alone[0]
        sizes = int(reference.counts[0].sum()), int(current.counts[0].sum())
        of_known = known[current.known.cells]
        increase[0, known] = _known_increase(reference.known, current.known, sizes, np.flatnonzero(of_known))
    return increase


def _known_increase(reference: Known, current: Known, sizes: tuple[int, int], cells: Counts) -> Floats:
    """Return the greatest increase in the share of one value in each of some known cells, given by place, (len(cells),)."""
    increase = np.zeros(len(cells))
    for place, cell in enumerate(cells):
        (keys, counts), before = _values_in(current, cell), dict(zip(*_values_in(reference, cell), strict=True))
        shares = counts / max(sizes[1], 1) - np.array([before.get(key, 0) for key in keys.tolist()]) / max(sizes[0], 1)
        increase[place] = shares.max(initial=0.0)
    return increase


def _values_in(side: Known, cell: int) -> tuple[NDArray[np.uint64], Counts]:
    """Return the keys in one of the known cells, and how often each occurs."""
    start = np.searchsorted(side.keys, side.ends[cell - 1], side="right") if cell else 0
    span = slice(int(start), int(np.searchsorted(side.keys, side.ends[cell], side="right")))
    return side.keys[span], side.counts[span]


def _shares(side: Cells) -> Floats:
    shares: Floats = side.counts / np.maximum(side.counts.sum(axis=1, keepdims=True), 1)
    return shares


def _share_of(side: Cells, cell: Counts) -> Floats:
    """Return the share of one cell in each group, (n_groups,), 0 where it is -1."""
    share = np.zeros(len(cell))
    found = np.flatnonzero(cell >= 0)
    share[found] = _shares(side)[found, cell[found]]
    return share


def _label(side: Cells, cell: int) -> str:
    """Write the value of a cell: the only one, the most frequent one where they are known, or the range."""
    if side.single[cell]:
        return f"{side.edges[cell]:.12g}"
    if side.known is not None and side.known.cells[cell]:
        place = int(np.count_nonzero(side.known.cells[:cell]))
        keys, counts = _values_in(side.known, place)
        return f"{side.known.values[np.searchsorted(side.known.keys, keys[np.argmax(counts)])]:.12g}"
    return f"{side.edges[cell]:.6g} – {side.edges[cell + 1]:.6g}"


METRIC = Metric(Cells, statistic, bounds, pvalue, told, doubts=doubts, range=(0.0, 1.0))
