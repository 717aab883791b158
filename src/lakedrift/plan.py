"""What will be read, and the empty states it will be counted into."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa

from lakedrift import columns
from lakedrift.binning import EXACT_INTEGERS
from lakedrift.blanks import binning_of, is_number, kind_of, numbers_of, states_of, weighed_by
from lakedrift.correlating import correlated, units_of
from lakedrift.errors import ConfigError, UnknownNameError, UsageError
from lakedrift.feature import KINDS, Feature, Kind, Role
from lakedrift.filtering import Filter
from lakedrift.fitting import cells_of_each, sample_axis
from lakedrift.identity import is_integer_key, is_text_key
from lakedrift.modelling import model_states
from lakedrift.profiles import Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.roles import Roles, assigned
from lakedrift.sampling import sampled
from lakedrift.source import Source, distinct_schemas
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.presence import Presence
from lakedrift.summary import Joined, Summary
from lakedrift.unit import fit_unit

__all__ = ["Plan", "Selection", "columns_of", "make_plan", "select"]

SAMPLE_ROWS = 50_000
FITS_AT_A_TIME = 2  # they sort, mostly, which needs no lock


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns the caller wants, and how they are read.

    Attributes
    ----------
    features, exclude
        Names or patterns (`*`, `?`, `[…]`); a literal name wins over patterns. No `features` means every column.
    kinds
        Names or patterns, and the kind that their columns are read as.
    where
        A SQL condition; rows for which it is not true are left out.
    correlations
        Names or patterns of the columns that are counted pair by pair; patterns mean those that are numeric.
    roles
        Columns by their role to a model, which are features whatever the patterns say; None takes those of the profile that
        the plan is like.
    """

    features: Sequence[str] | None = None
    exclude: Sequence[str] = ()
    kinds: Mapping[str, Kind] | None = None
    where: str | None = None
    correlations: Sequence[str] = ()
    roles: Roles | None = None


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


def columns_of(source: Source) -> dict[str, str]:
    """Return the type of every column, by name, in the order of the files; a column of several kinds is `mixed (…)`.

    Partition keys come last, as text; in a file that has a column of that name, the column counts.
    """
    found: dict[str, dict[str, Kind]] = {}
    schemas = distinct_schemas(source.fragments)
    for schema in schemas:
        for field in schema:
            found.setdefault(field.name, {})[columns.type_name(field.type)] = columns.natural_kind(field.type)
    names = {id(schema): set(schema.names) for schema in schemas}
    for fragment in source.fragments:
        for key, _ in fragment.partition:
            if key not in names[id(fragment.schema)]:
                found.setdefault(key, {})["string"] = "categorical"
    return {name: _joined(types) for name, types in found.items()}


def select(names: Mapping[str, Any], keys: Sequence[str], selection: Selection, known: Sequence[str]) -> list[str]:
    """Return the columns to watch among `names`, in order; partition `keys` only where named in so many words.

    Raises
    ------
    UnknownNameError
        If a name or pattern matches none of `known`.
    UsageError
        If none is left.
    """
    for pattern in [*(selection.features or ()), *selection.exclude, *(selection.kinds or ()), *selection.correlations]:
        if not _named([pattern], known):
            raise UnknownNameError.among(what="column", name=pattern, known=set(known))
    asked = set(selection.features or ())
    wanted = set(known) if selection.features is None else _named(selection.features, known)
    wanted -= _named(selection.exclude, known) - (asked - set(selection.exclude))
    if known and not wanted:
        msg = f"no column is left of {len(set(known))}: {', '.join(map(repr, selection.exclude))} excludes them all"
        raise UsageError(msg)
    return [name for name in names if name in wanted and (name in asked or name not in keys)]


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
    roles = _roles(selection, like, [*types, *known])
    keys = {key for fragment in source.fragments for key, _ in fragment.partition}
    physical = {name for schema in distinct_schemas(source.fragments) for name in schema.names}
    chosen = {*select(types, sorted(keys - physical), selection, [*types, *known]), *roles}
    names = [name for name in types if name in chosen]
    keep = None if selection.where is None else Filter(selection.where)
    _check_names(keep, types)
    draft = {name: _with_role(_feature(name, types[name], selection, like), roles) for name in names}
    known_joined = (
        {} if like is None else {at: one for at, one in like.states.items() if len(at[1]) > 1 and at[0] != Comoments.KIND}
    )
    modelled = {} if known_joined else roles
    paired = _named(selection.correlations, names)
    wanted = modelled.keys() | paired - units_of(like).keys()
    unfitted = [name for name, feature in draft.items() if name in wanted or _needs_sample(feature, like)]
    sample = _sample(source, unfitted, keep, reader or Reader())
    far = _far_integers(source)
    cells = cells_of_each(sum(is_number(feature.dtype) for feature in draft.values()))
    rows = sum(fragment.rows or 0 for fragment in source.fragments)

    def fitted(name: str) -> tuple[Feature, list[Summary]]:
        found = sample.get(name, [])
        feature = _identified(draft[name], found, rows, selection, like)
        beyond = far.get(name, []) if name in sample and is_number(feature.dtype) else []
        if beyond and sample_axis(numbers_of(found, feature.dtype)) == "double":
            found = [*found, *beyond]
        return feature, states_of(feature, found, like, cells, declared=_is_declared(draft[name], like))

    with ThreadPoolExecutor(FITS_AT_A_TIME) as pool:
        together = list(pool.map(fitted, names))
    features = tuple(feature for feature, _ in together)
    states: dict[StateKey, Summary] = {(state.KIND, (feature.name,)): state for feature, found in together for state in found}
    joined = {key: state.empty() for key, state in known_joined.items() if not types.keys().isdisjoint(key[1])}
    states |= joined if known_joined else model_states(features, sample)
    states |= _pairs(features, selection, paired, sample, like)
    weights = {one.name: weighed_by(one, found[0], sample.get(one.name, []), like) for one, found in together if weighed}
    return Plan(source, features, states, selection.where, weights)


