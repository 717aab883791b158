"""A verdict whose status is `ok` is that of the values themselves, however coarse the cells that it was found by."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from oracles import pvalues, samples
from test_threshold import TIERS

import lakedrift as ld
from lakedrift.threshold import LEVELS, SIGNIFICANCE, beyond_noise, false_discovery_rate

FEATURES, SEGMENTS = ("a", "b", "c", "d"), ("x", "y")
KS = {"metrics": ["ks"], "thresholds": {"ks": (TIERS.warning, TIERS.critical)}, "min_rows": 1}


def frame(random: np.random.Generator, moved: bool) -> pl.DataFrame:
    """Return bells of two segments, which are moved by about as much as the limits and as noise."""
    n = int(random.integers(200, 700))
    columns = {name: random.normal(random.uniform(0.0, 0.5) * moved, 1.0, n) for name in FEATURES}
    return pl.DataFrame({**columns, "s": np.array(SEGMENTS)[np.arange(n) % 2]})


def coarse(random: np.random.Generator) -> ld.Profile:
    """Return a profile whose grids are fitted to little and something else."""
    few = random.normal(random.uniform(-1.0, 1.0), random.uniform(0.05, 1.0), (len(FEATURES), 12))
    columns = dict(zip(FEATURES, few, strict=True))
    return ld.profile(pl.DataFrame({**columns, "s": list(SEGMENTS) * 6}), by="s", features=FEATURES)


def expected(rows: pl.DataFrame, sides: tuple[pl.DataFrame, pl.DataFrame]) -> list[str]:
    """Return the verdict of every row by the exact distance of its values and the p-values of all rows of its segmentation."""
    found = []
    for feature, segment in rows.select("feature", "segment").iter_rows():
        kept = [side if segment == "" else side.filter(pl.col("s") == segment.removeprefix("s=")) for side in sides]
        found.append((float(samples.ks(*(side[feature].to_numpy() for side in kept))), *map(len, kept), segment == ""))
    distances = np.array([distance for distance, *_ in found])
    chances = np.array([pvalues.kolmogorov_tail(distance, n, m) for distance, n, m, _ in found])
    evident = beyond_noise(false_discovery_rate(chances, np.array([whole for *_, whole in found], np.int64)))
    levels, _ = TIERS.verdicts(distances, distances, evident, evident)
    return [LEVELS[level] for level in levels]


@pytest.mark.parametrize("apart", [False, True], ids=["one grid", "grids fitted apart"])
def test_compare__a_decided_verdict_is_that_of_the_values(apart: bool) -> None:
    random, seen = np.random.default_rng(5), set()
    for _ in range(12):
        sides = frame(random, moved=False), frame(random, moved=True)
        grids = [coarse(random), coarse(random)] if apart else [coarse(random)] * 2
        profiles = [ld.profile(side, like=grid, by="s", features=FEATURES) for side, grid in zip(sides, grids, strict=True)]
        rows = ld.compare(*profiles, **KS).to_polars().filter(metric="ks")
        for row, verdict in zip(rows.iter_rows(named=True), expected(rows, sides), strict=True):
            assert row["verdict"] == verdict or row["status"] == "undecided"
            evident = row["qvalue"] <= SIGNIFICANCE  # at the attained distance, which is the least
            assert LEVELS.index(row["verdict"]) >= LEVELS.index(verdict) or not evident
            assert row["verdict"] == "ok" or evident
            seen.add((row["status"], evident, verdict))
    assert {("undecided", False, "warning"), ("undecided", False, "ok")} < seen  # what was called ok is not always
    assert {("ok", True, "warning"), ("ok", False, "ok")} < seen
