"""The valid values of a numeric column as ordered keys, block by block."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.binning import SIGN, Binning
from lakedrift_kernels import keys

__all__ = ["BLOCK", "blocks"]

BLOCK = 1 << 15  # values that go through the kernels at a time: their keys stay in the cache

Block = tuple[int, int, NDArray[np.float64], NDArray[np.uint64]]


class _Buffers(threading.local):
    """The buffers of a thread, for all columns that it counts."""

    def __init__(self) -> None:
        self.doubles = np.empty(BLOCK)
        self.keys = np.empty(BLOCK, np.uint64)


_BUFFERS = _Buffers()


def blocks(array: pa.Array, binning: Binning) -> Iterator[Block]:
    """Yield for each block of an array how many values are valid and how many NaN, and two buffers of the calling thread.

    The array may be of any integer, floating, decimal or temporal type that the axis holds. The first entries of the buffers
    are the valid values: as doubles (on the integer axes, as distances from the origin) and as keys. The next block, of any
    array, overwrites them.
    """
    column = columns.numbers(array)
    for start in range(0, len(column.values), BLOCK):
        values = column.values[start : start + BLOCK]
        yield *_convert(values, column.validity, column.offset + start, binning), _BUFFERS.doubles, _BUFFERS.keys


def _convert(values: NDArray[np.generic], validity: NDArray[np.uint8], offset: int, binning: Binning) -> tuple[int, int]:
    """Fill the buffers; return how many values are valid and how many NaN."""
    doubles, ordered = _BUFFERS.doubles, _BUFFERS.keys
    if binning.axis == "double":
        return keys.double_keys(values, validity, offset, doubles, ordered)
    flip = SIGN if binning.axis == "int64" else np.uint64(0)
    wide = values.astype(np.int64 if binning.axis == "int64" else np.uint64, copy=False)
    return keys.integer_keys(wide.view(np.uint64), validity, offset, flip, np.uint64(binning.origin), doubles, ordered), 0
