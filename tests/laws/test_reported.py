"""Every number a sweep reports, against an oracle on the raw values: on columns that break things, and on real flights."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hard_columns import hard_columns
from oracles import reported, samples
from scipy import stats

import lakedrift as ld
from lakedrift.demo import build_lake

HARD = hard_columns()
STATUSES = {
    *("ok", "insufficient_data", "undecided", "identifier", "temporal", "unsupported_type"),
    *("missing_in_reference", "missing_in_current", "type_changed", "no_valid_values", "no_rows"),
}
JUDGED = ("ok", "warning", "critical")


def assert_numbers_are_right(comparison: ld.Comparison, feature: str, sides: tuple[pl.Series, pl.Series]) -> None:
    rows = comparison.to_polars().filter(pl.col("feature") == feature)
    found = {row["metric"]: row for row in rows.iter_rows(named=True)}
    assert found
    for row in found.values():
        assert row["status"] in STATUSES
        assert row["statistic"] is not None or row["status"] not in ("ok", "undecided")
        assert row["statistic"] is None or row["lower"] <= row["statistic"] <= row["upper"]
    if "ks" in found:
        assert_distance_is_right(found["ks"], *(reported.numbers(side) for side in sides))
    if "psi" in found:
        assert_bins_are_right(comparison, feature, found, sides)


def assert_distance_is_right(row, reference: np.ndarray, current: np.ndarray) -> None:
    exact = float(samples.ks(reference, current))
    assert row["lower"] <= exact <= row["upper"]
    if row["lower"] == row["upper"]:
        assert row["statistic"] == exact
        exact_as_doubles = reference.dtype.kind == "f" or max(map(abs, [*reference.tolist(), *current.tolist()])) < 2**53
        if exact_as_doubles and min(len(reference), len(current)) > 1:
            assert row["statistic"] == pytest.approx(stats.ks_2samp(reference, current, method="asymp").statistic, abs=1e-12)


def assert_bins_are_right(comparison: ld.Comparison, feature: str, found, sides: tuple[pl.Series, pl.Series]) -> None:
    counts = reported.recounted(comparison.bins(feature), [side.to_list() for side in sides])
    assert tuple(bins.counts[0].tolist() for bins in comparison.bins(feature)) == counts
    for name, oracle in reported.BINNED.items():
        assert found[name]["statistic"] == pytest.approx(oracle(*counts), rel=1e-12, abs=1e-12), name


def assert_rates_are_right(comparison: ld.Comparison, feature: str, sides: tuple[pl.Series, pl.Series]) -> None:
    rows = comparison.to_polars().filter((pl.col("feature") == feature) & (pl.col("metric") == "null_rate"))
    shares = [side.null_count() / len(side) for side in sides]
    for row in rows.iter_rows(named=True):
        assert [row["reference_value"], row["current_value"]] == pytest.approx(shares, rel=1e-15)
        assert row["statistic"] == pytest.approx(abs(shares[1] - shares[0]), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", HARD)
def test_sweep__of_a_hard_column_gives_right_numbers_or_a_named_status(name, exact):
    sides = HARD[name]
    frames = [pl.DataFrame({"x": side, "row": range(len(side))}) for side in sides]
    comparison = ld.sweep(*frames, exact=exact, kinds={"row": "numeric"})
    assert comparison.verdicts().filter(pl.col("feature") == "x").height == 1
    assert_numbers_are_right(comparison, "x", sides)
    if all(map(len, sides)):
        assert_rates_are_right(comparison, "x", sides)


@pytest.mark.parametrize("name", [name for name, (one, _) in HARD.items() if one.dtype.is_numeric()])
def test_sweep__exact_settles_every_distance(name):
    sides = [reported.numbers(side) for side in HARD[name]]
    comparison = ld.sweep(*(pl.DataFrame({"x": side}) for side in HARD[name]), exact=True, kinds={"x": "numeric"})
    for row in comparison.to_polars().filter(pl.col("metric") == "ks").iter_rows(named=True):
        assert row["lower"] == row["statistic"] == row["upper"] == float(samples.ks(*sides))


def test_sweep__all_hard_columns_of_a_length_together_as_each_alone():
    together = {name: sides for name, sides in HARD.items() if len(sides[0]) == len(sides[1]) == 2_000}
    comparison = ld.sweep(*(pl.DataFrame({name: sides[place] for name, sides in together.items()}) for place in (0, 1)))
    assert set(comparison.verdicts()["feature"]) == set(together)
    for name, sides in together.items():
        assert_numbers_are_right(comparison, name, sides)


@pytest.mark.parametrize(
    ("name", "verdict", "status"),
    [
        ("normal", "ok", "ok"),
        ("moved", "warning", "ok"),
        ("moved beyond 2**53", "critical", "ok"),
        ("moved uint64", "critical", "ok"),
        ("another constant", "critical", "ok"),
        ("minus zero", "ok", "ok"),
        ("infinite only", "critical", "ok"),
        ("turned null", "critical", "no_valid_values"),
        ("turned NaN", "critical", "no_valid_values"),
        ("all null", "none", "insufficient_data"),
        ("all NaN", "none", "insufficient_data"),
        ("out of nothing", "none", "insufficient_data"),
        ("one row", "none", "insufficient_data"),
        ("no words", "critical", "no_valid_values"),
        ("truth", "critical", "ok"),
    ],
)
def test_sweep__of_a_hard_column_is_judged(name, verdict, status):
    comparison = ld.sweep(*(pl.DataFrame({"x": side}) for side in HARD[name]))
    assert comparison.verdicts().select("verdict", "status").row(0) == (verdict, status)


@pytest.fixture(scope="module")
def flights() -> tuple[ld.Comparison, pl.DataFrame, pl.DataFrame]:
    lake = build_lake()
    return ld.sweep(lake.reference, lake.current), *(
        pl.read_parquet(side, hive_partitioning=False) for side in (lake.reference, lake.current)
    )


def test_flights__every_number_of_every_column_is_right(flights):
    comparison, january, july = flights
    judged = comparison.verdicts().filter(pl.col("verdict").is_in(JUDGED))["feature"].to_list()
    assert {"dep_delay", "arr_delay", "temp", "wind_gust", "carrier", "origin", "dest", "distance"} <= set(judged)
    for feature in comparison.verdicts()["feature"]:
        if january[feature].dtype != pl.Datetime("us", "UTC"):
            assert_numbers_are_right(comparison, feature, (january[feature], july[feature]))
            assert_rates_are_right(comparison, feature, (january[feature], july[feature]))


def test_flights__distances_are_narrow(flights):
    ks = flights[0].to_polars().filter((pl.col("metric") == "ks") & (pl.col("status") == "ok"))
    assert ks.height >= 14
    assert (ks["upper"] - ks["lower"]).max() < 0.002
    assert not math.isnan(ks["statistic"].sum())
