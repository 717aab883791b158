"""Which groupings of two profiles are compared, and what their windows are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakedrift.against import REFERENCE, Against, Baseline, all_of, check_baseline, check_lengths, default_against
from lakedrift.errors import ConfigError, IncompatibleProfilesError
from lakedrift.folding import on_common_segments
from lakedrift.gaps import find_gaps
from lakedrift.grouping import Grouping
from lakedrift.matching import Matches, match
from lakedrift.profiles import Profile
from lakedrift.window import FIRST, UTC, Every

__all__ = ["Choice", "Matched", "gaps_between", "matched"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What windows are compared with, as it is written; None is the default."""

    against: str | Sequence[str] | None = None
    baseline: str | None = None

    def check(self, every: Every | None, *, dated: bool) -> tuple[tuple[Against, ...], Baseline | None]:
        """Return what is meant, of windows of a length, and of one `dated` lake or of two.

        Raises
        ------
        ConfigError
            If it is written wrongly, the baseline begins or ends within a window, a length is no whole number of windows, or
            there are no windows to choose from.
        """
        zone = UTC if every is None else every.zone
        if every is None and dated:
            msg = "there is nothing to compare with: no current side, and no windows of time"
            raise ConfigError(msg, hint="name a current side, or a column of time and the length of its windows")
        baseline = None if self.baseline is None else Baseline.parse(self.baseline, zone)
        if baseline is not None and every is not None:
            check_baseline(baseline, every)
        if baseline is not None and not dated:
            msg = "a baseline names windows of one dated lake, and there are two sides"
            raise ConfigError(msg, hint="leave out the current side, or the baseline")
        default = default_against(every, dated=dated and baseline is None)
        against = all_of(default if self.against is None else self.against, zone)
        if every is not None:
            check_lengths(against, every)
        past = next((one.name for one in against if one.how != REFERENCE), None)
        if past is not None and every is None:
            msg = f"against: {past!r} looks at the windows before, and there are none"
            raise ConfigError(msg, hint="name a column of time and the length of its windows")
        if dated and baseline is None and any(one.how == REFERENCE for one in against):
            msg = "against: one dated lake has no reference without a baseline"
            raise ConfigError(msg, hint="name a baseline such as 2026-08-01..2026-10-31, or compare with rolling:28d")
        return against, baseline


@dataclass(frozen=True, eq=False)
class Matched:
    """The rows of one segmentation, and the groupings of both sides that they add up; None of whole lakes."""

    matches: Matches
    groupings: tuple[Grouping, Grouping] | None = None


def matched(reference: Profile, current: Profile | None, choice: Choice) -> list[Matched]:
    """Match the groups of every segmentation of two profiles; with no current one, of the windows of the reference.

    Raises
    ------
    ConfigError
        If the choice is wrong, there are no windows to choose from, or no row of a side has a time.
    IncompatibleProfilesError
        If the two are not grouped alike.
    """
    for side in (reference, current):
        if side is not None:
            _check_times(side)
    if current is not None and reference.time is not None and current.lacks(reference.time):
        choice = Choice()  # a finding, and no windows to look back from
    dated = current is None
    after = reference if current is None else current
    against, baseline = choice.check(after.every, dated=dated)
    first = baseline.stop if dated and baseline is not None else FIRST
    found = []
    for keys in _segmentations(reference, after):
        sides = on_common_segments(reference.grouping(keys), after.grouping(keys))
        _check_windows(sides, against)
        found.append(Matched(match(*sides, against, baseline, first), sides))
    if dated and not any(len(one.matches) for one in found):
        msg = f"{reference.name!r} has no window to compare, and one to compare it with"
        raise ConfigError(msg, hint="name a baseline that ends before the last window, or a shorter every")
    return found


def gaps_between(reference: Profile, current: Profile | None, choice: Choice) -> Matches | None:
    """Return the windows that there is nothing to compare of, of whole lakes; None where there is none. Raises as `matched`."""
    after = reference if current is None else current
    if after.every is None:
        return None
    against, baseline = choice.check(after.every, dated=current is None)
    before = None if reference.every is None else reference.grouping(())
    first = baseline.stop if current is None and baseline is not None else FIRST
    return find_gaps(before, after.grouping(()), against, baseline, first)


def _check_times(side: Profile) -> None:
    if side.rows and side.untimed == side.rows:
        msg = f"{side.name!r}: column {side.time!r} says of none of {side.rows:,} rows when: it is null, or not read as a time"
        raise ConfigError(msg, hint="name a column of timestamps, dates, or text such as 2026-08-01T12:00")


def _segmentations(reference: Profile, current: Profile) -> list[tuple[str, ...]]:
    """Return the keys of every grouping.

    Raises
    ------
    IncompatibleProfilesError
        If only one side has it, and not because the current one lacks a column.
    """
    keys = [[grouping.keys for grouping in side.groupings] for side in (reference, current)]
    apart = {*keys[0]} ^ {*keys[1]}
    apart -= {each for each in keys[0] if any(current.lacks(key) for key in each)}
    apart.discard(())  # the whole lake by window, which a side without a column of time has none of
    if apart:
        names = ", ".join(sorted(map(repr, apart)))
        msg = f"{reference.name!r} and {current.name!r} are not grouped alike: only one of them is by {names}"
        raise IncompatibleProfilesError(msg, hint="profile both with the same by=, time= and every=")
    return sorted((key for key in keys[1] if key in keys[0]), key=len)


def _check_windows(sides: tuple[Grouping, Grouping], against: Sequence[Against]) -> None:
    before, after = (side.every for side in sides)
    past = [one.name for one in against if one.how != REFERENCE]
    if past and before is not None and before != after:
        msg = f"windows of {before} and of {after} are not compared with one another"
        raise IncompatibleProfilesError(msg, hint="profile both with the same every=")
