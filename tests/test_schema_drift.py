"""Files of one lake that do not agree on their columns: widened exactly, or named and left alone; never cast in silence."""

from __future__ import annotations

import datetime
import decimal
import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

import lakedrift as ld

ROWS = 600
STEADY = pa.array([row % 7 for row in range(ROWS)])
HALVES = [row % 50 for row in range(ROWS)]
DECIMALS = [decimal.Decimal(value) for value in HALVES]
WORDS = pa.array([f"word {value}" for value in HALVES])

NUMBERS = {
    **{
        name: pa.array(HALVES, name)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "float", "double")
    },
    "halffloat": pa.array(np.array(HALVES, np.float16)),
    "decimal(10, 2)": pa.array(DECIMALS, pa.decimal128(10, 2)),
    "decimal(20, 5)": pa.array(DECIMALS, pa.decimal128(20, 5)),
}
TEXTS = {"string": WORDS, "large_string": WORDS.cast(pa.large_string()), "dictionary": WORDS.dictionary_encode()}
OTHERS = {
    "bool": pa.array([value % 2 == 0 for value in HALVES]),
    "date": pa.array([datetime.date(2026, 8, 1 + value % 28) for value in HALVES]),
    **{f"timestamp({unit})": pa.array(HALVES, pa.timestamp(unit)) for unit in ("ms", "us", "ns")},
    "timestamp(utc)": pa.array(HALVES, pa.timestamp("us", "UTC")),
    "time": pa.array(HALVES, pa.time64("us")),
    "duration": pa.array(HALVES, pa.duration("us")),
    "binary": pa.array([b"\xff"] * ROWS),
    "list": pa.array([[value] for value in HALVES]),
    "struct": pa.array([{"a": value} for value in HALVES]),
    "decimal256": pa.array(DECIMALS, pa.decimal256(60, 2)),
}
COLUMNS = {**NUMBERS, "string": WORDS, **OTHERS}


def write(folder: Path, *columns: pa.Array | None) -> str:
    """Write one file for each column `x`, beside a steady one; None is a file without `x`."""
    folder.mkdir(parents=True)
    for number, column in enumerate(columns):
        data = {"steady": STEADY} if column is None else {"x": column, "steady": STEADY}
        pq.write_table(pa.table(data), folder / f"{number}.parquet")
    return str(folder)


def verdict(comparison: ld.Comparison, feature: str = "x") -> tuple[str, str]:
    (row,) = comparison.verdicts().rows_by_key("feature", named=True)[feature]
    return row["verdict"], row["status"]


def metric(comparison: ld.Comparison, name: str) -> dict[str, float]:
    return {row["metric"]: row for row in comparison.to_polars().rows(named=True) if row["feature"] == "x"}[name]


def against_itself(folder: Path, *columns: pa.Array | None) -> ld.Comparison:
    lake = write(folder, *columns)
    comparison = ld.sweep(lake, lake)
    assert verdict(comparison, "steady") == ("ok", "ok")
    return comparison


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(NUMBERS, 2)))
def test_sweep__numbers_of_two_types_are_one_feature(tmp_path, one, other):
    profile = ld.profile(write(tmp_path / "lake", NUMBERS[one], NUMBERS[other]))
    state = profile.state("x")
    assert profile.feature("x").kind == "numeric"
    assert state.valid.tolist() == [2 * ROWS]
    assert state.moments() == pytest.approx((np.mean(HALVES), np.var(HALVES)))


def wide(dtype: str, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    return random.integers(limits.min // (seed + 1), limits.max // (seed + 1), ROWS, dtype)


@pytest.mark.parametrize(
    "dtypes",
    [("int64", "uint64"), ("uint64", "int32"), ("int64", "double"), ("int16", "float"), ("uint8", "int8"), ("uint32", "int64")],
)
@pytest.mark.parametrize("flip", [1, -1])
def test_sweep__distance_over_files_of_two_types(tmp_path, dtypes, flip):
    sides = []
    for seed in (1, 2):
        parts = [wide(dtype, seed) if "int" in dtype else wide("int64", seed) / 3 for dtype in dtypes[::flip]]
        sides.append([pa.array(part, dtype) for part, dtype in zip(parts, dtypes[::flip], strict=True)])
    lakes = [write(tmp_path / name, *parts) for name, parts in zip(("a", "b"), sides, strict=True)]
    ks = metric(ld.sweep(*lakes, kinds={"x": "numeric"}), "ks")
    exact = stats.ks_2samp(
        *(np.concatenate([part.to_numpy().astype(float) for part in parts]) for parts in sides), method="asymp"
    )
    assert ks["lower"] - 1e-12 <= exact.statistic <= ks["upper"] + 1e-12
    assert ks["upper"] - ks["lower"] < 0.01
    assert (ks["n_reference"], ks["n_current"]) == (2 * ROWS, 2 * ROWS)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(TEXTS, 2)))
