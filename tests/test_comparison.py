"""What a comparison says: one row a metric, one verdict a feature, worst first, and the same in every form it is handed out."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import lakedrift as ld
from lakedrift.errors import SchemaError, UnknownNameError

ROWS = 1_000
FIRST = ["feature", "kind", "segment", "window_start", "window_end", "against", "metric", "statistic", "lower", "upper"]
THEN = ["reference_value", "current_value", "pvalue", "qvalue", "n_reference", "n_current", "warning_at", "critical_at"]
LAST = ["limit_source", "status", "verdict", "detail"]
WORST_FIRST = ["critical", "warning", "ok", "none"]


def frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    random = np.random.default_rng(1)
    bell, other = random.normal(size=ROWS), random.normal(size=ROWS)
    reference = {
        "steady": bell,
        "moved": bell,
        "far": bell,
        "gone": bell,
        "retyped": bell,
        "emptied": bell,
        "flooded": bell,
        "infinite": bell,
        "word": ["a", "b"] * (ROWS // 2),
        "flag": [True, False] * (ROWS // 2),
        "key": [f"key-{number}" for number in range(ROWS)],
        "nested": [[1]] * ROWS,
        "blank": pl.Series([None] * ROWS, dtype=pl.Float64),
    }
    current = {
        "steady": other,
        "moved": other + 0.35,
        "far": other + 5.0,
        "retyped": [str(value) for value in other],
        "emptied": pl.Series([None] * ROWS, dtype=pl.Float64),
        "flooded": pl.Series(other).set(pl.Series(np.arange(ROWS) % 5 < 3), None),
        "infinite": np.where(np.arange(ROWS) % 20 == 0, np.inf, other),
        "word": ["a", "b", "a", "new"] * (ROWS // 4),
        "flag": [True, False] * (ROWS // 2),
        "key": [f"another-{number}" for number in range(ROWS)],
        "nested": [[1]] * ROWS,
        "blank": other,
        "fresh": other,
    }
    return pl.DataFrame(reference), pl.DataFrame(current)


@pytest.fixture(scope="module")
def comparison() -> ld.Comparison:
    return ld.sweep(*frames())


def verdict_of(comparison: ld.Comparison, feature: str) -> dict[str, object]:
    return comparison.verdicts().row(by_predicate=pl.col("feature") == feature, named=True)


@pytest.mark.parametrize(
    ("feature", "verdict", "status", "decided_by"),
    [
        ("steady", "ok", "ok", "ks"),
        ("moved", "warning", "ok", "psi"),
        ("far", "critical", "ok", "psi"),
        ("gone", "critical", "missing_in_current", "presence"),
        ("retyped", "critical", "type_changed", "presence"),
        ("emptied", "critical", "no_valid_values", "presence"),
        ("flooded", "critical", "ok", "null_rate"),
        ("infinite", "warning", "ok", "inf_rate"),
        ("word", "critical", "ok", "unseen_rate"),
        ("flag", "ok", "ok", "null_rate"),
        ("key", "none", "identifier", None),
        ("nested", "none", "unsupported_type", None),
        ("blank", "none", "insufficient_data", None),
        ("fresh", "none", "missing_in_reference", None),
    ],
)
def test_verdicts__of_each_kind_of_change(comparison, feature, verdict, status, decided_by):
    row = verdict_of(comparison, feature)
    assert (row["verdict"], row["status"], row["decided_by"]) == (verdict, status, decided_by)


def test_verdicts__are_one_row_a_feature_worst_first(comparison):
    verdicts = comparison.verdicts()
    assert sorted(verdicts["feature"]) == sorted({*frames()[0].columns, *frames()[1].columns})
    order = [WORST_FIRST.index(verdict) for verdict in verdicts["verdict"]]
    assert order == sorted(order)
    assert set(verdicts["segment"]) == {""}


def test_verdict__is_the_worst_of_all(comparison):
    assert comparison.verdict == "critical"
    assert set(comparison.drifted["verdict"]) == {"critical", "warning"}
    reference, current = (frame.select("steady", "moved") for frame in frames())
    assert ld.sweep(reference, current).verdict == "warning"
    assert ld.sweep(reference, reference).verdict == "ok"
    assert ld.sweep(frames()[0].select("key"), frames()[1].select("key")).verdict == "none"


def test_to_polars__has_the_promised_columns_in_order(comparison):
    rows = comparison.to_polars()
    assert rows.columns[: len(FIRST) + len(THEN) + len(LAST)] == [*FIRST, *THEN, *LAST]
    assert rows.schema["window_start"] == pl.Datetime("us", "UTC")
    assert not rows.select(pl.col(pl.Float64).is_nan().any()).transpose().to_series().any()
    assert rows.select("feature", "metric").is_duplicated().sum() == 0


def test_to_polars__says_what_limits_were_used_and_where_they_come_from():
    reference, current = (frame.select("moved", "steady") for frame in frames())
    limits = {"ks": (0.5, 0.6), "features": {"st*": {"wasserstein": (0.0, 0.0)}}}
    comparison = ld.sweep(reference, current, thresholds=limits)
    rows = {row["feature"] + " " + row["metric"]: row for row in comparison.to_polars().iter_rows(named=True)}
    told = {name: (row["warning_at"], row["critical_at"], row["limit_source"]) for name, row in rows.items()}
    assert told["moved ks"] == told["steady ks"] == (0.5, 0.6, "config")
    assert told["moved psi"] == (0.1, 0.2, "default")
    assert told["moved wasserstein"] == (None, None, None)
    assert told["steady wasserstein"] == (0.0, 0.0, "config")
    assert rows["moved ks"]["verdict"] == "ok"
    assert rows["steady wasserstein"]["verdict"] == "critical"


def test_to_polars__every_row_obeys_its_limits(comparison):
    for row in (
        comparison.to_polars().filter(pl.col("status") == "ok", pl.col("warning_at").is_not_null()).iter_rows(named=True)
    ):
        evident = row["qvalue"] is None or row["qvalue"] <= 0.05
        level = (row["statistic"] >= row["warning_at"]) + (row["statistic"] >= row["critical_at"]) if evident else 0
        assert row["verdict"] == ["ok", "warning", "critical"][level]


def test_sweep__too_few_rows_are_judged_by_their_rates_only():
    reference, current = (frame.select("far", "flooded").head(60) for frame in frames())
    comparison = ld.sweep(reference, current)
    judged = comparison.to_polars().filter(pl.col("verdict") != "none")
    assert set(judged["metric"]) == {"null_rate"}
    assert set(comparison.to_polars().filter(pl.col("metric") == "ks")["status"]) == {"insufficient_data"}
    assert verdict_of(comparison, "flooded")["verdict"] == "critical"
    assert verdict_of(ld.sweep(reference, current, min_rows=20), "far")["verdict"] == "critical"


def test_sweep__with_nothing_in_common_is_an_error():
    with pytest.raises(SchemaError) as caught:
        ld.sweep(pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1]}))
    assert caught.value.exit_code == 3


def test_sweep__no_current_rows_is_critical():
    reference, current = (frame.select("steady", "word") for frame in frames())
    comparison = ld.sweep(reference, current.clear())
    assert comparison.verdict == "critical"
    assert set(comparison.verdicts()["status"]) == {"no_rows"}


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("far", ["median", "→"]),
        ("gone", ["missing in current"]),
        ("retyped", ["double", "string"]),
        ("emptied", ["no valid values"]),
        ("flooded", ["null", "0 %", "60 %"]),
        ("infinite", ["inf", "0 %", "5 %"]),
        ("word", ["unseen", "25 %"]),
        ("key", ["identifier"]),
        ("fresh", ["missing in reference"]),
    ],
)
def test_headline__says_what_changed(comparison, feature, words):
    headline = str(verdict_of(comparison, feature)["headline"])
    assert all(word in headline for word in words), headline


def test_forms__say_the_same(comparison):
    rows = comparison.to_polars()
    assert pl.DataFrame(comparison.to_arrow()).equals(rows)
    pandas = comparison.to_pandas()
    assert list(pandas.columns) == rows.columns
    assert pandas["statistic"].dropna().tolist() == rows["statistic"].drop_nulls().to_list()
    told = comparison.to_dict()
    assert told["verdict"] == comparison.verdict
    assert [row["feature"] for row in told["verdicts"]] == comparison.verdicts()["feature"].to_list()
    assert len(told["metrics"]) == rows.height


def test_forms__are_strict_json_whatever_is_infinite(comparison):
    rows = comparison.to_polars()
    assert rows.filter(pl.col("feature") == "infinite", pl.col("metric") == "wasserstein")["statistic"].to_list() == [
        float("inf")
    ]
    assert json.loads(json.dumps(comparison.to_dict(), allow_nan=False)) == comparison.to_dict()
    assert all(isinstance(json.loads(detail), dict) for detail in rows["detail"])


def test_detail__tells_the_bins_behind_a_row(comparison):
    rows = comparison.to_polars().filter(pl.col("feature") == "far", pl.col("metric") == "psi")
    detail = json.loads(rows["detail"][0])
    reference, current = comparison.bins("far")
    assert detail["bins"] == list(reference.labels)
    assert detail["edges"] == list(reference.edges)
    assert (detail["reference"], detail["current"]) == (reference.counts[0].tolist(), current.counts[0].tolist())


@pytest.mark.parametrize("feature", ["far", "word", "flag", "infinite"])
def test_histogram__counts_every_valid_value_once(comparison, feature):
    histogram = comparison.histogram(feature, bins=8)
    valid = comparison.to_polars().filter(pl.col("feature") == feature, pl.col("metric") == "psi")
    assert len(histogram.labels) == len(histogram.reference) == len(histogram.current) <= 8
    assert (histogram.reference.sum(), histogram.current.sum()) == (valid["n_reference"][0], valid["n_current"][0])


def test_histogram__there_is_none_where_a_side_has_nothing(comparison):
    assert comparison.histogram("gone") is None
    assert comparison.histogram("fresh") is None
    with pytest.raises(UnknownNameError):
        comparison.histogram("far", segment="country=AT")


def test_sides__say_what_was_compared(comparison):
    assert (comparison.reference.rows, comparison.current.rows) == (ROWS, ROWS)
    assert comparison.seconds > 0
    assert "critical" in repr(comparison)
    profiles = [ld.profile(frame) for frame in frames()]
    assert ld.compare(*profiles).seconds is None


def test_compare__of_profiles_agrees_with_the_sweep_of_their_data(comparison):
    reference, current = frames()
    before = ld.profile(reference)
    compared = ld.compare(before, ld.profile(current, like=before))
    assert compared.to_polars().equals(comparison.to_polars())
    apart = ld.compare(before, ld.profile(current)).to_polars().filter(pl.col("metric") == "ks")
    together = comparison.to_polars().filter(pl.col("metric") == "ks")
    joined = apart.join(together, on="feature", suffix="_like")
    assert joined.height > 4
    assert (
        joined.select((pl.col("lower") <= pl.col("upper_like")) & (pl.col("lower_like") <= pl.col("upper"))).to_series().all()
    )
