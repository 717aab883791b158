"""Which columns are counted pair by pair, and in what units."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lakedrift.errors import ConfigError, UsageError
from lakedrift.feature import Feature
from lakedrift.profiles import Profile
from lakedrift.summaries.comoments import MOST_COLUMNS, Comoments
from lakedrift.unit import Unit

__all__ = ["ALL", "correlated", "patterns_of", "units_of"]

ALL = ("*",)


def patterns_of(wanted: bool | str | Sequence[str]) -> tuple[str, ...]:
    """Return the patterns that the caller means: all columns, none, or those that are given."""
    if isinstance(wanted, str):
        return (wanted,)
    return (ALL if wanted else ()) if isinstance(wanted, bool) else tuple(wanted)


def correlated(features: Sequence[Feature], patterns: Sequence[str], matched: Collection[str], *, strict: bool) -> list[str]:
    """Return the numeric features that match, sorted; none where there are fewer than two.

    Parameters
    ----------
    features
        Those of a side.
    patterns, matched
        Names and patterns that were asked for, and all columns that these mean.
    strict
        Whether what was asked for in so many words must be there; a current side may lack it.

    Raises
    ------
    ConfigError
        If a column is named that is no number.
    UsageError
        If fewer than two are left though some were named, or there are too many.
    """
    kinds = {feature.name: feature.kind for feature in features}
    for name in patterns if strict else ():
        if kinds.get(name, "numeric") != "numeric":
            msg = f"column {name!r} is {kinds[name]}, and correlations are of numbers"
            raise ConfigError(msg)
    names = sorted(name for name in matched if kinds.get(name) == "numeric")
    if strict and patterns and tuple(patterns) != ALL and len(names) < 2:
        msg = f"correlations need two numeric columns, and {', '.join(map(repr, patterns))} is {names or 'none'}"
        raise UsageError(msg)
    if len(names) > MOST_COLUMNS:
        msg = f"correlations of {len(names):,} columns are {len(names) * (len(names) - 1) // 2:,} pairs"
        raise UsageError(msg, hint=f"choose up to {MOST_COLUMNS:,} columns: correlations=[…] or --correlations PATTERN")
    return names if len(names) > 1 else []


def units_of(profile: Profile | None) -> Mapping[str, Unit]:
    """Return the units in which a profile counts columns pair by pair."""
    states = profile.states if profile is not None else {}
    return {
        name: unit
        for (_, names), state in states.items()
        if isinstance(state, Comoments)
        for name, unit in zip(names, state.units, strict=True)
    }
