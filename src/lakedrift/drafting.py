"""What a sweep would read and need, said without reading more than footers and the fit sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lakedrift.choosing import Selection
from lakedrift.feature import Feature
from lakedrift.filtering import Filter
from lakedrift.memory import LIBRARIES
from lakedrift.plan import Plan, make_plan
from lakedrift.profiles import Profile
from lakedrift.profiling import Means
from lakedrift.side import Side
from lakedrift.source import Source

__all__ = ["DryRun"]

CELLS_A_SECOND = 5e7  # values that one thread reads and counts in a second, roughly


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a sweep would do: its sides, the features, and rough estimates: of the time in seconds, of the memory in bytes."""

    sides: tuple[Side, ...]
    features: tuple[Feature, ...]
    seconds: float | None
    memory: int

    @classmethod
    def of(cls, sides: Sequence[Source | Profile], selection: Selection, known: Sequence[str], means: Means) -> Self:
        """Plan to read these sides; `known` are the columns that may be named."""
        before = _draft(sides[0], selection, None, known, means)
        like = before if isinstance(before, Profile) else Profile(before.source.name, (), 0, 0, before.features, before.states)
        afters = [_draft(side, selection, like, known, means) for side in sides[1:]]
        drafts = [found for found in (before, *afters) if isinstance(found, Plan)]
        needed = max((_needed(found, means) for found in drafts), default=0)
        values = sum(_side(found.source).rows * len(found.features) for found in drafts)
        told = tuple(_side(side) for side in sides)
        return cls(told, before.features, values / CELLS_A_SECOND / means.threads, needed)


def _draft(
    side: Source | Profile, selection: Selection, like: Profile | None, known: Sequence[str], means: Means
) -> Plan | Profile:
    """Return the plan of a side, or the profile that needs none."""
    if isinstance(side, Profile):
        return side
    return make_plan(side, selection, like=like, known=known, reader=means.reader(means.memory // 2))


def _needed(plan: Plan, means: Means) -> int:
    """Return about how many bytes a plan takes.

    Raises
    ------
    ResourceError
        If it does not fit.
    """
    shares = means.shares(plan.states)
    reader = means.reader(shares.reading)
    keep = () if plan.where is None else Filter(plan.where).needed
    scans = plan.source.scans([feature.name for feature in plan.features], keep)
    reader.check(scans)
    return LIBRARIES + shares.states + reader.needs(scans)


def _side(source: Source | Profile) -> Side:
    if isinstance(source, Profile):
        return Side.of(source)
    fragments = source.fragments
    rows, size = sum(found.rows or 0 for found in fragments), sum(found.bytes for found in fragments)
    return Side(source.name, rows, len(fragments), size)
