"""Sums of numbers without rounding, from their definitions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

__all__ = ["digits", "mean_and_variance", "number", "root_above"]

BASE = 1 << 32


def mean_and_variance(values: Iterable[float]) -> tuple[Fraction, Fraction] | None:
    """Return the mean and the population variance of the finite values, None where there are none."""
    finite = [Fraction(value) for value in values if math.isfinite(value)]
    if not finite:
        return None
    mean = sum(finite) / len(finite)
    return mean, sum((value - mean) ** 2 for value in finite) / len(finite)


def root_above(square: Fraction) -> Fraction:
    """Return a little more than the square root of a number of any size."""
    return Fraction(math.isqrt(math.ceil(square * 4**1_100)) + 1, 2**1_100)


def digits(number: int, count: int) -> list[int]:
    """Write an integer in base 2**32, highest digit first; all but the highest lie in [0, 2**32)."""
    low: list[int] = []
    for _ in range(count - 1):
        number, digit = divmod(number, BASE)
        low.append(digit)
    return [number, *reversed(low)]


def number(digits: Sequence[int]) -> int:
    """Return the integer that digits in base 2**32 stand for, highest first."""
    total = 0
    for digit in digits:
        total = total * BASE + int(digit)
    return total
