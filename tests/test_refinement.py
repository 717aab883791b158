"""The second scan: exact where it was asked for or a verdict hangs on it, and silent nowhere."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from oracles import distances
from scipy import stats

import lakedrift as ld
from lakedrift import refinement
from lakedrift.errors import SourceChangedError
from lakedrift.judgement import Rules, chosen_metrics, judge
from lakedrift.metrics import ks
from lakedrift.observer import Silent
from lakedrift.refinement import doubts, refine
from lakedrift.sources import open_source
from lakedrift.threshold import SIGNIFICANCE, Thresholds

N = 3_000
MANY = 100_000  # several values a cell, whatever the grid
PLENTY = 1 << 30


def shapes(seed: int) -> dict[str, np.ndarray]:
    """Columns whose values share cells with others, of a grid that was fitted to half of them."""
    random = np.random.default_rng(seed)
    return {
        "normal": random.normal(0.2 * seed, 1, N),
        "tail": random.lognormal(0, 3, N),
        "offset": 1e9 + random.uniform(-1, 1, N),
        "single": random.normal(size=N).astype(np.float32),
        "wide": random.integers(-(2**62), 2**62, N) // 7 * 7,
        "cents": np.round(random.gamma(2, 20, N), 2),
    }


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    paths = []
    for seed, name in enumerate(("reference", "current")):
        (tmp_path / name).mkdir()
        frame = pl.DataFrame(shapes(seed))
        frame[: N // 2].write_parquet(tmp_path / name / "a.parquet", row_group_size=100)
        frame[N // 2 :].write_parquet(tmp_path / name / "b.parquet")
        paths.append(tmp_path / name)
    return paths[0], paths[1]


def ks_rows(comparison: ld.Comparison) -> dict[str, tuple[float, float, float]]:
    rows = comparison.to_polars().filter(metric="ks").select("feature", "statistic", "lower", "upper")
    return {name: (statistic, lower, upper) for name, statistic, lower, upper in rows.iter_rows()}


class Heard(Silent):
    """Remembers the stages of a run."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str, rows: int | None) -> None:
        del rows
        self.stages.append(name)


def coarse(sides: tuple[Path, Path]) -> tuple[ld.Profile, ld.Profile]:
    """Profile both sides on grids fitted to something else, so that much is in doubt."""
    other = ld.profile(pl.DataFrame({name: values[:40] * 3 for name, values in shapes(5).items()}))
    return ld.profile(sides[0], like=other), ld.profile(sides[1], like=other)


def test_exact__equals_the_fraction_to_the_last_bit(sides):
    found = ks_rows(ld.sweep(*sides, exact=True, kinds={"wide": "numeric"}))
    for name, values in shapes(0).items():
        exact = float(distances.ks(values.tolist(), shapes(1)[name].tolist()))
        assert found[name] == (exact, exact, exact), name


@pytest.mark.parametrize("threads", [1, 3])
def test_exact__of_frames_equals_that_of_files(sides, threads):
    frames = [pl.read_parquet(sorted(side.glob("*.parquet"))) for side in sides]
    assert ks_rows(ld.sweep(*frames, exact=True, threads=threads)) == ks_rows(ld.sweep(*sides, exact=True))


def test_refine__settles_what_grids_fitted_elsewhere_leave_open(sides):
    profiles = coarse(sides)
    rules = Rules(chosen_metrics(None), Thresholds.of(None, ()), 500)
    rough = judge(*profiles, rules)
    open_before = rough.unsettled("ks", undecided=False)
    assert len(open_before) >= 3
    (wanted,) = doubts(rough, exact=True, memory=PLENTY, threads=2)
    assert set(wanted) >= set(open_before)
    refined = [
        refine(profile, open_source(side), {name: states[at] for name, states in wanted.items()}, None, 2, Silent())
        for at, (profile, side) in enumerate(zip(profiles, sides, strict=True))
    ]
    settled = ks_rows(judge(*refined, rules))
    for name, (_, lower, upper) in ks_rows(rough).items():
        exact = float(distances.ks(shapes(0)[name].tolist(), shapes(1)[name].tolist()))
        assert settled[name] == (exact, exact, exact), name
        assert lower <= exact <= upper, name


