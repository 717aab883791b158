from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lakedrift_kernels import moments
from lakedrift_kernels._jit import kernel


def test_add_near(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    measure(kernel(moments.add_near), rng.normal(size=n), n, 0.0, float(1 << 26), np.zeros(5, np.int64), count=n)


def test_add_far__one_in_a_hundred(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    values = np.where(rng.random(n) < 0.01, 1e9, rng.normal(size=n))
    measure(moments.add_far, values, n, 0.0, float(1 << 26), np.zeros((moments.EXPONENTS, 7), np.int64), count=n)
