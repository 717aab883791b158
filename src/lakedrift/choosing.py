"""Which columns of a source are watched, and how they are read."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lakedrift import columns
from lakedrift.blanks import kind_of
from lakedrift.errors import ConfigError, UnknownNameError, UsageError
from lakedrift.feature import KINDS, Feature, Kind, Role
from lakedrift.profiles import Profile
from lakedrift.roles import Roles, assigned
from lakedrift.source import Source, distinct_schemas

__all__ = ["Selection", "asked", "columns_of", "drafted", "named", "select"]


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
        if not named([pattern], known):
            raise UnknownNameError.among(what="column", name=pattern, known=set(known))
    asked = set(selection.features or ())
    wanted = set(known) if selection.features is None else named(selection.features, known)
    wanted -= named(selection.exclude, known) - (asked - set(selection.exclude))
    if known and not wanted:
        msg = f"no column is left of {len(set(known))}: {', '.join(map(repr, selection.exclude))} excludes them all"
        raise UsageError(msg)
    return [name for name in names if name in wanted and (name in asked or name not in keys)]


def drafted(
    source: Source, types: Mapping[str, str], selection: Selection, like: Profile | None, known: Sequence[str]
) -> dict[str, Feature]:
    """Return the features to watch among the columns, by name and in order, as what they are before a value is looked at.

    Raises
    ------
    UnknownNameError, UsageError
        As `select` does, or if the column of a role is not there.
    ConfigError
        If a column cannot be read as the kind asked for, or have the role that it is given.
    """
    roles = _roles(selection, like, [*types, *known])
    keys = {key for fragment in source.fragments for key, _ in fragment.partition}
    physical = {name for schema in distinct_schemas(source.fragments) for name in schema.names}
    chosen = {*select(types, sorted(keys - physical), selection, [*types, *known]), *roles}
    return {name: _with_role(_feature(name, dtype, selection, like), roles) for name, dtype in types.items() if name in chosen}


def named(patterns: Sequence[str], known: Sequence[str]) -> set[str]:
    """Return the names that are meant: the one that a pattern spells out, or else all that it matches."""
    literal = set(known).intersection(patterns)
    return literal | {name for name in known for pattern in set(patterns) - literal if fnmatch.fnmatchcase(name, pattern)}


def asked(name: str, selection: Selection) -> Kind | None:
    """Return the kind that the caller wants a column to be read as, if any: a literal name wins, then the last pattern."""
    kinds = selection.kinds or {}
    for kind in kinds.values():
        if kind not in KINDS:
            raise UnknownNameError.among(what="kind", name=kind, known=KINDS)
    if name in kinds:
        return kinds[name]
    return next((kind for pattern, kind in reversed(list(kinds.items())) if fnmatch.fnmatchcase(name, pattern)), None)


def _roles(selection: Selection, like: Profile | None, known: Sequence[str]) -> dict[str, Role]:
    if selection.roles is None and like is not None:
        return {feature.name: feature.role for feature in like.features if feature.role != "feature"}
    return assigned(selection.roles, known)


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


def _feature(name: str, dtype: str, selection: Selection, like: Profile | None) -> Feature:
    natural = kind_of(dtype)
    if like is not None and name in like:
        before = like.feature(name)
        same = columns.family(before.dtype) == columns.family(dtype) or kind_of(before.dtype) == natural == "numeric"
        return Feature(name, before.kind if same else natural, dtype)
    wanted = asked(name, selection)
    if wanted is None or wanted == natural or dtype == "null":
        return Feature(name, natural, dtype)
    readable = wanted in ("categorical", "identifier") or (wanted == "temporal" and natural == "numeric")
    if not readable or natural == "unsupported":
        msg = f"column {name!r} is {dtype} and cannot be read as {wanted}"
        raise ConfigError(msg)
    return Feature(name, wanted, dtype)


def _with_role(feature: Feature, roles: Mapping[str, Role]) -> Feature:
    role = roles.get(feature.name, "feature")
    kind = "identifier" if role == "id" and feature.kind != "unsupported" else feature.kind
    return dataclasses.replace(feature, kind=kind, role=role)
