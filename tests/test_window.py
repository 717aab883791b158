"""Windows of time: every instant lies in one, windows follow one another, and the calendar is that of the zone."""

from __future__ import annotations

import calendar
import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.errors import ConfigError
from lakedrift.window import ALL_TIME, FIRST, LAST, NO_TIME, Every

ZONES = ["UTC", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Vienna"]
LENGTHS = ["1h", "4h", "1d", "7d", "1w", "2w", "1mo", "1q", "1y"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def microseconds(moment: datetime.datetime) -> int:
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def local(year: int, month: int, day: int, zone: str, hour: int = 0, minute: int = 0) -> int:
    return microseconds(datetime.datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)))


@given(
    st.sampled_from(LENGTHS), st.sampled_from(ZONES), st.lists(st.integers(-3 * 10**15, 4 * 10**15), min_size=1, max_size=20)
)
def test_starts__every_instant_lies_in_one_window(length, zone, instants):
    every, moments = Every.parse(length, zone), np.array(instants)
    starts = every.starts(moments)
    ends = every.end(starts)
    assert (starts <= moments).all()
    assert (moments < ends).all()
    assert (every.starts(starts) == starts).all()
    assert (every.starts(ends) == ends).all()
    assert (every.before(ends, every) == starts).all()


@given(st.sampled_from(LENGTHS), st.lists(st.integers(FIRST, LAST), min_size=1, max_size=20))
def test_starts__of_every_year_of_four_digits(length, instants):
    every, moments = Every.parse(length), np.array(instants)
    starts = every.starts(moments)
    assert (starts <= moments).all()
    assert (moments < every.end(starts)).all()


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)))
def test_starts__weeks_begin_on_monday(day):
    moment = datetime.datetime(day.year, day.month, day.day, 13, tzinfo=datetime.UTC)
    monday = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC) - datetime.timedelta(days=day.weekday())
    assert Every.parse("1w").starts(np.array([microseconds(moment)])).tolist() == [microseconds(monday)]


@pytest.mark.parametrize(
    ("length", "zone", "moment", "start", "end"),
    [
        ("1d", "Europe/Vienna", (2026, 3, 29, 13), (2026, 3, 29), (2026, 3, 30)),  # a day of 23 hours
        ("1mo", "Asia/Kolkata", (2026, 2, 1, 0, 10), (2026, 2, 1), (2026, 3, 1)),  # in UTC it is January still
        ("1q", "UTC", (2026, 6, 30, 23), (2026, 4, 1), (2026, 7, 1)),
        ("1y", "UTC", (2024, 2, 29), (2024, 1, 1), (2025, 1, 1)),
    ],
)
def test_starts__by_hand(length, zone, moment, start, end):
    year, month, day, *rest = moment
    every = Every.parse(length, zone)
    found = every.starts(np.array([local(year, month, day, zone, *rest)]))
    assert found.tolist() == [local(*start, zone)]
    assert every.end(found).tolist() == [local(*end, zone)]


def test_starts__a_day_without_a_midnight_begins_when_the_clocks_go_on():
    every = Every.parse("1d", "America/Sao_Paulo")
    found = every.starts(np.array([local(2018, 11, 4, "America/Sao_Paulo", 15)]))
    assert found.tolist() == [local(2018, 11, 4, "America/Sao_Paulo", 1)]


def test_starts__no_time_is_a_window_of_its_own():
    every = Every.parse("1d")
    moments = np.array([NO_TIME, FIRST - 1, LAST + 1, ALL_TIME])
    assert (every.starts(moments) == NO_TIME).all()
    assert every.end(np.array([NO_TIME, ALL_TIME])).tolist() == [NO_TIME, ALL_TIME]


def test_before__a_length_of_another_unit():
    start = np.array([local(2026, 3, 31, "UTC")])
    assert Every.parse("1d").before(start, Every.parse("28d")).tolist() == [local(2026, 3, 3, "UTC")]
    assert Every.parse("1d").before(start, Every.parse("1mo")).tolist() == [local(2026, 2, 28, "UTC")]


