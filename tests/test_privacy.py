"""Private profiles: no value in the file is one that fewer than k rows share, and every count is still exact."""

from __future__ import annotations

import polars as pl
import pyarrow.parquet as pq
import pytest
from test_format import frame

import lakedrift as ld
from lakedrift.cli import main
from lakedrift.errors import UsageError
from lakedrift.profiles import Profile

K = 10


@pytest.fixture(scope="module")
def rare() -> pl.DataFrame:
    secrets = pl.Series("name", ["common"] * 290 + [f"SECRET-{number}" for number in range(9)] + ["SECRET-0"])
    return frame().with_columns(
        secrets, salary=pl.when(pl.int_range(300) == 7).then(123_456_789.5).otherwise(pl.col("far").abs())
    )


def test_private__no_rare_value_is_in_the_file(rare, tmp_path):
    path = tmp_path / "a.profile"
    profile = ld.profile(rare, private=K)
    profile.save(path)
    assert ld.load(path).private == K
    assert ld.load(path).to_bytes() == profile.to_bytes()
    rows = pl.DataFrame(pq.read_table(path))
    texts = rows["value"].drop_nulls().to_list()
    assert any("common" in text for text in texts)
    assert not any("SECRET" in text or "order-" in text for text in texts)
    assert rows.filter(field="values")["count"].min() >= K
    assert rows.filter(field="cells")["count"].min() >= K
    assert rows.filter(pl.col("field").is_in(["extremes", "near", "far", "keys"])).is_empty()
    assert rows.filter(kind="numeric", feature="salary")["low"].max() < 1e6


def test_private__counts_are_exact_and_it_compares(rare):
    plain, private = ld.profile(rare), ld.profile(rare, private=K)
    for name in ("salary", "name", "country", "items"):
        for field in ("rows", "null", "nan", "valid"):
            assert getattr(plain.state(name), field) == getattr(private.state(name), field)
    ks = ld.compare(plain, private).to_polars().filter(pl.col("metric") == "ks")
    assert (ks["lower"] == 0).all()
    merged = ld.merge([private, private])
    assert merged.private == K
    assert ld.merge([private, plain], coarsen=True).private is None


def test_private__what_cannot_be_is_said(rare):
    with pytest.raises(UsageError, match="by group"):
        ld.profile(rare, by="country", private=K)
    with pytest.raises(UsageError, match="share nothing"):
        ld.profile(rare, private=1)


def test_private__on_the_command_line(rare, tmp_path):
    rare.write_parquet(tmp_path / "a.parquet")
    assert main(["profile", str(tmp_path / "a.parquet"), "--private", "5", "-o", str(tmp_path / "a.profile")]) == 0
    assert Profile.load(tmp_path / "a.profile").private == 5