def test_refine__settles_what_is_noise_at_the_lower_bound_alone():
    """A p-value is adjusted with those of all features, so these are looked into as well, though they are decided."""
    random = np.random.default_rng(12)
    sides = [pl.DataFrame({"x": random.normal(mean, 1, 400), "y": random.normal(0, 1, 400)}) for mean in (0.0, 0.25)]
    few = ld.profile(pl.DataFrame({name: random.normal(0, 0.2, 12) for name in "xy"}))
    profiles = [ld.profile(side, like=few) for side in sides]
    rules = Rules(chosen_metrics(["ks"]), Thresholds.of(None, ()), 1)
    rough = judge(*profiles, rules)
    rows = {row["feature"]: row for row in rough.to_polars().filter(metric="ks").iter_rows(named=True)}
    assert rows["x"]["lower"] < 0.1 <= rows["x"]["upper"]
    assert rows["x"]["qvalue"] > SIGNIFICANCE
    assert (rows["x"]["status"], rows["y"]["status"]) == ("undecided", "ok")
    (wanted,) = doubts(rough, exact=False, memory=PLENTY, threads=2)
    assert set(wanted) == {"x", "y"}
    refined = [
        refine(profile, open_source(side), {name: states[at] for name, states in wanted.items()}, None, 1, Silent())
        for at, (profile, side) in enumerate(zip(profiles, sides, strict=True))
    ]
    settled = judge(*refined, rules)
    assert settled.to_polars().filter(metric="ks")["status"].to_list() == ["ok", "ok"]
    assert ks_rows(settled)["x"] == (float(distances.ks(*(side["x"].to_list() for side in sides))),) * 3


def test_sweep__looks_again_where_a_limit_lies_within_the_bounds():
    random = np.random.default_rng(1)
    sides = [pl.DataFrame({"x": random.normal(mean, 1, MANY)}) for mean in (0.0, 0.3)]
    _, lower, upper = ks_rows(ld.sweep(*sides))["x"]
    assert lower < upper
    found = ld.sweep(*sides, thresholds={"ks": ((lower + upper) / 2, 1.0), "psi": (1.0, 1.0)})
    _, lower, upper = ks_rows(found)["x"]
    assert lower == upper == float(distances.ks(*(side["x"].to_list() for side in sides)))
    assert "undecided" not in found.to_polars()["status"].to_list()


def test_compare__without_data_says_that_it_is_undecided_and_takes_the_worse():
    random = np.random.default_rng(1)
    profiles = [ld.profile(pl.DataFrame({"x": random.normal(0.0, 1, MANY)}))]
    profiles.append(ld.profile(pl.DataFrame({"x": random.normal(0.3, 1, MANY)}), like=profiles[0]))
    _, lower, upper = ks_rows(ld.compare(*profiles))["x"]
    found = ld.compare(*profiles, metrics=["ks"], thresholds={"ks": ((lower + upper) / 2, 1.0)})
    (row,) = found.to_polars().filter(metric="ks").iter_rows(named=True)
    assert (row["status"], row["verdict"]) == ("undecided", "warning")
    assert found.verdict == "warning"


def test_doubts__leaves_out_what_has_no_room(sides):
    comparison = judge(*coarse(sides), Rules(chosen_metrics(None), Thresholds.of(None, ()), 500))
    (everything,) = doubts(comparison, exact=True, memory=PLENTY, threads=2)
    assert doubts(comparison, exact=True, memory=0, threads=2) == []
    rooms = [doubts(comparison, exact=True, memory=room, threads=2) for room in range(1 << 20, 7 << 19, 1 << 15)]
    kept = [{name for scan in scans for name in scan} for scans in rooms]
    assert all(fewer <= more for fewer, more in itertools.pairwise(kept))
    assert any(0 < len(names) < len(everything) for names in kept)
    assert kept[-1] == set(everything)
    assert any(len(scans) > 1 for scans in rooms)
    assert all(len(names) == sum(map(len, scans)) for names, scans in zip(kept, rooms, strict=True))


def test_doubts__shares_the_features_out_though_there_is_room(sides, monkeypatch):
    """More scans of fewer columns each read no more, and hold fewer values at a time; what is large has one of its own."""
    comparison = judge(*coarse(sides), Rules(chosen_metrics(None), Thresholds.of(None, ()), 500))
    (everything,) = doubts(comparison, exact=True, memory=PLENTY, threads=2)
    monkeypatch.setattr(refinement, "A_SCAN", 1)
    scans = doubts(comparison, exact=True, memory=PLENTY, threads=2)
    assert [len(scan) for scan in scans] == [1] * len(everything)


def test_doubts__integers_take_no_more_than_there_are(monkeypatch):
    """However often they occur: there are 2**15, and more values in doubt."""
    monkeypatch.setattr(refinement, "AT_A_TIME", 1)
    sides = [pl.DataFrame({"x": np.random.default_rng(seed).integers(0, 1 << 15, MANY)}) for seed in range(2)]
    few = ld.profile(pl.DataFrame({"x": np.arange(0, 1 << 15, 512)}))
    profiles = [ld.profile(side, like=few) for side in sides]
    comparison = judge(*profiles, Rules(chosen_metrics(["ks"]), Thresholds.of(None, ()), 500))
    (wanted,) = doubts(comparison, exact=True, memory=(1 << 16) * refinement.BYTES_A_VALUE + (2 << 20), threads=1)
    counted = sum(int(profile.state("x").cells[0, wanted["x"][0].wanted].sum()) for profile in profiles)
    assert counted > 1 << 16


