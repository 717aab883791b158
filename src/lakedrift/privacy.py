"""A profile that may be shown around: no value in it is one that fewer than k rows share.

A category of fewer rows keeps no name and is counted in a bucket by its hash, among others. Numeric cells are joined until
every one that holds a value holds k; extremes, moments, the values that a second scan kept, and what is kept of several columns
together, as of a model, are left out. What is counted stays exact, on coarser ground.

This is not anonymity: whoever knows a value can look whether its bucket is empty, and the paths and partitions of the files,
the names of the columns and how many rows there are stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

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
        coarse = state.coarsened(state.binning.fine.joined(_begins(state, least)))
        coarse.extremes = coarse.extremes[:0]
        return coarse
    return state


def _begins(state: Numeric, least: int) -> Counts:
    """Return the cells of the fine grid that begin a cell with at least so many values, or the only one."""
    counts = state.cells[0]
    begins, held = [0], 0
    for cell in np.flatnonzero(counts).tolist():
        held += int(counts[cell])
        if held >= least:
            begins.append(cell + 1)
            held = 0
    last = begins.pop()
    if not held and last < len(counts):  # beyond the greatest values lies an empty cell; fewer than enough join those before
        begins.append(last)
    kept = np.array(begins or [0], np.int64)
    return state.binning.kept[kept] if len(state.binning.kept) else kept
