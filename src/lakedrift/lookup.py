"""Finding what is called by name in a comparison: a feature, a segmentation, a row; or saying which name there is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from lakedrift.dating import known, start_of
from lakedrift.errors import UnknownNameError
from lakedrift.matching import Matches
from lakedrift.part import Part
from lakedrift.profiles import Profile
from lakedrift.window import Every

__all__ = ["Window", "check_feature", "family_of", "row_of"]

Window = str | dt.date


def check_feature(profiles: tuple[Profile, Profile], name: str) -> None:
    """Refuse a feature that a side lacks.

    Raises
    ------
    UnknownNameError
        If there is none on either side.
    """
    if not all(name in side for side in profiles):
        both = [feature.name for feature in profiles[0].features if feature.name in profiles[1]]
        raise UnknownNameError.among(what="feature of both sides:", name=name, known=both)


def row_of(
    parts: Sequence[Part], segment: str, window: Window | None, against: str | None, every: Every | None
) -> tuple[Part, Matches]:
    """Return the first row of a segment, and the part that it is in.

    Raises
    ------
    UnknownNameError
        If there is no such segment, window, or thing to compare with.
    """
    start = None if window is None else start_of(window, every)
    for part in parts:
        row = part.row(segment, start, against)
        if row is not None:
            return part, row
    having = [part for part in parts if part.of_segment(segment).any()]
    if not having:
        labels = [name for part in parts for name in part.labels()]
        raise UnknownNameError.among(what="segment", name=segment, known=labels)
    raise _unknown(having, window, against, every)


def family_of(
    parts: Sequence[Part], by: str | Sequence[str] | None, window: Window | None, against: str | None, every: Every | None
) -> tuple[Part, Matches]:
    """Return the rows of all segments of a segmentation in a window, and the part that they are in; None is the first.

    Raises
    ------
    UnknownNameError
        If there is no such segmentation, window, or thing to compare with.
    """
    crossed = [part for part in parts if part.matches.keys]
    keys = None if by is None else (by,) if isinstance(by, str) else tuple(by)
    found = [part for part in crossed if keys in (None, part.matches.keys)]
    if not found:
        names = [",".join(part.matches.keys) for part in crossed]
        raise UnknownNameError.among(what="segmentation", name=",".join(keys or ()), known=names)
    rows = found[0].family(None if window is None else start_of(window, every), against)
    if not len(rows):
        raise _unknown(found[:1], window, against, every)
    return found[0], found[0].matches.take(rows)


def _unknown(parts: Sequence[Part], window: Window | None, against: str | None, every: Every | None) -> UnknownNameError:
    """Say which of two names no row of some parts has."""
    names = {name for part in parts for name in part.matches.names}
    if against is not None and against not in names:
        return UnknownNameError.among(what="thing to compare with:", name=against, known=names)
    starts = np.concatenate([part.matches.windows for part in parts])
    return UnknownNameError.among(what="window", name=str(window), known=known(starts.tolist(), every))
