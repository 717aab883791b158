"""Where and since when, told in a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
import pytest

from lakedrift.story import Story, stories
from lakedrift.window import Every

DAY = dt.timedelta(days=1)
DAILY = Every(1, "d")
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def verdicts(levels: str, segments: tuple[str, ...] = (), feature: str = "x") -> pl.DataFrame:
    """Return rows of one feature, a letter a day: ok, warning, critical or none; and of segments that are critical."""
    words = {"o": "ok", "w": "warning", "c": "critical", "n": "none"}
    near = {"o": 0.04, "w": 0.14, "c": 0.5, "n": None}
    rows = [(feature, "", START + place * DAY, words[level], near[level], 0.2) for place, level in enumerate(levels)]
    rows += [(feature, segment, START, "critical", 0.4, 0.2) for segment in segments]
    columns = ["feature", "segment", "window_start", "verdict", "statistic", "critical_at"]
    schema = dict(
        zip(columns, [pl.String, pl.String, pl.Datetime("us", "UTC"), pl.String, pl.Float64, pl.Float64], strict=True)
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def told(rows: pl.DataFrame, every: Every = DAILY) -> Mapping[str, Story]:
    drifted = rows.filter(pl.col("verdict").is_in(["warning", "critical"]))
    return stories(drifted, rows.filter(pl.col("segment") == ""), every)


@pytest.mark.parametrize(
    ("levels", "spell", "history"),
    [
        ("ooocc", "since 2026-03-04", "▃▃▃██"),
        ("oowco", "2026-03-03 to 2026-03-04", "▃▃▆█▃"),
        ("ocooo", "2026-03-02", "▃█▃▃▃"),
        ("cocnc", "since 2026-03-05", "█▃█▁█"),
        ("ccc", "since 2026-03-01", "███"),
    ],
)
def test_stories__tell_the_last_spell_and_the_history(levels, spell, history):
    story = told(verdicts(levels))["x"]
    assert (story.spell, story.history) == (spell, history)


def test_stories__of_what_did_not_drift_are_none():
    assert told(verdicts("oono")) == {}


def test_stories__name_the_worst_segments_and_count_the_others():
    story = told(verdicts("oc", ("s=a", "s=b", "s=c", "s=d", "s=a", "s=e", "s=f", "s=g")))["x"]
    assert story.told() == "since 2026-03-02 · ▃█ · in s=a, s=b, s=c, s=d, s=e, s=f and 1 more segment"
    assert story.told(50) == "since 2026-03-02 · ▃█ · in s=a and 6 more segments"
    assert told(verdicts("oc", ("s=\n",)))["x"].told().endswith(r"in s=\n")


def test_stories__long_histories_are_drawn_by_the_worst_of_some():
    story = told(verdicts("o" * 100 + "c" + "o" * 264))["x"]
    assert len(story.history) <= 24
    assert story.history.count("█") == 1


@pytest.mark.parametrize(
    ("every", "spell"),
    [
        (Every(1, "d", "Asia/Tokyo"), "since 2026-03-03"),
        (Every(1, "h", "Asia/Tokyo"), "since 2026-03-03 00:00+09:00"),
        (Every(1, "h"), "since 2026-03-02 15:00"),
    ],
)
def test_stories__are_told_on_the_calendar_of_the_windows(every, spell):
    evenings = verdicts("oc").with_columns(pl.col("window_start") + pl.duration(hours=15))
    assert told(evenings, every)["x"].spell == spell
