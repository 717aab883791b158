"""Which segments moved a feature: those that hold another share of the lake, and those that are not what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from lakedrift.decomposition import Decomposition, decompose
from lakedrift.matching import Matches
from lakedrift.measure import EVERYTHING
from lakedrift.metric import Bins, Counts
from lakedrift.pairing import Pair
from lakedrift.part import TIME, Part
from lakedrift.sides import sides_of
from lakedrift.status import JUDGED, STATUSES, among
from lakedrift.threshold import LEVELS

__all__ = ["DISTANCES", "RANKING", "Split", "ranked", "split"]

DISTANCES = ("total_variation", "ks")  # how far a segment moved, in [0, 1]: the first of these that was measured
REST = "(rows of segments too small to be missed)"


RANKING: dict[str, Any] = {
    "segment": pl.String,
    **dict.fromkeys(("window_start", "window_end"), TIME),
    **dict.fromkeys(("against", "feature"), pl.String),
    **dict.fromkeys(("distance", "reference_share", "current_share", "impact"), pl.Float64),
    **dict.fromkeys(("status", "verdict"), pl.String),
}


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """The total variation of a feature over the whole lake, split by segment into the mix and the change within.

    Attributes
    ----------
    parts
        The change of the share of every bin.
    labels
        What is in each bin.
    segments
        (n_segments,) rows: the segment, its share of the lake on either side, and what its `mix` and its change `within` add to
        `size`, or, where negative, take from it.
    """

    parts: Decomposition
    labels: tuple[str, ...]
    segments: pl.DataFrame

    def __repr__(self) -> str:
        return f"Split({self.size:.3g} = {self.mix:.3g} mix + {self.within:.3g} within, of {len(self.segments):,} segments)"

    @property
    def size(self) -> float:
        """The total variation of the whole lake, which is `mix` and `within` together."""
        return self.parts.size

    @property
    def mix(self) -> float:
        """What the shares of the segments add to `size`."""
        return float(self.parts.contributions[0].sum())

    @property
    def within(self) -> float:
        """What the changes within segments add to `size`."""
        return float(self.parts.contributions[1].sum())

    @property
    def alone(self) -> tuple[float, float]:
        """The total variation that the mix, and the change within, would each have made alone: more where they cancel out."""
        return self.parts.sizes


def split(pair: Pair, matches: Matches) -> Split | None:
    """Split the drift of a feature's groups in one window; None where it has no bins, or a side has no rows."""
    listed, lake = (_bins(pair, rows) for rows in (matches, matches.family))
    if listed is None or lake is None or not all(side.counts.any() for side in lake):
        return None
    sides = [replace(one, counts=_with_the_rest(one.counts, all_.counts)) for one, all_ in zip(listed, lake, strict=True)]
    weights = [side.rows / side.rows.sum() for side in sides]
    parts = decompose((weights[0], weights[1]), (sides[0].shares, sides[1].shares))
    mix, within = parts.contributions
    columns = {"reference_share": weights[0], "current_share": weights[1], "mix": mix, "within": within}
    numbers = pl.DataFrame(columns)
    segments = matches.segments[matches.segment].hstack(numbers[:-1])
    rest = numbers[-1:].filter(pl.col("reference_share") > 0).with_columns(pl.lit(REST).alias("segment"))
    told = pl.concat([segments, rest], how="diagonal")
    return Split(parts, sides[0].labels, told.sort(pl.col("mix").abs() + pl.col("within").abs(), descending=True))


def _bins(pair: Pair, matches: Matches) -> tuple[Bins, Bins] | None:
    views = [sides.bins for sides in sides_of(pair, matches) if sides.bins is not None]
    if not views:
        return None
    reference, current = (
        replace(views[0][side], counts=np.concatenate([view[side].counts for view in views]), astray=None) for side in (0, 1)
    )
    return reference, current


def ranked(part: Part, feature: str | None) -> pl.DataFrame:
    """Return a row a segment, window and what it is against: how far it moved, how much of the lake it holds, and both times.

    `distance` is the greatest total variation of a feature that can be judged, or that of the one asked for; `impact` is it
    times the share of the lake, the share of all rows that would have to change to make up for it.
    """
    shares = next(measure for measure in part.measures if measure.feature == EVERYTHING)
    judged = [measure for measure in part.measures if measure.feature != EVERYTHING and feature in (None, measure.feature)]
    name = next((name for name in DISTANCES if any(measure.metric == name for measure in judged)), DISTANCES[0])
    moved = [measure for measure in judged if measure.metric == name]
    known = [np.where(among(measure.status, *JUDGED), measure.statistic, np.nan) for measure in moved]
    distances = np.stack([*known, np.full(len(part.matches), np.nan)])
    furthest = np.where(np.isnan(distances), -1.0, distances).argmax(axis=0)
    distance = distances[furthest, np.arange(len(furthest))]
    features = pl.Series("feature", [*(measure.feature for measure in moved), None], pl.String)
    levels = np.stack([shares.levels, *(measure.levels for measure in judged)]).max(axis=0)
    held = (shares.reference_value + shares.current_value) / 2
    table = part.axis().with_columns(
        features.gather(np.where(np.isnan(distance), len(moved), furthest)),
        pl.Series("distance", distance).fill_nan(None),
        pl.Series("reference_share", shares.reference_value),
        pl.Series("current_share", shares.current_value),
        pl.Series("impact", distance * held).fill_nan(None),
        pl.Series("status", STATUSES).gather(shares.status),
        pl.Series("verdict", LEVELS).gather(levels),
    )
    return table.select(*RANKING, *part.keys).cast(pl.Schema(RANKING))


def _with_the_rest(listed: Counts, all_together: Counts) -> Counts:
    """Add the segments that nobody would miss as one: all are gone, and what is gone adds up."""
    return np.vstack([listed, all_together - listed.sum(axis=0)])
