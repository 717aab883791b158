"""A flood of one value, as a person meets it: named, and told from a shift."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import lakedrift as ld

N = 20_000


def flood_of(reference: np.ndarray, current: np.ndarray) -> tuple[float, str, str | None]:
    swept = ld.sweep(pl.DataFrame({"x": reference}), pl.DataFrame({"x": current}))
    (row,) = swept.to_polars().filter(metric="flood_rate").iter_rows(named=True)
    return row["statistic"], row["verdict"], json.loads(row["detail"]).get("value")


@pytest.mark.parametrize("value", [0.0, 0.25, -999.0, 1e9, 9999.0])
def test_sweep__names_the_value_that_floods_a_column(value):
    random = np.random.default_rng(2)
    reference, current = random.normal(50, 10, N), random.normal(50, 10, N)
    current[: N * 8 // 100] = value
    statistic, verdict, named = flood_of(reference, current)
    assert statistic == 0.08
    assert verdict == "warning"
    assert float(named) == value


@pytest.mark.parametrize(("mean", "deviation"), [(3.0, 1.0), (0.0, 10.0), (1e6, 1.0)])
def test_sweep__does_not_take_a_shift_for_a_flood(mean, deviation):
    random = np.random.default_rng(1)
    statistic, verdict, _ = flood_of(random.normal(0, 1, N), random.normal(mean, deviation, N))
    assert statistic < 0.02
    assert verdict == "ok"


def test_sweep__does_not_call_a_value_new_that_was_there():
    random = np.random.default_rng(3)
    sides = [np.where(random.random(N) < share, 0.0, random.normal(50, 10, N)) for share in (0.05, 0.15)]
    assert flood_of(*sides)[0] < 0.001
