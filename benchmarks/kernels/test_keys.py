from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lakedrift_kernels import keys
from lakedrift_kernels._jit import kernel

ALL_VALID = np.empty(0, np.uint8)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32"])
def test_double_keys(measure: Callable[..., None], rng: np.random.Generator, n: int, dtype: str) -> None:
    values = (1000.0 * rng.normal(size=n)).astype(dtype)
    measure(kernel(keys.double_keys), values, ALL_VALID, 0, np.empty(n), np.empty(n, np.uint64), count=n)


def test_double_keys__with_nulls(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    validity = np.packbits(rng.random(n) >= 0.1, bitorder="little")
    measure(kernel(keys.double_keys), rng.normal(size=n), validity, 0, np.empty(n), np.empty(n, np.uint64), count=n)


def test_integer_keys(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    patterns, outputs = rng.integers(0, 2**63, n).view(np.uint64), (np.empty(n), np.empty(n, np.uint64))
    measure(kernel(keys.integer_keys), patterns, ALL_VALID, 0, np.uint64(1 << 63), np.uint64(1 << 63), *outputs, count=n)
