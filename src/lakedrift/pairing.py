"""Two summaries of one feature brought onto common ground: the views that metrics read."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.alignment import Alignment, align, align_to_reference
from lakedrift.binning import Keys
from lakedrift.categories import category_bins, crosstab_bins, integer_bins
from lakedrift.columns import family
from lakedrift.feature import Feature, Kind
from lakedrift.metric import Bins, Cells, Counts, Floats, Presence, Sides
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary

__all__ = ["Pair", "in_the_reference", "medians", "presence_of", "quantile_bins", "quantiles"]

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
    whole
        The same feature of the whole lake, if these are its groups: they are judged likewise, and lie within its extremes.
    """

    features: tuple[Feature, Feature]
    states: tuple[Summary, Summary]
    rows: tuple[Counts, Counts]
    values: tuple[Values, Values] | None = None
    distinct: tuple[Distinct | None, Distinct | None] = (None, None)
    whole: Pair | None = None

    @property
    def dtypes(self) -> tuple[str, str]:
        """The type of either side."""
        return self.features[0].dtype, self.features[1].dtype

    @functools.cached_property
    def kind(self) -> Kind:
        """How the feature is judged: integers of few values by category, and what only looked like an identifier as itself.

        The whole reference decides whether values repeat; of what the caller declares an identifier no distribution is kept.
        """
        if self.whole is not None:
            return self.whole.kind
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
        aligned = align(reference, current, self._extremes)
        return aligned if self.values is None else aligned.settled(self.values)

    @functools.cached_property
    def own(self) -> Alignment | None:
        """Both sides of a numeric feature on the cells of the reference's grid."""
        reference, current = self.states
        if self.aligned is None or not (isinstance(reference, Numeric) and isinstance(current, Numeric)):
            return None
        if reference.binning == current.binning:
            return self.aligned
        return align_to_reference(reference, current, self._extremes, self.aligned)

    @functools.cached_property
    def cells(self) -> tuple[Cells, Cells] | None:
        """Ordered cells of a numeric feature, from the least to the greatest value of both sides."""
        return None if self.aligned is None else self.aligned.cells(self.dtypes)

    @functools.cached_property
    def own_cells(self) -> tuple[Cells, Cells] | None:
        """The cells of the reference's grid, `cells` where that is the grid of both."""
        return self.cells if self.own is None or self.own is self.aligned else self.own.cells(self.dtypes)

    @functools.cached_property
    def bins(self) -> tuple[Bins, Bins] | None:
        """The few bins that the binned metrics share."""
        return None if self.valid_bins is None else _with_slots(self.valid_bins, self.states)

    @functools.cached_property
    def presence(self) -> tuple[Presence, Presence]:
        """Rows by what they lack."""
        reference, current = (presence_of(state, rows) for state, rows in zip(self.states, self.rows, strict=True))
        if self.valid_bins is None or self.kind not in ("categorical", "boolean"):
            return reference, current
        return in_the_reference((reference, current), self.valid_bins, self.valid_bins[0].counts)

    @property
    def sides(self) -> Sides:
        """What metrics read."""
        bins = self.bins if self.kind != "identifier" else None
        return Sides(self.features, self.kind, self.valid, self.cells, self.own_cells, bins, self.presence)

    @functools.cached_property
    def valid_bins(self) -> tuple[Bins, Bins] | None:
        """The bins of valid values, without those of null and NaN."""
        reference, current = self.states
        if isinstance(reference, Frequencies) and isinstance(current, Frequencies):
            return category_bins(reference, current)
        if isinstance(reference, Crosstab) and isinstance(current, Crosstab):
            return crosstab_bins(reference, current)
        if self.kind == "categorical":
            return None if self._exact is None else integer_bins(*self._exact)
        return None if self.own is None or self.own_cells is None else quantile_bins(self.own, self.own_cells)

    @functools.cached_property
    def valid(self) -> tuple[Counts, Counts]:
        """How many valid values each side has, (n_groups,) each."""
        return self.states[0].valid, self.states[1].valid

    @property
    def _extremes(self) -> Keys | None:
        """The keys that the values of either side lie between, (2, 2), None where they are not known."""
        ends = self.states if self.whole is None else self.whole.states
        extremes = [side.extremes for side in ends if isinstance(side, Numeric)]
        return np.vstack(extremes) if all(map(len, extremes)) else None

    @property
    def _sides(self) -> Iterator[tuple[Feature, Summary]]:
        return zip(self.features, self.states, strict=True)

    @property
    def _by_category(self) -> bool:
        if {family(feature.dtype) for feature in self.features} != {"integer"} or self._exact is None:
            return False
        reference = self._exact[1][0]
        held = reference.counts.any(axis=0)
        return bool(0 < held.sum() <= MOST_CATEGORIES and reference.single[held].all())

    @property
    def _exact(self) -> tuple[Alignment, tuple[Cells, Cells]] | None:
        """The cells of the reference's grid, or where the current side's counts are not exact there, those of both grids."""
        if self.own is not None and self.own_cells is not None and self.own.astray is None:
            return self.own, self.own_cells
        return None if self.aligned is None or self.cells is None else (self.aligned, self.cells)


