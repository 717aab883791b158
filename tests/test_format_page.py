"""The page on the format tells the truth: its queries are run on the flights, and agree with them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

import lakedrift as ld
from lakedrift import container
from lakedrift import format as profile_format
from lakedrift.demo import build_lake

PAGE = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")


def block(label: str) -> str:
    found = re.search(rf"<!-- {label} -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, label
    return found[1]


@pytest.fixture(scope="module")
def flights() -> Path:
    return build_lake().reference


@pytest.fixture
def _here(flights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ld.profile(flights, by="origin").save("jan.profile")


@pytest.mark.usefixtures("_here")
def test_duckdb__counts_nulls(flights: Path) -> None:
    table = pl.read_parquet(flights, hive_partitioning=False)
    shares = dict(duckdb.execute(block("duckdb")).fetchall())
    assert "dep_delay" in shares
    for name, share in shares.items():
        assert share == pytest.approx(table[name].null_count() / table.height), name


@pytest.mark.usefixtures("_here")
def test_polars__carriers_and_delays(flights: Path) -> None:
    table = pl.read_parquet(flights, hive_partitioning=False)
    names: dict[str, pl.DataFrame] = {}
    exec(block("polars"), names)
    expected = table["carrier"].value_counts().sort("count", "carrier", descending=[True, False]).head(5)
    assert names["carriers"].rows() == expected.rows()
    hours = (
        table["dep_delay"]
        .drop_nulls()
        .value_counts()
        .group_by(hour=(pl.col("dep_delay") / 60).floor())
        .agg(pl.col("count").sum())
    )
    assert names["delays"]["count"].sum() == hours["count"].sum()


def test_page__names_every_column_and_kind() -> None:
    for name in (*container.SCHEMA.names, *profile_format.kinds()):
        assert f"`{name}`" in PAGE
    assert f"lakedrift-profile-{container.VERSION}" in PAGE


@pytest.mark.parametrize("by", [None, "origin"])
def test_compare__without_like_has_bounds_that_contain_what_it_gives_with_it(by: str | None) -> None:
    lake = build_lake()
    january, july = (ld.profile(side, by=by) for side in (lake.reference, lake.current))
    like = ld.profile(lake.current, like=january, by=by)
    keys = ["feature", "segment", "metric"]
    swept, compared = (ld.compare(january, side).to_polars() for side in (like, july))
    rows = swept.join(compared, keys, validate="1:1", suffix="_apart").filter(
        (pl.col("kind") != "categorical") | pl.lit(by is None), pl.col("statistic").is_not_nan()
    )  # of groups, the categories that have a count of their own are those that each sample had
    assert len(rows) > 200
    assert len(compared) == len(swept)
    outside = rows.filter((pl.col("statistic") < pl.col("lower_apart")) | (pl.col("statistic") > pl.col("upper_apart")))
    assert outside.rows() == []
