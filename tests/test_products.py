"""Sums of products of columns, against Python's integers, at the limits of what a double holds."""

from __future__ import annotations

import numpy as np
import pytest

from lakedrift import products, wide

DIGIT = 2**20


def integers(parts: products.Parts) -> list[list[int]]:
    words = np.zeros((3, *parts[0].shape), np.int64)
    wide.add(words, *parts)
    return wide.integers(words).tolist()


def exact(rows: list[list[int]], others: list[list[int]]) -> list[list[int]]:
    return [[sum(x * y for x, y in zip(row, other, strict=True)) for other in others] for row in rows]


def block(k: int, n: int, *, worst: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return digits of k columns, of which only the second and the last have a high one, and their marks."""
    random = np.random.default_rng(k * n)
    low, high = random.integers(-DIGIT, DIGIT + 1, (2, k, n)).astype(np.float64)
    if worst:
        low[:], high[:] = DIGIT, DIGIT
        low[0] = -DIGIT
    high[[place for place in range(k) if place not in (1, k - 1)]] = 0
    return low, high, (random.random((2, n)) < 0.9).astype(np.float64)


@pytest.mark.parametrize("worst", [False, True])
@pytest.mark.parametrize(("k", "n"), [(2, 1), (3, 100), (5, products.MOST_ROWS), (17, 1_000)])
def test_products__sums_and_squares_are_exact(k, n, worst):
    low, high, marks = block(k, n, worst=worst)
    far = np.flatnonzero(high.any(axis=1))
    whole = [[int(z) for z in row] for row in (low.astype(object) + high.astype(object) * DIGIT)]
    chosen = [[int(mark) for mark in row] for row in marks]
    assert integers(products.products(low, high, far)) == exact(whole, whole)
    assert integers(products.sums(low, high, far, marks)) == exact(whole, chosen)
    assert integers(products.squares(low, high, far, marks)) == exact([[z * z for z in row] for row in whole], chosen)


@pytest.mark.parametrize(("k", "m", "n"), [(1, 1, 5), (1, 70, 300), (65, 1, 300), (65, 129, 300), (64, 64, 8_192), (2, 3, 0)])
def test_product__in_tiles_is_that_of_integers(k, m, n):
    random = np.random.default_rng(k + m + n)
    one, other = (random.integers(-DIGIT, DIGIT + 1, (rows, n)) for rows in (k, m))
    assert np.array_equal(products.product(one.astype(float), other.astype(float)), one @ other.T)
    square = products.product(one.astype(float), one.astype(float))
    assert np.array_equal(square, one @ one.T)
    same = one.astype(float)
    assert np.array_equal(products.product(same, same), square)


def test_products__of_near_numbers_have_one_part():
    low, high, marks = block(3, 10, worst=False)
    nowhere = np.empty(0, np.int64)
    for parts in (
        products.products(low, high, nowhere),
        products.sums(low, high, nowhere, marks),
        products.squares(low, high, nowhere, marks),
    ):
        assert parts[1:] == (None, None)
