from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels import moments


def sums() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.zeros(5, np.int64), np.zeros((moments.EXPONENTS, 7), np.int64)


def test_add_moments(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    measure(moments.add_moments, rng.normal(size=n), n, 0.0, float(1 << 26), *sums(), count=n)


def test_add_moments__one_in_a_hundred_far_away(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    values = np.where(rng.random(n) < 0.01, 1e9, rng.normal(size=n))
    measure(moments.add_moments, values, n, 0.0, float(1 << 26), *sums(), count=n)
