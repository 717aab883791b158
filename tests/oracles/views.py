"""Views of two sides, as metrics read them, of plain counts and values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lakedrift.metric import Bins, Cells, Known, Presence

__all__ = ["bins", "cells", "known", "presence"]


def bins(reference: Sequence[int], current: Sequence[int]) -> tuple[Bins, Bins]:
    """Return one group of two sides counted in the same bins."""
    labels = tuple(f"bin {place}" for place in range(len(reference)))
    return Bins(np.array([reference], np.int64), labels), Bins(np.array([current], np.int64), labels)


def cells(
    reference: Sequence[float], current: Sequence[float], edges: Sequence[float], single: Sequence[bool]
) -> tuple[Cells, Cells]:
    """Return one group of two samples counted in cells; the values of each lie in [edges[0], edges[-1])."""
    sides = []
    for values in (reference, current):
        places = np.searchsorted(np.asarray(edges), np.asarray(values), side="right") - 1
        counts = np.bincount(places, minlength=len(single))
        sides.append(Cells(counts[None, :], np.asarray(edges, np.float64), np.asarray(single, bool)))
    return sides[0], sides[1]


def known(side: Cells, values: Sequence[float]) -> Cells:
    """Return a side of which the values are known in every cell that may hold several; `values` are at least 0, in quarters."""
    doubtful = ~side.single
    places = np.searchsorted(side.edges, np.asarray(values, np.float64), side="right") - 1
    found, counts = np.unique(np.asarray(values, np.float64)[doubtful[places]], return_counts=True)
    ends = (4 * side.edges[1:] - 1).astype(np.uint64)[doubtful]
    of_keys = Known(doubtful, ends, (4 * found).astype(np.uint64), counts, lambda keys: keys / 4)
    return Cells(side.counts, side.edges, side.single, of_keys)


def presence(rows: int, **slots: int) -> Presence:
    """Return one group of one side, with so many rows that are null, nan, …"""
    names = ("missing", "null", "nan", "infinite", "unseen", "unsure", "once")
    return Presence(np.array([rows]), *(np.array([slots.get(name, 0)]) for name in names))
