"""Windows of time: every instant lies in one, windows follow one another, and the calendar is that of the zone."""

from __future__ import annotations

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


@pytest.mark.parametrize("text", ["", "1", "d", "0d", "-1d", "1m", "1D", "1.5h", "1 d", "99999d"])
def test_parse__is_a_length_or_an_error(text):
    with pytest.raises(ConfigError, match="is no length of time"):
        Every.parse(text)


def test_parse__is_written_as_it_is_read():
    assert [str(Every.parse(length)) for length in LENGTHS] == LENGTHS
