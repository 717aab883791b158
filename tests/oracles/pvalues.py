"""Probabilities from their defining series and integrals, with fifty digits."""

from __future__ import annotations

import mpmath

__all__ = ["chi_square_tail", "kolmogorov_tail"]


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
