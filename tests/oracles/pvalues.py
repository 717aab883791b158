"""Probabilities from their defining series and integrals, with fifty digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import mpmath
from oracles import distances

__all__ = ["chi_square_tail", "fisher", "homogeneity", "kolmogorov_tail", "two_shares"]


def chi_square_tail(statistic: float, dof: int) -> float:
    """Return P(X > statistic) of the chi-square distribution."""
    with mpmath.workdps(50):
        return float(mpmath.gammainc(mpmath.mpf(dof) / 2, mpmath.mpf(statistic) / 2, regularized=True))


def kolmogorov_tail(distance: float, n: int, m: int) -> float:
    """Return the limit law's P(K > distance sqrt(n m / (n + m))) = 2 Σ (-1)^(k-1) exp(-2 k² z²)."""
    with mpmath.workdps(50):
        z = mpmath.mpf(distance) * mpmath.sqrt(mpmath.mpf(n) * m / (n + m))
        if z < mpmath.mpf("0.2"):  # there the series is slow and the law within 1e-12 of one
            return 1.0
        return float(2 * mpmath.fsum((-1) ** (k - 1) * mpmath.exp(-2 * k**2 * z**2) for k in range(1, 60)))


def two_shares(reference_hits: int, reference_n: int, current_hits: int, current_n: int) -> float:
    """Return the probability of as different shares: Fisher's exact one where a count is expected to be below a hundred."""
    hits, rows = reference_hits + current_hits, reference_n + current_n
    least = Fraction(min(hits, rows - hits) * min(reference_n, current_n), rows)
    if least < 100:
        return fisher(reference_hits, reference_n, current_hits, current_n)
    return chi_square_tail(distances.two_shares(reference_hits, reference_n, current_hits, current_n), 1)


def fisher(reference_hits: int, reference_n: int, current_hits: int, current_n: int) -> float:
    """Return twice the smaller hypergeometric tail, by whole numbers; hits and draws are exchangeable, the fewer are drawn."""
    if current_hits * reference_n == reference_hits * current_n:
        return 1.0
    hits, rows = reference_hits + current_hits, reference_n + current_n
    if hits > rows - hits:
        return fisher(reference_n - reference_hits, reference_n, current_n - current_hits, current_n)
    if current_n > reference_n:
        return fisher(current_hits, current_n, reference_hits, reference_n)
    draws, marked = sorted((hits, current_n))
    upper = current_hits * reference_n > reference_hits * current_n
    counts = range(current_hits, draws + 1) if upper else range(current_hits + 1)
    ways = sum(math.comb(marked, count) * math.comb(rows - marked, draws - count) for count in counts)
    return float(min(Fraction(2 * ways, math.comb(rows, draws)), Fraction(1)))


def homogeneity(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the chi-square probability of two rows of counts, runs of bins with few rows in the smaller one joined."""
    share = min(sum(reference), sum(current)) / (sum(reference) + sum(current))
    kept, runs, run = [], [], (0, 0)
    for pair in zip(reference, current, strict=True):
        if sum(pair) * share >= 10:
            kept.append(pair)
            continue
        run = (run[0] + pair[0], run[1] + pair[1])
        if sum(run) * share >= 10:
            runs.append(run)
            run = (0, 0)
    into = runs or kept
    if into:
        place = len(runs) - 1 if runs else min(range(len(kept)), key=lambda at: sum(kept[at]))
        into[place] = (into[place][0] + run[0], into[place][1] + run[1])
    else:
        kept = [run]
    statistic, dof = distances.chi_square(*zip(*kept, *runs, strict=True))
    return chi_square_tail(float(statistic), dof) if dof else 1.0
