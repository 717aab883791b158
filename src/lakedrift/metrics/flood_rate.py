"""Share of current rows that took one value which the reference hardly has: a default that floods a column.

The greatest increase in the share of one value among those that stand alone: the reference has at most a tenth of the current
share, and either neighbouring cell holds at most a tenth of it on the current side. What moves smoothly has neighbours. In
[0, 1], not symmetric; 0 where nothing stands out.

A cell that can hold several values may be anything from no flood to one as great as its own increase; its exact values, which
a second scan fetches, settle that. Where the current side was counted on another grid, so may a cell that its counts are not
exact in. The p-value is that of the 2 x 2 table of the cell against the rest, with Yates' continuity
correction (1934), times the number of cells that it was chosen from (Bonferroni); fewer than ten rows are no evidence, since
the approximation fails there. Where nothing stands out, it is 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakedrift.contingency import two_shares_pvalue
from lakedrift.metric import Cells, Counts, Floats, Known, Metric, Told
from lakedrift_kernels import floods

__all__ = ["METRIC", "bounded", "doubts", "pvalue", "pvalues", "statistic", "told"]

FEW = 10  # rows


def statistic(reference: Cells, current: Cells) -> Floats:
    """Return the increase that is certain, (n_groups,), in [0, 1]."""
    return bounded(reference, current)[0]


def bounded(reference: Cells, current: Cells) -> tuple[Floats, Floats, Floats]:
    """Return the increase that is certain, which is the least, and the least and greatest possible one, (n_groups,) each."""
    empty = np.minimum(reference.rows, current.rows) == 0
    certain, most = (np.where(empty, np.nan, _greatest(growth)) for growth in _increases(reference, current))
    return certain, certain, most


def doubts(reference: Cells, current: Cells) -> NDArray[np.bool_]:
    """Return the cells, (n_cells,), whose values could make a greater flood on the whole lake than is certain."""
    if not len(reference.counts):
        return np.zeros(len(reference.single), bool)
    least, most = (growth[0] for growth in _increases(reference, current))
    matter: NDArray[np.bool_] = (least < most) & (most > least.max(initial=0.0))
    return matter


def pvalue(reference: Cells, current: Cells, statistic: Floats) -> Floats:
    """Return the probability of such an increase of the most flooded cell by chance alone, of all cells that hold a value."""
    del statistic
    cell = _most_flooded(reference, current)
    flooded = np.flatnonzero(cell >= 0)
    hits, others = (side.counts[flooded, cell[flooded]] for side in (reference, current))
    sizes = reference.rows, current.rows
    found = np.where(np.minimum(*sizes) > 0, 1.0, np.nan)
    chosen_from = (current.counts > 0).sum(axis=1)
    found[flooded] = _corrected(hits, others, [n[flooded] for n in sizes], chosen_from[flooded])
    return found


def pvalues(reference: Cells, current: Cells) -> tuple[Floats, Floats]:
    """Return the least and the greatest such probability, (n_groups,) each, of other cells that may be the most flooded one."""
    low, high = _increases(reference, current)
    certain, most = _greatest(low), _greatest(high)
    sizes = reference.rows, current.rows
    across_grids = reference.astray is not None or current.astray is not None  # then it is open how many cells hold a value
    enough = (np.minimum(*sizes) > 0) & (most * sizes[1] >= FEW / 2)  # of others every cell is 1, for few rows
    unsure = ((certain < most) | across_grids) & enough
    at = group, _ = np.nonzero((high > 0) & (high >= certain[:, None]) & unsure[:, None])
    (was_few, was_many), (few, many) = (_counts(side) for side in (reference, current))
    of_cells = [n[group] for n in sizes]
    least, greatest = np.ones(len(unsure)), (unsure & (certain == 0)).astype(np.float64)  # there may be no flood at all
    np.minimum.at(least, group, _corrected(was_few[at], many[at], of_cells, (few > 0).sum(axis=1)[group]))
    np.maximum.at(greatest, group, _corrected(was_many[at], few[at], of_cells, (many > 0).sum(axis=1)[group]))
    return least, greatest


def _corrected(hits: Counts, others: Counts, sizes: Sequence[Counts], chosen_from: Counts) -> Floats:
    """Return the probability, (n,), of hits among the rows of either side, of the cell that was chosen from so many."""
    corrected = np.where(np.minimum(*sizes) > 0, 1.0, np.nan)
    enough = np.flatnonzero(others >= FEW)
    by_itself = two_shares_pvalue(hits[enough], others[enough], *(n[enough] for n in sizes))
    corrected[enough] = np.minimum(by_itself * np.maximum(chosen_from[enough], 1), 1.0)
    return corrected


def told(reference: Cells, current: Cells) -> Told:
    """Return the shares of the flooded cell, and of the whole lake the value, or the least and the greatest it may be."""
    cell = _most_flooded(reference, current)
    before, after = (_share_of(side, cell) for side in (reference, current))
    return before, after, {"value": _label(current, int(cell[0]))} if len(cell) and cell[0] >= 0 else {}


def _increases(reference: Cells, current: Cells) -> tuple[Floats, Floats]:
    """Return by how much the share of one value in each cell grew at least and at most, (n_groups, n_cells) each."""
    least, most = np.empty((2, *current.counts.shape))
    floods.increases(_counts(reference), _counts(current), (reference.rows, current.rows), current.single, least, most)
    if reference.known is not None and current.known is not None and len(least):
        known = current.known.cells & ~current.single & (most[0] > 0)
        of_known = known[current.known.cells]
        sizes = int(reference.rows[0]), int(current.rows[0])
        least[0, known] = _known_increase(reference.known, current.known, sizes, np.flatnonzero(of_known))
        most[0, known] = least[0, known]
    return least, most


def _greatest(growth: Floats) -> Floats:
    """Return the greatest increase in each group, (n_groups,), 0 where nothing grew."""
    greatest: Floats = growth.max(axis=1, initial=0.0)
    return greatest


def _most_flooded(reference: Cells, current: Cells) -> Counts:
    """Return the cell of each group that may have grown most, (n_groups,), or -1."""
    most = _increases(reference, current)[1]
    if not most.shape[1]:
        return np.full(len(most), -1)
    cell = most.argmax(axis=1)
    return np.where(most[np.arange(len(cell)), cell] > 0, cell, -1)


def _counts(side: Cells) -> tuple[Counts, Counts]:
    """Return the least and the greatest count of each cell, (n_groups, n_cells) each."""
    if side.astray is None:
        return side.counts, side.counts
    off = np.pad(side.astray, ((0, 0), (1, 1)))
    taken, given = np.maximum(off, 0), np.minimum(off, 0)  # at either border: what was counted below, or above, and may not be
    return np.maximum(side.counts - taken[:, 1:] + given[:, :-1], 0), side.counts - given[:, 1:] + taken[:, :-1]


def _known_increase(reference: Known, current: Known, sizes: tuple[int, int], cells: Counts) -> Floats:
    """Return the greatest increase in the share of one value in each of some known cells, given by place, (len(cells),)."""
    before = np.zeros(len(current.keys), np.int64)
    _, now, was = np.intersect1d(current.keys, reference.keys, assume_unique=True, return_indices=True)
    before[now] = reference.counts[was]
    shares = current.counts / max(sizes[1], 1) - before / max(sizes[0], 1)
    increase = np.zeros(len(current.ends))
    np.maximum.at(increase, np.searchsorted(current.ends, current.keys), shares)
    found: Floats = increase[cells]
    return found


def _values_in(side: Known, cell: int) -> tuple[NDArray[np.uint64], Counts]:
    """Return the keys in one of the known cells, and how often each occurs."""
    start = np.searchsorted(side.keys, side.ends[cell - 1], side="right") if cell else 0
    span = slice(int(start), int(np.searchsorted(side.keys, side.ends[cell], side="right")))
    return side.keys[span], side.counts[span]


def _share_of(side: Cells, cell: Counts) -> Floats:
    """Return the share of one cell in each group, (n_groups,), 0 where it is -1."""
    found = np.flatnonzero(cell >= 0)
    share = np.zeros(len(cell))
    share[found] = side.counts[found, cell[found]] / np.maximum(side.rows[found], 1)
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


METRIC = Metric(Cells, statistic, bounded, pvalue, told, doubts=doubts, pvalues=pvalues, range=(0.0, 1.0), by_grid=True)
