"""Columns as codes: which of its different values each row has, so that what is done to a value is done once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.columns import ALL_VALID, Column
from lakedrift.hashing import Texts
from lakedrift.scratch import room
from lakedrift_kernels import nulls, strings

__all__ = ["Encoded"]

NONE = np.int32(-1)
SMALLEST_TABLE = 1 << 10
MOST_DENSE = 1 << 10  # integers in a row


@dataclass(frozen=True, slots=True)
class Encoded:
    """A column of any type.

    Attributes
    ----------
    codes
        (n,) int32, which of the values each row has; -1 where it is null.
    values
        (n_values,) those that occur, and perhaps some that do not; `string_view` where the column is text.
    """

    codes: NDArray[np.int32]
    values: pa.Array

    @classmethod
    def of(cls, array: pa.Array, use: str | None = None) -> Self:
        """Return the codes of a column; its values are all different, but for text that is stored at several places.

        Codes may be kept in scratch for this use, as `lakedrift.scratch` says.
        """
        if pa.types.is_dictionary(array.type):
            inside = cls.of(array.dictionary)
            if len(inside.values) == len(array.dictionary) == 1 and not array.null_count:  # as partition keys are
                return cls(np.zeros(len(array), np.int32), inside.values)
            codes = array.indices.cast(pa.int64()).fill_null(len(array.dictionary)).to_numpy()
            return cls(np.append(inside.codes, np.int32(-1))[codes], inside.values)
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            array = columns.labels(array)
        if pa.types.is_string_view(array.type):
            return cls(*_of_views(array, use))
        if pa.types.is_boolean(array.type):
            return cls(_above(columns.numbers(array.cast(pa.int8())), np.int8(0), use), pa.array([False, True]))
        if pa.types.is_integer(array.type) and (dense := _of_integers(array, use)) is not None:
            return cls(*dense)
        encoded = array.dictionary_encode()
        return cls(encoded.indices.fill_null(-1).to_numpy(), encoded.dictionary)

    def column(self) -> pa.Array:
        """Return the column as a dictionary of text, which summaries count value by value."""
        null = self.codes < 0
        codes = pa.array(self.codes, mask=null if null.any() else None)
        return pa.DictionaryArray.from_arrays(codes, columns.labels(self.values))

    def texts(self) -> Texts:
        """Return the values as text, each of which occurs as many times as its place, counted from 1, says."""
        words = columns.labels(self.values)
        times = np.arange(1, len(words) + 1)
        return Texts(columns.views(words).values, ALL_VALID, 0, columns.buffers(words), times, 0)


def _of_integers(array: pa.Array, use: str | None) -> tuple[NDArray[np.int32], pa.Array] | None:
    """Return how far above the least each integer is, and all up to the greatest; None where these are many."""
    column = columns.numbers(array)
    if not len(column.values):
        return None
    low, high = column.values.min(), column.values.max()
    if int(high) - int(low) >= min(MOST_DENSE, len(column.values)):
        return None
    return _above(column, low, use), pa.array(range(int(low), int(high) + 1), array.type)


def _above(column: Column, low: np.generic, use: str | None) -> NDArray[np.int32]:
    """Return how far above the least each integer is, (n,), by less than 2**31, and -1 where it is null."""
    codes: NDArray[np.int32] = room(use, len(column.values), np.int32)
    np.subtract(column.values, low, out=codes, dtype=np.int32, casting="unsafe")  # modulo 2**32, whatever passes it
    if column.nulls:
        nulls.mark_nulls(column.validity, column.offset, NONE, codes)
    return codes


def _of_views(array: pa.Array, use: str | None) -> tuple[NDArray[np.int32], pa.Array]:
    column = columns.views(array)
    n = len(column.values)
    codes, firsts, table = room(use, n, np.int32), np.empty(n, np.int64), np.zeros((SMALLEST_TABLE, 3), np.uint64)
    source = column.values, column.validity, column.offset
    done, found = strings.number_views(*source, 0, table, firsts, 0, codes)
    while done < n:
        larger = np.zeros((4 * len(table), 3), np.uint64)
        strings.move_views(table, larger)
        table = larger
        done, found = strings.number_views(*source, done, table, firsts, found, codes)
    different = np.ascontiguousarray(column.values[firsts[:found]])
    return codes, pa.Array.from_buffers(array.type, found, [None, pa.py_buffer(different), *array.buffers()[2:]])
