"""What a window is compared with: the reference, or some of the past.

`reference`
    The same segment in the reference, all its windows together; of one dated lake, in its baseline.
`previous`
    The window before.
`rolling:28d`
    The windows of the last 28 days, this one left out.
`season:1w`
    The window a week ago.

Lengths are those of `window`: `h`, `d`, `w`, `mo`, `q` and `y`, and whole numbers of windows. The past of a window is that of
the current side, and what lies before the first window of that, of the reference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np

from lakedrift.errors import ConfigError
from lakedrift.window import FIRST, LAST, Every, Instants

__all__ = ["REFERENCE", "Against", "Baseline", "all_of", "check_baseline", "check_lengths", "default_against"]

REFERENCE = "reference"
PAST = {"h": "7d", "d": "28d", "w": "8w", "mo": "3mo", "q": "1y", "y": "3y"}  # rolling, by the unit of the windows
UNITS = {"h": 7 * 24, "d": 28, "w": 8, "mo": 3, "q": 4, "y": 3}  # the same, in that unit
HINT = "write reference, previous, rolling:28d or season:1w"
DAY = dt.timedelta(days=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Against:
    """What every window is compared with.

    Attributes
    ----------
    name
        As it is written.
    how
        `reference`, `previous`, `rolling` or `season`.
    length
        How far back to look, of the last two.
    """

    name: str
    how: str
    length: Every | None = None

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Self:
        """Read what is written.

        Raises
        ------
        ConfigError
            If it is none of the four.
        """
        how, colon, length = text.partition(":")
        if how in (REFERENCE, "previous") and not colon:
            return cls(text, how)
        if how in ("rolling", "season") and colon:
            return cls(text, how, Every.parse(length, zone))
        msg = f"against: {text!r} is nothing to compare with"
        raise ConfigError(msg, hint=HINT)

    def spans(self, every: Every, windows: Instants) -> tuple[Instants, Instants]:
        """Return from when to when, not included, the past of each window lies that it is compared with, (n,) each."""
        if self.length is None:
            return every.before(windows, every), windows
        before = every.before(windows, self.length)
        return before, (windows if self.how == "rolling" else every.end(before))


@dataclass(frozen=True, slots=True)
class Baseline:
    """The windows of a dated lake that are its reference: those that start from `start` on and before `stop`, in µs."""

    start: int = FIRST
    stop: int = LAST

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Self:
        """Read `2026-08-01..2026-10-31`: dates or times in the zone, both included; either may be left out.

        Raises
        ------
        ConfigError
            If it is written otherwise, or ends before it starts.
        """
        first, dots, last = text.partition("..")
        if not dots:
            raise _wrong(text)
        try:
            start = _instant(first, zone, end=False) if first else FIRST
            stop = _instant(last, zone, end=True) if last else LAST
        except ValueError as error:
            raise _wrong(text) from error
        if start >= stop:
            msg = f"baseline: {text!r} ends before it starts"
            raise ConfigError(msg, hint="write the earlier date first")
        return cls(start, stop)


def check_baseline(baseline: Baseline, every: Every) -> None:
    """Refuse a baseline that begins or ends within a window, which would be on neither side, or on one for the most part only.

    An end that is a time and not a date is the start of the last window.

    Raises
    ------
    ConfigError
        Naming the windows around.
    """
    for word, instant in (("begins", baseline.start), ("ends", baseline.stop)):
        around = np.array([instant, instant - 1 if word == "ends" else instant])
        if instant in (FIRST, LAST) or (every.starts(around) == around).any():
            continue
        start = every.starts(around[:1])
        moments = start, every.end(start)
        if word == "ends":
            moments = (every.before(start, every), start) if every.unit == "h" else (start - 1, moments[1] - 1)
        first, second = (_shown(int(moment[0]), every) for moment in moments)
        msg = f"baseline: it {word} within a window of {every}"
        raise ConfigError(msg, hint=f"let it {word.removesuffix('s')} with {first} or {second}")


def _shown(instant: int, every: Every) -> str:
    moment = (EPOCH + instant * MICROSECOND).astimezone(ZoneInfo(every.zone))
    return moment.isoformat(timespec="minutes") if every.unit == "h" else moment.date().isoformat()


def default_against(every: Every | None, *, dated: bool) -> tuple[str, ...]:
    """Return what to compare with where nobody says: the reference, or in one dated lake without a baseline its rolling past.

    The past is that of seven days for hours, 28 days for days, eight weeks for weeks, three months, four quarters, three years,
    or the next whole number of windows.
    """
    if not dated or every is None:
        return (REFERENCE,)
    usual = PAST[every.unit]
    whole = every.count * -(-UNITS[every.unit] // every.count)
    return (f"rolling:{usual if every.divides(Every.parse(usual)) else f'{whole}{every.unit}'}",)


def check_lengths(against: Sequence[Against], every: Every) -> None:
    """Refuse to look back by what is no whole number of windows: rounded, it would not mean what it says.

    Raises
    ------
    ConfigError
        Naming the first that is none.
    """
    for one in against:
        if one.length is not None and not every.divides(one.length):
            msg = f"against: {one.name!r} is no whole number of windows of {every}"
            raise ConfigError(msg, hint=f"write previous, {one.how}:{every}, or a multiple of it")


def all_of(names: str | Sequence[str], zone: str = "UTC") -> tuple[Against, ...]:
    """Read one or several, each once, in their order.

    Raises
    ------
    ConfigError
        If there is none, or one is wrong.
    """
    given = dict.fromkeys([names] if isinstance(names, str) else names)
    if not given:
        msg = "against: there is nothing to compare with"
        raise ConfigError(msg, hint=HINT)
    return tuple(Against.parse(name, zone) for name in given)


def _instant(text: str, zone: str, *, end: bool) -> int:
    """Return when a date begins, or with `end` when it is over; an instant that is included ends a microsecond later."""
    moment = dt.datetime.fromisoformat(text)
    is_date = len(text) <= len("2026-08-01")
    if end:
        moment += DAY if is_date else MICROSECOND
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return (aware - EPOCH) // MICROSECOND


def _wrong(text: str) -> ConfigError:
    msg = f"baseline: {text!r} is no range of dates"
    return ConfigError(msg, hint="write 2026-08-01..2026-10-31; either end may be left out")
