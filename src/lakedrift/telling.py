"""What changed, in units people think in, and the details that go with it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.feature import Feature
from lakedrift.metric import SLOTS, Bins, Floats, Metric, Sides
from lakedrift.pairing import Pair, medians
from lakedrift.summaries.distinct import STANDARD_ERROR

__all__ = ["Words", "told_distinct"]

MOST_BINS_TOLD = 32
Places = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Words:
    """What changed in units people think in, worked out once for all metrics."""

    sides: Sides

    def of(
        self, metric: Metric, views: tuple[Any, Any], read: tuple[Any, ...]
    ) -> tuple[Floats, Floats, Sequence[dict[str, Any]], Places | None]:
        """Return it for a metric of `views`, as it reads them.

        With it go its details, and which of these each group is told, None for the first.
        """
        sides = self.sides
        if metric.told:
            before, after, told = metric.told(*read)
            shared = _told_approximation(views[0])
            if metric.named and not sides.whole:
                details = [{"category": label} | shared for label in views[0].labels]
                return before, after, [*details, shared], metric.named(*read).astype(np.int32)
            return before, after, [(told if sides.whole else {}) | shared], None
        detail = self._bins if isinstance(views[0], Bins) else {}
        kept = detail | _changed_type(sides.features)
        if self._medians is not None:
            return *self._medians, [kept], None
        if self._most_changed is None:
            none = np.full(len(sides.valid[0]), np.nan)
            return none, none, [detail | {"category": None} | kept], None
        before, after, at, labels = self._most_changed
        if sides.whole:
            return before, after, [detail | {"category": labels[at[0]]} | kept], None
        return before, after, [{"category": label} | kept for label in labels], at

    @functools.cached_property
    def _bins(self) -> dict[str, Any]:
        """What is told of the bins, the same for every metric that reads them."""
        if self.sides.bins is None:
            return {}
        return _told_bins(*self.sides.bins) if self.sides.whole else _told_approximation(self.sides.bins[0])

    @functools.cached_property
    def _medians(self) -> tuple[Floats, Floats] | None:
        cells = None if self.sides.kind == "categorical" else self.sides.cells
        return None if cells is None else (medians(cells[0]), medians(cells[1]))

    @functools.cached_property
    def _most_changed(self) -> tuple[Floats, Floats, Places, tuple[str, ...]] | None:
        """The shares of the bin of each group whose share changed most, which one that is, and the labels of all."""
        if not self.sides.bins or not self.sides.bins[0].labels:
            return None
        reference, current = self.sides.bins
        before, after = reference.shares, current.shares
        change = np.nan_to_num(np.abs(after - before))
        change[:, [label in SLOTS for label in reference.labels]] -= 2  # their rates have rows of their own
        at = np.argmax(change, axis=1)
        groups = np.arange(len(at))
        return before[groups, at], after[groups, at], at.astype(np.int32), reference.labels


def told_distinct(pair: Pair) -> dict[str, Any]:
    """Return how many values of what looked like an identifier differ on either side, and the share of all that they are."""
    sides = {name: side for name, side in zip(("reference", "current"), pair.distinct, strict=True) if side is not None}
    if not sides:
        return {}
    estimates = {name: round(float(side.estimate[0])) for name, side in sides.items()}
    shares = {name: round(float(side.share[0]), 6) for name, side in sides.items() if side.valid[0]}
    return {"distinct": estimates | {"share": shares, "standard_error": round(STANDARD_ERROR, 4)}}


def _told_approximation(view: Any) -> dict[str, Any]:
    """Say of groups that their bins are shared."""
    shared = view.shared if isinstance(view, Bins) else None
    return {} if shared is None else {"approximate": {"buckets": int(shared.sum())}}


def _told_bins(reference: Bins, current: Bins) -> dict[str, Any]:
    return _told_counts(reference, current) | _told_sharing(reference, current)


def _told_sharing(reference: Bins, current: Bins) -> dict[str, Any]:
    """Say that bins are shared, and what the total variation of single categories is at most.

    Joining categories never raises a total variation, divergence or chi-square (data processing), so the statistic is a lower
    bound of that of single ones, but for what smooths PSI. At most, the two sides of a bucket have no category in common.
    """
    if reference.shared is None:
        return {}
    before, after = reference.shares[0], current.shares[0]
    most = float(np.where(reference.shared, before + after, np.abs(after - before)).sum()) / 2
    named = sum(label not in SLOTS for label in np.array(reference.labels, object)[~reference.shared])
    told = {"named": named, "buckets": int(reference.shared.sum())}
    return {"approximate": told | ({"total_variation_at_most": min(most, 1.0)} if np.isfinite(most) else {})}


def _told_counts(reference: Bins, current: Bins) -> dict[str, Any]:
    if len(reference.labels) > MOST_BINS_TOLD:
        categories = np.array([label not in SLOTS for label in reference.labels])
        held = [int((side.counts[0][categories] > 0).sum()) for side in (reference, current)]
        return {"n_bins": {"reference": held[0], "current": held[1]}}
    told: dict[str, Any] = {"bins": list(reference.labels)}
    if reference.edges is not None:
        told["edges"] = [edge if np.isfinite(edge) else str(edge) for edge in reference.edges]
    if current.astray is not None:
        told["astray"] = current.astray[0].tolist()
    return told | {"reference": reference.counts[0].tolist(), "current": current.counts[0].tolist()}


def _changed_type(features: tuple[Feature, Feature]) -> dict[str, Any]:
    before, after = (feature.dtype for feature in features)
    return {} if before == after else {"type": f"{before} → {after}"}
