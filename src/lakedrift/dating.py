"""Windows as people write them: a date, or with hours a time, on the calendar of the windows."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from lakedrift.window import ALL_TIME, NO_TIME, UTC, Every

__all__ = ["known", "named", "shown", "start_of"]

DATE = "%Y-%m-%d"
CLOCK = "%Y-%m-%d %H:%M"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


def shown(starts: Iterable[int], every: Every) -> list[str]:
    """Write when windows start, in microseconds since 1970: `2026-03-01`, or of hours `2026-03-01 14:00`.

    Hours of another zone than UTC have their offset, since clocks that are put back show some of them twice.
    """
    form = DATE if every.unit != "h" else CLOCK if every.zone == UTC else CLOCK + "%:z"
    seen = pl.Series(starts, dtype=pl.Int64).cast(pl.Datetime("us", UTC)).dt.convert_time_zone(every.zone)
    return seen.dt.strftime(form).to_list()


def named(start: datetime.datetime, every: Every) -> str:
    """Say in which window something was: `on 2026-03-01`, or of any length but a day, `in the 1w from 2026-03-02`."""
    (when,) = shown([(start - EPOCH) // MICROSECOND], every)
    return f"on {when}" if str(every) == "1d" else f"in the {every} from {when}"


def start_of(window: str | datetime.date, every: Every | None) -> int:
    """Return when the window starts that is called so, in microseconds since 1970; what is no time is the start of none.

    A time or a date, or the same as ISO text, is meant in the zone of the windows unless it says its own.
    """
    if every is None:
        return ALL_TIME - 1
    with contextlib.suppress(ValueError):
        said = datetime.datetime.fromisoformat(window if isinstance(window, str) else window.isoformat())
        zoned = said if said.tzinfo else said.replace(tzinfo=ZoneInfo(every.zone))
        return (zoned - EPOCH) // MICROSECOND
    return ALL_TIME - 1


def known(windows: Iterable[int], every: Every | None) -> list[str]:
    """Return what windows are called, each once, in their order; those of rows without a time have no name."""
    starts = [start for start in np.unique(np.asarray(windows)).tolist() if start not in (NO_TIME, ALL_TIME)]
    return [] if every is None else shown(starts, every)
