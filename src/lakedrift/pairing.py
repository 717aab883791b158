"""Two summaries of one feature brought onto common ground: the views that metrics read."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakedrift.alignment import Alignment, align
from lakedrift.columns import family
from lakedrift.feature import Feature, Kind
from lakedrift.metric import Bins, Cells, Counts, Floats, Presence
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary
from lakedrift.text import legible

__all__ = ["Pair", "quantile_bins", "quantiles"]

QUANTILE_BINS = 10
MOST_CATEGORIES = 20  # integers with no more distinct values in the reference are judged by category
REPEATED = 0.5  # what has a smaller share of different values in the whole reference is no identifier


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
    distinct
        How many values differ, where the feature looked like an identifier.
    """

    features: tuple[Feature, Feature]
    states: tuple[Summary, Summary]
    rows: tuple[Counts, Counts]
    values: tuple[Values, Values] | None = None
    distinct: tuple[Distinct | None, Distinct | None] = (None, None)

    @property
    def dtypes(self) -> tuple[str, str]:
        """The type of either side."""
        return self.features[0].dtype, self.features[1].dtype

    @functools.cached_property
    def kind(self) -> Kind:
        """How the feature is judged: integers of few values by category, and what only looked like an identifier as itself.

        The whole reference decides whether values repeat; of what the caller declares an identifier no distribution is kept.
        """
        kind = self.features[0].kind
        if any(feature.kind == "identifier" and state.KIND == "presence" for feature, state in self._sides):
            return "identifier"
        if kind == "identifier" and self.distinct[0] is not None and self.distinct[0].share[0] < REPEATED:
            kind = "categorical" if isinstance(self.states[0], Frequencies) else "numeric"
        return "categorical" if kind == "numeric" and self._by_category else kind

    @functools.cached_property
    def aligned(self) -> Alignment | None:
        """Both sides of a numeric feature on the cells that their grids share."""
        reference, current = self.states
        if not (isinstance(reference, Numeric) and isinstance(current, Numeric)):
            return None
        aligned = align(reference, current)
        return aligned if self.values is None else aligned.settled(self.values)

    @functools.cached_property
    def cells(self) -> tuple[Cells, Cells] | None:
        """Ordered cells of a numeric feature, from the least to the greatest value of both sides."""
        return None if self.aligned is None else self.aligned.cells(self.dtypes)

    @functools.cached_property
    def medians(self) -> tuple[Floats, Floats]:
        """The median of a numeric feature on either side, (n_groups,) each; NaN where there is no value."""
        if self.cells is None:
            none = np.full(len(self.rows[0]), np.nan)
            return none, none
        groups = range(len(self.rows[0]))
        first, second = (np.array([quantiles(cells, [0.5], group)[0] for group in groups]) for cells in self.cells)
        return first, second

    @functools.cached_property
    def bins(self) -> tuple[Bins, Bins] | None:
        """The few bins that the binned metrics share."""
        return None if self._valid_bins is None else _with_slots(self._valid_bins, self.states)

    @functools.cached_property
    def presence(self) -> tuple[Presence, Presence]:
        """Rows by what they lack."""
        none = np.zeros_like(self.rows[0])
        reference = _presence(self.states[0], self.rows[0], none, none)
        return reference, _presence(self.states[1], self.rows[1], *self._unseen)

    @functools.cached_property
    def _valid_bins(self) -> tuple[Bins, Bins] | None:
        reference, current = self.states
        if isinstance(reference, Frequencies) and isinstance(current, Frequencies):
            return _category_bins(reference, current)
        if self.aligned is None or self.cells is None:
            return None
        join = _integer_bins if self.kind == "categorical" else quantile_bins
        return join(self.aligned, self.cells)

    @property
    def _unseen(self) -> tuple[Counts, Counts]:
        """How many current rows are certainly of an unseen category, and how many may be besides, (n_groups,) each."""
        if self._valid_bins is None or self.kind not in ("categorical", "boolean"):
            return np.zeros_like(self.rows[1]), np.zeros_like(self.rows[1])
        reference, current = self._valid_bins
        new = reference.counts == 0
        shared = np.zeros(new.shape[1], bool) if reference.shared is None else reference.shared
        return np.where(new, current.counts, 0).sum(axis=1), np.where(~new & shared, current.counts, 0).sum(axis=1)

    @property
    def valid(self) -> tuple[Counts, Counts]:
        """How many valid values each side has, (n_groups,) each."""
        return self.states[0].valid, self.states[1].valid

    @property
    def _sides(self) -> Iterator[tuple[Feature, Summary]]:
        return zip(self.features, self.states, strict=True)

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


