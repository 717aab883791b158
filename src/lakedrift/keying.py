"""The valid values of a numeric column as ordered keys, block by block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.binning import SIGN, Binning
from lakedrift_kernels import keys

__all__ = ["Keying"]

BLOCK = 1 << 15  # values that go through the kernels at a time: their keys stay in the cache
NO_DOUBLES, NO_KEYS = np.empty(0), np.empty(0, np.uint64)


class Keying:
    """Turns columns into keys of a grid's axis, in buffers of its own; one thread at a time may use it."""

    def __init__(self, binning: Binning) -> None:
        self._binning = binning
        self._doubles: NDArray[np.float64] = NO_DOUBLES
        self._keys: NDArray[np.uint64] = NO_KEYS

    def blocks(self, array: pa.Array) -> Iterator[tuple[int, int, NDArray[np.float64], NDArray[np.uint64]]]:
        """Yield for each block of an array how many values are valid and how many NaN, and two buffers.

        The array may be of any integer, floating, decimal or temporal type that the axis holds. The first entries of the
        buffers are the valid values: as doubles (on the integer axes, as distances from the origin) and as keys. The next
        block overwrites them.
        """
        column = columns.numbers(array)
        if not len(self._keys):
            self._doubles, self._keys = np.empty(BLOCK), np.empty(BLOCK, np.uint64)
        for start in range(0, len(column.values), BLOCK):
            values = column.values[start : start + BLOCK]
            found, nan = self._convert(values, column.validity, column.offset + start)
            yield found, nan, self._doubles, self._keys

    def _convert(self, values: NDArray[np.generic], validity: NDArray[np.uint8], offset: int) -> tuple[int, int]:
        """Fill the buffers; return how many values are valid and how many NaN."""
        if self._binning.axis == "double":
            return keys.double_keys(values, validity, offset, self._doubles, self._keys)
        flip = SIGN if self._binning.axis == "int64" else np.uint64(0)
        wide = values.astype(np.int64 if self._binning.axis == "int64" else np.uint64, copy=False)
        origin = np.uint64(self._binning.origin)
        return keys.integer_keys(wide.view(np.uint64), validity, offset, flip, origin, self._doubles, self._keys), 0