def quantiles(cells: Cells, shares: Sequence[float], group: int = 0) -> Floats:
    """Return quantiles, (len(shares),): exact in single cells, interpolated in others; NaN where there is no value."""
    cumulative = np.cumsum(cells.counts[group])
    if not len(cumulative) or not cumulative[-1]:
        return np.full(len(shares), np.nan)
    ranks = np.asarray(shares) * cumulative[-1]
    at = np.minimum(np.searchsorted(cumulative, ranks), len(cumulative) - 1)
    inside = (ranks - (cumulative[at] - cells.counts[group][at])) / np.maximum(cells.counts[group][at], 1)
    return _interpolated(cells, at, inside)


def _interpolated(cells: Cells, at: NDArray[np.int64], inside: Floats) -> Floats:
    """Return the values at some share of some cells, (n,): of single cells their value."""
    start, end = cells.edges[at], cells.edges[at + 1]
    apart = ~cells.single[at] & np.isfinite(start) & np.isfinite(end)
    step = np.where(apart, end / 2, 0) - np.where(apart, start / 2, 0)
    found: Floats = np.where(apart, start + 2 * inside * step, np.where(np.isfinite(start), start, end))
    return found


def medians(cells: Cells) -> Floats:
    """Return the median of every group, (n_groups,), as `quantiles` has it."""
    if not cells.counts.shape[1]:
        return np.full(len(cells.counts), np.nan)
    cumulative = np.cumsum(cells.counts, axis=1)
    ranks = 0.5 * cells.rows
    at = (cumulative >= ranks[:, None]).argmax(axis=1)
    here = np.arange(len(at)), at
    counts = cells.counts[here]
    inside = (ranks - (cumulative[here] - counts)) / np.maximum(counts, 1)
    return np.where(cells.rows > 0, _interpolated(cells, at, inside), np.nan)


def quantile_bins(aligned: Alignment, cells: tuple[Cells, Cells], n_bins: int = QUANTILE_BINS) -> tuple[Bins, Bins]:
    """Join cells into bins whose borders lie nearest the reference quantiles; ties are merged, the outer bins are open."""
    reference, current = cells
    borders = _quantile_borders(reference.counts.sum(axis=0), n_bins)
    rounded = reference.edges[borders].tolist()
    edges = tuple(rounded if aligned.axis == "double" else (low for low, _ in aligned.limits(borders)))
    return _joined(reference, current, borders, _interval_labels(edges), edges)


def _quantile_borders(counts: Counts, n_bins: int) -> NDArray[np.int64]:
    """Return the cells that bins begin with, but for the first one, by the counts of the reference, (n_cells,)."""
    cumulative = np.cumsum(counts)
    total = int(cumulative[-1]) if len(cumulative) else 0
    ranks = np.arange(1, n_bins) * (total / n_bins)
    after = np.searchsorted(cumulative, ranks).astype(np.int64)
    before = np.where(after > 0, cumulative[after - 1], 0) if total else ranks
    nearest = np.where(cumulative[after] - ranks <= ranks - before, after + 1, after) if total else after
    nearest = nearest[(nearest > 0) & (nearest < len(cumulative))]
    held, first = np.unique(cumulative[nearest - 1], return_index=True)
    return nearest[first[(held > 0) & (held < total)]]


def _joined(
    reference: Cells, current: Cells, borders: NDArray[np.int64], labels: tuple[str, ...], edges: tuple[float, ...]
) -> tuple[Bins, Bins]:
    starts = np.append(0, borders)
    sides = (
        np.add.reduceat(side.counts, starts, axis=1) if side.counts.shape[1] else side.counts for side in (reference, current)
    )
    first, second = (Bins(counts, labels[: counts.shape[1]], edges) for counts in sides)
    astray = None if current.astray is None else current.astray[:, borders - 1]
    return first, second if astray is None or not astray.any() else replace(second, astray=astray)


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


def _with_slots(bins: tuple[Bins, Bins], states: Sequence[Summary]) -> tuple[Bins, Bins]:
    """Add a bin for null and one for NaN where either side has any."""
    for name in ("null", "nan"):
        counts = [getattr(state, name) for state in states]
        if any(count.any() for count in counts):
            label = {"null": "null", "nan": "NaN"}[name]
            shared = None if bins[0].shared is None else np.append(bins[0].shared, False)
            first, second = (
                replace(side, counts=np.hstack([side.counts, count[:, None]]), labels=(*side.labels, label), shared=shared)
                for side, count in zip(bins, counts, strict=True)
            )
            bins = first, second
    return bins


def presence_of(state: Summary, rows: Counts) -> Presence:
    """Return what the rows of a state lack; what is unseen is another matter."""
    infinite = np.asarray(sum(state.infinite)) if isinstance(state, Numeric) else np.zeros_like(rows)
    none = np.zeros_like(rows)
    return Presence(rows, rows - state.rows, state.null, state.nan, infinite, none, none, none)


def in_the_reference(sides: tuple[Presence, Presence], bins: tuple[Bins, Bins], seen: Counts) -> tuple[Presence, Presence]:
    """Return both sides with what is unseen, or would be, by how many rows of each category the whole reference has.

    `seen` is (n_groups, n_bins), or (1, n_bins) for all groups; a shared bucket that it has none of is certainly unseen.
    """
    reference, current = (side.counts for side in bins)
    shared = np.zeros(seen.shape[1], bool) if bins[0].shared is None else bins[0].shared
    once = np.where(seen == 1, reference, 0).sum(axis=1)
    unseen, unsure = (np.where(which, current, 0).sum(axis=1) for which in (seen == 0, (seen > 0) & shared))
    return replace(sides[0], once=once), replace(sides[1], unseen=unseen, unsure=unsure)
