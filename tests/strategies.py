"""Hypothesis strategies: the values that break programs, in Arrow arrays laid out as badly as Arrow allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

__all__ = [
    *("DTYPES", "SHARES", "STRINGS", "STRING_ENCODINGS"),
    *("arrow_numbers", "arrow_strings", "bitmap", "counted_twice", "numbers", "samples"),
]

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
STRING_ENCODINGS = ("string", "large_string", "string_view", "dictionary", "large_dictionary", "permuted_dictionary")
TINY, NORMAL, LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
HARD_FLOATS = (
    *(0.0, -0.0, TINY, -TINY, 2 * TINY, NORMAL, -NORMAL, math.nextafter(NORMAL, 0.0), LARGEST, -LARGEST, 1e308, -1e308),
    *(math.nan, math.inf, -math.inf, 1.0, math.nextafter(1.0, 2.0), math.nextafter(1.0, 0.0), 0.1, 1e9 - 1, 1e9, 1e9 + 1),
    *(2.0**53 - 1, 2.0**53, 2.0**53 + 2, -(2.0**53), -(2.0**53) - 2, 2.0**63, -(2.0**63), 2.0**64),
)
HARD_INTEGERS = (
    0,
    1,
    -1,
    7,
    2**31,
    -(2**31),
    *(sign * (2**53 + step) for sign in (1, -1) for step in range(-2, 4)),
    2**63 - 1,
    2**63,
)


def numbers(dtype: str) -> st.SearchStrategy[Any]:
    """Values of a type: its limits, the borders of other types, a few that repeat, and any bit pattern."""
    if dtype.startswith("float"):
        width = np.dtype(dtype).itemsize * 8
        with np.errstate(over="ignore"):
            hard = [float(np.dtype(dtype).type(value)) for value in HARD_FLOATS]
        return st.one_of(st.sampled_from(hard), st.integers(-3, 3).map(float), st.floats(width=width))
    limits = np.iinfo(dtype)
    hard_integers = [value for value in HARD_INTEGERS if limits.min <= value <= limits.max]
    edges = [int(limits.min), int(limits.min) + 1, int(limits.max) - 1, int(limits.max)]
    return st.one_of(
        st.sampled_from([*hard_integers, *edges]), st.integers(0, 4), st.integers(int(limits.min), int(limits.max))
    )


@st.composite
def samples(draw: st.DrawFn, dtype: str, *, min_size: int = 0, max_size: int = 40) -> np.ndarray[Any, Any]:
    """Arrays of a type, free of NaN: what grids are fitted to. Some repeat one value so often that it is an atom."""
    values = draw(st.lists(numbers(dtype).filter(lambda value: value == value), min_size=min_size, max_size=max_size))
    times = draw(st.sampled_from([1, 1, 50])) if values else 1
    return np.array([*values[:1] * (times - 1), *values], dtype)


@st.composite
def bitmap(draw: st.DrawFn, valid: Sequence[bool]) -> tuple[np.ndarray[Any, Any], int]:
    """An Arrow bitmap whose other bits are garbage, and the offset of its first bit."""
    offset = draw(st.integers(0, 17))
    garbage = draw(st.lists(st.booleans(), min_size=offset + 8, max_size=offset + 8))
    bits = [*garbage[:offset], *valid, *garbage[offset:]]
    return np.packbits(np.array(bits, bool), bitorder="little"), offset


@st.composite
def arrow_numbers(draw: st.DrawFn, dtype: str, values: Sequence[Any | None]) -> pa.Array:
    """The values, None for null, as a slice of an array with poison under its nulls and around it."""
    valid = [value is not None for value in values]
    bits, offset = draw(bitmap(valid))
    poison = draw(st.lists(numbers(dtype), min_size=1, max_size=3))
    spoiled = [poison[place % len(poison)] if value is None else value for place, value in enumerate(values)]
    data = np.array([*poison[:1] * offset, *spoiled, *poison[:1] * 8], dtype)
    with_bitmap = not all(valid) or draw(st.booleans())
    buffers = [pa.py_buffer(bits) if with_bitmap else None, pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(np.dtype(dtype)), len(values), buffers, -1, offset)


WORDS = (
    "",
    "a",
    "b",
    "a\0",
    "ä",
    "null",
    "NaN",
    "twelve bytes",
    "thirteen chrs",
    "thirteen chr2",
    "snow ☃ and more than twelve bytes",
)
STRINGS = st.one_of(st.sampled_from(WORDS), st.text(max_size=14))


@st.composite
def arrow_strings(draw: st.DrawFn, encoding: str, values: Sequence[str | None]) -> pa.Array:
    """The strings, None for null, in one of Arrow's encodings, as a slice."""
    if encoding == "string_view":
        return draw(_viewed(values))
    before = draw(st.lists(STRINGS, max_size=3))
    padded = [*before, *values, "after"]
    if encoding in ("string", "large_string"):
        return pa.array(padded, pa.type_for_alias(encoding)).slice(len(before), len(values))
    words = draw(st.permutations(sorted({word for word in padded if word is not None} | {"never used"})))
    hidden = encoding == "permuted_dictionary"  # a null of the dictionary's own, and a word that it has twice
    names: list[str | None] = [*words, words[0], None] if hidden else list(words)
    codes = [words.index(word) if word is not None else (len(words) + 1 if hidden else None) for word in padded]
    if hidden:
        codes = [len(words) if code == 0 and place % 2 else code for place, code in enumerate(codes)]
    kind, width = (pa.large_string(), pa.int64()) if encoding == "large_dictionary" else (pa.string(), pa.int8())
    array = pa.DictionaryArray.from_arrays(pa.array(codes, width), pa.array(names, kind))
    return array.slice(len(before), len(values))


@st.composite
def _viewed(draw: st.DrawFn, values: Sequence[str | None]) -> pa.Array:
    """String views; under a null lies any short view, or one that points nowhere."""
    bits, offset = draw(bitmap([value is not None for value in values]))
    sound = pa.array(["" if value is None else value for value in values], pa.string_view())
    views = np.frombuffer(sound.buffers()[1] or b"", np.uint64).reshape(-1, 2)[: len(values)].copy()
    poison = [(1, 0), (13, 2**64 - 1), (2**64 - 1, 2**64 - 1), (7, 7)]
    for place, value in enumerate(values):
        if value is None:
            views[place] = draw(st.sampled_from(poison))
    padded = np.concatenate([np.full((offset, 2), 2**64 - 1, np.uint64), views])
    buffers = [pa.py_buffer(bits), pa.py_buffer(padded), *sound.buffers()[2:]]
    return pa.Array.from_buffers(pa.string_view(), len(values), buffers, -1, offset)


COUNT = st.one_of(st.integers(0, 5), st.integers(0, 10_000), st.integers(5 * 10**9, 10**10))
SHARES = st.one_of(st.integers(1, 20), st.integers(5 * 10**9, 10**10)).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))
)


@st.composite
def counted_twice(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Counts of two sides in the same bins, neither of them empty."""
    pairs = draw(st.lists(st.tuples(COUNT, COUNT), min_size=1, max_size=12).filter(has_two_sides))
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def has_two_sides(pairs: Sequence[tuple[int, int]]) -> bool:
    return all(map(any, zip(*pairs, strict=True)))
