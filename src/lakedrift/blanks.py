"""The empty states that a column is counted into, their grids and names fitted to a sample of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.binning import Binning
from lakedrift.feature import Feature, Kind
from lakedrift.fitting import fit, fit_identifier
from lakedrift.profiles import Profile
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.presence import Presence
from lakedrift.summary import Summary

__all__ = ["binning_of", "is_number", "kind_of", "numbers_of", "states_of", "weighed_by"]

HEAVY = 10  # times that a value occurs in the sample to keep a count of its own among very many


def states_of(
    feature: Feature, sample: list[pa.Array], texts: Counter[str], like: Profile | None, cells: int, *, declared: bool
) -> list[Summary]:
    """Return the state of a feature and, of an identifier, how many values differ beside it.

    `texts` is how often each value of a categorical feature occurs in its sample; the mass of a numeric one is spread over so
    many `cells`.
    """
    state = Presence.new() if declared else _state(feature, sample, texts, like, cells)
    return [state, Distinct.new()] if feature.kind == "identifier" else [state]


def weighed_by(feature: Feature, state: Summary, sample: list[pa.Array], like: Profile | None) -> Summary:
    """Return the state of a sample, or that of the profile whose grid it has; of identifiers only how many rows there are."""
    if feature.kind == "identifier":
        return Presence.new()
    before = like.state(feature.name) if like is not None and feature.name in like else None
    if (
        before is not None
        and type(before) is type(state)
        and getattr(before, "binning", None) == getattr(state, "binning", None)
    ):
        return before
    counted = state.empty()
    for array in sample:
        counted.update(array)
    return counted


def binning_of(feature: Feature, like: Profile | None) -> Binning | None:
    """Return the grid that `like` has for the feature, if its values can be counted there: that whose cells it joined."""
    state = like.state(feature.name) if like is not None and feature.name in like else None
    if not isinstance(state, Numeric) or not is_number(feature.dtype) or len(state.binning.listed):
        return None
    axis = state.binning.axis
    return state.binning.fine if axis == "double" or feature.dtype == axis else None


def kind_of(dtype: str) -> Kind:
    """Return how values of a type, called as `columns.type_name` does, are read unless the caller says otherwise."""
    if columns.family(dtype) in ("integer", "floating", "decimal"):
        return "numeric"
    plain: dict[str, Kind] = {"bool": "boolean", "string": "categorical"}
    temporal = dtype.startswith(("timestamp", "date", "time", "duration"))
    return plain.get(dtype, "temporal" if temporal else "unsupported")


def is_number(dtype: str) -> bool:
    """Whether values of a type are counted by number, instants too."""
    return kind_of(dtype) in ("numeric", "temporal")


def numbers_of(sample: list[pa.Array], dtype: str) -> NDArray[Any]:
    """Join samples whose types differ, as numbers of the type of the whole column: other files may have other types."""
    parts = [part for array in sample if len(part := columns.valid_numbers(array))] or [np.empty(0)]
    if dtype == "double" or columns.family(dtype) == "integer":
        parts = [part.astype(dtype, copy=False) for part in parts]
    return np.concatenate(parts)


def _state(feature: Feature, sample: list[pa.Array], texts: Counter[str], like: Profile | None, cells: int) -> Summary:
    if feature.kind == "identifier":
        return _state_of_identifier(feature, sample, like)
    if feature.kind in ("categorical", "boolean"):
        before = like.state(feature.name) if like is not None and feature.name in like else None
        return Frequencies.new(before.names if isinstance(before, Frequencies) else _heavy_values(texts))
    if is_number(feature.dtype):
        return Numeric.new(binning_of(feature, like) or fit(numbers_of(sample, feature.dtype), cells))
    return Presence.new()


def _state_of_identifier(feature: Feature, sample: list[pa.Array], like: Profile | None) -> Summary:
    """Return a state that keeps no value, lest it identify somebody, but can be judged where values do repeat."""
    if kind_of(feature.dtype) == "categorical":
        return Frequencies.without_names()
    if is_number(feature.dtype):
        return Numeric.of_groups(binning_of(feature, like) or fit_identifier(numbers_of(sample, feature.dtype)), 1)
    return Presence.new()


def _heavy_values(texts: Counter[str]) -> tuple[str, ...]:
    """Return the values that are frequent in the sample, as `Frequencies` calls them."""
    heavy = Frequencies.new()
    frequent = pl.Series([text for text, times in texts.items() if times >= HEAVY], dtype=pl.String)
    heavy.update(frequent.to_arrow(compat_level=pl.CompatLevel.newest()))
    return heavy.values
