"""Two summaries of one feature brought onto common ground: the views that metrics read."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakedrift.alignment import align
from lakedrift.columns import family
from lakedrift.feature import Feature, Kind
from lakedrift.metric import Bins, Cells, Counts, Floats, Presence
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary

__all__ = ["Pair", "quantile_bins", "quantiles"]

QUANTILE_BINS = 10
MOST_CATEGORIES = 20  # integers with no more distinct values in the reference are judged by category


@dataclass(frozen=True, eq=False)
class Pair:
    """Both sides of one feature.

    Attributes
    ----------
    features
        The feature as each side has it.
    states
        Its summaries, of one kind.
    rows
        (n_groups,) each, the rows of the whole lake, whether their file has the column or not.
    values
        Exact values in some cells, where a second scan fetched them.
    """

    features: tuple[Feature, Feature]
    states: tuple[Summary, Summary]
    rows: tuple[Counts, Counts]
    values: tuple[Values, Values] | None = None

    @property
    def dtypes(self) -> tuple[str, str]:
        """The type of either side."""
        return self.features[0].dtype, self.features[1].dtype

    @functools.cached_property
    def kind(self) -> Kind:
        """How the feature is judged: integers of few values by category."""
        kinds = [feature.kind for feature in self.features]
        if "identifier" in kinds:
            return "identifier"
        return "categorical" if kinds[0] == "numeric" and self._by_category else kinds[0]

    @functools.cached_property
    def cells(self) -> tuple[Cells, Cells] | None:
        """Ordered cells of a numeric feature, from the least to the greatest value of both sides."""
        reference, current = self.states
        if not (isinstance(reference, Numeric) and isinstance(current, Numeric)):
            return None
        aligned = align(reference, current)
        if self.values is not None:
            aligned = aligned.settled(self.values)
        return aligned.cells(self.dtypes)

    @functools.cached_property
    def bins(self) -> tuple[Bins, Bins] | None:
        """The few bins that the binned metrics share."""
        reference, current = self.states
        if isinstance(reference, Frequencies) and isinstance(current, Frequencies):
            return _category_bins(reference, current)
        if self.cells is None:
            return None
        if self.kind == "categorical":
            return _with_slots(_integer_bins(*self.cells), self.states)
        return _with_slots(quantile_bins(*self.cells), self.states)

    @functools.cached_property
    def presence(self) -> tuple[Presence, Presence]:
        """Rows by what they lack."""
        unseen = _unseen(self.bins) if self.kind in ("categorical", "boolean") and self.bins else np.zeros_like(self.rows[1])
        none = np.zeros_like(self.rows[0])
        sides = zip(self.states, self.rows, (none, unseen), strict=True)
        reference, current = (_presence(state, rows, new) for state, rows, new in sides)
        return reference, current

    @property
    def valid(self) -> tuple[Counts, Counts]:
        """How many valid values each side has, (n_groups,) each."""
        return self.states[0].valid, self.states[1].valid

    @property
    def _by_category(self) -> bool:
        if self.cells is None or {family(feature.dtype) for feature in self.features} != {"integer"}:
            return False
        held = self.cells[0].counts.any(axis=0)
        return bool(0 < held.sum() <= MOST_CATEGORIES and self.cells[0].single[held].all())


def quantiles(cells: Cells, shares: Sequence[float], group: int = 0) -> Floats:
    """Return quantiles, (len(shares),): exact in single cells, interpolated in others; NaN where there is no value."""
    cumulative = np.cumsum(cells.counts[group])
    if not len(cumulative) or not cumulative[-1]:
        return np.full(len(shares), np.nan)
    ranks = np.asarray(shares) * cumulative[-1]
    at = np.minimum(np.searchsorted(cumulative, ranks), len(cumulative) - 1)
    inside = (ranks - (cumulative[at] - cells.counts[group][at])) / np.maximum(cells.counts[group][at], 1)
    start, end = cells.edges[at], cells.edges[at + 1]
    apart = ~cells.single[at] & np.isfinite(start) & np.isfinite(end)
    step = np.where(apart, end / 2, 0) - np.where(apart, start / 2, 0)
    found: Floats = np.where(apart, start + 2 * inside * step, np.where(np.isfinite(start), start, end))
    return found


def quantile_bins(reference: Cells, current: Cells, n_bins: int = QUANTILE_BINS) -> tuple[Bins, Bins]:
    """Join cells into bins whose borders lie nearest the reference quantiles; ties are merged, the outer bins are open."""
    cumulative = np.cumsum(reference.counts.sum(axis=0))
    total = int(cumulative[-1]) if len(cumulative) else 0
    ranks = np.arange(1, n_bins) * (total / n_bins)
    after = np.searchsorted(cumulative, ranks).astype(np.int64)
    before = np.where(after > 0, cumulative[after - 1], 0) if total else ranks
    nearest = np.where(cumulative[after] - ranks <= ranks - before, after + 1, after) if total else after
    nearest = nearest[(nearest > 0) & (nearest < len(cumulative))]
    held, first = np.unique(cumulative[nearest - 1], return_index=True)
    borders = nearest[first[(held > 0) & (held < total)]]
    edges = tuple(reference.edges[borders].tolist())
    return _joined(reference, current, borders, _interval_labels(edges), edges)


def _joined(
    reference: Cells, current: Cells, borders: NDArray[np.int64], labels: tuple[str, ...], edges: tuple[float, ...]
) -> tuple[Bins, Bins]:
    starts = np.append(0, borders)
    sides = (
        np.add.reduceat(side.counts, starts, axis=1) if side.counts.shape[1] else side.counts for side in (reference, current)
    )
    first, second = (Bins(counts, labels[: counts.shape[1]], edges) for counts in sides)
    return first, second


def _interval_labels(edges: Sequence[float]) -> tuple[str, ...]:
    shown = [f"{edge:.6g}" for edge in edges]
    if not shown:
        return ("any",)
    inner = [f"{low} – {high}" for low, high in itertools.pairwise(shown)]
    return (f"< {shown[0]}", *inner, f"≥ {shown[-1]}")


def _integer_bins(reference: Cells, current: Cells) -> tuple[Bins, Bins]:
    """Make a bin for each integer that occurs; where a cell holds several, they are one."""
    held = np.flatnonzero((reference.counts + current.counts).any(axis=0))
    starts, ends = np.ceil(reference.edges[held]), np.ceil(reference.edges[held + 1]) - 1
    ends = np.where(held + 1 == len(reference.single), reference.edges[held + 1], ends)
    labels = tuple(
        f"{start:.0f}" if single or start >= end else f"{start:.0f}…{end:.0f}"
        for start, end, single in zip(starts, ends, reference.single[held], strict=True)
    )
    return Bins(reference.counts[:, held], labels), Bins(current.counts[:, held], labels)


def _category_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    values = sorted({*reference.values, *current.values})
    place = {value: at for at, value in enumerate(values)}
    sides = []
    for side in (reference, current):
        counts = np.zeros((len(side.rows), len(values)), np.int64)
        counts[:, [place[value] for value in side.values]] = side.counts
        sides.append(Bins(counts, tuple(values)))
    return _with_slots((sides[0], sides[1]), (reference, current))


def _with_slots(bins: tuple[Bins, Bins], states: Sequence[Summary]) -> tuple[Bins, Bins]:
    """Add a bin for null and one for NaN where either side has any."""
    for name in ("null", "nan"):
        counts = [getattr(state, name) for state in states]
        if any(count.any() for count in counts):
            label = {"null": "null", "nan": "NaN"}[name]
            first, second = (
                Bins(np.hstack([side.counts, count[:, None]]), (*side.labels, label), side.edges)
                for side, count in zip(bins, counts, strict=True)
            )
            bins = first, second
    return bins


def _unseen(bins: tuple[Bins, Bins]) -> Counts:
    reference, current = bins
    categories = np.array([label not in ("null", "NaN") for label in reference.labels], bool)
    new = (reference.counts == 0) & categories
    unseen: Counts = np.where(new, current.counts, 0).sum(axis=1)
    return unseen


def _presence(state: Summary, rows: Counts, unseen: Counts) -> Presence:
    infinite = sum(state.infinite) if isinstance(state, Numeric) else np.zeros_like(rows)
    return Presence(rows, rows - state.rows, state.null, state.nan, np.asarray(infinite), unseen)
