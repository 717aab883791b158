"""How much each feature mattered to a model, before and now: mean sizes of attributions, and how far their ranks moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.grouping import Grouping
from lakedrift.matching import Matches
from lakedrift.performance import over
from lakedrift.profiles import Profile
from lakedrift.sides import Added
from lakedrift.summaries.importance import Importance
from lakedrift.summary import StateKey

__all__ = ["attributions_of", "importances", "ndcg", "table_of"]

BASE = float(1 << 32)
TABLE: dict[str, Any] = {
    **dict.fromkeys(("attribution", "feature"), pl.String),
    **dict.fromkeys(("reference_importance", "current_importance"), pl.Float64),
    **dict.fromkeys(("reference_rank", "current_rank", "rank_change"), pl.Int64),
    **dict.fromkeys(("drift", "impact"), pl.Float64),
}
Floats = NDArray[np.float64]


def attributions_of(profile: Profile) -> StateKey | None:
    """Return the key of the state of attributions, None where there is none."""
    return next((key for key in profile.states if key[0] == Importance.KIND), None)


def importances(
    profiles: tuple[Profile, Profile], rows: Matches, groupings: Sequence[Grouping] | None
) -> tuple[Floats, Floats] | None:
    """Return the mean size of each attribution on both sides, (n, n_columns) each; None where a side has none of them."""
    key = attributions_of(profiles[0])
    holders: Sequence[Profile | Grouping] = profiles if groupings is None else groupings
    states = [holder.states.get(key) for holder in holders] if key is not None else []
    one, other = states if len(states) == 2 else (None, None)
    if not isinstance(one, Importance) or not isinstance(other, Importance):
        return None
    sides = tuple(_means((one, other), rows))
    return sides[0], sides[1]


def _means(states: tuple[Importance, Importance], rows: Matches) -> Iterator[Floats]:
    """Yield the means of the reference and of the current side; what has no common unit is added as doubles."""
    counts = Added(rows, states[0].counts, states[1].counts)[slice(None)]
    nothing = [np.zeros_like(state.totals) for state in states]
    apart = Added(rows, states[0].totals, nothing[1])[slice(None)], Added(rows, nothing[0], states[1].totals)[slice(None)]
    for side in (0, 1):
        totals = (
            np.ldexp(found[side][..., 0] * BASE + found[side][..., 1], -state.scale.error)
            for found, state in zip(apart, states, strict=True)
        )
        yield over(np.add(*totals), counts[side])


def ndcg(reference: Floats, current: Floats) -> Floats:
    """Return how well the current ranking keeps the important ones of the reference in front, (n,), in [0, 1].

    With a(f) the importance of f on the reference and f'_i the i-th of the current ranking, Σ a(f'_i) / log2(i + 1) as a share
    of the same sum over the reference's own ranking (Amazon SageMaker Clarify, "Feature attribution drift").
    """
    known = np.nan_to_num(reference)
    weights = 1.0 / np.log2(np.arange(2, known.shape[1] + 2))
    places = np.argsort(-np.nan_to_num(current), axis=1, kind="stable")
    ideal = (-np.sort(-known, axis=1) * weights).sum(axis=1)
    return over((np.take_along_axis(known, places, axis=1) * weights).sum(axis=1), ideal)


def table_of(names: Sequence[str], reference: Floats, current: Floats, drift: Mapping[str, float]) -> pl.DataFrame:
    """Return a row an attribution, by `impact`, drift times the share of the importance: its means, and ranks from 1.

    Parameters
    ----------
    names
        The columns.
    reference, current
        (n_columns,) their means.
    drift
        By feature, how far it moved.
    """
    ranks = [np.argsort(np.argsort(-np.nan_to_num(side), kind="stable"), kind="stable") + 1 for side in (reference, current)]
    features = [_feature_of(name, list(drift)) for name in names]
    moved = np.array([np.nan if feature is None else drift[feature] for feature in features])
    impact = moved * over(current, np.nansum(current))
    columns = (names, features, reference, current, *ranks, ranks[0] - ranks[1], moved, impact)
    table = pl.DataFrame(dict(zip(TABLE, columns, strict=True)), schema=TABLE).with_columns(pl.col(pl.Float64).fill_nan(None))
    return table.sort("impact", "current_importance", descending=True, nulls_last=True, maintain_order=True)


def _feature_of(attribution: str, features: Sequence[str]) -> str | None:
    """Return the feature that a column such as `shap_price` or `price_shap` is of: the longest that it begins or ends with."""
    found = [name for name in features if name != attribution and (attribution.startswith(name) or attribution.endswith(name))]
    return max(found, key=len, default=None)
