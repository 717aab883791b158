"""How many rows a group has: the sum of its counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner

__all__ = ["rows_of"]


@inner
def rows_of(counts: NDArray[np.int64]) -> int:
    """Return the sum of counts (c,); Numba's own `sum` takes twice as long to compile, and imports half of Numba to load."""
    rows = 0
    for i in range(counts.size):
        rows += counts[i]
    return rows
