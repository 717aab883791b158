"""Marking what is null in an array that was made of the values, whatever these were: a bitmap is as `keys` describes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["mark_nulls"]

ALL = 0xFF


@kernel
def mark_nulls(validity: NDArray[np.uint8], offset: int, mark: np.generic, marked: NDArray[np.generic]) -> None:
    """Write `mark` to `marked` (n,) wherever a value is null. Eight at a time: most have no null among them."""
    begin = 0
    while begin < marked.size:
        bit = offset + begin
        end = min(begin + 8 - (bit & 7), marked.size)
        bits = validity[bit >> 3]
        if bits != ALL:
            for i in range(begin, end):
                if not (bits >> ((offset + i) & 7)) & 1:
                    marked[i] = mark
        begin = end
