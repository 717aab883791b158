"""The flights by carrier, airport and month, through the command line, against SciPy on filtered rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from lakedrift.cli import main
from lakedrift.demo import build_lake

NUMBERS = ("arr_delay", "air_time", "sched_dep_time")
WORDS = ("dest",)
FEATURES = [option for name in (*NUMBERS, *WORDS) for option in ("--feature", name)]
KEYS = (("carrier",), ("origin",), ("carrier", "origin"))


def swept(folder: Path, *words: str) -> pl.DataFrame:
    found = folder / "found.parquet"
    assert main(["sweep", *words, *FEATURES, "--format", "parquet", "-o", str(found), "--fail-on", "never"]) == 0
    return pl.read_parquet(found)


def in_segment(frame: pl.DataFrame, row: dict) -> pl.DataFrame:
    values = {name.removeprefix("by."): value for name, value in row.items() if name.startswith("by.") and value is not None}
    return frame.filter(pl.all_horizontal([pl.lit(True), *(pl.col(key) == value for key, value in values.items())]))


def assert_equal_to_the_oracle(row: dict, before: pl.DataFrame, now: pl.DataFrame) -> None:
    sides = [in_segment(frame, row)[row["feature"]] for frame in (before, now)]
    one, other = (side.drop_nulls() for side in sides)
    if row["metric"] == "null_rate":
        assert [row["n_reference"], row["n_current"]] == [len(side) for side in sides]
        shares = [side.null_count() / len(side) if len(side) else np.nan for side in sides]
        told = [np.nan if value is None else value for value in (row["reference_value"], row["current_value"])]
        assert told == pytest.approx(shares, nan_ok=True)
        return
    assert [row["n_reference"], row["n_current"]] == [len(one), len(other)]
    if not (len(one) and len(other)):
        assert row["statistic"] is None
    elif row["metric"] == "ks":
        exact = stats.ks_2samp(one.to_numpy(), other.to_numpy(), method="asymp").statistic
        assert row["lower"] - 1e-12 <= exact <= row["upper"] + 1e-12
    elif row["metric"] == "wasserstein":
        exact = stats.wasserstein_distance(one.to_numpy(), other.to_numpy())
        assert row["lower"] * (1 - 1e-9) <= exact <= row["upper"] * (1 + 1e-9)
    else:
        shares = [side.value_counts(normalize=True) for side in (one, other)]
        both = shares[0].join(shares[1], on=row["feature"], how="full", suffix="_now").fill_null(0.0)
        assert row["statistic"] == pytest.approx((both["proportion"] - both["proportion_now"]).abs().sum() / 2)


def compared(rows: pl.DataFrame) -> pl.DataFrame:
    of_words = (pl.col("metric") == "total_variation") & pl.col("feature").is_in(WORDS)
    of_all = pl.col("metric").is_in(["ks", "wasserstein", "null_rate"]) & (pl.col("feature") != "")
    return rows.filter(of_all | of_words)


def test_flights__by_carrier_and_origin_equal_the_oracle(tmp_path):
    lake = build_lake()
    by = [option for keys in KEYS for option in ("--by", ",".join(keys))]
    rows = compared(swept(tmp_path, str(lake.reference), str(lake.current), *by))
    january, july = (pl.read_parquet(side, hive_partitioning=False) for side in (lake.reference, lake.current))
    expected = {
        "",
        *(f"carrier={one}" for one in january["carrier"].unique()),
        *(f"origin={one}" for one in july["origin"].unique()),
    }
    assert expected <= set(rows["segment"])
    for row in rows.iter_rows(named=True):
        assert_equal_to_the_oracle(row, january, july)


def test_flights__by_month_against_the_previous_equal_the_oracle(tmp_path):
    lake = build_lake()
    words = [str(lake.root), "--time", "time_hour", "--every", "1mo", "--against", "previous", "--by", "origin"]
    rows = compared(swept(tmp_path, *words))
    flights = pl.read_parquet(lake.root, hive_partitioning=False).with_columns(
        pl.col("time_hour").dt.truncate("1mo").alias("month")
    )
    months = {start: frame for (start,), frame in flights.group_by("month")}
    starts = sorted(months)
    assert sorted(rows["window_start"].unique()) == starts[1:]
    before = dict(zip(starts[1:], starts, strict=False))
    for row in rows.iter_rows(named=True):
        start = row["window_start"]
        assert row["window_end"] == start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        assert_equal_to_the_oracle(row, months[before[start]], months[start])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--time", "time_hour", "--every", "1mo", "--against", "yesterday"], 2),
        (["--time", "time_hour", "--every", "1mo", "--against", "reference"], 2),
        (["--time", "time_hour", "--every", "1mo", "--baseline", "2013-06-01"], 2),
        (["--time", "time_hour", "--every", "1mo", "--baseline", "2013-06-01..2013-01-01"], 2),
        (["--time", "time_hour", "--every", "1mo", "--baseline", "2013-01-01..", "--feature", "dest"], 2),
        (["--against", "previous"], 2),
    ],
)
def test_flights__wrong_words_are_refused(words, code, capsys):
    assert main(["sweep", str(build_lake().root), *words]) == code
    assert "hint:" in capsys.readouterr().err


def test_flights__the_gate_looks_at_the_lake_unless_told_otherwise(tmp_path):
    lake = build_lake()
    words = [
        "sweep",
        str(lake.reference),
        str(lake.current),
        "--feature",
        "flight",
        "--by",
        "carrier",
        "-o",
        str(tmp_path / "page"),
    ]
    assert main(words) == 0
    assert "drifted in segments only: flight (carrier=MQ" in (tmp_path / "page").read_text()
    assert main([*words, "--gate", "segments"]) == 1
    assert "carrier=MQ: median" in (tmp_path / "page").read_text()