def back(moment: datetime.datetime, length: str, zone: str) -> datetime.datetime:
    """Return when the clocks showed the same so long ago, or the last day of a shorter month."""
    count, unit = int(length.rstrip("hdwmoqy")), length.lstrip("0123456789")
    if unit == "h":
        return moment - datetime.timedelta(hours=count)
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if unit in ("d", "w"):
        shown -= datetime.timedelta(days=count * {"d": 1, "w": 7}[unit])
    else:
        year, month = divmod(shown.year * 12 + shown.month - 1 - count * {"mo": 1, "q": 3, "y": 12}[unit], 12)
        shown = shown.replace(year=year, month=month + 1, day=min(shown.day, calendar.monthrange(year, month + 1)[1]))
    return shown.replace(tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC)


def window_of(moment: datetime.datetime, unit: str, zone: str) -> datetime.datetime:
    """Return when the window of one unit begins that a moment lies in."""
    if unit == "h":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "w":
        day -= datetime.timedelta(days=day.weekday())
    if unit in ("mo", "q", "y"):
        day = day.replace(day=1, month={"mo": day.month, "q": (day.month - 1) // 3 * 3 + 1, "y": 1}[unit])
    return day.replace(tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Europe/Vienna"])
@pytest.mark.parametrize("unit", ["h", "d", "w", "mo", "q", "y"])
@pytest.mark.parametrize("length", ["1h", "36h", "1d", "7d", "1w", "1mo", "1q", "1y"])
def test_before__is_the_window_at_the_same_time_of_day(length, unit, zone):
    every = Every.parse(f"1{unit}", zone)
    first = datetime.datetime(2018, 2, 1, tzinfo=datetime.UTC)  # the clocks of all but UTC change within the year
    moments = [window_of(first + datetime.timedelta(hours=11 * step), unit, zone) for step in range(800)]
    found = every.before(np.array([microseconds(moment) for moment in moments]), Every.parse(length, zone))
    before = [min(back(moment, length, zone), moment - datetime.timedelta(microseconds=1)) for moment in moments]
    assert found.tolist() == [microseconds(window_of(moment, unit, zone)) for moment in before]


@pytest.mark.parametrize("length", ["1h", "4h", "5h", "24h", "1d", "7d", "28d", "1w", "2w", "1mo", "2mo", "1q", "1y", "2y"])
@pytest.mark.parametrize("every", ["1h", "4h", "5h", "36h", "1d", "2d", "7d", "1w", "1mo", "2mo", "1q", "1y"])
def test_divides__where_it_holds_in_every_year(every, length):
    """By the definition: a length from the start of any window is the start of one, in any zone; a few windows tell."""
    window, far = Every.parse(every, "Europe/Vienna"), Every.parse(length, "Europe/Vienna")
    moment = datetime.datetime(2025, 12, 1, tzinfo=datetime.UTC)
    starts = window.starts(np.array([microseconds(moment + datetime.timedelta(hours=7 * step)) for step in range(3_000)]))
    days = {"h": 1 / 24, "d": 1, "w": 7, "mo": 30.436875, "q": 91.310625, "y": 365.2425}
    windows = far.count * days[far.unit] / (window.count * days[window.unit])
    stretches = [back(EPOCH + datetime.timedelta(microseconds=int(start)), length, "Europe/Vienna") for start in starts[::7]]
    whole = all(window.starts(np.array([microseconds(one)])) == microseconds(one) for one in stretches)
    if window.divides(far):
        assert windows > 0.99
        assert whole or window.unit == "h"  # where the clocks changed, the same time of day may be within a window
    else:
        assert not whole or windows < 0.99


@pytest.mark.parametrize("every", ["1h", "1d"])
def test_before__a_day_that_never_was(every):
    zone = "Pacific/Apia"
    start = np.array([local(2011, 12, 31, zone)])
    found = Every.parse(every, zone).before(start, Every.parse("1d", zone))
    assert found.tolist() == [local(2011, 12, 29, zone, 23 if every == "1h" else 0)]


@pytest.mark.parametrize("text", ["", "1", "d", "0d", "-1d", "1m", "1D", "1.5h", "1 d", "99999d"])
def test_parse__is_a_length_or_an_error(text):
    with pytest.raises(ConfigError, match="is no length of time"):
        Every.parse(text)


def test_parse__is_written_as_it_is_read():
    assert [str(Every.parse(length)) for length in LENGTHS] == LENGTHS
