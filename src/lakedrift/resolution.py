"""How finely groups are counted: the state of a feature by group, from that of the whole lake.

The more groups there are, the fewer cells each has: the counts of a feature stay within some 8 MB up to 16,384 groups, and
those of a hundred within a core's cache. The numbers are functions of the number of groups and of nothing else, never of this
machine; what is decided is recorded in the grid itself, and `like` uses it again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.binning import Binning, keys_of
from lakedrift.hashing import raw_of
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.presence import Presence
from lakedrift.summary import Counts, Grouped, Summary

__all__ = ["bits_of_group", "cells_of_group", "coarsened", "grouped", "names_of_group"]

CELLS_OF_ALL, CELLS = 1 << 20, (1 << 6, 1 << 9)
NAMES_OF_ALL, NAMES, BITS = 1 << 20, (1 << 5, 1 << 12), (4, 10)


def cells_of_group(n_groups: int) -> int:
    """Return over how many cells the mass of a number is spread in each of so many groups."""
    return min(max(CELLS_OF_ALL // max(n_groups, 1), CELLS[0]), CELLS[1])


def names_of_group(n_groups: int) -> int:
    """Return how many categories are counted by name in each of so many groups."""
    return min(max(NAMES_OF_ALL // max(n_groups, 1), NAMES[0]), NAMES[1])


def bits_of_group(n_groups: int) -> int:
    """Return how many bits of a hash are the bucket of all other categories."""
    return min(max((NAMES_OF_ALL // max(n_groups, 1)).bit_length() - 1, BITS[0]), BITS[1])


def grouped(whole: Summary, n_groups: int, *, fixed: tuple[str, ...] = ()) -> Grouped:
    """Return the state of no groups, on the grid that so many have.

    Parameters
    ----------
    whole
        The state of the whole lake, or of a sample: where its mass is, cells are fine, and what is frequent there has a name.
    n_groups
        How many groups there will be.
    fixed
        Categories that have a name in any case.
    """
    if isinstance(whole, Numeric):
        return Numeric.of_groups(coarsened(whole.binning, whole.cells[0], cells_of_group(n_groups)), 0)
    if isinstance(whole, Frequencies):
        return Crosstab.new([*fixed, *_frequent(whole, names_of_group(n_groups))], bits_of_group(n_groups), 0)
    return Presence.new(0)


def coarsened(binning: Binning, weights: Counts, cells: int) -> Binning:
    """Join the cells of a grid to about so many of equal weight, (n_fine,) each.

    Cells that are heavy by themselves, as those of single values are, and those of the infinities are not joined with others,
    and neither is what lies below or above all weight with what has some.
    """
    if binning.n_cells <= cells:
        return binning
    held = weights if weights.any() else np.ones_like(weights)
    total = int(held.sum())
    share = (np.cumsum(held) - held) * cells // total
    begins = np.append(True, share[1:] != share[:-1])
    apart = _apart(binning, held * cells >= total)
    weighty = np.flatnonzero(held)
    ends = np.append(weighty[0], weighty[-1] + 1)
    begins[ends[ends < len(begins)]] = True
    begins |= apart
    begins[1:] |= apart[:-1]
    return binning.joined(np.flatnonzero(begins))


def _apart(binning: Binning, heavy: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if binning.axis == "double":
        heavy[binning.cell_of(keys_of(np.array([-np.inf, np.inf]), "double"))] = True
    return heavy


def _frequent(whole: Frequencies, most: int) -> list[str]:
    counted = zip(whole.counts[0].tolist(), whole.values, strict=True)
    ranked = sorted(counted, key=lambda pair: (-pair[0], raw_of(pair[1])))
    return [value for _, value in ranked[:most]]
