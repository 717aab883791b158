"""Fisher's exact test of two shares: the hypergeometric tail, doubled.

Given how many of all rows are hits, K of N, the number of hits among m rows drawn from them is hypergeometric. Its
probabilities are products of binomial ones, P(c) = B(c; K, p) B(m - c; N - K, p) / B(m; N, p) with p = m / N, each from the
deviance and the remainder of Stirling's series, so that no large numbers cancel (C. Loader, "Fast and accurate computation of
binomial probabilities", 2000). Twice the smaller tail is the two-sided probability (F. Yates, "Tests of significance for 2 x 2
contingency tables", 1984).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel

__all__ = ["two_shares"]

LN_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
SMALL = 15.0  # below, Stirling's series is not yet exact
NEGLIGIBLE = 1e-17


@kernel
def two_shares(
    reference_hits: NDArray[np.int64],
    reference_n: NDArray[np.int64],
    current_hits: NDArray[np.int64],
    current_n: NDArray[np.int64],
    pvalue: NDArray[np.float64],
) -> None:
    """Write the probability that two shares, hits of n, differ as much by chance, all arrays (g,).

    1.0 where they are equal, NaN where a side has no rows. Exchanging the sides, or hits and misses, changes no bit: the tail
    is always that of the rarer outcome on the smaller side. It takes as many steps as there are probabilities that matter, a
    few times the square root of the smallest expected count.
    """
    for g in range(reference_n.shape[0]):
        n, m = reference_n[g], current_n[g]
        r, c = reference_hits[g], current_hits[g]
        if n == 0 or m == 0:
            pvalue[g] = np.nan
            continue
        if r + c > n + m - r - c:
            r, c = n - r, m - c
        if m > n or (m == n and c < r):
            n, m, r, c = m, n, c, r
        hits, rows = r + c, n + m
        expected = float(hits) * (float(m) / float(rows))
        if float(r) * float(m) == float(c) * float(n):
            pvalue[g] = 1.0
            continue
        up = c > expected
        pvalue[g] = min(1.0, 2.0 * _tail(c, hits, m, rows, up))


@inner
def _tail(c: int, hits: int, m: int, rows: int, up: bool) -> float:
    """Return the probability of c hits and of all numbers beyond."""
    term = 1.0
    total = 1.0
    x = c
    while term > NEGLIGIBLE * total:
        if up:
            term *= (float(hits - x) / float(x + 1)) * (float(m - x) / float(rows - hits - m + x + 1))
            x += 1
        else:
            if x == 0 or rows - hits - m + x <= 0:
                break
            term *= (float(x) / float(hits - x + 1)) * (float(rows - hits - m + x) / float(m - x + 1))
            x -= 1
        total += term
    p = float(m) / float(rows)
    q = float(rows - m) / float(rows)
    logarithm = _binomial(c, hits, p, q) + _binomial(m - c, rows - hits, p, q) - _binomial(m, rows, p, q)
    return math.exp(logarithm) * total


@inner
def _binomial(x: int, n: int, p: float, q: float) -> float:
    """Return the logarithm of the probability of x hits among n that each are one with probability p = 1 - q."""
    if n == 0:
        return 0.0
    if x == 0:
        return n * math.log1p(-p) if p < q else n * math.log(q)
    if x == n:
        return n * math.log1p(-q) if q < p else n * math.log(p)
    k, size = float(x), float(n)
    remainder = _remainder(size) - _remainder(k) - _remainder(size - k)
    spread = 0.5 * math.log(size / (k * (size - k)))
    return remainder - _deviance(k, size * p) - _deviance(size - k, size * q) + spread - LN_SQRT_2PI


@inner
def _remainder(n: float) -> float:
    """Return ln n! less Stirling's formula, n > 0."""
    if n <= SMALL:
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - LN_SQRT_2PI
    square = n * n
    return (
        1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square) / square
    ) / n


@inner
def _deviance(x: float, mean: float) -> float:
    """Return x ln(x / mean) + mean - x without loss where both are close, both > 0."""
    gap = x - mean
    if abs(gap) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - gap
    v = gap / (x + mean)
    total = gap * v
    power = 2.0 * x * v
    odd = 1.0
    term = 1.0
    while abs(term) > NEGLIGIBLE * abs(total) and odd < 1000.0:
        power *= v * v
        odd += 2.0
        term = power / odd
        total += term
    return total
