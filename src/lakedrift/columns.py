"""Arrow columns as NumPy arrays: the only place where the two meet.

Nothing is copied where the layout allows: a primitive column is its buffer, a string column its views. What stands under a
null is arbitrary, so values travel with their validity bitmap and nobody looks at a value without asking it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift.feature import Kind

__all__ = [
    "ALL_VALID",
    "Column",
    "buffers",
    "doubles",
    "family",
    "is_read",
    "labels",
    "natural_kind",
    "numbers",
    "texts",
    "type_name",
    "valid_numbers",
    "views",
    "whole",
]

ALL_VALID = np.frombuffer(b"", np.uint8)  # read-only as every bitmap is: kernels are compiled for one kind of array
EXACT_INTEGERS = 1 << 53  # every integer up to here is a double,
EXACT_POWERS = 22  # and so is every power of ten up to this one


@dataclass(frozen=True, slots=True)
class Column:
    """The values of a column and which of them are valid.

    Attributes
    ----------
    values
        (n,), or (n, 2) for string views; undefined where not valid.
    validity
        Arrow bitmap, least significant bit first; empty when every value is valid.
    offset
        The bit that belongs to the first value.
    nulls
        How many values are null.
    """

    values: NDArray[Any]
    validity: NDArray[np.uint8]
    offset: int
    nulls: int

    def __post_init__(self) -> None:
        """Let nobody write: whether a reader's buffers may be written to would have kernels compiled once for each answer."""
        self.values.flags.writeable = False
        self.validity.flags.writeable = False


def whole(chunks: pa.ChunkedArray) -> pa.Array:
    """Return a column of a batch in one piece: copied by whoever needs it, when it does, and then it is still in the cache."""
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()


def numbers(array: pa.Array) -> Column:
    """Return an integer, floating, decimal or temporal column (n,) as its numbers; a decimal becomes the nearest double."""
    if pa.types.is_decimal(array.type):
        return Column(_nearest(array), *_validity(array))
    dtype = _storage(array.type)
    values = np.frombuffer(array.buffers()[1] or b"", dtype)[array.offset : array.offset + len(array)]
    if dtype == np.float16:
        values = values.astype(np.float32)
    return Column(values, *_validity(array))


