"""The Kolmogorov-Smirnov distance, by exact integer comparison.

Of a sample of n and one of m values, let c1 and c2 be at most x. The distance is the largest |c1/n - c2/m|, that is
|c1 m - c2 n| / (n m). Kernels write the pair (c1, c2) where it is largest, the first of several, and (0, 0) where it is zero
or a sample is empty; the caller, whose integers have any size, makes the one rounded division. n and m are below 2**62.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.counts import rows_of

__all__ = ["ks_cells", "ks_values"]

DIGIT = 31
DIGIT_MASK = (1 << 31) - 1
LIMB = 1 << 62
LIMB_MASK = LIMB - 1


@kernel
def ks_cells(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    single: NDArray[np.bool_],
    attained: NDArray[np.int64],
    reachable: NDArray[np.int64],
) -> None:
    """Write the pairs (g, 2) that bound the distance of each of g groups, counted in c ordered cells, from both sides.

    `reference` and `current` are (g, c) counts, `single` (c,) says which cells can hold one value only. `attained` is the pair
    at a border of cells, where the distance is known, `reachable` the farthest that values inside the other cells may get.

    A cell that starts at (c1, c2) and holds (f, h) is crossed in the box [c1, c1 + f] x [c2, c2 + h]. The distance is convex,
    hence largest in a corner of it: two corners are borders, the others are (c1 + f, c2) and (c1, c2 + h).
    """
    attained[:] = 0
    reachable[:] = 0
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        if float(n) * float(m) < LIMB:
            _bound_small(reference[g], current[g], single, n, m, attained[g], reachable[g])
            continue
        known = (0, 0)
        farthest = (0, 0)
        c1 = 0
        c2 = 0
        for i in range(reference.shape[1]):
            f = reference[g, i]
            h = current[g, i]
            if not single[i]:
                farthest = _keep_larger(c1 + f, c2, n, m, farthest, reachable[g])
                farthest = _keep_larger(c1, c2 + h, n, m, farthest, reachable[g])
            c1 += f
            c2 += h
            known = _keep_larger(c1, c2, n, m, known, attained[g])
            farthest = _keep_larger(c1, c2, n, m, farthest, reachable[g])


@inner
def _bound_small(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    single: NDArray[np.bool_],
    n: int,
    m: int,
    attained: NDArray[np.int64],
    reachable: NDArray[np.int64],
) -> None:
    """Do the same for one group of few rows: every gap is a sum of whole steps, f m up and h n down, that 62 bits hold."""
    known = 0
    farthest = 0
    gap = 0
    c1 = 0
    c2 = 0
    for i in range(reference.size):
        f = reference[i]
        h = current[i]
        up = gap + f * m
        down = gap - h * n
        if not single[i] and max(up, -down) > farthest:
            farthest = max(up, -down)
            reachable[0] = c1 + f if up >= -down else c1
            reachable[1] = c2 if up >= -down else c2 + h
        gap = up - h * n
        c1 += f
        c2 += h
        if abs(gap) > known:
            known = abs(gap)
            attained[0] = c1
            attained[1] = c2
            if known > farthest:
                farthest = known
                reachable[0] = c1
                reachable[1] = c2


@kernel
def ks_values(
    x: NDArray[np.uint64],
    x_counts: NDArray[np.int64],
    y: NDArray[np.uint64],
    y_counts: NDArray[np.int64],
    ends: NDArray[np.uint64],
    before: NDArray[np.int64],
    sizes: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Write the pair (2,) where the distance is largest among the values inside some cells, given as two multisets.

    `x` and `y` are ascending distinct keys with their counts, all within k cells whose last keys are `ends` (k,); `before`
    (k, 2) are the pairs at the cells' starts, `sizes` (2,) the sizes of the samples.
    """
    out[:] = 0
    largest = (0, 0)
    i = 0
    j = 0
    for cell in range(ends.size):
        c1 = before[cell, 0]
        c2 = before[cell, 1]
        while (i < x.size and x[i] <= ends[cell]) or (j < y.size and y[j] <= ends[cell]):
            from_x = i < x.size and (j >= y.size or x[i] <= y[j])
            from_y = j < y.size and (i >= x.size or y[j] <= x[i])
            if from_x:
                c1 += x_counts[i]
                i += 1
            if from_y:
                c2 += y_counts[j]
                j += 1
            largest = _keep_larger(c1, c2, sizes[0], sizes[1], largest, out)


@inner
def _keep_larger(c1: int, c2: int, n: int, m: int, largest: tuple[int, int], out: NDArray[np.int64]) -> tuple[int, int]:
    """Write (c1, c2) to `out` if its gap is larger than `largest`; return the larger of the two gaps."""
    gap = _gap(c1, c2, n, m)
    if gap > largest:
        out[0] = c1
        out[1] = c2
        return gap
    return largest


@inner
def _gap(c1: int, c2: int, n: int, m: int) -> tuple[int, int]:
    """Return |c1 m - c2 n| as two limbs (high, low) of 62 bits, which compare as the numbers do.

    Products that would not fit are made of digits of 31 bits: c1 m = a1 m1 2**62 + (a1 m0 + a0 m1) 2**31 + a0 m0, where every
    partial sum stays within 63 bits and a sign, c2 n likewise. Arithmetic shifts then carry floors, so low digits are positive.
    """
    if float(n) * float(m) < LIMB:
        return 0, abs(c1 * m - c2 * n)
    a1, a0 = c1 >> DIGIT, c1 & DIGIT_MASK
    b1, b0 = c2 >> DIGIT, c2 & DIGIT_MASK
    n1, n0 = n >> DIGIT, n & DIGIT_MASK
    m1, m0 = m >> DIGIT, m & DIGIT_MASK
    low = a0 * m0 - b0 * n0
    middle = (a1 * m0 + a0 * m1) - (b1 * n0 + b0 * n1) + (low >> DIGIT)
    high = a1 * m1 - b1 * n1 + (middle >> DIGIT)
    low = ((middle & DIGIT_MASK) << DIGIT) | (low & DIGIT_MASK)
    if high < 0:
        return -high - (1 if low > 0 else 0), (LIMB - low) & LIMB_MASK
    return high, low