def quantile_bins(aligned: Alignment, cells: tuple[Cells, Cells], n_bins: int = QUANTILE_BINS) -> tuple[Bins, Bins]:
    """Join cells into bins whose borders lie nearest the reference quantiles; ties are merged, the outer bins are open."""
    reference, current = cells
    cumulative = np.cumsum(reference.counts.sum(axis=0))
    total = int(cumulative[-1]) if len(cumulative) else 0
    ranks = np.arange(1, n_bins) * (total / n_bins)
    after = np.searchsorted(cumulative, ranks).astype(np.int64)
    before = np.where(after > 0, cumulative[after - 1], 0) if total else ranks
    nearest = np.where(cumulative[after] - ranks <= ranks - before, after + 1, after) if total else after
    nearest = nearest[(nearest > 0) & (nearest < len(cumulative))]
    held, first = np.unique(cumulative[nearest - 1], return_index=True)
    borders = nearest[first[(held > 0) & (held < total)]]
    rounded = reference.edges[borders].tolist()
    edges = tuple(rounded if aligned.axis == "double" else (low for low, _ in aligned.limits(borders)))
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
    shown = _told_apart(edges)
    if not shown:
        return ("any",)
    inner = [f"{low} – {high}" for low, high in itertools.pairwise(shown)]
    return (f"< {shown[0]}", *inner, f"≥ {shown[-1]}")


def _told_apart(edges: Sequence[float]) -> list[str]:
    """Write numbers with six digits, or as many as tell them apart; exact integers in full."""
    shown: list[str] = []
    for digits in range(6, 18):
        shown = [str(edge) if isinstance(edge, int) else f"{edge:.{digits}g}" for edge in edges]
        if len(set(shown)) == len(edges):
            break
    return shown


def _integer_bins(aligned: Alignment, cells: tuple[Cells, Cells]) -> tuple[Bins, Bins]:
    """Make a bin for each integer that occurs; where a cell holds several, they are one."""
    reference, current = cells
    held = np.flatnonzero((reference.counts + current.counts).any(axis=0))
    ranges = [(_whole(low, math.ceil), _whole(high, math.floor)) for low, high in aligned.limits(held)]
    labels = tuple(low if low == high else f"{low}…{high}" for low, high in ranges)
    return Bins(reference.counts[:, held], labels), Bins(current.counts[:, held], labels)


def _whole(value: float, rounded: Callable[[float], int]) -> str:
    return str(rounded(value)) if math.isfinite(value) else str(value)


def _category_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    """Make a bin for each value; of very many, for each that both sides know by name, and for each bucket of the others."""
    bounded = [set(side.names) for side in (reference, current) if side.buckets is not None]
    if bounded:
        names = sorted(set.intersection(*bounded))
        return _bucket_bins(reference.spilled(names), current.spilled(names))
    return _value_bins(reference, current)


def _bucket_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    named = _value_bins(reference, current)
    buckets = [np.zeros((1, 0), np.int64) if side.buckets is None else side.buckets for side in (reference, current)]
    held = np.flatnonzero((buckets[0] + buckets[1]).any(axis=0))
    labels = (*named[0].labels, *(f"(other values, bucket {number:04x})" for number in held.tolist()))
    shared = np.arange(len(labels)) >= len(named[0].labels)
    first, second = (
        Bins(np.hstack([side.counts, others[:, held]]), labels, None, shared)
        for side, others in zip(named, buckets, strict=True)
    )
    return first, second


def _value_bins(reference: Frequencies, current: Frequencies) -> tuple[Bins, Bins]:
    values = sorted({*reference.values, *current.values})
    place = {value: at for at, value in enumerate(values)}
    sides = []
    for side in (reference, current):
        counts = np.zeros((len(side.rows), len(values)), np.int64)
        counts[:, [place[value] for value in side.values]] = side.counts
        sides.append(Bins(counts, tuple(map(legible, values))))
    return sides[0], sides[1]


def _with_slots(bins: tuple[Bins, Bins], states: Sequence[Summary]) -> tuple[Bins, Bins]:
    """Add a bin for null and one for NaN where either side has any."""
    for name in ("null", "nan"):
        counts = [getattr(state, name) for state in states]
        if any(count.any() for count in counts):
            label = {"null": "null", "nan": "NaN"}[name]
            shared = None if bins[0].shared is None else np.append(bins[0].shared, False)
            first, second = (
                Bins(np.hstack([side.counts, count[:, None]]), (*side.labels, label), side.edges, shared)
                for side, count in zip(bins, counts, strict=True)
            )
            bins = first, second
    return bins


def _presence(state: Summary, rows: Counts, unseen: Counts, unsure: Counts) -> Presence:
    infinite = sum(state.infinite) if isinstance(state, Numeric) else np.zeros_like(rows)
    return Presence(rows, rows - state.rows, state.null, state.nan, np.asarray(infinite), unseen, unsure)
