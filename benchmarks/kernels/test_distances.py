"""Kernels that compare two sides: nanoseconds for each cell, bin or value that is compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lakedrift_kernels import contingency, divergence, ecdf, wasserstein

GROUPS, BINS = 100, 11
Sides = tuple[NDArray[np.int64], NDArray[np.int64]]


@pytest.fixture
def cells(rng: np.random.Generator, n: int) -> Sides:
    """Counts of one group on both sides, one for every value."""
    reference, current = rng.poisson(100, (2, 1, n))
    return reference, current


@pytest.fixture
def bins(rng: np.random.Generator) -> Sides:
    reference, current = rng.poisson(1000, (2, GROUPS, BINS))
    return reference, current


def pairs() -> NDArray[np.int64]:
    return np.zeros((1, 2), np.int64)


def test_ks_cells(measure: Callable[..., None], cells: Sides, n: int) -> None:
    measure(ecdf.ks_cells, *cells, np.zeros(n, bool), pairs(), pairs(), count=n, of="cell")


def test_ks_values(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    """All values of both sides lie in one cell."""
    sides = [np.unique(rng.integers(0, 2**63, n // 2, np.uint64)) for _ in range(2)]
    x, y = ((side, np.ones(len(side), np.int64)) for side in sides)
    sizes = np.array([len(side) for side in sides])
    last = np.array([2**64 - 1], np.uint64)
    measure(ecdf.ks_values, *x, *y, last, np.zeros((1, 2), np.int64), sizes, np.zeros(2, np.int64), count=n)


def test_wasserstein_bounds(measure: Callable[..., None], cells: Sides, n: int) -> None:
    edges, outputs = np.arange(n + 1.0), np.zeros((3, 1))
    measure(wasserstein.bounds, *cells, edges, np.zeros(n, bool), *outputs, count=n, of="cell")


@pytest.mark.parametrize("kernel", [divergence.psi, divergence.jensen_shannon, divergence.total_variation])
def test_divergence(measure: Callable[..., None], bins: Sides, kernel: Callable[..., None]) -> None:
    measure(kernel, *bins, np.zeros(GROUPS), count=GROUPS * BINS, of="bin")


def test_chi_square(measure: Callable[..., None], bins: Sides) -> None:
    measure(contingency.chi_square, *bins, np.zeros(GROUPS), np.zeros(GROUPS, np.int64), count=GROUPS * BINS, of="bin")
