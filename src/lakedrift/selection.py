"""A part of a profile as a profile: one segment, one window, or one segment in one window."""

from __future__ import annotations

import contextlib
import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from lakedrift.errors import UnknownNameError
from lakedrift.grouping import Grouping
from lakedrift.profiles import WHOLE_LAKE, Profile
from lakedrift.segment import parse
from lakedrift.window import ALL_TIME, Instants

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
    chosen &= True if window is None else grouping.windows == _start_of(window, grouping)
    if not chosen.any():
        raise UnknownNameError.among(what="window", name=str(window), known=_shown(grouping.windows))
    at = np.flatnonzero(chosen)
    states = {key: state.gathered(np.array([0, len(at)]), at) for key, state in grouping.states.items()}
    name = "/".join(part for part in (profile.name, label, "" if window is None else str(window)) if part)
    features = tuple(feature for feature in profile.features if any(columns == (feature.name,) for _, columns in states))
    return Profile(name, (), int(grouping.rows[at].sum()), 0, features, MappingProxyType(states))


def _start_of(window: str | datetime.date, grouping: Grouping) -> int:
    """Return when a window starts, in microseconds since 1970; what is no time is the start of no window."""
    if grouping.every is None:
        return ALL_TIME - 1
    with contextlib.suppress(ValueError):
        said = datetime.datetime.fromisoformat(window if isinstance(window, str) else window.isoformat())
        zoned = said if said.tzinfo else said.replace(tzinfo=ZoneInfo(grouping.every.zone))
        return (zoned - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)
    return ALL_TIME - 1


def _shown(windows: Instants) -> list[str]:
    return [str(start) for start in np.unique(windows[np.abs(windows) < ALL_TIME]).astype("datetime64[us]")]