def test_sweep__strings_of_two_encodings_are_one_feature(tmp_path, one, other):
    plain = write(tmp_path / "plain", WORDS, WORDS)
    comparison = ld.sweep(plain, write(tmp_path / "lake", TEXTS[one], TEXTS[other]))
    assert verdict(comparison) == ("ok", "ok")
    assert metric(comparison, "total_variation")["statistic"] == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (one, other)
        for one, other in itertools.combinations(COLUMNS, 2)
        if other in OTHERS or (other == "string" and one in ("int64", "double", "halffloat", "decimal(10, 2)"))
    ],
)
def test_sweep__columns_of_two_kinds_are_named_and_harm_no_other(tmp_path, one, other):
    comparison = against_itself(tmp_path / "lake", COLUMNS[one], COLUMNS[other])
    assert verdict(comparison) == ("none", "unsupported_type")
    assert comparison.profiles[0].feature("x").dtype.startswith("mixed (")


@pytest.mark.parametrize("name", COLUMNS)
def test_sweep__first_file_all_null(tmp_path, name):
    comparison = against_itself(tmp_path / "lake", pa.nulls(ROWS), COLUMNS[name])
    if name in NUMBERS or name in ("string", "bool"):
        assert verdict(comparison) == ("ok", "ok")
        assert metric(comparison, "null_rate")["reference_value"] == 0.5
    else:
        assert verdict(comparison)[0] == "none"


@pytest.mark.parametrize("name", ["int64", "double", "string", "bool", "decimal(10, 2)"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_sweep__file_without_the_column(tmp_path, name, place):
    columns = [COLUMNS[name], COLUMNS[name]]
    columns.insert(place, None)
    comparison = ld.sweep(write(tmp_path / "whole", *[COLUMNS[name]] * 3), write(tmp_path / "lake", *columns))
    assert verdict(comparison) == ("critical", "ok")
    assert metric(comparison, "missing_rate")["current_value"] == pytest.approx(1 / 3)
    assert metric(comparison, "null_rate")["current_value"] == 0


def test_sweep__extra_and_reordered_columns(tmp_path):
    plain = write(tmp_path / "plain", WORDS, WORDS)
    lake = tmp_path / "lake"
    write(lake, WORDS)
    pq.write_table(pa.table({"more": STEADY, "steady": STEADY, "x": WORDS}), lake / "9.parquet")
    comparison = ld.sweep(plain, lake)
    assert {name: verdict(comparison, name) for name in ("x", "steady", "more")} == {
        "x": ("ok", "ok"),
        "steady": ("ok", "ok"),
        "more": ("none", "missing_in_reference"),
    }


def test_sweep__renamed_by_case_is_two_columns(tmp_path):
    plain = write(tmp_path / "plain", WORDS, WORDS)
    lake = tmp_path / "lake"
    write(lake, WORDS)
    pq.write_table(pa.table({"X": WORDS, "steady": STEADY}), lake / "9.parquet")
    comparison = ld.sweep(plain, lake)
    assert verdict(comparison) == ("critical", "ok")
    assert verdict(comparison, "X") == ("none", "missing_in_reference")
    assert metric(comparison, "missing_rate")["current_value"] == 0.5


def test_sweep__dictionaries_that_differ_by_file_and_row_group(tmp_path):
    """Codes mean nothing: the same words in another order are the same words."""
    plain = write(tmp_path / "plain", WORDS, WORDS)
    words = WORDS.unique().to_pylist()
    for number, order in enumerate((words, words[::-1])):
        codes = pa.array([order.index(word) for word in WORDS.to_pylist()], pa.int32())
        table = pa.table({"x": pa.DictionaryArray.from_arrays(codes, pa.array(order)), "steady": STEADY})
        (tmp_path / "lake").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "lake" / f"{number}.parquet", row_group_size=70)
    assert metric(ld.sweep(plain, tmp_path / "lake"), "total_variation")["statistic"] == 0


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("other", ["int64", "string", "bool", "list", "timestamp(us)"])
def test_sweep__any_type_against_any_other(tmp_path, name, other):
    comparison = ld.sweep(write(tmp_path / "reference", COLUMNS[name]), write(tmp_path / "current", COLUMNS[other]))
    assert verdict(comparison, "steady") == ("ok", "ok")
    looked_at = name not in ("binary", "list", "struct", "decimal256")
    changed = COLUMNS[name].type != COLUMNS[other].type and not (other == "int64" and "int" in name)
    found = verdict(comparison)
    if not looked_at:
        assert found == ("none", "unsupported_type")
    elif changed:
        assert found == ("critical", "type_changed")
    else:
        assert found in (("ok", "ok"), ("none", "temporal"))
