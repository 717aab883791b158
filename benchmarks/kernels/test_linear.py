from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lakedrift.fitting import fit
from lakedrift.keying import BUFFERS
from lakedrift_kernels import numbers

SHAPES: dict[str, Callable[[np.random.Generator, int], NDArray[Any]]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "years": lambda rng, n: rng.normal(2026.0, 0.01, n),
    "prices in cents": lambda rng, n: np.round(rng.gamma(2.0, 20.0, n), 2),
    "small integers": lambda rng, n: rng.poisson(20, n),
}
NULLS = {"no null": 0.0, "nulls": 0.05}


@pytest.mark.parametrize("nulls", NULLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_add_linear(measure: Callable[..., None], rng: np.random.Generator, n: int, shape: str, nulls: str) -> None:
    """Cells, extremes and moments of a whole column."""
    binning, values = fit(SHAPES[shape](rng, 50_000)), SHAPES[shape](rng, n).astype(np.float64)
    packed = np.packbits(rng.random(n) >= NULLS[nulls], bitorder="little")
    validity = packed if NULLS[nulls] else packed[:0]
    values.flags.writeable = validity.flags.writeable = False
    state = np.zeros(binning.n_cells, np.int64), np.array([2**64 - 1, 0], np.uint64), np.zeros(5, np.int64)
    rest = np.zeros((0, 7), np.int64), np.zeros(1, np.int64)
    scratch = BUFFERS.doubles, BUFFERS.gathered, BUFFERS.keys, BUFFERS.units
    source = values, validity, 0, 0, binning.lines, (binning.centre, binning.scale)
    measure(numbers.add_linear, *source, *state, *rest, *scratch, count=n)
