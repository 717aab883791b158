"""Numeric columns as the kernels of a grid's axis take them, and what these need to work in."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from lakedrift import columns
from lakedrift.binning import SIGN, Axis
from lakedrift.columns import Column
from lakedrift.scratch import room
from lakedrift_kernels.numbers import BLOCK
from lakedrift_kernels.sorting import DIGITS, VALUES, sort_keys

__all__ = ["BUFFERS", "column_of", "flip_of", "sort", "wide"]


FEW = 1 << 10  # keys


class _Buffers(threading.local):
    """Scratch of each thread for all the columns that it counts: the doubles, keys and units of one block, keys of a batch."""

    def __init__(self) -> None:
        self.doubles: NDArray[np.float64] = np.empty(BLOCK)
        self.gathered = self.doubles.view()  # as kernels read columns
        self.gathered.flags.writeable = False
        self.keys: NDArray[np.uint64] = np.empty(BLOCK, np.uint64)
        self.units: NDArray[np.int32] = np.empty(BLOCK, np.int32)

    @staticmethod
    def keys_of(n: int) -> NDArray[np.uint64]:
        """Return room for a key of each of n values of a batch, (n,)."""
        return room("keys", n, np.uint64)

    @staticmethod
    def cells_of(n: int) -> NDArray[np.int32]:
        """Return room for a cell of each of n values, (n,), in the place of their keys."""
        return room("keys", n, np.int32)


BUFFERS = _Buffers()


def wide(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return values (n,) as such of 64 bits: themselves, or a copy that lasts until the next."""
    if values.dtype == dtype:
        return values
    copy = room("wide", len(values), dtype)
    np.copyto(copy, values, casting="unsafe")
    return copy


def column_of(array: pa.Array, axis: Axis) -> Column:
    """Return a column of any integer, floating, decimal or temporal type that the axis holds, until the next.

    Its values are float64 on the double axis, and elsewhere the bits of 64-bit integers.
    """
    column = columns.numbers(array)
    values = wide(column.values, {"double": np.float64, "int64": np.int64, "uint64": np.uint64}[axis])
    return Column(values if axis == "double" else values.view(np.uint64), column.validity, column.offset, column.nulls)


def flip_of(axis: Axis) -> np.uint64:
    """Return the bits in which integers and their keys differ."""
    return SIGN if axis == "int64" else np.uint64(0)


def sort(keys: NDArray[np.uint64]) -> None:
    """Sort keys (n,) in place; of a few, comparing them takes no longer than loading a kernel and its scratch."""
    if len(keys) < FEW:
        keys.sort()
    else:
        sort_keys(keys, room("sort", len(keys), np.uint64), np.empty((DIGITS, VALUES), np.int64))
