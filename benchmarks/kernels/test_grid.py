from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lakedrift.binning import Binning, keys_of
from lakedrift.fitting import fit
from lakedrift_kernels import grid
from lakedrift_kernels._jit import kernel

SHAPES: dict[str, Callable[[np.random.Generator, int], NDArray[Any]]] = {
    "heavy tails": lambda rng, n: rng.lognormal(sigma=3.0, size=n),
    "two scales": lambda rng, n: np.where(rng.random(n) < 0.5, rng.normal(size=n), rng.normal(1.03, 1e-12, n)),
    "half zeros": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, rng.lognormal(size=n)),
}
by_shape = pytest.mark.parametrize("shape", SHAPES)


def fitted(shape: str, rng: np.random.Generator, n: int) -> tuple[Binning, NDArray[np.uint64]]:
    binning = fit(SHAPES[shape](rng, 50_000))
    return binning, keys_of(SHAPES[shape](rng, n), binning.axis)


@by_shape
def test_count_cells__one_hop(measure: Callable[..., None], rng: np.random.Generator, n: int, shape: str) -> None:
    """The grid without its nested windows."""
    binning, keys = fitted(shape, rng, n)
    plain = replace(binning, nested=binning.nested[:0])
    counters = np.zeros(plain.n_cells, np.int64), np.zeros(2, np.uint64)
    measure(kernel(grid.count_cells), keys, n, plain.index, plain.outer, *counters, count=n)


@by_shape
def test_count_nested_cells__two_hops(measure: Callable[..., None], rng: np.random.Generator, n: int, shape: str) -> None:
    binning, keys = fitted(shape, rng, n)
    counters = np.zeros(binning.n_cells, np.int64), np.zeros(2, np.uint64)
    tables = binning.index, binning.outer, binning.leaves, binning.inner
    measure(kernel(grid.count_nested_cells), keys, n, *tables, *counters, count=n)


def test_select_keys(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    """One cell in a hundred is wanted."""
    binning, keys = fitted("heavy tails", rng, n)
    wanted = rng.random(binning.n_cells) < 0.01
    about = np.zeros(1 << 20, bool)
    about[binning.edges[wanted] >> np.uint64(44)] = True
    measure(kernel(grid.select_keys), keys, n, *binning.tables, about, wanted, np.empty(n, np.uint64), count=n)