def doubles(array: pa.Array) -> NDArray[np.float64]:
    """Return a boolean, integer, floating or decimal column as doubles, (n,), NaN where it is null; any other is null."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if natural_kind(array.type) not in ("numeric", "boolean"):
        return np.full(len(array), np.nan)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if array.null_count and not pa.types.is_decimal(array.type):  # several times as fast as writing NaN by a mask
        array = pc.fill_null(array.cast(pa.float64(), safe=False), math.nan)
    column = numbers(array)
    values = column.values.astype(np.float64, copy=bool(column.nulls))
    if column.nulls:
        values[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
    values.flags.writeable = False  # as those of a column are
    return values


def valid_numbers(array: pa.Array) -> NDArray[Any]:
    """Return the valid values of a column, NaN left out."""
    values = numbers(array.drop_null() if array.null_count else array).values
    if values.dtype.kind != "f":
        return values
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def views(array: pa.Array) -> Column:
    """Return a `string_view` column as its views, (n, 2) uint64 words."""
    words = np.frombuffer(array.buffers()[1] or b"", np.uint64).reshape(-1, 2)
    return Column(words[array.offset : array.offset + len(array)], *_validity(array))


def buffers(array: pa.Array) -> list[NDArray[np.uint8]]:
    """Return the bytes that the views of a `string_view` column point into, (n_bytes,) each, read-only as all columns are."""
    found = [np.frombuffer(buffer or b"", np.uint8) for buffer in array.buffers()[2:]]
    for data in found:
        data.flags.writeable = False
    return found


def labels(array: pa.Array) -> pa.Array:
    """Return any column as strings: `string_view`, or a dictionary of strings where it already is one."""
    if pa.types.is_dictionary(array.type):
        return array if _is_text(array.type.value_type) else labels(array.dictionary_decode())
    if pa.types.is_string_view(array.type):
        return array
    if pa.types.is_floating(array.type):
        wide = pc.cast(array, pa.float32()) if pa.types.is_float16(array.type) else array
        array = pc.add(wide, pa.scalar(0.0, wide.type))  # -0.0 is 0.0
    return pc.cast(pc.cast(array, pa.large_string()), pa.string_view())


def texts(array: pa.Array) -> pa.LargeStringArray:
    """Return any column as plain strings."""
    array = labels(array)
    if pa.types.is_dictionary(array.type):  # Arrow decodes no dictionary of views
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.cast(pa.large_string())).dictionary_decode()
    return array.cast(pa.large_string())


def natural_kind(dtype: pa.DataType) -> Kind:
    """Return how values of this type are read unless the caller says otherwise; a dictionary is how its values are."""
    if pa.types.is_dictionary(dtype):
        return natural_kind(dtype.value_type)
    if pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or _is_decimal(dtype):
        return "numeric"
    if pa.types.is_boolean(dtype):
        return "boolean"
    if _is_text(dtype):
        return "categorical"
    return "temporal" if pa.types.is_temporal(dtype) and not pa.types.is_interval(dtype) else "unsupported"


def is_read(dtype: pa.DataType) -> bool:
    """Whether a column of this type is looked at: nested and binary ones are only named, so that none can spoil a run."""
    return natural_kind(dtype) != "unsupported" or pa.types.is_null(dtype)


def type_name(dtype: pa.DataType) -> str:
    """Return the type as printable text, the same for every encoding of it: `string` for large and dictionary strings too."""
    if pa.types.is_dictionary(dtype):
        return type_name(dtype.value_type)
    name = "string" if _is_text(dtype) else str(dtype)
    return name if name.isprintable() else ascii(name)[1:-1]  # a field of a struct may be called anything


def family(dtype: str) -> str:
    """Return what a type name must keep to count as unchanged: widening is no change, another family is."""
    if dtype.startswith(("int", "uint")):
        return "integer"
    if dtype in ("halffloat", "float", "double"):
        return "floating"
    return "decimal" if dtype.startswith(("decimal32", "decimal64", "decimal128")) else dtype


def _nearest(array: pa.Array) -> NDArray[np.float64]:
    """Return the double nearest to each decimal, (n,): the same for every scale that it may be written in.

    An integer of up to 2**53 and a power of ten of up to 10**22 are doubles, so that their quotient, which is rounded once, is
    the nearest. All others are read from their text. Arrow's own cast multiplies by a rounded power and misses many.
    """
    width, scale = array.type.bit_width, array.type.scale
    words = np.frombuffer(array.buffers()[1] or b"", np.int32 if width == 32 else np.int64).reshape(-1, max(width // 64, 1))
    words = words[array.offset : array.offset + len(array)]
    low: NDArray[np.int64] = words[:, 0].astype(np.int64, copy=False)
    rest = words[:, 1:]
    if 0 <= scale <= EXACT_POWERS:
        near = (low >= -EXACT_INTEGERS) & (low <= EXACT_INTEGERS) & (rest == (low >> 63)[:, np.newaxis]).all(axis=1)
        values: NDArray[np.float64] = low / float(10**scale)
    else:
        near, values = np.zeros(len(low), np.bool_), np.zeros(len(low))
    far = pa.array(np.flatnonzero(~near & array.is_valid().to_numpy(zero_copy_only=False)))
    if len(far):
        values[far.to_numpy()] = pc.cast(pc.cast(array.take(far), pa.string()), pa.float64()).to_numpy()
    return values


def _is_decimal(dtype: pa.DataType) -> bool:
    """Decimals of up to 38 digits: readers have no more."""
    return bool(pa.types.is_decimal(dtype) and not pa.types.is_decimal256(dtype))


def _is_text(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype))


def _storage(dtype: pa.DataType) -> np.dtype[Any]:
    if pa.types.is_temporal(dtype):
        return np.dtype(np.int32 if dtype.bit_width == 32 else np.int64)
    storage: np.dtype[Any] = np.dtype(dtype.to_pandas_dtype())
    return storage


def _validity(array: pa.Array) -> tuple[NDArray[np.uint8], int, int]:
    bitmap = array.buffers()[0]
    if bitmap is None or array.null_count == 0:
        return ALL_VALID, 0, 0
    return np.frombuffer(bitmap, np.uint8), array.offset, array.null_count
