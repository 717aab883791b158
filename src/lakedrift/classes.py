"""Columns of labels and predictions as classes: what a model says and what came true, in one vocabulary.

A class is called by its text. Numbers and booleans that are whole are called by the integer, so that the label `True`, the
prediction `1` and the prediction `1.0` are one class. Null and NaN are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.encoding import Encoded
from lakedrift.hashing import name_of

__all__ = ["NONE", "Classes", "in_order"]

NONE = np.int32(-1)
LARGEST_WHOLE = 1 << 53


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a column.

    Attributes
    ----------
    codes
        (n,) int32, which of the names each row has; `NONE` where it has none.
    names
        Those that occur, each once, and perhaps some that do not.
    """

    codes: NDArray[np.int32]
    names: list[str]

    @classmethod
    def of(cls, array: pa.Array, use: str | None = None) -> Self:
        """Return the classes of a column of any type; the codes may be kept in scratch for this use."""
        if pa.types.is_null(array.type):
            return cls(np.full(len(array), NONE), [])
        encoded = Encoded.of(array, use)
        if pa.types.is_boolean(array.type):
            return cls(encoded.codes, ["0", "1"])
        called = _names(encoded.values)
        names = list(dict.fromkeys(name for name in called if name is not None))
        place: dict[str | None, int] = {name: at for at, name in enumerate(names)}
        return cls(_renumbered(encoded.codes, [place.get(name, NONE) for name in called]), names)

    def times(self) -> dict[str, int]:
        """Return how many rows have each name."""
        held = np.bincount(self.codes + 1, minlength=len(self.names) + 1)[1:]
        return dict(zip(self.names, held.tolist(), strict=True))

    def beside(self, other: Classes) -> tuple[Classes, Classes]:
        """Return both columns as codes of the same names."""
        names = list(dict.fromkeys([*self.names, *other.names]))
        place = {name: at for at, name in enumerate(names)}
        one, two = (_renumbered(column.codes, [place[name] for name in column.names]) for column in (self, other))
        return Classes(one, names), Classes(two, names)


def in_order(names: set[str]) -> list[str]:
    """Return classes in the order that scikit-learn has them in: numbers by value, others by their text."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)


def _renumbered(codes: NDArray[np.int32], numbers: Sequence[int | np.int32]) -> NDArray[np.int32]:
    """Return the number of each code, (n,), `NONE` of `NONE`; mostly they are what they were."""
    if list(numbers) == list(range(len(numbers))):
        return codes
    table = np.array([*numbers, NONE], np.int32)  # the last one is that of code -1
    found: NDArray[np.int32] = table[codes]
    return found


def _names(values: pa.Array) -> list[str | None]:
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        numbers = pa.array(columns.doubles(values))
        whole = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), LARGEST_WHOLE))
        texts = pc.if_else(whole, pc.if_else(whole, numbers, 0.0).cast(pa.int64()).cast(pa.string()), columns.texts(values))
        return pc.if_else(pc.is_nan(numbers), None, texts).to_pylist()  # type: ignore[no-any-return]
    raw = columns.texts(values).cast(pa.large_binary()).to_pylist()
    return [None if text is None else name_of(text) for text in raw]
