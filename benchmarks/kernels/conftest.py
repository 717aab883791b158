"""Kernels on one thread, in batches as long as `--values` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

DEFAULT_VALUES = 100_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--values", type=int, default=DEFAULT_VALUES, help="how many values a kernel is given at a time")


@pytest.fixture
def n(request: pytest.FixtureRequest) -> int:
    """How many values a kernel is given."""
    values: int = request.config.getoption("--values")
    return values


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture
def measure(benchmark: Any) -> Callable[..., None]:
    """Time a kernel that is compiled, and note how many things of what name it was given."""

    def timed(kernel: Callable[..., object], *arguments: object, count: int, of: str = "value") -> None:
        kernel(*arguments)
        benchmark.extra_info |= {"count": count, "of": of}
        benchmark(kernel, *arguments)

    return timed
