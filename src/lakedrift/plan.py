"""What will be read, and the empty states it will be counted into."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from lakedrift import columns
from lakedrift.binning import EXACT_INTEGERS
from lakedrift.blanks import binning_of, is_number, numbers_of, states_of, weighed_by
from lakedrift.choosing import Selection, asked, columns_of, drafted, named
from lakedrift.correlating import correlated, units_of
from lakedrift.errors import UnknownNameError
from lakedrift.feature import Feature
from lakedrift.filtering import Filter
from lakedrift.fitting import cells_of_each, sample_axis
from lakedrift.identity import is_integer_key, is_text_key
from lakedrift.modelling import model_states
from lakedrift.occurrences import text_counts
from lakedrift.profiles import Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.sampling import sampled
from lakedrift.source import Source
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.presence import Presence
from lakedrift.summary import Joined, Summary
from lakedrift.threads import each
from lakedrift.unit import fit_unit

__all__ = ["Plan", "make_plan"]

SAMPLE_ROWS = 25_000
FITS_AT_A_TIME = 2  # they sort, mostly, which needs no lock


@dataclass(frozen=True, slots=True)
class Plan:
    """A source, the features to watch, empty states for each, and the filter.

    `weights` has by feature the state of a sample, or of the profile that the plan is like: where the mass is.
    """

    source: Source
    features: tuple[Feature, ...]
    states: Mapping[StateKey, Summary]
    where: str | None
    weights: Mapping[str, Summary] = dataclasses.field(default_factory=dict)

    @property
    def joined(self) -> dict[StateKey, Joined]:
        """The states of several columns."""
        return {key: cast("Joined", state) for key, state in self.states.items() if len(key[1]) > 1}


def make_plan(
    source: Source,
    selection: Selection,
    *,
    like: Profile | None = None,
    known: Sequence[str] = (),
    reader: Reader | None = None,
    weighed: bool = False,
) -> Plan:
    """Choose the features of a source and fit the grids that `like` does not give.

    Parameters
    ----------
    source
        What will be read.
    selection
        Which columns, and how.
    like
        A profile whose kinds and grids are used again.
    known
        Columns that may be named though this source lacks them.
    reader
        Who reads the fit sample; the rows are the same for each.
    weighed
        Whether the weights of the features are wanted.

    Raises
    ------
    UnknownNameError
        If a name or pattern matches no column, or the filter looks at one that does not exist.
    ConfigError
        If a column cannot be read as the kind asked for, or have the role that it is given.
    """
    types = columns_of(source)
    draft = drafted(source, types, selection, like, known)
    keep = None if selection.where is None else Filter(selection.where)
    _check_names(keep, types)
    known_joined = (
        {} if like is None else {at: one for at, one in like.states.items() if len(at[1]) > 1 and at[0] != Comoments.KIND}
    )
    modelled = set() if known_joined else {name for name, feature in draft.items() if feature.role != "feature"}
    paired = named(selection.correlations, list(draft))
    wanted = modelled | paired - units_of(like).keys()
    unfitted = [name for name, feature in draft.items() if name in wanted or _needs_sample(feature, like)]
    sample = _sample(source, unfitted, keep, reader or Reader())
    far = _far_integers(source)
    cells = cells_of_each(sum(is_number(feature.dtype) for feature in draft.values()))
    rows = sum(fragment.rows or 0 for fragment in source.fragments)

    def fitted(drawn: Feature) -> tuple[Feature, list[Summary]]:
        found = sample.get(drawn.name, [])
        texts = text_counts(found if drawn.kind in ("categorical", "boolean") else ())
        feature = _identified(drawn, found, texts, rows, selection, like)
        beyond = far.get(drawn.name, []) if drawn.name in sample and is_number(feature.dtype) else []
        if beyond and sample_axis(numbers_of(found, feature.dtype)) == "double":
            found = [*found, *beyond]
        return feature, states_of(feature, found, texts, like, cells, declared=_is_declared(drawn, like))

    together = list(each(fitted, draft.values(), FITS_AT_A_TIME))
    features = tuple(feature for feature, _ in together)
    states: dict[StateKey, Summary] = {(state.KIND, (feature.name,)): state for feature, found in together for state in found}
    joined = {key: state.empty() for key, state in known_joined.items() if not types.keys().isdisjoint(key[1])}
    states |= joined if known_joined else model_states(features, sample)
    states |= _pairs(features, selection, paired, sample, like)
    weights = {one.name: weighed_by(one, found[0], sample.get(one.name, []), like) for one, found in together if weighed}
    return Plan(source, features, states, selection.where, weights)


def _check_names(keep: Filter | None, types: Mapping[str, str]) -> None:
    for name in keep.needed if keep is not None else ():
        if name not in types:
            raise UnknownNameError.among(what="column in the filter:", name=name, known=types)


def _is_declared(feature: Feature, like: Profile | None) -> bool:
    """Whether the caller says that the feature is an identifier: no distribution is kept of it."""
    if feature.kind != "identifier":
        return False
    return like is None or feature.name not in like or isinstance(like.state(feature.name), Presence)


def _needs_sample(feature: Feature, like: Profile | None) -> bool:
    if _is_declared(feature, like) or binning_of(feature, like) is not None:
        return False
    return is_number(feature.dtype) or (feature.kind == "categorical" and (like is None or feature.name not in like))


def _sample(source: Source, names: list[str], keep: Filter | None, reader: Reader) -> dict[str, list[pa.Array]]:
    if not names:
        return {}
    sample: dict[str, list[pa.Array]] = {name: [] for name in names}
    for batch in sampled(reader, source.samples(names, SAMPLE_ROWS, () if keep is None else keep.needed), keep):
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            if name in sample:  # a filter needs others
                sample[name].append(array)
    return sample


def _far_integers(source: Source) -> dict[str, list[pa.Array]]:
    """Return by column the extremes of integers that no double would hold, lest the sample missed them."""
    found: dict[str, list[pa.Array]] = {}
    for fragment in source.fragments:
        for name, *limits in fragment.extremes:
            for limit in limits:
                if abs(limit) >= EXACT_INTEGERS:
                    found.setdefault(name, []).append(pa.array([limit], pa.int64() if limit < 1 << 63 else pa.uint64()))
    return found


def _identified(
    feature: Feature, sample: list[pa.Array], texts: Counter[str], rows: int, selection: Selection, like: Profile | None
) -> Feature:
    """Return the feature as an identifier where nearly every sampled value is another and nobody asked for anything else."""
    settled = asked(feature.name, selection) or (like is not None and feature.name in like)
    if settled or not sample or feature.role != "feature":
        return feature
    is_key = False
    if feature.kind == "categorical":
        is_key = is_text_key(texts)
    elif columns.family(feature.dtype) == "integer":
        is_key = is_integer_key(numbers_of(sample, feature.dtype), rows)
    return dataclasses.replace(feature, kind="identifier") if is_key else feature


def _pairs(
    features: Sequence[Feature],
    selection: Selection,
    paired: set[str],
    sample: Mapping[str, list[pa.Array]],
    like: Profile | None,
) -> dict[StateKey, Summary]:
    """Return the state of the columns that are counted pair by pair, if any are."""
    names = correlated(features, selection.correlations, paired, strict=like is None)
    types, known = {feature.name: feature.dtype for feature in features}, units_of(like)
    units = [known.get(name) or fit_unit(numbers_of(sample.get(name, []), types[name])) for name in names]
    return {(Comoments.KIND, tuple(names)): Comoments.new(units)} if names else {}
