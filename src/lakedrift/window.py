"""Windows of time: which one an instant lies in, where it ends, and how far back another is.

Instants are microseconds since 1970-01-01 00:00 UTC, int64. Days and longer windows are those of a time zone, which is that of
the column, or UTC; hours are counted from 1970 in UTC, whatever the zone, so that each is as long as any other. Weeks start on
Monday. The calendar is Polars'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.errors import ConfigError

__all__ = ["ALL_TIME", "FIRST", "LAST", "NO_TIME", "SPAN", "UTC", "Every", "Instants"]

Instants = NDArray[np.int64]

UTC = "UTC"
NO_TIME = -(1 << 63)  # the window of rows whose time is null, cannot be read, or lies outside FIRST … LAST
ALL_TIME = (1 << 63) - 1  # the window of every row, where there is no column of time
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # of the years 1 to 9999
LENGTH = re.compile(r"([1-9]\d{0,3})(h|d|w|mo|q|y)")
HOUR = 3_600_000_000
DAY = 24 * HOUR
SPAN = {"h": HOUR, "d": DAY, "w": 7 * DAY}  # µs, where the clocks do not change
MONTHS = {"mo": 1, "q": 3, "y": 12}
FEW_DAYS = 1 << 12  # of which it is always cheaper to look up each once


@dataclass(frozen=True, slots=True)
class Every:
    """A length of time on the calendar: that of a window, or how far back to look.

    Attributes
    ----------
    count, unit
        How many of what: `h`, `d`, `w`, `mo`, `q` or `y`.
    zone
        The time zone whose days are meant.
    """

    count: int
    unit: str
    zone: str = UTC

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @classmethod
    def parse(cls, text: str, zone: str = UTC) -> Self:
        """Return the length that is written `1h`, `4h`, `1d`, `1w`, `1mo`, `1q` or `1y`.

        Raises
        ------
        ConfigError
            If it is none.
        """
        found = LENGTH.fullmatch(text)
        if found is None:
            msg = f"{text!r} is no length of time"
            raise ConfigError(msg, hint="write 1h, 1d, 1w, 1mo, 1q or 1y, or a multiple such as 4h or 28d")
        return cls(int(found[1]), found[2], zone)

    def divides(self, length: Every) -> bool:
        """Whether every stretch of a length is a whole number of these windows, wherever on the calendar it lies.

        A day is no number of hours where the clocks change, and hours are cut anew every day; a month is some number of days.
        """
        if self.unit in MONTHS or length.unit in MONTHS:
            if self.unit not in MONTHS:
                return DAY % (self.count * SPAN[self.unit]) == 0
            return length.unit in MONTHS and length.count * MONTHS[length.unit] % (self.count * MONTHS[self.unit]) == 0
        if length.unit == "h" != self.unit:
            return False
        return length.count * SPAN[length.unit] % (self.count * SPAN[self.unit]) == 0

    def starts(self, instants: Instants) -> Instants:
        """Return the start of the window that each instant lies in, (n,); NO_TIME where it is none of the years 1 to 9999."""
        known = (instants >= FIRST) & (instants <= LAST)
        return np.where(known, self._truncated(np.where(known, instants, 0)), NO_TIME)

    def end(self, starts: Instants) -> Instants:
        """Return the end of each window, which is the start of the next, (n,); NO_TIME and ALL_TIME stay as they are."""
        return self._shifted(starts, self, 1)

    def before(self, starts: Instants, length: Every) -> Instants:
        """Return the start of the window that lies a length before each, (n,); NO_TIME and ALL_TIME stay as they are.

        An hour is looked for at the same time of day, as the clocks show it.
        """
        return self._shifted(starts, length, -1)

    def _shifted(self, starts: Instants, length: Every, sign: int) -> Instants:
        known = (starts != NO_TIME) & (starts != ALL_TIME)
        usable = np.where(known, starts, 0)
        if length.unit == "h":
            moved = usable + sign * length.count * HOUR
        else:
            clock = self._local(usable)
            if self.unit != "h":
                clock = clock.dt.truncate("1d")  # a day whose midnight is skipped starts later
            moved = self._instants(clock.dt.offset_by(f"{sign * length.count}{length.unit}"))
        if sign < 0:
            moved = np.minimum(moved, usable - 1)  # the day before may not exist: Samoa had no 30 December 2011
        return np.where(known, self._truncated(moved), starts)

    def _truncated(self, instants: Instants) -> Instants:
        if self.unit == "h":
            return instants // (self.count * HOUR) * (self.count * HOUR)
        days = instants // DAY
        first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
        if self.zone != UTC or last - first > max(len(days), FEW_DAYS):
            return self._instants(self._local(instants).dt.truncate(str(self)))
        each = np.arange(first, last + 1) * DAY  # most instants share a day with others, and in UTC a day is in one window
        return self._instants(self._local(each).dt.truncate(str(self)))[days - first]

    def _local(self, instants: Instants) -> pl.Series:
        """Return what the clocks of the zone show, (n,)."""
        seen = pl.Series(instants, dtype=pl.Int64).cast(pl.Datetime("us", UTC))
        return seen.dt.convert_time_zone(self.zone).dt.replace_time_zone(None)

    def _instants(self, clocks: pl.Series) -> Instants:
        """Return when the clocks show this, for the first time, or would if they were not put forward just then, (n,)."""
        shown, before = (
            clock.dt.replace_time_zone(self.zone, ambiguous="earliest", non_existent="null")
            for clock in (clocks, clocks.dt.offset_by("-24h"))
        )
        return shown.fill_null(before.dt.offset_by("24h")).dt.convert_time_zone(UTC).to_physical().to_numpy()