def _joined(types: Mapping[str, Kind]) -> str:
    """One name for the types of a column over all files: widened within a kind, `mixed` across kinds.

    Integers that no integer type holds together, and integers with other numbers, are doubles.
    """
    typed = {name: kind for name, kind in types.items() if name != "null"} or dict(types)
    if len(set(typed.values())) > 1 or (len(typed) > 1 and set(typed.values()) <= {"temporal", "unsupported"}):
        return f"mixed ({', '.join(sorted(typed))})"
    if len(typed) == 1:
        return next(iter(typed))
    whole = {columns.family(name) for name in typed} == {"integer"} and np.result_type(*typed).kind in "iu"
    return str(np.result_type(*typed)) if whole else "double"


def _named(patterns: Sequence[str], known: Sequence[str]) -> set[str]:
    """Return the names that are meant: the one that a pattern spells out, or else all that it matches."""
    literal = set(known).intersection(patterns)
    return literal | {name for name in known for pattern in set(patterns) - literal if fnmatch.fnmatchcase(name, pattern)}


def _check_names(keep: Filter | None, types: Mapping[str, str]) -> None:
    for name in keep.needed if keep is not None else ():
        if name not in types:
            raise UnknownNameError.among(what="column in the filter:", name=name, known=types)


def _feature(name: str, dtype: str, selection: Selection, like: Profile | None) -> Feature:
    natural = kind_of(dtype)
    if like is not None and name in like:
        before = like.feature(name)
        same = columns.family(before.dtype) == columns.family(dtype) or kind_of(before.dtype) == natural == "numeric"
        return Feature(name, before.kind if same else natural, dtype)
    asked = _asked(name, selection)
    if asked is None or asked == natural or dtype == "null":
        return Feature(name, natural, dtype)
    readable = asked in ("categorical", "identifier") or (asked == "temporal" and natural == "numeric")
    if not readable or natural == "unsupported":
        msg = f"column {name!r} is {dtype} and cannot be read as {asked}"
        raise ConfigError(msg)
    return Feature(name, asked, dtype)


def _roles(selection: Selection, like: Profile | None, known: Sequence[str]) -> dict[str, Role]:
    if selection.roles is None and like is not None:
        return {feature.name: feature.role for feature in like.features if feature.role != "feature"}
    return assigned(selection.roles, known)


def _with_role(feature: Feature, roles: Mapping[str, Role]) -> Feature:
    role = roles.get(feature.name, "feature")
    kind = "identifier" if role == "id" and feature.kind != "unsupported" else feature.kind
    return dataclasses.replace(feature, kind=kind, role=role)


def _asked(name: str, selection: Selection) -> Kind | None:
    kinds = selection.kinds or {}
    for kind in kinds.values():
        if kind not in KINDS:
            raise UnknownNameError.among(what="kind", name=kind, known=KINDS)
    if name in kinds:
        return kinds[name]
    return next((kind for pattern, kind in reversed(list(kinds.items())) if fnmatch.fnmatchcase(name, pattern)), None)


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


def _identified(feature: Feature, sample: list[pa.Array], rows: int, selection: Selection, like: Profile | None) -> Feature:
    """Return the feature as an identifier where nearly every sampled value is another and nobody asked for something else."""
    settled = _asked(feature.name, selection) or (like is not None and feature.name in like)
    if settled or not sample or feature.role != "feature":
        return feature
    is_key = False
    if feature.kind == "categorical":
        is_key = is_text_key(sample)
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
