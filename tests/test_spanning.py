"""When the rows of each file happened, against Polars over each file by itself."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from test_format import frame

import lakedrift as ld
from lakedrift.profiles import Profile
from lakedrift.window import NO_TIME

KEPT = "items > 3"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    root = tmp_path / "lake"
    root.mkdir()
    for number, rows in enumerate((300, 1, 0, 90, 2_000)):
        known = pl.when(pl.int_range(pl.len()) % 5 != number).then("at")
        frame(number, max(rows, 1))[:rows].with_columns(known).write_parquet(root / f"{number}.parquet", row_group_size=70)
    frame(9, 40).with_columns(pl.lit(None).cast(pl.Datetime("us")).alias("at")).write_parquet(root / "9.parquet")
    return root


def expected(path: str, where: str | None) -> tuple[tuple[int, int] | None, tuple[tuple[int | None, int], ...]]:
    rows = pl.read_parquet(path) if where is None else pl.read_parquet(path).sql(f"SELECT * FROM self WHERE {where}")
    limits = rows.select(pl.col("at").min().alias("first"), pl.col("at").max().alias("last"))
    first, last = limits.select(pl.all().dt.timestamp("us")).row(0)
    windows = rows.group_by(pl.col("at").dt.truncate("1d").dt.timestamp("us")).len().sort("at", nulls_last=False)
    return None if first is None else (first, last), tuple(windows.iter_rows())


@pytest.mark.parametrize("where", [None, KEPT])
@pytest.mark.parametrize("engine", ["polars", "duckdb", "arrow"])
def test_entries__say_when_rows_happened(engine, where, lake):
    found = ld.profile(lake, time="at", every="1d", engine=engine, where=where)
    found = Profile.from_bytes(found.to_bytes())
    for entry in found.fragments:
        assert (entry.events, entry.windows) == expected(entry.uri, where), entry.uri
    whole: dict[int | None, int] = {}
    for entry in found.fragments:
        for window, rows in entry.windows:
            whole[window] = whole.get(window, 0) + rows
    by_window = found.grouping(())
    told = zip(by_window.windows.tolist(), by_window.rows.tolist(), strict=True)
    assert whole == {None if window == NO_TIME else window: rows for window, rows in told}


def test_entries__without_a_column_of_time_say_nothing(lake):
    found = ld.profile(lake, by="country")
    assert {(entry.events, entry.windows) for entry in found.fragments} == {(None, ())}


def test_entries__are_the_same_with_a_store(lake, tmp_path):
    found = ld.profile(lake, time="at", every="1d", store=tmp_path / "store")
    again = ld.profile(lake, time="at", every="1d", store=tmp_path / "store")
    assert found.fragments == again.fragments == ld.profile(lake, time="at", every="1d").fragments


def test_entries__of_text_and_of_partitions(tmp_path):
    for day in ("2026-08-01", "2026-08-02"):
        (tmp_path / f"date={day}").mkdir()
        frame(1, 50).write_parquet(tmp_path / f"date={day}" / "a.parquet")
    found = ld.profile(tmp_path, time="date", every="1d", where=KEPT)
    rows = frame(1, 50).sql(f"SELECT * FROM self WHERE {KEPT}").height
    starts = [1_785_542_400_000_000, 1_785_628_800_000_000]
    assert [(entry.events, entry.windows) for entry in found.fragments] == [((at, at), ((at, rows),)) for at in starts]
