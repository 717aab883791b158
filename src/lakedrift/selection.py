"""A part of a profile as a profile: one segment, one window, or one segment in one window."""

from __future__ import annotations

import datetime
from types import MappingProxyType

import numpy as np

from lakedrift import dating
from lakedrift.errors import UnknownNameError
from lakedrift.profiles import WHOLE_LAKE, Profile
from lakedrift.segment import parse

__all__ = ["selected"]


def selected(profile: Profile, segment: str | None, window: str | datetime.date | None) -> Profile:
    """Return a part of a profile, as `Profile.select` says."""
    label = segment or WHOLE_LAKE
    if not label and window is None:
        return profile
    try:
        grouping = profile.grouping(parse(label)[0])
    except (KeyError, UnicodeError):
        known = [str(name) for found in profile.groupings for name in found.labels().unique().sort().to_list()]
        raise UnknownNameError.among(what="segment", name=label, known=known) from None
    chosen = grouping.labels().to_numpy() == label
    if not chosen.any():
        raise UnknownNameError.among(what="segment", name=label, known=map(str, grouping.labels().unique().to_list()))
    chosen &= True if window is None else grouping.windows == dating.start_of(window, grouping.every)
    if not chosen.any():
        raise UnknownNameError.among(what="window", name=str(window), known=dating.known(grouping.windows, grouping.every))
    at = np.flatnonzero(chosen)
    states = {key: state.gathered(np.array([0, len(at)]), at) for key, state in grouping.states.items()}
    name = "/".join(part for part in (profile.name, label, "" if window is None else str(window)) if part)
    features = tuple(feature for feature in profile.features if any(columns == (feature.name,) for _, columns in states))
    return Profile(name, (), int(grouping.rows[at].sum()), 0, features, MappingProxyType(states))
