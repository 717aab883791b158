"""Why a model errs more than it did: by the bins of each input, its share of the rows and its error, on both sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.decomposition import decompose
from lakedrift.grouping import Grouping
from lakedrift.matching import Matches
from lakedrift.observed import Terms
from lakedrift.performance import over
from lakedrift.profiles import Profile
from lakedrift.sides import Added
from lakedrift.summaries.joint import WRONG, Joint
from lakedrift.summary import Counts

__all__ = ["Errors", "bins_of", "errors_of", "split_of"]

BASE = float(1 << 32)
SPLIT: dict[str, Any] = {
    "feature": pl.String,
    **dict.fromkeys(("reference_error", "current_error", "change", "covariate", "concept"), pl.Float64),
    **dict.fromkeys(("reference_association", "current_association"), pl.Float64),
}
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Errors:
    """One side, in one row of a comparison.

    Attributes
    ----------
    slices
        The bins of each input, as places and labels.
    counts
        (n_bins, n_labels) labelled rows.
    errors
        (n_bins,) their errors.
    positive
        The place of the positive class among the labels, None where there is no such thing.
    """

    slices: Mapping[str, tuple[slice, Sequence[str]]]
    counts: Counts
    errors: Floats
    positive: int | None


def errors_of(
    profiles: tuple[Profile, Profile], row: Matches, groupings: Sequence[Grouping] | None
) -> tuple[Errors, Errors] | None:
    """Return both sides of one row of a comparison; None where they keep no errors by the same bins."""
    key = next((key for key in profiles[0].states if key[0] == Joint.KIND), None)
    holders: Sequence[Profile | Grouping] = profiles if groupings is None else groupings
    states = [holder.states.get(key) for holder in holders] if key is not None else []
    one, other = states if len(states) == 2 else (None, None)
    if not isinstance(one, Joint) or not isinstance(other, Joint):
        return None
    if (one.reading, one.label, one.slices) != (other.reading, other.label, other.slices):
        return None
    counts = Added(row, one.counts, other.counts)[slice(0, 1)]
    digits = Added(row, one.errors, other.errors)[slice(0, 1)]
    return _side(one, counts[0][0], digits[0][0]), _side(one, counts[1][0], digits[1][0])


def _side(state: Joint, counts: Counts, digits: Counts) -> Errors:
    labels = {one.column: one.labels for one in state.slices}
    slices = {name: (place, labels[name]) for name, place in state.places.items()}
    if not isinstance(state.reading, Terms):
        errors = np.ldexp(digits[:, 0] * BASE + digits[:, 1], -state.reading.error)
        return Errors(slices, counts.sum(axis=2), errors, None)
    classes = state.reading.classes
    positive = state.label.names.index(classes[1]) if classes else None
    return Errors(slices, counts.sum(axis=2), counts[:, :, WRONG].sum(axis=1).astype(np.float64), positive)


def split_of(reference: Errors | None, current: Errors | None) -> pl.DataFrame:
    """Return a row an input, as `Comparison.split_error` says."""
    rows = []
    for name in reference.slices if reference is not None else ():
        assert reference is not None and current is not None  # noqa: PT018, S101 -- one comes with the other
        bins = bins_of(reference, current, name)
        covariate, concept = (float(bins[part].sum()) for part in ("covariate", "concept"))
        errors = [_mean(side, name) for side in (reference, current)]
        associations = [_association(side.counts[side.slices[name][0]]) for side in (reference, current)]
        rows.append((name, *errors, errors[1] - errors[0], covariate, concept, *associations))
    table = pl.DataFrame(rows, schema=SPLIT, orient="row")
    return table.sort(pl.max_horizontal(pl.col("covariate", "concept").abs()), descending=True, maintain_order=True)


def bins_of(reference: Errors, current: Errors, name: str) -> pl.DataFrame:
    """Return a row a bin of an input, as `Comparison.error_by_bin` says."""
    place, labels = reference.slices[name]
    sides = [(side.counts[place], side.errors[place]) for side in (reference, current)]
    rows = [counts.sum(axis=1) for counts, _ in sides]
    shares = [over(count, count.sum()) for count in rows]
    errors = [over(error, count) for (_, error), count in zip(sides, rows, strict=True)]
    parts = decompose((shares[0], shares[1]), (errors[0][:, np.newaxis], errors[1][:, np.newaxis]), reference=1.0)
    columns: dict[str, Any] = {"bin": list(labels)}
    for word, share, error, (counts, _), count in zip(("reference", "current"), shares, errors, sides, rows, strict=True):
        columns |= {f"{word}_share": share, f"{word}_error": error}
        if reference.positive is not None:
            columns[f"{word}_rate"] = over(counts[:, reference.positive], count)
    columns |= {"covariate": parts.mix[:, 0], "concept": parts.within[:, 0]}
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def _mean(side: Errors, name: str) -> float:
    place = side.slices[name][0]
    return float(over(side.errors[place].sum(), side.counts[place].sum()))


def _association(table: Counts) -> float:
    """Return Cramér's V of bins by labels, in [0, 1], less its bias; NaN where all labels are the same.

    W. Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", 2013.
    """
    held = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    n, (r, k) = held.sum(), held.shape
    if k < 2:
        return math.nan
    if r < 2:
        return 0.0
    expected = held.sum(axis=1, keepdims=True) * held.sum(axis=0, keepdims=True) / n
    phi = float(((held - expected) ** 2 / expected).sum() / n)
    phi = max(0.0, phi - (k - 1) * (r - 1) / (n - 1))
    rows, columns = (size - (size - 1) ** 2 / (n - 1) for size in (r, k))
    least = min(rows, columns) - 1
    return math.sqrt(min(phi / least, 1.0)) if least > 0 else math.nan
