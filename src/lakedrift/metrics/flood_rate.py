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

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakedrift.contingency import two_shares_pvalue
from lakedrift.metric import Cells, Counts, Floats, Known, Metric, Told
from lakedrift_kernels import floods

__all__ = ["METRIC", "Floods", "bounded", "doubts", "pvalue", "pvalues", "statistic", "told"]

FEW = 10  # rows
Range = tuple[Counts, Counts]


@dataclass(frozen=True, eq=False)
class Floods:
    """Both sides of a feature in the same cells, and which of these are flooded."""

    reference: Cells
    current: Cells

    @property
    def rows(self) -> Range:
        """How many values either side has, (n_groups,) each."""
        return self.reference.rows, self.current.rows

    @functools.cached_property
    def counts(self) -> tuple[Range, Range]:
        """The least and the greatest count of each cell, (n_groups, n_cells) each, of either side."""
        return _counts(self.reference), _counts(self.current)

    @functools.cached_property
    def increases(self) -> tuple[Floats, Floats]:
        """By how much the share of one value in each cell grew at least and at most, (n_groups, n_cells) each."""
        current = self.current
        least, most = np.empty((2, *current.counts.shape))
        floods.increases(*self.counts, self.rows, current.single, least, most)
        if self.reference.known is not None and current.known is not None and len(least):
            known = current.known.cells & ~current.single & (most[0] > 0)
            of_known = np.flatnonzero(known[current.known.cells])
            least[0, known] = _known_increase(self.reference.known, current.known, [int(n[0]) for n in self.rows], of_known)
            most[0, known] = least[0, known]
        return least, most

    @functools.cached_property
    def greatest(self) -> tuple[Floats, Floats]:
        """The greatest of these in each group, at least and at most, (n_groups,) each, 0 where nothing stands out."""
        least, most = (growth.max(axis=1, initial=0.0) for growth in self.increases)
        return least, most

    @functools.cached_property
    def cell(self) -> Counts:
        """The cell of each group whose value may have grown most, (n_groups,), or -1."""
        most = self.increases[1]
        return np.where(self.greatest[1] > 0, most.argmax(axis=1) if most.shape[1] else -1, -1)


def statistic(both: Floods) -> Floats:
    """Return the increase that is certain, (n_groups,), in [0, 1]."""
    return bounded(both)[0]


def bounded(both: Floods) -> tuple[Floats, Floats, Floats]:
    """Return the increase that is certain, which is the least, and the least and greatest possible one, (n_groups,) each."""
    empty = np.minimum(*both.rows) == 0
    certain, most = (np.where(empty, np.nan, greatest) for greatest in both.greatest)
    return certain, certain, most


def doubts(both: Floods) -> NDArray[np.bool_]:
    """Return the cells, (n_cells,), whose values could make a greater flood on the whole lake than is certain."""
    if not len(both.current.counts):
        return np.zeros(len(both.current.single), bool)
    least, most = (growth[0] for growth in both.increases)
    matter: NDArray[np.bool_] = (least < most) & (most > both.greatest[0][0])
    return matter


def pvalue(both: Floods, statistic: Floats) -> Floats:
    """Return the probability of such an increase of the most flooded cell by chance alone, of all cells that hold a value."""
    del statistic
    group = np.flatnonzero(both.cell >= 0)
    found = np.where(np.minimum(*both.rows) > 0, 1.0, np.nan)
    now = both.current.counts
    found[group] = _corrected(both.reference.counts, now, now, (group, both.cell[group]), both.rows)
    return found


def pvalues(both: Floods) -> tuple[Floats, Floats]:
    """Return the least and the greatest such probability, (n_groups,) each, of other cells that may be the most flooded one."""
    (certain, most), high, rows = both.greatest, both.increases[1], both.rows
    across_grids = any(side.astray is not None for side in (both.reference, both.current))  # how many hold a value is open
    enough = (np.minimum(*rows) > 0) & (most * rows[1] >= FEW / 2)  # of others every cell is 1, for few rows
    unsure = ((certain < most) | across_grids) & enough
    if not unsure.any():
        return np.ones(len(unsure)), np.zeros(len(unsure))
    group, cell = np.nonzero((high > 0) & (high >= certain[:, None]) & unsure[:, None])
    least, greatest = np.ones(len(unsure)), (unsure & (certain == 0)).astype(np.float64)  # there may be no flood at all
    (was_few, was_many), (few, many) = both.counts
    np.minimum.at(least, group, _corrected(was_few, many, few, (group, cell), rows))
    np.maximum.at(greatest, group, _corrected(was_many, few, many, (group, cell), rows))
    return least, greatest


