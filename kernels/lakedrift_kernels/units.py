"""Numbers as whole units from a centre, in two digits, and rows as hashes: what exact products of columns are made of.

n values of a block. `valid` (n,) is 1 where there is a value and 0 under a null, where nothing is looked at; where it is empty
every value is valid. A bitmap would have to be asked bit by bit, which takes four times as long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["DIGIT", "FARTHEST", "distances", "mix", "to_units"]

DIGIT = float(1 << 20)  # a number up to so many units from the centre has one digit
FARTHEST = float(1 << 40)  # up to here it has two
EXACT = float(1 << 53)  # every distance between integers that is less is a double
MISSING = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
HALF = np.uint64(32)


@kernel
def to_units(
    values: NDArray[np.float64],
    valid: NDArray[np.uint8],
    centre: float,
    scale: float,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    absent: NDArray[np.float64],
) -> tuple[int, int, int, int]:
    """Write each value as z = round((value - centre) * scale) = low + 2**20 high, with |low| and |high| up to 2**20.

    Where it is null, NaN, infinite, or more than 2**40 units from the centre, `absent` is 1.0 and both digits are 0.0. All
    three are outputs, (n,). `scale` is a power of two.

    Returns
    -------
    absent, beyond, far, rounded
        How many are absent; how many of these are neither null nor NaN; how many have a `high`; and how many z may differ
        from what they were rounded from. The difference is at most 1/2 + 2**-12: value - centre is rounded to within 2**-53 of
        itself, which is 2**-13 of a unit at most, and where it comes from an integer that no double holds, once more.
    """
    missing, beyond, far, rounded = 0, 0, 0, 0
    for i in range(values.size):
        value = values[i] if valid.size == 0 or valid[i] else np.nan
        distance = value - centre
        again = value - distance
        lost = (value - (distance + again)) + (again - centre)  # value - centre = distance + lost, exactly (Knuth's TwoSum)
        steps = distance * scale
        z = np.rint(steps)
        held = abs(z) <= FARTHEST
        z = z if held else 0.0
        top = np.rint(z / DIGIT) if abs(z) > DIGIT else 0.0
        low[i] = z - top * DIGIT
        high[i] = top
        absent[i] = 0.0 if held else 1.0
        missing += not held
        beyond += (not held) & (value == value)
        far += top != 0.0
        vague = (abs(distance) >= EXACT) | ((z == 0.0) & (distance != 0.0))  # not the nearest integer, or steps underflowed
        rounded += held & ((z != steps) | (lost != 0.0) | vague)
    return missing, beyond, far, rounded


@kernel
def distances(patterns: NDArray[np.uint64], flip: np.uint64, origin: np.uint64, doubles: NDArray[np.float64]) -> None:
    """Write how far each 64-bit integer, given by its bits, is from that of key `origin`, as the nearest double.

    `flip` is the sign bit for int64 and zero for uint64.
    """
    for i in range(patterns.size):
        key = patterns[i] ^ flip
        doubles[i] = np.float64(key - origin) if key >= origin else -np.float64(origin - key)


@kernel
def mix(values: NDArray[np.float64], valid: NDArray[np.uint8], hashes: NDArray[np.uint64]) -> None:
    """Mix a column into the hashes of its rows, (n,): null and NaN are one value, and so are 0.0 and -0.0."""
    for i in range(values.size):
        value = values[i] + 0.0 if valid.size == 0 or valid[i] else np.nan
        pattern = np.float64(value).view(np.uint64) if value == value else MISSING
        mixed = (hashes[i] ^ pattern) * MULTIPLIER
        mixed ^= mixed >> HALF
        mixed *= MULTIPLIER
        hashes[i] = mixed ^ (mixed >> HALF)