def test_sweep__exact_takes_as_many_scans_as_the_budget_needs(sides, monkeypatch):
    """With room for the values of one feature at a time the distances are the same."""
    plenty = ks_rows(ld.sweep(*sides, exact=True))
    monkeypatch.setattr(refinement, "BYTES_A_VALUE", 1 << 15)
    heard = Heard()
    assert ks_rows(ld.sweep(*sides, exact=True, observer=heard, memory="600MB")) == plenty
    assert heard.stages.count("again") > 2


def hostile(seed: int) -> dict[str, np.ndarray]:
    """Columns that all lie in a few cells of a grid fitted to something far away."""
    random = np.random.default_rng(seed)
    return {
        "equal": np.concatenate([[1.2], np.full(MANY - 2, 1.3), [1.4]]),
        "nearly": np.where(random.random(MANY) < 0.5, 1.3, np.nextafter(1.3, 2.0)),
        "distinct": random.permutation(1.0 + (np.arange(MANY) + 7 * seed) * 2.0**-50),
        "two": np.where(np.arange(MANY) < 30_000 + 10_000 * seed, 1.1, np.where(np.arange(MANY) % 2, 1.2, 1.3)),
        "ends": random.choice([np.finfo(float).max, -np.inf, np.inf, 5e-324, -5e-324, 0.0, -0.0], MANY),
        "wide": random.choice(np.array([-(2**63), 2**63 - 1, 0, 1]), MANY),
    }


@pytest.mark.parametrize(("threads", "at_a_time"), [(1, 1 << 20), (3, 1_000)])
def test_refine__settles_cells_that_hold_everything(threads, at_a_time, monkeypatch):
    monkeypatch.setattr(ks, "AT_A_TIME", at_a_time)
    sides = [hostile(seed) for seed in range(2)]
    kinds = dict.fromkeys(sides[0], "numeric")
    far = {name: np.full(2, 77 if name != "wide" else 2**62 + 77, values.dtype) for name, values in sides[0].items()}
    few = ld.profile(pl.DataFrame(far), kinds=kinds)
    frames = [pl.DataFrame(side) for side in sides]
    profiles = [ld.profile(frame, like=few) for frame in frames]
    rules = Rules(chosen_metrics(None), Thresholds.of(None, ()), 500)
    (wanted,) = doubts(judge(*profiles, rules), exact=True, memory=PLENTY, threads=threads)
    assert set(wanted) == set(sides[0])
    refined = [
        refine(profile, open_source(frame), {name: states[at] for name, states in wanted.items()}, None, threads, Silent())
        for at, (profile, frame) in enumerate(zip(profiles, frames, strict=True))
    ]
    settled = ks_rows(judge(*refined, rules))
    for name in wanted:
        exact = float(distances.ks(sides[0][name].tolist(), sides[1][name].tolist()))
        assert settled[name] == (exact, exact, exact), name
        if name != "wide":
            assert exact == pytest.approx(stats.ks_2samp(sides[0][name], sides[1][name], method="asymp").statistic, abs=1e-15)


def test_refine__refuses_a_source_that_changed(sides):
    profiles = coarse(sides)
    comparison = judge(*profiles, Rules(chosen_metrics(None), Thresholds.of(None, ()), 500))
    states = {name: pair[0] for name, pair in doubts(comparison, exact=True, memory=PLENTY, threads=2)[0].items()}
    pl.DataFrame(shapes(0))[:10].write_parquet(sides[0] / "c.parquet")
    with pytest.raises(SourceChangedError, match=r"3,000 rows, then 3,010"):
        refine(profiles[0], open_source(sides[0]), states, None, 1, Silent())


def test_judge__refuses_values_that_are_not_those_counted(sides):
    profiles = coarse(sides)
    rules = Rules(chosen_metrics(None), Thresholds.of(None, ()), 500)
    (wanted,) = doubts(judge(*profiles, rules), exact=True, memory=PLENTY, threads=2)
    rewritten = pl.read_parquet(sides[0] / "a.parquet").with_columns(pl.col("normal") + 100)
    rewritten.write_parquet(sides[0] / "a.parquet")
    refined = [
        refine(profile, open_source(side), {name: states[at] for name, states in wanted.items()}, None, 1, Silent())
        for at, (profile, side) in enumerate(zip(profiles, sides, strict=True))
    ]
    with pytest.raises(SourceChangedError, match="changed between two scans"):
        judge(*refined, rules)


def test_exact__says_so_where_two_axes_keep_it_from_settling():
    random = np.random.default_rng(3)
    wide = np.append(random.integers(-(2**63), 2**63 - 1, 1_000), random.integers(0, 100, 1_000))
    narrow = random.integers(-(2**15), 2**15 - 1, 1_500, dtype=np.int16)
    swept = ld.sweep(pl.DataFrame({"x": wide}), pl.DataFrame({"x": narrow}), exact=True, kinds={"x": "numeric"})
    (row,) = swept.to_polars().filter(metric="ks").iter_rows(named=True)
    assert row["lower"] <= float(distances.ks(wide.tolist(), narrow.tolist())) <= row["upper"]
    assert (row["lower"] == row["upper"]) == (row["status"] == "ok")
