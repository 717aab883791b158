"""A small histogram of both sides to look at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from lakedrift.metric import Cells, Counts, Floats, Sides
from lakedrift.pairing import quantiles

__all__ = ["Histogram", "draw"]

TAIL = 0.01  # the share at each end that may lie outside the drawn range


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of both sides in the same bins, (n_bins,) each, and what the bins hold."""

    labels: tuple[str, ...]
    reference: Counts
    current: Counts


def draw(sides: Sides, n_bins: int, group: int = 0) -> Histogram | None:
    """Draw both sides; None where neither has a value."""
    if sides.kind in ("numeric", "temporal", "identifier"):
        return _draw_cells(sides.cells, n_bins, group) if sides.cells is not None else None
    if sides.bins is None or not sides.bins[0].labels:
        return None
    reference, current = sides.bins
    together = reference.shares[group] + current.shares[group]
    order = np.argsort(-np.nan_to_num(together), kind="stable")[:n_bins]
    if sides.features[0].kind == "numeric":
        order = np.sort(order)  # integers keep their order
    labels = tuple(reference.labels[at] for at in order)
    return Histogram(labels, reference.counts[group][order], current.counts[group][order])


def _draw_cells(cells: tuple[Cells, Cells], n_bins: int, group: int) -> Histogram | None:
    ends = np.array([quantiles(side, [TAIL, 1 - TAIL], group) for side in cells])
    ends = ends[np.isfinite(ends).all(axis=1)]
    if not len(ends):
        return None
    borders = _borders(float(ends[:, 0].min()), float(ends[:, 1].max()), n_bins)
    labels = tuple(f"{low:.4g} – {high:.4g}" for low, high in itertools.pairwise(borders))
    reference, current = (_spread(side, borders, group) for side in cells)
    return Histogram(labels, reference, current)


def _borders(low: float, high: float, n_bins: int) -> Floats:
    if low == high:
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    return np.linspace(low / 2, high / 2, n_bins + 1) * 2  # halved: the range may pass the largest double


def _spread(cells: Cells, borders: Floats, group: int) -> Counts:
    """Count cells into bins by where their middle lies; what lies outside goes to the outer bins."""
    start, end = cells.edges[:-1], cells.edges[1:]
    apart = ~cells.single & np.isfinite(start) & np.isfinite(end)
    middle = np.where(apart, start / 2 + end / 2, np.where(np.isfinite(start) | cells.single, start, end))
    at = np.clip(np.searchsorted(borders, middle, side="right") - 1, 0, len(borders) - 2)
    return np.bincount(at, weights=cells.counts[group], minlength=len(borders) - 1).astype(np.int64)