def _corrected(before: Counts, now: Counts, held: Counts, at: tuple[Counts, Counts], rows: Range) -> Floats:
    """Return the probability of the counts before and now, (n_groups, n_cells), of some cells by group and place, (n,).

    Each was chosen from the cells of its group that hold a value, by the counts in `held`.
    """
    of, others = at[0], now[at]
    corrected = np.where(np.minimum(*rows)[of] > 0, 1.0, np.nan)
    enough = np.flatnonzero(others >= FEW)
    if not len(enough):
        return corrected
    groups, place = np.unique(of[enough], return_inverse=True)
    chosen_from = np.maximum((held[groups] > 0).sum(axis=1), 1)[place]
    by_itself = two_shares_pvalue(before[at][enough], others[enough], *(n[of[enough]] for n in rows))
    corrected[enough] = np.minimum(by_itself * chosen_from, 1.0)
    return corrected


def told(both: Floods) -> Told:
    """Return the shares of the flooded cell, and of the whole lake the value, or the least and the greatest it may be."""
    cell = both.cell
    before, after = (_share_of(side, cell) for side in (both.reference, both.current))
    return before, after, {"value": _label(both.current, int(cell[0]))} if len(cell) and cell[0] >= 0 else {}


def _counts(side: Cells) -> Range:
    """Return the least and the greatest count of each cell, (n_groups, n_cells) each."""
    if side.astray is None:
        return side.counts, side.counts
    off = np.pad(side.astray, ((0, 0), (1, 1)))
    taken, given = np.maximum(off, 0), np.minimum(off, 0)  # at either border: what was counted below, or above, and may not be
    return np.maximum(side.counts - taken[:, 1:] + given[:, :-1], 0), side.counts - given[:, 1:] + taken[:, :-1]


def _known_increase(reference: Known, current: Known, sizes: Sequence[int], cells: Counts) -> Floats:
    """Return the greatest increase in the share of one value in each of some known cells, given by place, (len(cells),)."""
    starts = np.where(cells > 0, np.searchsorted(current.keys, current.ends[cells - 1], side="right"), 0)
    lengths = np.searchsorted(current.keys, current.ends[cells], side="right") - starts
    owner = np.repeat(np.arange(len(cells)), lengths)
    at = np.arange(len(owner)) + (starts - (np.cumsum(lengths) - lengths))[owner]
    there = np.searchsorted(reference.keys, current.keys[at])
    both = np.flatnonzero(there < len(reference.keys))
    both = both[reference.keys[there[both]] == current.keys[at[both]]]
    before = np.zeros(len(at), np.int64)
    before[both] = reference.counts[there[both]]
    increase = np.zeros(len(cells))
    np.maximum.at(increase, owner, current.counts[at] / max(sizes[1], 1) - before / max(sizes[0], 1))
    return increase


def _values_in(side: Known, cell: int) -> tuple[NDArray[np.uint64], Counts]:
    """Return the keys in one of the known cells, and how often each occurs."""
    start = np.searchsorted(side.keys, side.ends[cell - 1], side="right") if cell else 0
    span = slice(int(start), int(np.searchsorted(side.keys, side.ends[cell], side="right")))
    return side.keys[span], side.counts[span].astype(np.int64)


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
        return f"{side.known.valued(keys[[np.argmax(counts)]])[0]:.12g}"
    return f"{side.edges[cell]:.6g} – {side.edges[cell + 1]:.6g}"


METRIC = Metric(
    Cells, statistic, bounded, pvalue, told, doubts=doubts, pvalues=pvalues, range=(0.0, 1.0), by_grid=True, joint=Floods
)
