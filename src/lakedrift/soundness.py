"""What must hold of content that was read, before anything is made of it: it may have been written by anybody.

A checksum says that bytes are as they were written, not that they make sense.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakedrift.binning import EXACT_INTEGERS, OCTAVES, ROOTS, Binning
from lakedrift.errors import CorruptProfileError, InvariantError
from lakedrift.hashing import strings_of
from lakedrift.linear import MOST_UNITS, Linear

__all__ = ["MOST_CELLS", "check_names", "require", "sound_binning", "sound_names"]

MOST_CELLS = 1 << 24  # of all groups of a state; fitted grids have fewer by far
MOST_GRID_CELLS = 1 << 20
MOST_LEAVES = 1 << 24  # of one window, as kernels pack them
MOST_SHIFT = 63
MOST_BLOCK_SHIFT, MOST_EXPONENT = 30, 960  # of linear cells
WINDOW, LOW, SHIFT, LAST = range(4)


def require(holds: object, what: str) -> None:
    """Refuse content of which something does not hold.

    Raises
    ------
    CorruptProfileError
        Saying `what` is wrong.
    """
    if not holds:
        raise CorruptProfileError(what)


@functools.lru_cache(maxsize=1024)  # the profiles of a store are on the same grids
def sound_binning(text: str) -> Binning:
    """Return the grid that `Binning.to_json` wrote.

    Raises
    ------
    CorruptProfileError
        If it is no such text, or its edges are not in order.
    """
    try:
        binning = Binning.from_json(text)
        _check_tables(binning)
        written = binning.to_json()
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, RecursionError) as error:
        msg = "a grid cannot be read"
        raise CorruptProfileError(msg) from error
    require(written == text, "a grid is not as it is written")
    require(binning.fine.n_cells <= MOST_GRID_CELLS, "a grid has too many cells")
    require(_is_ascending(binning.leaf_edges), "the edges of a grid are not in order")
    require(_is_ascending(binning.nested[:, WINDOW]), "the divided leaves of a grid are not in order")
    require(not len(binning.nested) or binning.nested[-1, WINDOW] < len(binning.leaf_edges), "a divided leaf does not exist")
    require(_is_ascending(binning.fine.edges), "the edges of a grid are not in order")
    _check_joined(binning)
    return binning


def sound_names(text: str) -> list[str]:
    """Return the names of categories from JSON.

    Raises
    ------
    CorruptProfileError
        If they are no such text, not in order, or not what `lakedrift.hashing` calls any.
    """
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    require(isinstance(names, list) and all(isinstance(name, str) for name in names), "the names of categories cannot be read")
    require(names == sorted(set(names)), "the names of categories are not in order")
    check_names(names)
    return list(names)


def check_names(names: Sequence[str]) -> None:
    """Refuse what no category is called; raises as `sound_names` does."""
    try:
        strings_of(names, [0] * len(names))
    except (InvariantError, UnicodeEncodeError, OverflowError) as error:
        msg = "a category is called what none is"
        raise CorruptProfileError(msg) from error


def _check_joined(binning: Binning) -> None:
    """Refuse joined cells that are not cells of the fine grid, the first of them the first, and a list beside other edges."""
    if len(binning.listed):
        beside = len(binning.octaves) + len(binning.windows) + len(binning.nested) + len(binning.kept)
        require(not beside and binning.linear is None, "a grid lists its edges, and has others")
        require(binning.listed.ndim == 1 and binning.listed[0] == 0, "the edges of a grid do not begin with the first key")
    kept = binning.kept
    require(kept.ndim == 1 and _is_ascending(kept), "the joined cells of a grid are not in order")
    if len(kept):
        require(kept[0] == 0 and kept[-1] < binning.fine.n_cells, "a grid joins cells that there are not")
        require(len(kept) < binning.fine.n_cells, "a grid joins no cells")


def _check_tables(binning: Binning) -> None:
    require(binning.axis in ("double", "int64", "uint64"), "a grid has an unknown axis")
    require(_is_ascending(binning.octaves) and (binning.octaves < OCTAVES).all(), "the octaves of a grid are not in order")
    roots = binning.windows[:, WINDOW]
    require(_is_ascending(roots) and (roots < ROOTS).all(), "the windows of a grid are not in order")
    require(np.isin(roots >> np.uint64(4), binning.octaves).all(), "a window of a grid is in no octave")
    for table in (binning.windows, binning.nested):
        require(
            (table[:, SHIFT] <= MOST_SHIFT).all() and (table[:, LAST] < MOST_LEAVES).all(), "a window of a grid is too large"
        )
    leaves = sum(int(table[:, LAST].sum()) for table in (binning.windows, binning.nested))
    require(leaves <= MOST_GRID_CELLS, "a grid has too many cells")
    if binning.linear is not None:
        require(binning.axis == "double" and not len(binning.windows), "a grid has both linear cells and windows")
        _check_linear(binning.linear)
    require(math.isfinite(binning.centre), "the centre of a grid is not finite")
    unit = math.frexp(binning.scale)
    require(unit[0] == 0.5 and abs(unit[1]) <= 1024, "the scale of a grid is no power of two")
    require(isinstance(binning.origin, int) and 0 <= binning.origin < 1 << 64, "the origin of a grid is no key")


def _check_linear(linear: Linear) -> None:
    """Refuse linear cells that are too many, or lie where arithmetic on units is not exact."""
    shifts, block = linear.shifts, linear.block_shift
    require(
        all(isinstance(number, int) for number in (linear.exponent, linear.first, block)), "linear cells are not of whole units"
    )
    require(shifts.ndim == 1 and len(shifts) and 0 <= block <= MOST_BLOCK_SHIFT, "linear cells are of no block")
    require(((shifts >= 0) & (shifts <= block)).all(), "linear cells are wider than their block")
    end = linear.first + (len(shifts) << block)
    require(max(-linear.first, end) <= EXACT_INTEGERS and len(shifts) << block <= MOST_UNITS, "linear cells reach too far")
    require(abs(linear.exponent) <= MOST_EXPONENT, "linear cells are of units that no double can be divided by")
    require(linear.n_cells <= MOST_GRID_CELLS, "a grid has too many cells")


def _is_ascending(keys: NDArray[np.integer]) -> bool:
    return bool((keys[1:] > keys[:-1]).all())
