"""Which groups a source has, found before anything is counted: partition keys, times, folding, and what is refused."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakedrift as ld
from lakedrift.api import plan_sweep
from lakedrift.errors import ConfigError, LakedriftError, ResourceError, UnknownNameError, UsageError
from lakedrift.grouping import Grouping
from lakedrift.profiles import Profile
from lakedrift.segment import OTHER
from lakedrift.window import ALL_TIME, NO_TIME

DAY = 86_400_000_000


def counted(grouping: Grouping) -> dict[str, int]:
    return dict(zip(grouping.labels().to_list(), grouping.rows.tolist(), strict=True))


def test_by__partition_keys_are_columns(tmp_path):
    for day, rows in (("2026-01-01", 3), ("2026-01-02", 2), ("__HIVE_DEFAULT_PARTITION__", 1), ("%3D", 4)):
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        pq.write_table(pa.table({"x": np.arange(rows) / 2, "k": ["a"] * rows}), folder / "0.parquet")
    profile = ld.profile(tmp_path, by=["day", ("day", "k")], time="day", every="1d")
    days = {"2026-01-01": 3, "2026-01-02": 2, "__HIVE_DEFAULT_PARTITION__": 1, "%3D": 4}
    assert counted(profile.grouping(["day"])) == {f"day={day}": rows for day, rows in days.items()}
    assert counted(profile.grouping(["day", "k"])) == {f"day={day}/k=a": rows for day, rows in days.items()}
    start = (datetime.date(2026, 1, 1) - datetime.date(1970, 1, 1)).days * DAY
    assert profile.grouping([]).windows.tolist() == [NO_TIME, start, start + DAY]
    assert profile.grouping([]).rows.tolist() == [5, 3, 2]
    assert [feature.name for feature in profile.features] == ["x", "k"]


def test_by__a_column_that_some_files_lack_is_null_there_and_no_feature(tmp_path):
    pq.write_table(pa.table({"x": [1.0, 2.0], "k": ["a", "b"]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"x": [3.0]}), tmp_path / "1.parquet")
    profile = ld.profile(tmp_path, by="k")
    assert counted(profile.grouping(["k"])) == {"k=__HIVE_DEFAULT_PARTITION__": 1, "k=a": 1, "k=b": 1}
    assert profile.state("k").rows.tolist() == [2]
    assert profile.grouping(["k"]).state("k").rows.tolist() == [0, 1, 1]


def test_by__null_the_empty_string_and_the_whole_lake_are_three(tmp_path):
    profile = ld.profile(pa.table({"x": [1.0, 2.0, 3.0], "k": [None, "", "a"]}), by="k")
    assert list(counted(profile.grouping(["k"]))) == ["k=__HIVE_DEFAULT_PARTITION__", "k=", "k=a"]
    assert profile.groups == ("",)
    assert (profile.grouping(["k"]).windows == ALL_TIME).all()


def test_by__a_number_is_its_text(tmp_path):
    pq.write_table(pa.table({"x": [1.0], "k": pa.array([1], pa.int64())}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"x": [2.0], "k": ["1"]}), tmp_path / "1.parquet")
    assert counted(ld.profile(tmp_path, by="k").grouping(["k"])) == {"k=1": 2}


def test_by__only_rows_that_the_filter_keeps():
    table = pa.table({"x": [1.0, 2.0, 3.0], "k": ["a", "b", "b"]})
    assert counted(ld.profile(table, by="k", where="x > 1").grouping(["k"])) == {"k=b": 2}


@pytest.mark.parametrize(
    "values",
    [
        pa.array([0, DAY // 1_000_000, None], pa.timestamp("s")),
        pa.array([1, DAY * 1_000 + 1, None], pa.timestamp("ns")),
        pa.array([0, 1, None], pa.date32()),
        pa.array([0, DAY // 1_000, None], pa.date64()),
        pa.array(["1970-01-01T23:59:59.9", "1970-01-02 00:00", "soon"]),
        pa.array(["19700101", "1970-01-01T23:30:00-02:00", ""]).dictionary_encode(),
    ],
    ids=str,
)
def test_time__of_any_type_that_says_when(tmp_path, values):
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "at": values}), tmp_path / "0.parquet")
    grouping = ld.profile(tmp_path, time="at", every="1d").grouping([])
    assert grouping.windows.tolist() == [NO_TIME, 0, DAY]
    assert grouping.rows.tolist() == [1, 1, 1]


def test_time__days_are_those_of_the_zone():
    moments = [datetime.datetime(2026, 1, 31, 23, 30, tzinfo=datetime.UTC), datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)]
    table = pa.table({"x": [1.0, 2.0], "at": pa.array(moments, pa.timestamp("us", "Europe/Vienna"))})
    profile = ld.profile(table, time="at", every="1mo")
    assert profile.every is not None
    assert (str(profile.every), profile.every.zone, profile.time) == ("1mo", "Europe/Vienna", "at")
    assert profile.grouping([]).rows.tolist() == [2]


def test_time__out_of_range_is_no_time():
    frame = pl.DataFrame({"x": [1.0, 2.0], "at": [2**62, 0]}).with_columns(pl.col("at").cast(pl.Datetime("us")))
    assert ld.profile(frame, time="at", every="1h").grouping([]).windows.tolist() == [NO_TIME, 0]


MANY = pa.table(
    {"x": np.arange(60) / 7, "k": [f"k{n}" for n in range(10) for _ in range(n + 1)] + ["k9"] * 5, "day": ["2026-01-01"] * 60}
)


def test_max_segments__too_many_are_counted_and_refused():
    with pytest.raises(ResourceError, match="10 segments by 'k', 10 groups with their windows, and at most 4") as refused:
        ld.profile(MANY, by="k", time="day", every="1d", max_segments=4)
    assert "--max-segments" in str(refused.value.hint)


def test_fold__the_largest_are_kept_and_the_rest_is_one():
    profile = ld.profile(MANY, by=["k", ("day", "k")], time="day", every="1d", max_segments=3, fold=True)
    assert counted(profile.grouping(["k"])) == {f"k={OTHER}": 28, "k=k7": 8, "k=k8": 9, "k=k9": 15}
    assert counted(profile.grouping(["day", "k"]))[f"day={OTHER}/k={OTHER}"] == 28
    assert counted(profile.grouping([])) == {"": 60}


def test_fold__the_other_side_folds_alike():
    reference = ld.profile(MANY, by="k", max_segments=3, fold=True)
    rows = pa.table({"x": [1.0] * 5, "k": ["k0", "k0", "k0", "k9", "new"], "day": ["2026-01-01"] * 5})
    current = ld.profile(rows, like=reference, by="k", max_segments=3, fold=True)
    assert counted(current.grouping(["k"])) == {f"k={OTHER}": 4, "k=k9": 1}
    assert counted(ld.merge([reference, current]).grouping(["k"]))["k=k9"] == 16


def test_fold__no_segment_of_the_reference_is_folded_because_others_are_larger_now():
    before = pl.DataFrame({"k": [key for key in "abc" for _ in range(600)], "x": 1.0})
    more = pl.DataFrame({"k": [key for key in "def" for _ in range(900)], "x": 1.0})
    found = ld.sweep(before, pl.concat([before, more]), by="k", max_segments=3, fold=True)
    status = dict(found.segments().select("segment", "status").iter_rows())
    assert [status[f"k={key}"] for key in "abc"] == ["ok"] * 3


def test_by__a_tuple_of_columns_is_one_crossed_segmentation():
    frame = pl.DataFrame({"a": ["x", "y"], "b": ["p", "q"], "n": [1, 2]})
    assert [grouping.keys for grouping in ld.profile(frame, by=("a", "b")).groupings] == [("a", "b")]
    assert [grouping.keys for grouping in ld.profile(frame, by=["a", "b"]).groupings] == [("a",), ("b",)]


def test_fold__where_there_is_room_the_largest_new_segments_are_kept():
    old = {"x": list(np.arange(1_600) / 7), "k": ["a", "b"] * 800}
    new = {"x": list(np.arange(3_000) / 7), "k": ["new"] * 2_000 + ["newer"] * 900 + ["newest"] * 100}
    current = pa.table({name: old[name] + new[name] for name in ("x", "k")})
    comparison = ld.sweep(pa.table(old), current, by="k", max_segments=3, fold=True)
    status = dict(comparison.segments().select("by.k", "status").iter_rows())
    assert status == {"a": "ok", "b": "ok", "new": "new_segment", OTHER: "new_segment"}


def test_fold__a_folded_reference_folds_the_other_side_in_any_case():
    reference = ld.profile(MANY, by="k", max_segments=3, fold=True)
    comparison = ld.sweep(reference, MANY, by="k")
    assert set(comparison.segments()["status"]) == {"ok"}


def test_fold__a_key_of_that_name_folds_nothing():
    table = pa.table({"x": np.arange(60) / 7, "k": [OTHER, "a", "b"] * 20})
    reference = ld.profile(table, by="k", max_segments=3, fold=True)
    assert counted(ld.profile(table, like=reference, by="k", max_segments=3, fold=True).grouping(["k"])) == {
        f"k={OTHER}": 20,
        "k=a": 20,
        "k=b": 20,
    }
    with pytest.raises(ConfigError, match="the reference has a segment of that name"):
        ld.profile(MANY, like=reference, by="k", max_segments=3, fold=True, features=["x"])


def test_fold__is_written_down_and_merged():
    folded = ld.profile(MANY, by=["k", "day"], max_segments=3, fold=True)
    again = Profile.from_bytes(folded.to_bytes())
    assert [one.folded for one in again.groupings] == [one.folded for one in folded.groupings] == [True, False]
    assert again.to_bytes() == folded.to_bytes()
    assert [one.folded for one in ld.merge([again.empty(), again]).groupings] == [True, False]


@pytest.mark.parametrize("lost", ["k", "at"])
@pytest.mark.parametrize("features", [None, ["x"]])
def test_sweep__a_key_that_the_current_side_lacks_is_critical(lost, features):
    days = [datetime.date(2026, 1, 1 + n % 5) for n in range(4_000)]
    before = pl.DataFrame({"x": np.arange(4_000) % 7 / 7, "k": ["a", "b"] * 2_000, "at": days})
    options = {"by": ["k", ("k", "x")], "time": "at", "every": "1d", "features": features, "max_segments": 20}
    against = "previous" if lost == "at" else "reference"
    for reference in (before, ld.profile(before, **options)):
        found = ld.sweep(reference, before.drop(lost), **options, against=against)
        judged = found.verdicts().filter(verdict="critical")
        said = "missing in current, groups by it not compared"
        assert judged.select("feature", "segment", "headline").rows() == [(lost, "", said)]
        assert found.verdicts().filter(feature="x", segment="")["verdict"].unique().to_list() == ["ok"]
        assert not found.to_polars().columns.count("by.k") or lost == "at"
    assert plan_sweep(before, before.drop(lost), **options).features


def test_sweep__a_key_that_the_reference_lacks_is_an_error_that_names_it():
    table = pl.DataFrame({"x": [1.0], "k": ["a"]})
    with pytest.raises(UnknownNameError, match="unknown column to group by: 'k', in 'DataFrame'"):
        ld.sweep(table.drop("k"), table, by="k")


def test_sweep__with_a_store_a_key_that_the_current_side_lacks_is_critical_too(tmp_path):
    table = pa.table({"x": [1.0], "k": ["a"]})
    for name, side in (("old", table), ("new", table.drop_columns(["k"]))):
        (tmp_path / name).mkdir()
        pq.write_table(side, tmp_path / name / "0.parquet")
    found = ld.sweep(tmp_path / "old", tmp_path / "new", by="k", store=tmp_path / "store")
    assert found.verdicts().filter(verdict="critical")["feature"].to_list() == ["k"]
    with pytest.raises(UnknownNameError, match=r"'k', in '.*new'"):
        ld.sweep(tmp_path / "new", tmp_path / "old", by="k", store=tmp_path / "store")


def test_memory__too_many_groups_are_an_error_beforehand():
    n = 50_000
    table = pa.table({"k": np.arange(n), **{f"x{place}": np.arange(n) / 7 for place in range(30)}})
    with pytest.raises(ResourceError, match=r"50,000 groups take .* GB for both sides"):
        ld.profile(table, by="k", max_segments=n, memory="1GB")


def test_sweep__groups_of_columns_that_changed_their_type():
    old = pa.table({"k": ["a", "b"] * 40, "x": np.arange(80) / 7, "w": ["u"] * 80, "t": [True] * 80, "n": pa.nulls(80)})
    new = pa.table({"k": ["a", "c"] * 40, "x": ["u"] * 80, "w": np.arange(80) / 7, "t": ["v"] * 80, "n": np.arange(80) // 2})
    reference = ld.profile(old, by="k")
    current = ld.profile(new, like=reference, by="k")
    fresh = ld.profile(new, by="k")
    for name in ("x", "w", "t", "n"):
        state = current.grouping(["k"]).state(name)
        assert type(state) is type(fresh.grouping(["k"]).state(name))
        assert state.rows.tolist() == [40, 40]
    assert ld.sweep(old, new, by="k").verdict == "critical"


def test_sweep__a_profile_without_the_groups_asked_for_is_refused():
    plain, grouped = ld.profile(MANY), ld.profile(MANY, by="k", time="day", every="1d")
    assert ld.sweep(grouped, MANY, by="k", time="day", every="1d").verdict == "none"
    for reference, options in ((plain, {"by": "k"}), (grouped, {"by": "x"}), (grouped, {"time": "day", "every": "1w"})):
        with pytest.raises(UsageError, match="has no groups by"):
            ld.sweep(reference, MANY, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "nested"}, ConfigError, "cannot group by 'nested': it is list"),
        ({"by": "raw"}, ConfigError, "cannot group by 'raw'"),
        ({"by": "kk"}, UnknownNameError, "unknown column to group by: 'kk'"),
        ({"by": [()]}, UsageError, "is no segmentation"),
        ({"by": [("k", "k")]}, UsageError, "each once"),
        ({"time": "at"}, UsageError, "come together"),
        ({"every": "1d"}, UsageError, "come together"),
        ({"time": "at", "every": "1x"}, ConfigError, "no length of time"),
        ({"time": "x", "every": "1d"}, ConfigError, "column 'x' is double and does not say when"),
        ({"by": "k", "max_segments": 0}, UsageError, "at least 1"),
    ],
)
def test_groupby__what_makes_no_sense_is_said(options, error, message):
    table = pa.table({"x": [1.0], "k": ["a"], "nested": [[1]], "raw": [b"a"], "at": [datetime.date(2026, 1, 1)]})
    with pytest.raises(error, match=message) as raised:
        ld.profile(table, **options)
    assert isinstance(raised.value, LakedriftError)
