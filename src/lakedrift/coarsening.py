"""Bringing states of different grids onto the cells that all of these have, where they add.

The edges that a number of grids have in common do not depend on an order, and a grid that has them is chosen by its text: so
what comes out is the same whichever way profiles are merged. Sums of moments count in units of a grid, and are given up.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from lakedrift.binning import Binning, common_edges
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.outcome import Outcome

__all__ = ["on_common_ground"]


def on_common_ground(states: Sequence[Any]) -> list[Any]:
    """Return states that add, of states of one kind.

    Raises
    ------
    IncompatibleProfilesError
        If they lie on different axes.
    """
    if all(isinstance(state, Numeric) for state in states) and not _are_alike(states):
        common = functools.reduce(_common, (state.binning for state in states))
        levelled = [state.coarsened(common) for state in states]
        if not all(len(state.extremes) for state in states):
            for state in levelled:
                state.extremes = state.extremes[:0]
        return levelled
    if all(isinstance(state, Crosstab) for state in states):
        bits = min(state.bits for state in states)
        return [state.coarsened(bits) for state in states]
    if all(isinstance(state, Outcome) for state in states):
        bits, most = (min(getattr(state.terms, name) for state in states) for name in ("bits", "most"))
        coarse = any((state.terms.bits, state.terms.most) != (bits, most) for state in states)
        return [state.coarsened(bits, most) for state in states] if coarse else list(states)
    return list(states)


def _are_alike(states: Sequence[Numeric]) -> bool:
    first, *others = states
    kept = {(len(state.extremes), len(state.near)) for state in states}
    return len(kept) == 1 and all(state.binning == first.binning for state in others)


def _common(one: Binning, other: Binning) -> Binning:
    """Return the grid of the edges that both have."""
    if one == other:
        return one
    if one.axis != other.axis:
        msg = f"its values lie on the axes {one.axis} and {other.axis}"
        raise IncompatibleProfilesError(msg)
    edges, _ = common_edges(one, other)
    if len(one.listed) or len(other.listed):
        return Binning.of_edges(one.axis, edges)
    fine = min(one.fine, other.fine, key=Binning.to_json)
    return fine.joined(np.searchsorted(fine.edges, edges).astype(np.int64))
