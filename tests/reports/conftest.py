"""Comparisons of real sweeps to report on: drifted in every way, not at all, with nothing to judge, and very wide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_lake import SmallLake, write_lake

from lakedrift import api
from lakedrift.comparison import Comparison


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return write_lake(tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="session")
def drifted(lake: SmallLake) -> Comparison:
    return api.sweep(lake.old, lake.new)


@pytest.fixture(scope="session")
def alike(lake: SmallLake) -> Comparison:
    return api.sweep(lake.old, lake.like)


@pytest.fixture(scope="session")
def unjudged(lake: SmallLake) -> Comparison:
    return api.sweep(lake.times, lake.times)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Return 105 drifted features and 5 that are not."""
    root: Path = tmp_path_factory.mktemp("wide")
    values = np.arange(1_000) / 1_000
    steady = {f"steady_{index}": values for index in range(5)}
    for name, shift in (("old", 0.0), ("new", 0.5)):
        frame = pl.DataFrame({**{f"feature_{index}": values + shift for index in range(105)}, **steady})
        frame.write_parquet(root / f"{name}.parquet")
    return api.sweep(str(root / "old.parquet"), str(root / "new.parquet"))


@pytest.fixture(params=["drifted", "alike", "unjudged", "many"])
def comparison(request: pytest.FixtureRequest) -> Comparison:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Comparison)
    return found
