"""Correlations from end to end: from files to a table of pairs, whatever reads, counts, keeps and merges them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lakedrift as ld
from lakedrift.cli import main
from lakedrift.errors import ConfigError, UnknownNameError, UsageError
from lakedrift.profiles import Profile
from lakedrift.report import Canvas, report

ROWS = 3_000
NAMES = ("amount", "count", "price", "tax")
KEY = ("comoments", NAMES)


def frame(rho: float, seed: int = 1, rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    amount = random.lognormal(size=rows)
    noise = random.normal(size=rows)
    table = pl.DataFrame(
        {
            "price": 1e6 + amount + noise,
            "amount": amount,
            "tax": rho * amount + noise * (1 - rho),
            "count": random.integers(0, 9, rows),
            "city": random.choice(["Graz", "Wien"], rows),
        }
    )
    return table.with_columns(tax=pl.when(pl.int_range(rows) % 7 > 0).then("tax"))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    for part, table in enumerate(frame(0.9).iter_slices(1_000)):
        table.write_parquet(folder / f"{part}.parquet", row_group_size=300)
    return folder


def by_pair(table: pl.DataFrame) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["feature_a"], row["feature_b"]): row for row in table.iter_rows(named=True)}


def state_bytes(profile: Profile) -> bytes:
    return profile.states[KEY].to_arrow().to_pandas().to_csv().encode()


def test_sweep__lists_pairs_by_how_far_they_are_apart():
    before, now = frame(0.9), frame(0.1, 2)
    table = ld.sweep(before, now, correlations=True).correlations()
    assert table["change"].abs().is_sorted(descending=True)
    assert table.row(0, named=True)["feature_b"] == "tax"
    pairs = by_pair(table)
    assert set(pairs) == {(one, other) for one in NAMES for other in NAMES if one < other}
    for (one, other), row in pairs.items():
        for side, data in (("reference", before), ("current", now)):
            both = data.select(one, other).drop_nulls()
            assert row[side] == pytest.approx(np.corrcoef(both.to_numpy().T)[0, 1], abs=1e-6)
            assert row[f"n_{side}"] == len(both)
        assert row["change"] == row["current"] - row["reference"]
        assert row["lower"] <= row["change"] <= row["upper"]
        assert row["pvalue"] <= row["qvalue"] <= 1
        assert row["status"] == "ok"
    comparison = ld.sweep(before, now, correlations=True)
    assert comparison.correlations(2).rows() == table.head(2).rows()
    assert comparison.to_dict()["correlations"] == table.to_dicts()


def test_sweep__without_them_there_are_none():
    comparison = ld.sweep(frame(0.9), frame(0.1, 2))
    assert comparison.correlations().is_empty()
    assert comparison.to_dict()["correlations"] == []
    assert all(kind != "comoments" for kind, _ in comparison.profiles[0].states)


@pytest.mark.parametrize("engine", ["polars", "duckdb", "arrow"])
def test_profile__no_reader_threads_or_files_change_a_byte(lake, engine):
    whole = ld.profile(frame(0.9), correlations=True, threads=1)
    found = ld.profile(lake, correlations=True, engine=engine, threads=3, like=whole)
    assert state_bytes(found) == state_bytes(whole)
    assert found.states[KEY].rows.tolist() == [ROWS]


def test_profile__what_a_file_lacks_is_absent_from_its_rows(lake):
    before = ld.profile(lake, correlations=True)
    pl.read_parquet(lake / "1.parquet").drop("tax").write_parquet(lake / "1.parquet")
    found = ld.profile(lake, correlations=True, like=before)
    table = by_pair(ld.compare(before, found).correlations())
    assert table["amount", "price"]["change"] == 0
    held = pl.concat([pl.read_parquet(lake / f"{part}.parquet") for part in (0, 2)]).drop_nulls("tax")
    assert table["amount", "tax"]["n_current"] == len(held)
    assert table["amount", "tax"]["current"] == pytest.approx(held.select(pl.corr("amount", "tax")).item(), abs=1e-6)


def test_profile__parts_that_are_saved_and_merged_are_the_whole(lake, tmp_path):
    whole = ld.profile(lake, correlations=["price", "t*"])
    for part in range(3):
        ld.profile(lake / f"{part}.parquet", correlations=["price", "t*"], like=whole).save(tmp_path / f"{part}.profile")
    merged = ld.merge([ld.load(tmp_path / f"{part}.profile") for part in (2, 0, 1)])
    key = ("comoments", ("price", "tax"))
    assert merged.states[key].to_arrow().equals(whole.states[key].to_arrow(), check_metadata=True)
    assert len(ld.compare(merged, whole).correlations()) == 1
    apart = [ld.profile(frame(rho, 3), correlations=True) for rho in (0.1, 0.9)]
    assert not any(kind == "comoments" for kind, _ in ld.merge(apart, coarsen=True, allow_duplicates=True).states)


def test_profile__by_group_they_are_of_the_whole_lake():
    profile = ld.profile(frame(0.9), correlations=True, by="city")
    assert state_bytes(profile) == state_bytes(ld.profile(frame(0.9), correlations=True))
    assert all(kind != "comoments" for kind, _ in profile.groupings[0].states)


def test_store__the_same_bytes_as_without_one_also_when_a_file_goes(lake, tmp_path):
    options = {"correlations": True, "store": tmp_path / "store"}
    first = ld.profile(lake, **options)
    assert state_bytes(first) == state_bytes(ld.profile(lake, correlations=True))
    frame(0.2, 9, 500).write_parquet(lake / "3.parquet")
    (lake / "0.parquet").unlink()
    second = ld.profile(lake, **options)
    assert state_bytes(second) == state_bytes(ld.profile(lake, correlations=True, like=first))
    assert not any(kind == "comoments" for kind, _ in ld.profile(lake, store=tmp_path / "store").states)


def test_sweep__columns_that_one_side_lacks_say_so():
    table = by_pair(ld.sweep(frame(0.9), frame(0.9).drop("tax"), correlations=True).correlations())
    assert table["amount", "tax"]["status"] == "missing_in_current"
    assert table["amount", "tax"]["change"] is None
    assert table["amount", "tax"]["lower"] is None
    assert table["amount", "price"]["status"] == "ok"
    changed = frame(0.9).with_columns(pl.col("tax").cast(pl.String))
    table = by_pair(ld.sweep(frame(0.9), changed, correlations=["price", "tax", "amount"]).correlations())
    assert table["amount", "tax"]["status"] == "missing_in_current"


def test_sweep__of_hundreds_of_columns_a_share_of_the_rows():
    random = np.random.default_rng(0)
    table = pl.DataFrame(random.normal(size=(2_000, 300)), schema=[f"c{place:03}" for place in range(300)])
    comparison = ld.sweep(table, table.head(1_500), correlations=True)
    (state,) = (state for (kind, _), state in comparison.profiles[0].states.items() if kind == "comoments")
    row = comparison.correlations().row(0, named=True)
    assert 850 < row["n_reference"] < 1_150
    assert row["n_reference"] == 2_000 - state.left[0]
    assert row["status"] == "ok"


def test_sweep__what_cannot_be_asked_for():
    before, now = frame(0.9), frame(0.1)
    with pytest.raises(UnknownNameError, match="prize"):
        ld.sweep(before, now, correlations=["prize", "tax"])
    with pytest.raises(ConfigError, match="'city' is categorical"):
        ld.sweep(before, now, correlations=["price", "city"])
    with pytest.raises(UsageError, match="two numeric columns"):
        ld.sweep(before, now, correlations="t*")
    with pytest.raises(UsageError, match="has no correlations"):
        ld.sweep(ld.profile(before), now, correlations=True)
    with pytest.raises(UsageError, match="cannot be private"):
        ld.profile(before, correlations=True, private=10)
    dated = before.with_columns(at=pl.datetime(2026, 1, 1) + pl.duration(hours=pl.int_range(ROWS)))
    with pytest.raises(UsageError, match="two datasets"):
        ld.sweep(dated, time="at", every="1d", correlations=True)
    wide = pl.DataFrame({f"c{place}": [1.0, 2.0] for place in range(1_025)})
    with pytest.raises(UsageError, match="1,025 columns"):
        ld.profile(wide, correlations=True)


def test_sweep__of_one_number_there_is_no_pair():
    assert (
        ld.sweep(frame(0.9).select("tax", "city"), frame(0.1).select("tax", "city"), correlations=True)
        .correlations()
        .is_empty()
    )


def text(name: str, comparison: ld.Comparison) -> str:
    return b"".join(report(name).render(comparison, Canvas())).decode()


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_reports__tell_the_pairs_that_changed(name):
    changed = ld.sweep(frame(0.9), frame(-0.5, 2), correlations=True)
    assert "correlations: amount × tax 1.00 → -0.5" in text(name, changed)
    same = ld.sweep(frame(0.9), frame(0.9, 2).with_columns(count=pl.lit(3)), correlations=True)
    assert "correlations: none of 3 pairs changed by 0.1 or more, 3 pairs undefined" in text(name, same)
    assert "correlations" not in text(name, ld.sweep(frame(0.9), frame(0.9, 2)))


def test_reports__json_has_all_pairs():
    comparison = ld.sweep(frame(0.9), frame(0.1, 2), correlations=True)
    assert json.loads(text("json", comparison)) == comparison.to_dict()


def test_main__sweeps_and_profiles_with_correlations(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    frame(0.9).write_parquet("a.parquet")
    frame(-0.5, 2).write_parquet("b.parquet")
    main(["sweep", "a.parquet", "b.parquet", "--correlations", "*", "--format", "json", "--fail-on", "never"])
    assert len(json.loads(capfd.readouterr().out)["correlations"]) == 6
    Path("lakedrift.toml").write_text('correlations = ["price", "t*"]\n[tables.all]\ncorrelations = true\n')
    for options, pairs in (([], 1), (["--table", "all"], 6), (["--correlations", "price", "--correlations", "amount"], 1)):
        main(["sweep", "a.parquet", "b.parquet", "--format", "json", "--fail-on", "never", *options])
        assert len(json.loads(capfd.readouterr().out)["correlations"]) == pairs
        for side in ("a", "b"):
            assert main(["profile", f"{side}.parquet", "-o", f"{side}.profile", *options]) == 0
        capfd.readouterr()
        main(["compare", "a.profile", "b.profile", "--format", "json", "--fail-on", "never"])
        assert len(json.loads(capfd.readouterr().out)["correlations"]) == pairs
