"""Private profiles: no value in the file is one that fewer than k rows share, and every count is still exact."""

from __future__ import annotations

import io
import itertools

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance
from test_format import frame

import lakedrift as ld
from lakedrift.binning import Binning, key_values, keys_of
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
    assert rows.filter(pl.col("low").is_finite(), field="cells")["count"].min() >= K
    assert rows.filter(pl.col("field").is_in(["extremes", "near", "far", "keys"])).is_empty()
    assert rows.filter(kind="numeric", feature="salary")["low"].max() < 1e6


def test_identifiers__keep_no_value():
    random = np.random.default_rng(3)
    hidden = pl.DataFrame(
        {
            "order": [f"order-{number}" if number % 20 else "order-none" for number in range(2_000)],
            "number": range(40_000, 42_000),
            "hash": random.integers(-(2**63), 2**63 - 1, 2_000),
            "key": random.integers(0, 2**64 - 1, 2_000, dtype=np.uint64),
        }
    )
    profile = ld.profile(hidden)
    assert {feature.kind for feature in profile.features} == {"identifier"}
    rows = pl.DataFrame(pq.read_table(io.BytesIO(profile.to_bytes())))
    assert rows.filter(pl.col("field").is_in(["values", "extremes", "near", "far"])).is_empty()
    assert not rows["value"].drop_nulls().str.contains("order-").any()
    assert rows["raw"].is_null().all()
    for name in ("number", "hash", "key"):
        binning = profile.state(name).binning
        held = np.unique(binning.cell_of(keys_of(hidden[name].to_numpy(), binning.axis)))
        ends = np.append(binning.edges, np.uint64(2**64 - 1))[held + 1]
        low, high = (key_values(keys, binning.axis) for keys in (binning.edges[held], ends))
        assert (np.abs(high - low) > 5).all()
    parts = [ld.profile(hidden[::2], like=profile), ld.profile(hidden[1::2], like=profile)]
    merged = ld.merge([Profile.from_bytes(part.to_bytes()) for part in parts])
    assert all(state.to_arrow().equals(merged.states[key].to_arrow()) for key, state in profile.states.items())
    again = ld.compare(profile, ld.profile(hidden[:1_500], like=profile)).verdicts()
    assert set(again["status"]) == {"identifier"}


@given(
    values=st.lists(st.sampled_from([-np.inf, -3.5, 0.0, 1.0, 1.25, 2.0**70, np.inf]) | st.floats(-1e9, 1e9), max_size=200),
    least=st.integers(2, 12),
)
def test_private__every_cell_holds_enough(values, least):
    state = ld.profile(pl.DataFrame({"x": values}, {"x": pl.Float64}), private=least).state("x")
    finite = state.cells[0, 1 : len(state.cells[0]) - 1]
    assert state.infinite[0] == sum(value == -np.inf for value in values)
    assert state.infinite[1] == sum(value == np.inf for value in values)
    assert finite.sum() == sum(map(np.isfinite, values))
    assert len(finite) == 1 or finite.min() >= least


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Int64, pl.UInt64])
def test_private__no_edge_tells_a_value_of_few_rows(dtype):
    rare = [2**52 + 12345, 2**50 + 777, 2**40 + 99]  # each is alone in a root of the grid, which has an edge at it
    axis = {pl.Float64: "double", pl.Int64: "int64", pl.UInt64: "uint64"}[dtype]
    wide = 0 if dtype == pl.Float64 else 2**62
    numbers = np.random.default_rng(4).integers(0, 1000, 2_000) + wide
    column = pl.DataFrame({"x": pl.Series([*numbers.tolist(), *(value + wide for value in rare)], dtype=dtype)})
    plain, private = ld.profile(column).state("x").binning, ld.profile(column, private=K).state("x").binning
    keys = keys_of(np.array([value + wide for value in rare], dtype().to_python()), axis)
    assert private.axis == plain.axis == axis
    assert np.isin(keys, plain.edges).any()
    assert not np.isin(np.concatenate([keys, keys + np.uint64(1)]), private.edges).any()
    assert private == Binning.of_edges(axis, private.edges)  # which says nothing else


def test_private__infinities_are_counted_apart(rare):
    plain, private = ld.profile(rare), ld.profile(rare, private=K)
    assert plain.state("price").infinite == private.state("price").infinite
    rates = ld.compare(plain, private, min_rows=1).to_polars().filter(pl.col("metric") == "inf_rate")
    assert (rates["statistic"] == 0).all()


def test_private__bounds_hold_whatever_the_other_side_tells():
    random = np.random.default_rng(1)
    sides = [random.uniform(0, high, 3_000) for high in (100, 200)]
    frames = [pl.DataFrame({"x": side}) for side in sides]
    plain, private = ([ld.profile(frame, private=least) for frame in frames] for least in (None, K))
    exact = {"ks": ks_2samp(*sides).statistic, "wasserstein": wasserstein_distance(*sides)}
    for pair in itertools.product(*zip(plain, private, strict=True)):
        found = ld.compare(*pair).to_polars()
        for name, statistic in exact.items():
            lower, upper = found.filter(pl.col("metric") == name).select("lower", "upper").row(0)
            assert lower <= statistic <= upper


def test_private__what_comes_later_is_compared_with_it_and_counted_on_grids_of_its_own(rare, tmp_path):
    private = ld.profile(rare, private=K)
    later = ld.profile(rare, like=private)
    assert later.state("salary").valid == private.state("salary").valid
    assert ld.profile(rare, like=private, private=K).rows == ld.sweep(private, rare, min_rows=10).profiles[1].rows
    merged = ld.merge([private, later], coarsen=True)
    assert Profile.from_bytes(merged.to_bytes()).to_bytes() == merged.to_bytes()
    assert ld.merge([later, private], coarsen=True).to_bytes() == merged.to_bytes()


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


def test_private__on_the_command_line(rare, tmp_path, capfd):
    rare.write_parquet(tmp_path / "a.parquet")
    assert main(["profile", str(tmp_path / "a.parquet"), "--private", "5", "-o", str(tmp_path / "a.profile")]) == 0
    assert Profile.load(tmp_path / "a.profile").private == 5
    capfd.readouterr()
    assert main(["show", str(tmp_path / "a.profile")]) == 0
    out = capfd.readouterr().out
    assert "e+30" not in out  # nobody knows the extremes
