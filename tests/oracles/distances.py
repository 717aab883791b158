"""Distances between two counted samples from their definitions: exact fractions, or fifty digits where a logarithm comes in."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import mpmath

Counts = Sequence[int]


def shares(counts: Counts) -> list[Fraction]:
    total = sum(map(int, counts))
    return [Fraction(int(count), total) for count in counts]


def psi(reference: Counts, current: Counts) -> float:
    pairs = [(int(r), int(c)) for r, c in zip(reference, current, strict=True) if r or c]
    n, m = (sum(side) + Fraction(len(pairs), 2) for side in zip(*pairs, strict=True))
    smoothed = [((r + Fraction(1, 2)) / n, (c + Fraction(1, 2)) / m) for r, c in pairs]
    with mpmath.workdps(50):
        return float(mpmath.fsum(_precise(p - q) * mpmath.log(_precise(p / q)) for p, q in smoothed))


def total_variation(reference: Counts, current: Counts) -> float:
    return float(sum(abs(p - q) for p, q in zip(shares(reference), shares(current), strict=True)) / 2)


def jensen_shannon(reference: Counts, current: Counts) -> float:
    pairs = list(zip(shares(reference), shares(current), strict=True))
    with mpmath.workdps(50):
        return float(sum(_surprise(p, (p + q) / 2) + _surprise(q, (p + q) / 2) for p, q in pairs) / 2)


def chi_square(reference: Counts, current: Counts) -> tuple[float, int]:
    columns = [(int(r), int(c)) for r, c in zip(reference, current, strict=True) if r or c]
    return float(_pearson(columns, Fraction(0))), max(len(columns) - 1, 0)


def two_shares(reference_hits: int, reference_n: int, current_hits: int, current_n: int) -> float:
    columns = [(reference_hits, current_hits), (reference_n - reference_hits, current_n - current_hits)]
    return float(_pearson(columns, Fraction(1, 2))) if all(map(any, columns)) else 0.0


def rate_change(reference: tuple[int, int], current: tuple[int, int]) -> float:
    """Of two shares, each given as hits and rows."""
    return float(abs(Fraction(*current) - Fraction(*reference)))


def ks(x: Sequence[float], y: Sequence[float]) -> Fraction:
    ordered_x, ordered_y = sorted(x), sorted(y)
    gaps = [
        Fraction(bisect_right(ordered_x, value), len(x)) - Fraction(bisect_right(ordered_y, value), len(y))
        for value in {*ordered_x, *ordered_y}
    ]
    return max(map(abs, gaps))


def wasserstein(reference: Mapping[float, int], current: Mapping[float, int]) -> Fraction:
    """Of two samples given as how often each value occurs."""
    values = sorted({*reference, *current})
    n, m = sum(map(int, reference.values())), sum(map(int, current.values()))
    area = gap = Fraction(0)
    for start, end in itertools.pairwise(values):
        gap += Fraction(int(reference.get(start, 0)), n) - Fraction(int(current.get(start, 0)), m)
        area += abs(gap) * (Fraction(end) - Fraction(start))
    return area


def wasserstein_spread(reference: Counts, current: Counts, edges: Sequence[float], single: Sequence[bool]) -> Fraction:
    """Of two counts in cells, the mass of each cell spread evenly in it, or all at its start where it is single."""
    area = end = Fraction(0)
    for i, (p, q) in enumerate(zip(shares(reference), shares(current), strict=True)):
        end, start = end + p - q, end
        if single[i]:
            start = end
        # Where the line crosses zero, two triangles; elsewhere one trapezium.
        crossing = start / (start - end) if start * end < 0 else Fraction(0)
        height = (crossing * abs(start) + (1 - crossing) * abs(end)) / 2 if crossing else abs(start + end) / 2
        area += height * (Fraction(edges[i + 1]) - Fraction(edges[i]))
    return area


def _pearson(columns: Iterable[tuple[int, int]], correction: Fraction) -> Fraction:
    """Pearson's sum of squares over expected counts, each deviation brought nearer to zero by the correction."""
    columns = list(columns)
    rows = [sum(column[row] for column in columns) for row in range(2)]
    total = Fraction(0)
    for column in columns:
        for row in range(2):
            expected = Fraction(sum(column) * rows[row], sum(rows))
            total += max(abs(column[row] - expected) - correction, Fraction(0)) ** 2 / expected
    return total


def _precise(fraction: Fraction) -> mpmath.mpf:
    return mpmath.mpf(fraction.numerator) / fraction.denominator


def _surprise(p: Fraction, mean: Fraction) -> mpmath.mpf:
    return _precise(p) * mpmath.log(_precise(p / mean), 2) if p else mpmath.mpf(0)


def flood(reference: Counts, current: Counts) -> float:
    """Of ordered cells: the greatest increase in the share of one that stands alone by a factor of ten."""
    p, q = shares(reference), [Fraction(0), *shares(current), Fraction(0)]
    rises = [
        after - before
        for before, (left, after, right) in zip(p, zip(q, q[1:], q[2:], strict=False), strict=True)
        if after >= 10 * max(before, left, right)
    ]
    return float(max([Fraction(0), *rises]))
