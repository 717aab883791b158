"""Fitting a grid to a sample: fine where the mass is, whatever its shape."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.binning import (
    EXACT_INTEGERS,
    OCTAVE_SHIFT,
    OCTAVES,
    ROOT_SHIFT,
    ROOTS,
    SIGN,
    Axis,
    Binning,
    Keys,
    key_values,
    keys_of,
)
from lakedrift.keying import sort
from lakedrift.linear import fit_linear

__all__ = ["cells_of_each", "fit", "fit_identifier", "sample_axis"]

CELLS = 1 << 14  # that the sample's mass is spread over by default, give or take a factor of two
FEWEST_CELLS = 1 << 12
CELLS_OF_ALL = 1 << 20  # of the columns of a wide table together
HEAVY = 2.5  # a leaf with more than so many times its share of the mass is divided once more …
EVIDENT = 16  # … if it holds at least so many sampled values: fewer may be chance
AROUND = 24  # octaves around those of the sample that are divided too: what drifts lands there
TRIM = 1 << 13  # one value of the whole sample in so many may lie outside a window at each end …
TRIM_PART = 16  # … but no more than one in so many of what the window serves
CELLS_OF_IDENTIFIER, SHARED = 1 << 9, 20  # at most, and how many values of the sample are in each
NOTHING_IS_FAR = 2.0**-34  # a unit of moments of which even 2**63 has few enough
REACH_BITS = 28  # the central sample spans 2**28 units of a moment; 2**31 fit


def sample_axis(values: NDArray[np.generic]) -> Axis:
    """Return the axis on which these values (no NaN), and integers next to them, are exact."""
    if values.dtype.kind == "f" or not len(values):
        return "double"
    if int(values.min()) > -EXACT_INTEGERS and int(values.max()) < EXACT_INTEGERS:
        return "double"
    return "uint64" if values.dtype.kind == "u" else "int64"


def cells_of_each(n_columns: int) -> int:
    """Return over how many cells the mass of each of so many columns is spread: wide tables have coarser grids."""
    return max(FEWEST_CELLS, min(CELLS, CELLS_OF_ALL // max(n_columns, 1)))


def fit(values: NDArray[np.generic], cells: int = CELLS) -> Binning:
    """Fit a grid to a sample of valid values (n,) of any integer or floating type, no NaN; n may be 0.

    `cells` is over how many the sample's mass is spread; more make the bounds tighter and the state larger.
    """
    axis = sample_axis(values)
    keys = keys_of(values, axis)
    sort(keys)
    integers = values.dtype.kind in "iu"
    octaves = _octaves_around(_distinct(keys >> OCTAVE_SHIFT))
    if axis == "double":
        ordered = key_values(keys, axis)
        finite = ordered[slice(*ordered.searchsorted([-np.finfo(np.float64).max, np.inf]))]
        unit, linear = _moment_unit(finite, whole=integers), fit_linear(finite, cells, whole=integers)
        if linear is not None:
            return Binning(axis, octaves, _table([]), _table([]), *unit, linear)
    else:
        unit, integers = _moment_unit_of_integers(keys), False
    plain = Binning(axis, octaves, _root_windows(keys, integers, cells), _table([]), *unit)
    return replace(plain, nested=_nested_windows(plain, keys, integers, cells))


def fit_identifier(values: NDArray[np.generic]) -> Binning:
    """Fit a grid to a sample of an identifier, (n,) as of `fit`: its cells hold many values, and nothing in it tells one."""
    axis = sample_axis(values)
    keys = keys_of(values, axis)
    sort(keys)
    cells = max(1, min(CELLS_OF_IDENTIFIER, len(keys) // SHARED))
    windows = _root_windows(keys, axis == "double", cells)
    octaves = _distinct(windows[:, 0] >> (OCTAVE_SHIFT - ROOT_SHIFT))
    return Binning(axis, octaves, windows, _table([]), 0.0, NOTHING_IS_FAR, int(SIGN))


def _distinct(ascending: Keys) -> Keys:
    return ascending[np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)])]


def _octaves_around(seen: Keys) -> Keys:
    """Return the octaves within AROUND of those seen, on either side of zero."""
    octaves = seen.astype(np.int64)
    reach = np.arange(-AROUND, AROUND + 1)
    around = np.append(octaves, OCTAVES - 1 - octaves)[:, None] + reach
    near = np.zeros(OCTAVES, np.bool_)
    near[np.clip(around, 0, OCTAVES - 1)] = True
    return np.flatnonzero(near).astype(np.uint64)


def _root_windows(keys: Keys, integers: bool, cells: int) -> Keys:
    """Return a window for every root that holds its share of the sample."""
    shifts = _integer_shifts()
    rows = []
    for root, part in _heavy_parts(keys, keys >> ROOT_SHIFT, len(keys) / cells):
        floor = int(shifts[root]) if integers else 0
        window = _window(part, len(keys), (root << 48, (root + 1) << 48), floor, cells)
        if window is not None:
            rows.append((root, *window))
    return _table(rows)


def _nested_windows(binning: Binning, keys: Keys, integers: bool, cells: int) -> Keys:
    """Divide every leaf that is still heavy in the sample and holds more than one key."""
    shifts = _integer_shifts()
    rows = []
    for leaf, part in _heavy_parts(keys, binning.leaf_of(keys), max(EVIDENT, HEAVY * len(keys) / cells)):
        territory = binning.leaf_range(leaf)
        floor = int(shifts[int(part[0]) >> 48]) if integers else 0
        window = _window(part, len(keys), territory, floor, cells)
        if window is not None:
            rows.append((leaf, *window))
    return _table(rows)


def _heavy_parts(keys: Keys, places: Keys, least: float) -> list[tuple[int, Keys]]:
    """Return the parts of the sorted keys, by place, that hold at least `least` of them."""
    starts = np.flatnonzero(np.append(True, places[1:] != places[:-1])[: len(places)])
    sizes = np.diff(np.append(starts, len(places)))
    heavy = sizes >= least
    rows = zip(starts[heavy].tolist(), sizes[heavy].tolist(), strict=True)
    return [(int(places[start]), keys[start : start + size]) for start, size in rows]


def _window(part: Keys, total: int, territory: tuple[int, int], floor: int, cells: int) -> tuple[int, int, int] | None:
    """Return low, shift and last of the window that serves the sorted keys `part` within [start, end), or None.

    Leaves are sized so that the part gets its share of `cells` over its central range, and one more leaf on either side keeps
    what lies outside that range apart. `floor` is the least shift that divides anything.
    """
    start, end = territory
    wanted = cells * len(part) // total
    if wanted == 0 or end - start <= 1 << floor:
        return None
    least, greatest = _centre(part, total)
    shift = max(floor, ((greatest - least) // (2 * wanted)).bit_length())
    low = least >> shift << shift
    low = max(low - (1 << shift), start)
    last = (greatest - low) >> shift
    last += low + ((last + 1) << shift) < end
    return (low, shift, last) if last else None


def _centre(part: Keys, total: int) -> tuple[int, int]:
    """Return the range that a window is for: that of the central values, or of the one value that is most of them."""
    middle = part[len(part) // 2]
    if middle in (part[len(part) // 4], part[3 * len(part) // 4]):  # as any value is that fills more than half
        first, end = part.searchsorted(middle), part.searchsorted(middle, side="right")
        if 2 * (end - first) > len(part):
            return int(middle), int(middle)
    trim = min(total // TRIM, len(part) // TRIM_PART)
    return int(part[trim]), int(part[len(part) - 1 - trim])


def _table(rows: Sequence[tuple[int, ...]]) -> Keys:
    return np.array(rows, np.uint64).reshape(-1, 4)


@functools.cache
def _integer_shifts() -> Keys:
    """Width of an integer, as a power of two of keys, in each root of the double axis (65536,)."""
    root = np.arange(ROOTS, dtype=np.int64)
    pattern = np.where(root >= ROOTS // 2, root, ROOTS - 1 - root) & 0x7FFF
    shifts: Keys = np.clip(52 - ((pattern >> 4) - 1023), 0, 48).astype(np.uint64)
    return shifts


def _moment_unit(finite: NDArray[np.float64], *, whole: bool) -> tuple[float, float, int]:
    """Centre, scale and origin such that all but the far tails of the sample, ascending, lie within 2**REACH_BITS units."""
    if not len(finite):
        return 0.0, 1.0, int(SIGN)
    trim = len(finite) // 1024
    spread = float(finite[-1 - trim] / 2 - finite[trim] / 2) * 2
    centre = float(finite[len(finite) // 2]) + 0.0
    return centre, _scale(spread or abs(centre) * 2.0**-20, whole=whole), int(SIGN)


def _moment_unit_of_integers(keys: Keys) -> tuple[float, float, int]:
    """Do the same on an integer axis."""
    origin = int(keys[len(keys) // 2])
    spread = float(int(keys[-1 - len(keys) // 1024]) - int(keys[len(keys) // 1024]))
    return 0.0, _scale(spread, whole=True), origin


def _scale(spread: float, *, whole: bool) -> float:
    """Return the power of two that spreads `spread` over 2**REACH_BITS; whole numbers need no unit finer than one."""
    if spread == 0.0:
        return 1.0
    exponent = REACH_BITS - math.frexp(min(spread, 1e308))[1]
    return math.ldexp(1.0, max(-1000, min(0 if whole else 1000, exponent)))
