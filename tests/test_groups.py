"""Comparisons of segments and windows: every number against an oracle that filters and calls SciPy."""

from __future__ import annotations

import datetime as dt

import grouped
import numpy as np
import polars as pl
import pytest
from scipy import stats

import lakedrift as ld
from lakedrift.against import Against
from lakedrift.window import Every

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WAYS = ("previous", "rolling:3d", "season:2d")


def lake(seed: int, days: int, rows: int = 4_000, first: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    day = np.sort(random.integers(first, first + days, rows))
    country = random.choice(np.array(["AT", "DE", "", None, "a/b=c"], object), rows, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    return pl.DataFrame(
        {
            "at": pl.Series([START + int(one) * DAY for one in day], dtype=pl.Datetime("us", "UTC")),
            "country": pl.Series(country.tolist(), dtype=pl.String),
            "price": pl.Series(np.round(random.normal(10 + (day > 5), 3, rows), 2)).set(
                pl.Series(random.random(rows) < 0.05), None
            ),
            "colour": random.choice(["red", "green", "blue"], rows),
        }
    )


def past_of(frame: pl.DataFrame, window: dt.datetime, against: str) -> pl.DataFrame:
    how, _, days = against.partition(":")
    if how == "previous":
        return frame.filter(pl.col("at") == window - DAY)
    back = int(days.rstrip("d")) * DAY
    if how == "season":
        return frame.filter(pl.col("at") == window - back)
    return frame.filter((pl.col("at") >= window - back) & (pl.col("at") < window))


def segment_of(frame: pl.DataFrame, row: dict, keys: tuple[str, ...]) -> pl.DataFrame:
    return frame.filter(pl.all_horizontal([pl.lit(True), *(pl.col(key).eq_missing(pl.lit(row[f"by.{key}"])) for key in keys)]))


def assert_row_is_right(row: dict, before: pl.DataFrame, now: pl.DataFrame) -> None:
    one, other = (side[row["feature"]].drop_nulls() for side in (before, now))
    if row["metric"] == "null_rate":
        assert (row["n_reference"], row["n_current"]) == (len(before), len(now))
        rates = [side[row["feature"]].null_count() / max(len(side), 1) for side in (before, now)]
        assert [row["reference_value"], row["current_value"]] == pytest.approx(rates)
        return
    assert (row["n_reference"], row["n_current"]) == (len(one), len(other))
    if row["metric"] == "ks" and len(one) and len(other):
        exact = stats.ks_2samp(one.to_numpy(), other.to_numpy(), method="asymp").statistic
        assert row["lower"] - 1e-12 <= exact <= row["upper"] + 1e-12
        assert row["upper"] - row["lower"] < 0.05
    if row["metric"] == "total_variation" and len(one) and len(other):
        shares = [side.value_counts(normalize=True) for side in (one, other)]
        both = shares[0].join(shares[1], on=row["feature"], how="full", suffix="_now").fill_null(0.0)
        assert row["statistic"] == pytest.approx((both["proportion"] - both["proportion_now"]).abs().sum() / 2)


@pytest.fixture(scope="module")
def dated():
    frame = lake(1, 9)
    return frame, grouped.profile(frame, by=[("country",)], time="at", every="1d", features=["price", "colour"])


def checked(rows: pl.DataFrame) -> pl.DataFrame:
    numeric = pl.col("metric").is_in(["ks", "null_rate"]) & (pl.col("feature") == "price")
    return rows.filter(numeric | (pl.col("metric").is_in(["total_variation", "null_rate"]) & (pl.col("feature") == "colour")))


@pytest.mark.parametrize("against", WAYS)
def test_one_dated_lake__equals_the_oracle(dated, against):
    frame, profile = dated
    rows = checked(ld.compare(profile, against=against).to_polars())
    assert set(rows["against"]) == {against}
    assert rows.height > 150
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        window = row["window_start"]
        assert row["window_end"] == window + DAY
        past, now = past_of(frame, window, against), frame.filter(pl.col("at") == window)
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (past, now)))


def test_one_dated_lake__with_a_baseline(dated):
    frame, profile = dated
    comparison = ld.compare(profile, baseline="2026-01-02..2026-01-04")
    rows = checked(comparison.to_polars())
    assert set(rows["against"]) == {"reference"}
    assert rows["window_start"].min() == START + 4 * DAY
    base = frame.filter(pl.col("at").is_between(START + DAY, START + 3 * DAY))
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        now = frame.filter(pl.col("at") == row["window_start"])
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (base, now)))


def test_two_lakes__by_segment_equal_the_oracle():
    before, now = lake(1, 5), lake(2, 5, first=5)
    options = {"by": [("country",), ("country", "colour")], "features": ["price", "colour"]}
    reference = grouped.profile(before, **options)
    current = grouped.profile(now, like=reference, **options)
    rows = checked(ld.compare(reference, current).to_polars())
    assert set(rows["window_start"]) == {None}
    for row in rows.iter_rows(named=True):
        keys = tuple(part.partition("=")[0] for part in row["segment"].split("/")) if row["segment"] else ()
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (before, now)))


def test_two_dated_lakes__look_back_into_the_reference():
    before, now = lake(1, 5), lake(2, 3, first=5)
    options = {"by": [("country",)], "time": "at", "every": "1d", "features": ["price", "colour"]}
    reference = grouped.profile(before, **options)
    current = grouped.profile(now, like=reference, **options)
    rows = checked(ld.compare(reference, current, against=["reference", *WAYS]).to_polars())
    both = pl.concat([before, now])
    assert set(rows["against"]) == {"reference", *WAYS}
    for row in rows.iter_rows(named=True):
        keys = ("country",) if row["segment"] else ()
        window = row["window_start"]
        past = before if row["against"] == "reference" else past_of(both, window, row["against"])
        today = now if window is None else now.filter(pl.col("at") == window)
        assert_row_is_right(row, *(segment_of(side, row, keys) for side in (past, today)))


def test_segments__null_and_empty_and_the_whole_lake_are_kept_apart(dated):
    rows = ld.compare(dated[1], against="previous").verdicts()
    keys = rows.filter(pl.col("feature") == "price").select("segment", "by.country").unique()
    assert dict(keys.iter_rows()) == {
        "": None,
        "country=": "",
        "country=__HIVE_DEFAULT_PARTITION__": None,
        "country=AT": "AT",
        "country=DE": "DE",
        "country=a%2Fb%3Dc": "a/b=c",
    }


@pytest.mark.parametrize("every", ["1h", "1d", "1w", "1mo", "1q", "1y"])
def test_against__spans_end_before_the_window(every):
    length = Every.parse(every)
    starts = length.starts(np.array([1_780_000_000_000_000, 1_790_000_000_000_000]))
    for name in ("previous", "rolling:28d", "rolling:1y", "season:1y"):
        first, stop = Against.parse(name).spans(length, starts)
        assert (first < stop).all()
        assert (stop <= starts).all()
