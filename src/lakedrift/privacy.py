"""A profile that may be shown around: no value in it is one that fewer than k rows share.

A category of fewer rows keeps no name and is counted in a bucket by its hash, among others. Of a numeric column only such edges
are kept that every cell holds k values, but for the infinities, which are no more than null is. Extremes, moments, the values
that a second scan kept, and what is kept of several columns together, as of a model, are left out. What is counted stays exact,
on coarser ground.

An edge could tell a value too: a grid is fine where a sample has its values, down to single ones. So the grid is a list of the
edges that are left, and of all edges that could divide a cell, the roundest does, the multiple of the largest power of two.

This is not anonymity: whoever knows a value can look whether its bucket is empty, and the paths and partitions of the files,
the names of the columns and how many rows there are stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lakedrift.binning import Binning, keys_of
from lakedrift.errors import UsageError
from lakedrift.profiles import VALUES, Profile
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summary import Counts, Summary

__all__ = ["protected"]


def protected(profile: Profile, least: int) -> Profile:
    """Return a profile of which no value is shared by fewer than `least` rows, and which says so.

    Raises
    ------
    UsageError
        If `least` is less than 2, or the profile has groups, whose labels are values, or correlations, whose sums of two or
        three rows tell their values.
    """
    if least < 2:
        msg = f"private: {least} rows share nothing"
        raise UsageError(msg, hint="give at least 2; 10 is usual")
    if profile.groupings or profile.unread:
        msg = "a profile by group cannot be private: segments are named by their values"
        raise UsageError(msg, hint="leave by=, time= and every= out")
    if any(isinstance(state, Comoments) for state in profile.states.values()):
        msg = "a profile with correlations cannot be private: their sums may be those of a few rows"
        raise UsageError(msg, hint="leave correlations= out")
    own = {key: state for key, state in profile.states.items() if key[0] != VALUES and len(key[1]) == 1}
    states = {key: _of(state, least) for key, state in own.items()}
    return replace(profile, states=MappingProxyType(states), private=least)


def _of(state: Summary, least: int) -> Summary:
    if isinstance(state, Frequencies):
        frequent = state.counts[0] >= least
        return state.spilled([value for value, kept in zip(state.values, frequent, strict=True) if kept])
    if isinstance(state, Numeric):
        grid = state.binning
        coarse = state.coarsened(Binning.of_edges(grid.axis, grid.edges[_begins(grid, state.cells[0], least)]))
        coarse.extremes = coarse.extremes[:0]
        return coarse
    return state


def _begins(grid: Binning, counts: Counts, least: int) -> Counts:
    """Return the cells that begin one with at least so many values, or with all of them, but for those of the infinities."""
    start, end = 0, len(counts)
    if grid.axis == "double":
        before, end = grid.cell_of(keys_of(np.array([-np.inf, np.inf]), "double")).tolist()
        start = before + 1
    below = np.append(0, np.cumsum(counts))
    roundness = _roundness(grid, counts, least)
    begins, parts = {0, start, end} - {len(counts)}, [(start, end)]
    while parts:
        start, end = parts.pop()
        first = int(np.searchsorted(below, below[start] + least))
        last = int(np.searchsorted(below, below[end] - least, side="right"))
        if first < last and roundness[first:last].any():
            cut = first + int(roundness[first:last].argmax())
            begins.add(cut)
            parts += [(start, cut), (cut, end)]
    return np.array(sorted(begins), np.int64)


def _roundness(grid: Binning, counts: Counts, least: int) -> NDArray[np.uint64]:
    """Return the greatest power of two that divides the first key of each cell, (n_cells,), 0 where it tells a value of few."""
    edges = grid.edges
    few = (np.diff(edges, append=edges[:1]) == 1) & (counts > 0) & (counts < least)
    telling = few | np.append(False, few[:-1])
    return np.where(telling, np.uint64(0), edges & (~edges + np.uint64(1)))
