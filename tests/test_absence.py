"""Absence is drift: what the reference has and the current side lacks is critical, and said in so many words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakedrift as ld
from lakedrift.errors import SchemaError

ROWS = 2_000
NAMES = ("price", "clicks", "city", "paid", "at")
FLOODED = np.arange(ROWS) % 5 < 3


def orders(seed: int) -> dict[str, pa.Array]:
    random = np.random.default_rng(seed)
    return {
        "price": pa.array(random.normal(20, 5, ROWS)),
        "clicks": pa.array(random.integers(0, 1000, ROWS)),
        "city": pa.array(np.array(["Graz", "Linz", "Wien"])[random.integers(0, 3, ROWS)]),
        "paid": pa.array(random.random(ROWS) < 0.7),
        "at": pa.array(random.integers(0, 10**15, ROWS), pa.timestamp("us")),
    }


REFERENCE, CURRENT = orders(1), orders(2)


def write(folder: Path, *tables: dict[str, pa.Array] | pa.Table) -> str:
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(pa.table(table) if isinstance(table, dict) else table, folder / f"{number}.parquet")
    return str(folder)


def sweep(tmp_path: Path, *current: dict[str, pa.Array] | pa.Table) -> ld.Comparison:
    return ld.sweep(write(tmp_path / "reference", REFERENCE), write(tmp_path / "current", *current))


def row(comparison: ld.Comparison, feature: str) -> dict[str, object]:
    (found,) = comparison.verdicts().rows_by_key("feature", named=True, include_key=True)[feature]
    return found


def only_critical(comparison: ld.Comparison, feature: str) -> dict[str, object]:
    """The row of the one feature that is critical."""
    assert comparison.verdict == "critical"
    assert comparison.drifted.get_column("feature").to_list() == [feature]
    return row(comparison, feature)


def test_sweep__nothing_absent(tmp_path):
    comparison = sweep(tmp_path, CURRENT)
    assert comparison.verdict == "ok"
    assert comparison.drifted.is_empty()


@pytest.mark.parametrize("name", NAMES)
def test_sweep__missing_column(tmp_path, name):
    found = only_critical(sweep(tmp_path, {other: CURRENT[other] for other in NAMES if other != name}), name)
    assert (found["status"], found["decided_by"], found["headline"]) == ("missing_in_current", "presence", "missing in current")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("typed", [True, False], ids=["typed", "null type"])
def test_sweep__column_turned_to_null(tmp_path, name, typed):
    nulls = pa.nulls(ROWS, CURRENT[name].type if typed else pa.null())
    found = only_critical(sweep(tmp_path, CURRENT | {name: nulls}), name)
    assert (found["status"], found["headline"]) == ("no_valid_values", "no valid values in current")


def test_sweep__column_turned_to_nan(tmp_path):
    found = only_critical(sweep(tmp_path, CURRENT | {"price": pa.array(np.full(ROWS, np.nan))}), "price")
    assert found["status"] == "no_valid_values"


@pytest.mark.parametrize("files", [1, 3])
def test_sweep__no_rows(tmp_path, files):
    comparison = sweep(tmp_path, *[pa.table(CURRENT).slice(0, 0)] * files)
    assert comparison.verdict == "critical"
    assert set(comparison.drifted.get_column("feature")) == set(NAMES)
    assert set(comparison.drifted.get_column("status")) == {"no_rows"}
    assert set(comparison.drifted.get_column("headline")) == {"no rows in current"}


def test_sweep__no_rows_left_by_the_filter(tmp_path):
    dear = CURRENT | {"price": pa.array(np.full(ROWS, 1e6))}
    sides = write(tmp_path / "reference", REFERENCE), write(tmp_path / "current", dear)
    comparison = ld.sweep(*sides, where="price < 1000")
    assert set(comparison.drifted.get_column("status")) == {"no_rows"}


def test_sweep__some_files_without_rows(tmp_path):
    empty = pa.table(CURRENT).slice(0, 0)
    assert sweep(tmp_path, empty, CURRENT, empty).verdict == "ok"


@pytest.mark.parametrize(
    ("name", "becomes", "change"),
    [
        ("clicks", pa.array(CURRENT["clicks"].cast(pa.string())), "int64 → string"),
        ("city", pa.array([1, 2] * (ROWS // 2)), "string → int64"),
        ("clicks", CURRENT["clicks"].cast(pa.float64()), "int64 → double"),
        ("price", CURRENT["price"].cast(pa.int64(), safe=False), "double → int64"),
        ("paid", CURRENT["paid"].cast(pa.int8()), "bool → int8"),
        ("paid", CURRENT["paid"].cast(pa.string()), "bool → string"),
        ("at", CURRENT["at"].cast(pa.int64()), "timestamp[us] → int64"),
        ("at", CURRENT["at"].cast(pa.string()), "timestamp[us] → string"),
        ("city", pa.array([["Wien"]] * ROWS), "string → list<element: string>"),
        ("city", pa.array([b"Wien"] * ROWS), "string → binary"),
    ],
    ids=lambda value: value.replace(" ", "") if isinstance(value, str) else "",
)
def test_sweep__retyped_column(tmp_path, name, becomes, change):
    found = only_critical(sweep(tmp_path, CURRENT | {name: becomes}), name)
    assert (found["status"], found["headline"]) == ("type_changed", f"type changed: {change}")


def test_sweep__column_retyped_in_some_files(tmp_path):
    found = only_critical(sweep(tmp_path, CURRENT, CURRENT | {"clicks": CURRENT["clicks"].cast(pa.string())}), "clicks")
    assert found["headline"] == "type changed: int64 → mixed (int64, string)"


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("clicks", CURRENT["clicks"].cast(pa.int16())),
        ("clicks", CURRENT["clicks"].cast(pa.uint64())),
        ("price", CURRENT["price"].cast(pa.float32())),
        ("city", CURRENT["city"].cast(pa.large_string())),
        ("city", CURRENT["city"].cast(pa.string_view())),
        ("city", CURRENT["city"].dictionary_encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.type),
)
def test_sweep__another_encoding_is_no_other_type(tmp_path, name, becomes):
    assert sweep(tmp_path, CURRENT | {name: becomes}).verdict == "ok"


@pytest.mark.parametrize("name", NAMES)
def test_sweep__flood_of_nulls(tmp_path, name):
    column = CURRENT[name]
    flooded = pa.array([None if gone else value for gone, value in zip(FLOODED, column.to_pylist(), strict=True)], column.type)
    found = only_critical(sweep(tmp_path, CURRENT | {name: flooded}), name)
    assert (found["decided_by"], found["headline"]) == ("null_rate", "null 0 % → 60 %")
    assert found["statistic"] == pytest.approx(FLOODED.mean())


@pytest.mark.parametrize(
    ("value", "metric", "word"), [(np.nan, "nan_rate", "NaN"), (np.inf, "inf_rate", "±inf"), (-np.inf, "inf_rate", "±inf")]
)
def test_sweep__flood_of_nan_and_infinities(tmp_path, value, metric, word):
    flooded = np.where(FLOODED, value, CURRENT["price"].to_numpy())
    found = only_critical(sweep(tmp_path, CURRENT | {"price": pa.array(flooded)}), "price")
    assert (found["decided_by"], found["headline"]) == (metric, f"{word} 0 % → 60 %")


@pytest.mark.parametrize("name", NAMES)
def test_sweep__column_missing_in_some_files(tmp_path, name):
    table = pa.table(CURRENT)
    found = only_critical(sweep(tmp_path, table.slice(0, 1500), table.slice(1500).drop_columns([name])), name)
    assert (found["decided_by"], found["headline"]) == ("missing_rate", "missing 0 % → 25 %")


def test_sweep__column_that_is_new(tmp_path):
    comparison = sweep(tmp_path, CURRENT | {"fresh": CURRENT["price"]})
    assert comparison.verdict == "ok"
    found = row(comparison, "fresh")
    assert (found["verdict"], found["status"]) == ("none", "missing_in_reference")
    assert found["headline"] == "new: missing in reference"


def test_sweep__reference_that_is_empty_in_one_column(tmp_path):
    sides = (
        write(tmp_path / "reference", REFERENCE | {"price": pa.nulls(ROWS, pa.float64())}),
        write(tmp_path / "current", CURRENT),
    )
    comparison = ld.sweep(*sides)
    assert comparison.verdict == "ok"
    assert (row(comparison, "price")["verdict"], row(comparison, "price")["status"]) == ("none", "insufficient_data")


TIMES = {"at": REFERENCE["at"]}
KEYS = {"order": pa.array([f"order-{number}" for number in range(ROWS)]), "number": pa.array(np.arange(ROWS))}
NESTED = {"items": pa.array([[1]] * ROWS), "raw": pa.array([b"\xff"] * ROWS)}


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (TIMES, {"temporal"}),
        (KEYS, {"identifier"}),
        (NESTED, {"unsupported_type"}),
        (TIMES | KEYS | NESTED, {"temporal", "identifier", "unsupported_type"}),
        (pa.table(REFERENCE).slice(0, 499), {"insufficient_data", "temporal"}),
        (pa.table(REFERENCE).slice(0, 0), {"insufficient_data", "temporal"}),
    ],
    ids=["times", "identifiers", "nested", "all of these", "few rows", "no rows"],
)
def test_sweep__nothing_judged(tmp_path, data, statuses):
    comparison = ld.sweep(write(tmp_path / "reference", data), write(tmp_path / "current", data))
    assert comparison.verdict == "none"
    assert set(comparison.verdicts().get_column("verdict")) == {"none"}
    assert set(comparison.verdicts().get_column("status")) <= statuses


def test_sweep__empty_reference(tmp_path):
    sides = write(tmp_path / "reference", pa.table(REFERENCE).slice(0, 0)), write(tmp_path / "current", CURRENT)
    assert ld.sweep(*sides).verdict == "none"


def test_sweep__few_rows_are_judged_by_their_rates(tmp_path):
    few = pa.table(REFERENCE).slice(0, 400)
    moved = few.set_column(0, "price", pa.array([1e6] * 400))
    void = few.set_column(0, "price", pa.array([None] * 300 + [1.0] * 100))
    assert ld.sweep(few, moved).verdict == "none"
    found = row(ld.sweep(few, void), "price")
    assert (found["verdict"], found["decided_by"], found["headline"]) == ("critical", "null_rate", "null 0 % → 75 %")


@pytest.mark.parametrize("current", [{"other": pa.array([1, 2])}, {}], ids=["other columns", "no columns"])
def test_sweep__nothing_in_common(tmp_path, current):
    with pytest.raises(SchemaError, match="have no column in common") as error:
        sweep(tmp_path, current)
    assert error.value.exit_code == 3
    assert "\n" not in error.value.message
    assert "price" in (error.value.hint or "")


CITIES = np.array(["Graz", "Linz", "Wien", "Enns"])


def cities(shares: list[float], seed: int, rows: int = ROWS) -> dict[str, pa.Array]:
    return {"city": pa.array(CITIES[np.random.default_rng(seed).choice(4, rows, p=shares)])}


@pytest.mark.parametrize(
    ("now", "verdict", "words"),
    [
        ([0.45, 0.55, 0.0, 0.0], "critical", r"gone: 'Wien' 1[56].* % → 0 % and 1 more"),
        ([0.45, 0.50, 0.05, 0.0], "warning", r"gone: 'Enns' 4.* % → 0 %"),
        ([0.40, 0.40, 0.155, 0.045], "ok", None),
    ],
)
def test_sweep__category_that_is_gone(tmp_path, now, verdict, words):
    sides = write(tmp_path / "reference", cities([0.4, 0.4, 0.155, 0.045], 1)), write(tmp_path / "current", cities(now, 2))
    comparison = ld.sweep(*sides, metrics=["wasserstein"])
    (found,) = comparison.verdicts().to_dicts()
    assert found["verdict"] == verdict
    if words is not None:
        assert found["decided_by"] == "gone_rate"
        assert re.fullmatch(words, found["headline"])
        detail = comparison.to_polars().row(by_predicate=pl.col("metric") == "gone_rate", named=True)["detail"]
        assert json.loads(detail)["gone"][-1] == "Enns"


def test_sweep__categories_too_rare_to_be_missed_are_not():
    names = np.arange(3_000).astype(str)
    sides = [pl.DataFrame({"city": np.random.default_rng(seed).choice(names, ROWS)}) for seed in (1, 2)]
    assert set(sides[0]["city"]) - set(sides[1]["city"])
    (found,) = ld.sweep(*sides, metrics=["wasserstein"]).verdicts().to_dicts()
    assert found["verdict"] == "ok"


def test_sweep__category_that_is_gone_from_a_segment():
    before, now = (pl.from_arrow(pa.table(cities([0.4, 0.4, 0.15, 0.05], seed))) for seed in (1, 2))
    both = [side.with_columns(s=pl.lit(name)) for side in (before, now) for name in ("a", "b")]
    lacking = both[3].with_columns(pl.col("city").replace("Wien", "Graz"))
    comparison = ld.sweep(
        pl.concat(both[:2]), pl.concat([both[2], lacking]), by="s", metrics=["wasserstein"], features=["city"]
    )
    found = {row["segment"]: row for row in comparison.verdicts(feature="city").to_dicts()}
    assert [found[label]["verdict"] for label in ("", "s=a", "s=b")] == ["ok", "ok", "critical"]
    assert found["s=b"]["headline"] == "gone: 'Wien' 14.8 % → 0 %"
